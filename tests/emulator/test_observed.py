"""What live answers always held is in the emulator's answers too.

A story makes one of everything at each version that was observed. For every
operation with at least five exchanges that succeeded, its answers must hold each
pointer that was there each time. `DIFFERENT` names the rest, and why.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from azml_contract.contract.catalog import load_contract
from azml_contract.contract.contract import Route
from azml_contract.emulator.server import Emulator
from azml_contract.exchange import Exchange
from azml_contract.validation.evidence import (
    Observed,
    find_observed,
    observed_operations,
    observed_versions,
)
from tests.emulator.conftest import ArmClient
from tests.emulator.recorded import outline

LEAST = 5
DIFFERENT: dict[str, str] = {}
# Operations with a body of which the story has no answer of that status.
NOT_TOLD: dict[str, str] = {}
IMAGE = {"image": "mcr.microsoft.com/x"}
SCALE = {"minNodeCount": 0, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT2M"}
TRIGGER = {"triggerType": "Cron", "expression": "15 10 * * 1"}
REGION = {
    "location": "westeurope",
    "acrDetails": [{"systemCreatedAcrAccount": {"acrAccountSku": "Premium"}}],
    "storageAccountDetails": [
        {"systemCreatedStorageAccount": {"storageAccountType": "standard_lrs"}}
    ],
}


def story(client: ArmClient) -> None:
    """One of everything: made, looked at, listed, changed and removed."""
    workspace = client.workspace
    group = workspace.partition("/providers/")[0]
    registry = f"{group}/providers/Microsoft.MachineLearningServices/registries/r1"
    cluster = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": SCALE}
    pipeline = {"jobType": "Pipeline", "jobs": {}, "settings": {}}
    action = {"actionType": "CreateJob", "jobDefinition": pipeline}
    spec = {"name": "c", "version": "1", "type": "command", "command": "echo"}
    feature = {"entities": ["x:1"], "specification": {"path": "https://x/y"}}
    column = [{"columnName": "a", "dataType": "string"}]
    blobs = {
        "datastoreType": "AzureBlob",
        "accountName": "a",
        "containerName": "c",
        "credentials": {"credentialsType": "None"},
    }
    made: dict[str, dict[str, Any]] = {
        "environments/e/versions/1": IMAGE,
        "codes/c/versions/1": {
            "codeUri": "https://x.blob.core.windows.net/c/d",
            "properties": {"hash_sha256": "abc"},
        },
        "data/d/versions/1": {"dataType": "uri_file", "dataUri": "https://x/y"},
        "models/m/versions/1": {"modelUri": "https://x/y", "modelType": "custom_model"},
        "components/c/versions/1": {"componentSpec": spec},
        "datastores/d": blobs,
        "jobs/p": pipeline,
        "schedules/s": {"action": action, "trigger": TRIGGER},
        "connections/g": {"category": "Git", "target": "https://x", "authType": "PAT"},
        "featuresets/f/versions/1": feature,
        "featurestoreEntities/f/versions/1": {"indexColumns": column},
    }
    top: dict[str, dict[str, Any]] = {
        "computes/c": {
            "properties": {"computeType": "AmlCompute", "properties": cluster}
        },
        "batchEndpoints/b": {"properties": {"authMode": "AADToken"}},
        "batchEndpoints/b/deployments/d": {"properties": {"compute": "c"}},
        registry: {"properties": {"regionDetails": [REGION]}},
    }
    for _ in range(2):
        for path, properties in made.items():
            client.put(path, {"properties": properties})
    for path, body in top.items():
        client.put(path, {"location": "westeurope", **body})
    client.emulator.clock.advance(3600)
    for path in (*made, *top, ""):
        client.get(path)
    for path in ("data/d", "components/c", "environments/e", "models/m"):
        client.get(path)
        client.get(f"{path}/versions")
    for path in (
        "data",
        "components",
        "schedules",
        "connections",
        "jobs",
        "datastores",
    ):
        client.get(path)
    client.get("batchEndpoints/b/deployments")
    client.get("codes/c/versions", hash="abc")
    client.post("datastores/workspaceblobstore/listSecrets", {})
    client.post("codes/c/versions/1/startPendingUpload", {})
    client.post("featuresets/f/versions/1/backfill", {})
    client.post("featuresets/f/versions/1/listMaterializationJobs", {})
    client.put("components/c", {"properties": {"description": "d"}})
    client.put("jobs/q", {"properties": pipeline})
    client.post("jobs/q/cancel")
    client.delete("batchEndpoints/b")
    client.delete("schedules/s")


def exchanges_of(version: str) -> list[Exchange]:
    with Emulator(azurite=False) as emulator:
        emulator.blobs.make_containers = lambda names: None  # type: ignore[method-assign]
        client = ArmClient(emulator, version)
        story(client)
        assert emulator.bugs == []
        return client.exchanges


def by_operation(version: str) -> dict[tuple[str, int], list[set[str]]]:
    """Pointers of the story's answers, by operation and status."""
    contract = load_contract(version)
    found: dict[tuple[str, int], list[set[str]]] = {}
    for exchange in exchanges_of(version):
        route = contract.find(exchange.request.method, exchange.request.path)
        response = exchange.response
        if not isinstance(route, Route) or not response.body:
            continue
        spec = (route.operation.responses or {}).get(str(response.status))
        kind = spec.body if spec else route.operation.result
        shown = outline(json.loads(response.body), kind, contract.definitions)
        found.setdefault((route.operation.id, response.status), []).append(set(shown))
    return found


def always_there(row: Observed) -> Iterator[str]:
    for pointer, types in row.answer.items():
        parent = row.answer.get(pointer.rpartition("/")[0] or "/", {})
        if "*" not in pointer and sum(types.values()) >= row.n <= sum(parent.values()):
            yield pointer


@pytest.mark.slow
@pytest.mark.parametrize("version", observed_versions())
def test_answers_hold_what_was_always_there(version):
    shown = by_operation(version)
    missing = []
    for operation in observed_operations():
        for row in find_observed(operation, version):
            answers = shown.get((operation, row.status))
            if row.n < LEAST or not row.succeeded:
                continue
            if not answers:
                untold = f"{operation} {row.status}"
                if row.answer and untold not in NOT_TOLD:
                    missing.append(untold)
                continue
            for pointer in always_there(row):
                told = f"{operation} {row.status} {pointer}"
                is_known = any(fnmatchcase(told, pattern) for pattern in DIFFERENT)
                if not is_known and not any(pointer in answer for answer in answers):
                    missing.append(told)
    assert missing == []
