"""Where a job stands, and the children that it has made.

In: jobs in the store. Out: their states; the trials of a sweep and the steps of a
pipeline, jobs themselves. Those of a job that is simulated are computed from the clock
whenever somebody looks, those of one that really runs are in the store beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from azml_contract.emulator.courses import Course, command_course, other_course
from azml_contract.emulator.execution.tracking import Tracking
from azml_contract.emulator.job_views import JobState
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.sweeps import Sweep, Trial, metric_config, plan_sweep
from azml_contract.emulator.world import World

STEP = ".step."
ENDPOINT_TAG = "azureml.endpointname"
"""Of a job that an invocation of a batch endpoint made: which endpoint that was."""
_TRIAL_NAME = re.compile(r"(.+)_(\d+)")


class JobLives:
    """The lives of the jobs of a world.

    Args:
        world: What there is; its clock says how far a simulated job has got.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def find(self, job_id: str) -> Resource | None:
        """A job, or a child that has started; None where there is none."""
        found = self._world.store.get(job_id) or self._find_trial(job_id)
        return found or self._find_step(job_id)

    def state_of(self, job: Resource) -> JobState:
        """Where a job stands now."""
        elapsed_s = self._world.clock.now() - job.created_s
        if "run" in job.facts:
            return self._state_of_run(job, elapsed_s)
        sweep, course = None, self._course(job)
        if properties_of(job)["jobType"] == "Sweep":
            sweep = plan_sweep(properties_of(job))
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
        if properties_of(job)["jobType"] == "Sweep":
            trials = tuple(self._as_trial(job, one) for one in self.trials_of(job))
            sweep = Sweep(trials, course)
        status = course.steps[-1][0]
        told = run.get("error", ""), run.get("note", "")
        return JobState(status, elapsed_s, course, sweep, None, *told)

    def _as_trial(self, sweep: Resource, child: Resource) -> Trial:
        number = int(child.name.rpartition("_")[2])
        course = self._state_of_run(child, 0.0).course
        objective = metric_config(properties_of(sweep))
        tracking = Tracking(self._world, sweep.id.partition("/jobs/")[0])
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
        properties = properties_of(job)
        if properties["jobType"] == "Command":
            return command_course(properties)
        return other_course(properties, is_late="is_late" in job.facts)

    # -- children -------------------------------------------------------------

    def trials_of(self, sweep: Resource) -> list[Resource]:
        """The trials of a sweep that have started; none for other jobs."""
        if properties_of(sweep)["jobType"] != "Sweep":
            return []
        if "run" in sweep.facts:
            return self._made_by(sweep)
        plan = plan_sweep(properties_of(sweep))
        elapsed_s = self._world.clock.now() - sweep.created_s
        cancelled_s = sweep.facts.get("cancelled_s")
        if cancelled_s is not None:
            elapsed_s = min(elapsed_s, cancelled_s - sweep.created_s)
        return [_as_job(sweep, trial) for trial in plan.started(elapsed_s)]

    def children_of(self, job: Resource) -> Sequence[Resource]:
        """The trials of a sweep, the steps of a pipeline; none for other jobs."""
        if properties_of(job)["jobType"] != "Pipeline":
            return self.trials_of(job)
        if "run" in job.facts:
            return self._made_by(job)
        nodes = properties_of(job).get("jobs") or {}
        starts_s = self._course(job).starts_at("Running") or 0.0
        if self._world.clock.now() < job.created_s + starts_s:
            return []
        return [
            _as_step(job, str(name), node, starts_s) for name, node in nodes.items()
        ]

    def _made_by(self, parent: Resource) -> list[Resource]:
        """The children that a job really made."""
        siblings = self._world.store.list(parent.id.rpartition("/")[0])
        return [one for one in siblings if one.facts.get("parent") == parent.name]

    def invocations_of(self, endpoint: str) -> list[Resource]:
        """The jobs that invocations of a batch endpoint made."""
        wanted = endpoint.lower()
        return [
            job
            for job in self._world.store.list(f"{self._world.workspace_id}/jobs")
            if str(properties_of(job)["properties"].get(ENDPOINT_TAG)).lower() == wanted
        ]

    def _find_step(self, job_id: str) -> Resource | None:
        collection, _, name = job_id.rpartition("/")
        parent_name, _, _ = name.partition(STEP)
        parent = self._world.store.get(f"{collection}/{parent_name}")
        if STEP not in name or parent is None:
            return None
        return next((s for s in self.children_of(parent) if s.name == name), None)

    def _find_trial(self, job_id: str) -> Resource | None:
        collection, _, name = job_id.rpartition("/")
        matched = _TRIAL_NAME.fullmatch(name)
        parent = (
            self._world.store.get(f"{collection}/{matched[1]}") if matched else None
        )
        if parent is None:
            return None
        trials = self.trials_of(parent)
        return next((t for t in trials if t.name == name), None)


