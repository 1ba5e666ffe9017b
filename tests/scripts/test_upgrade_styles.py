"""The how-to of 2021, written in each style that people use: upgraded, it runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from soak import sized

from azml_contract.commands.script_upgrade import rewrite_file
from azml_contract.emulator.clock import SteppingClock
from azml_contract.emulator.seed import Seed
from azml_contract.emulator.server import Emulator
from azml_contract.scripts.containers import read_container
from azml_contract.scripts.script import Script
from tests.scripts.conftest import INPUTS

HOWTO = (INPUTS / "howto_2021.sh").read_text("utf-8")
MISSING = "upgraded scripts are run, which needs bash, curl and jq: make setup-shell"
VERSIONS = ["2022-05-01", "2024-10-01", "2026-05-01"]
_PUT = re.compile(
    r'curl [^\n]*--request PUT "(?P<url>[^"]*)" \\\n(?:--header [^\n]*\\\n)*'
    r'--data-raw "(?P<body>(?:[^"\\]|\\.)*)"',
    re.DOTALL,
)
_NAME = re.compile(r"(?<!\\)\$(\w+)")
_HEADERS = '-H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"'
_CURL = f"curl -sS --fail-with-body -X PUT {_HEADERS}"
# What a fake `az` does with `az rest`, so that it reaches the emulator.
_AZ = """#!/bin/bash
shift
while [ $# -gt 0 ]; do
  case "$1" in
    --method) method=${2^^}; shift ;;
    --uri) uri=$2; shift ;;
    --body) body=$2; shift ;;
  esac
  shift
