"""What a scenario created is removed from the service, and what runs is ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from azml_contract.cleanup import remove_created
from azml_contract.client import Workspace
from azml_contract.emulator.server import Emulator
from azml_contract.lro import InstantClock

pytestmark = pytest.mark.slow

IMAGE = {"properties": {"image": "mcr.microsoft.com/azureml/base"}}
CLUSTER = {
    "location": "westeurope",
    "properties": {
        "computeType": "AmlCompute",
        "properties": {
            "vmSize": "STANDARD_DS3_V2",
            "scaleSettings": {"maxNodeCount": 1},
        },
    },
}


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator(azurite=False) as emulator:
        yield emulator


@pytest.fixture
def azml(running: Emulator) -> Iterator[Workspace]:
    running.reset()
    clock = InstantClock()
    with Workspace(running.settings, api_version="2024-04-01", clock=clock) as azml:
        yield azml


def start_job(azml: Workspace) -> str:
    assert azml.get("computes/made-here").status == 404
    azml.wait(azml.put("computes/made-here", CLUSTER).expect(201))
    environment = azml.put("environments/e/versions/1", IMAGE).expect(201)
    workspace = azml.settings.workspace_id
    body = {
        "properties": {
            "jobType": "Command",
            "command": "sleep 3600",
            "environmentId": environment.json["id"],
            "computeId": f"{workspace}/computes/made-here",
        }
    }
    return str(azml.put("jobs/still-running", body).expect(201).json["id"])


def test_everything_created_is_gone_afterwards_and_nothing_else(
    azml: Workspace,
) -> None:
    job = start_job(azml)
    before = len(azml.list("datastores"))
    assert azml.arm("GET", job).json["properties"]["status"] not in {
        "Completed",
        "Canceled",
    }
    assert remove_created(azml) == []
    for path in (
        "jobs/still-running",
        "environments/e/versions/1",
        "computes/made-here",
    ):
        assert azml.get(path).status == 404
    assert len(azml.list("datastores")) == before


def test_an_environment_that_was_there_stays_though_its_put_answers_201(
    azml: Workspace, running: Emulator
) -> None:
    environment = azml.put("environments/shared/versions/1", IMAGE).expect(201)
    with Workspace(azml.settings, api_version="2024-04-01") as later:
        made = running.store.get(environment.json["id"])
        assert made is not None
        running.store.put(replace(made, created_s=made.created_s - 3600))
        later.put("environments/shared/versions/1", IMAGE).expect(201)
        assert later.created == []
        assert remove_created(later) == []
    assert azml.get("environments/shared/versions/1").status == 200


def test_a_cluster_that_nobody_saw_missing_stays(azml: Workspace) -> None:
    azml.wait(azml.put("computes/made-here", CLUSTER).expect(201))
    with Workspace(azml.settings, api_version="2024-04-01") as later:
        later.put("computes/made-here", CLUSTER).expect(201)
        assert remove_created(later) == []
    assert azml.get("computes/made-here").status == 200


def test_what_cannot_be_removed_is_named(azml: Workspace, running: Emulator) -> None:
    azml.put("environments/stays/versions/1", IMAGE).expect(201)
    running.faults.fail("DELETE", "*/environments/*", status=403, count=9)
    (line,) = remove_created(azml)
    assert line.startswith(f"{azml.settings.workspace_id}/environments/stays/")
    assert "was left behind: 403" in line


def test_what_is_to_be_spared_stays(azml: Workspace) -> None:
    start_job(azml)
    compute = f"{azml.settings.workspace_id}/computes/made-here"
    assert remove_created(azml, spare={compute}) == []
    assert azml.get("jobs/still-running").status == 404
    assert azml.get("computes/made-here").status == 200
