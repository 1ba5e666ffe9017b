"""How a bicep-types version is completed from the nearest swagger."""

from __future__ import annotations

from typing import Any

import pytest

from azml_contract.contract.carry import carry_over
from azml_contract.contract.catalog import load_contract, read_strength
from azml_contract.contract.imported import Imported
from azml_contract.contract.model import SourceKind, Type
from azml_contract.contract.sources import nearest_first
from azml_contract.contract.strength import measure_strength
from azml_contract.contract.user_folder import as_imported

ROOT = (
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
    "/providers/Microsoft.MachineLearningServices/workspaces/{workspaceName}"
)
JOB = {"$ref": "#/definitions/JobResource"}


@pytest.fixture
def reference(swaggers: Any) -> Imported:
    """A swagger with jobs: get, put, list, cancel, an action that answers, delete."""
    names = ("subscriptionId", "resourceGroupName", "workspaceName", "id")
    listed = [
        {"name": n, "in": "path", "required": True, "type": "string"} for n in names
    ]
    body = {"name": "body", "in": "body", "required": True, "schema": JOB}
    answer = {"200": {"schema": JOB}, "default": {}}
    keys = {"200": {"schema": {"$ref": "#/definitions/JobKeys"}}}
    page = {"200": {"schema": {"$ref": "#/definitions/JobPage"}}}
    top = {"name": "$top", "in": "query", "type": "integer"}
    op = swaggers.operation
    return swaggers.define(
        {
            "JobResource": {
                "properties": {
                    "id": {"type": "string", "readOnly": True},
                    "properties": {"$ref": "#/definitions/JobBase"},
                },
                "required": ["properties"],
            },
            "JobBase": {
                "allOf": [{"$ref": "#/definitions/ResourceBase"}],
                "discriminator": "jobType",
                "required": ["jobType"],
                "properties": {
                    "jobType": {"type": "string", "enum": ["Sweep", "Command", "Bare"]},
                    "loss": {"type": "number", "format": "double"},
                    "password": {"type": "string", "x-ms-secret": True},
                },
            },
            "ResourceBase": {
                "properties": {"note": {"type": "string", "x-nullable": True}}
            },
            "Command": {"allOf": [{"$ref": "#/definitions/JobBase"}]},
            "Sweep": {"allOf": [{"$ref": "#/definitions/JobBase"}]},
            "JobKeys": {"properties": {"key": {"type": "string"}}},
            "JobPage": {
                "properties": {
                    "value": {"type": "array", "items": JOB},
                    "next": {"$ref": "#/definitions/Next"},
                }
            },
            "Next": {"properties": {"link": {"type": "string", "x-nullable": True}}},
        },
        paths={
            f"{ROOT}/jobs/{{id}}": {
                "parameters": listed,
                "get": op(operationId="Jobs_Get", responses=answer),
                "put": op(operationId="Jobs_Put", responses=answer, parameters=[body]),
                "delete": op(operationId="Jobs_Delete"),
                "patch": op(operationId="Jobs_Update", parameters=[body]),
            },
            f"{ROOT}/jobs/{{id}}/cancel": {
                "parameters": listed,
                "post": op(operationId="Jobs_Cancel"),
            },
            f"{ROOT}/jobs/{{id}}/listKeys": {
                "parameters": listed,
                "post": op(operationId="Jobs_ListKeys", responses=keys),
            },
            f"{ROOT}/jobs": {
                "parameters": listed[:-1],
                "get": op(operationId="Jobs_List", responses=page, parameters=[top]),
            },
        },
    )


def _add_jobs(bicep: Any) -> None:
    """Jobs as Bicep tells them: other names, a variant more and one less."""
    text = bicep.add("StringType")
    tags = {v: bicep.add("StringLiteralType", value=v) for v in ("Command", "Spark")}
    base = bicep.add(
        "DiscriminatedObjectType",
        name="JobBaseProperties",
        discriminator="jobType",
        baseProperties={
            "loss": bicep.property(bicep.add("IntegerType")),
            "password": bicep.property(text),
            "note": bicep.property(text),
        },
        elements={
            value: bicep.object(value, jobType=bicep.property(tag, 1))
            for value, tag in tags.items()
        },
    )
    body = bicep.object(
        "Microsoft.MachineLearningServices/workspaces/jobs",
        id=bicep.property(text, 10),
        properties=bicep.property(base, 1),
    )
    bicep.resource("workspaces/jobs", body)


@pytest.fixture
def completed(bicep: Any, reference: Imported) -> Imported:
    _add_jobs(bicep)
    return carry_over(bicep.load(), [reference])


def test_definitions_get_the_names_of_their_swagger_twins(completed: Imported) -> None:
    assert completed.kind is SourceKind.BICEP_TYPES
    properties = completed.definitions["JobResource"].properties["properties"]
    assert properties.type == Type("ref", ref="JobBase")
    assert "JobBaseProperties" not in completed.definitions


def test_numbers_and_secrets_are_learned_from_the_twin(completed: Imported) -> None:
    found = completed.definitions["JobBase"].properties
    assert found["loss"].type.kind == "number"
    assert found["password"].secret


def test_discriminator_values_without_a_variant_are_learned(
    completed: Imported,
) -> None:
    """Sweep had a variant which is gone; Bare never had one; Spark is new."""
    tag = completed.definitions["JobBase"].properties["jobType"].type
    assert tag.enum == ("Command", "Bare", "Spark")
    assert completed.definitions["Spark"].properties["jobType"].type == tag
    assert set(completed.definitions["JobBase"].variants) == {"Command", "Spark"}


