"""What becomes of paths, parameters and answers."""

from __future__ import annotations

from typing import Any

from azml_contract.contract.model import Parameter, ResponseSpec, SourceKind, Type

COMMON = "../../common-types/resource-management"


def test_an_operation_with_everything(swaggers: Any) -> None:
    job = {"properties": {"x": {"type": "string"}}}
    imported = swaggers.define(
        {"Job": job},
        parameters={
            "Version": {
                "name": "api-version",
                "in": "query",
                "required": True,
                "type": "string",
                "minLength": 1,
                "x-ms-parameter-location": "client",
            }
        },
        paths=swaggers.job_path(
            [{"$ref": "#/parameters/Version"}],
            put=swaggers.operation(
                operationId="Jobs_Put",
                parameters=[
                    {
                        "name": "names",
                        "in": "query",
                        "type": "array",
                        "items": {"type": "string"},
                    },
                    {"name": "If-Match", "in": "header", "type": "string"},
                    {
                        "name": "body",
                        "in": "body",
                        "required": True,
                        "schema": {"$ref": "#/definitions/Job"},
                    },
                ],
                responses={
                    "200": {"schema": {"$ref": "#/definitions/Job"}},
                    "202": {"headers": {"Location": {"type": "string"}}},
                },
                **{
                    "x-ms-long-running-operation": True,
                    "x-ms-long-running-operation-options": {
                        "final-state-via": "location"
                    },
                    "x-ms-pageable": {"nextLinkName": "nextLink"},
                },
            ),
        ),
    )
    made = imported.operations["Jobs_Put"]
    reference = Type("ref", ref="Job")
    assert (made.method, made.path.rpartition("/")[2]) == ("PUT", "{id}")
    assert made.parameters == (
        Parameter("id", "path", Type("string"), True),
        Parameter("api-version", "query", Type("string", min_length=1), True),
        Parameter("names", "query", Type("array", items=Type("string")), False),
        Parameter("If-Match", "header", Type("string"), False),
    )
    assert (made.body, made.body_required) == (reference, True)
    assert made.responses == {
        "200": ResponseSpec(reference),
        "202": ResponseSpec(None, ("Location",)),
    }
    assert (made.long_running, made.final_state_via) == (True, "location")
    assert made.paging == "nextLink"
    assert (made.queries_known, made.carried_from, made.assumed) == (True, "", False)


def test_an_operation_with_almost_nothing(swaggers: Any) -> None:
    paging = {"x-ms-pageable": {"nextLinkName": None}}
    imported = swaggers.define(
        {}, paths=swaggers.job_path(get=swaggers.operation(**paging))
    )
    made = imported.operations["Jobs_Get"]
    assert (made.body, made.long_running, made.paging) == (None, False, "")


def test_operations_come_from_every_file(swaggers: Any) -> None:
    first = swaggers.job_path(get=swaggers.operation())
    second = {"/providers/x/operations": {"get": swaggers.operation(operationId="Ops")}}
    swaggers.write("mfe.json", swaggers.document(paths=first))
    swaggers.write("workspaceRP.json", swaggers.document(paths=second))
    swaggers.write("examples/Jobs_Get.json", {"parameters": {}})
    assert set(swaggers.load().operations) == {"Jobs_Get", "Ops"}


def test_a_single_openapi_file_with_common_types_v4_and_v5(swaggers: Any) -> None:
    """The layout that the specifications moved to: references leave the file."""
    for version in ("v4", "v5"):
        swaggers.write(
            f"{COMMON}/{version}/types.json",
            swaggers.document(
                {
                    "Resource": {
                        "properties": {
                            "id": {
                                "type": "string",
                                "readOnly": True,
                                "format": "arm-id",
                            },
                            "systemData": {
                                "$ref": "#/definitions/systemData",
                                "readOnly": True,
                            },
                        }
                    },
                    "systemData": {
                        "properties": {
                            "createdAt": {"type": "string", "format": "date-time"}
                        }
                    },
                    "ErrorResponse": {
                        "properties": {
                            "error": {"$ref": "#/definitions/ErrorDetail"},
                            **(
                                {"trace": {"type": "string"}} if version == "v5" else {}
                            ),
                        }
                    },
                    "ErrorDetail": {
                        "properties": {
                            "details": {
                                "type": "array",
                                "items": {"$ref": "#/definitions/ErrorDetail"},
                            }
                        }
                    },
                },
                parameters={
                    "ApiVersionParameter": {
                        "name": "api-version",
                        "in": "query",
                        "required": True,
                        "type": "string",
                    }
                },
            ),
        )
    answer = {"$ref": f"{COMMON}/v5/types.json#/definitions/ErrorResponse"}
    older = {"$ref": f"{COMMON}/v4/types.json#/definitions/ErrorResponse"}
    swaggers.write(
        "openapi.json",
        swaggers.document(
            {
                "Job": {
                    "allOf": [
                        {"$ref": f"{COMMON}/v5/types.json#/definitions/Resource"}
                    ],
                    "properties": {
                        "properties": {"$ref": "#/definitions/JobProperties"},
                        "error": older,
                    },
                },
                "JobProperties": {
                    "type": "object",
                    "properties": {"kind": {"$ref": "#/definitions/JobKind"}},
                    "discriminator": "kind",
                    "required": ["kind"],
                },
                "JobKind": {
                    "type": "string",
                    "enum": ["Command"],
                    "x-ms-enum": {
                        "name": "JobKind",
                        "modelAsString": True,
                        "values": [{"name": "Command", "value": "Command"}],
                    },
                },
            },
            paths=swaggers.job_path(
                [{"$ref": f"{COMMON}/v5/types.json#/parameters/ApiVersionParameter"}],
                get=swaggers.operation(
                    responses={
                        "200": {"schema": {"$ref": "#/definitions/Job"}},
                        "default": {"schema": answer},
                    }
                ),
            ),
        ),
    )
    imported = swaggers.load()
    definitions, made = imported.definitions, imported.operations["Jobs_Get"]
    assert imported.kind is SourceKind.SWAGGER
    assert made.responses is not None
    assert made.responses["default"].body == Type("ref", ref="ErrorResponse")
    assert [p.name for p in made.parameters] == ["id", "api-version"]
    assert set(definitions["ErrorResponse"].properties) == {"error", "trace"}
    assert definitions["Job"].properties["error"].type.ref == "ErrorResponse.v4"
    assert definitions["Job"].properties["id"].type.format == "arm-id"
    assert definitions["JobProperties"].properties["kind"].type.enum_open
    assert [file.name for file in imported.files] == [
        "types.json",
        "types.json",
        "openapi.json",
    ]
