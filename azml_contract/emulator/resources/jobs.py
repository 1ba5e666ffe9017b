"""Jobs: command and sweep jobs with their whole life, the others roughly.

Neutral form: today's properties. 2021-03-01-preview is translated for command
and sweep jobs (`legacy_jobs`), 2022-02-01-preview for the names of types.
States are computed from the clock whenever somebody looks. A sweep's trials
are jobs named ``{sweep}_{n}`` that can be read, but are not listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from azml_contract.contract.model import Type
from azml_contract.emulator.courses import (
    CANCELLING_S,
    TERMINAL,
    Course,
    command_course,
    other_course,
)
from azml_contract.emulator.execution.tracking import Tracking
from azml_contract.emulator.job_views import (
    JobState,
    view_command,
    view_other,
    view_sweep,
)
from azml_contract.emulator.legacy_jobs import read_job, write_job
from azml_contract.emulator.pipeline_checks import check_pipeline
from azml_contract.emulator.references import check_references
from azml_contract.emulator.refusal import Refusal
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.generic import Kind
from azml_contract.emulator.resources.operations import result_headers, start_operation
from azml_contract.emulator.shaping import Shaper
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.sweeps import Sweep, Trial, metric_config, plan_sweep
from azml_contract.emulator.versions import (
    CANCEL_IS_ASYNC_FROM,
    LEGACY_ENDS,
    PASCAL_ENDS,
    PASCAL_TYPES,
    SNAKE_TYPES,
)
from azml_contract.emulator.world import REFERENCE_VERSION, Call

_TRIAL_NAME = re.compile(r"(.+)_(\d+)")
_STEP = ".step."
ENDPOINT_TAG = "azureml.endpointname"
"""Of a job that an invocation of a batch endpoint made: which endpoint that was."""
_MUTABLE = ("description", "tags", "properties", "displayName", "isArchived")
_REGISTRY = "azureml://registries/"
_NOT_STARTED_FROM = "2023-04-01-preview"
_TRANSLATED = ("Command", "Sweep")
_NO_TIER = {"jobTier": "Null"}
# Written by the service, and sent back by clients that read, change and PUT.
_SERVICE_WRITTEN = ("status", "services", "legacy", "parameters", "provisioningState")


class Jobs(Kind):
    """``workspaces/jobs``."""

    def get(self, call: Call) -> Reply:
        """One job; looking at it lets time pass."""
        resource = self.need(call)
        self.world.clock.note_poll()
        # Once it is over, only a PUT changes it.
        over = self.state_of(resource).status in TERMINAL
        return Reply(200, self.render(call, resource), lasts=over)

    def need(self, call: Call) -> Resource:
        """The job of the path, or the trial of a sweep."""
        found = self.find(call.path.id)
        if found is None:
            raise self.missing(call)
        return found

    def find(self, job_id: str) -> Resource | None:
        """A job, or a trial that has started; None where there is none."""
        found = self.world.store.get(job_id) or self._find_trial(job_id)
        return found or self._find_step(job_id)

    def put(self, call: Call) -> Reply:
        """Create a job, and let it run where jobs do."""
        is_new = self.world.store.get(call.path.id) is None
        reply = super().put(call)
        job = self.world.store.get(call.path.id)
        if is_new and job is not None and "run" in job.facts and self.world.executor:
            self.world.executor.submit(job)
        return reply

    def members(self, call: Call) -> Iterable[Resource]:
        """Jobs that the query asks for, newest first; children are not listed."""
        listed = reversed(tuple(super().members(call)))
        wanted = call.query.get("jobtype", "").lower()
        view = call.query.get("listviewtype", "ActiveOnly").lower()
        tag = call.query.get("tag", "")
        return (
            job
            for job in listed
            if "parent" not in job.facts
            and (not wanted or _properties(job)["jobType"].lower() == wanted)
            and (view == "all" or _is_archived(job) is (view == "archivedonly"))
            and (not tag or tag.partition("=")[0] in (_properties(job)["tags"] or {}))
        )

    def read(self, call: Call, body: Body) -> Body:
        """The neutral form."""
        properties = dict(super().read(call, body).get("properties") or {})
        if call.is_before(LEGACY_ENDS) and properties.get("jobType") in _TRANSLATED:
            properties = read_job(properties, data_type=self._data_type)
        elif call.is_before(PASCAL_ENDS):
            properties = _rename_types(properties, SNAKE_TYPES)
        properties.setdefault("experimentName", "Default")
        properties["tags"] = properties.get("tags") or {}
        properties["properties"] = properties.get("properties") or {}
        return {"properties": properties}

    def write(self, call: Call, resource: Resource, body: Body) -> Body:
        """The shape of the call's api-version."""
        properties = body["properties"]
        if call.is_before(LEGACY_ENDS):
            workspace_id = resource.id.partition("/jobs/")[0]
            return {"properties": write_job(properties, workspace_id=workspace_id)}
        if call.is_before(PASCAL_ENDS):
            return {"properties": _rename_types(properties, PASCAL_TYPES)}
        if call.is_from(REFERENCE_VERSION):
            tier = properties.get("queueSettings") or _NO_TIER
            return {"properties": {**properties, "queueSettings": tier}}
        return body

    def admit(self, call: Call, body: Body, existing: Resource | None) -> Resource:
        """A job that runs from now on, or the few changes that one allows."""
        name, properties = call.path.names[-1], body["properties"]
        if "jobType" not in properties:
            # The newest contracts let `properties` be null.
            raise Refusal(
                400,
                "UserError",
                "Request is invalid and/or missing fields.",
                "BadArgument",
                "RequestInvalid",
            )
        if existing is not None:
            return self._change(call, existing, properties)
        check_references(self.world, name, properties)
        if properties["jobType"] == "Pipeline":
            check_pipeline(self.world, properties)
        properties.setdefault("displayName", name)
        job = super().admit(call, body, None)
        if self.world.executor is not None and self.world.executor.runs(properties):
            return self.world.executor.begin(job)
        # Components of a registry are fetched before the pipeline is prepared.
        is_late = call.is_from(_NOT_STARTED_FROM) and _REGISTRY in str(
            properties.get("jobs")
        )
        return replace(job, facts={"is_late": True}) if is_late else job

    def answer_put(self, call: Call, resource: Resource, *, is_new: bool) -> Reply:
        """201 for a new job, 200 for one that was there."""
        body = self.render(call, resource)
        if is_new:
            return Reply(201, body, (("Location", call.link(resource.id)),))
        return Reply(200, body)

    def act(self, call: Call, action: str) -> Reply:
        """``cancel``."""
        if action.lower() != "cancel":
            return super().act(call, action)
        job = self.need(call)
        now = self.world.clock.now()
        if self.state_of(job).status in TERMINAL:
            return self._cancel_finished(job)
        if "run" in job.facts and self.world.executor is not None:
            self.world.executor.cancel(job.id)
        elif "cancelled_s" not in job.facts:
            job = replace(job, facts={**job.facts, "cancelled_s": now})
            if "parent" not in job.facts:
                self.world.store.put(job)
        if call.is_before(CANCEL_IS_ASYNC_FROM):
            return Reply(200)
        operation = start_operation(
            self.world, job.id, "Canceling", CANCELLING_S, prefix="jc"
        )
        return Reply(202, None, result_headers(call, self.world, operation))

    def delete(self, call: Call) -> Reply:
        """202 and an address; the job is gone at once."""
        job = self.world.store.get(call.path.id)
        if job is not None and "run" in job.facts and self.world.executor:
            self.world.executor.cancel(job.id)
        if not self.world.store.delete(call.path.id):
            return Reply(204)
        operation = start_operation(
            self.world, call.path.id, "Deleting", CANCELLING_S, prefix="jd"
        )
        return Reply(202, headers=result_headers(call, self.world, operation))

    def view(self, call: Call, resource: Resource) -> Body:
        """The job as it is now."""
        properties, state = _properties(resource), self.state_of(resource)
        if properties["jobType"] == "Command":
            made = view_command(self.world, resource, state)
        elif properties["jobType"] == "Sweep":
            made = view_sweep(self.world, resource, state)
        else:
            made = view_other(self.world, resource, state)
        if state.error or state.note:
            made["properties"] = {**(made.get("properties") or {}), **state.told()}
        return {"properties": made}

    def finish(self, resource: Resource, body: Body) -> Body:
        """A trial's resources have no default for shared memory."""
        trial = _properties(resource).get("trial") or {}
        shown = (body["properties"].get("trial") or {}).get("resources")
        if shown and "shmSize" not in (trial.get("resources") or {}):
            shown.pop("shmSize", None)
        return body

    def missing(self, call: Call) -> Refusal:
        """The error for a job that is not there."""
        return Refusal(
            404,
            "UserError",
            f"Job {call.path.names[-1]} not found.",
            "NotFound",
            "JobNotFound",
        )

    # -- states ---------------------------------------------------------------

    def state_of(self, job: Resource) -> JobState:
        """Where a job stands now."""
        elapsed_s = self.world.clock.now() - job.created_s
        if "run" in job.facts:
            return self._state_of_run(job, elapsed_s)
        sweep, course = None, self._course(job)
        if _properties(job)["jobType"] == "Sweep":
            sweep = plan_sweep(_properties(job))
            course = sweep.course
        cancelled_s = job.facts.get("cancelled_s")
        after = None if cancelled_s is None else cancelled_s - job.created_s
        status = course.state_at(elapsed_s, cancelled_s=after)
        return JobState(status, elapsed_s, course, sweep, after)

    def _state_of_run(self, job: Resource, elapsed_s: float) -> JobState:
        """Where a job stands that really runs."""
        run = job.facts["run"]
        course = Course(tuple((str(name), at) for name, at in run["steps"]))
        sweep = None
        if _properties(job)["jobType"] == "Sweep":
            trials = tuple(self._as_trial(job, one) for one in self.trials_of(job))
            sweep = Sweep(trials, course)
        status = course.steps[-1][0]
        told = run.get("error", ""), run.get("note", "")
        return JobState(status, elapsed_s, course, sweep, None, *told)

    def _as_trial(self, sweep: Resource, child: Resource) -> Trial:
        number = int(child.name.rpartition("_")[2])
        course = self._state_of_run(child, 0.0).course
        objective = metric_config(_properties(sweep))
        tracking = Tracking(self.world, sweep.id.partition("/jobs/")[0])
        points = tracking.points(child.name, objective["name"])
        values = [point.value for point in points]
        best = max if objective["goal"] == "maximize" else min
        return Trial(
            number,
            child.facts["parameters"],
            child.created_s - sweep.created_s,
            course,
            best(values) if values else None,
        )

    def _course(self, job: Resource) -> Course:
        given = job.facts.get("course")
        if isinstance(given, Course):
            return given
        properties = _properties(job)
        if properties["jobType"] == "Command":
            return command_course(properties)
        return other_course(properties, is_late="is_late" in job.facts)

    def _cancel_finished(self, job: Resource) -> Reply:
        if _properties(job)["jobType"] != "Pipeline":
            return Reply(200)
        raise Refusal(
            400,
            "UserError",
            f"The pipeline run {job.name} is in terminal status, it can't be canceled.",
            "BadArgument",
            "ArgumentInvalid",
            "CancelPipelineRunInTerminalStatus",
        )

    # -- trials ---------------------------------------------------------------

    def trials_of(self, sweep: Resource) -> list[Resource]:
        """The trials of a sweep that have started; none for other jobs."""
        if _properties(sweep)["jobType"] != "Sweep":
            return []
        if "run" in sweep.facts:
            return self._made_by(sweep)
        plan = plan_sweep(_properties(sweep))
        elapsed_s = self.world.clock.now() - sweep.created_s
        cancelled_s = sweep.facts.get("cancelled_s")
        if cancelled_s is not None:
            elapsed_s = min(elapsed_s, cancelled_s - sweep.created_s)
        return [_as_job(sweep, trial) for trial in plan.started(elapsed_s)]

    def children_of(self, job: Resource) -> Sequence[Resource]:
        """The trials of a sweep, the steps of a pipeline; none for other jobs."""
        if _properties(job)["jobType"] != "Pipeline":
            return self.trials_of(job)
        if "run" in job.facts:
            return self._made_by(job)
        nodes = _properties(job).get("jobs") or {}
        started_s = job.created_s + (self._course(job).starts_at("Running") or 0.0)
        if self.world.clock.now() < started_s:
            return []
        return [
            _as_step(job, str(name), node, started_s) for name, node in nodes.items()
        ]

    def _made_by(self, parent: Resource) -> list[Resource]:
        """The children that a job really made."""
        siblings = self.world.store.list(parent.id.rpartition("/")[0])
        return [one for one in siblings if one.facts.get("parent") == parent.name]

    def _find_step(self, job_id: str) -> Resource | None:
        collection, _, name = job_id.rpartition("/")
        parent_name, _, _ = name.partition(_STEP)
        parent = self.world.store.get(f"{collection}/{parent_name}")
        if _STEP not in name or parent is None:
            return None
        return next((s for s in self.children_of(parent) if s.name == name), None)

    def _find_trial(self, job_id: str) -> Resource | None:
        collection, _, name = job_id.rpartition("/")
        matched = _TRIAL_NAME.fullmatch(name)
        parent = self.world.store.get(f"{collection}/{matched[1]}") if matched else None
        if parent is None:
            return None
        trials = self.trials_of(parent)
        return next((t for t in trials if t.name == name), None)

    # -- changes --------------------------------------------------------------

    def _change(self, call: Call, existing: Resource, wanted: Body) -> Resource:
        before = self._fingerprint(_properties(existing))
        after = self._fingerprint(_without_given_places(wanted, existing))
        changed = sorted(
            name
            for name in before.keys() | after.keys()
            if before.get(name) != after.get(name)
        )
        if changed:
            raise _immutable(changed)
        kept = {
            name: wanted[name]
            for name in _MUTABLE
            if wanted.get(name) not in (None, {}, "")
        }
        properties = {**_properties(existing), **kept}
        return replace(
            existing,
            body={"properties": properties},
            modified_s=self.world.clock.now(),
        )

    def _fingerprint(self, properties: Mapping[str, Any]) -> Body:
        """What of a job cannot change, with every default filled in."""
        fixed = {
            name: value
            for name, value in properties.items()
            if name not in (*_MUTABLE, *_SERVICE_WRITTEN)
        }
        outputs = {
            k: v for k, v in (fixed.get("outputs") or {}).items() if k != "default"
        }
        fixed["outputs"] = outputs
        if fixed.get("queueSettings") == _NO_TIER:
            del fixed["queueSettings"]
        definitions = self.world.reference()
        shaped = Shaper(definitions, self.world.reference).shape(
            fixed, Type("ref", ref="JobBase")
        )
        pruned = _prune(shaped)
        return {
            k: v for k, v in pruned.items() if k not in (*_MUTABLE, *_SERVICE_WRITTEN)
        }

    def _data_type(self, data_id: str) -> str:
        resource = self.world.store.get(data_id) if data_id else None
        if resource is None:
            return "uri_folder"
        return str(_properties(resource).get("dataType") or "uri_folder")