def test_an_ancestor_that_bicep_flattened_comes_back(completed: Imported) -> None:
    note = completed.definitions["ResourceBase"].properties["note"]
    assert (note.nullable, note.carried_from) == (True, "2030-01-01")
    assert completed.parents["JobBase"] == ("ResourceBase",)


def test_told_operations_carry_over_what_is_unknown(completed: Imported) -> None:
    put = completed.operations["Jobs_Put"]
    assert put.body == Type("ref", ref="JobResource")
    assert set(put.responses or {}) == {"200", "default"}
    assert (put.carried_from, put.assumed) == ("2030-01-01", False)
    told = {n for n, o in completed.operations.items() if not o.assumed}
    assert told == {"Jobs_Get", "Jobs_Put", "Jobs_Delete", "Jobs_List"}


def test_operations_that_bicep_never_tells_are_assumed(completed: Imported) -> None:
    assumed = {n for n, o in completed.operations.items() if o.assumed}
    assert assumed == {"Jobs_Cancel", "Jobs_Update"}
    assert completed.operations["Jobs_Cancel"].carried_from == "2030-01-01"


def test_an_action_that_bicep_would_tell_is_gone_when_it_does_not(
    completed: Imported,
) -> None:
    assert "Jobs_ListKeys" not in completed.operations


def test_operations_of_a_resource_type_that_is_gone_are_not_carried(
    bicep: Any, reference: Imported
) -> None:
    bicep.resource("workspaces/others", bicep.object("Others"))
    completed = carry_over(bicep.load(), [reference])
    assert not any("jobs" in o.path for o in completed.operations.values())


def test_definitions_that_only_the_swagger_has_say_so(completed: Imported) -> None:
    page, following = (completed.definitions[n] for n in ("JobPage", "Next"))
    assert page.carried_from == following.carried_from == "2030-01-01"
    assert following.properties["link"].nullable is True
    assert completed.definitions["JobBase"].carried_from == ""


def test_a_resource_type_that_no_swagger_has_gets_operations_by_convention(
    bicep: Any, reference: Imported
) -> None:
    name = bicep.add("StringType", pattern="^[a-z]+$")
    body = bicep.object(
        "Microsoft.MachineLearningServices/workspaces/policies",
        name=bicep.property(name, 9),
        note=bicep.property(name),
    )
    bicep.resource("workspaces/policies", body)
    bicep.add(
        "ResourceFunctionType",
        name="check",
        resourceType="Microsoft.MachineLearningServices/workspaces/policies",
        apiVersion=bicep.version,
        output=bicep.object("Verdict", ok=bicep.property(name)),
    )
    completed = carry_over(bicep.load(), [reference])
    found = completed.operations
    assert set(found) == {
        "Policies_Get",
        "Policies_List",
        "Policies_CreateOrUpdate",
        "Policies_Delete",
        "Policies_Check",
    }
    put = found["Policies_CreateOrUpdate"]
    assert put.path == f"{ROOT}/policies/{{policyName}}"
    assert put.body == put.result == Type("ref", ref="PoliciesResource")
    assert (put.responses, put.long_running, put.paging) == (None, None, None)
    assert not put.queries_known
    patterns = {p.name: p.type.pattern for p in put.parameters}
    assert patterns["policyName"] == "^[a-z]+$"
    assert {n for n, o in found.items() if o.assumed} == {
        "Policies_List",
        "Policies_Delete",
    }
    assert found["Policies_Check"].result == Type("ref", ref="Verdict")


def test_a_read_only_resource_type_cannot_be_put(bicep: Any) -> None:
    body = bicep.object("Microsoft.MachineLearningServices/workspaces/features")
    bicep.resource("workspaces/features", body, writable=False)
    completed = carry_over(bicep.load(), [])
    assert set(completed.operations) == {"Features_Get", "Features_List"}


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (
            "2024-10-01",
            ["2024-04-01", "2023-10-01", "2024-07-01-preview", "2025-01-01"],
        ),
        (
            "2024-10-01-preview",
            ["2024-07-01-preview", "2024-04-01", "2023-10-01", "2025-01-01"],
        ),
        (
            "2024-01-01",
            ["2023-10-01", "2024-04-01", "2025-01-01", "2024-07-01-preview"],
        ),
    ],
)
def test_nearest_swagger(version: str, expected: list[str]) -> None:
    """Older before newer; a stable version leans on stable ones first."""
    references = [
        Imported(v, SourceKind.SWAGGER, {}, {})
        for v in ("2025-01-01", "2023-10-01", "2024-07-01-preview", "2024-04-01")
    ]
    ordered = nearest_first(version, references)
    assert [reference.api_version for reference in ordered] == expected


def test_what_is_carried_over_and_what_is_not_known_is_counted(
    completed: Imported, reference: Imported
) -> None:
    """Of a property two facts, of an operation four."""
    told, carried = measure_strength(reference), measure_strength(completed)

    assert (told.known, told.carried) == (told.possible, 0)
    assert carried.carried == carried.known < carried.possible


@pytest.mark.parametrize("version", ["2024-04-01", "2025-06-01", "2026-05-15-preview"])
def test_the_catalogue_counts_what_the_data_holds(version: str) -> None:
    counted = measure_strength(as_imported(load_contract(version)))

    assert read_strength(version) == counted
    assert (counted.known == counted.possible) == (version == "2024-04-01")
