"""Which fields are secret by where they stand, and what is written for them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from azml_contract.redaction.bodies import (
    redact_leaves,
    redact_listed,
    replace_at,
    rewrite_body,
)
from azml_contract.redaction.secret_fields import (
    is_plain_leaf,
    is_secret_field,
    is_stand_in,
    parse_nested,
    redact_field,
    redact_form,
    secret_form_fields,
    told_items,
    told_name,
)
from azml_contract.redaction.shapes import TOKEN, ZERO_KEY

WORD = "kT4vXq9Zm7"
HEADERS = """
api-key authorization cookie cookies ocp-apim-subscription-key proxy-authorization
set-cookie x-api-key x-functions-key x-ms-authorization-auxiliary
x-ms-copy-source-authorization x-ms-encryption-key
"""


@pytest.mark.parametrize("name", HEADERS.split())
def test_a_header_that_logs_in_is_secret_in_any_case(name):
    assert is_secret_field(name.title(), frozenset(), "")


@pytest.mark.parametrize(
    ("name", "container", "told"),
    [
        ("sig", "params", True),
        ("Sig", "queryString", True),
        ("sig", "", False),
        ("sig", "headers", False),
        ("code_verifier", "params", True),
        ("username", "params", False),
        ("page", "params", False),
        ("own", "", True),
    ],
)
def test_a_field_is_secret_by_the_list_that_it_stands_in(name, container, told):
    assert is_secret_field(name, frozenset({"own"}), container) is told


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "REDACTED",
            "x REDACTED y",
            "Sanitized",
            "0000-0000",
            "****",
            "xxx",
            "•••",
        ),
        *("<token>", "{{ token }}", "${TOKEN}", "your-token", ZERO_KEY),
        *(base64.b64encode(one).decode() for one in (b"a fake one", b"redacted")),
    ],
)
def test_what_only_says_that_something_stood_here_is_a_stand_in(value):
    assert is_stand_in(value)


@pytest.mark.parametrize(
    "value",
    [WORD, "<a> b", "0000a", "fake", base64.b64encode(b"fakes of it").decode(), "=="],
)
def test_other_values_are_none(value):
    assert not is_stand_in(value)


NAMES = [
    ("value", {"name": "PASSWORD", "value": 1}, "", "PASSWORD"),
    ("value", {"Name": "PASSWORD"}, "", "PASSWORD"),
    ("Value", {"key": "PASSWORD"}, "", "PASSWORD"),
    ("default", {"Key": "PASSWORD"}, "", "PASSWORD"),
    ("defaultValue", {"name": 1, "key": "A"}, "", "A"),
    ("value", {}, "password", "password"),
    ("value", {}, "", "value"),
    ("other", {"name": "PASSWORD"}, "", "other"),
    ("other", {"other": WORD}, "password", "other"),
    ("db", {"db": WORD}, "secrets", "secrets"),
    ("db", {"db": 7}, "secrets", "db"),
    ("rotationState", {"rotationState": WORD}, "secrets", "rotationState"),
    ("secretType", {"secretType": WORD}, "secrets", "secretType"),
    ("id", {"id": WORD}, "secrets", "id"),
    ("data", {"kind": "Secret"}, "", "data of secrets"),
    ("stringData", {"kind": "Secret"}, "", "data of secrets"),
    ("data", {"kind": "ConfigMap"}, "", "data"),
    ("status", {"status": WORD}, "data of secrets", "data of secrets"),
    ("key", {"username": "ada"}, "", "api_key"),
    ("key", {"username": 1}, "", "key"),
    ("key", {}, "", "key"),
]


@pytest.mark.parametrize(("key", "beside", "above", "name"), NAMES)
def test_what_stands_beside_or_above_says_what_a_value_is(key, beside, above, name):
    assert told_name(key, beside, above) == name


@pytest.mark.parametrize("rows", ["rows", "data", "values"])
@pytest.mark.parametrize("columns", ["columns", "header", "fields"])
@pytest.mark.parametrize("as_objects", [True, False])
def test_columns_say_what_the_cells_of_their_rows_are(rows, columns, as_objects):
    names: list[Any] = ["user", "password"]
    listed = [{"name": one} for one in names] if as_objects else names
    table = {columns: listed, rows: [["ada", WORD, 1], ["b", WORD]]}
    above = told_name(rows, table)
    assert above == rows
    (kept, row), _ = told_items(table[rows], above)
    assert (kept, row) == (above, ["ada", WORD, 1])
    assert list(told_items(row, kept)) == [
        ("", "ada"),
        ("password", WORD),
        (above, 1),
    ]
    table[columns] = ["user", 7]
    assert list(told_items(table[rows][0], told_name(rows, table))) == [
        (rows, "ada"),
        (rows, WORD),
        (rows, 1),
    ]
    table[columns] = "password"
    assert type(told_name(rows, table)) is str


ITEMS = [
    (["--password", "x"], ["", "--password"]),
    (["run", "--password", "x", "y"], ["", "", "--password", ""]),
    (["PASSWORD", "x"], ["", "PASSWORD"]),
    (["PASSWORD", "x", "y"], ["", "", ""]),
    ([7, "x"], ["", ""]),
    (["docker", "login", "-p", WORD], ["", "", "", "--password"]),
    (["docker", "run", "-p", "8080:80"], ["", "", "", "-p"]),
    (["mysqldump", f"-p{WORD}"], ["", "--password"]),
    (["sqlcmd", "-P", WORD], ["", "", "--password"]),
]


@pytest.mark.parametrize(("listed", "names"), ITEMS)
def test_an_option_says_what_the_next_of_a_list_is(listed, names):
    assert [name for name, _ in told_items(listed)] == names
    assert [item for _, item in told_items(listed)] == listed
    above = [name for name, _ in told_items(listed, "args")]
    assert above == [name or "args" for name in names]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        *(
            (one, True)
            for one in ("credentialsType", "id", "Name", "domain", "expires")
        ),
        *((one, True) for one in ("path", "sameSite", "keyName", "permissions")),
        *((one, False) for one in ("key", "value", "typeOf")),
    ],
)
def test_a_leaf_of_a_secret_may_say_what_it_is(name, told):
    assert is_plain_leaf(name) is told
    assert (redact_field({name: WORD}) == {name: WORD}) is told


def test_a_secret_of_any_shape_keeps_its_shape():
    value = {"a": [WORD, {"type": WORD, "b": 7}], "c": "REDACTED", "d": None}
    assert redact_field(value) == {
        "a": ["REDACTED", {"type": WORD, "b": 7}],
        "c": "REDACTED",
        "d": None,
    }
    assert redact_field(b"x") == b"REDACTED"
    assert redact_field(WORD, "path") == WORD
    assert redact_field([WORD], "path") == [WORD]
    assert redact_leaves({"a": [WORD, ""], "bType": WORD, "c": 7, "Own": WORD}) == {
        "a": ["REDACTED", ""],
        "bType": WORD,
        "c": 7,
        "Own": "REDACTED",
    }
    assert redact_leaves({"Own": WORD}, frozenset({"own"})) == {"Own": WORD}
    assert redact_leaves(TOKEN.replace("REDACTED", WORD)) == TOKEN


@pytest.mark.parametrize(
    ("name", "value", "made"),
    [
        ("key1", WORD, "REDACTED"),
        ("keyType", WORD, WORD),
        ("Location", WORD, WORD),
        ("key1", 7, 7),
        ("key1", {"a": WORD}, {"a": WORD}),
    ],
)
def test_of_an_answer_of_keys_kinds_and_names_stay(name, value, made):
    assert redact_listed(name, value) == made


def test_a_place_is_replaced_in_a_copy():
    value = {"a": [{"b": WORD, "c": 1}]}
    assert replace_at(value, ("a", 0, "b")) == {"a": [{"b": "REDACTED", "c": 1}]}
    assert value["a"][0]["b"] == WORD
    assert replace_at(WORD, ()) == "REDACTED"


@pytest.mark.parametrize(
    ("body", "as_what"),
    [
        (b"", ""),
        (b'{"a": 1}', "json"),
        (b" [1]", "json"),
        (b"1", "text"),
        (b"{1", "text"),
        (b"[" * 100_000, "text"),
        ("ä".encode(), "text"),
        (b"\xff", "bytes"),
        (b'{"a": "\0"}', "bytes"),
    ],
)
def test_a_body_is_rewritten_as_what_it_is(body, as_what):
    made = rewrite_body(
        body, lambda _: {"json": 1}, lambda _: "text", lambda _: b"bytes"
    )
    told = {"json": b'{"json": 1}', "text": b"text", "bytes": b"bytes", "": b""}
    assert made == told[as_what]
    same = rewrite_body(body, lambda one: one, lambda one: one, lambda one: one)
    assert same == body


@pytest.mark.parametrize(
    ("text", "value"),
    [(' {"a": 1}', {"a": 1}), ("[1]", [1]), ("1", None), ("{1", None), ("", None)],
)
def test_json_in_a_text_is_an_object_or_a_list(text, value):
    assert parse_nested(text) == value
    assert parse_nested("[" * 100_000) is None


FORMS = [
    ("client_secret=a&x=b", ["client_secret"]),
    ("Password=a", ["Password"]),
    ("username=ada&a=b", []),
    ("client_secret=REDACTED", []),
    ("client_secret=", []),
    ("code=abc", []),
    ("code=abc&grant_type=x", ["code"]),
    ("no form = it is", []),
    ("client_secret=a b", []),
]


@pytest.mark.parametrize(("text", "names"), FORMS)
def test_fields_of_a_form_that_are_secret_are_named_and_taken_out(text, names):
    assert secret_form_fields(text) == names
    if names:
        made = redact_form(text)
        assert all(f"{name}=REDACTED" in made for name in names)
        assert secret_form_fields(made) == []
        assert json.dumps(redact_form("a=&b=c+d")) == '"a=&b=c+d"'
