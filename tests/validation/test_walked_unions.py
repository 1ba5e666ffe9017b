"""The walk over objects and unions: strays, what is missing, which variant is meant."""

from __future__ import annotations

from typing import Any

from azml_contract.contract.model import Definition, Property, Type, View
from azml_contract.contract.views import Lens
from azml_contract.validation.deviation import Deviation, Guess, Rule, to_pointer
from azml_contract.validation.explain import PlanBook

TEXT, COUNT = Type("string"), Type("integer")
NEEDED = {"required": True, "nullable": False}


def define(name: str, /, *properties: Property, **more: Any) -> Definition:
    return Definition(name, {one.name: one for one in properties}, **more)


def walk(value: Any, *definitions: Definition, owner: str = "") -> list[Deviation]:
    """What is wrong with a value of the first definition, or of that owner."""
    known = {one.name: one for one in definitions}
    book = PlanBook(known, Lens(View.CREATE), "2024-04-01")
    found: list[Deviation] = []
    body = Type("ref", ref=owner or definitions[0].name)
    book.plan_body(body).walk(value, None, found)
    return found


def tell(found: list[Deviation]) -> list[tuple[str, str, tuple[Any, ...]]]:
    return [(one.rule.name, to_pointer(one.path), one.expected) for one in found]


THING = define(
    "Thing",
    Property("size", COUNT, **NEEDED),
    Property("colour", TEXT),
    Property("weight", COUNT),
)


def test_a_stray_is_told_with_the_name_that_is_near_and_free() -> None:
    assert tell(walk({"size": 1, "color": "x"}, THING)) == [
        ("UNKNOWN", "/color", ("colour",))
    ]
    assert tell(walk({"size": 1, "color": "x", "colour": "y"}, THING)) == [
        ("UNKNOWN", "/color", ())
    ]
    assert tell(walk({"size": 1, "other": "x"}, THING)) == [("UNKNOWN", "/other", ())]
    # Its value is none of the name that is alike.
    assert tell(walk({"size": 1, "color": 5}, THING)) == [("UNKNOWN", "/color", ())]
    (null,) = walk({"size": 1, "other": None}, THING)
    assert (null.is_null, null.seen) == (True, "other")
    assert walk({"size": 1, "other": 1}, THING)[0].is_null is False


def test_what_is_missing_may_stand_under_a_name_that_is_alike() -> None:
    stray, missing = walk({"sise": 1}, THING)
    assert (stray.rule, stray.expected) == (Rule.UNKNOWN, ("size",))
    assert (missing.rule, missing.hint) == (Rule.MISSING, (COUNT, "sise"))
    assert to_pointer(missing.path) == "/size"
    stray, missing = walk({"sise": "x"}, THING)
    assert (stray.expected, missing.hint) == ((), (COUNT, None))
    assert tell(walk({}, THING)) == [("MISSING", "/size", ("size",))]


def test_a_name_in_another_case_is_the_property_all_the_same() -> None:
    assert tell(walk({"Size": 1}, THING)) == [("CASE", "/Size", ("size",))]
    assert tell(walk({"Size": "x"}, THING)) == [
        ("CASE", "/Size", ("size",)),
        ("TYPE", "/Size", ("integer",)),
    ]
    (both,) = walk({"Size": 1, "size": 1}, THING)
    assert both.hint is True
    assert walk({"Size": 1}, THING)[0].hint is False


def test_further_names_are_of_the_type_that_is_declared_for_them() -> None:
    more = define("Thing", Property("size", COUNT, **NEEDED), additional=TEXT)

    assert walk({"size": 1, "any": "x", "Size": "y", "none": None}, more) == []
    assert tell(walk({"size": 1, "any": 1}, more)) == [("TYPE", "/any", ("string",))]


def test_of_very_many_strays_none_is_looked_at_for_long() -> None:
    many = {f"colou{number}": "x" for number in range(310)}

    found = walk({"size": 1, **many, "color": "x"}, THING)

    assert found[0].expected == ("colour",)
    assert len(found) == 311
    assert found[-1].expected == ()


def test_a_property_of_siblings_is_told_with_their_values() -> None:
    found = walk({"kind": "A", "b": 1}, *UNION)

    assert tell(found) == [("FOREIGN", "/b", ())]
    assert found[0].hint == ("B",)


KIND = Property("kind", Type("string", enum=("A", "B", "Bare")), **NEEDED)
UNION = (
    define(
        "Base",
        KIND,
        Property("x", TEXT),
        discriminator="kind",
        variants={"A": "VarA", "B": "VarB", "Lost": "Nowhere"},
    ),
    define(
        "VarA",
        KIND,
        Property("x", TEXT),
        Property("a", TEXT),
        base="Base",
        discriminator_value="A",
    ),
    define(
        "VarB",
        KIND,
        Property("x", TEXT),
        Property("b", COUNT),
        base="Base",
        discriminator_value="B",
    ),
)


def guess(value: Any, *definitions: Definition) -> tuple[Any, ...]:
    """The first deviation: its rule, its place, the guess."""
    one = walk(value, *(definitions or UNION))[0]
    assert isinstance(one.hint, Guess)
    return one.rule.name, to_pointer(one.path), one.hint.value, one.hint.by


