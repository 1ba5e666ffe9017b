"""Lists are measured at both ends, and answers are excused by what was counted."""

from __future__ import annotations

import pytest

from azml_contract.contract.model import Type, View
from azml_contract.contract.views import Lens
from azml_contract.finding import Side
from azml_contract.validation.deviation import Rule
from azml_contract.validation.evidence import (
    find_observed,
    observed_operations,
    observed_versions,
)
from azml_contract.validation.explain import PlanBook
from azml_contract.validation.testimony import find_testimony


@pytest.mark.parametrize(("count", "wrong"), [(1, True), (2, False), (4, True)])
def test_a_list_may_be_too_short_and_too_long(count: int, wrong: bool) -> None:
    kind = Type("array", items=Type("string"), min_items=2, max_items=3)
    plan = PlanBook({}, Lens(View.CREATE), "2024-04-01").plan_body(kind)
    found: list = []

    plan.walk(["a", "b", "c", "d"][:count], None, found)

    assert [(one.rule, one.expected, one.hint) for one in found] == (
        [(Rule.LENGTH, (2, 3), ("items", count))] if wrong else []
    )


def test_what_was_returned_excuses_a_secret_in_an_answer_and_no_wrong_type() -> None:
    operation, version, pointer = next(
        (operation, version, pointer)
        for operation in observed_operations()
        for version in observed_versions(operation)
        for row in find_observed(operation, version)
        if row.succeeded
        for pointer, types in row.answer.items()
        if types.get("string") and "*" not in pointer
    )
    place = (Side.RESPONSE, operation, version, pointer)

    assert find_testimony(Rule.USE, *place) is not None
    assert find_testimony(Rule.TYPE, *place) is None
    assert find_testimony(Rule.USE, Side.REQUEST, *place[1:]) is None
