"""Train LightGBM on iris, then sweep its hyperparameters.

The story of "Train models with REST": list the computes, register environment,
data and code, run one Command job, then a Sweep job, and read back what each
made. The same function runs for every api-version; only the JSON in
`bodies/` differs between the two families.
"""

from __future__ import annotations

import time
from pathlib import Path
from uuid import uuid4

import pytest

from azml_contract import Workspace

TRAINING = Path(__file__).with_name("training")
API_VERSIONS = [
    "2021-03-01-preview",
    "2022-05-01",
    "2023-10-01",
    "2024-04-01",
    "2026-05-01",
]


@pytest.mark.azml(api_versions=API_VERSIONS, compute=True)
def test_asset_to_sweep(azml: Workspace) -> None:
    version = azml.var("version", lambda: str(int(time.time())))
    compute_id = ensure_cluster(azml)

    environment = azml.put(
        f"environments/lightgbm-environment/versions/{version}",
        azml.body("environment", conda=(TRAINING / "conda.yml").read_text("utf-8")),
    ).expect(200, 201)

    datastore = azml.list("datastores", params={"isDefault": "true"})[0]

    # At first as the how-to does it, with the storage account's key; later as the
    # workspace offers it.
    auth = "account-key" if azml.api_version == API_VERSIONS[0] else None
    iris = azml.upload(TRAINING / "iris.csv", datastore=datastore, auth=auth)
    data = azml.put(
        f"data/iris-data/versions/{version}",
        azml.body("data", **upload_slots(azml, iris.uri, iris.path, datastore["id"])),
    ).expect(200, 201)

    source = azml.upload(
        TRAINING / "src",
        datastore=datastore,
        auth=auth,
        code=("train-lightgbm", version),
    )
    code = azml.put(
        f"codes/train-lightgbm/versions/{version}",
        azml.body(
            "code", **upload_slots(azml, source.uri, source.path, datastore["id"])
        ),
    ).expect(200, 201)

    assets = {
        "environment_id": environment.json["id"],
        "data_id": data.json["id"],
        "code_id": code.json["id"],
        "compute_id": compute_id,
    }
    train(azml, assets)
    sweep(azml, assets)

    for path, made in (
        (f"environments/lightgbm-environment/versions/{version}", environment),
        (f"data/iris-data/versions/{version}", data),
        (f"codes/train-lightgbm/versions/{version}", code),
    ):
        assert azml.get(path).expect(200).json["id"] == made.json["id"]


def train(azml: Workspace, assets: dict[str, str]) -> None:
    """Run one Command job to its end."""
    job = azml.var("command_job", lambda: str(uuid4()))
    azml.put(f"jobs/{job}", azml.body("command_job", **assets)).expect(201)
    done = azml.wait(f"jobs/{job}").json
    assert done["properties"]["status"] == "Completed"
    assert done["properties"]["jobType"] == "Command"


def sweep(azml: Workspace, assets: dict[str, str]) -> None:
    """Run one Sweep job to its end."""
    job = azml.var("sweep_job", lambda: str(uuid4()))
    azml.put(f"jobs/{job}", azml.body("sweep_job", **assets)).expect(201)
    done = azml.wait(f"jobs/{job}").json
    assert done["properties"]["status"] == "Completed"
    assert done["properties"]["objective"]["primaryMetric"] == "test-multi_logloss"


def ensure_cluster(azml: Workspace) -> str:
    """ARM id of the configured cluster, which is created where it is missing."""
    name = azml.settings.compute
    for compute in azml.list("computes"):
        if compute["name"] == name:
            return str(compute["id"])
    workspace = azml.arm("GET", azml.settings.workspace_id).expect(200).json
    body = azml.body("compute", location=workspace["location"])
    created = azml.put(f"computes/{name}", body).expect(200, 201)
    azml.wait(created)
    return str(created.json["id"])


def upload_slots(
    azml: Workspace, uri: str, path: str, datastore_id: str
) -> dict[str, str]:
    """How each family of bodies names an uploaded file or folder."""
    if azml.api_version == API_VERSIONS[0]:
        return {"datastore_id": datastore_id, "path": path}
    return {"uri": uri}