def test_the_variant_that_is_named_says_what_may_stand() -> None:
    assert walk({"kind": "A", "a": "1", "x": "y"}, *UNION) == []
    assert tell(walk({"kind": "A", "a": 1}, *UNION)) == [("TYPE", "/a", ("string",))]
    assert walk({"kind": "Bare", "x": "1", "anything": 2}, *UNION) == []
    assert tell(walk({"kind": "Bare", "x": 1}, *UNION)) == [("TYPE", "/x", ("string",))]


def test_a_discriminator_in_another_case_still_names_its_variant() -> None:
    assert tell(walk({"kind": "a", "a": 1}, *UNION)) == [
        ("ENUM_CASE", "/kind", ("A",)),
        ("TYPE", "/a", ("string",)),
    ]
    assert tell(walk({"Kind": "A", "a": "1"}, *UNION)) == [("CASE", "/Kind", ("kind",))]
    assert tell(walk({"Kind": "a", "a": "1"}, *UNION)) == [
        ("ENUM_CASE", "/Kind", ("A",)),
        ("CASE", "/Kind", ("kind",)),
    ]
    assert tell(walk({"Kind": "bare", "z": 1}, *UNION)) == [
        ("ENUM_CASE", "/Kind", ("Bare",)),
        ("CASE", "/Kind", ("kind",)),
    ]


def test_an_unknown_variant_is_guessed_by_its_name_or_by_its_properties() -> None:
    named = define(
        "Base",
        KIND,
        discriminator="kind",
        variants={"Command": "VarA", "Sweep": "VarB"},
    )
    of_names = (named, *UNION[1:])

    assert guess({"kind": "Comand", "b": 1}, *of_names) == (
        *("VARIANT_UNKNOWN", "/kind", "Command", "name"),
    )
    assert guess({"kind": "zzz", "b": 1, "x": "y"})[2:] == ("B", "properties")
    assert guess({"kind": "zzz", "B": 1})[2:] == ("B", "properties")
    assert guess({"kind": "zzz", "x": "y"})[2:] == ("", "")
    assert guess({"kind": "zzz", "a": "1", "b": 1})[2:] == ("", "")
    assert guess({"kind": 5, "b": 1}) == ("VARIANT_UNKNOWN", "/kind", "B", "properties")
    assert walk({"kind": "zzz"}, *UNION)[0].expected == ("A", "B")
    only = define("Base", KIND, discriminator="kind", variants={"A": "VarA"})
    assert guess({"kind": "zzz"}, only, *UNION[1:])[2:] == ("A", "only")


def test_the_rest_is_walked_as_the_variant_that_is_guessed() -> None:
    assert tell(walk({"kind": "zzz", "b": "1"}, *UNION))[1:] == [
        ("TYPE", "/b", ("integer",))
    ]
    # Without a guess, what some variant declares may be right.
    assert tell(walk({"kind": "zzz", "x": 1, "a": 1, "b": 1, "c": 1}, *UNION))[1:] == [
        ("TYPE", "/x", ("string",)),
        ("UNKNOWN", "/c", ()),
    ]


def test_without_a_discriminator_the_properties_tell_or_another_name() -> None:
    assert guess({"b": 1}) == ("VARIANT_MISSING", "/kind", "B", "properties")
    assert tell(walk({"b": "1"}, *UNION))[1:] == [("TYPE", "/b", ("integer",))]
    (one,) = walk({"type": "A", "a": "1"}, *UNION)
    assert one.hint == Guess("A", "twin", "type")
    assert one.rule is Rule.VARIANT_MISSING
    # Two hold such a value, or a declared property does: nothing is told by it.
    assert guess({"type": "A", "sort": "B"})[2:] == ("", "")
    assert guess({"a": "B"})[2:] == ("A", "properties")
    assert guess({"type": "Bare"})[2:] == ("", "")


def test_an_optional_discriminator_that_is_left_out_means_the_base() -> None:
    kind = Property("kind", TEXT)
    optional = define(
        "Base", kind, Property("x", TEXT), discriminator="kind", variants={"A": "VarA"}
    )

    assert walk({"x": "1"}, optional, UNION[1]) == []
    assert tell(walk({"a": "1"}, optional, UNION[1])) == [("UNKNOWN", "/a", ())]


def test_a_derived_type_that_stands_alone_knows_its_own_value() -> None:
    assert walk({"kind": "A", "a": "1"}, *UNION, owner="VarA") == []
    (other,) = walk({"kind": "B"}, *UNION, owner="VarA")
    assert (other.rule, other.expected, other.hint) == (
        *(Rule.VARIANT_OTHER, ("A",), "VarB"),
    )
    (case,) = walk({"kind": "a"}, *UNION, owner="VarA")
    assert (case.rule, case.expected) == (Rule.ENUM_CASE, ("A",))
    (unknown,) = walk({"kind": "zzz"}, *UNION, owner="VarA")
    assert (unknown.rule, unknown.hint) == (Rule.VARIANT_UNKNOWN, Guess("A", "only"))
    (folded,) = walk({"kind": "b"}, *UNION, owner="VarA")
    assert folded.hint == "VarB"
