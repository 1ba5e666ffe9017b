"""The documented workflow as it is printed: what the how-to's own bodies deserve.

"Train models with REST" prints five bodies for 2021-03-01-preview. They are
sent here unchanged, character by character, and each marker lists what the
contract has to say about them; a finding more or less fails the test.
"""

from __future__ import annotations

import time
from uuid import uuid4

import pytest
from test_train_and_sweep import ensure_cluster

from azml_contract import ArmResponse, Workspace

ENVIRONMENT = [
    # The conda file is pasted with its line breaks, which JSON does not allow.
    ("AZC131", "/properties/condaFile"),
    ("AZC103", "/properties/Docker"),
    ("AZC103", "/properties/Docker/DockerSpecificationType"),
    ("AZC103", "/properties/Docker/DockerImageUri"),
]
SWEEP = [
    ("AZC107", "/properties/objective/goal"),
    ("AZC104", "/properties/searchSpace/--learning_rate"),
    ("AZC104", "/properties/searchSpace/--boosting"),
    # The trial reads $AZURE_ML_INPUT_iris, and the sweep binds no input.
    ("AZC174", "/properties/trial/command"),
]
PROSE = [
    ("AZC107", "/properties/algorithm"),  # "random is often a good place to start"
    ("AZC119", "/properties/timeout"),  # "the maximum number of minutes"
]


@pytest.mark.azml(
    api_versions=["2021-03-01-preview"], compute=True, expect=ENVIRONMENT + SWEEP
)
def test_as_printed(azml: Workspace) -> None:
    job = azml.var("sweep_job", lambda: str(uuid4()))
    submit_sweep(azml, job, "documented/sweep_job").expect(201)
    assert azml.wait(f"jobs/{job}").json["properties"]["status"] == "Completed"


@pytest.mark.azml(
    api_versions=["2021-03-01-preview"],
    compute=True,
    expect=ENVIRONMENT + SWEEP + PROSE,
)
def test_as_the_prose_says(azml: Workspace) -> None:
    job = azml.var("sweep_job", lambda: str(uuid4()))
    assert submit_sweep(azml, job, "documented/sweep_job_prose").status == 400


def submit_sweep(azml: Workspace, job: str, step: str) -> ArmResponse:
    """Register the documented assets, run the Command job, then submit a sweep."""
    version = azml.var("version", lambda: str(int(time.time())))
    compute_id = ensure_cluster(azml)
    environment = azml.put(
        f"environments/lightgbm-environment/versions/{version}",
        azml.body("documented/environment"),
    ).expect(200, 201)
    datastore = azml.list("datastores", params={"isDefault": "true"})[0]
    data = azml.put(
        f"data/iris-data/versions/{version}", azml.body("documented/data")
    ).expect(200, 201)
    code = azml.put(
        f"codes/train-lightgbm/versions/{version}",
        azml.body("documented/code", datastore_id=datastore["id"]),
    ).expect(200, 201)
    shared = {
        "code_id": code.json["id"],
        "environment_id": environment.json["id"],
        "compute_id": compute_id,
    }
    command = azml.var("command_job", lambda: str(uuid4()))
    azml.put(
        f"jobs/{command}",
        azml.body("documented/command_job", data_id=data.json["id"], **shared),
    ).expect(201)
    assert azml.wait(f"jobs/{command}").json["properties"]["status"] == "Completed"
    return azml.put(f"jobs/{job}", azml.body(step, **shared))
