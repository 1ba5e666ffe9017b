"""`upgrade SCRIPT --to V`: the script itself, in its own words, and it runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from azml_contract.cli import cli
from azml_contract.commands.script_upgrade import rewrite_file, rewrite_script
from azml_contract.emulator.clock import SteppingClock
from azml_contract.emulator.seed import Seed
from azml_contract.emulator.server import Emulator
from azml_contract.scripts.containers import read_container
from tests.scripts.conftest import INPUTS, WORKSPACE
from tests.scripts.test_styles import STYLES

OLD = '{"properties": {"datasetType": "Simple", "path": "https://x.example/i.csv"}}'
NEW = {"properties": {"dataType": "uri_file", "dataUri": "https://x.example/i.csv"}}
VERSIONS = ["2022-05-01", "2024-10-01", "2026-05-01"]
HOWTO = (INPUTS / "howto_2021.sh").read_text("utf-8")
MISSING = "the upgraded script is run, which needs bash, curl and jq: make setup-shell"


def old_style(style: str) -> str:
    """A style of `test_styles`, its body in the form of 2021."""
    from tests.scripts import test_styles as now

    text = STYLES[style]
    for new, old in (
        (now.BODY, OLD),
        (now.ESCAPED, OLD.replace('"', '\\"')),
        (now.BODY[15:-1], OLD[15:-1]),
    ):
        text = text.replace(new, old)
    return text.replace("WORKSPACE", WORKSPACE).replace(
        "2024-04-01", "2021-03-01-preview"
    )


REWRITTEN = [
    style
    for style in STYLES
    if style not in ("appended", "spliced", "http", "jq", "jq json", "ansi", "eval")
]


@pytest.mark.parametrize("style", REWRITTEN)
def test_a_body_is_rewritten_in_every_style(style, tmp_path):
    before = old_style(style)
    script = read_container("shell", "x.sh", before, tmp_path)

    made = rewrite_file(script, "2024-10-01")

    assert made.decisions == []
    assert made.errors == ()
    ((was, after),) = made.files.values()
    assert was == before
    again = read_container("shell", "x.sh", after, tmp_path)
    bodies = {call.request.body.flat for call in again.calls if call.request.body}
    assert [json.loads(body) for body in bodies] == [NEW]
    assert rewrite_script(again, "2024-10-01").files == {}


def test_jq_is_rewritten_as_jq(tmp_path):
    text = (
        'ID=$(cat id)\nP=x/y.csv\njq -n --arg d "$ID" --arg p "$P" \'{properties: {\n'
        '  datasetType: "Simple",  # kept\n  description: $d,\n'
        f'  path: ("https://h/" + $p)\n}}}}\' | curl -X PUT "{WORKSPACE}/data/iris/'
        'versions/1?api-version=2021-03-01-preview" -d @-\n'
    )

    made = rewrite_file(read_container("shell", "x.sh", text, tmp_path), "2024-10-01")

    ((_, after),) = made.files.values()
    assert '"dataUri": ("https://h/" + $p)' in after
    assert '  "dataType": "uri_file",  # kept\n  description: $d,\n' in after
    assert made.errors == ()


def test_nothing_else_is_touched():
    script = read_container("shell", "howto.sh", HOWTO, INPUTS)
    made = rewrite_script(script, "2024-10-01")

    ((before, after),) = made.files.values()
    old, new = before.splitlines(), after.splitlines()
    comments = [line for line in old if line.lstrip().startswith("#")]
    assert [line for line in new if line.lstrip().startswith("#")] == comments
    kept = [line for line in old if not re.search(r'\\"|API_VERSION=|jq |^ +\}', line)]
    assert [line for line in kept if line not in new] == []


def test_the_end_of_a_line_is_no_part_of_a_version(tmp_path, monkeypatch):
    """A request file of editors ends the URL by the line, whatever ends that."""
    monkeypatch.chdir(tmp_path)
    url = f"{WORKSPACE}/data/iris/versions/1?api-version=2021-03-01-preview"
    text = f"GET {url}\r\nAccept: application/json\r\n\r\n###\r\nGET {url}\r\n"
    Path("x.http").write_bytes(text.encode())

    done = CliRunner().invoke(
        cli, ["upgrade", "x.http", "--to", "2024-10-01", "--write"]
    )

    assert done.exit_code == 0
    after = Path("x.http").read_bytes().decode()
    assert after == text.replace("2021-03-01-preview", "2024-10-01")


@pytest.mark.parametrize("version", VERSIONS)
def test_most_edits_of_the_how_to_need_no_decision(version):
    script = read_container("shell", "howto.sh", HOWTO, INPUTS)

    made = rewrite_file(script, version)

    assert len(made.edits) > 15
    assert len(made.decisions) <= len(made.edits) / 10
    assert made.errors == ()


def test_line_ends_marks_and_body_files_are_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    body = json.dumps(json.loads(OLD), indent=2).replace("\n", "\r\n")
    Path("body.json").write_bytes(body.encode())
    url = f"{WORKSPACE}/data/iris/versions/1?api-version=2021-03-01-preview"
    text = f'# é\r\ncurl -X PUT "{url}" \\\r\n  -d @body.json\r\n'
    Path("x.sh").write_bytes(b"\xef\xbb\xbf" + text.encode())

    done = CliRunner().invoke(cli, ["upgrade", "x.sh", "--to", "2024-10-01", "--write"])

    assert (done.exit_code, done.stdout) == (0, "")
    after = Path("x.sh").read_bytes()
    assert (
        after
        == b"\xef\xbb\xbf" + text.replace("2021-03-01-preview", "2024-10-01").encode()
    )
    changed = Path("body.json").read_bytes()
    assert json.loads(changed) == NEW
    assert changed.count(b"\r\n") == changed.count(b"\n")

    again = CliRunner().invoke(
        cli, ["upgrade", "x.sh", "--to", "2024-10-01", "--write"]
    )
    assert Path("x.sh").read_bytes() == after
    assert "0 edits" in again.stderr


def test_what_a_person_must_choose_stands_above_it(tmp_path):
    url = f"{WORKSPACE}/data/iris/versions/1?api-version=2021-03-01-preview"
    body = '{"properties": {"path": "x"}}'
    text = f"f() {{\n  curl -X PUT '{url}' -d '{body}'\n}}\n"

    made = rewrite_file(read_container("shell", "x.sh", text, tmp_path), "2024-10-01")

    ((_, after),) = made.files.values()
    lines = after.splitlines()
    assert lines[1].startswith("  # DECIDE: /dataUri: Is the datastore")
    assert lines[-2].startswith("  curl -X PUT")
    assert made.is_left


def test_a_body_of_another_version_than_its_call_is_mended(tmp_path):
    url = f"{WORKSPACE}/data/iris/versions/1?api-version=2024-10-01"
    text = f"curl -X PUT '{url}' -d '{OLD}'\n"

    made = rewrite_file(read_container("shell", "x.sh", text, tmp_path), "2024-10-01")

    ((_, after),) = made.files.values()
    assert json.loads(after[after.index("-d '") + 4 : -2]) == NEW
    assert made.errors == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            ".value[0].properties.contents.accountName",
            ".value[0].properties.accountName",
        ),
        (".value[0] | .properties.contents.endpoint", ".value[0].properties.endpoint"),
    ],
)
def test_paths_of_jq_move_with_the_answer(old, new, tmp_path):
    url = f"{WORKSPACE}/datastores?api-version=2021-03-01-preview"
    text = f"X=$(curl '{url}' | jq -r '{old}')\n"

    made = rewrite_file(read_container("shell", "x.sh", text, tmp_path), "2024-10-01")

    ((_, after),) = made.files.values()
    assert after.endswith(f"| jq -r '{new}')\n")
    assert not made.is_left


def test_files_that_are_not_rewritten_say_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("x.py").write_text("import requests\nrequests.get(URL)\n")

    done = CliRunner().invoke(cli, ["upgrade", "x.py", "--to", "2024-10-01"])

    assert done.exit_code == 2
    assert "record it, and upgrade the cassette" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2021-03-01-preview", *VERSIONS])
def test_the_upgraded_how_to_runs_to_its_end(version, tmp_path):
    """With bash, curl and jq; both of its jobs complete."""
    assert all(map(shutil.which, ("bash", "curl", "jq"))), MISSING
    script = read_container("shell", "howto.sh", HOWTO, INPUTS)
    made = rewrite_script(script, version)
    text = made.files["howto.sh"][1] if made.files else HOWTO
    path = tmp_path / "howto.sh"
    path.write_text(text)

    quick = SteppingClock(poll_step_s=120.0)  # a process is started for each poll
    seed = Seed(computes=("cpu-cluster",))
    with Emulator(seed=seed, azurite=False, clock=quick) as emulator:
        settings = emulator.settings
        done = subprocess.run(
            ["bash", str(path)],
            env={
                "PATH": os.environ["PATH"],
                "SUBSCRIPTION_ID": settings.subscription,
                "RESOURCE_GROUP": settings.resource_group,
                "WORKSPACE": settings.workspace,
                "TOKEN": emulator.issue_token(),
                "RUN": "1",
                "PAUSE": "0.05",
                **emulator.environ,
            },
            capture_output=True,
            text=True,
            timeout=120,
        )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "train-1: Completed" in done.stdout
    assert "sweep-1: Completed" in done.stdout


def test_what_is_to_decide_is_written_once(tmp_path: Path) -> None:
    """Blocks that are not rewritten are told above them, whatever stands there."""
    page = tmp_path / "a.md"
    page.write_text(
        "1. Python\n\n   ```python\n   import requests\n   requests.get(\n"
        f"       '{WORKSPACE}/jobs?api-version=2022-05-01')\n   ```\n\n"
        "2. PowerShell\n\n   ```powershell\n"
        f"   irm '{WORKSPACE}/jobs?api-version=2022-05-01'\n   ```\n"
    )
    command = ["upgrade", str(page), "--to", "2024-10-01", "--write"]
    CliRunner().invoke(cli, command)
    once = page.read_text()
    CliRunner().invoke(cli, command)
    assert (page.read_text(), once.count("# DECIDE: ")) == (once, 2)
