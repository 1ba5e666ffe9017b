"""What a call exercises of a contract, and what calls could exercise of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from azml_contract.contract.contract import Contract
from azml_contract.contract.model import (
    Definition,
    Operation,
    Property,
    ResponseSpec,
    SourceKind,
    Type,
)
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.regression.coverage import Coverage
from azml_contract.regression.exercised import (
    Items,
    Kind,
    find_exercised,
    list_items,
)

TEXT = Type("string")


def ref(name: str) -> Type:
    return Type("ref", name)


def define(name: str, properties: dict[str, Type], **more: Any) -> Definition:
    made = {one: Property(one, kind) for one, kind in properties.items()}
    return Definition(name, made, **more)


DEFINITIONS = [
    define("Whole", {"parts": Type("array", items=ref("Base")), "own": ref("Whole")}),
    define(
        "Base",
        {"kind": Type("string", enum=("One", "Bare"))},
        discriminator="kind",
        variants={"One": "One", "Two": "Two"},
    ),
    define("One", {"kind": TEXT, "a": TEXT}, base="Base", discriminator_value="One"),
    define("Two", {"kind": TEXT}, base="Base", discriminator_value="Two"),
    define("Open", {"named": TEXT}, additional=ref("Inner")),
    define("Inner", {"x": TEXT}, base="Two"),
    define("Error", {"code": TEXT}),
]
PUT = Operation(
    "Wholes_Put",
    "PUT",
    "/wholes",
    body=ref("Whole"),
    responses={
        "200": ResponseSpec(Type("map", items=ref("Open"))),
        "204": ResponseSpec(None),
        "default": ResponseSpec(ref("Error")),
    },
)
ACT = Operation("Act", "POST", "/act", body=ref("One"), result=ref("Open"))
CONTRACT = Contract(
    "2030-01-01",
    SourceKind.SWAGGER,
    {one.name: one for one in DEFINITIONS},
    {one.id: one for one in (PUT, ACT)},
)


def told(items: Items) -> dict[str, list[str]]:
    return {
        str(kind): sorted(".".join(one) for one in found)
        for kind, found in items.by_kind.items()
        if found
    }


def exercise(operation: Operation, status: int, sent: Any = None, came: Any = None):
    return told(
        find_exercised(CONTRACT, operation, status=status, sent=sent, received=came)
    )


def test_everything_that_an_operation_leads_to_is_in_reach_once():
    assert told(list_items(CONTRACT, [PUT])) == {
        "operations": ["Wholes.Wholes_Put"],
        "discriminator_values": ["Base.kind.Bare", "Base.kind.One", "Base.kind.Two"],
        "properties": [
            *("Error.code", "Inner.x", "One.a", "One.kind", "Open.named", "Two.kind"),
            *("Whole.own", "Whole.parts"),
        ],
        "status_codes": ["Wholes_Put.200", "Wholes_Put.204", "Wholes_Put.default"],
    }


def test_of_a_variant_that_is_named_directly_its_own_value_alone_is_in_reach():
    assert told(list_items(CONTRACT, [ACT])) == {
        "operations": ["Act.Act"],
        "discriminator_values": ["Base.kind.One"],
        "properties": ["Inner.x", "One.a", "One.kind", "Open.named"],
    }


@pytest.mark.parametrize(
    ("part", "values", "properties"),
    [
        ({"kind": "ONE", "a": 1, "b": 1}, ["One"], ["One.a", "One.kind"]),
        ({"kind": "two", "a": 1}, ["Two"], ["Two.kind"]),
        ({"kind": "bare", "a": 1}, ["Bare"], []),
        ({"kind": "other", "a": 1}, [], []),
        ({"kind": 1}, [], []),
        ({"a": 1}, [], []),
        ("text", [], []),
    ],
)
def test_a_value_exercises_the_type_that_it_names(part, values, properties):
    found = exercise(PUT, 204, {"parts": [part, part], "other": 1})
    assert found.get("discriminator_values", []) == [f"Base.kind.{v}" for v in values]
    assert found["properties"] == [*properties, "Whole.parts"]
    assert found["operations"] == ["Wholes.Wholes_Put"]
    assert found["status_codes"] == ["Wholes_Put.204"]


@pytest.mark.parametrize(
    ("operation", "status", "came", "code", "properties"),
    [
        (PUT, 200, {"k": {"named": "a"}}, "200", ["Open.named"]),
        (PUT, 200, {"k": {"more": {"x": 1, "y": 1}}}, "200", ["Inner.x"]),
        (PUT, 204, {"code": 1}, "204", []),
        (PUT, 404, {"code": 1}, "default", ["Error.code"]),
        (PUT, 404, ["code"], "default", []),
        (PUT, 404, None, "default", []),
        (ACT, 200, {"named": 1}, "", ["Open.named"]),
        (ACT, 399, {"named": 1}, "", ["Open.named"]),
        (ACT, 400, {"named": 1}, "", []),
    ],
)
def test_an_answer_exercises_the_code_and_the_type_of_it(
    operation, status, came, code, properties
):
    found = exercise(operation, status, None, came)
    named = [f"{operation.id}.{code}"] if code else []
    assert found.get("status_codes", []) == named
    assert found.get("properties", []) == properties


def test_a_code_without_a_default_exercises_nothing():
    bare = Operation("A_Get", "GET", "/a", responses={"200": ResponseSpec(ref("One"))})
    assert exercise(bare, 500, None, {"a": 1}) == {"operations": ["A.A_Get"]}


def test_a_variant_that_is_sent_directly_exercises_its_value():
    assert exercise(ACT, 200, {"a": 1})["discriminator_values"] == ["Base.kind.One"]
    assert "discriminator_values" not in exercise(ACT, 200, None, {"more": {"x": 1}})


# Counts that are joined and kept

WORKSPACE = (
    "https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000000"
    "/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/w"
)


def count(*names: str) -> Coverage:
    made = Coverage()
    for name in names:
        url = f"{WORKSPACE}/jobs/{name}?api-version=2024-04-01"
        body = b'{"properties": {"jobType": "Sweep"}}' if name == "sweep" else b""
        made.add([Exchange(Request("GET", url), Response(200, (), body))])
    return made


def test_calls_of_two_processes_are_added_and_the_same_calls_are_not():
    other = "https://example.org/"
    for overlap, calls, others in ((False, 3, 2), (True, 2, 1)):
        first, second = count("a"), count("b", "sweep")
        for one in (first, second):
            one.add([Exchange(Request("GET", other), Response(200))])
        first.merge(second, overlap=overlap)
        told = first.to_json()
        assert told["other_calls"] == others
        assert told["versions"][0]["calls"] == calls
        assert told["versions"][0]["discriminator_values"]["exercised"] == 1


def test_what_was_counted_is_kept_and_read_again():
    coverage = count("a", "sweep")
    kept = json.loads(json.dumps(coverage.to_kept()))
    assert kept["calls"] == {"2024-04-01": 2}
    assert list(kept["exercised"]["2024-04-01"]) == sorted(map(str, Kind))
    assert kept["exercised"]["2024-04-01"]["status_codes"] == {"Jobs_Get": ["200"]}
    assert Coverage.from_kept(kept).to_json() == coverage.to_json()
    assert Coverage.from_kept(kept).to_kept() == kept


def test_operations_whose_codes_nobody_tells_are_counted():
    (told,) = count("a").to_json()["versions"]
    assert (told["source"], told["operations_without_status_codes"]) == ("swagger", 0)
    coverage = Coverage()
    url = f"{WORKSPACE}/jobs/a?api-version=2026-05-01"
    coverage.add([Exchange(Request("GET", url), Response(200))])
    (told,) = coverage.to_json()["versions"]
    assert told["source"] == "bicep-types"
    assert told["operations_without_status_codes"] > 0
    assert told["operations"]["in_reach"] == told["operations"]["total"]
