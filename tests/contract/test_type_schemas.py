"""The JSON Schema of a type, held against values by a foreign validator."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typed_values import TYPED

from azml_contract.contract.model import Definition, Property, Type, View
from azml_contract.contract.schema import DIALECT, Texts, write_schema
from azml_contract.contract.views import Lens, ancestors, find_discriminator

CREATE = Lens(View.CREATE)
TEXT = Type("string")
THING = Type("ref", ref="Thing")


def define(*properties: Property, **more: Any) -> dict[str, Definition]:
    return {"Thing": Definition("Thing", {p.name: p for p in properties}, **more)}


def accepts(
    definitions: Mapping[str, Definition],
    value: Any,
    body: Type = THING,
    texts: Texts | None = None,
) -> bool:
    schema = write_schema(definitions, body, CREATE, texts=texts)
    assert schema["$schema"] == DIALECT
    assert Draft202012Validator.META_SCHEMA["$id"] == DIALECT
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(("kind", "good", "bad"), TYPED)
def test_a_value_is_accepted_where_the_type_says_so(
    kind: Type, good: list[Any], bad: list[tuple[Any, str]]
) -> None:
    things = define(Property("x", kind))

    assert [one for one in good if not accepts(things, {"x": one})] == []
    assert [one for one, _ in bad if accepts(things, {"x": one})] == []


def test_null_is_accepted_in_enums_that_may_be_null() -> None:
    things = define(Property("x", Type("string", enum=("a",)), nullable=True))

    assert accepts(things, {"x": None})
    assert accepts(things, {"x": "a"})
    assert not accepts(things, {"x": "b"})


def make_union(*, tag_is_required: bool, declared: bool = True) -> Any:
    tag = Property("kind", TEXT, required=tag_is_required)
    base = {"kind": tag} if declared else {}
    return {
        "Thing": Definition(
            "Thing",
            {**base, "x": Property("x", TEXT)},
            discriminator="kind",
            variants={"Self": "Thing", "A": "ThingA"},
        ),
        "ThingA": Definition(
            "ThingA",
            {"kind": tag, "a": Property("a", TEXT, required=True)},
            base="Thing",
            discriminator_value="A",
        ),
    }


def test_a_union_whose_tag_may_be_left_out_is_then_its_base() -> None:
    union = make_union(tag_is_required=False)

    assert accepts(union, {"x": "1"})
    assert not accepts(union, {"a": "1"})
    assert accepts(union, {"kind": "A", "a": "1"})
    assert not accepts(union, {"kind": "A"})
    assert accepts(union, {"kind": "Self", "x": "1"})
    assert not accepts(union, {"kind": "Self", "a": "1"})
    assert not accepts(union, {"kind": "B"})


@pytest.mark.parametrize("declared", [True, False])
def test_a_union_whose_tag_is_needed_refuses_what_has_none(declared: bool) -> None:
    union = make_union(tag_is_required=True, declared=declared)

    assert not accepts(union, {"x": "1"})
    assert not accepts(union, {})
    assert accepts(union, {"kind": "A", "a": "1"})


def test_texts_can_be_asked_for_more_than_their_types_say() -> None:
    texts = Texts(
        at={"codeid": {"pattern": "^code"}},
        named={"maxLength": 4},
        free={"type": ["string", "object", "array", "number"], "not": {"const": "bad"}},
        spared=frozenset({"own"}),
    )
    free_map = Type("map", items=TEXT)
    things = define(
        Property("codeId", TEXT),
        Property("name", TEXT),
        Property("count", Type("integer")),
        Property("chosen", Type("string", enum=("chosen",))),
        Property("names", Type("array", items=TEXT)),
        Property("tags", free_map),
        Property("any", Type("any")),
        Property("open", Type("object")),
        Property("lost", Type("ref", ref="Unknown")),
        Property("lists", Type("array", items=free_map)),
        Property("own", free_map),
        Property("ownAny", Type("map", items=Type("any"))),
    )

    def said(**value: Any) -> bool:
        return accepts(things, value, texts=texts)

    assert said(codeId="code-is-here", name="none", count=12345, chosen="chosen")
    assert not said(codeId="none")
    assert not said(name="12345")
    assert said(names=["bad", "12345"])  # the items of a list are asked nothing
    assert said(tags={"a": "12345"})
    assert not said(tags={"a": "bad"})
    for name in ("any", "open", "lost", "ownAny"):
        assert said(**{name: {"a": {"b": ["good"]}}})
        assert not said(**{name: {"a": {"b": ["bad"]}}})
    assert not said(lists=[{"a": "bad"}])
    assert said(own={"a": "bad"})
    assert accepts(things, {"tags": {"a": "bad"}, "name": "12345"})


def test_texts_are_asked_of_what_a_definition_leaves_open() -> None:
    texts = Texts({}, {}, {"not": {"const": "bad"}}, frozenset())
    others = define(additional=TEXT)
    bare = {
        "Thing": Definition(
            "Thing",
            {"kind": Property("kind", Type("string", enum=("A", "Bare")))},
            discriminator="kind",
            variants={"A": "ThingA"},
        ),
        "ThingA": Definition("ThingA", base="Thing", discriminator_value="A"),
    }

    assert accepts(others, {"a": "good"}, texts=texts)
    assert not accepts(others, {"a": "bad"}, texts=texts)
    assert accepts(bare, {"kind": "Bare", "new": "bad"})
    assert not accepts(bare, {"kind": "Bare", "new": "bad"}, texts=texts)
    assert accepts(bare, {"kind": "Bare", "new": "good"}, texts=texts)
    assert accepts(bare, {"kind": "A"})
    assert not accepts(bare, {"kind": "A", "new": 1})


def test_definitions_that_are_each_others_base_end() -> None:
    """A malformed specification; it is told elsewhere."""
    one = Definition("One", base="Two", discriminator_value="x")
    two = Definition("Two", base="One")
    definitions = {"One": one, "Two": two}

    names = [each.name for each in islice(ancestors(definitions, one), 9)]
    assert names == ["One", "Two"]
    assert find_discriminator(definitions, one) == ""
    assert accepts(definitions, {}, Type("ref", ref="One"))


def test_the_discriminator_of_a_type_is_that_of_its_nearest_base() -> None:
    definitions = {
        "Top": Definition("Top", discriminator="kind"),
        "Mid": Definition("Mid", base="Top", discriminator="sort"),
        "Low": Definition("Low", base="Mid"),
        "Lost": Definition("Lost", base="Nowhere"),
    }

    found = {n: find_discriminator(definitions, d) for n, d in definitions.items()}
    assert found == {"Top": "kind", "Mid": "sort", "Low": "sort", "Lost": ""}
