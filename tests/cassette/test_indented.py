"""JSON is written with an indent as the standard library writes it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from azml_contract.cassette.indented import render_indented


@pytest.mark.parametrize(
    "value",
    [
        *('ä "quoted" \\ \n \u2028', "", 7, -1, 10**30, 1.5, 1e300, True, False, None),
        *({}, [], {"a": {}, "b": []}, [[], {}, [[1]]], {"é\n": "x"}),
        {"a": [1, "b", None, {"c": [True, {"d": 1.0}]}], "e": None, "f": False},
        {"t": (1, 2)},
    ],
)
def test_what_json_can_say_is_written_as_the_library_writes_it(value: Any) -> None:
    assert render_indented(value) == json.dumps(value, indent=2, ensure_ascii=False)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_not_finite_are_refused(value: float) -> None:
    for one in (value, [value], {"a": value}):
        with pytest.raises(ValueError, match="Out of range float"):
            render_indented(one)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        render_indented({"a": {1, 2}})
