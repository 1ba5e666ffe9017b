"""Values are named as JSON names them."""

from __future__ import annotations

from typing import Any

import pytest

from azml_contract.regression.outline import name_kind


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
