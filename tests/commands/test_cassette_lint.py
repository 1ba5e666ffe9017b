"""`cassette lint` and `scrub`: secrets planted in recordings of every format."""

from __future__ import annotations

import base64
import gzip
import json
import re
from hashlib import sha512
from pathlib import Path
from typing import Any

import pytest
import yaml

from azml_contract.documents.document import open_recording

from .conftest import (
    ACCOUNT,
    ACCOUNT_KEY,
    GROUP,
    NAMES,
    PASSWORD,
    PLANTED,
    SECRETS,
    SIGNATURE,
    TOKEN,
    WORKSPACE,
)

COMMITTED = Path(__file__).parents[2] / "cassettes"


def everything_in(path: Path) -> str:
    """The text of a file, and of what is base64 or compressed in it."""
    text = path.read_text("utf-8")
    for run in re.findall(r"[A-Za-z0-9+/\n ]{16,}={0,2}", text):
        try:
            raw = base64.b64decode(re.sub(r"\s", "", run))
        except ValueError:
            continue
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        text += raw.decode("latin-1")
    return text


def lines_of(done: Any) -> list[str]:
    return [line for line in done.out.splitlines() if " error " in line]


@pytest.mark.parametrize("name", PLANTED)
def test_lint_names_place_and_kind_and_never_a_value(name, azml_contract, planted):
    done = azml_contract("cassette", "lint", planted(name))

    assert done.code == 1
    kinds = done.out
    for kind in (
        "a JSON web token",
        "a SAS signature",
        "a value whose name says that it is secret",
        "the value of adminUserPassword",
        "the value of password",
        "the value of the form field client_secret",
        "the value of access_token",
        "the value of Authorization",
        "the value of Cookie",
        "the value of Set-Cookie",
        "the value of Ocp-Apim-Subscription-Key",
    ):
        assert kind in kinds, kind
    for what, value in SECRETS.items():
        assert value not in done.out + done.err, what
    assert all(re.search(r"AZC401 /\S+", line) for line in lines_of(done))


@pytest.mark.parametrize("name", PLANTED)
def test_scrub_leaves_no_secret_and_no_name_in_any_format(
    name, azml_contract, planted, tmp_path
):
    planted(name)
    before = open_recording(tmp_path / name)

    done = azml_contract("cassette", "scrub", name, "--in-place")

    assert (done.code, done.err) == (0, "")
    left = everything_in(tmp_path / name)
    for value in (*SECRETS.values(), *NAMES):
        # A cassette of ours holds the names that its scenario chose.
        if before.cassette is None or value not in (GROUP, WORKSPACE, ACCOUNT):
            assert value not in left, value
    after = open_recording(tmp_path / name)
    assert after.format is before.format
    assert len(after.recorded()) == len(before.recorded())
    assert azml_contract("cassette", "lint", name).code == 0
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", PLANTED)
def test_scrubbing_twice_changes_nothing(name, azml_contract, planted, tmp_path):
    azml_contract("cassette", "scrub", planted(name), "--in-place")
    once = (tmp_path / name).read_bytes()

    done = azml_contract("cassette", "scrub", name, "--in-place")

    assert done.out == f"{name}: nothing to remove.\n"
    assert (tmp_path / name).read_bytes() == once


def test_scrub_keeps_what_a_format_does_not_define(azml_contract, planted, tmp_path):
    planted("trace.har")
    azml_contract("cassette", "scrub", "trace.har", "-o", "clean.har")

    entry = json.loads((tmp_path / "clean.har").read_text("utf-8"))["log"]["entries"][1]

    assert entry["startedDateTime"] == "2026-11-20T09:30:00Z"
    assert entry["_initiator"] == "https://portal/?access_token=REDACTED"
    assert entry["request"]["bodySize"] == len(entry["request"]["postData"]["text"])
    properties = json.loads(entry["request"]["postData"]["text"])["properties"]
    assert properties["command"] == "python train.py"
    assert properties["adminUserPassword"] == "REDACTED"
    assert TOKEN in (tmp_path / "trace.har").read_text("utf-8")