def _as_job(parent: Resource, trial: Trial) -> Resource:
    """A trial as the command job that it is."""
    properties = _properties(parent)
    template = properties.get("trial") or {}
    command = str(template.get("command") or "")
    for name, value in trial.parameters.items():
        command = command.replace(f"${{{{search_space.{name}}}}}", str(value))
    facts: Body = {"parent": parent.name, "course": trial.course}
    if "cancelled_s" in parent.facts:
        facts["cancelled_s"] = parent.facts["cancelled_s"]
    created_s = parent.created_s + trial.starts_s
    name = f"{parent.name}_{trial.number}"
    return Resource(
        f"{parent.id}_{trial.number}",
        {
            "properties": {
                **template,
                "jobType": "Command",
                "command": command,
                "displayName": name,
                "experimentName": properties["experimentName"],
                "computeId": properties.get("computeId"),
                "inputs": properties.get("inputs") or {},
                "tags": {k: str(v) for k, v in trial.parameters.items()},
                "properties": {"azureml.runsource": "hyperdrive"},
            }
        },
        created_s,
        created_s,
        parent.created_by,
        parent.created_by_type,
        facts,
    )


def _without_given_places(wanted: Body, existing: Resource) -> Body:
    """What a client sends back, without the places that the service gave outputs."""
    said = _properties(existing).get("outputs") or {}
    outputs = {
        name: {k: v for k, v in output.items() if k != "uri"}
        if isinstance(output, dict) and not (said.get(name) or {}).get("uri")
        else output
        for name, output in (wanted.get("outputs") or {}).items()
    }
    return {**wanted, "outputs": outputs}


