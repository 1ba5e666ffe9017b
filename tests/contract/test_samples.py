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


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        (Type("object"), [{}, {"a": 1}]),
        (Type("any"), [{}, {"a": 1}, "a", 1, True, [1]]),
        (Type("map"), [{}]),
        (Type("array"), [[]]),
        (Type("array", min_items=1), []),
        (Type("ref", ref="Nowhere"), [{}]),
        (Type("string", enum=("x",), enum_open=True), ["x", "aaa"]),
        (Type("string", format="date-time"), ["2030-01-01T00:00:00Z"]),
        (Type("string", format="duration"), ["PT1H"]),
        (Type("string", format="uuid"), ["00000000-0000-4000-8000-000000000001"]),
        (Type("string", pattern="^azureml:"), ["azureml:a:1"]),
        (Type("string", pattern="^1\\.0"), ["1.0.0"]),
        (Type("string", pattern="^https"), ["https://a.example/b"]),
        (Type("string", max_length=0), ["", "", ""]),
        (Type("string", pattern="^a{1024}$", max_length=1024), ["a" * 1024]),
        (Type("string", pattern="^a{9}$", min_length=9), ["a" * 9]),
        (Type("integer", format="int32", minimum=5), [5, 2**31 - 1]),
        (Type("integer", maximum=5.0, minimum=4.0), [4, 5]),
        (Type("number", minimum=0.25, maximum=0.75), [0.25, 0.75, 0.5]),
    ],
)
def test_values_of_every_kind_are_what_they_are(kind, made):
    found = list(make_samples({}, kind, LENS))

    assert found == made
    assert list(map(type, found)) == list(map(type, made))


def make(definitions, name, **options):
    known = {one.name: one for one in definitions}
    return list(make_samples(known, Type("ref", ref=name), LENS, **options))


def test_of_a_union_each_variant_is_made_with_its_own_value():
    tag = Property("kind", Type("string"), required=True)
    variants = {"A": "VarA", "Lost": "Nowhere", "B": "VarB"}
    base = Definition("Base", {"kind": tag}, discriminator="kind", variants=variants)
    flag = Property("b", Type("boolean"))
    first = Definition("VarA", {"kind": tag}, base="Base", discriminator_value="A")
    second = Definition(
        "VarB", {"kind": tag, "b": flag}, base="Base", discriminator_value="B"
    )
    alone = Definition("Alone", {"b": flag}, discriminator_value="x")

    assert make([base, first, second], "Base") == [
        {"kind": "A"},
        {"kind": "B"},
        {"kind": "B", "b": True},
        {"kind": "B", "b": False},
    ]
    assert make([alone], "Alone") == [{}, {"b": True}, {"b": False}]
    assert len(make([base, first, second], "Base", most=2)) == 2


def test_what_holds_itself_ends():
    itself = Type("ref", ref="Loop")
    loop = Definition("Loop", {"next": Property("next", itself)})
    must = Definition("Loop", {"next": Property("next", itself, required=True)})
    chain = [
        Definition(f"D{n}", {"in": Property("in", Type("ref", ref=f"D{n + 1}"))})
        for n in range(15)
    ]

    assert make([loop], "Loop") == [{}, {"next": {}}]
    assert make([must], "Loop") == []
    deepest = make(chain, "D0")[-1]
    assert len(str(deepest)) == len("{'in': }") * 12 + len("{}")
