"""`generate`: scenarios of scripts and recordings, which record and replay."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from forked import copied

from azml_contract.cli import cli
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.stories.python import assert_read
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


def test_braces_of_a_path_are_no_expression(tmp_path, monkeypatch):
    """xargs writes names where they stand; the module is Python all the same."""
    monkeypatch.chdir(tmp_path)
    Path("a.sh").write_text(
        "cat names | xargs -I{} curl -X DELETE "
        f'"{WORKSPACE}/jobs/{{}}?api-version=2024-04-01"\n'
    )

    assert generate(Path("a.sh")).exit_code == 0

    module = Path("scenarios/test_a.py").read_text()
    compile(module, "test_a.py", "exec")
    assert 'azml.delete("jobs/{}")' in module


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


def test_calls_without_an_api_version_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("my calls.sh").write_text(f'curl "{WORKSPACE}/computes"\n')

    done = generate(Path("my calls.sh"))

    assert done.exit_code == 2
    assert "its calls name no api-version" in done.output
    assert "azml-contract check 'my calls.sh'" in done.output


def test_what_a_script_reads_of_each_item_is_read_of_an_empty_list_too(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    listed = f'curl "{WORKSPACE}/computes?api-version=2024-04-01"'
    names = "jq -r '.value[].properties.computeType'"
    states = "jq -r '.value[].properties.provisioningErrors[].error.code'"
    first = "jq -r '.value[0].name'"
    Path("a.sh").write_text(
        f"{listed} | {names}\n{listed} | {first}\n{listed} | {states}"
    )

    assert generate(Path("a.sh")).exit_code == 0

    module = Path("scenarios/test_a.py").read_text()
    each = 'one["properties"]["computeType"] for one in cluster_answer.json["value"]'
    assert f"    assert all({each})\n" in module
    assert 'assert cluster_answer_2.json["value"][0]["name"]' in module
    assert (
        "    assert all(\n"
        '        one_1["error"]["code"]\n'
        '        for one in cluster_answer_3.json["value"]\n'
        '        for one_1 in one["properties"]["provisioningErrors"]\n'
        "    )\n"
    ) in module


def test_what_may_cost_is_marked_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ask = f'curl -X {{}} "{WORKSPACE}/{{}}?api-version=2024-04-01" -d "{{{{}}}}"\n'
    cheap = ask.format("GET", "computes") + ask.format("PUT", "datastores/d")
    Path("cheap.sh").write_text(cheap)
    Path("dear.sh").write_text(cheap + ask.format("PUT", "schedules/s"))

    assert generate(Path("cheap.sh"), "dear.sh").exit_code == 0

    assert "compute=True" not in Path("scenarios/test_cheap.py").read_text()
    assert ", compute=True" in Path("scenarios/test_dear.py").read_text()


def test_items_of_items_are_read_one_by_one():
    steps = ["value", "*", "parts", "*", "name"]

    assert eval_assert(steps, {"value": []})
    assert eval_assert(steps, {"value": [{"parts": [{"name": "a"}]}, {"parts": []}]})
    assert not eval_assert(steps, {"value": [{"parts": [{"name": ""}]}]})


def eval_assert(steps: list[str], answer: object) -> bool:
    """Whether the statement that `assert_read` writes holds of an answer."""
    try:
        exec(assert_read("answer", steps), {"answer": answer})
    except AssertionError:
        return False
    return True


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


UPLOADS = f"""#!/bin/bash
WS="{WORKSPACE}"
V=2024-04-01
STORES=$(curl "$WS/datastores?api-version=$V")
ACCOUNT=$(echo "$STORES" | jq -r '.value[0].properties.accountName')
az storage blob upload-batch -d box/src -s code --account-name "$ACCOUNT"
az storage blob upload -f i.csv -c box -n data/i.csv --account-name "$ACCOUNT"
curl -T m.txt "https://$ACCOUNT.blob.core.windows.net/model/m.txt?$SAS"
curl -X PUT "$WS/codes/c/versions/1?api-version=$V" -d "{{
  \\"properties\\": {{\\"codeUri\\": \\"https://$ACCOUNT.blob.core.windows.net/box/src\\"}}
}}"
curl -X PUT "$WS/data/d/versions/1?api-version=$V" -d "{{\\"properties\\": {{
  \\"dataType\\": \\"uri_file\\",
  \\"description\\": \\"data\\",
  \\"dataUri\\": \\"https://$ACCOUNT.blob.core.windows.net/box/data/i.csv\\"
}}}}"
"""


def write_uploads() -> None:
    """A script, and the files that it uploads, in the working folder."""
    Path("pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    Path("code/lib").mkdir(parents=True)
    Path("code/main.py").write_text("print()\n")
    Path("code/lib/a.py").write_text("A = 1\n")
    Path("i.csv").write_text("1,2\n")
    Path("m.txt").write_text("model")
    Path("put.sh").write_text(UPLOADS)


def test_what_a_script_uploads_is_uploaded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_uploads()

    assert generate(Path("put.sh")).exit_code == 0

    module = Path("scenarios/test_put.py").read_text()
    assert 'upload = azml.upload(FILES / "upload")' in module
    assert 'upload_2 = azml.upload(FILES / "upload_2")' in module
    assert '    azml.upload(FILES / "upload_3")' in module
    files = Path("scenarios/put_files")
    told = {one.relative_to(files).as_posix() for one in files.rglob("*.*")}
    assert told == {
        "upload/main.py",
        "upload/lib/a.py",
        "upload_2/i.csv",
        "upload_3/m.txt",
    }
    bodies = Path("scenarios/bodies/2024-04-01/put")
    assert '"codeUri": "{{ upload }}"' in (bodies / "code.json").read_text()
    data = json.loads((bodies / "data.json").read_text())
    assert data["properties"]["dataUri"] == "{{ upload_2 }}/i.csv"
    assert data["properties"]["description"] == "data"


def test_what_cannot_be_uploaded_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_uploads()
    Path("i.csv").unlink()

    assert "# left out: line 7: it uploads i.csv" in generate(Path("put.sh")).stderr


@pytest.mark.slow
def test_scenarios_of_a_script_a_har_and_a_cassette_record_and_replay(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    write_uploads()
    assert generate(HOWTO).exit_code == 0
    assert generate(Path("put.sh")).exit_code == 0
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
    assert told == [
        "test_again.py",
        "test_flow.py",
        "test_howto_2021.py",
        "test_put.py",
    ]
    assert len(list(Path("cassettes").rglob("*.json"))) == 4


def run_session(*options: str) -> None:
    done = subprocess.run(
        [
            *copied("pytest"),
            *("scenarios", "-q", "-p", "no:cacheprovider", *options),
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