def _as_step(parent: Resource, name: str, node: Any, started_s: float) -> Resource:
    """A node of a pipeline as the command job that it is."""
    given = node if isinstance(node, Mapping) else {}
    properties = {
        "jobType": "Command",
        "command": str(given.get("command") or ""),
        "environmentId": given.get("environment"),
        "componentId": given.get("componentId"),
        "displayName": str(given.get("display_name") or name),
        "experimentName": _properties(parent)["experimentName"],
        "computeId": given.get("computeId") or _properties(parent).get("computeId"),
        "inputs": {},
        "outputs": {},
        "tags": {"azureml.pipeline": parent.name},
        "properties": {
            "azureml.runsource": "azureml.StepRun",
            "azureml.pipelinerunid": parent.name,
            "azureml.moduleName": name,
        },
    }
    facts = {"parent": parent.name, "course": command_course(properties, run_s=30.0)}
    if "cancelled_s" in parent.facts:
        facts["cancelled_s"] = parent.facts["cancelled_s"]
    return Resource(
        f"{parent.id}{_STEP}{name}",
        {"properties": properties},
        started_s,
        started_s,
        parent.created_by,
        parent.created_by_type,
        facts,
    )


def _properties(job: Resource) -> Body:
    properties: Body = job.body["properties"]
    return properties