done
exec curl -sS --fail-with-body -X "$method" -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" "$uri" -d "$body"
"""


def plain(body: str) -> str:
    """A body as a here-document holds it."""
    return body.replace('\\"', '"')


def _spliced(url: str, body: str) -> str:
    inner = _NAME.sub(lambda name: f"'\"{name[0]}\"'", plain(body))
    inner = inner.replace("\\$", "$")
    return f"{_CURL} \"{url}\" --data-binary '{inner}'"


def _jq(url: str, body: str) -> str:
    names: dict[str, str] = {}

    def add(found: re.Match[str]) -> str:
        names[found[1]] = f'--arg {found[1].lower()} "${found[1]}"'
        return f'" + ${found[1].lower()} + "'

    text = plain(body).replace("$CONDA", "$conda")
    text = re.sub(
        r'"[^"\n]*(?<!\\)\$(?!conda)\w[^"\n]*"(?!\s*:)',
        lambda found: "(" + _NAME.sub(add, found[0]).replace('"" + ', "") + ")",
        text,
    )
    text = text.replace(' + "")', ")").replace("\\$", "$")
    given = " ".join(names.values())
    if "$conda" in text:
        given += ' --argjson conda "$CONDA"'
    return f"jq -n {given} '{text}' |\n  {_CURL} \"{url}\" -d @-"


STYLES: dict[str, Callable[[str, str], str]] = {
    "docs": lambda url, body: f'{_CURL} "{url}" --data-raw "{body}"',
    "splice": _spliced,
    "document": lambda url, body: f'{_CURL} "{url}" -d @- <<EOF\n{plain(body)}\nEOF',
    "file": lambda url, body: (
        f'cat <<EOF > body.json\n{plain(body)}\nEOF\n{_CURL} "{url}" -d @body.json'
    ),
    "variable": lambda url, body: (
        f'BODY=$(cat <<EOF\n{plain(body)}\nEOF\n)\n{_CURL} "{url}" -d "$BODY"'
    ),
    "read": lambda url, body: (
        f"read -r -d '' BODY <<EOF || true\n{plain(body)}\nEOF\n"
        f'{_CURL} "{url}" --json "$BODY"'
    ),
    "jq": _jq,
    "az": lambda url, body: f'az rest --method put --uri "{url}" --body "{body}"',
    "function": lambda url, body: (
        f'send() {{ {_CURL} "$1" -d "$2"; }}\nsend "{url}" "{body}"'
    ),
    "loop": lambda url, body: (
        f'for v in "$RUN"; do\n  if ! {_CURL} '
        f'"{url.replace("versions/$RUN", "versions/$v")}" -d"{body}"; '
        "then exit 1; fi\ndone"
    ),
    "windows": lambda url, body: f'{_CURL} "{url}" \\\n  -d "{body}"',
}


def write_howto(style: str) -> str:
    """The how-to in one style."""
    write = STYLES[style]
    text = _PUT.sub(lambda call: write(call["url"], call["body"]), HOWTO)
    text = text.replace('API_VERSION="2021', 'API_VERSION="${API:-2021', 1)
    text = text.replace('-preview"\nTOKEN', '-preview}"\nTOKEN', 1)
    return text.replace("\n", "\r\n") if style == "windows" else text


def read(text: str, folder: Path) -> Script:
    return read_container("shell", "howto.sh", text, folder)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("style", STYLES)
def test_most_edits_need_no_decision_and_nothing_else_is_touched(
    style, version, tmp_path
):
    before = write_howto(style)

    made = rewrite_file(read(before, tmp_path), version)

    assert made.errors == ()
    assert len(made.edits) > 15
    assert len(made.decisions) <= len(made.edits) / 10
    ((was, after),) = made.files.values()
    assert was == before
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    changes = re.compile(
        r'2021-03-01-preview|[\\":{}]|jq |^\s*[\]}],?\s*$|^\s*\w+: ', re.MULTILINE
    )
    assert [line for line in old if not changes.search(line) and line not in new] == []
    again = rewrite_file(read(after, tmp_path), version)
    assert (again.files, again.errors) == ({}, ())


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    quick = SteppingClock(poll_step_s=120.0)  # a process is started for each poll
    seed = Seed(computes=("cpu-cluster",))
    with Emulator(seed=seed, azurite=False, clock=quick) as running:
        yield running


RUN = [style for style in STYLES if style != "windows"]
RUNS = [
    (style, version)
    for at, style in enumerate(RUN)
    for which, version in enumerate(["2021-03-01-preview", *VERSIONS])
    if sized(1, 0) == 0 or which - 1 == at % len(VERSIONS)
]


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize(("style", "version"), RUNS)
def test_the_upgraded_script_runs_to_its_end(style, version, emulator, tmp_path):
    """With bash, curl and jq; both of its jobs complete."""
    assert all(map(shutil.which, ("bash", "curl", "jq"))), MISSING
    before = write_howto(style)
    files = rewrite_file(read(before, tmp_path), version).files
    (tmp_path / "howto.sh").write_text(files["howto.sh"][1] if files else before)
    az = tmp_path / "az"
    az.write_text(_AZ)
    az.chmod(0o755)
    run = f"{list(STYLES).index(style)}-{version[:4]}"
    settings = emulator.settings

    done = subprocess.run(
        ["bash", "howto.sh"],
        cwd=tmp_path,
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "SUBSCRIPTION_ID": settings.subscription,
            "RESOURCE_GROUP": settings.resource_group,
            "WORKSPACE": settings.workspace,
            "TOKEN": emulator.issue_token(),
            "RUN": run,
            "PAUSE": "0.05",
            **emulator.environ,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"train-{run}: Completed" in done.stdout
    assert f"sweep-{run}: Completed" in done.stdout


def test_bodies_in_files_of_their_own_are_rewritten_and_judged_again(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    url = (
        "https://management.azure.com/subscriptions/s/resourceGroups/r/providers/"
        "Microsoft.MachineLearningServices/workspaces/wks12/data/d/versions/1"
    )
    text = f"curl -X PUT '{url}?api-version=2021-03-01-preview' -d @data.json\n"
    body = {"properties": {"datasetType": "Simple", "path": "https://h.example/i.csv"}}
    Path("data.json").write_text(json.dumps(body))

    made = rewrite_file(read(text, tmp_path), "2024-10-01")

    assert (made.errors, made.decisions) == ((), [])
    assert set(made.files) == {"howto.sh", (tmp_path / "data.json").as_posix()}
    for name, (_, after) in made.files.items():
        Path(name).write_text(after)
    again = rewrite_file(read(made.files["howto.sh"][1], tmp_path), "2024-10-01")
    assert again.files == {}
    body["properties"]["datasetType"] = "Wrong"
    Path("data.json").write_text(json.dumps(body))
    assert rewrite_file(read(text, tmp_path), "2024-10-01").is_left
