"""Run history, as far as clients look there to follow a job and fetch its files.

In: requests to ``/history/v1.0{workspace}/...`` and ``/data/v1.0{workspace}/...``
of a region's host. Out: runs, made from the jobs in the store, with their
logs; that of a job that was simulated says so. Source: the models of
azure-ai-ml 1.35.2, and a recording of a pipeline's children.
"""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import quote, unquote

from azml_contract.emulator.clock import as_iso
from azml_contract.emulator.courses import TERMINAL
from azml_contract.emulator.execution.storage import Storage
from azml_contract.emulator.job_lives import JobLives
from azml_contract.emulator.job_views import JobState
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.sas import sign_upload
from azml_contract.emulator.store import Resource
from azml_contract.emulator.world import World
from azml_contract.exchange import Request

_PREFIX = "/history/v1.0/"
_RESOLVED = "/dataversion/batchGetResolvedUris"
_ARTIFACTS = "azureml"
_LOG_FOLDERS = ("user_logs/", "logs/")
_LOG = "user_logs/std_log.txt"
_RUN_TYPES = {"Sweep": "azureml.HyperDrive", "Pipeline": "azureml.PipelineRun"}


def answers_history(request: Request) -> bool:
    """Whether a request is for run history, or for where a run's data lies."""
    path = unquote(request.path)
    return path.startswith(_PREFIX) or path.endswith(_RESOLVED)


def answer_history(world: World, request: Request) -> Reply:
    """A run, its details, its children or its files; 404 for everything else."""
    path = "/" + unquote(request.path).removeprefix(_PREFIX)
    asked = _read(request.body)
    if path.endswith(_RESOLVED):
        return _resolve(world, asked)
    workspace_id, _, rest = path.partition("/runs/")
    if path.endswith("/rundata") and request.method == "POST":
        workspace_id = path.removesuffix("/rundata")
        rest = f"{asked.get('runId', '')}/rundata"
    run_id, _, what = rest.partition("/")
    with world.store.lock:
        return _answer(world, f"{workspace_id}/jobs/{run_id}", what)


def _read(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}


def _answer(world: World, job_id: str, what: str) -> Reply:
    lives = JobLives(world)
    job = lives.find(job_id)
    if job is None:
        return _refuse(f"Run {job_id.rpartition('/')[2]} was not found.")
    if what == "children":
        children = [
            _as_run(world, one, lives.state_of(one)) for one in lives.children_of(job)
        ]
        return Reply(200, {"value": children})
    if what.startswith("serviceinstances"):
        return Reply(200, {"instances": {}})
    if what not in ("", "details", "rundata"):
        return _refuse(f"The azml-contract emulator has no {what} of runs.")
    world.clock.note_poll()
    state = lives.state_of(job)
    run = _as_run(world, job, state)
    logs = _write_log(world, job, state)
    if what == "rundata":
        return Reply(200, {"runMetadata": run})
    return Reply(200, run | {"logFiles": logs} if what == "details" else run)


def _resolve(world: World, asked: dict[str, Any]) -> Reply:
    values = {
        str(asset_id): {"uri": _place_of(world, str(asset_id)), "type": "UriFolder"}
        for asset_id in asked.get("values") or []
    }
    return Reply(200, {"values": values})


def _place_of(world: World, asset_id: str) -> str:
    seed = world.seed
    name = asset_id.rpartition("/data/")[2].partition("/")[0]
    run, _, output = name.removeprefix("azureml_").partition("_output_data_")
    store = "workspaceartifactstore" if output == "default" else "workspaceblobstore"
    path = (
        f"ExperimentRun/dcid.{run}"
        if output == "default"
        else f"azureml/{run}/{output}"
    )
    return (
        f"azureml://subscriptions/{seed.subscription}/resourcegroups/"
        f"{seed.resource_group}/workspaces/{seed.workspace}/datastores/{store}"
        f"/paths/{path}/"
    )


def _write_log(world: World, job: Resource, state: JobState) -> dict[str, str]:
    """Names and addresses of the logs of a run; of one that was simulated, when it is
    over, a log that says so."""
    storage = world.blobs.storage
    if storage is None:
        return {}
    if "run" in job.facts:
        return _find_logs(world, storage, job)
    if state.status not in TERMINAL:
        return {}
    name = f"ExperimentRun/dcid.{job.name}/{_LOG}"
    text = (
        "The azml-contract emulator took this job through its states to "
        f"{state.status}, simulated. Nothing was run.\n"
    )
    storage.put(_ARTIFACTS, name, text.encode())
    return {_LOG: _address(world, name)}


def _find_logs(world: World, storage: Storage, job: Resource) -> dict[str, str]:
    prefix = f"ExperimentRun/dcid.{job.name}/"
    names = storage.list(_ARTIFACTS, prefix)
    logs = [n for n in names if n.removeprefix(prefix).startswith(_LOG_FOLDERS)]
    return {name.removeprefix(prefix): _address(world, name) for name in logs}


def _address(world: World, name: str) -> str:
    seed = world.seed
    sas = sign_upload(seed.storage_account, seed.storage_key, _ARTIFACTS)
    host = f"{seed.storage_account}.blob.core.windows.net"
    return f"https://{host}/{_ARTIFACTS}/{quote(name)}?{sas}"


def _refuse(message: str) -> Reply:
    return Reply(404, {"error": {"code": "UserError", "message": message}})


def _as_run(world: World, job: Resource, state: JobState) -> dict[str, Any]:
    properties = job.body["properties"]
    parent = job.facts.get("parent")
    job_type = str(properties.get("jobType"))
    outputs = {**(properties.get("outputs") or {}), "default": {}}
    run = {
        "runId": job.name,
        "rootRunId": parent or job.name,
        "parentRunId": parent,
        "status": state.status,
        "displayName": properties.get("displayName"),
        "name": properties.get("displayName"),
        "experimentId": str(uuid.uuid5(uuid.NAMESPACE_URL, job.id)),
        "dataContainerId": f"dcid.{job.name}",
        "runType": _RUN_TYPES.get(job_type, "azureml.scriptrun"),
        "createdUtc": as_iso(job.created_s),
        "target": str(properties.get("computeId") or "").rpartition("/")[2],
        "tags": properties["tags"],
        "properties": properties["properties"],
        "inputs": {},
        "outputs": {
            name: {"assetId": _asset_id(world, job, name), "type": "UriFolder"}
            for name in outputs
        },
    }
    if state.status in TERMINAL:
        run["endTimeUtc"] = as_iso(job.created_s + state.course.end_s)
    if state.error:
        run["error"] = {"error": {"code": "UserError", "message": state.error}}
    return run


def _asset_id(world: World, job: Resource, output: str) -> str:
    location = world.seed.location
    name = f"azureml_{job.name}_output_data_{output}"
    return f"azureml://locations/{location}/data/{name}/versions/1"
