"""What the emulator answers has the shape of what the live service answered.

Each recording's calls to ARM are sent again, in order; statuses, names of
properties and types of values are compared. `DIFFERENT` names every place
where the emulator is known to differ, and why.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

RECORDINGS = Path(__file__).parents[2].parent / "shared" / "recordings31"
# Recordings whose answers the emulator does not give in the same shape yet.
AHEAD = {
    "automl",
    "batch_deployment",
    "component_400_immutable",
    "component_put_get",
    "compute_instance_stop_start",
    "connection_crud",
    "data_list",
    "job_400_binding",
    "online_deployment",
    "pipeline_put_get",
    "registry",
    "schedule_create_get",
    "workspace_get_spark_schedule",
    "workspace_update_lro",
}
FILES = sorted(
    path.name
    for path in RECORDINGS.glob("*__*.json")
    if path.name.partition("__")[0] not in AHEAD
)
PLACE = (
    "/subscriptions/00000000-0000-0000-0000-000000000/resourceGroups/00000"
    "/providers/Microsoft.MachineLearningServices/workspaces/00000"
)
# The keys of these are data, not names of properties.
FREE = ("/tags", "/properties/properties", "/searchSpace", "/inputs", "/jobs")

DIFFERENT = {
    "* /properties/componentSpec/*": "components come back as they were sent",
    "* /properties/services/ray-dashboard*": "Ray's dashboard is not emulated",
    "other type /properties/resourceId: *": "a Batch cluster is not emulated",
    # 2022-01-01-preview does not allow them, and the service sends them.
    "missing /properties/description: null": "not nullable in that version",
    "missing /properties/provisioningErrors: null": "not nullable in that version",
    "missing /properties/resourceId: null": "not nullable in that version",
    # What nobody asked for is null before a cluster is there.
    "missing /properties/properties/propertyBag: object": "no bag before it is there",
}


@pytest.fixture
def prepare(storing, arm_client) -> Callable[[str], Any]:
    """Bring the emulator into the state in which a recording begins."""

    def prepare_for(name: str) -> Any:
        client = arm_client(storing)
        for compute in ("testCompute", "cpu-cluster"):
            inner = {"computeType": "AmlCompute", "properties": {}}
            client.put(f"computes/{compute}", {"properties": inner})
            status = client.exchanges[-1].response.header("Azure-AsyncOperation")
            while client.get(status).json()["status"] == "InProgress":
                pass
        for entry in read_entries(name):
            is_code = "/codes/" in entry["RequestUri"]
            if (
                is_code
                and entry["RequestMethod"] == "PUT"
                and entry["StatusCode"] == 200
            ):
                send(client, entry)
            if entry["StatusCode"] == 429:
                storing.faults.throttle("GET", "*/datastores/*")
        return client

    return prepare_for


def read_entries(name: str) -> list[dict[str, Any]]:
    """The recorded calls to ARM, in order."""
    entries = json.loads((RECORDINGS / name).read_text("utf-8"))["Entries"]
    return [e for e in entries if "management.azure.com" in e["RequestUri"]]


def send(client: Any, entry: dict[str, Any]) -> Any:
    """Send a recorded request to the emulator's own workspace."""
    split = urlsplit(entry["RequestUri"])
    query = dict(parse_qsl(split.query))
    text = json.dumps(entry.get("RequestBody")).replace(PLACE, client.workspace)
    path = split.path.replace(PLACE, client.workspace)
    at_version = client.at(query.pop("api-version"))
    body = json.loads(text)
    answer = at_version.call(entry["RequestMethod"], path, body, **query)
    client.exchanges += at_version.exchanges
    return answer


def outline(value: Any, path: str = "") -> dict[str, str]:
    """Type of everything by its path; keys that are data are left out."""
    if isinstance(value, dict):
        found = {path: "object"}
        if path.endswith(FREE):
            return found
        for key, item in value.items():
            found |= outline(item, f"{path}/{key}")
        return found
    if isinstance(value, list):
        found = {path: "array"}
        for item in value[:1]:
            found |= outline(item, f"{path}/0")
        return found
    kinds = {bool: "boolean", int: "number", float: "number", str: "string"}
    return {path: kinds.get(type(value), "null")}


def compare(expected: Any, answered: Any) -> list[str]:
    """How two answers differ in names and types, known differences apart."""
    before, after = outline(expected), outline(answered)
    found = [f"missing {path}: {before[path]}" for path in before.keys() - after.keys()]
    found += [f"added {path}: {after[path]}" for path in after.keys() - before.keys()]
    found += [
        f"other type {path}: {before[path]}, here {after[path]}"
        for path in before.keys() & after.keys()
        if before[path] != after[path]
    ]
    known = [d for d in found if any(fnmatchcase(d, pattern) for pattern in DIFFERENT)]
    return sorted(set(found) - set(known))


def recorded_body(entry: dict[str, Any]) -> Any:
    body = entry["ResponseBody"]
    return json.loads(body) if isinstance(body, str) else body


def is_status(entry: dict[str, Any]) -> bool:
    return "/locations/" in entry["RequestUri"]


@pytest.mark.slow
@pytest.mark.skipif(not FILES, reason="the recordings are not here")
@pytest.mark.parametrize("name", FILES)
def test_answers_have_the_shape_of_the_recorded_ones(prepare, name):
    client = prepare(name)
    operation_url = ""
    for entry in read_entries(name):
        if is_status(entry):
            client.get(operation_url)
            continue
        if entry["StatusCode"] == 400 and entry["RequestUri"].count("/cancel"):
            client.states(urlsplit(entry["RequestUri"]).path.split("/")[-2])
        answer = send(client, entry)
        assert answer.status_code == entry["StatusCode"], answer.text
        body = answer.json() if answer.content else None
        assert compare(recorded_body(entry), body) == []
        expected = {h.lower() for h in entry["ResponseHeaders"]}
        for header in ("location", "azure-asyncoperation", "x-ms-response-type"):
            assert (header in expected) is (header in answer.headers), header
        links = answer.headers
        operation_url = links.get("Azure-AsyncOperation") or links.get("Location")


@pytest.mark.slow
@pytest.mark.skipif(not FILES, reason="the recordings are not here")
@pytest.mark.parametrize(
    "name", [f for f in FILES if f.startswith(("job_cancel", "compute_crud"))]
)
def test_operations_answer_as_the_recorded_ones_until_they_end(prepare, name):
    client = prepare(name)
    recorded = [e for e in read_entries(name) if is_status(e)]
    allowed = [(e["StatusCode"], outline(recorded_body(e))) for e in recorded]
    for entry in read_entries(name):
        if is_status(entry):
            continue
        headers = send(client, entry).headers
        url = headers.get("Azure-AsyncOperation")
        if entry["StatusCode"] == 202:
            url = url or headers["Location"]
        if url is None:
            continue
        seen = []
        for _ in range(3):
            answer = client.get(url)
            body = answer.json() if answer.content else None
            seen.append((answer.status_code, outline(body)))
        assert seen[0] in allowed
        assert seen[-1] in allowed