def _as_job(parent: Resource, trial: Trial) -> Resource:
    """A planned trial as the command job that it is."""
    command = str((properties_of(parent).get("trial") or {}).get("command") or "")
    for name, value in trial.parameters.items():
        command = command.replace(f"${{{{search_space.{name}}}}}", str(value))
    properties = trial_properties(parent, trial.number, trial.parameters, command)
    name = f"{parent.id}_{trial.number}"
    return _as_child(parent, name, properties, trial.starts_s, trial.course)


def _as_step(parent: Resource, name: str, node: Any, starts_s: float) -> Resource:
    """A node of a pipeline as the command job that it is."""
    given = node if isinstance(node, Mapping) else {}
    properties = {
        **step_properties(parent, name),
        "command": str(given.get("command") or ""),
        "environmentId": given.get("environment"),
        "componentId": given.get("componentId"),
        "displayName": str(given.get("display_name") or name),
        "computeId": given.get("computeId") or properties_of(parent).get("computeId"),
        "inputs": {},
        "outputs": {},
    }
    course = command_course(properties, run_s=30.0)
    return _as_child(parent, f"{parent.id}{STEP}{name}", properties, starts_s, course)


def _as_child(
    parent: Resource, child_id: str, properties: Body, starts_s: float, course: Course
) -> Resource:
    facts: Body = {"parent": parent.name, "course": course}
    if "cancelled_s" in parent.facts:
        facts["cancelled_s"] = parent.facts["cancelled_s"]
    created_s = parent.created_s + starts_s
    return Resource(
        child_id,
        {"properties": properties},
        created_s,
        created_s,
        parent.created_by,
        parent.created_by_type,
        facts,
    )


def trial_properties(
    sweep: Resource, number: int, parameters: Mapping[str, Any], command: str
) -> Body:
    """Properties of a trial of a sweep, simulated or not."""
    properties = properties_of(sweep)
    return {
        **(properties.get("trial") or {}),
        "jobType": "Command",
        "command": command,
        "displayName": f"{sweep.name}_{number}",
        "experimentName": properties["experimentName"],
        "computeId": properties.get("computeId"),
        "inputs": properties.get("inputs") or {},
        "tags": {key: str(value) for key, value in parameters.items()},
        "properties": {"azureml.runsource": "hyperdrive"},
    }


def step_properties(pipeline: Resource, name: str) -> Body:
    """What is the same in every step of a pipeline, simulated or not."""
    return {
        "jobType": "Command",
        "displayName": name,
        "experimentName": properties_of(pipeline)["experimentName"],
        "tags": {"azureml.pipeline": pipeline.name},
        "properties": {
            "azureml.runsource": "azureml.StepRun",
            "azureml.pipelinerunid": pipeline.name,
            "azureml.moduleName": name,
        },
    }


def properties_of(job: Resource) -> Body:
    """Properties of a job in its neutral form."""
    properties: Body = job.body["properties"]
    return properties
