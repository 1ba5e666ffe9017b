"""Bodies that tests of `check` judge, and where they are sent."""

from __future__ import annotations

from azml_contract.settings import PLACEHOLDERS

ENVIRONMENT = "environments/lightgbm/versions/1"
JOB_URL = f"{PLACEHOLDERS.endpoint}{PLACEHOLDERS.workspace_id}/jobs/train-1"
GOOD = {"properties": {"image": "python:3.11"}}
MISCASED = '{\n  "properties": {\n    "Image": "python:3.11"\n  }\n}\n'
JOB = {
    "properties": {
        "jobType": "Command",
        "command": "python train.py",
        "environmentId": "azureml:lightgbm:1",
        "resources": {"instanceCount": "1"},
    }
}
ANSWER = {"id": "/x", "name": "train-1", "type": "t", "properties": JOB["properties"]}


def sent_to(path: str, version: str = "2024-04-01") -> list[str]:
    """The options of a body that is sent to a path, relative to the workspace."""
    return ["--method", "PUT", "--url", path, "--api-version", version]
