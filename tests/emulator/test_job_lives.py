"""What jobs go through: states, cancellation, failure, changes, trials."""

from __future__ import annotations

import json

import pytest

ALL = ["2021-03-01-preview", "2022-02-01-preview", "2022-05-01", "2024-04-01"]


@pytest.fixture
def assets(workflow):
    return workflow.make_assets()


def submit(workflow, assets, name="job", **changes):
    body = workflow.command_body(assets)
    body["properties"] |= changes
    return workflow.client.put(f"jobs/{name}", body)


def test_a_command_starts_and_goes_through_its_states(workflow, assets):
    made = submit(workflow, assets)
    assert made.status_code == 201
    assert made.headers["Location"].endswith("/jobs/job?api-version=2024-04-01")
    assert made.json()["properties"]["status"] == "Starting"
    assert workflow.client.states("job") == [
        "Preparing",
        "Queued",
        "Running",
        "Running",
        "Completed",
    ]


@pytest.mark.parametrize(
    "command", ["exit 3", "python train.py && exit 1", "python -c 'sys.exit(2)'"]
)
def test_a_command_that_exits_with_an_error_fails(workflow, assets, command):
    submit(workflow, assets, command=command)
    assert workflow.client.states("job")[-1] == "Failed"


@pytest.mark.parametrize("command", ["exit 0", "echo exited 3", "python train.py"])
def test_a_command_that_does_not_completes(workflow, assets, command):
    submit(workflow, assets, command=command)
    assert workflow.client.states("job")[-1] == "Completed"


def test_a_variable_makes_any_command_fail(workflow, assets):
    submit(workflow, assets, environmentVariables={"AZML_EMULATOR_FAIL": "1"})
    assert workflow.client.states("job")[-1] == "Failed"


def test_a_completed_command_says_where_and_when_it_ran(workflow, assets):
    submit(workflow, assets, tags={"mine": "yes"}, properties={"mine": "too"})
    workflow.client.states("job")
    properties = workflow.client.get("jobs/job").json()["properties"]
    assert properties["tags"]["mine"] == "yes"
    nodes = json.loads(properties["tags"]["_aml_system_ComputeTargetStatus"])
    assert nodes["AllocationState"] == "steady"
    run = properties["properties"]
    assert run["mine"] == "too"
    assert run["_azureml.ClusterName"] == "cpu-cluster"
    assert run["StartTimeUtc"] < run["EndTimeUtc"]
    assert set(properties["services"]) == {"Tracking", "Studio"}
    assert properties["outputs"]["default"]["uri"].endswith("/dcid.job")


@pytest.mark.parametrize("version", ["2021-03-01-preview", "2022-02-01-preview"])
def test_cancelling_answers_200_at_old_versions(workflow, assets, version):
    submit(workflow, assets)
    answer = workflow.client.at(version).post("jobs/job/cancel")
    assert (answer.status_code, answer.content) == (200, b"")
    assert workflow.client.states("job") == ["CancelRequested", "Canceled"]


def test_cancelling_answers_202_and_an_address_from_2022_05_01_on(workflow, assets):
    client = workflow.client.at("2022-05-01")
    submit(workflow, assets)
    answer = client.post("jobs/job/cancel")
    assert (answer.status_code, answer.content) == (202, b"null")
    assert answer.headers["x-ms-async-operation-timeout"] == "PT1H"
    where = answer.headers["Location"]
    assert "/mfeOperationResults/jc:" in where
    first, second = client.get(where), client.get(where)
    assert (first.status_code, first.json()) == (202, {})
    assert first.headers["Location"] == where
    assert (second.status_code, second.content) == (200, b"")
    assert client.states("job") == ["Canceled"]


def test_cancelling_what_has_ended_is_no_error(workflow, assets):
    submit(workflow, assets)
    workflow.client.states("job")
    assert workflow.client.post("jobs/job/cancel").status_code == 200
    assert workflow.client.states("job") == ["Completed"]


def test_a_finished_pipeline_cannot_be_cancelled(client):
    body = {"properties": {"jobType": "Pipeline", "jobs": {}}}
    made = client.put("jobs/pipe", body)
    assert made.json()["properties"]["status"] == "Preparing"
    assert client.states("pipe")[-2:] == ["Finalizing", "Completed"]
    answer = client.post("jobs/pipe/cancel")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == (
        "The pipeline run pipe is in terminal status, it can't be canceled."
    )


def test_the_same_put_again_starts_nothing(workflow, assets):
    submit(workflow, assets)
    workflow.client.states("job")
    again = submit(workflow, assets)
    assert again.status_code == 200
    assert "Location" not in again.headers
    assert again.json()["properties"]["status"] == "Completed"


