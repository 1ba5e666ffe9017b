"""`generate`: scenarios of scripts and recordings, which record and replay."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from azml_contract.cli import cli
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.stories.story import Step, tell_story
from tests.scripts.conftest import INPUTS, WORKSPACE

HOWTO = INPUTS / "howto_2021.sh"


def generate(source: Path, *more: str):
    return CliRunner().invoke(
        cli,
        ["generate", str(source), "--to", "scenarios", *more],
        catch_exceptions=True,
    )


def test_a_script_becomes_a_module_with_its_bodies(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert generate(HOWTO).exit_code == 0

    module = Path("scenarios/test_howto_2021.py").read_text()
    assert 'job = azml.var("job", lambda: str(uuid4()))' in module
    assert 'done = azml.wait(f"jobs/{job}")' in module
    assert 'environment_id=environment_answer.json["id"]' in module
    assert 'datastore_id=datastore_answer.json["value"][0]["id"]' in module
    bodies = Path("scenarios/bodies/2021-03-01-preview/howto_2021")
    job = json.loads((bodies / "command_job.json").read_text())
    assert job["properties"]["codeId"] == "{{ code_id }}"
    assert job["properties"]["compute"]["target"] == "{{ compute_id }}"


def test_nothing_is_written_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    generate(HOWTO)
    module = Path("scenarios/test_howto_2021.py")
    module.write_text("mine")

    again = generate(HOWTO)

    assert isinstance(again.exception, Exception) or again.exit_code == 2
    assert module.read_text() == "mine"
    assert generate(HOWTO, "--force").exit_code == 0


def test_bodies_stand_in_the_family_that_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("scenarios/bodies/2020-08-01").mkdir(parents=True)
    Path("scenarios/bodies/2022-05-01").mkdir()

    generate(HOWTO)

    assert Path("scenarios/bodies/2020-08-01/howto_2021/data.json").is_file()


def test_what_holds_no_call_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.sh").write_text("#!/bin/sh\ncurl https://example.com/\n")

    done = generate(Path("a.sh"))

    assert done.exit_code == 2
    assert "holds no call" in done.output


def call(method: str, path: str, body: object = None, answer: object = None) -> Step:
    url = f"{WORKSPACE}/{path}?api-version=2024-04-01"
    sent = json.dumps(body).encode() if body is not None else b""
    response = Response(200, (), json.dumps(answer or {}).encode())
    return Step(Exchange(Request(method, url, (), sent), response))


def test_blobs_are_uploads_and_their_uri_is_a_slot():
    account = "https://stcontoso.blob.core.windows.net/box/LocalUpload/1"
    blobs = [
        Step(Exchange(Request("PUT", f"{account}/src/{name}", (), b"x"), Response(201)))
        for name in ("main.py", "lib/a.py")
    ]
    code = {"properties": {"codeUri": f"{account}/src"}}
    put = call("PUT", "codes/train/versions/1", code)

    story = tell_story("up", "2024-04-01", [*blobs, put], "2024-04-01")

    assert 'upload = azml.upload(FILES / "upload")' in story.module
    assert "upload=upload.uri" in story.module
    assert story.files["up_files/upload/lib/a.py"] == b"x"
    body = json.loads(str(story.files["bodies/2024-04-01/up/code.json"]))
    assert body == {"properties": {"codeUri": "{{ upload }}"}}


def test_values_of_earlier_answers_and_expected_findings():
    listed = call("GET", "computes", answer={"value": [{"id": "an-id-of-some-length"}]})
    body = {
        "properties": {
            "computeType": "Kubernetes",
            "resourceId": "an-id-of-some-length",
        }
    }
    wrong = {**body, "nonsense": 1}

    story = tell_story(
        "x", "2024-04-01", [listed, call("PUT", "computes/c", wrong)], "2024-04-01"
    )

    assert 'cluster_id=cluster_answer.json["value"][0]["id"]' in story.module
    assert 'expect=[("AZC102", "/nonsense")]' in story.module


@pytest.mark.slow
def test_scenarios_of_a_script_a_har_and_a_cassette_record_and_replay(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    assert generate(HOWTO).exit_code == 0
    run_session("--azml-mode", "record")
    cassette = "cassettes/howto_2021/howto_2021/2021-03-01-preview.json"
    Path("again.json").write_bytes(Path(cassette).read_bytes())
    exported = ["cassette", "export", cassette, "--format", "har", "-o", "flow.har"]
    assert CliRunner().invoke(cli, exported).exit_code == 0
    for source in ("again.json", "flow.har"):
        assert generate(Path(source)).exit_code == 0

    run_session("--azml-mode", "record")
    run_session()

    for tool in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *tool, "scenarios"],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout
    told = sorted(path.name for path in Path("scenarios").glob("test_*.py"))
    assert told == ["test_again.py", "test_flow.py", "test_howto_2021.py"]
    assert len(list(Path("cassettes").rglob("*.json"))) == 3


def run_session(*options: str) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "scenarios",
            "-q",
            "-p",
            "no:cacheprovider",
            *options,
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
