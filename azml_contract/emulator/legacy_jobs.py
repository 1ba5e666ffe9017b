"""Jobs between 2021-03-01-preview and the neutral form, which is today's.

In and out: ``properties`` of a Command or Sweep job. What only the old form
has (``isLocal``, ``location``, ``priority``, ``pathOnCompute``) is kept under
``legacy``, so that the old api-version gets it back; newer ones do not see it.
Outputs beyond ``default`` come back to the old form as bindings. Other types
of jobs are not translated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]
FindDataType = Callable[[str], str]
_MODES_IN = {"Mount": "ReadOnlyMount"}
_MODES_OUT = {"Mount": "ReadWriteMount"}
_ONLY_OLD = ("priority", "datastoreId")
_DATASTORE_PATH = re.compile(r"azureml://(?:.*/)?datastores/([^/]+)/paths/(.*)")
_PROVISIONING = {"Completed": "Succeeded", "Failed": "Failed", "Canceled": "Canceled"}


def read_job(old: Mapping[str, Any], *, data_type: FindDataType) -> Json:
    """The neutral form of a job's properties.

    Args:
        old: As 2021-03-01-preview has them.
        data_type: Type of a data asset by its ARM id, e.g. ``uri_file``.
    """
    job = dict(old)
    kept: Json = {name: job.pop(name) for name in _ONLY_OLD if name in job}
    resources = _read_compute(job, kept)
    if job.get("jobType") == "Sweep":
        _read_sweep(job, kept, resources, data_type)
    elif job.get("jobType") == "Command":
        _read_bindings(job, job, kept, data_type)
        _read_distribution(job)
        if "timeout" in job:
            job["limits"] = {"jobLimitsType": "Command", "timeout": job.pop("timeout")}
        if resources:
            job["resources"] = resources
    if kept:
        job["legacy"] = kept
    return job


def _read_compute(job: Json, kept: Json) -> Json:
    compute = dict(job.pop("compute", None) or {})
    if "target" in compute:
        job["computeId"] = compute.pop("target")
    resources = {
        name: compute.pop(name)
        for name in ("instanceCount", "instanceType", "properties")
        if name in compute
    }
    if compute:
        kept["compute"] = compute
    return resources


def _read_sweep(
    job: Json, kept: Json, resources: Json, data_type: FindDataType
) -> None:
    limits: Json = {"jobLimitsType": "Sweep"}
    for name in ("maxTotalTrials", "maxConcurrentTrials", "timeout"):
        if name in job:
            limits[name] = job.pop(name)
    trial = dict(job.get("trial") or {})
    if "timeout" in trial:
        limits["trialTimeout"] = trial.pop("timeout")
    _read_bindings(trial, job, kept, data_type)
    _read_distribution(trial)
    if resources:
        trial["resources"] = resources
    job["trial"] = trial
    job["limits"] = limits
    job["samplingAlgorithm"] = {"samplingAlgorithmType": job.pop("algorithm", "Random")}


def _read_bindings(
    source: Json, target: Json, kept: Json, data_type: FindDataType
) -> None:
    given = source.pop("inputDataBindings", None)
    if given is not None:
        kept["inputDataBindings"] = given
        target["inputs"] = {
            name: _read_input(binding or {}, data_type)
            for name, binding in given.items()
        }
    given = source.pop("outputDataBindings", None)
    if given is not None:
        kept["outputDataBindings"] = given
        target["outputs"] = {
            name: _read_output(binding or {}) for name, binding in given.items()
        }


def _read_input(binding: Mapping[str, Any], data_type: FindDataType) -> Json:
    data_id = str(binding.get("dataId") or "")
    made: Json = {"jobInputType": data_type(data_id), "uri": data_id}
    mode = binding.get("mode")
    if mode and mode != "Upload":
        made["mode"] = _MODES_IN.get(mode, mode)
    return made


def _read_output(binding: Mapping[str, Any]) -> Json:
    made: Json = {"jobOutputType": "uri_folder"}
    datastore = str(binding.get("datastoreId") or "").rpartition("/")[2]
    if datastore:
        path = str(binding.get("pathOnDatastore") or "").lstrip("/")
        made["uri"] = f"azureml://datastores/{datastore}/paths/{path}"
    mode = binding.get("mode")
    if mode:
        made["mode"] = _MODES_OUT.get(mode, mode)
    return made


def _read_distribution(job: Json) -> None:
    distribution = job.get("distribution")
    if distribution and "processCount" in distribution:
        renamed = dict(distribution)
        renamed["processCountPerInstance"] = renamed.pop("processCount")
        job["distribution"] = renamed


def write_job(job: Mapping[str, Any], *, workspace_id: str) -> Json:
    """The properties of a job as 2021-03-01-preview has them.

    Args:
        job: The neutral form, with what the service adds.
        workspace_id: ARM id, for the ids of datastores.
    """
    old = dict(job)
    kept = old.pop("legacy", None) or {}
    old |= {name: kept[name] for name in _ONLY_OLD if name in kept}
    trial = dict(old.get("trial") or {})
    resources = dict((trial if trial else old).pop("resources", None) or {})
    old["compute"] = _without_none(
        {
            "target": old.pop("computeId", None),
            "instanceCount": resources.get("instanceCount", 1),
            "instanceType": resources.get("instanceType"),
            "properties": resources.get("properties"),
            **(kept.get("compute") or {}),
        }
    )
    old["provisioningState"] = _PROVISIONING.get(str(old.get("status")), "InProgress")
    old["output"] = _write_default_output(old, workspace_id)
    old["interactionEndpoints"] = _write_services(old.pop("services", None) or {})
    limits = dict(old.pop("limits", None) or {})
    limits.pop("jobLimitsType", None)
    trial_timeout = limits.pop("trialTimeout", None)
    bindings = _write_bindings(old, kept, workspace_id)
    if trial:
        if trial_timeout:
            trial["timeout"] = trial_timeout
        old["trial"] = {**_write_distribution(trial), **bindings}
        sampling = old.pop("samplingAlgorithm", None) or {}
        old["algorithm"] = sampling.get("samplingAlgorithmType", "Random")
        return {**old, **limits}
    return {**_write_distribution(old), **limits, **bindings}


def _without_none(value: Json) -> Json:
    return {key: item for key, item in value.items() if item is not None}


def _write_default_output(job: Mapping[str, Any], workspace_id: str) -> Json:
    output = (job.get("outputs") or {}).get("default") or {}
    datastore, _, path = (
        str(output.get("uri", "")).partition("datastores/")[2].partition("/")
    )
    if not datastore:
        return {}
    return {"datastoreId": f"{workspace_id}/datastores/{datastore}", "path": path}


def _write_services(services: Mapping[str, Any]) -> Json:
    return {
        name: _without_none(
            {
                "jobEndpointType": service.get("jobServiceType"),
                "endpoint": service.get("endpoint"),
                "port": service.get("port"),
                "properties": service.get("properties"),
            }
        )
        for name, service in services.items()
    }


def _write_bindings(job: Json, kept: Mapping[str, Any], workspace_id: str) -> Json:
    inputs = job.pop("inputs", None) or {}
    outputs = {
        name: output
        for name, output in (job.pop("outputs", None) or {}).items()
        if name != "default"
    }
    bindings: Json = {}
    if inputs:
        bindings["inputDataBindings"] = kept.get("inputDataBindings") or {
            name: _without_none({"dataId": item["uri"], "mode": item.get("mode")})
            for name, item in inputs.items()
            if item.get("uri")
        }
    if outputs:
        bindings["outputDataBindings"] = kept.get("outputDataBindings") or {
            name: _write_output(item, workspace_id) for name, item in outputs.items()
        }
    return bindings


def _write_output(output: Mapping[str, Any], workspace_id: str) -> Json:
    matched = _DATASTORE_PATH.fullmatch(str(output.get("uri") or ""))
    binding: Json = {"mode": output.get("mode")}
    if matched:
        binding["datastoreId"] = f"{workspace_id}/datastores/{matched[1]}"
        binding["pathOnDatastore"] = matched[2]
    return _without_none(binding)


def _write_distribution(job: Json) -> Json:
    distribution = job.get("distribution")
    if distribution and "processCountPerInstance" in distribution:
        renamed = dict(distribution)
        renamed["processCount"] = renamed.pop("processCountPerInstance")
        return {**job, "distribution": renamed}
    return job
