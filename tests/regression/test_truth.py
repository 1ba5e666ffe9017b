"""What the matrix says of real answers rests on a contract or on what was counted.

Recordings of the live service and Microsoft's examples are judged at every known
api-version. The counts are read here from the raw file beside the repository, not
from the data that was compiled of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from azml_contract.cassette.recordings import Recording, from_exchanges
from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.contract import Contract
from azml_contract.contract.model import Definition, Type
from azml_contract.documents.recordings import read_any
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.finding import Finding, Severity
from azml_contract.regression.matrix import Judge
from azml_contract.regression.outcome import Row, Status

GONE, RETYPED, STATUS = "AZC302", "AZC303", "AZC306"
FOLDER = (
    "machinelearningservices/resource-manager/Microsoft.MachineLearningServices/"
    "stable/2023-10-01"
)
Counts = dict[tuple[str, str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def counted(facts_folder: Path) -> Counts:
    """Every row of the raw counts, by operation and api-version."""
    file = facts_folder / "observed.json"
    found: Counts = {}
    for row in json.loads(file.read_text("utf-8")):
        found.setdefault((row["operation"], row["api_version"]), []).append(row)
    return found


def find_kinds(counted: Counts, finding: Finding) -> set[str]:
    """The JSON types that successful answers held at the place of a finding."""
    kinds: set[str] = set()
    for row in counted.get((finding.operation, finding.api_version), ()):
        if row["status"] < 400:
            for place, types in row["answer"].items():
                if is_at(place, finding.pointer):
                    kinds |= types.keys()
    return kinds


def is_at(place: str, pointer: str) -> bool:
    steps, given = place.split("/"), pointer.split("/")
    return len(steps) == len(given) and all(
        one in ("*", other) or other == "*"
        for one, other in zip(steps, given, strict=True)
    )


def read_examples(specs: Path) -> Iterator[Recording]:
    """Requests and answers of the official examples of one version."""
    version = FOLDER.rpartition("/")[2]
    operations = load_contract(version).operations.values()
    known = {(one.method, one.path) for one in operations}
    for file in sorted((specs / FOLDER).glob("*.json")):
        for path, item in json.loads(file.read_text("utf-8"))["paths"].items():
            for verb, operation in item.items():
                for name, reference in operation.get("x-ms-examples", {}).items():
                    example = json.loads((file.parent / reference["$ref"]).read_text())
                    if (verb.upper(), path) in known:
                        calls = list(make_exchanges(verb, path, version, example))
                        title = f"{operation['operationId']} {name}"
                        yield from_exchanges(title, calls)


def make_exchanges(
    verb: str, path: str, version: str, example: Mapping[str, Any]
) -> Iterator[Exchange]:
    given = dict(example["parameters"])
    bodies = [one for one in given.values() if isinstance(one, dict)]
    for name, value in given.items():
        path = path.replace(f"{{{name}}}", str(value))
    url = f"https://management.azure.com{path}?api-version={version}"
    sent = json.dumps(bodies[0]).encode() if bodies else b""
    for status, answer in example["responses"].items():
        came = json.dumps(answer["body"]).encode() if answer.get("body") else b""
        request = Request(verb.upper(), url, (), sent)
        yield Exchange(request, Response(int(status), (), came))


@pytest.fixture(scope="module", params=["recordings", "examples"])
def rows(request: pytest.FixtureRequest) -> list[Row]:
    """Every call of the recordings, or of the examples, at every version."""
    if request.param == "recordings":
        folder: Path = request.getfixturevalue("shared_recordings")
        files = sorted(one for one in folder.glob("*.json") if one.name != "INDEX.json")
        recordings = [read_any(file) for file in files]
    else:
        recordings = list(read_examples(request.getfixturevalue("shared_specs")))
    judge = Judge()
    found = [row for one in recordings for row in judge.judge_known(one).rows]
    assert len(found) > 100
    return found


def told(rows: list[Row]) -> Iterator[tuple[Row, str, Finding]]:
    """Each finding of each distinct outcome, with its version."""
    for row in {id(row.outcome): row for row in rows}.values():
        for version, cell in row.cells.items():
            for finding in cell.findings:
                yield row, version, finding


@pytest.mark.slow
def test_what_live_answers_held_is_neither_gone_nor_of_another_type(rows, counted):
    for _, _, finding in told(rows):
        kinds = {one.rstrip("?") for one in find_kinds(counted, finding)}
        if finding.code == GONE:
            assert kinds <= {"null"}, finding
        elif finding.code == RETYPED:
            assert str(finding.seen) not in kinds, finding
        elif finding.code == STATUS:
            at = counted.get((finding.operation, finding.api_version), ())
            assert str(finding.seen) not in {str(row["status"]) for row in at}, finding


@pytest.mark.slow
def test_every_status_is_explained_by_its_findings(rows):
    for row in rows:
        for version, cell in row.cells.items():
            if cell.status is Status.OK:
                assert not [f for f in cell.findings if f.severity != Severity.INFO]
                continue
            assert cell.findings, (row.label, version)
            assert all(f.message and f.api_version == version for f in cell.findings)
            if cell.status.breaks:
                assert all(f.cure for f in cell.errors), cell
            else:
                assert not cell.errors


@pytest.mark.slow
def test_what_is_gone_is_not_in_the_contract_or_was_never_seen(rows):
    """What is told as gone has no declared type there, or is never sent back."""
    for row, version, finding in told(rows):
        contract = load_contract(version)
        if finding.code == "AZC301":
            verb, _, path = str(finding.seen).partition(" ")
            assert not contract.knows(verb, path.replace("{", "x").replace("}", "x"))
        elif finding.code == GONE and "is not sent back" not in finding.message:
            operation = contract.operations[finding.operation]
            if not finding.pointer:
                assert any(s.body is None for s in (operation.responses or {}).values())
                continue
            owner = finding.message.partition(" in ")[2].partition(".")[0]
            name = finding.pointer.rpartition("/")[2]
            bodies = [one.body for one in (operation.responses or {}).values()]
            assert owner in set(reach(contract, [*bodies, operation.result])), finding
            assert not has(contract.definitions[owner], name), (row.label, finding)


def has(definition: Definition, name: str) -> bool:
    return name in definition.properties or definition.additional is not None


def reach(contract: Contract, bodies: list[Type | None]) -> Iterator[str]:
    """The definitions that an answer may lead to."""
    seen: set[str] = set()
    left = [one for one in bodies if one is not None]
    while left:
        kind = left.pop()
        left += [kind.items] if kind.items is not None else []
        if not kind.ref or kind.ref in seen:
            continue
        seen.add(kind.ref)
        yield kind.ref
        definition = contract.definitions[kind.ref]
        left += [prop.type for prop in definition.properties.values()]
        left += [Type("ref", ref=name) for name in definition.variants.values()]
        left += [definition.additional] if definition.additional else []


@pytest.mark.slow
def test_answers_with_all_that_was_counted_lose_nothing_of_it(counted):
    """As if each answer had been recorded at the newest version that has its call."""
    judge = Judge(sorted({version for _, version in counted}))
    asked = 0
    for (name, version), found in counted.items():
        places = [row["answer"] for row in found if row["status"] < 400]
        recorded = find_newest(name)
        if not places or not recorded:
            continue
        operation = load_contract(recorded).operations[name]
        path = operation.path.replace("{", "x").replace("}", "x")
        url = f"https://management.azure.com{path}?api-version={recorded}"
        body = json.dumps(build(places[0])).encode()
        call = Exchange(Request(operation.method, url), Response(200, (), body))
        for row in judge.judge_known(from_exchanges("counted", [call])).rows:
            asked += 1
            for finding in row.cells[version].findings:
                if finding.code == GONE:
                    kinds = find_kinds(counted, finding)
                    assert {one.rstrip("?") for one in kinds} <= {"null"}, finding
    assert asked > 50


def find_newest(operation: str) -> str:
    having = (v for v in known_versions() if operation in load_contract(v).operations)
    return max(having, default="", key=lambda version: version[:10])


def build(places: Mapping[str, Mapping[str, int]]) -> Any:
    """An answer that holds a value at each place."""
    body: dict[str, Any] = {}
    for place, kinds in sorted(places.items()):
        steps = place.split("/")[1:]
        holder: Any = body
        for step in steps[:-1]:
            holder = holder[0] if isinstance(holder, list) else holder.get(step)
            if not isinstance(holder, dict | list):
                break
        if isinstance(holder, dict) and steps[-1]:
            holder[steps[-1]] = sample({kind.rstrip("?") for kind in kinds})
    return body


def sample(kinds: set[str]) -> Any:
    values = {"object": {}, "array": [{}], "string": "x", "integer": 1, "boolean": True}
    return next((value for kind, value in values.items() if kind in kinds), None)