def test_scrubbed_names_are_the_placeholders_of_replay(
    azml_contract, planted, tmp_path
):
    azml_contract("cassette", "scrub", planted("proxy.json"), "--in-place")

    document = json.loads((tmp_path / "proxy.json").read_text("utf-8"))

    assert document["Entries"][1]["RequestUri"] == (
        "https://management.azure.com/subscriptions/00000000-0000-0000-0000-"
        "000000000000/resourceGroups/resource-group/providers/Microsoft."
        "MachineLearningServices/workspaces/workspace/jobs/train-1"
        "?api-version=2024-04-01"
    )
    assert document["Variables"] == {"job": "train-1"}


def test_lengths_stay_true(azml_contract, tmp_path):
    body = json.dumps({"password": PASSWORD})
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Content-Length": [str(len(body))]},
        "body": {"string": body},
    }
    request = {"method": "GET", "uri": "https://x.azure.com/", "headers": {}}
    whole = {"version": 1, "interactions": [{"request": request, "response": response}]}
    (tmp_path / "v.yaml").write_text(yaml.safe_dump(whole), "utf-8")

    azml_contract("cassette", "scrub", "v.yaml", "--in-place")

    (one,) = yaml.safe_load((tmp_path / "v.yaml").read_text("utf-8"))["interactions"]
    assert one["response"]["body"]["string"] == '{"password": "REDACTED"}'
    assert one["response"]["headers"]["Content-Length"] == ["24"]


def test_what_har_sends_in_base64_is_opened(azml_contract, tmp_path):
    harmless, told = bytes(range(256)), b"\xff\x00 password=kT4vXq9Zm7 \xff"
    entries = [
        {
            "request": {
                "method": "PUT",
                "url": "https://x.azure.com/",
                "headers": [],
                "postData": {
                    "mimeType": "application/octet-stream",
                    "text": base64.b64encode(body).decode(),
                    "_encoding": "base64",
                },
            },
            "response": {"status": 200, "headers": [], "content": {}},
        }
        for body in (harmless, told)
    ]
    (tmp_path / "a.har").write_text(json.dumps({"log": {"entries": entries}}), "utf-8")
    found = azml_contract("cassette", "lint", "a.har")
    assert (found.code, "/log/entries/0/" in found.out) == (1, False)
    assert "/log/entries/1/request/postData/text" in found.out

    assert azml_contract("cassette", "scrub", "a.har", "--in-place").code == 0

    kept = json.loads((tmp_path / "a.har").read_text("utf-8"))["log"]["entries"]
    first, other = (
        base64.b64decode(one["request"]["postData"]["text"]) for one in kept
    )
    assert first == harmless
    assert other == b"\xff\x00 password=REDACTED \xff"


def test_what_looks_drawn_is_numbered_by_scrub_too(azml_contract, tmp_path):
    drawn = "q7Zt9LmX2vRk8WbN4cYp6HsD1fGj3TaU5eKo"
    entry = {
        "RequestUri": f"https://management.azure.com/x/{drawn}?api-version=2024-04-01",
        "RequestMethod": "GET",
        "StatusCode": 200,
        "ResponseBody": {"opaque": drawn},
    }
    text = json.dumps({"Entries": [entry], "Variables": {}})
    (tmp_path / "p.json").write_text(text, "utf-8")
    assert azml_contract("cassette", "lint", "p.json").code == 1

    assert azml_contract("cassette", "scrub", "p.json", "--in-place").code == 0

    (entry,) = json.loads((tmp_path / "p.json").read_text("utf-8"))["Entries"]
    number = entry["ResponseBody"]["opaque"]
    assert number.startswith("drawn-1x")
    assert number in entry["RequestUri"]
    assert azml_contract("cassette", "lint", "p.json").code == 0


