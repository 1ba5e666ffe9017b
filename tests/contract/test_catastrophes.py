"""Patterns that a short text keeps busy for ever are refused when imported."""

from __future__ import annotations

import pytest

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.catastrophe import find_catastrophe
from azml_contract.contract.model import Type


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"^(a+)+$", r"^(a*)*$", r"^([a-z]+)*$", r"^(.*)*x$", r"^((ab)+)+$"),
        *(r"(x+x+)+y", r"^(a?b*)*$", r"^(a|aa)+$", r"^([0-9]+,?)*$", r"^(\w+|\d+)*$"),
    ],
)
def test_a_pattern_that_may_take_for_ever_is_told(pattern: str) -> None:
    assert find_catastrophe(pattern).startswith("an endless repetition of ")


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"^([a-z]+\.)*[a-z]+$", r"^(ab|ac)*$", r"^[a-z]+(-[a-z]+)*$", r"^a+b*$"),
        *(r"^(\d+,)*\d+$", r"^([0-9]{1,3}\.){3}[0-9]{1,3}$", r"(", r"^[^<>]*$"),
    ],
)
def test_a_pattern_that_ends_soon_is_not(pattern: str) -> None:
    assert find_catastrophe(pattern) == ""


def list_patterns(kind: Type | None) -> list[str]:
    return [] if kind is None else [kind.pattern, *list_patterns(kind.items)]


def test_no_official_pattern_is_refused() -> None:
    for version in known_versions():
        for definition in load_contract(version).definitions.values():
            for prop in definition.properties.values():
                for pattern in list_patterns(prop.type):
                    assert find_catastrophe(pattern) == "", pattern
