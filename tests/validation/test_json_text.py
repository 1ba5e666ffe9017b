"""Broken JSON is named at its line and column, and read on as far as it goes."""

from __future__ import annotations

import json
import re

import pytest

from azml_contract.exchange import Response
from azml_contract.validation.jsontext import Locator, parse_json
from azml_contract.validation.parsed import MAX_DEPTH
from azml_contract.validation.validator import Validator


def read(text: str):
    """Value, and the defects as (kind, message, pointer)."""
    parsed = parse_json(text.encode())
    return parsed.value, [(d.kind, d.message, d.pointer) for d in parsed.defects]


@pytest.mark.parametrize(
    "text",
    ['{"a": [1, 2.5, -3e2, true, null, "\\u00e9\\n"]}', " 3 ", '"\\ud83d\\ude00"'],
)
def test_good_json_has_no_defects_and_the_value_of_the_standard_library(text):
    assert read(text) == (json.loads(text), [])


def test_a_byte_order_mark_is_let_pass():
    assert read("\ufeff{}") == ({}, [])


@pytest.mark.parametrize(
    ("text", "value", "kind", "message", "pointer"),
    [
        (
            '{"conda": "a:\n  - b"}',
            {"conda": "a:\n  - b"},
            "131",
            "A string holds a raw line break. Line 1, column 14.",
            "/conda",
        ),
        (
            '{"a": "x\ty"}',
            {"a": "x\ty"},
            "131",
            "A string holds the raw control character U+0009. Line 1, column 9.",
            "/a",
        ),
        (
            '{\n "a": 1,\n}',
            {"a": 1},
            "132",
            "A comma stands before the closing }. Line 2, column 8.",
            "",
        ),
        (
            '{"a": [1, 2, ]}',
            {"a": [1, 2]},
            "132",
            "A comma stands before the closing ]. Line 1, column 12.",
            "/a",
        ),
        (
            '{"a": 1, "a": 2}',
            {"a": 2},
            "133",
            'The name "a" stands twice; the last one wins. Line 1, column 10.',
            "/a",
        ),
        (
            '{"a": 1 "b": 2}',
            {"a": 1, "b": 2},
            "130",
            "A comma is missing here. Line 1, column 9.",
            "",
        ),
        (
            '{"computeId": "target": "x"}',
            {"computeId": "x"},
            "130",
            '"computeId" has a second colon. Line 1, column 23.',
            "/computeId",
        ),
        (
            '{"a": NaN}',
            {"a": None},
            "130",
            "NaN is no value of JSON. Line 1, column 7.",
            "/a",
        ),
        (
            '{"a": true, "b": false, "c": null, "d": [true],}',
            {"a": True, "b": False, "c": None, "d": [True]},
            "132",
            "A comma stands before the closing }. Line 1, column 47.",
            "",
        ),
        (
            '{"a": False}',
            {"a": False},
            "130",
            "False is no value of JSON. Line 1, column 7.",
            "/a",
        ),
        (
            '{"a": None}',
            {"a": None},
            "130",
            "None is no value of JSON. Line 1, column 7.",
            "/a",
        ),
        (
            '{"a": True}',
            {"a": True},
            "130",
            "True is no value of JSON. Line 1, column 7.",
            "/a",
        ),
        (
            '{"a": 007}',
            {"a": 7},
            "130",
            "007 is no number of JSON. Line 1, column 7.",
            "/a",
        ),
        (
            '{"a": "\\d"}',
            {"a": "\\d"},
            "130",
            "\\d is no escape of JSON. Line 1, column 8.",
            "/a",
        ),
        (
            "{a: 1}",
            {"a": 1},
            "130",
            "The name a has no quotes. Line 1, column 2.",
            "",
        ),
        (
            '{"a": 1} // done',
            {"a": 1},
            "130",
            "JSON knows no comments. Line 1, column 10.",
            "",
        ),
        (
            '{"a": 1} {"b": 2}',
            {"a": 1},
            "130",
            "The body goes on after its end. Line 1, column 10.",
            "",
        ),
    ],
)
def test_a_defect_is_named_and_mended(text, value, kind, message, pointer):
    assert read(text) == (value, [(kind, message, pointer)])


