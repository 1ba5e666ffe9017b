"""Malformed input of `cassette`: one clear message, exit code 2, nothing executed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import PLANTED

CASSETTE = (
    Path(__file__).parents[2] / "cassettes" / "failures" / "cancel" / "2024-04-01.json"
).read_text("utf-8")
WHOLE = json.loads(CASSETTE)
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 10)}]\n"
    for i in range(9)
)
EVIL = (
    "interactions:\n- request: !!python/object/apply:os.system ['touch executed']\n"
    "version: 1\n"
)
DIGEST = "0" * 64


def changed(**fields: object) -> str:
    return json.dumps(WHOLE | fields)


def with_times(times: int) -> str:
    whole = json.loads(CASSETTE)
    whole["interactions"][0]["times"] = times
    return json.dumps(whole)


def with_body(body: object) -> str:
    whole = json.loads(CASSETTE)
    whole["interactions"][0]["response"]["body"] = body
    return json.dumps(whole)


MALFORMED: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "it is empty"),
    "truncated": (CASSETTE[: len(CASSETTE) // 2], "it seems cut off"),
    "another format": (
        changed(format=3),
        "format is 3; this version reads formats",
    ),
    "no format": (
        json.dumps({k: v for k, v in WHOLE.items() if k != "format"}),
        "it does not say its format",
    ),
    "more polls than any run makes": (
        with_times(10**30),
        "times as whole numbers up to 1000000",
    ),
    "an interaction that is none": (changed(interactions=[1]), "it is no object"),
    "format as text": (changed(format="1"), "format is '1'"),
    "merge markers": (
        CASSETTE.replace('  "target"', '<<<<<<< ours\n  "target"', 1),
        "merge markers",
    ),
    "a missing side file": (with_body({"file": DIGEST}), f"{DIGEST} is missing"),
    "a digest that is none": (with_body({"file": "../../x"}), "named by its sha256"),
    "half a character": (changed(recorder="\ud800"), "a lone surrogate"),
    "no number of JSON": (changed(variables={"a": 1e999}), "the number inf"),
    "a number that is too large": (
        changed(variables={"a": 0}).replace('"a": 0', '"a": -15.5e+999'),
        "the number -inf",
    ),
    "a URL that is none": (
        json.dumps(
            {
                "Entries": [
                    {
                        "RequestUri": "https://[x/",
                        "RequestMethod": "GET",
                        "StatusCode": 200,
                    }
                ]
            }
        ),
        "the URL of exchange 0 is malformed",
    ),
    "no JSON": ("hello", "it is no recording"),
    "JSON of something else": ('{"hello": 1}', "it is no recording"),
    "a JSON list": ("[1, 2]", "it is no recording"),
    "deep JSON": ("[" * 100_000, "nested too deep"),
    "YAML with Python tags": (EVIL, "names Python objects; nothing of it was run"),
    "a YAML bomb": (BOMB, "aliases hold themselves, or far too much"),
    "YAML that holds itself": ("interactions: &a [*a]", "aliases hold themselves"),
    "deep YAML": ("interactions: " + "[" * 200_000, "nested too deep"),
    "YAML of something else": ("name: ci\non: push\n", "it is no recording"),
    "broken YAML": ("interactions: [", "it is no YAML"),
    "binary": (b"\x89PNG\r\n\x1a\n\xff\xfe", "it is no text in UTF-8"),
    "zero bytes": (b"interactions:\0", "it is binary"),
    "truncated HAR": ('{"log": {"entries": [{"requ', "not JSON at line 1"),
    "HAR without requests": (
        '{"log": {"entries": [{}]}}',
        "exchange 0 of the HAR lacks 'request'",
    ),
    "HAR with a list of nothing": ('{"log": {"entries": 3}}', "no list of exchanges"),
    "test-proxy without a status": (
        '{"Entries": [{"RequestUri": "https://a/", "RequestMethod": "GET"}]}',
        "exchange 0 of the Azure test-proxy recording lacks 'StatusCode'",
    ),
    "vcrpy without an answer": (
        "interactions:\n- request: {method: GET, uri: 'https://a/'}\nversion: 1\n",
        "exchange 0 of the vcrpy cassette lacks 'response'",
    ),
}
COMMANDS = {
    "ls": ["ls", "BAD", "good.json"],
    "show": ["show", "BAD"],
    "diff": ["diff", "BAD", "good.json"],
    "lint": ["lint", "BAD", "good.json"],
    "scrub": ["scrub", "BAD", "good.json", "--in-place"],
    "import": ["import", "BAD", "--to", "new.json"],
    "export": ["export", "BAD", "--format", "har", "-o", "new.har"],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_input_is_one_clear_error(name, command, azml_contract, tmp_path):
    content, message = MALFORMED[name]
    bad = tmp_path / "bad.json"
    bad.write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "good.json").write_text(CASSETTE, "utf-8")
    before = bad.read_bytes()

    done = azml_contract(
        "cassette", *(a.replace("BAD", "bad.json") for a in COMMANDS[command])
    )

    others_were_read = "good.json" in COMMANDS[command] and command != "diff"
    assert done.code == (1 if others_were_read else 2)
    told = done.out if command == "lint" else done.err
    assert told.count("AZC404" if command == "lint" else "Error: ") == 1
    assert "bad.json" in told
    # Commands that take cassettes only say first that this is none.
    assert message in " ".join(told.split()) or "not a cassette" in told
    assert bad.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.json", "good.json"]
    if command in ("ls", "lint", "scrub"):
        assert done.out  # the other input was processed


@pytest.mark.parametrize("command", ["ls", "lint", "show"])
def test_two_hundred_megabytes_of_junk_are_refused_by_their_size(
    command, azml_contract, tmp_path
):
    with (tmp_path / "junk.json").open("wb") as file:
        file.truncate(200 * 1024 * 1024)

    done = azml_contract("cassette", command, "junk.json")

    assert done.code == 2
    assert "209715200 bytes is more than any recording has" in done.err


@pytest.mark.parametrize("command", ["ls", "lint"])
def test_a_folder_without_recordings_says_so(command, azml_contract, tmp_path):
    (tmp_path / "empty").mkdir()

    done = azml_contract("cassette", command, "empty")

    assert done.code == 2
    assert "empty: the folder holds no recording (*" in done.err


def test_a_folder_is_no_cassette(azml_contract, tmp_path):
    done = azml_contract("cassette", "show", str(tmp_path))

    assert done.code == 2
    assert "it is a folder. Name its files." in done.err


@pytest.mark.parametrize("name", [n for n in PLANTED if n != "2024-04-01.json"])
def test_a_recording_of_another_tool_is_led_to_import(name, azml_contract, planted):
    done = azml_contract("cassette", "show", planted(name))

    assert done.code == 2
    assert f"Convert it: azml-contract cassette import {name} --to CASSETTE" in done.err


def test_a_wrong_digest_is_named(azml_contract, tmp_path):
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / DIGEST).write_bytes(b"something else")
    (tmp_path / "c.json").write_text(with_body({"file": DIGEST}), "utf-8")

    done = azml_contract("cassette", "lint", "c.json")

    assert done.code == 2
    assert "does not have the sha256 it is named by" in done.err


def test_a_malformed_section_of_pyproject_is_named(azml_contract, planted, tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        "[tool.azml-contract.redact]\nsecret = []\n", "utf-8"
    )

    done = azml_contract("cassette", "lint", planted("proxy.json"))

    assert done.code == 2
    assert "has no key secret. Did you mean secrets?" in done.err
