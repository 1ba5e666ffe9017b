"""Where the calls of a recording were made, as a reader of this folder finds it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from azml_contract.documents.call_places import locate_call

CASSETTE = "cassettes/story/test/2024-04-01.json"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project below the folder that one is in, and a cassette of it."""
    folder = tmp_path / "below" / "project"
    file = folder / CASSETTE
    file.parent.mkdir(parents=True)
    call = {
        "request": {"method": "GET", "uri": "https://example.org/", "headers": {}},
        "response": {"status": 200, "headers": {}},
        "times": 1,
    }
    shape = {
        "format": 2,
        "scenario": "story/test",
        "api_version": "2024-04-01",
        "target": "emulator",
        "recorded_at": "2026-11-01T00:00:00Z",
        "recorder": "azml-contract 0.1.0",
        "variables": {},
        "interactions": [
            call | {"at": "scenarios/test_story.py:31"},
            call | {"at": "scenarios/test_gone.py:7"},
            call,
        ],
    }
    file.write_text(json.dumps(shape, indent=2), "utf-8")
    folder.joinpath("scenarios").mkdir()
    folder.joinpath("scenarios", "test_story.py").write_text("", "utf-8")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize("absolute", [True, False])
def test_a_line_of_a_project_elsewhere_is_named_from_here(
    project: Path, absolute: bool
) -> None:
    file = f"below/project/{CASSETTE}"
    if absolute:
        file = str(Path.cwd() / file)
    found = locate_call(file, 0)
    assert found == ("below/project/scenarios/test_story.py", 31)
    assert locate_call(file, 1) == ("scenarios/test_gone.py", 7)  # as it is told


def test_a_call_without_a_line_is_found_in_the_recording(project: Path) -> None:
    file = f"below/project/{CASSETTE}"
    where, line = locate_call(file, 2)
    assert where == file
    lines = (project / CASSETTE).read_text("utf-8").splitlines()
    assert lines[line - 1].strip() == '"uri": "https://example.org/",'
    assert line > len(lines) // 2  # of the last call
