"""What a body is told to be, and that its bytes come back as they were."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from azml_contract.cassette.content import (
    SIDE_FILE_BYTES,
    Content,
    Kind,
    ParsedBodies,
    as_sent,
    classify,
    decode_body,
    encode_content,
    is_storage,
    parse_json,
    read_json,
)
from azml_contract.json_values import NamedTwice

JSON = (("Content-Type", "application/JSON; charset=utf-8"),)


@pytest.mark.parametrize(
    ("body", "headers", "content"),
    [
        (b"", JSON, None),
        (b"7", JSON, Content(Kind.JSON, 7)),
        (b"7", (), Content(Kind.TEXT, "7")),
        (b" \n{}", (), Content(Kind.JSON, {})),
        (b"[1]", (), Content(Kind.JSON, [1])),
        (b"<a/>", JSON, Content(Kind.TEXT, "<a/>")),
        ("grün".encode(), (), Content(Kind.TEXT, "grün")),
        (b"\xff", (), Content(Kind.BASE64, b"\xff")),
        (b"a\0b", (), Content(Kind.BASE64, b"a\0b")),
        (b" ", JSON, Content(Kind.TEXT, " ")),
    ],
)
def test_a_body_is_told_by_its_type_or_its_first_letter(body, headers, content):
    assert classify(body, headers, exact=False) == content


@pytest.mark.parametrize(
    ("size", "kind"), [(SIDE_FILE_BYTES, "text"), (SIDE_FILE_BYTES + 1, "base64")]
)
def test_what_must_stay_exact_is_no_json_and_no_large_text(size, kind):
    assert classify(b"[" * size, JSON, exact=True).kind == kind
    assert classify(b"a" * size, (), exact=False).kind == "text"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"[NaN]", "NaN is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"[1e999]", "1e999 is no number"),
        (b'["\\ud800"]', "surrogates not allowed"),
        (b'["\xed\xa0\x80"]', "surrogates not allowed"),
        ('["\ud800"]'.encode("utf-16-le", "surrogatepass"), "surrogates not allowed"),
        ('["\ud800"]', "surrogates not allowed"),
        ('["\\ud800"]', "surrogates not allowed"),
        (b"[" * 100_000, "nested too deep"),
        (b"[" * 202 + b"]" * 202, "nested too deep"),
        ('{"a":' * 201 + "[]" + "}" * 201, "nested too deep"),
        (b"[1", "line 1 column 3"),
    ],
)
def test_what_would_not_be_written_as_it_was_read_is_refused(raw, reason):
    with pytest.raises(ValueError, match=reason):
        parse_json(raw)


def test_of_a_name_that_stands_twice_none_is_lost():
    with pytest.raises(NamedTwice):
        parse_json(b'{"a": 1, "a": 2}')


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"[1.50]", [1.5]),
        (b"[" + b"[]," * 300 + b"{}]", [*[[]] * 300, {}]),
        (b'["\\ud83d\\ude00"]', ["😀"]),
        ('["😀"]'.encode(), ["😀"]),
        ('["a"]'.encode("utf-16"), ["a"]),
        ('["é"]', ["é"]),
    ],
)
def test_other_json_is_read(raw, value):
    assert parse_json(raw) == value


def test_a_body_that_is_asked_for_twice_is_parsed_once(monkeypatch):
    monkeypatch.setattr("azml_contract.cassette.content._MOST_HELD_BYTES", 10)
    bodies = ParsedBodies()
    for body, is_held in (
        (b'["1234"]', True),
        (b"[1]", False),  # 11 bytes together
        (b"[]", True),
        (b"{}", False),
    ):
        assert (bodies.parse(body) is bodies.parse(body)) is is_held
    assert bodies.parse(b'["1234"]') == ["1234"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("x-ms-blob-type", True),
        ("X-Ms-Range", True),
        ("Content-Range", True),
        ("x-ms-version", True),
        ("x-ms-request-id", False),
    ],
)
def test_storage_is_told_by_its_headers(name, told):
    assert is_storage((("Date", "now"), (name, "1"))) is told


@pytest.mark.parametrize(
    ("body", "written"),
    [
        (b"", None),
        (b'{"a": 1}', {"json": {"a": 1}}),
        (b"a", {"text": "a"}),
        (b"\xff" * 3, {"base64": "////"}),
        (
            b"\xff" * SIDE_FILE_BYTES,
            {"base64": base64.b64encode(b"\xff" * SIDE_FILE_BYTES).decode()},
        ),
    ],
)
def test_a_small_body_stands_in_the_cassette(body, written):
    files: dict[str, bytes] = {}
    assert encode_content(classify(body, (), exact=False), files) == written
    assert files == {}
    if written and "json" not in written:
        assert decode_body(written, {}) == body


def test_a_large_body_of_bytes_stands_beside_it():
    body = b"\xff" * (SIDE_FILE_BYTES + 1)
    name = hashlib.sha256(body).hexdigest()
    files: dict[str, bytes] = {}
    written = encode_content(classify(body, (), exact=True), files)
    assert (written, files) == ({"file": name}, {name: body})
    assert decode_body(written, files) == body


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"json": {"ä": [1.5, None]}}, '{"ä":[1.5,null]}'),
        ({"json": "\ud800"}, '"\\ud800"'),
        (None, ""),
    ],
)
def test_json_is_sent_without_blanks_and_half_characters_as_escapes(body, told):
    assert decode_body(body, {}).decode() == told


def test_base64_that_is_none_is_refused():
    with pytest.raises(ValueError, match="base64 body: "):
        decode_body({"base64": "a"}, {})


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (None, None),
        ({"json": 0}, 0),
        ({"json": None}, None),
        ({"text": '\ufeff {"a": 1}'}, {"a": 1}),
        ({"text": " \r\n\t[1]"}, [1]),
        ({"text": "1"}, None),
        ({"text": "{1"}, None),
        ({"text": "[" * 100_000}, None),
        ({"base64": "W10="}, None),
    ],
)
def test_json_is_read_of_text_too(body, value):
    assert read_json(body) == value


@pytest.mark.parametrize(
    ("sent", "value", "content"),
    [
        (b'{"a":1}', {"a": 1}, Content(Kind.JSON, {"a": 1})),
        (b'{"a": 1}', {"a": 1}, Content(Kind.TEXT, '{"a": 1}')),
        (
            '["ä"]'.encode("utf-16"),
            ["ä"],
            Content(Kind.BASE64, '["ä"]'.encode("utf-16")),
        ),
    ],
)
def test_what_stayed_as_it_was_is_kept_byte_for_byte(sent, value, content):
    assert as_sent(sent, value, value, JSON) == content


@pytest.mark.parametrize(
    ("of", "charset"),
    [
        ("application/json; charset=latin-1", "latin-1"),
        ('application/json; Charset="UTF-16"', "utf-16"),
    ],
)
def test_of_what_was_replaced_the_charset_stays(of, charset):
    sent = json.dumps(["ä", "secret"], ensure_ascii=False).encode(charset)
    kept = as_sent(sent, ["ä", "secret"], ["ä", "…"], (("content-type", of),))
    written = '["ä","…"]'.encode(charset, "backslashreplace")
    assert kept == Content(Kind.BASE64, written)


@pytest.mark.parametrize("of", ["application/json", "a/b; charset=odd", "a/b"])
def test_without_a_known_charset_what_was_replaced_is_json(of):
    headers = (("content-type", of),) if of != "a/b" else ()
    assert as_sent(b'["a"]', ["a"], ["b"], headers) == Content(Kind.JSON, ["b"])
