"""What VS Code's own language service says under the settings that we print.

Not part of `make test`, as it comes from npm: `make test-clients`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from azml_contract.cli import cli

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MODULES = ROOT / ".clients" / "node" / "node_modules"
BODIES = "/scenarios/bodies/2022-05-01"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        done = CliRunner().invoke(
            cli, ["contract", "schema", "--vscode", "scenarios/bodies"]
        )
    finally:
        os.chdir(before)
    made: dict[str, Any] = json.loads(done.stdout)
    return made


BARE = re.compile(r"[:,\[]\s*\{\{")


def ask(
    settings: dict[str, Any], documents: dict[str, str], folder: Path, at: str
) -> dict[str, Any]:
    """Problems of every document, and what is proposed within the quotes of one."""
    column = documents[at].index('""') + 1 if '""' in documents[at] else 0
    asked = {
        "settings": settings,
        "documents": documents,
        "ask": {"path": at, "line": 0, "character": column},
    }
    file = folder / "asked.json"
    file.write_text(json.dumps(asked))
    done = subprocess.run(
        ["node", str(HERE / "editor.js"), str(file)],
        env={**os.environ, "NODE_PATH": os.environ.get("NODE_PATH", str(MODULES))},
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_bodies_of_our_scenarios_have_no_squiggle(settings, tmp_path):
    named = [name for one in settings["json.schemas"] for name in one["fileMatch"]]
    ours = [name for name in named if "/documented/" not in name]
    documents = {name: (ROOT / name[1:]).read_text("utf-8") for name in ours}
    # A slot without quotes is no JSON, and no editor that reads JSON likes it.
    bare = {name for name, text in documents.items() if BARE.search(text)}
    documents = {name: text for name, text in documents.items() if name not in bare}
    ours = list(documents)

    told = ask(settings, documents, tmp_path, ours[0])

    assert len(ours) >= 12
    assert told["problems"] == {name: [] for name in ours}


def test_what_is_wrong_is_underlined_and_names_are_completed(settings, tmp_path):
    job = {"jobType": "Command", "comand": "x", "environmentId": "e", "command": "x"}
    documents = {
        f"{BODIES}/command_job.json": json.dumps({"properties": job}),
        f"{BODIES}/sweep_job.json": '{"properties": {"jobType": "Sweep", "" }}',
    }

    told = ask(settings, documents, tmp_path, f"{BODIES}/sweep_job.json")

    assert told["problems"][f"{BODIES}/command_job.json"] == [
        "Property comand is not allowed."
    ]
    assert {"searchSpace", "objective", "trial"} <= set(told["completions"])
    assert "command" not in told["completions"]
