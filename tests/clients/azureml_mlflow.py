"""MLflow with azureml-mlflow: the workspace's azureml:// address, and https://."""

import os
import tempfile
from pathlib import Path

import mlflow
import requests
from azure.identity import EnvironmentCredential
from steps import refused, step

SCOPE = "https://management.azure.com/.default"
TOKEN = EnvironmentCredential().get_token(SCOPE).token
WORKSPACE = (
    f"https://management.azure.com/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}"
    f"/resourceGroups/{os.environ['AZURE_RESOURCE_GROUP']}"
    "/providers/Microsoft.MachineLearningServices"
    f"/workspaces/{os.environ['AZML_WORKSPACE']}"
)
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"


def address():
    head = {"Authorization": f"Bearer {TOKEN}"}
    found = requests.get(
        f"{WORKSPACE}?api-version=2023-10-01", headers=head, timeout=30
    )
    return found.json()["properties"]["mlFlowTrackingUri"]


def run():
    with mlflow.start_run() as begun:
        mlflow.log_param("a", 1)
        for at in range(3):
            mlflow.log_metric("m", at / 2, step=at)
        file = Path(tempfile.mkdtemp()) / "note.txt"
        file.write_text("kept", encoding="utf-8")
        mlflow.log_artifact(str(file), "notes")
    return mlflow.get_run(begun.info.run_id)


def found():
    return mlflow.search_runs(experiment_names=["e1"], output_format="list")


def down(made):
    uri = f"{made.info.artifact_uri}/notes/note.txt"
    return Path(mlflow.artifacts.download_artifacts(uri)).read_text("utf-8")


uri = step("the workspace's address", address)
mlflow.set_tracking_uri(uri)
step("azureml:// set_experiment", lambda: mlflow.set_experiment("e1").name == "e1")
made = step("azureml:// run", run, check=lambda r: r.data.metrics == {"m": 1.0})
step("azureml:// its state", lambda: made.info.status == "FINISHED")
step("azureml:// search_runs", found, check=lambda r: len(r) == 1)
step("azureml:// artifact", lambda: down(made) == "kept")
os.environ["MLFLOW_TRACKING_TOKEN"] = TOKEN
mlflow.set_tracking_uri(uri.replace("azureml://", "https://").partition("?")[0])
step("https:// set_experiment", lambda: mlflow.set_experiment("e1").name == "e1")
made = step("https:// run", run, check=lambda r: r.data.params == {"a": "1"})
step("https:// search_runs", found, check=lambda r: len(r) == 2)
step("https:// artifact", lambda: down(made) == "kept")
os.environ["MLFLOW_TRACKING_TOKEN"] = "nonsense"
step("a wrong token", lambda: refused(lambda: mlflow.get_run(made.info.run_id)))
