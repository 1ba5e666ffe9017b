"""Patterns that a short text keeps busy for ever are refused when imported."""

from __future__ import annotations

import time

import pytest

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.catastrophe import find_catastrophe
from azml_contract.contract.model import Type
from azml_contract.contract.patterns import Matcher, compile_pattern


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"^(a+)+$", r"^(a*)*$", r"^([a-z]+)*$", r"^(.*)*x$", r"^((ab)+)+$"),
        *(r"(x+x+)+y", r"^(a?b*)*$", r"^(a|aa)+$", r"^([0-9]+,?)*$", r"^(\w+|\d+)*$"),
        *(r"^(a+|b+)*$", r"^(aa?)*$", r"^(aa??)*$", r"^(a(|a))*$", r"^(aa*b?)*$"),
        # Lazy ones, and such whose other parts take no character.
        *(r"^(a+?)*$", r"^(a+)*?$", r"^(a+?b??)*$", r"^(a+\B)*$", r"^((?=a)a+)*$"),
        *(r"^((?!b)a+)*$", r"^(a{1,65}){1,65}$", r"^((.)|a)*$", r"^((a??)|a)*$"),
        # Inside of whatever else there may be.
        *(r"^((a+)+b)?$", r"^((a+)+b)??$", r"^(?=(a+)+$)b", r"^(?!(a+)+$)a"),
        *(r"^(x|(a+)+y)$", r"^(x(a+)+)$"),
    ],
)
def test_a_pattern_that_may_take_for_ever_is_told(pattern: str) -> None:
    assert find_catastrophe(pattern).startswith("an endless repetition of ")


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"^([a-z]+\.)*[a-z]+$", r"^(ab|ac)*$", r"^[a-z]+(-[a-z]+)*$", r"^a+b*$"),
        *(r"^(\d+,)*\d+$", r"^([0-9]{1,3}\.){3}[0-9]{1,3}$", r"(", r"^[^<>]*$"),
        *(
            r"^(ab?)*$",
            r"^(ab??)*$",
            r"^(a(|b))*$",
            r"^(a\bb?)*$",
            r"^()*$",
            r"^(ab)*$",
        ),
        *(r"^(a{1,64}){1,64}$", r"^((^)|a)*$"),
    ],
)
def test_a_pattern_that_ends_soon_is_not(pattern: str) -> None:
    assert find_catastrophe(pattern) == ""


@pytest.mark.parametrize(
    ("first", "inside", "outside"),
    [
        *(
            ("a", "a", "b"),
            ("[ab]", "b", "c"),
            ("[a-c]", "a", "d"),
            ("[a-c]", "c", "`"),
        ),
        *(("[^ab]", "c", "a"), ("[^a]", "b", "a"), (r"\S", "a", " ")),
        *((r"\d", "1", "a"), (r"\w", "_", "-"), (r"\s", " ", "a"), (r"\D", "a", "1")),
        (r"\W", "-", "_"),
    ],
)
def test_choices_that_share_a_character_are_told_from_others(
    first: str, inside: str, outside: str
) -> None:
    told = "an endless repetition of choices that begin alike"
    assert find_catastrophe(f"^(({first})|{inside})*$") == told
    assert find_catastrophe(f"^(({first})|{outside})*$") == ""


def list_patterns(kind: Type | None) -> list[str]:
    return [] if kind is None else [kind.pattern, *list_patterns(kind.items)]


def test_no_official_pattern_is_refused() -> None:
    for version in known_versions():
        for definition in load_contract(version).definitions.values():
            for prop in definition.properties.values():
                for pattern in list_patterns(prop.type):
                    assert find_catastrophe(pattern) == "", pattern


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"^(([a-z])+.)+[A-Z]([a-z])+$", r"^(a+){10}$", r"^(a?){30}a{30}$"),
        *(r"^(.*,){12}P$", r"^(?:a|b|ab)*c$", r"^(a{1,50}){1,50}$"),
        *(r"^a*a*a*a*a*a*b$", r"^(a|a)*$", r"^(?=(a+)+$)b", r"^(a+)\1+b$"),
        *("^" + "a?" * 24 + "a" * 24 + "$", "^" + "(a|a)" * 22 + "b$"),
    ],
)
def test_a_pattern_that_nobody_saw_through_ends_too(pattern: str) -> None:
    matcher = Matcher(pattern)
    before_s = time.process_time()

    for text in ("a" * 40 + "!", "ab" * 30 + "!", "a," * 30, "a" * 3000 + "!"):
        assert matcher.search(text) is False

    assert time.process_time() - before_s < 1


@pytest.mark.parametrize("text", ["a1", "\ud800", "a\n", "", "é"])
@pytest.mark.parametrize("pattern", [r"^\w\d$", r"^[^a]*$", r"^a$", ""])
def test_both_engines_say_the_same(pattern: str, text: str) -> None:
    assert Matcher(pattern).search(text) is bool(compile_pattern(pattern).search(text))
