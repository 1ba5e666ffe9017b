"""Microsoft's own examples, requests and answers of two api-versions.

None has an error in `service`, and each finding in `strict` is explained, but
for the defects of the examples listed in `example_defects.toml`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from azml_contract.contract.catalog import load_contract
from azml_contract.contract.model import Operation
from azml_contract.exchange import Exchange, Request, Response, make_headers
from azml_contract.finding import Finding, Severity
from azml_contract.validation.ledger import load_ledger
from azml_contract.validation.validator import Profile, Validator

RESOURCE_MANAGER = "machinelearningservices/resource-manager"
PROVIDER = "Microsoft.MachineLearningServices"
VERSIONS = {"2021-03-01-preview": "preview", "2023-10-01": "stable"}
DEFECTS = Path(__file__).with_name("example_defects.toml")


@dataclass(frozen=True)
class Example:
    """One official example: its file, and the exchanges it shows."""

    version: str
    file: str
    exchanges: tuple[Exchange, ...]


def read_examples(specs: Path, version: str) -> Iterator[Example]:
    """Every example that an operation of an api-version refers to."""
    folder = specs / RESOURCE_MANAGER / PROVIDER / VERSIONS[version] / version
    for file in sorted(folder.glob("*.json")):
        for operation_id, path in find_references(file):
            operation = load_contract(version).operations[operation_id]
            name = path.relative_to((folder / "examples").resolve()).as_posix()
            yield Example(
                version, name, tuple(read_exchanges(operation, path, version))
            )


def find_references(file: Path) -> Iterator[tuple[str, Path]]:
    for item in json.loads(file.read_text("utf-8"))["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                for reference in operation.get("x-ms-examples", {}).values():
                    path = (file.parent / reference["$ref"]).resolve()
                    yield operation["operationId"], path


def read_exchanges(
    operation: Operation, file: Path, version: str
) -> Iterator[Exchange]:
    example = json.loads(file.read_text("utf-8"))
    request = build_request(operation, example["parameters"], version)
    for status, answer in example["responses"].items():
        body = json.dumps(answer["body"]).encode() if "body" in answer else b""
        headers = make_headers(answer.get("headers") or {})
        yield Exchange(request, Response(int(status), headers, body))


def build_request(
    operation: Operation, parameters: dict[str, Any], version: str
) -> Request:
    given = {name.lower(): value for name, value in parameters.items()}
    given.pop("api-version", None)
    path, query = operation.path, [f"api-version={version}"]
    for parameter in operation.parameters:
        value = given.pop(parameter.name.lower(), None)
        if parameter.place == "path":
            path = path.replace(f"{{{parameter.name}}}", quote(str(value), safe=""))
        elif parameter.place == "query" and value is not None:
            query.append(f"{quote(parameter.name)}={quote(show(value))}")
    bodies = [value for value in given.values() if isinstance(value, dict)]
    body = json.dumps(bodies[0]).encode() if operation.body and bodies else b""
    url = f"https://management.azure.com{path}?{'&'.join(query)}"
    return Request(operation.method, url, (), body)


def show(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def load_entries() -> list[dict[str, Any]]:
    """The entries of the list of defects, each with a reason."""
    entries = tomllib.loads(DEFECTS.read_text("utf-8"))["defect"]
    assert all(entry["reason"] and entry["files"] for entry in entries)
    return entries


def load_defects() -> set[tuple[str, str, str]]:
    """Api-version, file and code of every listed defect."""
    return {
        (entry["version"], file, code)
        for entry in load_entries()
        for file in entry["files"]
        for code in entry["codes"]
    }


def check_all(
    examples: list[Example], profile: Profile
) -> list[tuple[Example, Finding]]:
    validator = Validator(profile=profile)
    return [
        (example, finding)
        for example in examples
        for exchange in example.exchanges
        for finding in validator.check(exchange).findings
    ]


@pytest.fixture(scope="module", params=sorted(VERSIONS))
def examples(request: pytest.FixtureRequest, shared_specs: Path) -> list[Example]:
    """All examples of one api-version."""
    return list(read_examples(shared_specs, request.param))


def test_every_example_is_validated_on_both_sides(examples):
    validator = Validator()
    verdicts = [validator.check(e) for one in examples for e in one.exchanges]

    assert len(verdicts) > 150
    assert all(v.operation and v.requests == v.responses == 1 for v in verdicts)


def test_no_example_has_an_error_in_service_but_the_listed_ones(examples):
    defects = load_defects()

    unlisted = [
        (example.file, finding.code, finding.pointer, finding.message)
        for example, finding in check_all(examples, Profile.SERVICE)
        if finding.severity is Severity.ERROR
        and (example.version, example.file, finding.code) not in defects
    ]

    assert unlisted == []


def test_every_finding_in_strict_is_in_the_ledger_or_on_the_list(examples):
    defects = load_defects()

    unexplained = [
        (example.file, finding.code, finding.pointer, finding.message)
        for example, finding in check_all(examples, Profile.STRICT)
        if (example.version, example.file, finding.code) not in defects
        and not covers_in_service(example, finding)
    ]

    assert unexplained == []


def covers_in_service(example: Example, finding: Finding) -> bool:
    """Whether the ledger explains a strict finding when judged in `service`."""
    found = [
        other
        for exchange in example.exchanges
        for other in Validator().check(exchange).findings
        if (other.code, other.pointer) == (finding.code, finding.pointer)
    ]
    named = {f"({entry.id})" for entry in load_ledger()}
    return any(name in other.message for other in found for name in named)


def test_every_listed_defect_still_occurs(examples):
    version = examples[0].version
    found = {
        (example.version, example.file, finding.code)
        for example, finding in check_all(examples, Profile.STRICT)
    }

    gone = [
        (entry["codes"], file)
        for entry in load_entries()
        for file in entry["files"]
        if entry["version"] == version
        and not any((version, file, code) in found for code in entry["codes"])
    ]

    assert gone == []
