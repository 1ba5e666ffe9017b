"""The JSON Schema of a type: closed, self-contained, one kind of "no"."""

from __future__ import annotations

import sys

import pytest

from azml_contract.contract.catalog import load_contract
from azml_contract.contract.model import Definition, Property, Type, View
from azml_contract.contract.patterns import compile_pattern
from azml_contract.contract.schema import Choice, write_schema
from azml_contract.contract.views import Lens
from azml_contract.validation.body import _WALKED, BodyCheck, compile_body
from azml_contract.validation.judge import Engine, choose_engine, compile_judge
from azml_contract.validation.validator import Validator

TEXT = Type("string")
CREATE, UPDATE, RESPONSE = (Lens(view) for view in View)
HOME = (
    "/subscriptions/s/resourceGroups/g/providers"
    "/Microsoft.MachineLearningServices/workspaces/w/"
)


def define(*properties, name="Thing", **more):
    return {name: Definition(name, {p.name: p for p in properties}, **more)}


def judge(definitions, value, lens=CREATE, body=None, engine=Engine.REFERENCE):
    schema = write_schema(definitions, body or Type("ref", ref="Thing"), lens)
    return compile_judge(schema, engine)(value)


def test_objects_are_closed_unless_they_declare_others():
    closed = define(Property("a", TEXT))
    open_ = define(Property("a", TEXT), additional=Type("integer"))

    assert not judge(closed, {"b": 1})
    assert judge(open_, {"b": 1})
    assert not judge(open_, {"b": "text"})


@pytest.mark.parametrize(
    ("nullable", "accepted"), [(True, True), (None, True), (False, False)]
)
def test_null_is_refused_only_where_it_is_known_not_to_be_allowed(nullable, accepted):
    things = define(Property("a", Type("string", enum=("x",)), nullable=nullable))

    assert judge(things, {"a": None}) is accepted
    assert not judge(things, {"a": "y"})


@pytest.mark.parametrize(("nullable", "accepted"), [(None, True), (False, False)])
def test_items_have_a_nullability_of_their_own(nullable, accepted):
    items = Type("array", items=TEXT, items_nullable=nullable)

    assert judge(define(Property("a", items)), {"a": [None]}) is accepted


def test_no_schema_chooses_by_any_of_or_one_of():
    contract = load_contract("2024-04-01")
    for operation in contract.operations.values():
        if operation.body is not None:
            text = str(write_schema(contract.definitions, operation.body, CREATE))
            assert "anyOf" not in text
            assert "oneOf" not in text


def test_views_differ_in_what_may_stand_and_what_must():
    things = define(
        Property("id", TEXT, required=True, read_only=True),
        Property("key", TEXT, required=True, secret=True),
        Property("kind", TEXT, mutability=frozenset({"create", "read"})),
    )
    made = {"key": "k", "kind": "x"}

    assert judge(things, made, CREATE)
    assert not judge(things, {"id": "1", **made}, CREATE)
    assert not judge(things, {"kind": "x"}, CREATE)
    assert not judge(things, made, UPDATE)
    assert judge(things, {"id": "1", "kind": "x"}, RESPONSE)
    assert not judge(things, {"id": "1", "key": "k"}, RESPONSE)
    assert judge(things, {"id": "1", "key": None}, RESPONSE)
    assert judge(things, {"id": "1", "key": "k"}, Lens(View.RESPONSE, reveals=True))


def union(**more):
    tag = Property("kind", Type("string", enum=("A", "B", "Bare")), required=True)
    return {
        "Base": Definition(
            "Base",
            {"kind": tag, "x": Property("x", TEXT)},
            discriminator="kind",
            variants={"A": "VariantA", "B": "VariantB"},
        ),
        "VariantA": Definition(
            "VariantA",
            {"kind": tag, "x": Property("x", TEXT), "a": Property("a", TEXT)},
            base="Base",
            discriminator_value="A",
        ),
        "VariantB": Definition(
            "VariantB",
            {"kind": tag, "x": Property("x", TEXT), "b": Property("b", TEXT)},
            base="Base",
            discriminator_value="B",
        ),
    }


def test_a_union_is_the_variant_that_its_discriminator_names():
    base = Type("ref", ref="Base")

    assert judge(union(), {"kind": "A", "a": "1"}, body=base)
    assert not judge(union(), {"kind": "A", "b": "1"}, body=base)
    assert not judge(union(), {"kind": "C"}, body=base)
    assert not judge(union(), {"a": "1"}, body=base)


def test_a_variant_named_directly_checks_its_own_discriminator():
    variant = Type("ref", ref="VariantA")

    assert judge(union(), {"kind": "A"}, body=variant)
    assert not judge(union(), {"kind": "B"}, body=variant)


def test_a_listed_value_without_a_definition_is_the_base_and_open():
    base = Type("ref", ref="Base")

    assert judge(union(), {"kind": "Bare", "x": "1", "new": 2}, body=base)
    assert not judge(union(), {"kind": "Bare", "x": 1}, body=base)


