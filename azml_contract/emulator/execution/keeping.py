"""Starts commands below a keeper, which ends them with the emulator.

In: a command, its folder and its variables, what it may use. Out: the keeper's process,
whose standard input is the life line and whose output is that of the command. How the
command ended stands in the folder, as `RESULT`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from azml_contract.emulator.execution.container import Engine

RESULT = "result.json"
_KEEPER = Path(__file__).with_name("keeper.py")
SCORER = Path(__file__).with_name("scorer.py")
"""The program that scores for endpoints."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job may use.

    `time_s` is None where nothing but the job itself ends it; `engine` runs jobs in
    containers, where their environments name an image.
    """

    time_s: float | None = 3600.0
    disk_mb: int = 2048
    memory_mb: int = 4096
    keep: bool = False
    python: str = sys.executable
    engine: Engine | None = None


def start_keeper(
    command: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    limits: Limits,
    *,
    beside: Path | None = None,
    after: Sequence[str] = (),
) -> subprocess.Popen[bytes]:
    """Start a command in the folder ``code`` of its folder.

    Args:
        command: The program and its words.
        folder: Whose size is watched; removed when the life line is cut.
        variables: All that the command's environment holds.
        limits: What it may use.
        beside: Another folder that is removed then.
        after: A command that is run at its end, whatever ended it.
    """
    order = {
        "command": list(command),
        "cwd": str(folder / "code"),
        "env": dict(variables),
        "folder": str(folder),
        "beside": str(beside or folder),
        "after": list(after),
        "time_s": limits.time_s,
        "disk_mb": limits.disk_mb,
        "memory_mb": limits.memory_mb,
        "result": str(folder / RESULT),
    }
    written = folder / "order.json"
    written.touch(mode=0o600)
    written.write_text(json.dumps(order), encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, "-I", str(_KEEPER), str(written)],
        cwd=folder,
        env={"PATH": os.defpath, "LANG": "C.UTF-8"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def base_variables(folder: Path, python: str) -> dict[str, str]:
    """What a process of ours needs to live, and nothing of its surroundings."""
    for name in ("home", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    return {
        "PATH": os.pathsep.join((str(Path(python).parent), os.defpath)),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        # Several jobs run at once, and numerical libraries take every core.
        "OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 2) // 2)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
