"""`record` and `replay` say whose recording is replaced, and where there is none."""

from __future__ import annotations

import json
from pathlib import Path

from azml_contract.commands.running import describe_replaced, find_scripts

COMMITTED = Path(__file__).parents[2] / "cassettes"
MISSING = COMMITTED / "failures" / "missing_compute" / "2024-04-01.json"


def write_recording(path: Path, program: str, label: str) -> None:
    """A committed cassette, as if a program had made its calls."""
    cassette = json.loads(MISSING.read_text("utf-8"))
    for one in cassette["interactions"]:
        one["process"] = {"program": program, "label": label}
    path.write_text(json.dumps(cassette), "utf-8")


def test_the_script_of_a_recording_is_found(tmp_path):
    write_recording(tmp_path / "job.json", "curl", "job.sh")
    write_recording(tmp_path / "go.json", "datastores", "")
    (tmp_path / "broken.json").write_text("{")

    assert find_scripts(tmp_path / "job.json") == {"job.sh"}
    assert find_scripts(tmp_path / "go.json") == {"datastores"}
    assert find_scripts(tmp_path / "broken.json") == set()
    assert find_scripts(tmp_path / "none.json") == set()


def test_what_another_script_had_recorded_is_named():
    shell, node = frozenset({"job.sh"}), frozenset({"job.mjs"})

    said = describe_replaced(shell, node)

    assert said == " in place of the recording of job.sh; --name NAME keeps both"
    assert describe_replaced(shell, shell | node) == ""
    assert describe_replaced(frozenset(), node) == ""


def test_replay_before_any_recording_says_what_records(azml_contract):
    done = azml_contract("replay", "my recordings", "--", "bash", "a job.sh")

    assert done.code == 2
    assert done.err == (
        "Error: my recordings: there is no such file or folder. To record it: "
        "azml-contract record --to 'my recordings' -- bash 'a job.sh'\n"
    )
