"""A job written at one api-version and read at another."""

from __future__ import annotations

import pytest

OLD, NEW = "2021-03-01-preview", "2026-05-01"


@pytest.fixture
def old(workflow_at):
    return workflow_at(OLD)


@pytest.fixture
def new(workflow_at):
    return workflow_at(NEW)


def test_a_command_of_2021_in_the_words_of_2026(old, new):
    assets = old.make_assets()
    body = old.command_body(assets)
    body["properties"] |= {"timeout": "PT1H", "priority": 3}
    body["properties"]["compute"] |= {"instanceCount": 2, "instanceType": "D2"}
    old.client.put("jobs/job", body)
    read = new.client.get("jobs/job").json()["properties"]
    assert read["computeId"] == assets["compute"]
    assert (read["resources"]["instanceCount"], read["resources"]["instanceType"]) == (
        2,
        "D2",
    )
    assert read["inputs"]["iris"]["uri"] == assets["data"]
    assert read["inputs"]["iris"]["jobInputType"] == "uri_file"
    assert read["limits"] == {"jobLimitsType": "Command", "timeout": "PT1H"}
    assert not read.keys() & {"compute", "inputDataBindings", "timeout", "legacy"}


def test_a_command_of_2021_comes_back_as_it_was(old):
    assets = old.make_assets()
    body = old.command_body(assets)
    body["properties"] |= {"timeout": "PT1H", "priority": 3}
    body["properties"]["compute"]["isLocal"] = False
    binding = {"dataId": assets["data"], "mode": "Mount", "pathOnCompute": "iris"}
    body["properties"]["inputDataBindings"] = {"iris": binding}
    store = f"{old.client.workspace}/datastores/workspaceblobstore"
    out = {"datastoreId": store, "pathOnDatastore": "out", "mode": "Upload"}
    body["properties"]["outputDataBindings"] = {"model": out}
    old.client.put("jobs/job", body)
    read = old.client.get("jobs/job").json()["properties"]
    for name in ("timeout", "priority", "inputDataBindings", "outputDataBindings"):
        assert read[name] == body["properties"][name], name
    assert read["compute"]["isLocal"] is False
    assert read["provisioningState"] == "InProgress"
    assert read["interactionEndpoints"]["Studio"]["jobEndpointType"] == "Studio"
    assert read["output"]["path"] == "ExperimentRun/dcid.job"


def test_a_command_of_2026_in_the_words_of_2021(old, new):
    assets = new.make_assets()
    body = new.command_body(assets)
    body["properties"] |= {
        "limits": {"jobLimitsType": "Command", "timeout": "PT1H"},
        "resources": {"instanceCount": 3},
        "distribution": {"distributionType": "PyTorch", "processCountPerInstance": 4},
        "outputs": {
            "model": {
                "jobOutputType": "uri_folder",
                "uri": "azureml://datastores/workspaceblobstore/paths/out/",
            }
        },
    }
    assert new.client.put("jobs/job", body).status_code == 201
    read = old.client.get("jobs/job").json()["properties"]
    assert read["compute"] == {"target": assets["compute"], "instanceCount": 3}
    assert read["timeout"] == "PT1H"
    assert read["inputDataBindings"]["iris"]["dataId"] == assets["data"]
    assert read["distribution"]["processCount"] == 4
    bound = read["outputDataBindings"]["model"]
    assert bound["datastoreId"].endswith("/datastores/workspaceblobstore")
    assert bound["pathOnDatastore"] == "out/"


def test_a_sweep_of_2021_in_the_words_of_2026(old, new):
    assets = old.make_assets()
    body = old.sweep_body(assets)
    body["properties"]["trial"]["timeout"] = "PT10M"
    assert old.client.put("jobs/job", body).status_code == 201
    read = new.client.get("jobs/job").json()["properties"]
    assert read["samplingAlgorithm"]["samplingAlgorithmType"] == "Random"
    assert read["limits"] == {
        "jobLimitsType": "Sweep",
        "maxConcurrentTrials": 2,
        "maxTotalTrials": 4,
        "timeout": "PT2H",
        "trialTimeout": "PT10M",
    }
    assert read["inputs"]["iris"]["uri"] == assets["data"]
    assert "inputDataBindings" not in read["trial"]


def test_a_sweep_of_2026_in_the_words_of_2021(old, new):
    assets = new.make_assets()
    assert new.client.put("jobs/job", new.sweep_body(assets)).status_code == 201
    read = old.client.get("jobs/job").json()["properties"]
    assert read["algorithm"] == "Random"
    assert (read["maxTotalTrials"], read["timeout"]) == (4, "PT2H")
    assert read["trial"]["inputDataBindings"]["iris"]["dataId"] == assets["data"]
    assert read["compute"]["target"] == assets["compute"]
    assert not read.keys() & {"samplingAlgorithm", "limits", "inputs"}


def test_inputs_have_pascal_types_at_2022_02_01_only(workflow_at):
    before, after = workflow_at("2022-02-01-preview"), workflow_at("2022-05-01")
    before.client.put("jobs/job", before.command_body(before.make_assets()))
    kinds = [
        w.client.get("jobs/job").json()["properties"]["inputs"]["iris"]["jobInputType"]
        for w in (before, after)
    ]
    assert kinds == ["UriFile", "uri_file"]
