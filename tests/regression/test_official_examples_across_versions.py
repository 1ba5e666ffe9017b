"""Microsoft's example requests of 2021-03-01-preview as a consumer's recordings.

Of the 85 requests to the workspace's resources, `example_breaks.toml` lists each
that breaks at 2022-05-01, with the reason; all others stay valid.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from azml_contract.cassette.recordings import from_exchanges
from azml_contract.contract.catalog import load_contract
from azml_contract.contract.model import Operation
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.regression.matrix import build_matrix
from azml_contract.regression.outcome import Row

OLD, NEW = "2021-03-01-preview", "2022-05-01"
FOLDER = (
    "machinelearningservices/resource-manager/Microsoft.MachineLearningServices/"
    f"preview/{OLD}"
)
BREAKS = tomllib.loads(
    Path(__file__).with_name("example_breaks.toml").read_text("utf-8")
)["break"]


@pytest.fixture(scope="module")
def rows(shared_specs: Path) -> dict[str, Row]:
    """The row of each example, by the name of its file."""
    file = shared_specs / FOLDER / "mfe.json"
    recordings = []
    for item in json.loads(file.read_text("utf-8"))["paths"].values():
        for operation in item.values():
            for reference in operation.get("x-ms-examples", {}).values():
                path = (file.parent / reference["$ref"]).resolve()
                name = path.relative_to((file.parent / "examples").resolve())
                known = load_contract(OLD).operations[operation["operationId"]]
                exchange = Exchange(read_request(known, path), Response(200))
                recordings.append(from_exchanges(name.as_posix(), [exchange]))
    return {row.scenario: row for row in build_matrix(recordings, versions=[NEW])}


def read_request(operation: Operation, file: Path) -> Request:
    given: dict[str, Any] = {
        name.lower(): value
        for name, value in json.loads(file.read_text("utf-8"))["parameters"].items()
    }
    path, query = operation.path, f"api-version={OLD}"
    given.pop("api-version", None)
    for parameter in operation.parameters:
        value = given.pop(parameter.name.lower(), None)
        if parameter.place == "path":
            path = path.replace(f"{{{parameter.name}}}", quote(str(value), safe=""))
        elif parameter.place == "query" and value is not None:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            query += f"&{quote(parameter.name)}={quote(text)}"
    bodies = [value for value in given.values() if isinstance(value, dict)]
    body = json.dumps(bodies[0]).encode() if operation.body and bodies else b""
    url = f"https://management.azure.com{path}?{query}"
    return Request(operation.method, url, (), body)


def test_of_85_examples_57_stay_valid_21_break_and_7_are_gone(rows):
    kinds = {"refused": "break", "ignored": "break", "gone": "gone"}
    counts = Counter(
        kinds.get(str(row.cells[NEW].status), "valid") for row in rows.values()
    )

    assert counts == {"valid": 57, "break": 21, "gone": 7}


def test_each_break_is_listed_with_its_places_and_its_reason(rows):
    found = {
        name: (
            str(row.cells[NEW].status),
            sorted(f.pointer for f in row.cells[NEW].errors),
        )
        for name, row in rows.items()
        if row.cells[NEW].status.breaks
    }
    listed = {one["file"]: (one["status"], sorted(one["places"])) for one in BREAKS}

    assert found == listed
    assert all(one["reason"] for one in BREAKS)


def test_every_finding_of_a_break_says_what_to_do(rows):
    for row in rows.values():
        for finding in row.cells[NEW].errors:
            assert finding.message, row
            assert finding.cure, finding
