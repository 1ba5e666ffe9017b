"""The documented workflow as it is printed: what the how-to's own bodies deserve.

"Train models with REST" prints five bodies for 2021-03-01-preview. They are
sent here unchanged, character by character, and each marker lists what the
contract has to say about them; a finding more or less fails the test.
"""

from __future__ import annotations

import time
from uuid import uuid4

import pytest

from azml_contract import Workspace

PRINTED = [
    ("AZC101", ""),
    ("AZC103", "/properties/Docker"),
    ("AZC103", "/properties/Docker/DockerSpecificationType"),
    ("AZC103", "/properties/Docker/DockerImageUri"),
]


@pytest.mark.azml(api_versions=["2021-03-01-preview"], compute=True, expect=PRINTED)
def test_as_printed(azml: Workspace) -> None:
    job = submit_sweep(azml, "documented/sweep_job")
    assert azml.wait(f"jobs/{job}").json["properties"]["status"] == "Completed"


@pytest.mark.azml(api_versions=["2021-03-01-preview"], compute=True, expect=PRINTED)
def test_as_the_prose_says(azml: Workspace) -> None:
    submit_sweep(azml, "documented/sweep_job_prose")


def submit_sweep(azml: Workspace, step: str) -> str:
    """Register the documented assets, run the Command job, then submit a sweep."""
    version = azml.var("version", lambda: str(int(time.time())))
    compute_id = azml.list("computes")[0]["id"]
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
    sweep = azml.var("sweep_job", lambda: str(uuid4()))
    azml.put(f"jobs/{sweep}", azml.body(step, **shared)).expect(201)
    return sweep
