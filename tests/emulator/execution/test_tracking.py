"""MLflow's own client against the emulator: what it logs is what everybody sees."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from azml_contract.emulator.mlflow.errors import Refused
from azml_contract.emulator.mlflow.search import matches

mlflow = pytest.importorskip("mlflow")


@pytest.fixture
def tracking(bench, monkeypatch):
    environ = bench.emulator.environ
    for name in ("HTTPS_PROXY", "NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, environ[name])
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", bench.emulator.issue_token())
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    uri = f"https://westeurope.api.azureml.ms/mlflow/v1.0{bench.client.workspace}"
    return mlflow.MlflowClient(uri)


@pytest.mark.slow
def test_a_run_logs_params_metrics_tags_and_artifacts(bench, tracking, tmp_path):
    experiment = tracking.create_experiment("by-hand")
    run = tracking.create_run(experiment, run_name="mine").info.run_id
    tracking.log_param(run, "alpha", 0.5)
    for at, value in enumerate((3.0, 2.0, math.nan, 1.0)):
        tracking.log_metric(run, "loss", value, step=at)
    tracking.set_tag(run, "kind", "trial")
    (tmp_path / "note.txt").write_text("kept")
    tracking.log_artifact(run, str(tmp_path / "note.txt"), "notes")
    tracking.set_terminated(run)

    found = tracking.get_run(run)
    assert found.info.status == "FINISHED"
    assert found.data.params == {"alpha": "0.5"}
    assert found.data.metrics["loss"] == 1.0
    assert found.data.tags["kind"] == "trial"
    history = tracking.get_metric_history(run, "loss")
    assert [point.step for point in history] == [0, 1, 2, 3]
    assert math.isnan(history[2].value)
    assert [one.path for one in tracking.list_artifacts(run)] == ["notes"]
    assert [one.path for one in tracking.list_artifacts(run, "notes")] == [
        "notes/note.txt"
    ]
    (tmp_path / "down").mkdir()
    down = str(tmp_path / "down")
    there = tracking.download_artifacts(run, "notes/note.txt", down)
    assert Path(there).read_text() == "kept"
    named = tracking.search_runs(
        [experiment], "metrics.loss < 2 and tags.kind = 'trial'"
    )
    assert [one.info.run_id for one in named] == [run]
    assert tracking.search_runs([experiment], "params.alpha = '9'") == []


FLUENT = """
import mlflow
print(mlflow.set_experiment("fluent").name)
for number in range(2):
    with mlflow.start_run():
        mlflow.log_param("a", number)
        mlflow.log_metric("m", number / 2)
found = mlflow.search_runs(
    experiment_names=["fluent"], filter_string="metrics.m > 0", output_format="list")
print([run.data.params for run in found])
"""


@pytest.mark.slow
def test_a_script_with_mlflow_alone_finds_the_server_by_its_address(bench):
    """Without the plug-in that knows azureml://, by https://."""
    uri = f"https://westeurope.api.azureml.ms/mlflow/v1.0{bench.client.workspace}"
    own = {
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "MLFLOW_TRACKING_URI": uri,
        "MLFLOW_TRACKING_TOKEN": bench.emulator.issue_token(),
    }
    done = subprocess.run(
        [sys.executable, "-c", FLUENT],
        env={"PATH": os.environ["PATH"], **bench.emulator.environ, **own},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "fluent\n[{'a': '1'}]\n", done.stderr


@pytest.mark.slow
def test_a_param_does_not_change(tracking):
    run = tracking.create_run("0").info.run_id
    tracking.log_param(run, "a", 1)
    with pytest.raises(mlflow.exceptions.MlflowException, match="not allowed"):
        tracking.log_param(run, "a", 2)


@pytest.mark.slow
def test_a_job_is_a_run_of_its_experiment(bench, tracking):
    script = (
        "import mlflow\n"
        "mlflow.log_param('depth', 3)\n"
        "for i in range(3): mlflow.log_metric('m', i / 2, step=i)\n"
    )
    code = bench.code("tracks", main=script)
    done = bench.run("tracked", "python main.py", codeId=code, experimentName="exp")
    assert done["status"] == "Completed", bench.log("tracked")
    experiment = tracking.get_experiment_by_name("exp")
    (run,) = tracking.search_runs([experiment.experiment_id])
    assert run.info.run_id == "tracked"
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"m": 1.0}
    assert run.data.params == {"depth": "3"}


@pytest.mark.slow
def test_a_model_registered_from_a_run_is_a_model_of_the_workspace(
    bench, tracking, tmp_path
):
    run = tracking.create_run("0").info.run_id
    (tmp_path / "MLmodel").write_text("flavors:\n  python_function:\n    env: conda\n")
    tracking.log_artifacts(run, str(tmp_path), "model")
    tracking.create_registered_model("registered")
    source = f"{tracking.get_run(run).info.artifact_uri}/model"
    version = tracking.create_model_version("registered", source, run)
    assert str(version.version) == "1"
    found = bench.client.get("models/registered/versions/1").json()["properties"]
    assert found["modelType"] == "mlflow_model"
    assert found["jobName"] == run
    assert found["flavors"] == {"python_function": {"data": {"env": "conda"}}}
    place = f"paths/ExperimentRun/dcid.{run}/model"
    assert found["modelUri"].endswith(place)
    uri = tracking.get_model_version_download_uri("registered", "1")
    assert uri == source
    with pytest.raises(mlflow.exceptions.MlflowException, match="already exists"):
        tracking.create_registered_model("registered")