def test_a_key_that_is_called_a_digest_goes_where_it_is_known(azml_contract, tmp_path):
    key, digest = (
        base64.b64encode(sha512(of).digest()).decode() for of in (b"a", b"b")
    )
    request = {
        "method": "GET",
        "uri": "https://x.azure.com/",
        "headers": {"Authorization": [f"Bearer {key}"]},
    }
    body = json.dumps({"sha512": key, "etag": digest})
    status = {"code": 200, "message": "OK"}
    response = {"status": status, "headers": {}, "body": {"string": body}}
    whole = {"version": 1, "interactions": [{"request": request, "response": response}]}
    (tmp_path / "v.yaml").write_text(yaml.safe_dump(whole, width=9999), "utf-8")

    done = azml_contract("cassette", "scrub", "v.yaml", "--in-place")

    left = (tmp_path / "v.yaml").read_text("utf-8")
    assert (done.code, done.err) == (0, "")
    assert (key in left, digest in left) == (False, True)


def test_what_still_looks_secret_is_not_written(azml_contract, tmp_path):
    secret = "abc8Q~dEfGhIjKlMnOpQrStUvWxYz0123456789.-"
    drawn = "\0\0\0".join(secret)  # read by nobody but the scanner
    entry = {
        "RequestUri": "https://management.azure.com/x?api-version=2024-04-01",
        "RequestMethod": "GET",
        "StatusCode": 200,
        "ResponseBody": {"opaque": drawn},
    }
    text = json.dumps({"Entries": [entry], "Variables": {}})
    (tmp_path / "p.json").write_text(text, "utf-8")

    done = azml_contract("cassette", "scrub", "p.json", "-o", "clean.json")

    assert done.code == 1
    assert not (tmp_path / "clean.json").exists()
    assert "/Entries/0/ResponseBody/opaque: a client secret" in done.err
    assert "[tool.azml-contract.redact]" in done.err
    assert drawn not in done.err

    (tmp_path / "pyproject.toml").write_text(
        '[tool.azml-contract.redact]\nproperties = ["opaque"]\n', "utf-8"
    )
    done = azml_contract("cassette", "scrub", "p.json", "-o", "clean.json")
    assert done.code == 0
    assert drawn not in (tmp_path / "clean.json").read_text("utf-8")


def test_rules_of_the_project_and_of_the_environment_hold(
    azml_contract, tmp_path, monkeypatch
):
    monkeypatch.setenv("PARTNER", "a plain sentence that is secret")
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", "7d1f0c52-7a5e-4a0b-9d55-0f9f3a1c7e21")
    monkeypatch.setenv("AZURE_RESOURCE_GROUP", "fabrikam-group")
    monkeypatch.setenv("AZML_WORKSPACE", "fabrikam-space")
    monkeypatch.setenv("AZML_CREDENTIAL", "cli")
    (tmp_path / "pyproject.toml").write_text(
        "[tool.azml-contract.redact]\n"
        'identifiers = { "Contoso Ltd" = "a company" }\nsecrets = ["PARTNER"]\n',
        "utf-8",
    )
    note = "Contoso Ltd says a plain sentence that is secret of fabrikam-space"
    entry = {
        "RequestUri": "https://management.azure.com/x?api-version=2024-04-01",
        "RequestMethod": "GET",
        "StatusCode": 200,
        "ResponseBody": {"note": note},
    }
    text = json.dumps({"Entries": [entry], "Variables": {}})
    (tmp_path / "p.json").write_text(text, "utf-8")

    linted = azml_contract("cassette", "lint", "p.json")
    scrubbed = azml_contract("cassette", "scrub", "p.json", "--in-place")

    assert linted.code == 1
    assert "a live secret of the settings" in linted.out
    assert "an identifier" in linted.out
    assert scrubbed.code == 0
    document = json.loads((tmp_path / "p.json").read_text("utf-8"))
    assert document["Entries"][0]["ResponseBody"]["note"] == (
        "a company says REDACTED of workspace"
    )


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_a_secret_counts_even_where_the_settings_are_incomplete(
    where, azml_contract, tmp_path, monkeypatch
):
    secret = "an unlikely passphrase"
    if where == "environment":
        monkeypatch.setenv("AZURE_CLIENT_SECRET", secret)
    else:
        line = f"AZURE_CLIENT_SECRET='{secret}'\n"
        (tmp_path / ".env").write_text(line, "utf-8")
    entry = {
        "RequestUri": "https://management.azure.com/x?api-version=2024-04-01",
        "RequestMethod": "GET",
        "StatusCode": 200,
        "ResponseBody": {"note": f"it is {secret}, they say"},
    }
    text = json.dumps({"Entries": [entry], "Variables": {}})
    (tmp_path / "p.json").write_text(text, "utf-8")

    done = azml_contract("cassette", "lint", "p.json")

    assert done.code == 1
    assert "/Entries/0/ResponseBody/note" in done.out
    assert secret not in done.out


