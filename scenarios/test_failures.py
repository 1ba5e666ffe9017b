"""What goes wrong, and how the service says so: six failures, five api-versions."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest
from test_train_and_sweep import API_VERSIONS, ensure_cluster

from azml_contract import ArmResponse, Faults, Workspace


# A call to another workspace than the configured one is a finding; here it is meant.
@pytest.mark.azml(api_versions=API_VERSIONS, expect=[("AZC163", "")])
def test_missing_workspace(azml: Workspace) -> None:
    missing = f"{azml.settings.workspace_id}-that-is-not-there"
    answer = azml.arm("GET", f"{missing}/computes")
    assert answer.status == 404
    assert answer.error is not None
    assert answer.error.code == "ResourceNotFound"


@pytest.mark.azml(api_versions=API_VERSIONS, compute=False)
def test_missing_compute(azml: Workspace) -> None:
    assert azml.get("computes/no-such-cluster").status == 404

    nowhere = f"{azml.settings.workspace_id}/computes/no-such-cluster"
    answer = submit(azml, command="python train.py", compute_id=nowhere)
    assert answer.status == 400
    assert "Compute Not Found" in answer.json["error"]["message"]


@pytest.mark.azml(api_versions=API_VERSIONS, compute=True)
def test_job_that_fails(azml: Workspace) -> None:
    job = submit(azml, command="exit 3", compute_id=ensure_cluster(azml)).expect(201)
    assert azml.wait(job.json["id"]).json["properties"]["status"] == "Failed"


@pytest.mark.azml(api_versions=API_VERSIONS, compute=True)
def test_cancel(azml: Workspace) -> None:
    job = submit(azml, command="sleep 3600", compute_id=ensure_cluster(azml))
    job_id = job.expect(201).json["id"]
    cancelled = azml.arm("POST", f"{job_id}/cancel").expect(200, 202)
    azml.wait(cancelled)
    assert azml.wait(job_id).json["properties"]["status"] == "Canceled"
    # Cancelling what has ended is not an error, the service has been seen to say 200.
    azml.arm("POST", f"{job_id}/cancel").expect(200)


@pytest.mark.azml(api_versions=API_VERSIONS)
def test_throttling(azml: Workspace, azml_faults: Faults) -> None:
    azml_faults.throttle("GET", "*/computes", count=2, retry_after_s=20)
    started = azml.clock.now()
    azml.list("computes")
    assert azml.clock.now() - started >= 40


@pytest.mark.azml(api_versions=API_VERSIONS, compute=True)
def test_immutable_job(azml: Workspace) -> None:
    compute_id = ensure_cluster(azml)
    submit(azml, command="echo once", compute_id=compute_id).expect(201)
    again = submit(azml, command="echo twice", compute_id=compute_id)
    assert again.status == 400
    assert again.error is not None
    assert "JobPropertyImmutable" in again.error.inner_codes


def submit(azml: Workspace, *, command: str, compute_id: str) -> ArmResponse:
    """PUT the scenario's one Command job; returns the answer as it is."""
    environment_id = register_environment(azml)
    job = azml.var("job", lambda: str(uuid4()))
    body = azml.body(
        "failing_job",
        command=command,
        environment_id=environment_id,
        compute_id=compute_id,
    )
    return azml.put(f"jobs/{job}", body)


def register_environment(azml: Workspace) -> str:
    """ARM id of an environment without packages."""
    conda = "dependencies:\n  - python=3.11\n"
    path = f"environments/plain-python/versions/{draw_version(azml)}"
    body = azml.body("environment", conda=conda)
    return str(azml.put(path, body).expect(200, 201).json["id"])


def draw_version(azml: Workspace) -> str:
    """The version of what a run registers."""
    return azml.var("version", lambda: str(int(time.time())))
