"""Secrets that stand in a script are told, each once, and shown by no finding."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from azml_contract.cli import cli
from azml_contract.scripts.containers import read_container
from azml_contract.scripts.judge import judge_script
from azml_contract.validation.validator import Validator
from tests.scripts.conftest import WORKSPACE, places

WORD = "kT4vXq9Zm7bR2nLw5YcH8dPs"
URL = f"{WORKSPACE}/jobs?api-version=2024-04-01"
KEY = f"{WORD}{WORD}{WORD}abcdefghijklmn=="
WRITTEN = {
    "a token": ("shell", f"curl '{URL}' -H 'Authorization: Bearer {WORD}'\n", 1),
    "a token in a variable": ("shell", f"curl '{URL}'\nTOKEN={WORD}\n", 2),
    "a default": ("shell", f"TOKEN=${{TOKEN:-{WORD}}}\ncurl '{URL}'\n", 1),
    "a subscription key": (
        "shell",
        f"curl '{URL}' \\\n  -H 'Ocp-Apim-Subscription-Key: {WORD}'\n",
        2,
    ),
    "an account key": (
        "shell",
        f"az storage blob upload --account-key {KEY}\ncurl '{URL}'\n",
        1,
    ),
    "a SAS": (
        "shell",
        f"curl '{URL}'\ncurl 'https://a.blob.core.windows.net/c?sp=r&sig={WORD}%3D'\n",
        2,
    ),
    "a user of a URL": (
        "shell",
        f"git clone https://ada:{WORD}@x/y\ncurl '{URL}'\n",
        1,
    ),
    "requests": (
        "python",
        (
            "import requests\nrequests.get(\n"
            f'    "{URL}", headers={{"Authorization": "Bearer {WORD}"}}\n)\n'
        ),
        3,
    ),
    "PowerShell": (
        "powershell",
        (
            f"$h = @{{ Authorization = 'Bearer {WORD}' }}\n"
            f"Invoke-RestMethod -Uri '{URL}' -Headers $h\n"
        ),
        1,
    ),
    "a file of requests": ("http", f"GET {URL}\nAuthorization: Bearer {WORD}\n", 2),
    "a block of a page": (
        "markdown",
        f"# Secrets\n\n```bash\ncurl '{URL}' -H 'api-key: {WORD}'\n```\n",
        4,
    ),
    "Python of a page": (
        "markdown",
        f"```python\nimport requests\nTOKEN = '{WORD}'\nrequests.get('{URL}')\n```\n",
        3,
    ),
    "a step of a workflow": (
        "workflow",
        (
            "jobs:\n  a:\n    steps:\n    - run: |\n"
            f"        curl '{URL}' -H 'Authorization: Bearer {WORD}'\n"
        ),
        5,
    ),
}
REFERRED = [
    "-H 'Authorization: Bearer '$TOKEN",
    '-H "Authorization: Bearer $TOKEN"',
    '-H "Authorization: Bearer $(az account get-access-token -o tsv)"',
    '-H "Authorization: Bearer ${{ secrets.TOKEN }}"',
    "-H 'Authorization: Bearer <token>'",
    "-H 'Ocp-Apim-Subscription-Key: <YOUR-KEY>'",
    "-H 'api-key: {{key}}'",
    "-u \"$USER:$PASSWORD\" --proxy-user 'x:***'",
    '; read -r -p "Delete? " yes',
]


def judge(kind, text, folder):
    return judge_script(Validator(), read_container(kind, "x", text, folder), "")


@pytest.mark.parametrize("case", WRITTEN.values(), ids=WRITTEN)
def test_a_secret_that_is_written_down_is_told_and_not_shown(case, tmp_path):
    kind, text, line = case

    judged = judge(kind, text, tmp_path)

    told = [(code, at) for code, at, _ in places(judged) if code == "AZC516"]
    assert told == [("AZC516", line)]
    assert judged.calls.judged == 1
    assert WORD not in repr(judged.findings)


@pytest.mark.parametrize("given", REFERRED)
def test_what_refers_to_a_secret_is_none(given, tmp_path):
    assert places(judge("shell", f"curl '{URL}' {given}\n", tmp_path)) == []


def test_one_value_is_told_once_with_its_other_lines(tmp_path):
    lines = f"curl '{URL}' -H 'Authorization: Bearer {WORD}'\n" * 3

    (found,) = judge("shell", f"{lines}TOKEN={WORD}x\n", tmp_path).findings[:-1]

    assert found.message.startswith(
        "What looks like a secret is written here, and again at line 2 and 1 more: "
    )


def test_no_other_finding_shows_what_is_written(tmp_path, monkeypatch):
    """Another fault stands in the same line."""
    monkeypatch.chdir(tmp_path)
    text = f"curl {URL}&x=1 -u ada:{WORD} -H 'x: https://ada:{WORD}@x.example'\n"
    (tmp_path / "call.sh").write_text(text, "utf-8")

    shown = CliRunner().invoke(cli, ["check", "call.sh"])
    told = CliRunner().invoke(cli, ["check", "call.sh", "--format", "json"])

    codes = {one["code"] for one in json.loads(told.stdout)["findings"]}
    assert codes >= {"AZC505", "AZC516"}
    assert WORD not in shown.output + told.output


def test_a_secret_alone_is_a_warning(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "call.sh").write_text(WRITTEN["a token"][1], "utf-8")

    assert CliRunner().invoke(cli, ["check", "call.sh"]).exit_code == 0
