"""Jobs: command and sweep jobs with their whole life, the others roughly.

Neutral form: today's properties. 2021-03-01-preview is translated for command
and sweep jobs (`legacy_jobs`), 2022-02-01-preview for the names of types.
States, and the children of sweeps and pipelines, come from `job_lives`; children can
be read, but are not listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from azml_contract.contract.model import Type
from azml_contract.emulator.courses import CANCELLING_S, TERMINAL
from azml_contract.emulator.job_lives import JobLives, properties_of
from azml_contract.emulator.job_views import view_command, view_other, view_sweep
from azml_contract.emulator.legacy_jobs import read_job, write_job
from azml_contract.emulator.pipeline_checks import check_pipeline
from azml_contract.emulator.references import check_references
from azml_contract.emulator.refusal import Refusal, refuse_body
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.generic import Kind
from azml_contract.emulator.resources.operations import result_headers, start_operation
from azml_contract.emulator.shaping import Shaper
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.versions import (
    CANCEL_IS_ASYNC_FROM,
    LEGACY_ENDS,
    PASCAL_ENDS,
    PASCAL_TYPES,
    SNAKE_TYPES,
)
from azml_contract.emulator.world import REFERENCE_VERSION, Call, World

_MUTABLE = ("description", "tags", "properties", "displayName", "isArchived")
_REGISTRY = "azureml://registries/"
_NOT_STARTED_FROM = "2023-04-01-preview"
_TRANSLATED = ("Command", "Sweep")
_NO_TIER = {"jobTier": "Null"}
# Written by the service, and sent back by clients that read, change and PUT.
_SERVICE_WRITTEN = ("status", "services", "legacy", "parameters", "provisioningState")


class Jobs(Kind):
    """``workspaces/jobs``."""

    def __init__(self, world: World, kind: str = "") -> None:
        super().__init__(world, kind)
        self._lives = JobLives(world)

    def get(self, call: Call) -> Reply:
        """One job; looking at it lets time pass."""
        resource = self.need(call)
        self.world.clock.note_poll()
        # Once it is over, only a PUT changes it.
        over = self._lives.state_of(resource).status in TERMINAL
        return Reply(200, self.render(call, resource), lasts=over)

    def need(self, call: Call) -> Resource:
        """The job of the path, or the trial of a sweep."""
        found = self._lives.find(call.path.id)
        if found is None:
            raise self.missing(call)
        return found

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
            and (not wanted or properties_of(job)["jobType"].lower() == wanted)
            and (view == "all" or _is_archived(job) is (view == "archivedonly"))
            and (not tag or tag.partition("=")[0] in (properties_of(job)["tags"] or {}))
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
            raise refuse_body()
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
        if self._lives.state_of(job).status in TERMINAL:
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
        properties, state = properties_of(resource), self._lives.state_of(resource)
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
        trial = properties_of(resource).get("trial") or {}
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

    def _cancel_finished(self, job: Resource) -> Reply:
        if properties_of(job)["jobType"] != "Pipeline":
            return Reply(200)
        raise Refusal(
            400,
            "UserError",
            f"The pipeline run {job.name} is in terminal status, it can't be canceled.",
            "BadArgument",
            "ArgumentInvalid",
            "CancelPipelineRunInTerminalStatus",
        )

    # -- changes --------------------------------------------------------------

    def _change(self, call: Call, existing: Resource, wanted: Body) -> Resource:
        before = self._fingerprint(properties_of(existing))
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
        properties = {**properties_of(existing), **kept}
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
        return str(properties_of(resource).get("dataType") or "uri_folder")


def _without_given_places(wanted: Body, existing: Resource) -> Body:
    """What a client sends back, without the places that the service gave outputs."""
    said = properties_of(existing).get("outputs") or {}
    outputs = {
        name: {k: v for k, v in output.items() if k != "uri"}
        if isinstance(output, dict) and not (said.get(name) or {}).get("uri")
        else output
        for name, output in (wanted.get("outputs") or {}).items()
    }
    return {**wanted, "outputs": outputs}


def _is_archived(job: Resource) -> bool:
    return bool(properties_of(job).get("isArchived"))


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
