"""Of an answer its outline counts: names, types, tags, and values that are listed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from azml_contract.contract.contract import Contract
from azml_contract.contract.model import (
    Definition,
    Operation,
    Property,
    ResponseSpec,
    SourceKind,
    Type,
)
from azml_contract.regression.outline import Seen, name_kind, outline

TEXT, FREE, ANY = Type("string"), Type("object"), Type("any")
LISTED = Type("string", enum=("On", "Off"))


def ref(name: str) -> Type:
    return Type("ref", name)


def define(name: str, properties: dict[str, Type], **more: Any) -> Definition:
    made = {one: Property(one, kind) for one, kind in properties.items()}
    return Definition(name, made, **more)


THING = define(
    "Thing",
    {
        "a": TEXT,
        "state": LISTED,
        "list": Type("array", items=ref("Thing")),
        "map": Type("map", items=ref("Thing")),
        "loose": Type("map"),
        "free": FREE,
        "bare": Type("array"),
        "base": ref("Base"),
        "open": ref("Open"),
    },
)
DEFINITIONS = [
    replace(
        THING,
        properties={
            **THING.properties,
            "hidden": Property("hidden", TEXT, secret=True),
        },
    ),
    define(
        "Base",
        {"kind": TEXT, "shared": TEXT},
        discriminator="kind",
        variants={"Uri_File": "File", "Lost": "Missing"},
    ),
    define("File", {"kind": TEXT, "path": TEXT}),
    define("Open", {}, additional=LISTED),
]


def draw(
    body: Any,
    reads: tuple[str, ...] | None = None,
    *,
    status: int = 200,
    method: str = "GET",
    kind: Type | None = None,
    tags: tuple[str, ...] = ("kind",),
) -> Seen | None:
    answers = {"200": ResponseSpec(kind or ref("Thing")), "204": ResponseSpec(None)}
    operation = Operation("A_Get", method, "/a", responses=answers)
    named = {one.name: one for one in DEFINITIONS}
    contract = Contract("2030-01-01", SourceKind.SWAGGER, named, {})
    return outline(contract, operation, status, body, reads, tags)


def thing(**children: Seen) -> Seen:
    return Seen("object", children=tuple(children.items()))


STRING = Seen("string")


@pytest.mark.parametrize(
    ("body", "drawn"),
    [
        ({"a": "x"}, thing(a=STRING)),
        ({"a": "other", "unknown": 1}, thing(a=STRING)),
        ({"a": None}, thing(a=Seen("null"))),
        ({"state": "On"}, thing(state=Seen("string", "On"))),
        ({"state": "Else"}, thing(state=STRING)),
        ({"hidden": "x"}, thing()),
        ({"free": {"x": 1}}, thing(free=Seen("object"))),
        ({"bare": [1]}, thing(bare=Seen("array"))),
        (
            {"list": [{"a": "x"}, {"a": "y"}, {"state": "On"}, {"a": "z"}]},
            thing(
                list=Seen(
                    "array",
                    children=(
                        ("0", thing(a=STRING)),
                        ("2", thing(state=Seen("string", "On"))),
                    ),
                )
            ),
        ),
        (
            {"map": {"k": {"a": "x"}, "l": {"a": 1}, "m": {"a": "y"}}},
            # What differs has one name, as names of a map are anybody's.
            thing(
                map=Seen(
                    "object",
                    children=(
                        ("*", thing(a=STRING)),
                        ("*", thing(a=Seen("integer"))),
                    ),
                )
            ),
        ),
        (
            {"loose": {"k": {"x": 1}}},
            thing(loose=Seen("object", children=(("*", Seen("object")),))),
        ),
        ({"open": {"x": "Off"}}, thing(open=thing(x=Seen("string", "Off")))),
        ([1], Seen("array")),
        ("x", STRING),
    ],
)
def test_names_and_types_stay_and_texts_and_numbers_do_not(body, drawn):
    assert draw(body) == drawn


@pytest.mark.parametrize(
    ("body", "tags", "names"),
    [
        ({"kind": "uri_FILE", "path": "x"}, "uri_FILE", ["kind", "path"]),
        ({"kind": "UriFile", "path": "x", "shared": "x"}, "UriFile", ["kind", "path"]),
        ({"kind": "Lost", "shared": "x"}, "Lost", ["kind", "shared"]),
        ({"kind": "Else", "path": "x", "shared": "x"}, "Else", ["kind", "shared"]),
        ({"kind": 1, "shared": "x"}, "", ["kind", "shared"]),
        ({"path": "x"}, "", []),
    ],
)
def test_an_object_is_of_the_variant_that_its_tag_names(body, tags, names):
    seen = draw({"base": body})
    assert seen is not None
    ((_, base),) = seen.children
    assert base.tags == ((("kind", tags),) if tags else ())
    assert [name for name, _ in base.children] == names


def test_tags_of_any_version_are_kept_in_the_order_of_their_names():
    seen = draw({"b": "x", "a": "y", "state": "On"}, tags=("state", "b", "a", "none"))
    assert seen is not None
    assert seen.tags == (("a", "y"), ("b", "x"), ("state", "On"))
    inner = draw({"map": {"kind": "x"}})
    assert inner is not None
    assert inner.children[0][1].tags == (("kind", "x"),)


BODY = {
    "a": "x",
    "free": {"x": 1},
    "list": [{"a": "x"}, {"a": 1}, {"state": "On"}],
    "map": {"k": {"a": "x", "state": "On"}},
}


@pytest.mark.parametrize(
    ("reads", "drawn"),
    [
        ((), None),
        (("/a",), thing(a=STRING)),
        (("/a/b",), thing(a=STRING)),
        (("/none", "/list/7/a", "/list/x"), thing(list=Seen("array"))),
        (("/list",), thing(list=Seen("array"))),
        (
            ("/list/1/a",),
            thing(list=Seen("array", children=(("1", thing(a=Seen("integer"))),))),
        ),
        (("/list/2",), thing(list=Seen("array", children=(("2", Seen("object")),)))),
        (
            ("/map/k/a",),
            thing(map=Seen("object", children=(("*", thing(a=STRING)),))),
        ),
        (("/free/x",), thing(free=Seen("object"))),
        (("/map",), thing(map=Seen("object"))),
        (("",), Seen("object")),
    ],
)
def test_only_what_was_read_is_drawn(reads, drawn):
    assert draw(BODY, reads) == drawn


def test_an_action_shows_what_others_hide():
    assert draw({"hidden": "x"}, method="POST") == thing(hidden=STRING)


def test_where_no_body_is_promised_or_none_came_nothing_counts():
    assert draw({"a": "x"}, status=204) is None
    assert draw({"a": "x"}, status=500) is None
    assert draw(None) is None
    assert draw({"x": 1}, kind=ANY) == Seen("object")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "boolean"),
        (1, "integer"),
        (1.5, "number"),
        ("a", "string"),
        ([], "array"),
        ({}, "object"),
    ],
)
def test_values_are_named_as_json_names_them(value: Any, kind: str) -> None:
    assert name_kind(value) == kind