@pytest.mark.parametrize(
    ("word", "value", "right"),
    [
        *(("True", True, "true"), ("False", False, "false"), ("None", None, "null")),
        *(("undefined", None, "null"), ("NaN", None, "null")),
        *(("Infinity", None, "null"), ("-Infinity", None, "null")),
    ],
)
def test_values_of_other_languages_are_told_with_the_right_one(word, value, right):
    parsed = parse_json(f'{{"a": {word}}}'.encode())

    (defect,) = parsed.defects
    assert parsed.value == {"a": value}
    assert defect.message == f"{word} is no value of JSON. Line 1, column 7."
    assert defect.cure == f"Write {right}."


@pytest.mark.parametrize(
    ("text", "value", "cure"),
    [
        ('{"a": "x\ty"}', "x\ty", "Write \\u0009."),
        ('{"a": "x\x01y\x02"}', "x\x01y\x02", "Write \\u0001."),
        (
            '{"a": "x\ny"}',
            "x\ny",
            "Write \\n for each line break, for example with jq -Rs or json.dumps.",
        ),
        ('{"a": "\\u12"}', "\\u12", "Write \\u0041."),
        ('{"a": "\\ud83d\\ude00",}', "\U0001f600", "Remove the comma."),
        ('{"a": "\\ud83dx",}', "\ud83dx", "Remove the comma."),
        ('{"a": "\\ud83d\\u0041",}', "\ud83dA", "Remove the comma."),
        ('{"a": "\\t\\/\\"",}', '\t/"', "Remove the comma."),
        ("{'a': 'x\"y'}", 'x"y', 'Use ".'),
    ],
)
def test_a_text_is_read_with_all_that_is_raw_or_escaped_in_it(text, value, cure):
    parsed = parse_json(text.encode())

    assert parsed.value == {"a": value}
    assert parsed.defects[0].cure == cure
    if cure.startswith("Write \\u0009"):
        assert parsed.defects[0].message == (
            "A string holds the raw control character U+0009. Line 1, column 9."
        )
        assert (parsed.defects[0].old, parsed.defects[0].new) == ("\t", "\\t")


@pytest.mark.parametrize(
    ("number", "value"),
    [("+1", 1), ("01", 1), ("1.", 1.0), (".5", 0.5), ("-.5e1", -5.0), ("1e2", 100.0)],
)
def test_a_number_that_json_does_not_know_is_read_as_it_is_meant(number, value):
    parsed = parse_json(f'{{"a": {number},}}'.encode())

    assert parsed.value == {"a": value}
    is_bad = number != "1e2"
    told = [one.message.partition(" Line")[0] for one in parsed.defects]
    assert (f"{number} is no number of JSON." in told) is is_bad


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        (
            '{"a": "x,\n "b": 1}',
            {"a": "x", "b": 1},
            "This string lacks its closing quote. Line 1, column 7.",
        ),
        (
            '{"a": "x\n}',
            {"a": "x"},
            "This string lacks its closing quote. Line 1, column 7.",
        ),
        ('{"a" 1}', {"a": 1}, 'A colon is missing after "a". Line 1, column 6.'),
        (
            '{"a": 1,, "b": 2}',
            {"a": 1, "b": 2},
            "A comma stands twice. Line 1, column 9.",
        ),
        ('{"a": [1}', {"a": [1]}, "'}' closes what ']' should. Line 1, column 9."),
        (
            '[{"a": 1], {"b": 2}]',
            [{"a": 1}],
            "']' closes what '}' should. Line 1, column 9.",
        ),
        ('{"a": [1', {"a": [1]}, "This array is never closed. Line 1, column 7."),
        ('{"a": 1', {"a": 1}, "This object is never closed. Line 1, column 1."),
        (
            '{"a": ',
            {"a": None},
            "The body ends where a value is expected. Line 1, column 7.",
        ),
        (
            '{"a": , "b": 1}',
            {"a": None, "b": 1},
            "A value is missing here. Line 1, column 7.",
        ),
        ('{a": 1}', {"a": 1}, "The name a lacks its opening quote. Line 1, column 2."),
        ('{"a: 1}', {"a": 1}, "The name a lacks its closing quote. Line 1, column 2."),
        (
            '{"a": x"}',
            {"a": "x"},
            "This string lacks its opening quote. Line 1, column 7.",
        ),
        ('{"a": $X}', {"a": "$X"}, "$X is no value of JSON. Line 1, column 7."),
        ('{"a": /* x */ 1}', {"a": 1}, "JSON knows no comments. Line 1, column 7."),
        ('{"a": 1 # x\n}', {"a": 1}, "JSON knows no comments. Line 1, column 9."),
        (
            '{"a": "b": 1, "c": 2}}',
            {"a": {"b": 1, "c": 2}},
            'The object of "a" is not opened. Line 1, column 7.',
        ),
        (
            '{"a": "b": 1}',
            {"a": 1},
            '"a" has a second colon. Line 1, column 10.',
        ),
        ('{"a": 1}}', {"a": 1}, "The body goes on after its end. Line 1, column 9."),
    ],
)
def test_a_slip_is_told_and_the_rest_is_read_as_it_is_meant(text, value, message):
    found, defects = read(text)

    assert found == value
    assert [one[1] for one in defects] == [message]