def test_committed_cassettes_are_clean_even_of_warnings(azml_contract):
    done = azml_contract("cassette", "lint", str(COMMITTED), "--fail-on", "warning")

    assert done.code == 0
    assert re.fullmatch(r"No findings in \d\d+ recordings\.\n", done.out)


def test_what_cannot_be_read_is_a_finding(azml_contract, planted, tmp_path):
    for name in PLANTED:
        planted(name)
    (tmp_path / "broken.json").write_text('{"log": {"entries": [', "utf-8")

    done = azml_contract("cassette", "lint", ".")

    assert done.code == 1
    told = "This file cannot be read: not JSON at line 1"
    assert f"error AZC404\n  broken.json:1:1\n  {told}" in done.out
    assert f"in {len(PLANTED)} recordings." in done.out


def test_json_too_deep_to_be_walked_is_looked_into_as_text(azml_contract, tmp_path):
    held = '{"a":' * 900 + '{"password": "Zq8vN3kLp0sX"}' + "}" * 900
    file = COMMITTED / "failures" / "missing_compute" / "2024-04-01.json"
    cassette = json.loads(file.read_text("utf-8"))
    cassette["interactions"][0]["response"]["body"] = {"text": held}
    (tmp_path / "deep.json").write_text(json.dumps(cassette))

    found = azml_contract("cassette", "lint", "deep.json")
    scrubbed = azml_contract("cassette", "scrub", "deep.json", "-o", "clean.json")

    assert found.code == 1
    assert "AZC401" in found.out
    assert scrubbed.code == 0
    assert "Zq8vN3kLp0sX" not in (tmp_path / "clean.json").read_text()


def test_warnings_fail_only_where_asked_for(azml_contract, planted, tmp_path):
    azml_contract("cassette", "scrub", planted("2024-04-01.json"), "--in-place")

    usual = azml_contract("cassette", "lint", "2024-04-01.json")
    strict = azml_contract(
        "cassette", "lint", "2024-04-01.json", "--fail-on", "warning"
    )

    assert (usual.code, strict.code) == (0, 1)
    assert "warning AZC403 /interactions/0/request/headers/Content-Type" in usual.out
    assert "  A header that the recorder does not keep." in usual.out


def test_findings_come_as_json_sarif_and_annotations(azml_contract, planted):
    name = planted("proxy.json")

    shape = json.loads(azml_contract("cassette", "lint", name, "--format", "json").out)
    (run,) = json.loads(
        azml_contract("cassette", "lint", name, "--format", "sarif").out
    )["runs"]
    noted = azml_contract("cassette", "lint", name, "--format", "github").out

    places = {f["pointer"]: f["location"]["line"] for f in shape["findings"]}
    assert places["/Entries/1/RequestBody/properties/adminUserPassword"] > 1
    assert {f["code"] for f in shape["findings"]} == {"AZC401", "AZC402"}
    assert {result["ruleId"] for result in run["results"]} == {"AZC401", "AZC402"}
    assert noted.startswith("::error file=proxy.json,line=")


