"""What changed between two contracts, and which side that breaks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.change import Change, ChangeKind
from azml_contract.contract.contract import make_contract
from azml_contract.contract.diff import diff_contracts
from azml_contract.errors import UsageError
from azml_contract.finding import Side

STRING = {"type": "string"}
REFERENCE = {"$ref": "#/definitions/Job"}


class _Pair:
    """Imports two versions of one definition that a PUT sends and receives."""

    def __init__(self, swaggers: Any) -> None:
        self._swaggers = swaggers

    def diff(self, old: Any, new: Any, **verbs: Any) -> list[Change]:
        before = self._contract(old if "Job" in old else {"Job": old}, {})
        after = self._contract(new if "Job" in new else {"Job": new}, verbs)
        return diff_contracts(before, after)

    def _contract(self, definitions: Any, changed: Any) -> Any:
        body = {"name": "b", "in": "body", "required": True, "schema": REFERENCE}
        put = {
            "operationId": "Jobs_Put",
            "parameters": [body],
            "responses": {"200": {"schema": REFERENCE}},
            **changed,
        }
        paths = self._swaggers.job_path(put=put)
        return make_contract(self._swaggers.define(definitions, paths=paths))


@pytest.fixture
def pair(swaggers: Any) -> _Pair:
    return _Pair(swaggers)


def _job(*required: str, **properties: Any) -> Any:
    return {"properties": properties, "required": list(required)}


MUTABLE = ["create", "read", "update"]
# Old property, new property, sides that break, how a request breaks.
CASES: dict[str, tuple[Any, Any, str, str]] = {
    "removed": (_job(x=STRING), _job(), "request response", "ignored"),
    "added": (_job(), _job(x=STRING), "", ""),
    "added and required": (_job(), _job("x", x=STRING), "request", "refused"),
    "now required": (_job(x=STRING), _job("x", x=STRING), "request", "refused"),
    "no longer required": (_job("x", x=STRING), _job(x=STRING), "response", ""),
    "another type": (
        _job(x=STRING),
        _job(x={"type": "integer"}),
        "request response",
        "refused",
    ),
    "now read-only": (
        _job(x=STRING),
        _job(x={**STRING, "readOnly": True}),
        "request",
        "ignored",
    ),
    "now write-only": (
        _job(x=STRING),
        _job(x={**STRING, "x-ms-mutability": ["create"]}),
        "response",
        "",
    ),
    "no longer updatable": (
        _job(x={**STRING, "x-ms-mutability": MUTABLE}),
        _job(x={**STRING, "x-ms-mutability": ["create", "read"]}),
        "request",
        "refused",
    ),
    "enum value removed": (
        _job(x={"enum": ["a", "b"]}),
        _job(x={"enum": ["a"]}),
        "request",
        "refused",
    ),
    "enum value added": (
        _job(x={"enum": ["a"]}),
        _job(x={"enum": ["a", "b"]}),
        "response",
        "",
    ),
    "free text becomes an enum": (
        _job(x=STRING),
        _job(x={**STRING, "enum": ["a"]}),
        "request",
        "refused",
    ),
    "null no longer allowed": (
        _job(x={**STRING, "x-nullable": True}),
        _job(x=STRING),
        "request",
        "refused",
    ),
    "null of an optional property": (
        _job(x=STRING),
        _job(x={**STRING, "x-nullable": True}),
        "",
        "",
    ),
    "null of a required property": (
        _job("x", x=STRING),
        _job("x", x={**STRING, "x-nullable": True}),
        "response",
        "",
    ),
    "shorter": (
        _job(x=STRING),
        _job(x={**STRING, "maxLength": 5}),
        "request",
        "refused",
    ),
    "longer": (
        _job(x={**STRING, "maxLength": 5}),
        _job(x={**STRING, "maxLength": 9}),
        "",
        "",
    ),
    "a pattern": (
        _job(x=STRING),
        _job(x={**STRING, "pattern": "^a"}),
        "request",
        "refused",
    ),
    "another default": (
        _job(x={**STRING, "default": "a"}),
        _job(x={**STRING, "default": "b"}),
        "",
        "",
    ),
    "elements of another type": (
        _job(x={"type": "array", "items": STRING}),
        _job(x={"type": "array", "items": {"type": "integer"}}),
        "request response",
        "refused",
    ),
    "integer becomes number": (
        _job(x={"type": "integer"}),
        _job(x={"type": "number"}),
        "response",
        "",
    ),
    "number becomes integer": (
        _job(x={"type": "number"}),
        _job(x={"type": "integer"}),
        "request",
        "refused",
    ),
    "elements may be more": (
        _job(x={"type": "array", "items": {"type": "integer"}}),
        _job(x={"type": "array", "items": {"type": "number"}}),
        "response",
        "",
    ),
    "free text becomes an open enum": (
        _job(x=STRING),
        _job(x={**STRING, "enum": ["a"], "x-ms-enum": {"modelAsString": True}}),
        "",
        "",
    ),
    "an enum becomes free text": (
        _job(x={**STRING, "enum": ["a"]}),
        _job(x=STRING),
        "response",
        "",
    ),
    "a format that is asked for": (
        _job(x=STRING),
        _job(x={**STRING, "format": "duration"}),
        "request",
        "refused",
    ),
    "a format that nothing is asked of": (
        _job(x=STRING),
        _job(x={**STRING, "format": "uri"}),
        "",
        "",
    ),
    "a format that is asked for as before": (
        _job(x={**STRING, "format": "duration", "maxLength": 5}),
        _job(x={**STRING, "format": "duration", "maxLength": 9}),
        "",
        "",
    ),
    "a format that is no longer asked for": (
        _job(x={**STRING, "format": "duration"}),
        _job(x=STRING),
        "",
        "",
    ),
    "a pattern goes": (_job(x={**STRING, "pattern": "^a"}), _job(x=STRING), "", ""),
    "not empty any more": (
        _job(x=STRING),
        _job(x={**STRING, "minLength": 1}),
        "request",
        "refused",
    ),
    "not empty, as the pattern said before": (
        _job(x={**STRING, "pattern": "^a"}),
        _job(x={**STRING, "pattern": "^a", "minLength": 1}),
        "",
        "",
    ),
    "not empty, where the pattern let it": (
        _job(x={**STRING, "pattern": "^a?"}),
        _job(x={**STRING, "pattern": "^a?", "minLength": 1}),
        "request",
        "refused",
    ),
    "longer than the pattern said before": (
        _job(x={**STRING, "pattern": "^a"}),
        _job(x={**STRING, "pattern": "^a", "minLength": 2}),
        "request",
        "refused",
    ),
    "a higher minimum": (
        _job(x={"type": "integer", "minimum": 1}),
        _job(x={"type": "integer", "minimum": 2}),
        "request",
        "refused",
    ),
    "a lower minimum": (
        _job(x={"type": "integer", "minimum": 2}),
        _job(x={"type": "integer", "minimum": 1}),
        "",
        "",
    ),
    "a maximum": (
        _job(x={"type": "integer"}),
        _job(x={"type": "integer", "maximum": 2}),
        "request",
        "refused",
    ),
    "no maximum": (
        _job(x={"type": "integer", "maximum": 2}),
        _job(x={"type": "integer"}),
        "",
        "",
    ),
    "the same bounds, another default": (
        _job(x={"type": "integer", "minimum": 1, "maximum": 2, "default": 1}),
        _job(x={"type": "integer", "minimum": 1, "maximum": 2, "default": 2}),
        "",
        "",
    ),
    "fewer elements at most": (
        _job(x={"type": "array", "items": STRING}),
        _job(x={"type": "array", "items": STRING, "maxItems": 3}),
        "request",
        "refused",
    ),
    "more elements at least": (
        _job(x={"type": "array", "items": STRING, "minItems": 1}),
        _job(x={"type": "array", "items": STRING, "minItems": 2}),
        "request",
        "refused",
    ),
    "more elements at most": (
        _job(x={"type": "array", "items": STRING, "maxItems": 2}),
        _job(x={"type": "array", "items": STRING, "maxItems": 3}),
        "",
        "",
    ),
    "no longer creatable": (
        _job(x={**STRING, "x-ms-mutability": MUTABLE}),
        _job(x={**STRING, "x-ms-mutability": ["read", "update"]}),
        "request",
        "refused",
    ),
    "creatable and updatable as before": (
        _job(x={**STRING, "x-ms-mutability": ["create", "update"]}),
        _job(x={**STRING, "x-ms-mutability": MUTABLE}),
        "",
        "",
    ),
    "no longer read-only, and required": (
        _job(x={**STRING, "readOnly": True}),
        _job("x", x=STRING),
        "",
        "",
    ),
    "added and read-only": (_job(), _job("x", x={**STRING, "readOnly": True}), "", ""),
    "a write-only one goes": (
        _job(x={**STRING, "x-ms-mutability": ["create"]}),
        _job(),
        "request",
        "ignored",
    ),
    "any object becomes a map": (
        _job(x={"type": "object"}),
        _job(x={"type": "object", "additionalProperties": STRING}),
        "request",
        "refused",
    ),
    "a map becomes any object": (
        _job(x={"type": "object", "additionalProperties": STRING}),
        _job(x={"type": "object"}),
        "response",
        "",
    ),
    "a list becomes a map": (
        _job(x={"type": "array", "items": STRING}),
        _job(x={"type": "object", "additionalProperties": STRING}),
        "request response",
        "refused",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_property(pair: _Pair, case: str) -> None:
    old, new, breaks, way = CASES[case]
    (change,) = pair.diff(old, new)
    assert (change.subject, change.name) == ("Job", "x")
    assert " ".join(change.breaks) == breaks
    assert change.way == way
    assert (change.operation, change.pointer) == ("Jobs_Put", "")


def test_equal_contracts_do_not_differ(pair: _Pair) -> None:
    assert pair.diff(_job(x=STRING), _job(x=STRING)) == []


def test_a_read_only_property_breaks_no_request(pair: _Pair) -> None:
    (change,) = pair.diff(_job(x={**STRING, "readOnly": True}), _job())
    assert change.breaks == ("response",)


def _family(**variants: Any) -> Any:
    """A Job with properties, a base whose variants have these properties."""
    definitions = {
        "Job": {"properties": {"properties": {"$ref": "#/definitions/Base"}}},
        "Base": {"discriminator": "kind", "properties": {"kind": STRING}},
    }
    for name, (value, properties) in variants.items():
        definitions[name] = {
            "allOf": [{"$ref": "#/definitions/Base"}],
            "x-ms-discriminator-value": value,
            "properties": properties,
        }
    return definitions


def test_a_property_of_a_derived_type_is_seen(pair: _Pair) -> None:
    """specshift misses these."""
    (change,) = pair.diff(
        _family(Sweep=("Sweep", {"algorithm": STRING})), _family(Sweep=("Sweep", {}))
    )
    assert (change.subject, change.name) == ("Sweep", "algorithm")
    assert change.pointer == "/properties<Sweep>"


def test_variants_come_go_and_change_their_value(pair: _Pair) -> None:
    changes = pair.diff(
        _family(File=("UriFile", {}), Gone=("Gone", {})),
        _family(File=("uri_file", {}), Fresh=("Fresh", {})),
    )
    told = {(c.kind, c.name, c.after, " ".join(c.breaks)) for c in changes}
    assert told == {
        (ChangeKind.VARIANT_CHANGED, "UriFile", "uri_file", "request response"),
        (ChangeKind.VARIANT_REMOVED, "Gone", "", "request response"),
        (ChangeKind.VARIANT_ADDED, "Fresh", "Fresh", "response"),
    }


def test_what_heirs_inherit_is_told_once(pair: _Pair) -> None:
    old = _family(One=("One", {}), Two=("Two", {}))
    new = _family(One=("One", {}), Two=("Two", {}))
    new["Base"]["properties"]["note"] = STRING
    (change,) = pair.diff(old, new)
    assert (change.subject, change.name) == ("Base", "note")


def test_a_renamed_definition_is_compared_with_its_successor(pair: _Pair) -> None:
    old = {
        "Job": {"properties": {"part": {"$ref": "#/definitions/Old"}}},
        "Old": _job(x=STRING),
    }
    new = {
        "Job": {"properties": {"part": {"$ref": "#/definitions/New"}}},
        "New": _job(),
    }
    (change,) = pair.diff(old, new)
    assert (change.kind, change.subject) == (ChangeKind.PROPERTY_REMOVED, "New")
    assert change.pointer == "/part"


OPERATIONS: dict[str, tuple[Any, str, str, str]] = {
    "renamed": ({"operationId": "Job_Put"}, "operation renamed", "", ""),
    "status added": (
        {"responses": {"200": {"schema": REFERENCE}, "201": {}}},
        "status added",
        "201",
        "response",
    ),
    "status removed": ({"responses": {"202": {}}}, "status removed", "200", "response"),
    "no body any more": (
        {"responses": {"200": {}}},
        "status changed",
        "200",
        "response",
    ),
    "another kind of answer": (
        {"responses": {"200": {"schema": {"type": "array", "items": REFERENCE}}}},
        "status changed",
        "200",
        "response",
    ),
    "long-running": (
        {"x-ms-long-running-operation": True},
        "flow changed",
        "long-running",
        "response",
    ),
    "paged": (
        {"x-ms-pageable": {"nextLinkName": "nextLink"}},
        "flow changed",
        "paging",
        "response",
    ),
    "no request body": ({"parameters": []}, "body changed", "", "request"),
    "another request body": (
        {
            "parameters": [
                {
                    "name": "b",
                    "in": "body",
                    "schema": {"type": "array", "items": REFERENCE},
                }
            ]
        },
        "body changed",
        "",
        "request",
    ),
}


@pytest.mark.parametrize("case", OPERATIONS)
def test_an_operation(pair: _Pair, case: str) -> None:
    changed, kind, name, breaks = OPERATIONS[case]
    changes = pair.diff(_job(x=STRING), _job(x=STRING), **changed)
    told = [(c.kind, c.name, " ".join(c.breaks)) for c in changes]
    assert (kind, name, breaks) in told


def test_queries_come_and_go(pair: _Pair) -> None:
    query = {"name": "top", "in": "query", "type": "integer"}
    body = {"name": "b", "in": "body", "required": True, "schema": REFERENCE}
    needed = {"parameters": [body, {**query, "required": True}]}
    (change,) = pair.diff(_job(), _job(), **needed)
    assert (change.kind, change.name) == (ChangeKind.PARAMETER_ADDED, "query top")
    assert (change.breaks, change.way) == (("request",), "refused")
    optional = {"parameters": [body, query]}
    (change,) = pair.diff(_job(), _job(), **optional)
    assert change.breaks == ()


# -- official versions -------------------------------------------------------


def test_the_big_break_of_the_jobs_put() -> None:
    changes = diff_contracts(
        load_contract("2021-03-01-preview"),
        load_contract("2022-02-01-preview"),
        operation="Jobs_CreateOrUpdate",
    )
    ignored = {
        (c.subject, c.name)
        for c in changes
        if c.way == "ignored" and "request" in c.breaks
    }
    assert ignored >= {
        ("CommandJob", "compute"),
        ("CommandJob", "inputDataBindings"),
        ("SweepJob", "algorithm"),
        ("SweepJob", "maxTotalTrials"),
        ("TrialComponent", "inputDataBindings"),
    }
    refused = {(c.subject, c.name) for c in changes if c.way == "refused"}
    assert refused >= {
        ("SweepJob", "samplingAlgorithm"),
        ("CommandJob", "environmentId"),
    }


def test_a_definition_that_moved_is_compared_with_itself() -> None:
    changes = diff_contracts(
        load_contract("2021-03-01-preview"),
        load_contract("2022-05-01"),
        operation="Datastores_CreateOrUpdate",
    )
    (secrets,) = (
        c
        for c in changes
        if (c.subject, c.name) == ("AccountKeyDatastoreCredentials", "secrets")
    )
    assert (secrets.breaks, secrets.way) == ((Side.REQUEST,), "refused")
    assert secrets.pointer == (
        "/properties/contents<AzureBlob>/credentials<AccountKey>"
    )


def test_changes_come_in_one_order(tmp_path: Path) -> None:
    script = (
        "from azml_contract.cli import main; import sys; "
        "sys.argv = ['', 'contract', 'diff', '2021-03-01-preview', '2022-05-01']; "
        "main()"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            cwd=tmp_path,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_an_operation_is_followed_through_its_new_name() -> None:
    changes = diff_contracts(
        load_contract("2021-03-01-preview"),
        load_contract("2022-02-01-preview"),
        operation="EnvironmentSpecificationVersions_CreateOrUpdate",
    )
    assert changes[0].kind is ChangeKind.OPERATION_RENAMED
    assert changes[0].after == "EnvironmentVersions_CreateOrUpdate"
    assert ("EnvironmentVersion", "docker") in {(c.subject, c.name) for c in changes}


def test_what_bicep_types_cannot_say_is_no_change() -> None:
    """Nullability, defaults, formats, mutability and status codes are unknown."""
    changes = diff_contracts(load_contract("2024-04-01"), load_contract("2024-10-01"))
    assert {(c.subject, c.name) for c in changes} == {
        ("Registry", "registryId"),
        ("WorkspaceConnectionPropertiesV2", "category"),
        ("OnlineDeployment", "startupProbe"),
        ("InferenceContainerProperties", "startupRoute"),
        ("ManagedNetworkSettings", "firewallSku"),
        ("SparkJob", "codeId"),
    }


@pytest.mark.parametrize("index", range(len(known_versions()) - 1))
def test_neighbouring_versions_can_be_compared(index: int) -> None:
    before, after = known_versions()[index : index + 2]
    changes = diff_contracts(load_contract(before), load_contract(after))
    assert all(change.subject for change in changes)


def test_an_unknown_operation_is_a_usage_error() -> None:
    contract = load_contract("2024-04-01")
    with pytest.raises(UsageError, match="Neither 2024-04-01 nor 2024-04-01 has"):
        diff_contracts(contract, contract, operation="Jobs_Fly")
