"""Values of every kind of type: such as it accepts, and such as break a rule of it.

In: nothing. Out: a table that whoever judges values is held against, the schema and the
walk alike.
"""

from __future__ import annotations

from typing import Any

from azml_contract.contract.model import Type

_TEXT = Type("string")
_UUID = "0000000-0000-4000-8000-000000000001"
_TYPE, _NULL, _ENUM, _PATTERN = "TYPE", "NULL", "ENUM", "PATTERN"
_RANGE, _LENGTH, _FORMAT, _DURATION = "RANGE", "LENGTH", "FORMAT", "DURATION"
_INT32 = Type("integer", format="int32")
_TWO_TO_FOUR = {"minimum": 2, "maximum": 4}

TYPED: list[tuple[Type, list[Any], list[tuple[Any, str]]]] = [
    (_TEXT, ["", "a"], [(1, _TYPE), (None, _NULL), ([], _TYPE)]),
    (Type("string", min_length=2), ["ab"], [("a", _LENGTH), (1, _TYPE)]),
    (Type("string", max_length=2), ["ab", ""], [("abc", _LENGTH)]),
    (Type("string", pattern="^a"), ["ab"], [("b", _PATTERN)]),
    (Type("string", format="duration"), ["PT5M"], [("5 minutes", _DURATION)]),
    (Type("string", format="uuid"), [f"1{_UUID}"], [("0", _FORMAT)]),
    (
        Type("string", format="uuid", pattern="^0"),
        [f"0{_UUID}"],
        [(f"1{_UUID}", _PATTERN)],
    ),
    (
        Type("string", format="date-time"),
        ["2026-01-31T12:00:00Z"],
        [("2026-01-31", _FORMAT)],
    ),
    (Type("string", format="uri"), ["anything"], [(1, _TYPE)]),
    (Type("string", enum=("a", "b")), ["a", "b"], [("c", _ENUM), (1, _TYPE)]),
    (
        Type("integer", **_TWO_TO_FOUR),
        [2, 3.0, 4],
        [(1, _RANGE), (5, _RANGE), (2.5, _TYPE), (True, _TYPE), ("2", _TYPE)],
    ),
    (Type("integer", minimum=0), [0, 10**9], [(-1, _RANGE)]),
    (Type("integer", maximum=0), [0, -5], [(1, _RANGE)]),
    (Type("number", **_TWO_TO_FOUR), [2, 2.5, 4], [(1.9, _RANGE), (4.1, _RANGE)]),
    (Type("number"), [2, 2.5, -1], [(True, _TYPE), ("2", _TYPE), (None, _NULL)]),
    (
        _INT32,
        [-(2**31), 2**31 - 1],
        [(-(2**31) - 1, _RANGE), (2**31, _RANGE)],
    ),
    (
        Type("integer", format="int32", minimum=1, maximum=3),
        [1, 3],
        [(0, _RANGE), (4, _RANGE)],
    ),
    (Type("integer", format="int64"), [2**40], [(2**63, _RANGE)]),
    (Type("boolean"), [True, False], [(1, _TYPE), ("true", _TYPE), (None, _NULL)]),
    (Type("object"), [{"a": 1}, {}], [([], _TYPE), (None, _NULL)]),
    (Type("any"), [{"a": 1}, [], "x", None], []),
    (
        Type("map", items=_TEXT),
        [{}, {"a": "b"}],
        [({"a": 1}, _TYPE), ({"a": "b", "c": None}, _NULL), ([], _TYPE)],
    ),
    (Type("map", items=_INT32), [{"a": 1}], [({"a": 1, "b": "c"}, _TYPE)]),
    (
        Type("map", items=_TEXT, items_nullable=None),
        [{"a": None}],
        [({"a": 1}, _TYPE)],
    ),
    (
        Type("array", items=_TEXT),
        [[], ["a", "a"]],
        [([1], _TYPE), (["a", None], _NULL), ("a", _TYPE), (None, _NULL)],
    ),
    (
        Type("array", items=_TEXT, min_items=1, max_items=2),
        [["a"], ["a", "b"]],
        [([], _LENGTH), (["a"] * 3, _LENGTH)],
    ),
    (
        Type("array", items=Type("any"), unique_items=True),
        [[], ["a", "b"], [1, True, "1"], [{"a": 1}, {"a": 2}]],
        [
            (["a", "a"], _LENGTH),
            ([1, 1.0], _LENGTH),
            ([{"a": 1, "b": [2]}, {"b": [2.0], "a": 1.0}], _LENGTH),
        ],
    ),
    (Type("ref", ref="Unknown"), [{"a": 1}], [([], _TYPE), (1, _TYPE)]),
]
"""Type, values that it accepts, and others with the rule of `Rule` that they break."""
