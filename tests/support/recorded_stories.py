"""Recordings of the repository that tests read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CASSETTES = Path(__file__).parents[2] / "cassettes"
FAILURES = CASSETTES / "failures"
"""Enough for what a whole folder shows; all stories would double the time."""
WORKFLOW = CASSETTES / "train_and_sweep" / "asset_to_sweep"
FIRST = WORKFLOW / "2021-03-01-preview.json"
MODERN = WORKFLOW / "2022-05-01.json"


def read_files(folder: Path, above: Path | None = None) -> dict[str, bytes]:
    """The files below a folder, by their paths from it, or from `above`."""
    return {
        str(file.relative_to(above or folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def levelled(files: dict[str, bytes]) -> dict[str, Any]:
    """Files without when each was recorded, and drawn values by their names."""
    result: dict[str, Any] = {}
    for name, raw in files.items():
        if not name.endswith(".json"):
            result[name] = raw
            continue
        content = json.loads(raw)
        content["recorded_at"] = ""
        text = json.dumps(content)
        for variable, value in content["variables"].items():
            if isinstance(value, str) and len(value) > 5:
                text = text.replace(value, f"{{{variable}}}")
        result[name] = text
    return result
