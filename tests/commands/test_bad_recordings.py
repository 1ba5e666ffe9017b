"""One bad file among good ones is one line, and the rest goes on."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

URL = (
    "https://management.azure.com/subscriptions/3b1f0c52-7a5e-4a0b-9d55-0f9f3a1c7e21"
    "/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/jobs"
    "?api-version=2024-04-01"
)


def vcr(uri: str, body: str = "") -> str:
    call = {
        "request": {"method": "GET", "uri": uri, "headers": {}, "body": body},
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {},
            "body": {"string": '{"value": []}'},
        },
    }
    return json.dumps({"version": 1, "interactions": [call]})


def cassette(uri: str) -> str:
    call = {
        "request": {"method": "GET", "uri": uri, "headers": {}},
        "response": {"status": 200, "headers": {}},
    }
    header = {
        "scenario": "s/t",
        "api_version": "2024-04-01",
        "target": "azure",
        "recorded_at": "2026-11-22T10:00:00Z",
        "recorder": "azml-contract 0.1.0",
    }
    return json.dumps({"format": 2, **header, "interactions": [call]})


BOMB = "interactions: &a {x: 1}\n" + "".join(
    f"b{n}: &b{n}\n  <<: [{', '.join(9 * [f'*b{n - 1}' if n else '*a'])}]\n"
    for n in range(9)
)
BAD = {
    "bracket.json": vcr("https://[bad/x"),
    "port.json": vcr("https://h:99999999/x"),
    "cassette.json": cassette("https://[bad/x?api-version=2024-04-01"),
    "deep.json": '{"interactions": ' + "[" * 100_000,
    "bomb.yaml": BOMB,
    "half.json": vcr(URL, "\ud800"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one recording that is good."""
    made = tmp_path / "recordings"
    made.mkdir()
    made.joinpath("good.json").write_text(vcr(URL))
    return made


@pytest.mark.parametrize("command", ["check", "regress", "cassette lint"])
def test_every_bad_file_is_told_and_the_good_one_judged(azml_contract, folder, command):
    for name, text in BAD.items():
        folder.joinpath(name).write_text(text)
    folder.joinpath("a.json").symlink_to("b.json")
    folder.joinpath("b.json").symlink_to("a.json")
    done = azml_contract(*command.split(), str(folder))
    assert done.code != 0
    told = ["bracket.json", "cassette.json", "bomb.yaml", "a.json", "deep.json"]
    for name in told:
        assert name in done.out + done.err
    assert "AZC404" in done.out
    if command == "regress":
        assert "judged at" in done.out


@pytest.mark.parametrize("command", ["check", "regress", "cassette lint"])
def test_what_is_no_recording_is_left_out_of_a_folder(azml_contract, folder, command):
    folder.joinpath("settings.json").write_text('{"a": [1, 2]}')
    folder.joinpath("chart.yaml").write_text("a: {{ .Values.b }}\nc: [\n")
    folder.joinpath("job.json").write_text('{"maxNodeCount": {{ nodes }}}')

    done = azml_contract(*command.split(), str(folder))
    named = azml_contract(*command.split(), str(folder / "settings.json"))

    assert "AZC404" not in done.out + done.err
    assert named.code == 2
    assert "settings.json" in named.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_that_nobody_writes_to_is_empty(azml_contract, tmp_path, monkeypatch):
    monkeypatch.setattr("azml_contract.documents.text._PATIENCE_MS", 1)
    os.mkfifo(tmp_path / "pipe.json")
    done = azml_contract("check", str(tmp_path / "pipe.json"))
    assert done.code == 2
    assert "pipe.json" in done.err
