"""Batch endpoints that really score: an invocation is a job over its input.

In: ``POST /jobs`` at a batch endpoint's host. Out: the job, which runs the
deployment's ``init()`` and ``run()`` over the files of its input and leaves
``predictions.csv`` where its output goes.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from azml_contract.emulator.clock import as_iso
from azml_contract.emulator.execution.bindings import own_variables
from azml_contract.emulator.execution.executor import Executor
from azml_contract.emulator.execution.places import model_of, uri_of_output
from azml_contract.emulator.job_lives import ENDPOINT_TAG, JobLives
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import World
from azml_contract.exchange import Request, Response

_KINDS = {"urifile": "uri_file", "urifolder": "uri_folder", "mltable": "mltable"}
_OUTPUT = "score"
_FILE = "predictions.csv"
_HEAD = (("Content-Type", "application/json"),)


class BatchInvocations:
    """Makes jobs of invocations.

    Args:
        world: What there is.
        executor: Runs the jobs.
    """

    def __init__(self, world: World, executor: Executor) -> None:
        self._world, self._executor = world, executor

    def answer(self, endpoint: Resource, request: Request) -> Response:
        """Begin a job, or show those that were begun."""
        if request.method != "POST":
            return self._list(endpoint)
        try:
            asked = json.loads(request.body or b"{}")
        except ValueError:
            return _refuse(400, "The body is no JSON")
        told = asked.get("properties") if isinstance(asked, dict) else None
        given = told if isinstance(told, dict) else {}
        properties = {str(k).lower(): v for k, v in given.items()}
        source = _find_input(properties)
        if source is None:
            return _refuse(400, "The invocation names no input")
        with self._world.store.lock:
            deployment = self._choose(endpoint, request)
            if deployment is None:
                return _refuse(404, f"{endpoint.name} has no such deployment")
            job = self._make_job(endpoint, deployment, source, properties)
        begun = self._executor.add_child(job)
        return Response(201, _HEAD, json.dumps(self._show(endpoint, begun)).encode())

    def _choose(self, endpoint: Resource, request: Request) -> Resource | None:
        properties = endpoint.body.get("properties") or {}
        default = (properties.get("defaults") or {}).get("deploymentName")
        name = request.header("azureml-model-deployment") or default
        if name:
            return self._world.store.get(f"{endpoint.id}/deployments/{name}")
        return self._world.store.newest(f"{endpoint.id}/deployments")

    def _make_job(
        self, endpoint: Resource, deployment: Resource, source: Body, asked: Body
    ) -> Resource:
        name = self._world.store.draw_guid()
        told = deployment.body.get("properties") or {}
        size = int(told.get("miniBatchSize") or 10)
        file = str(told.get("outputFileName") or _FILE)
        code = told.get("codeConfiguration") or {}
        inputs: Body = {"data": source}
        variables = own_variables(told)
        reference = model_of(told)
        before = ""
        if reference:
            inputs["model"] = {"jobInputType": "custom_model", "uri": reference}
            # A model that is one file stands alone in a folder of that name.
            before = (
                'AZUREML_MODEL_DIR="$AZURE_ML_INPUT_model"; '
                'if [ -f "$AZUREML_MODEL_DIR" ]; then '
                'AZUREML_MODEL_DIR="$(dirname "$AZUREML_MODEL_DIR")"; fi; '
                "export AZUREML_MODEL_DIR; "
            )
        if code.get("codeId"):
            variables["AZML_SCRIPT"] = str(code.get("scoringScript") or "score.py")
        command = (
            f'{before}"$AZML_PYTHON" "$AZML_SCORER" batch "$AZURE_ML_INPUT_data" '
            f'"$AZURE_ML_OUTPUT_{_OUTPUT}"/{shlex.quote(file)} {size}'
        )
        place = _find_output(asked) or f"{uri_of_output(name, _OUTPUT)}/"
        properties: Body = {
            "jobType": "Command",
            "command": command,
            "codeId": code.get("codeId"),
            "environmentId": told.get("environmentId"),
            "environmentVariables": variables,
            "experimentName": endpoint.name,
            "displayName": f"{endpoint.name}-{deployment.name}",
            "inputs": inputs,
            "outputs": {_OUTPUT: {"jobOutputType": "uri_folder", "uri": place}},
            "tags": {},
            "properties": {
                ENDPOINT_TAG: endpoint.name,
                "azureml.deploymentname": deployment.name,
            },
        }
        return self._world.new_resource(
            f"{self._world.workspace_id}/jobs/{name}", {"properties": properties}
        )

    def _list(self, endpoint: Resource) -> Response:
        with self._world.store.lock:
            jobs = JobLives(self._world).invocations_of(endpoint.name)
        shown = [self._show(endpoint, job) for job in jobs]
        return Response(200, _HEAD, json.dumps({"value": shown}).encode())

    def _show(self, endpoint: Resource, job: Resource) -> Body:
        """An invocation as batch endpoints show it."""
        properties = job.body["properties"]
        return {
            "id": f"{endpoint.id}/jobs/{job.name}",
            "name": job.name,
            "type": "Microsoft.MachineLearningServices/workspaces/batchEndpoints/jobs",
            "properties": {
                "name": job.name,
                "status": self._executor.state_of(job.id),
                "inputData": {"data": properties["inputs"]["data"]},
                "output": properties["outputs"][_OUTPUT],
                "deploymentName": properties["properties"]["azureml.deploymentname"],
            },
            "systemData": {
                "createdAt": as_iso(job.created_s),
                "createdBy": job.created_by,
                "createdByType": job.created_by_type,
            },
        }


def _find_input(properties: Mapping[str, Any]) -> Body | None:
    """The first input of an invocation, in the words of any of its versions."""
    given = properties.get("inputdata") or properties.get("dataset")
    if not isinstance(given, Mapping):
        return None
    named = [one for one in given.values() if isinstance(one, Mapping)]
    told = {str(k).lower(): v for k, v in (named[0] if named else given).items()}
    uri = told.get("uri") or told.get("path") or told.get("datasetid")
    if not uri:
        return None
    kind = str(told.get("jobinputtype") or "UriFolder")
    plain = kind.replace("_", "").lower()
    return {"jobInputType": _KINDS.get(plain, "uri_folder"), "uri": str(uri)}


def _find_output(properties: Mapping[str, Any]) -> str:
    given = properties.get("outputdata")
    named = given.values() if isinstance(given, Mapping) else ()
    for one in named:
        told = {str(key).lower(): value for key, value in one.items()}
        if told.get("uri"):
            return str(told["uri"])
    return ""


def _refuse(status: int, message: str) -> Response:
    body = {"error": {"code": "UserError", "message": f"{message}."}}
    return Response(status, _HEAD, json.dumps(body).encode())