@pytest.mark.slow
def test_a_model_that_is_put_has_the_flavors_of_its_file(bench):
    bench.upload("sk/MLmodel", "flavors:\n  sklearn:\n    code: null\n    v: 1.5.0\n")
    uri = "azureml://datastores/workspaceblobstore/paths/sk"
    body = {"properties": {"modelUri": uri, "modelType": "mlflow_model"}}
    made = bench.client.put("models/sk/versions/1", body).json()["properties"]
    assert made["flavors"] == {"sklearn": {"data": {"code": "null", "v": "1.5.0"}}}
    body["properties"]["modelUri"] += "/nothing"
    made = bench.client.put("models/no/versions/1", body).json()["properties"]
    assert made["flavors"] == {}


@pytest.mark.slow
def test_a_model_of_a_registry_has_the_flavors_of_its_file_too(bench):
    client = bench.client.at("2023-10-01")
    group = client.workspace.partition("/providers/")[0]
    registry = f"{group}/providers/Microsoft.MachineLearningServices/registries/reg"
    body = {"location": "westeurope", "properties": {"regionDetails": []}}
    assert client.put(registry, body).status_code == 202
    bench.upload("reg/MLmodel", "flavors:\n  sklearn:\n    v: 1.5.0\n")
    account = f"{bench.emulator.seed.storage_account}.blob.core.windows.net"
    uri = f"https://{account}/{bench.container}/reg"
    for kind, flavors in (
        ("mlflow_model", {"sklearn": {"data": {"v": "1.5.0"}}}),
        ("custom_model", {}),
    ):
        place = f"{registry}/models/{kind}/versions/1"
        client.put(place, {"properties": {"modelUri": uri, "modelType": kind}})
        assert client.get(place).json()["properties"]["flavors"] == flavors


@pytest.mark.slow
def test_a_version_goes_to_the_stage_that_is_asked_for(bench):
    session = bench.session(bench.emulator.issue_token())
    host = f"https://westeurope.api.azureml.ms/mlflow/v1.0{bench.client.workspace}"
    base = f"{host}/api/2.0/mlflow"
    named = {"name": "staged"}
    session.post(f"{base}/registered-models/create", json=named)
    made = {**named, "source": "https://example.org/m"}
    created = session.post(f"{base}/model-versions/create", json=made).json()
    assert created["model_version"]["current_stage"] == "None"
    wanted = {**named, "version": "1", "stage": "Production"}
    session.post(f"{base}/model-versions/transition-stage", json=wanted)
    asked = session.get(f"{base}/model-versions/get", params={**named, "version": "1"})
    assert asked.json()["model_version"]["current_stage"] == "Production"


@pytest.mark.slow
def test_an_experiment_is_found_by_its_new_name_alone(tracking):
    made = tracking.create_experiment("before")
    tracking.rename_experiment(made, "after")
    assert tracking.get_experiment_by_name("after").experiment_id == made
    assert tracking.get_experiment_by_name("before") is None
    with pytest.raises(mlflow.exceptions.MlflowException, match="already exists"):
        tracking.create_experiment("after")


@pytest.mark.slow
def test_without_a_token_nothing_is_answered(bench):
    session = bench.session("nonsense")
    base = f"https://westeurope.api.azureml.ms/mlflow/v1.0{bench.client.workspace}"
    answer = session.get(f"{base}/api/2.0/mlflow/experiments/search")
    assert answer.status_code == 401
    unsigned = f"{base}/api/2.0/mlflow-artifacts/artifacts/{'0' * 24}/tracked/outputs"
    assert session.get(unsigned).status_code == 403
    assert session.get(unsigned.replace("0000", "%C3%A9")).status_code == 403


@pytest.mark.slow
def test_an_artifact_is_not_removed(tracking, bench):
    run = tracking.create_run("0").info.run_id
    tracking.log_text(run, "kept", "a.txt")
    address = f"{tracking.get_run(run).info.artifact_uri}/a.txt"
    session = bench.session(bench.emulator.issue_token())
    assert session.delete(address).status_code == 405
    assert session.get(address).text == "kept"


SEEN = {
    "metrics": {"loss": 0.5, "val/acc": 0.9},
    "params": {"a": "1"},
    "tags": {"mlflow.runName": "x y and z"},
    "attributes": {"status": "FINISHED", "start_time": 5},
}
FILTERS = {
    "": True,
    "metrics.loss < 0.6": True,
    "metrics.loss >= 0.6": False,
    "metrics.`val/acc` > 0.5 and params.a = '1'": True,
    'params.a != "1"': False,
    "tags.mlflow.runName = 'x y and z'": True,
    "tags.mlflow.runName LIKE 'x%'": True,
    "attributes.status = 'FINISHED'": True,
    "status = 'RUNNING'": False,
    "attributes.status IN ('RUNNING', 'FINISHED')": True,
    "metrics.none > 0": False,
}


@pytest.mark.parametrize("text", FILTERS)
def test_filters_are_read_as_documented(text):
    assert matches(text, SEEN) is FILTERS[text]


def test_a_filter_that_cannot_be_read_is_refused():
    with pytest.raises(Refused, match="Invalid filter"):
        matches("loss", SEEN)