def _is_archived(job: Resource) -> bool:
    return bool(_properties(job).get("isArchived"))


def _prune(value: Any) -> Any:
    """Without nulls and empty containers, which say the same as nothing."""
    if isinstance(value, dict):
        pruned = {key: _prune(item) for key, item in value.items()}
        return {k: v for k, v in pruned.items() if v not in (None, {}, [])}
    return [_prune(item) for item in value] if isinstance(value, list) else value


def _rename_types(properties: Body, names: Mapping[str, str]) -> Body:
    result = dict(properties)
    for group, tag in (("inputs", "jobInputType"), ("outputs", "jobOutputType")):
        if result.get(group):
            result[group] = {
                name: {**item, tag: names.get(item.get(tag), item.get(tag))}
                for name, item in result[group].items()
            }
    return result


def _immutable(changed: Sequence[str]) -> Refusal:
    text = (
        "A job with this name already exists. If you are trying to create a new job, "
        "use a different name. If you are trying to update an existing job, the "
        "existing job's {property} cannot be changed. Only description, tags, "
        "displayName, properties, and isArchived can be updated."
    )
    listed = ", ".join(changed)
    return Refusal(
        400,
        "UserError",
        text.replace("{property}", listed),
        "Immutable",
        "JobPropertyImmutable",
        message_format=text,
        parameters={"property": listed},
    )
