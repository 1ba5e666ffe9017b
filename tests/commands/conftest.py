"""The command line as a process sees it, and recordings with secrets planted in them.

`azml_contract` runs the command line in this process, through `main`, so that an
error is what a user gets. `planted` writes one conversation, full of secrets and
names, in the format of each tool.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from click.testing import CliRunner, Result

from azml_contract import cli
from azml_contract.errors import AzmlContractError
from azml_contract.settings import VARIABLES

SUBSCRIPTION = "3b1f0c52-7a5e-4a0b-9d55-0f9f3a1c7e21"
TENANT = "b6a7d0c4-11d8-4b7d-8a55-2d6a0c9be1f3"
CLIENT = "9c0de5f1-6f0b-4d7a-b8a4-5ab1f0c3d2e4"
GROUP = "rg-contoso-ml"
WORKSPACE = "contoso-trainer"
ACCOUNT = "contosostore01"
PERSON = "ada@contoso.example"
NAMES = (SUBSCRIPTION, TENANT, CLIENT, GROUP, WORKSPACE, ACCOUNT, PERSON)

TOKEN = "eyJ0eXAiOiJKV1QifQ.eyJvaWQiOiI0MiIsImFwcCI6IngifQ.c2lnbmF0dXJlLW9mLWEtdG9rZW4"
CLIENT_SECRET = "Xk8Q~uVw3.dR5tYb7nM1pL0sZxC4vBnM6qW2eR"
ACCOUNT_KEY = base64.b64encode(bytes(range(7, 71))).decode()
SIGNATURE = base64.b64encode(bytes(range(90, 122))).decode()
PASSWORD = "correct horse battery"
COOKIE = "fedAuth=77u-aXNzdWVkVG9rZW4"
API_KEY = "partner-key-0123-plain"
SECRETS = {
    "token": TOKEN,
    "client secret": CLIENT_SECRET,
    "account key": ACCOUNT_KEY,
    "signature": SIGNATURE,
    "password": PASSWORD,
    "cookie": COOKIE,
    "api key": API_KEY,
}
VERSION = "2024-04-01"
BASE = (
    f"https://management.azure.com/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    f"/providers/Microsoft.MachineLearningServices/workspaces/{WORKSPACE}"
)
SAS = (
    f"https://{ACCOUNT}.blob.core.windows.net/data/iris.csv?sv=2021-06-08&sr=b"
    f"&se=2026-11-23T10%3A00%3A00Z&sp=r&sig={quote(SIGNATURE, safe='')}"
)
DATE = "Fri, 20 Nov 2026 09:30:00 GMT"


@dataclass(frozen=True)
class Call:
    """One exchange in the terms that every format has."""

    method: str
    url: str
    sent: str
    status: int
    answered: str
    sent_headers: dict[str, str] = field(default_factory=dict)
    answered_headers: dict[str, str] = field(default_factory=dict)


def conversation() -> list[Call]:
    """A login, a job with secrets in its body, listed keys, a blob by SAS."""
    as_json = {"Content-Type": "application/json; charset=utf-8", "Date": DATE}
    bearer = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
        "Cookie": COOKIE,
    }
    login = (
        f"grant_type=client_credentials&client_id={CLIENT}"
        f"&client_secret={quote(CLIENT_SECRET, safe='')}"
    )
    job = {
        "properties": {
            "jobType": "Command",
            "command": "python train.py",
            "environmentVariables": {"INNER": json.dumps({"password": PASSWORD})},
            "adminUserPassword": PASSWORD,
            "connection": f"AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY}",
            "data": SAS,
            "description": f"made with {TOKEN}",
        }
    }
    kept = {"id": f"{BASE[28:]}/jobs/train-1", "systemData": {"createdBy": PERSON}}
    return [
        Call(
            "POST",
            f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token",
            login,
            200,
            json.dumps({"token_type": "Bearer", "access_token": TOKEN}),
            {"Content-Type": "application/x-www-form-urlencoded"},
            {**as_json, "Set-Cookie": COOKIE},
        ),
        Call(
            "PUT",
            f"{BASE}/jobs/train-1?api-version={VERSION}",
            json.dumps(job),
            201,
            json.dumps(kept | job),
            bearer,
            as_json,
        ),
        Call(
            "POST",
            f"{BASE}/datastores/blobs/listSecrets?api-version={VERSION}",
            "",
            200,
            json.dumps({"secretsType": "AccountKey", "key": ACCOUNT_KEY}),
            {**bearer, "Ocp-Apim-Subscription-Key": API_KEY},
            as_json,
        ),
        Call("GET", SAS, "", 200, "a,b\n1,2\n", {}, {"Content-Type": "text/csv"}),
    ]


def as_cassette(calls: list[Call]) -> str:
    """Ours, as somebody would have to write it by hand: the recorder would not."""

    def body(text: str) -> dict[str, Any]:
        if not text:
            return {}
        return {
            "body": {"json": json.loads(text)} if text[0] == "{" else {"text": text}
        }

    interactions = [
        {
            "request": {
                "method": one.method,
                "uri": one.url,
                "headers": one.sent_headers,
                **body(one.sent),
            },
            "response": {
                "status": one.status,
                "headers": one.answered_headers,
                **body(one.answered),
            },
            "times": 1,
        }
        for one in calls
    ]
    whole = {
        "format": 1,
        "scenario": "story/planted",
        "api_version": VERSION,
        "target": "emulator",
        "recorded_at": "2026-11-20T09:30:00Z",
        "recorder": "by hand",
        "variables": {"job": "train-1"},
        "reads": {"1": ["/id"]},
        "interactions": interactions,
    }
    return json.dumps(whole, indent=2) + "\n"


def as_har(calls: list[Call]) -> str:
    """HAR 1.2, an answer in base64 among its bodies."""

    def pairs(headers: dict[str, str]) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in headers.items()]

    def content(text: str, number: int) -> dict[str, Any]:
        shape: dict[str, Any] = {"size": len(text), "mimeType": "application/json"}
        if number % 2:
            packed = base64.b64encode(text.encode()).decode()
            return shape | {"text": packed, "encoding": "base64"}
        return shape | {"text": text}

    entries = [
        {
            "startedDateTime": "2026-11-20T09:30:00Z",
            "_initiator": f"https://portal/?access_token={TOKEN}",
            "request": {
                "method": one.method,
                "url": one.url,
                "headers": pairs(one.sent_headers),
                "cookies": [{"name": "fedAuth", "value": COOKIE}],
                "queryString": [{"name": "sig", "value": SIGNATURE}],
                "postData": {"mimeType": "text/plain", "text": one.sent},
                "bodySize": len(one.sent),
            },
            "response": {
                "status": one.status,
                "headers": pairs(one.answered_headers),
                "content": content(one.answered, number),
            },
        }
        for number, one in enumerate(calls)
    ]
    return json.dumps({"log": {"version": "1.2", "entries": entries}})


def as_vcrpy(calls: list[Call], *, packed: bool = False) -> dict[str, Any]:
    """vcrpy's, with compressed answers where asked for."""

    def lists(headers: dict[str, str]) -> dict[str, list[str]]:
        extra = {"Content-Encoding": "gzip"} if packed else {}
        return {name: [value] for name, value in (headers | extra).items()}

    interactions = [
        {
            "request": {
                "method": one.method,
                "uri": one.url,
                "headers": {n: [v] for n, v in one.sent_headers.items()},
                "body": one.sent or None,
            },
            "response": {
                "status": {"code": one.status, "message": "OK"},
                "headers": lists(one.answered_headers),
                "body": {
                    "string": gzip.compress(one.answered.encode(), mtime=0)
                    if packed
                    else one.answered
                },
            },
        }
        for one in calls
    ]
    return {"version": 1, "interactions": interactions}


