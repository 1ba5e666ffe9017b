"""Where a property that stands in the wrong place belongs."""

from __future__ import annotations

from typing import Any

from azml_contract.contract.model import Definition, Property, Type, View
from azml_contract.contract.views import Lens
from azml_contract.validation.deviation import Deviation, Home, Path, Rule, to_pointer
from azml_contract.validation.homes import Homes

TEXT = Type("string")


def ref(name: str) -> Type:
    return Type("ref", ref=name)


def define(name: str, /, **properties: Type | Property) -> Definition:
    made = {
        key: one if isinstance(one, Property) else Property(key, one)
        for key, one in properties.items()
    }
    return Definition(name, made)


def rehome(
    definitions: list[Definition],
    value: Any,
    key: str,
    holder: Path = None,
    rule: Rule = Rule.UNKNOWN,
    expected: tuple[str, ...] = (),
) -> Any:
    """What is said of a property below `holder`; the first definition is the body's."""
    known = {one.name: one for one in definitions}
    homes = Homes(known, Lens(View.CREATE), ref(definitions[0].name), value)
    deviation = Deviation(rule, (holder, key), key, expected, "Body", key)
    return homes.rehome(deviation)


def find(
    definitions: list[Definition], value: Any, key: str, holder: Path = None
) -> Any:
    """The pointer of the home, and whether it is there, the only one, and taken."""
    home = rehome(definitions, value, key, holder).hint
    assert home is None or isinstance(home, Home)
    return home and (to_pointer(home.path), *home[1:])


BODY = define("Body", properties=ref("Job"), limits=ref("Limits"), a=TEXT)
JOB = define("Job", command=TEXT, inner=ref("Inner"))
INNER = define("Inner", depth=TEXT)
LIMITS = define("Limits", timeout=TEXT)
ALL = [BODY, JOB, INNER, LIMITS]


def test_a_property_belongs_to_the_object_that_knows_its_name() -> None:
    value = {"properties": {}, "command": "x", "timeout": 1}

    assert find(ALL, value, "command") == ("/properties", True, True, False)
    assert find(ALL, value, "timeout") == ("/limits", False, True, False)
    assert find(ALL, value, "depth") == ("/properties/inner", False, True, False)
    assert find(ALL, value, "a", (None, "properties")) == ("", True, True, False)
    assert find(ALL, value, "unheard") is None
    assert find(ALL, value, "a") is None


def test_what_is_there_already_is_taken() -> None:
    value = {"properties": {"command": "x"}, "command": "y"}

    assert find(ALL, value, "command") == ("/properties", True, True, True)


def test_the_nearest_object_that_is_there_comes_first() -> None:
    many = [
        define("Body", parts=Type("array", items=ref("Part")), far=ref("Part")),
        define("Part", name=TEXT, sub=ref("Part")),
    ]
    value = {"parts": [{"name": "x"}, {}, {"sub": {}}], "far": {}}

    holder = ((None, "parts"), 2)
    assert find(many, value, "name", (holder, "else")) == (
        "/parts/2",
        True,
        False,
        False,
    )
    assert find(many, value, "name", holder) == ("/parts/2/sub", True, False, False)
    assert find(many, {"parts": []}, "name") == ("/far", False, True, False)
    mapped = [
        define("Body", parts=Type("map", items=ref("Part"))),
        define("Part", name=TEXT),
    ]
    assert find(mapped, {"parts": {"a": {}}}, "name")[0] == "/parts/a"
    assert find(mapped, {"parts": {"a": 1}}, "name") is None
    assert find(mapped, {"parts": 1}, "name") is None


def test_objects_that_are_not_there_are_looked_for_three_steps_ahead() -> None:
    chain = [define("Body", one=ref("A1"))]
    chain += [define(f"A{n}", **{f"in{n}": ref(f"A{n + 1}")}) for n in range(1, 4)]
    chain += [define("A4", far=TEXT)]

    assert find(chain, {"one": {}}, "far")[0] == "/one/in1/in2/in3"
    assert find(chain, {}, "in3")[0] == "/one/in1/in2"
    assert find(chain, {}, "far") is None


def test_what_a_view_may_not_carry_is_no_home() -> None:
    barred = Property("command", TEXT, read_only=True)
    assert (
        find(
            [define("Body", p=ref("Job")), define("Job", command=barred)], {}, "command"
        )
        is None
    )
    hidden = Property("p", ref("Job"), read_only=True)
    assert find([define("Body", p=hidden), JOB], {"p": {}}, "command") is None


def test_of_a_union_the_variant_that_is_there_or_any_is_a_home() -> None:
    base = Definition(
        "Base",
        {"kind": Property("kind", TEXT)},
        discriminator="kind",
        variants={"A": "VarA", "B": "VarB", "Lost": "Nowhere"},
    )
    union = [
        define("Body", base=ref("Base")),
        base,
        define("VarA", a=TEXT),
        define("VarB", b=TEXT),
    ]

    assert find(union, {"base": {"kind": "A"}}, "a") == ("/base", True, True, False)
    assert find(union, {"base": {"kind": "A"}}, "b") is None
    assert find(union, {"base": {"kind": "C"}}, "b") == ("/base", True, True, False)
    assert find(union, {}, "b") == ("/base", False, True, False)


def test_only_unknown_names_are_given_a_home_and_a_nearer_name_goes_first() -> None:
    there, absent = {"properties": {}}, {}

    assert rehome(ALL, there, "command", rule=Rule.CASE).hint is None
    near = rehome(ALL, there, "command", expected=("comand",))
    assert (near.expected, near.hint) == ((), Home((None, "properties")))
    kept = rehome(ALL, absent, "command", expected=("comand",))
    assert (kept.expected, kept.hint) == (("comand",), None)
    nowhere = Deviation(Rule.UNKNOWN, None, "command", (), "Body", "command")
    assert Homes({}, Lens(View.CREATE), ref("x"), {}).rehome(nowhere) is nowhere
