"""A job as it is seen at a moment: what the service adds to what was sent.

In: a job in its neutral form and its state. Out: its properties, still in the
neutral form. Source: recorded answers for command and sweep jobs.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azml_contract.emulator.clock import as_run_time
from azml_contract.emulator.courses import TERMINAL, Course
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.sweeps import Sweep, sweep_properties, sweep_tags
from azml_contract.emulator.world import World

_SHORT_ENVIRONMENT = re.compile(r"azureml:([^:/@]+):([^:/@]+)")
_NODES = {
    "AllocationState": "steady",
    "PreparingNodeCount": 0,
    "RunningNodeCount": 0,
    "CurrentNodeCount": 0,
}


@dataclass(frozen=True, slots=True)
class JobState:
    """Where a job stands. `cancelled_s` counts from its creation."""

    status: str
    elapsed_s: float
    course: Course
    sweep: Sweep | None = None
    cancelled_s: float | None = None
    error: str = ""
    note: str = ""

    def told(self) -> dict[str, str]:
        """What the emulator has to say about a run, as properties of the job."""
        said = {"error": self.error, "note": self.note}
        return {f"azml-contract.{name}": text for name, text in said.items() if text}

    def has_reached(self, state: str) -> bool:
        """Whether the job has got as far as a state of its course."""
        at = self.course.starts_at(state)
        until = self.elapsed_s
        if self.cancelled_s is not None:
            until = min(until, self.cancelled_s)
        return at is not None and until >= at


def view_command(world: World, job: Resource, state: JobState) -> Body:
    """Properties of a command job."""
    properties = dict(job.body["properties"])
    tags = dict(properties["tags"])
    if state.has_reached("Queued") and properties.get("computeId"):
        tags["_aml_system_ComputeTargetStatus"] = json.dumps(
            _NODES, separators=(",", ":")
        )
    properties["tags"] = tags
    properties["properties"] = {
        **properties["properties"],
        **_command_run(job, properties, state),
    }
    return {
        **properties,
        **_shared(world, job, state, ("Tracking", "Studio")),
        "environmentVariables": properties.get("environmentVariables") or {},
        "parameters": {},
    }


def _command_run(job: Resource, properties: Body, state: JobState) -> dict[str, str]:
    run = {"_azureml.ComputeTargetType": "amlctrain"}
    if properties.get("codeId"):
        run["ContentSnapshotId"] = _snapshot_id(properties["codeId"])
    if state.has_reached("Queued") and properties.get("computeId"):
        run["_azureml.ClusterName"] = str(properties["computeId"]).rpartition("/")[2]
    if state.has_reached("Running"):
        run["ProcessInfoFile"] = "azureml-logs/process_info.json"
        run["ProcessStatusFile"] = "azureml-logs/process_status.json"
        started_s = job.created_s + (state.course.starts_at("Running") or 0.0)
        run["StartTimeUtc"] = as_run_time(started_s)
        if state.status in TERMINAL:
            ended_s = state.cancelled_s or state.course.end_s
            run["EndTimeUtc"] = as_run_time(job.created_s + ended_s)
    return run


def view_sweep(world: World, job: Resource, state: JobState) -> Body:
    """Properties of a sweep job."""
    properties = dict(job.body["properties"])
    sweep = state.sweep
    assert sweep is not None
    limits = {"jobLimitsType": "Sweep", **(properties.get("limits") or {})}
    properties["limits"] = limits
    trial = _view_trial(job, dict(properties.get("trial") or {}))
    snapshot = _snapshot_id(trial["codeId"]) if trial.get("codeId") else ""
    until_s = state.elapsed_s
    if state.cancelled_s is not None:
        until_s = min(until_s, state.cancelled_s)
    properties["tags"] = {
        **properties["tags"],
        **sweep_tags(
            job.name,
            properties,
            sweep,
            elapsed_s=until_s,
            created_s=job.created_s,
            cancelled=state.cancelled_s is not None,
            platform=_platform(world, job, properties, trial, snapshot),
        ),
    }
    properties["properties"] = {
        **properties["properties"],
        **sweep_properties(
            job.name, properties, sweep, is_completed=state.status == "Completed"
        ),
        "ContentSnapshotId": snapshot,
        "user_agent": "managementfrontend/azml-contract-emulator",
    }
    return {
        **properties,
        **_shared(world, job, state, ("Studio",)),
        "trial": trial,
    }


def _view_trial(job: Resource, trial: Body) -> Body:
    matched = _SHORT_ENVIRONMENT.fullmatch(str(trial.get("environmentId") or ""))
    if matched:
        workspace_id = job.id.partition("/jobs/")[0]
        trial["environmentId"] = (
            f"{workspace_id}/environments/{matched[1]}/versions/{matched[2]}"
        )
    trial["environmentVariables"] = trial.get("environmentVariables") or {}
    trial["resources"] = {"instanceCount": 1, **(trial.get("resources") or {})}
    return trial


def _platform(
    world: World, job: Resource, properties: Body, trial: Body, snapshot: str
) -> Body:
    """The run that each trial starts from; the live service writes far more."""
    seed = world.seed
    return {
        "ServiceAddress": f"https://{seed.location}.api.azureml.ms",
        "SubscriptionId": seed.subscription,
        "ResourceGroupName": seed.resource_group,
        "WorkspaceName": seed.workspace,
        "ExperimentName": properties["experimentName"],
        "Definition": {
            "Overrides": {
                "Command": trial.get("command"),
                "Target": str(properties.get("computeId") or "").rpartition("/")[2],
                "EnvironmentVariables": trial["environmentVariables"],
            },
            "SnapshotId": snapshot,
            "DisplayName": properties.get("displayName"),
        },
        "ParentRunId": job.name,
    }


def view_other(world: World, job: Resource, state: JobState) -> Body:
    """Properties of a pipeline, AutoML, Spark or labelling job."""
    properties = dict(job.body["properties"])
    shared = _shared(world, job, state, ("Tracking", "Studio"))
    shared["outputs"] = properties.get("outputs") or {}
    if properties["jobType"] == "Pipeline" and state.status != "NotStarted":
        shared["properties"] = {
            **(properties.get("properties") or {}),
            **_pipeline_run(properties),
        }
    return {**properties, **shared}


def _pipeline_run(properties: Body) -> dict[str, str]:
    """What the service notes about the run of a pipeline."""
    settings = properties.get("settings") or {}
    compute = properties.get("computeId") or settings.get("default_compute") or ""
    literals = {
        name: str(item.get("value"))
        for name, item in (properties.get("inputs") or {}).items()
        if isinstance(item, dict) and item.get("jobInputType") == "literal"
    }
    goes_on = settings.get("continue_on_step_failure", False)
    return {
        "azureml.DevPlatv2": "true",
        "azureml.DatasetAccessMode": "Asset",
        "azureml.runsource": "azureml.PipelineRun",
        "runSource": "MFE",
        "runType": "HTTP",
        "azureml.parameters": json.dumps(literals, separators=(",", ":")),
        "azureml.continue_on_step_failure": str(goes_on),
        "azureml.continue_on_failed_optional_input": "True",
        "azureml.enforceRerun": "False",
        "azureml.defaultComputeName": str(compute).rpartition("/")[2],
        "azureml.defaultDataStoreName": "workspaceblobstore",
        "azureml.pipelineComponent": "pipelinerun",
    }


def _shared(
    world: World, job: Resource, state: JobState, services: tuple[str, ...]
) -> Body:
    properties: Mapping[str, Any] = job.body["properties"]
    return {
        "status": state.status,
        "services": {
            **_services(world, job, services),
            **(properties.get("services") or {}),
        },
        "inputs": properties.get("inputs") or {},
        "outputs": {
            **_place_outputs(job, properties.get("outputs") or {}, state),
            "default": _default_output(job),
        },
    }


def _place_outputs(job: Resource, outputs: Body, state: JobState) -> Body:
    """Outputs with the places that the service gives to those that have none."""
    if state.status not in TERMINAL:
        return outputs
    place = "azureml://datastores/workspaceblobstore/paths/azureml"
    return {
        name: {**output, "uri": output.get("uri") or f"{place}/{job.name}/{name}/"}
        if isinstance(output, dict)
        else output
        for name, output in outputs.items()
    }


def _default_output(job: Resource) -> Body:
    return {
        "jobOutputType": "uri_folder",
        "uri": (
            f"azureml://datastores/workspaceartifactstore/ExperimentRun/dcid.{job.name}"
        ),
        "mode": "ReadWriteMount",
    }


def _services(world: World, job: Resource, names: tuple[str, ...]) -> Body:
    seed = world.seed
    workspace_id = job.id.partition("/jobs/")[0]
    endpoints = {
        "Tracking": (
            f"azureml://{seed.location}.api.azureml.ms/mlflow/v1.0{workspace_id}?"
        ),
        "Studio": (
            f"https://ml.azure.com/runs/{job.name}"
            f"?wsid=/subscriptions/{seed.subscription}"
            f"/resourcegroups/{seed.resource_group}/workspaces/{seed.workspace}"
        ),
    }
    return {
        name: {"jobServiceType": name, "endpoint": endpoints[name]} for name in names
    }


def _snapshot_id(code_id: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, code_id))