def test_several_defects_are_told_in_one_pass():
    text = '{"a": "x\ny", "b": [1,], "b": 2,}'

    value, defects = read(text)

    assert value == {"a": "x\ny", "b": 2}
    assert [kind for kind, _, _ in defects] == ["131", "132", "133", "132"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a":', "The body ends where a value is expected. Line 1, column 6."),
        ('{"a": 1', "This object is never closed. Line 1, column 1."),
        ("[1, 2", "This array is never closed. Line 1, column 1."),
        ('{"a": "b', "This string lacks its closing quote. Line 1, column 7."),
        ('{"a" 1}', 'A colon is missing after "a". Line 1, column 6.'),
        ('{"a": $ID}', "$ID is no value of JSON. Line 1, column 7."),
        ('{"a": [1}', "'}' closes what ']' should. Line 1, column 9."),
        ('{"a": , "b": 1}', "A value is missing here. Line 1, column 7."),
        ('{"a": 1,, "b": 1}', "A comma stands twice. Line 1, column 9."),
        ('{a": 1}', "The name a lacks its opening quote. Line 1, column 2."),
        ('{"a: 1}', "The name a lacks its closing quote. Line 1, column 2."),
        ('{"a: "b"}', "The name a lacks its closing quote. Line 1, column 2."),
        ('{"a": b"}', "This string lacks its opening quote. Line 1, column 7."),
        (
            '{"a": "b,\n"c": 1}',
            "This string lacks its closing quote. Line 1, column 7.",
        ),
        (
            '{"a": {"b": "c\n}, "d": 1}',
            "This string lacks its closing quote. Line 1, column 13.",
        ),
    ],
)
def test_one_fault_is_told_once_and_the_rest_is_read(text, message):
    parsed = parse_json(text.encode())

    assert parsed.readable
    assert [d.message for d in parsed.defects] == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The body ends where a value is expected. Line 1, column 1."),
        ("<html>", "'<' is not expected here. Line 1, column 1."),
        ("hello", "hello is no value of JSON. Line 1, column 1."),
    ],
)
def test_what_cannot_be_mended_is_one_last_defect(text, message):
    parsed = parse_json(text.encode())

    assert not parsed.readable
    assert [d.message for d in parsed.defects] == [message]


