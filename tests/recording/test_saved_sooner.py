"""What makes saving fast leaves what is written as it was: read once, judged once."""

from __future__ import annotations

import gc
import json

import pytest

from azml_contract.cassette import content
from azml_contract.cassette.content import ParsedBodies, as_sent, parse_json
from azml_contract.contract.secret_places import find_secret_places
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.recording.uncollected import uncollected
from azml_contract.redaction.origin import texts_of
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules
from azml_contract.redaction.scan import Scanner
from tests.support.in_memory import record

HOST = "https://management.azure.com"
WORKSPACE = (
    f"{HOST}/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"
    "/providers/Microsoft.MachineLearningServices/workspaces/ws"
)
GUIDS = [f"{n}{'7f3c2e1' * 4}"[:8] + "-1b2c-4d5e-8f90-a1b2c3d4e5f6" for n in "123"]
KEY = "q7Zk2VbX9sLm4Tn8Rw1Yc6Hd3Jf5Gp0A"


def answer(body: object, path: str = "x") -> Exchange:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = (("content-type", "application/json; charset=utf-8"),)
    return Exchange(Request("GET", f"{HOST}/{path}"), Response(200, headers, raw))


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": 1e999}',
        b'{"a": -1e999}',
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        rb'{"a": "\ud83d"}',
        b'{"a": "\xed\xa0\xbd"}',
        b"[" * 100_000,
    ],
    ids=["huge", "less", "nan", "twice", "half", "raw half", "deep"],
)
def test_what_cannot_be_written_again_as_json_is_not_taken_for_it(raw):
    with pytest.raises(ValueError):  # noqa: PT011 - a dozen reasons, one kind
        parse_json(raw)


@pytest.mark.parametrize(
    "raw",
    [rb'{"a": "\ud83d\ude00"}', '{"a": "한국어 \ud7ff"}'.encode(), b'[1.5e300, ""]'],
)
def test_whole_characters_and_large_numbers_are_json(raw):
    assert parse_json(raw) == json.loads(raw)


def test_a_body_is_parsed_once_and_forgotten_where_all_are_too_large(monkeypatch):
    monkeypatch.setattr(content, "_MOST_HELD_BYTES", 30)
    bodies = ParsedBodies()
    small, large = b'{"a": [1, 2]}', json.dumps({"a": "x" * 40}).encode()

    assert bodies.parse(small) is bodies.parse(bytes(bytearray(small)))
    assert bodies.parse(large) == bodies.parse(large)
    assert bodies.parse(large) is not bodies.parse(large)


def test_a_body_that_repeats_is_written_the_same_each_time():
    """Neither the parsed value nor what was made of it is changed on the way."""
    body = {"createdBy": "Ada Byron", "id": GUIDS[0], "at": "2026-04-01T10:00:00Z"}
    exchanges = [answer(body, path) for path in ("a", "b", "c")]

    written = json.loads(record(exchanges, RULES).rendered)["interactions"]

    assert [one["response"]["body"]["json"] for one in written] == [
        {
            "createdBy": "User",
            "id": "00000000-0000-4000-8000-000000000001",
            "at": "2000-01-01T00:00:00Z",
        }
    ] * 3


def test_guids_are_numbered_in_the_order_read_names_before_their_values():
    found = record([answer({GUIDS[0]: GUIDS[1], "then": GUIDS[2]})], RULES)

    written = json.loads(found.rendered)["interactions"][0]["response"]["body"]["json"]
    numbered = [*written, *written.values()]
    assert [one[-1] for one in numbered if one != "then"] == ["1", "2", "3"]


def test_an_answer_that_changed_needs_no_bytes_of_its_own():
    headers = (("content-type", "application/json"),)
    body = b'{ "a" : "secret" }'
    parsed = json.loads(body)

    assert as_sent(body, parsed, {"a": "REDACTED"}, headers).kind == "json"
    assert as_sent(body, parsed, {"a": "secret"}, headers).kind == "text"
    exact = json.dumps(parsed, separators=(",", ":")).encode()
    assert as_sent(exact, parsed, {"a": "secret"}, headers).kind == "json"


RULES = RedactionRules(secret_places=find_secret_places)


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        'a "quote" and a back\\slash',
        "ends in a backslash\\",
        '\\"',
        '\\\\"\\\\',
        "line\nbreak\ttab \x00 \x01 \x1f",
        "Grüße, 한국어, \U0001f600",
        '{"password": "{}"}',
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_the_scan_reads_every_text_and_name_of_a_file(text, indent):
    """Wherever it stands, and however it is escaped there."""
    marked = f"{text} {KEY}"
    scanner = Scanner(Redactor(RedactionRules(secrets=(KEY,))))

    for data in ({"a": [marked]}, {marked: 1}, [[marked, text]], {"a": {"b": marked}}):
        for ascii_only in (True, False):
            raw = json.dumps(data, indent=indent, ensure_ascii=ascii_only).encode()
            assert scanner.scan(raw), raw
    assert not scanner.scan(
        json.dumps({"a": [text.replace("password", "word")]}).encode()
    )


def test_the_scan_refuses_what_is_no_json():
    with pytest.raises(ValueError, match="control character"):
        Scanner(Redactor(RedactionRules())).scan(b'{"a": "\0"}')


@pytest.mark.parametrize("spelled", ["datastoreType", "DATASTORETYPE"])
def test_the_kind_of_an_object_is_read_in_any_case(spelled):
    """A kind that is told narrows where secrets stand; one that is not, does not."""
    request = Request("PUT", f"{WORKSPACE}/datastores/d?api-version=2023-04-01")
    secrets = {"secretsType": "AccountKey", "key": KEY}
    credentials = {"credentialsType": "AccountKey", "secrets": secrets}
    body = {"properties": {spelled: "AzureBlob", "credentials": credentials}}

    at = ("properties", "credentials", "secrets")
    assert at in find_secret_places(request, body, answer=False)
    del body["properties"][spelled]
    assert at in find_secret_places(request, body, answer=False)


def test_texts_that_come_again_are_read_once():
    exchanges = [answer({"a": n // 2}) for n in range(6)]

    texts = texts_of(exchanges)

    assert [one for one in texts if one.startswith("{")] == [
        '{"a": 0}',
        '{"a": 1}',
        '{"a": 2}',
    ]
    assert len(texts) == 5


def test_nothing_is_collected_within_and_all_is_as_before_behind():
    assert gc.isenabled()
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), uncollected():
        raise KeyError
    assert gc.isenabled()