@pytest.mark.parametrize("version", [*ALL, "2026-05-01"])
def test_any_job_can_be_put_back_as_it_was_read(workflow_at, version):
    workflow = workflow_at(version)
    client, assets = workflow.client, workflow.make_assets()
    client.put("jobs/command", workflow.command_body(assets))
    client.put("jobs/sweep", workflow.sweep_body(assets))
    client.states("sweep")
    for name in ("command", "sweep"):
        body = client.get(f"jobs/{name}").json()
        body["properties"]["description"] = "changed"
        answer = client.put(f"jobs/{name}", body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["properties"]["description"] == "changed"


def test_a_job_can_be_read_changed_and_put_back(workflow, assets):
    submit(workflow, assets)
    body = workflow.client.get("jobs/job").json()
    body["properties"] |= {"isArchived": True, "displayName": "new"}
    answer = workflow.client.put("jobs/job", body)
    assert answer.status_code == 200
    assert answer.json()["properties"]["isArchived"] is True
    assert answer.json()["properties"]["displayName"] == "new"
    assert workflow.client.get("jobs").json()["value"] == []
    archived = workflow.client.get("jobs", listViewType="ArchivedOnly").json()["value"]
    assert [job["name"] for job in archived] == ["job"]


def test_what_a_job_does_cannot_be_changed(workflow, assets):
    submit(workflow, assets)
    answer = submit(workflow, assets, command="other", experimentName="other")
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert error["code"] == "UserError"
    assert (
        "the existing job's command, experimentName cannot be changed"
        in (error["message"])
    )
    infos = {i["type"]: i["info"]["value"] for i in error["additionalInfo"]}
    assert infos["InnerError"]["innerError"]["code"] == "JobPropertyImmutable"
    assert infos["MessageParameters"] == {"property": "command, experimentName"}


def test_a_job_of_2021_is_the_same_job_in_the_words_of_2024(workflow_at):
    old, new = workflow_at("2021-03-01-preview"), workflow_at("2024-04-01")
    assets = old.make_assets()
    assert old.client.put("jobs/job", old.command_body(assets)).status_code == 201
    assert new.client.put("jobs/job", new.command_body(assets)).status_code == 200


def test_a_missing_compute_is_found_at_once(workflow, assets):
    nowhere = f"{workflow.client.workspace}/computes/nowhere"
    answer = submit(workflow, assets | {"compute": nowhere})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == (
        "iris: Compute Not Found for run ID : job"
    )
    assert workflow.client.get("jobs/job").status_code == 404


@pytest.mark.parametrize("kind", ["environment", "code", "data"])
def test_a_missing_asset_is_found_at_once(workflow, assets, kind):
    missing = assets[kind].rpartition("/")[0] + "/77"
    answer = submit(workflow, assets | {kind: missing})
    assert answer.status_code == 404
    assert answer.json()["error"] == {
        "code": "NotFound",
        "message": f"key: {missing} was not found.",
        "details": [],
    }


@pytest.mark.parametrize(
    "reference",
    ["azureml:lightgbm:1", "azureml:lightgbm@latest", "azureml:AzureML-curated:33"],
)
def test_environments_can_be_named_in_short(workflow, assets, reference):
    answer = submit(workflow, assets, environmentId=reference)
    assert answer.status_code == 201
    assert answer.json()["properties"]["environmentId"] == reference


def test_a_deleted_job_is_gone(workflow, assets):
    submit(workflow, assets)
    answer = workflow.client.delete("jobs/job")
    assert answer.status_code == 202
    assert "/mfeOperationResults/jd:" in answer.headers["Location"]
    assert workflow.client.get("jobs/job").status_code == 404
    assert workflow.client.delete("jobs/job").status_code == 204


def test_names_of_jobs_are_case_sensitive_and_others_are_not(workflow, assets):
    submit(workflow, assets, name="Job")
    assert workflow.client.get("jobs/job").status_code == 404
    assert workflow.client.get("COMPUTES/CPU-Cluster").json()["name"] == "cpu-cluster"


# -- sweeps -------------------------------------------------------------------


@pytest.mark.parametrize("version", ALL)
def test_a_sweep_runs_from_the_start_and_completes(workflow_at, version):
    workflow = workflow_at(version)
    assets = workflow.make_assets()
    made = workflow.client.put("jobs/sweep", workflow.sweep_body(assets))
    assert made.status_code == 201, made.text
    assert made.json()["properties"]["status"] == "Running"
    states = workflow.client.states("sweep")
    assert set(states) == {"Running", "Completed"}


def test_a_sweep_has_the_studio_and_writes_about_itself(workflow, assets):
    workflow.client.put("jobs/sweep", workflow.sweep_body(assets))
    workflow.client.states("sweep")
    properties = workflow.client.get("jobs/sweep").json()["properties"]
    assert set(properties["services"]) == {"Studio"}
    tags = properties["tags"]
    assert tags["_aml_system_max_total_jobs"] == "4"
    assert tags["_aml_system_max_duration_minutes"] == "120"
    assert json.loads(tags["_aml_system_primary_metric_config"]) == {
        "name": "loss",
        "goal": "minimize",
    }
    trials = [json.loads(tags[f"_aml_system_sweep_{n}"]) for n in range(4)]
    assert all(0.05 <= trial["rate"] <= 0.8 for trial in trials)
    assert {trial["boosting"] for trial in trials} <= {"gbdt", "dart"}
    assert "_aml_system_sweep_4" not in tags
    run = properties["properties"]
    assert run["runTemplate"] == "HyperDrive"
    assert run["best_child_run_id"] in [f"sweep_{n}" for n in range(4)]
    assert run["best_data_container_id"] == f"dcid.{run['best_child_run_id']}"
    assert float(run["score"]) > 0


def test_trials_are_jobs_once_they_have_started(workflow, assets):
    client = workflow.client
    client.put("jobs/sweep", workflow.sweep_body(assets))
    assert client.get("jobs/sweep_0").status_code == 404
    client.states("sweep")
    trial = client.get("jobs/sweep_3").json()["properties"]
    assert (trial["jobType"], trial["status"]) == ("Command", "Completed")
    assert "${{" not in trial["command"]
    assert client.get("jobs/sweep_4").status_code == 404
    assert [job["name"] for job in client.get("jobs").json()["value"]] == ["sweep"]


def test_a_cancelled_sweep_makes_no_further_trials(workflow, assets):
    client = workflow.client
    body = workflow.sweep_body(assets)
    body["properties"]["limits"] |= {"maxTotalTrials": 20, "maxConcurrentTrials": 1}
    client.put("jobs/sweep", body)
    client.get("jobs/sweep")
    client.post("jobs/sweep/cancel")
    assert client.states("sweep") == ["CancelRequested", "Canceled"]
    tags = client.get("jobs/sweep").json()["properties"]["tags"]
    assert tags["_aml_system_cancellation_requested"] == "true"
    made = [name for name in tags if name.startswith("_aml_system_sweep_")]
    assert made == ["_aml_system_sweep_0"]
    assert client.get("jobs/sweep_0").json()["properties"]["status"] == "Canceled"


def test_a_sweep_ends_at_its_timeout(workflow, assets):
    body = workflow.sweep_body(assets)
    body["properties"]["limits"] |= {"timeout": "PT1M", "maxTotalTrials": 20}
    workflow.client.put("jobs/sweep", body)
    assert workflow.client.states("sweep") == ["Running", "Completed"]


def test_a_sweep_whose_trials_fail_fails(workflow, assets):
    body = workflow.sweep_body(assets)
    body["properties"]["trial"]["command"] += "; exit 4"
    workflow.client.put("jobs/sweep", body)
    assert workflow.client.states("sweep")[-1] == "Failed"


def test_lower_case_goals_come_back_in_the_specified_case(workflow, assets):
    body = workflow.sweep_body(assets)
    body["properties"]["objective"]["goal"] = "maximize"
    answer = workflow.client.put("jobs/sweep", body)
    assert answer.json()["properties"]["objective"]["goal"] == "Maximize"


# -- run history ----------------------------------------------------------------


def test_run_history_follows_a_job_and_lists_its_trials(service, workflow, assets):
    client = workflow.client
    client.put("jobs/sweep", workflow.sweep_body(assets))
    client.states("sweep")
    base = f"{service.url}/history/v1.0{client.workspace}"
    run = client.get(f"{base}/runs/sweep/details").json()
    assert (run["runId"], run["status"], run["logFiles"]) == ("sweep", "Completed", {})
    children = client.get(f"{base}/runs/sweep/children").json()["value"]
    assert [child["runId"] for child in children] == [f"sweep_{n}" for n in range(4)]
    assert {child["parentRunId"] for child in children} == {"sweep"}
    data = client.post(f"{base}/rundata", {"runId": "sweep_1"}).json()["runMetadata"]
    assert (data["dataContainerId"], data["rootRunId"]) == ("dcid.sweep_1", "sweep")
    assert client.get(f"{base}/runs/nothing/details").status_code == 404
    assert client.get(f"{base}/runs/sweep/metrics").status_code == 404


def test_a_finished_job_with_an_output_can_be_sent_back_as_it_is(client, workflow):
    body = workflow.command_body(workflow.make_assets())
    body["properties"]["outputs"] = {"o": {"jobOutputType": "uri_folder"}}
    client.put("jobs/j", body)
    assert client.states("j")[-1] == "Completed"
    shown = client.get("jobs/j").json()
    assert shown["properties"]["outputs"]["o"]["uri"]
    sent = {"properties": {**shown["properties"], "isArchived": True}}
    answer = client.put("jobs/j", sent)
    assert answer.status_code == 200, answer.text