def as_test_proxy(calls: list[Call]) -> str:
    """Azure's test-proxy, with a variable."""

    def body(text: str) -> Any:
        return json.loads(text) if text[:1] == "{" else text or None

    entries = [
        {
            "RequestUri": one.url,
            "RequestMethod": one.method,
            "RequestHeaders": one.sent_headers,
            "RequestBody": body(one.sent),
            "StatusCode": one.status,
            "ResponseHeaders": one.answered_headers,
            "ResponseBody": body(one.answered),
        }
        for one in calls
    ]
    whole = {"Entries": entries, "Variables": {"job": "train-1"}}
    return json.dumps(whole, indent=1)


WRITERS: dict[str, Callable[[list[Call]], str]] = {
    "2024-04-01.json": as_cassette,
    "trace.har": as_har,
    "vcr.yaml": lambda calls: yaml.safe_dump(as_vcrpy(calls)),
    "packed.yaml": lambda calls: yaml.safe_dump(as_vcrpy(calls, packed=True)),
    "vcr.json": lambda calls: json.dumps(as_vcrpy(calls)),
    "proxy.json": as_test_proxy,
}
PLANTED = tuple(WRITERS)


@dataclass(frozen=True)
class Done:
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def azml_contract(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Done]:
    """Run the command line in an empty folder, as `main` runs it."""
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        monkeypatch.setattr("sys.argv", ["azml-contract", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Done(int(left.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def planted(tmp_path: Path) -> Callable[[str], str]:
    """Write the planted conversation in one format; gives the file's name."""

    def write(name: str) -> str:
        (tmp_path / name).write_text(WRITERS[name](conversation()), "utf-8")
        return name

    return write


class Check:
    """Runs the command on files of one folder."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.chdir(folder)

    def write(self, name: str, content: Any) -> str:
        """Write a file: bytes and text as they are, anything else as JSON."""
        if isinstance(content, bytes):
            (self.folder / name).write_bytes(content)
        else:
            text = content if isinstance(content, str) else json.dumps(content)
            (self.folder / name).write_text(text, "utf-8")
        return name

    def run(self, *arguments: str, stdin: str | bytes | None = None) -> Result:
        """Run `check`; an error of ours becomes the exit code 2, as in `main`."""
        runner = CliRunner()
        result = runner.invoke(cli.cli, ["check", *arguments], input=stdin)
        if isinstance(result.exception, AzmlContractError):
            result.exit_code = 2
        return result


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """The command, in an empty folder."""
    return Check(tmp_path, monkeypatch)


@pytest.fixture
def run(azml_contract: Callable[..., Any]) -> Callable[..., Any]:
    """The command line, with paths as they are."""
    return lambda *arguments: azml_contract(*map(str, arguments))