def test_the_schema_of_one_variant_is_smaller_and_says_the_same():
    contract = load_contract("2024-04-01")
    body = contract.operations["Jobs_CreateOrUpdate"].body
    whole = write_schema(contract.definitions, body, CREATE)
    choice = Choice("JobBaseResource", "properties", "CommandJob")
    part = write_schema(contract.definitions, body, CREATE, choice)

    assert len(part["$defs"]) < len(whole["$defs"]) / 2
    for properties in ({}, {"command": "x", "environmentId": "e"}, {"limits": 1}):
        value = {"properties": {"jobType": "Command", **properties}}
        assert compile_judge(part)(value) is compile_judge(whole)(value)


def test_numbers_keep_to_their_format():
    things = define(Property("n", Type("integer", format="int32")))

    assert judge(things, {"n": 2**31 - 1})
    assert not judge(things, {"n": 2**31})
    assert not judge(things, {"n": True})


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("^a$", "a\n", False),
        (r"^\d$", "\u0663", False),
        (r"^\w+$", "caf\u00e9", False),
        ("[$]", "$", True),
        (r"^[\w$.]+$", "a.$", True),
        (r"\$", "$", True),
    ],
)
def test_patterns_mean_in_python_what_they_mean_in_ecma_262(pattern, text, matches):
    assert bool(compile_pattern(pattern).search(text)) is matches
    schema = {"type": "string", "pattern": pattern}
    for engine in Engine:
        assert compile_judge(schema, engine)(text) is matches


def test_the_fast_engine_is_chosen_where_it_is_installed():
    assert choose_engine() is Engine.FAST


def test_without_a_wheel_the_reference_decides(monkeypatch):
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    choose_engine.cache_clear()
    try:
        assert choose_engine() is Engine.REFERENCE
        assert compile_judge({"type": "string", "pattern": "^a$"})("a")
    finally:
        choose_engine.cache_clear()


def test_without_a_wheel_bodies_are_walked_and_judged_alike(monkeypatch):
    """The reference is far slower, and is not loaded."""
    contract = load_contract("2024-04-01")
    body = contract.operations["Jobs_CreateOrUpdate"].body
    job = {"jobType": "Command", "command": "x", "environmentId": "e"}
    values = [
        {"properties": job},
        {"properties": {**job, "command": 1}},
        {"properties": {**job, "jobType": "command"}},
        {"properties": {**job, "limits": {"jobLimitsType": "Command"}}},
        {"properties": {**job, "description": "\ud800"}},
        {},
        [],
        None,
    ]
    fast = list(
        map(BodyCheck(contract, body, CREATE, is_bounded=False).accepts, values)
    )
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    choose_engine.cache_clear()
    try:
        walked = BodyCheck(contract, body, CREATE, is_bounded=False)

        assert list(map(walked.accepts, values)) == fast
        assert [not walked.check(one) for one in values * 2] == fast * 2
        monkeypatch.setattr(BodyCheck, "accepts", None)  # it would walk once more
        assert [not walked.check(one) for one in values] == fast
        assert not any(walked.is_plain({"properties": job}, HOME) for _ in range(600))
    finally:
        choose_engine.cache_clear()
    assert set(fast) == {True, False}


@pytest.mark.parametrize("value", ["\ud800", {"\ud800": 1}, [["\udfff"]]])
def test_text_that_has_no_utf_8_is_judged_all_the_same(value):
    assert compile_judge({"type": ["string", "object", "array"]}, Engine.FAST)(value)


def test_a_body_kind_is_compiled_once_for_all_validators():
    contract = load_contract("2024-04-01")
    body = contract.operations["Jobs_CreateOrUpdate"].body

    assert compile_body(contract, body, CREATE) is compile_body(contract, body, CREATE)


@pytest.mark.parametrize("compiles", [True, False])
def test_where_nothing_is_compiled_the_verdicts_are_the_same(monkeypatch, compiles):
    """Regression meets each schema with few bodies, most of which break it."""
    if not compiles:
        monkeypatch.setattr(BodyCheck, "_compile", lambda *_: 1 / 0)
    validator = Validator(compiles=compiles)
    body = b'{"properties": {"jobType": "Command", "comand": "x"}}'
    told = [
        validator.check_body("2024-04-01", "Jobs_CreateOrUpdate", body).findings
        for _ in range(_WALKED + 2)
    ]
    assert {one.code for one in told[0]} == {"AZC101", "AZC102"}
    assert all(one == told[0] for one in told)


def test_a_judge_that_refuses_without_an_explanation_is_never_silent(monkeypatch):
    contract = load_contract("2024-04-01")
    check = BodyCheck(
        contract,
        contract.operations["Jobs_CreateOrUpdate"].body,
        CREATE,
        is_bounded=False,
    )
    monkeypatch.setattr(BodyCheck, "accepts", lambda self, value: False)
    job = {"properties": {"jobType": "Command", "command": "x", "environmentId": "e"}}

    said = [check.check(job) for _ in range(_WALKED + 1)]

    assert said[:-1] == [[]] * _WALKED  # the first bodies are walked alone
    ((deviation,),) = said[-1:]
    assert deviation.path is None
