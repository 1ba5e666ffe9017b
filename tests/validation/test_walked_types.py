"""The walk over a body finds in values of every type the one rule that they break."""

from __future__ import annotations

from typing import Any

import pytest
from typed_values import TYPED

from azml_contract.contract.model import Definition, Property, Type, View
from azml_contract.contract.views import Lens
from azml_contract.validation.deviation import Deviation, Rule, to_pointer
from azml_contract.validation.explain import PlanBook

CREATE = Lens(View.CREATE)
TEXT = Type("string")


def walk(
    properties: list[Property], value: Any, lens: Lens = CREATE, **more: Any
) -> list[Deviation]:
    """What is wrong with a value of a definition that has these properties."""
    thing = Definition("Thing", {one.name: one for one in properties}, **more)
    book = PlanBook({"Thing": thing}, lens, "2024-04-01")
    found: list[Deviation] = []
    book.plan_body(Type("ref", ref="Thing")).walk(value, None, found)
    return found


@pytest.mark.parametrize(("kind", "good", "bad"), TYPED)
def test_a_value_breaks_the_rule_that_its_type_says(
    kind: Type, good: list[Any], bad: list[tuple[Any, str]]
) -> None:
    prop = Property("x", kind)

    for value in good:
        assert walk([prop], {"x": value}) == [], value
    for value, rule in bad:
        (one,) = walk([prop], {"x": value})
        assert (one.rule, one.owner, one.name) == (Rule[rule], "Thing", "x"), value
        assert to_pointer(one.path).startswith("/x")


@pytest.mark.parametrize("nullable", [None, True])
def test_null_is_fine_where_nothing_forbids_it(nullable: bool | None) -> None:
    for kind, _, _ in TYPED:
        assert walk([Property("x", kind, nullable=nullable)], {"x": None}) == []


def test_what_a_deviation_says_of_its_value_and_of_what_would_be_right() -> None:
    def only(kind: Type, value: Any, **more: Any) -> Deviation:
        (one,) = walk([Property("x", kind, **more)], {"x": value})
        return one

    items = Type("array", items=TEXT, min_items=1, max_items=2, unique_items=True)
    assert only(items, []).expected == (1, 2)
    assert only(items, []).hint == ("items", 0)
    assert only(items, ["a", "a"]).hint == "unique"
    assert only(Type("array", items=TEXT, max_items=0), ["a"]).expected == (0, 0)
    text = Type("string", min_length=2, max_length=3)
    assert only(text, "a").expected == (2, 3)
    assert only(text, "a").hint == ("characters", 1)
    assert only(Type("integer", minimum=2), 1).expected == (2, None)
    int32 = Type("integer", format="int32")
    assert only(int32, 2**31).expected == (-(2**31), 2**31 - 1)
    choice = Type("string", enum=("a", "b"), enum_open=True)
    assert only(choice, "c").expected == ("a", "b")
    assert only(choice, "c").hint is True
    assert only(choice, "A").rule is Rule.ENUM_CASE
    assert only(choice, "A").expected == ("a",)
    assert only(TEXT, None, required=True).hint == (TEXT, True)
    assert only(TEXT, None).hint == (TEXT, False)
    assert to_pointer(only(Type("array", items=TEXT), ["a", 1]).path) == "/x/1"
    assert to_pointer(only(Type("map", items=TEXT), {"a/b": 1}).path) == "/x/a~1b"


def test_what_a_view_may_not_carry_is_told_without_what_may_not_be_seen() -> None:
    def only(lens: View, **more: Any) -> Deviation:
        prop = Property("x", TEXT, **more)
        assert walk([prop], {"x": None}, Lens(lens)) == []
        (one,) = walk([prop], {"x": "told"}, Lens(lens))
        return one

    read_only = only(View.CREATE, read_only=True)
    assert (read_only.rule, read_only.seen) == (Rule.USE, "told")
    fixed = only(View.UPDATE, mutability=frozenset({"create", "read"}))
    assert (fixed.rule, fixed.seen) == (Rule.FIXED, "told")
    assert only(View.RESPONSE, secret=True).seen is None
    assert only(View.RESPONSE, write_only=True).seen is None