def test_bytes_that_are_no_utf_8_are_told():
    parsed = parse_json(b'{"a": "\xff"}')

    assert not parsed.readable
    assert parsed.defects[0].message == "The body is not UTF-8: byte 0xff at 7."


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 100_000])
def test_a_body_nested_too_deep_is_told_not_followed(depth):
    parsed = parse_json(b"[" * depth + b"]" * depth)

    assert not parsed.readable
    assert parsed.defects[0].message.startswith(
        f"The body is nested deeper than {MAX_DEPTH} levels."
    )


def test_many_brackets_that_are_not_deep_are_read():
    body = json.dumps([{"a": []}] * 500).encode()

    assert parse_json(body).defects == ()


def test_places_are_found_by_pointer_and_missing_ones_by_their_parent():
    locator = Locator('{\n  "a": [\n    {"b~/": 1}\n  ]\n}')

    assert locator.find("") == 0
    assert locator.find("/a") == 4
    assert locator.find("/a/0/b~0~1") == 16
    assert locator.find("/a/0/missing/deep") == 15


def test_defects_and_the_findings_behind_them_come_in_one_pass(check):
    body = b'{"properties": {"dataType": "uri_fil", "dataUri": "a\nb",}}'

    found = check("PUT", "data/iris/versions/1", body)

    assert [(f.code, f.severity) for f in found] == [
        ("AZC131", "warning"),
        ("AZC132", "error"),
        ("AZC108", "error"),
    ]
    assert (found[1].location.line, found[1].location.column) == (2, 3)


PLANTED = """{
  "location": "eastus",
  "properties": {
    "friendlyName": "a, b",
    "description": "c: {d}",
    "publicNetworkAccess": "Enabled",
    "hbiWorkspace": "no"
  },
  "identity": {"type": "SystemAssigned", "x": [1, "y", {"z": null}]},
  "tags": {"a": "b"}
}"""


UNGUESSABLE = (': "', " [")
IN_STRINGS = {
    at for found in re.finditer('"[^"]*"', PLANTED) for at in range(*found.span())
} - {at for at, char in enumerate(PLANTED) if char == '"'}
LOSABLE = [at for at, char in enumerate(PLANTED) if char in '":,{}[]']


@pytest.mark.parametrize("at", [at for at in LOSABLE if at not in IN_STRINGS])
def test_a_lost_character_is_told_once_and_hides_nothing(check, at):
    found = check("PUT", "", (PLANTED[:at] + PLANTED[at + 1 :]).encode())

    codes = [f.code for f in found]
    assert codes.count("AZC130") == 1, found
    assert "AZC104" in codes or PLANTED[at - 2 : at + 1] in UNGUESSABLE


@pytest.mark.parametrize(
    "text",
    ["[" + "," * 10**6 + "]", "{" + 'a": 1,' * 10**5 + "}", '{"a": "' + "x\n" * 10**5],
)
def test_a_text_of_faults_alone_is_not_read_to_its_end(text):
    parsed = parse_json(text.encode())

    assert 1 <= len(parsed.defects) <= 200


@pytest.mark.parametrize(
    "text",
    [
        '{"properties": {"jobType": "Command", "command": "x"',
        '{"properties": {"command": "x"',
        '{"properties": {"jobType": "Command", "limits": {"timeout": "PT1H"',
    ],
)
def test_what_ends_too_early_is_not_told_what_may_have_followed(make_request, text):
    validator = Validator()

    def said(text: str) -> tuple[set[str], set[str]]:
        sent = validator.check_request(make_request("PUT", "jobs/j", text.encode()))
        answer = Response(200, (), text.encode())
        got = validator.check_response(make_request("GET", "jobs/j"), answer)
        return {one.code for one in sent.findings}, {one.code for one in got.findings}

    assert said(text) == ({"AZC130"}, {"AZC230"})
    asked, answered = said(text + "}" * text.count("{"))
    assert asked & {"AZC101", "AZC109"}
    assert answered >= {"AZC201", "AZC251"}
    assert ("AZC109" in asked) is ("AZC209" in answered) is ("jobType" not in text)
