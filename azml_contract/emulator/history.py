"""Run history, as far as clients look there to follow a job and list its trials.

In: requests to ``/history/v1.0{workspace}/...`` of a region's host. Out: runs,
made from the jobs in the store. There are no log files and no metrics, for
nothing is trained. Source: the models of azure-ai-ml 1.35.2.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from azml_contract.emulator.clock import as_iso
from azml_contract.emulator.courses import TERMINAL
from azml_contract.emulator.job_views import JobState
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.jobs import Jobs
from azml_contract.emulator.store import Resource
from azml_contract.emulator.world import World
from azml_contract.exchange import Request

_PREFIX = "/history/v1.0/"


def answers_history(request: Request) -> bool:
    """Whether a request is for run history."""
    return unquote(request.path).startswith(_PREFIX)


def answer_history(world: World, request: Request) -> Reply:
    """A run, its details or its children; 404 for everything else."""
    path = "/" + unquote(request.path).removeprefix(_PREFIX)
    workspace_id, _, rest = path.partition("/runs/")
    if path.endswith("/rundata") and request.method == "POST":
        workspace_id = path.removesuffix("/rundata")
        rest = str(json.loads(request.body or b"{}").get("runId", "")) + "/rundata"
    run_id, _, what = rest.partition("/")
    with world.store.lock:
        return _answer(world, f"{workspace_id}/jobs/{run_id}", what)


def _answer(world: World, job_id: str, what: str) -> Reply:
    jobs = Jobs(world)
    job = jobs.find(job_id)
    if job is None:
        return _refuse(f"Run {job_id.rpartition('/')[2]} was not found.")
    if what == "children":
        children = [_as_run(t, jobs.state_of(t)) for t in jobs.trials_of(job)]
        return Reply(200, {"value": children})
    if what not in ("", "details", "rundata"):
        return _refuse(f"The azml-contract emulator has no {what} of runs.")
    world.clock.note_poll()
    run = _as_run(job, jobs.state_of(job))
    if what == "rundata":
        return Reply(200, {"runMetadata": run})
    return Reply(200, run | {"logFiles": {}} if what == "details" else run)


def _refuse(message: str) -> Reply:
    return Reply(404, {"error": {"code": "UserError", "message": message}})


def _as_run(job: Resource, state: JobState) -> dict[str, Any]:
    properties = job.body["properties"]
    parent = job.facts.get("parent")
    run = {
        "runId": job.name,
        "rootRunId": parent or job.name,
        "parentRunId": parent,
        "status": state.status,
        "displayName": properties.get("displayName"),
        "dataContainerId": f"dcid.{job.name}",
        "runType": "azureml.HyperDrive" if state.sweep else "azureml.scriptrun",
        "createdUtc": as_iso(job.created_s),
        "target": str(properties.get("computeId") or "").rpartition("/")[2],
        "tags": properties["tags"],
        "properties": properties["properties"],
        "inputs": {},
        "outputs": {},
    }
    if state.status in TERMINAL:
        run["endTimeUtc"] = as_iso(job.created_s + state.course.end_s)
    return run