def test_secrets_in_side_files_are_found_and_cleaned(azml_contract, tmp_path):
    import hashlib

    raw = b"\x00\x01" * 40_000 + f"AccountKey={ACCOUNT_KEY};".encode() + b"\x00" * 90
    name = hashlib.sha256(raw).hexdigest()
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / name).write_bytes(raw)
    cassette = {
        "format": 1,
        "scenario": "a/b",
        "api_version": "2024-04-01",
        "target": "emulator",
        "recorded_at": "2026-11-20T09:30:00Z",
        "recorder": "x",
        "interactions": [
            {
                "request": {"method": "GET", "uri": "https://a/b", "headers": {}},
                "response": {"status": 200, "headers": {}, "body": {"file": name}},
            }
        ],
    }
    (tmp_path / "c.json").write_text(json.dumps(cassette, indent=2), "utf-8")

    linted = azml_contract("cassette", "lint", "c.json")
    scrubbed = azml_contract("cassette", "scrub", "c.json", "--in-place")

    assert linted.code == 1
    assert f"error AZC401 blobs/{name}\n" in linted.out
    assert "This looks like a secret" in linted.out
    assert scrubbed.code == 0
    assert f"blobs/{name} holds what was removed" in scrubbed.out.replace("\\", "/")
    document = json.loads((tmp_path / "c.json").read_text("utf-8"))
    new = document["interactions"][0]["response"]["body"]["file"]
    assert new != name
    assert ACCOUNT_KEY.encode() not in (tmp_path / "blobs" / new).read_bytes()
    assert azml_contract("cassette", "lint", "c.json").code == 0


def test_stand_ins_of_other_tools_are_no_secrets(azml_contract, tmp_path):
    entry = {
        "RequestUri": "https://a.blob.core.windows.net/x?sig=Sanitized&sv=1",
        "RequestMethod": "GET",
        "RequestHeaders": {"Authorization": "Sanitized", "Cookie": "***"},
        "StatusCode": 200,
        "ResponseBody": {"password": "<redacted>", "key": "dGhpcyBpcyBmYWtlIGtleQ=="},
    }
    text = json.dumps({"Entries": [entry], "Variables": {}})
    (tmp_path / "p.json").write_text(text, "utf-8")

    done = azml_contract("cassette", "lint", "p.json")

    assert SIGNATURE not in done.out
    assert lines_of(done) == []


def test_scrub_must_be_told_where_to_write(azml_contract, planted):
    name = planted("proxy.json")

    for options in ((), ("--in-place", "-o", "x.json")):
        done = azml_contract("cassette", "scrub", name, *options)
        assert done.code == 2
        assert "Say where to write: --in-place, or -o FILE" in done.err


def test_scrub_makes_no_folders(azml_contract, planted, tmp_path):
    planted("trace.har")
    done = azml_contract("cassette", "scrub", "trace.har", "-o", "no/clean.har")
    assert done.code == 2
    assert "Error: no/clean.har: there is no folder no." in done.err
    assert not (tmp_path / "no").exists()


def test_a_cassette_at_the_versions_of_its_client_is_as_the_recorder_writes_it(
    azml_contract, tmp_path
):
    file = COMMITTED / "failures" / "missing_compute" / "2024-04-01.json"
    at_client = file.read_text("utf-8").replace(
        '"api_version": "2024-04-01"', '"api_version": "client"'
    )
    for name in ("client.json", "2024-04-01.json"):
        (tmp_path / name).write_text(at_client, "utf-8")

    fine = azml_contract("cassette", "lint", str(tmp_path / "client.json"))
    wrong = azml_contract("cassette", "lint", str(tmp_path / "2024-04-01.json"))

    assert "No findings" in fine.out
    assert "AZC403 /api_version" in wrong.out
