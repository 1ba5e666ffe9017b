"""What is nested too deep is told by its levels, not by how deep its reader stands."""

from __future__ import annotations

import json

import pytest

from azml_contract.json_values import MOST_LEVELS, is_too_deep


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[" * MOST_LEVELS + "]" * MOST_LEVELS, False),
        ("[" * (MOST_LEVELS + 1) + "]" * (MOST_LEVELS + 1), True),
        ('{"a":' * MOST_LEVELS + "1" + "}" * MOST_LEVELS, False),
        ('[{"a":' * MOST_LEVELS + "1" + "}]" * MOST_LEVELS, True),
        ("[" + "[[]]," * MOST_LEVELS + "{}]", False),
        (json.dumps("[" * 1000), False),
    ],
)
def test_levels_count_and_not_brackets(text, expected):
    value = json.loads(text)

    assert is_too_deep(text, value) is expected
    assert is_too_deep(text.encode(), value) is expected
