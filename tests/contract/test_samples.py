"""Bodies that are made of a type: within its limits, each once, every part in one."""

from __future__ import annotations

import pytest

from azml_contract.contract.model import Definition, Property, Type
from azml_contract.contract.samples import make_samples
from azml_contract.contract.views import Lens, View

LENS = Lens(View.CREATE)


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        (Type("integer"), [1, 0, -1]),
        (Type("integer", minimum=1, maximum=5), [1, 1, 5]),
        (Type("integer", maximum=0), [0, -1, 0]),
        (Type("number", minimum=0, maximum=1), [1, 0, 0, 1, 0.5]),
        (Type("boolean"), [True, False]),
        (Type("string", min_length=2, max_length=3), ["aaa", "a1", "aa", "aaa"]),
        (Type("string", enum=("x", "y")), ["x", "y"]),
        (Type("array", items=Type("boolean")), [[], [True], [False]]),
        (Type("array", items=Type("boolean"), min_items=2), [[True] * 2, [False] * 2]),
        (Type("map", items=Type("boolean")), [{}, {"a": True}, {"a": False}]),
    ],
)
def test_values_are_within_the_limits_of_their_type(kind, made):
    found = list(make_samples({}, kind, LENS))

    if kind.kind == "string" and not kind.enum:
        assert set(made) <= set(found)
        assert all(2 <= len(one) <= 3 for one in found)
    else:
        assert found == made


def test_an_object_has_each_property_once_beside_the_smallest():
    thing = Definition(
        "Thing",
        {
            "need": Property("need", Type("boolean"), required=True),
            "more": Property("more", Type("boolean"), nullable=True),
            "shown": Property("shown", Type("boolean"), read_only=True),
        },
    )

    made = list(make_samples({"Thing": thing}, Type("ref", ref="Thing"), LENS))

    assert made == [
        {"need": True},
        {"need": False},
        {"need": True, "more": None},
        {"need": True, "more": True},
        {"need": True, "more": False},
    ]
