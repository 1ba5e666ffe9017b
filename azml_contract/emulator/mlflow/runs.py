"""Experiments and runs, as MLflow's clients see them.

In: what a client asks, JSON. Out: JSON. A job of the workspace is a run under its own
name, in the experiment that it names; a client may begin runs beside. A job's state
is that of the job, whatever a script says.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from azml_contract.emulator.execution.places import artifacts_of
from azml_contract.emulator.execution.tracking import (
    Point,
    Tracking,
    id_of_experiment,
    now_ms,
)
from azml_contract.emulator.job_lives import JobLives
from azml_contract.emulator.mlflow.artifacts import Artifacts
from azml_contract.emulator.mlflow.errors import Refused, absent, need
from azml_contract.emulator.mlflow.pairs import read_pairs, write_pairs
from azml_contract.emulator.mlflow.search import matches, sort_runs
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import World

Asked = Mapping[str, Any]
_DEFAULT = "Default"
_ZERO = "0"
_STATES = {"Completed": "FINISHED", "Failed": "FAILED", "Canceled": "KILLED"}
_STARTED = ("Running", "Finalizing", "CancelRequested")
_MOST = 1000


class Runs:
    """Experiments and runs of the workspace."""

    def __init__(self, world: World, tracking: Tracking, artifacts: Artifacts) -> None:
        self._world, self._tracking, self._artifacts = world, tracking, artifacts
        self._lives = JobLives(world)

    def handlers(self) -> dict[str, Callable[[Asked], Any]]:
        """What answers a path."""
        return {
            "experiments/create": self._create_experiment,
            "experiments/get": self._get_experiment,
            "experiments/get-by-name": self._get_experiment_by_name,
            "experiments/search": self._search_experiments,
            "experiments/list": self._search_experiments,
            "experiments/update": self._update_experiment,
            "experiments/delete": self._delete_experiment,
            "experiments/restore": self._restore_experiment,
            "experiments/set-experiment-tag": self._tag_experiment,
            "runs/create": self._create,
            "runs/get": lambda asked: {"run": self.show(self._id(asked))},
            "runs/update": self._update,
            "runs/delete": lambda asked: self._set_stage(asked, "deleted"),
            "runs/restore": lambda asked: self._set_stage(asked, "active"),
            "runs/log-metric": self._log_metric,
            "runs/log-parameter": self._log_param,
            "runs/log-batch": self._log_batch,
            "runs/set-tag": self._set_tag,
            "runs/delete-tag": self._delete_tag,
            "runs/search": self._search,
            "runs/log-inputs": lambda asked: self._begun(self._id(asked)) and {},
            "runs/outputs": lambda asked: self._begun(self._id(asked)) and {},
            "runs/log-model": lambda asked: self._begun(self._id(asked)) and {},
            "metrics/get-history": self._history,
            "artifacts/list": self._list_artifacts,
        }

    # -- experiments ------------------------------------------------

    def _create_experiment(self, asked: Asked) -> Any:
        name = need(asked, "name")
        if self._find_named(name) is not None:
            raise _taken(name)
        return {"experiment_id": self._tracking.experiment(name)["experiment_id"]}

    def _get_experiment(self, asked: Asked) -> Any:
        return {"experiment": self._need_experiment(need(asked, "experiment_id"))}

    def _get_experiment_by_name(self, asked: Asked) -> Any:
        name = need(asked, "experiment_name")
        found = self._find_named(name)
        if found is None:
            raise absent(f"Experiment '{name}'")
        return {"experiment": self._show_experiment(found)}

    def _search_experiments(self, asked: Asked) -> Any:
        names = {
            str(job.body["properties"]["experimentName"]) for job in self._listed()
        }
        for name in sorted({_DEFAULT, *names}):
            self._tracking.experiment(name)
        shown = [self._show_experiment(one) for one in self._tracking.experiments()]
        view = str(asked.get("view_type") or "ACTIVE_ONLY")
        kept = [
            one
            for one in shown
            if view == "ALL"
            or (one["lifecycle_stage"] == "deleted") is (view == "DELETED_ONLY")
        ]
        text = str(asked.get("filter") or "")
        named = [
            one
            for one in kept
            if matches(text, {"attributes": one, "tags": read_pairs(one.get("tags"))})
        ]
        return {"experiments": named}

    def _update_experiment(self, asked: Asked) -> Any:
        one = self._need_experiment(need(asked, "experiment_id"))
        new = need(asked, "new_name")
        if self._find_named(new) is not None:
            raise _taken(new)
        self._tracking.change_experiment(one["experiment_id"], name=new)
        return {}

    def _delete_experiment(self, asked: Asked) -> Any:
        one = self._need_experiment(need(asked, "experiment_id"))
        self._tracking.change_experiment(
            one["experiment_id"], lifecycle_stage="deleted"
        )
        return {}

    def _restore_experiment(self, asked: Asked) -> Any:
        one = self._need_experiment(need(asked, "experiment_id"))
        self._tracking.change_experiment(one["experiment_id"], lifecycle_stage="active")
        return {}

    def _tag_experiment(self, asked: Asked) -> Any:
        one = self._need_experiment(need(asked, "experiment_id"))
        tags = {
            **read_pairs(one.get("tags")),
            need(asked, "key"): str(asked.get("value", "")),
        }
        self._tracking.change_experiment(one["experiment_id"], tags=tags)
        return {}

    def _find_experiment(self, experiment_id: str) -> Body | None:
        if experiment_id == _ZERO:
            return self._tracking.experiment(_DEFAULT)
        found = self._tracking.find_experiment(experiment_id)
        if found is not None:
            return found
        for job in self._listed():
            name = str(job.body["properties"]["experimentName"])
            if id_of_experiment(self._workspace(), name) == experiment_id:
                return self._tracking.experiment(name)
        return None

    def _find_named(self, name: str) -> Body | None:
        """The experiment that has this name now; one may have been renamed."""
        for one in self._tracking.experiments():
            if one["name"] == name:
                return one
        first = self._find_experiment(id_of_experiment(self._workspace(), name))
        return first if first and first["name"] == name else None

    def _need_experiment(self, experiment_id: str) -> Body:
        found = self._find_experiment(experiment_id)
        if found is None:
            raise absent(f"Experiment {experiment_id}")
        return self._show_experiment(found)

    def _show_experiment(self, one: Body) -> Body:
        return {
            **one,
            "artifact_location": self._artifacts.uri_of(one["experiment_id"]),
            "last_update_time": one["creation_time"],
            "tags": write_pairs(one.get("tags")),
        }

    # -- runs ------------------------------------------------

    def _create(self, asked: Asked) -> Any:
        experiment_id = str(asked.get("experiment_id") or _ZERO)
        experiment = self._need_experiment(experiment_id)
        tags = read_pairs(asked.get("tags"))
        run_id = self._world.store.draw_guid()
        name = str(asked.get("run_name") or tags.get("mlflow.runName") or run_id[:8])
        tags.setdefault("mlflow.runName", name)
        self._tracking.begin(
            run_id,
            experiment["name"],
            tags=tags,
            name=name,
            start_ms=int(asked.get("start_time") or now_ms()),
            user=str(asked.get("user_id") or tags.get("mlflow.user") or ""),
        )
        return {"run": self.show(run_id)}

    def _update(self, asked: Asked) -> Any:
        run_id = self._id(asked)
        self._begun(run_id)
        changed: Body = {}
        if asked.get("status"):
            changed["status"] = _as_status(asked["status"])
        if asked.get("end_time"):
            changed["end_ms"] = int(asked["end_time"])
        if asked.get("run_name"):
            changed["name"] = str(asked["run_name"])
            self._tracking.add(run_id, "tags", {"mlflow.runName": changed["name"]})
        self._tracking.change(run_id, **changed)
        return {"run_info": self.show(run_id)["info"]}

    def _set_stage(self, asked: Asked, stage: str) -> Any:
        run_id = self._id(asked)
        self._begun(run_id)
        self._tracking.change(run_id, stage=stage)
        return {}

    def _log_metric(self, asked: Asked) -> Any:
        return self._log(self._id(asked), [asked], {}, {})

    def _log_param(self, asked: Asked) -> Any:
        params = {need(asked, "key"): str(asked.get("value", ""))}
        return self._log(self._id(asked), [], params, {})

    def _set_tag(self, asked: Asked) -> Any:
        tags = {need(asked, "key"): str(asked.get("value", ""))}
        return self._log(self._id(asked), [], {}, tags)

    def _log_batch(self, asked: Asked) -> Any:
        metrics = asked.get("metrics") or []
        params, tags = read_pairs(asked.get("params")), read_pairs(asked.get("tags"))
        return self._log(self._id(asked), metrics, params, tags)

    def _log(
        self,
        run_id: str,
        metrics: list[Any],
        params: dict[str, str],
        tags: dict[str, str],
    ) -> Any:
        known = self._begun(run_id).get("params") or {}
        for key, value in params.items():
            if known.get(key, value) != value:
                raise Refused(
                    400,
                    "INVALID_PARAMETER_VALUE",
                    f"Changing param values is not allowed. Param with key='{key}' was "
                    f"already logged with value='{known[key]}' for run ID='{run_id}'. "
                    f"Attempted logging new value '{value}'.",
                )
        self._tracking.log(run_id, [_read_point(one) for one in metrics])
        if params:
            self._tracking.add(run_id, "params", params)
        if tags:
            self._tracking.add(run_id, "tags", tags)
        return {}

    def _delete_tag(self, asked: Asked) -> Any:
        run_id = self._id(asked)
        tags = dict(self._begun(run_id).get("tags") or {})
        if tags.pop(need(asked, "key"), None) is None:
            raise absent(f"Tag {asked['key']}")
        self._tracking.change(run_id, tags=tags)
        return {}

    def _history(self, asked: Asked) -> Any:
        run_id = self._id(asked)
        self._need(run_id)
        points = self._tracking.points(run_id, need(asked, "metric_key"))
        return {"metrics": [point.to_json() for point in points]}

    def _list_artifacts(self, asked: Asked) -> Any:
        run_id = self._id(asked)
        self._need(run_id)
        path = str(asked.get("path") or "").strip("/")
        place = artifacts_of(run_id).below(path)
        files = [
            {**one, "path": f"{path}/{one['path']}" if path else one["path"]}
            for one in self._artifacts.files(place)
        ]
        return {"root_uri": self._artifacts.uri_of(run_id), "files": files}

    def _search(self, asked: Asked) -> Any:
        wanted = {
            (self._find_experiment(str(one)) or {}).get("experiment_id")
            for one in asked.get("experiment_ids") or []
        }
        view = str(asked.get("run_view_type") or "ACTIVE_ONLY")
        text = str(asked.get("filter") or "")
        names = [job.name for job in self._listed()]
        ids = dict.fromkeys([*self._tracking.run_ids(), *names])
        found = []
        for run_id in ids:
            run = self.show(run_id)
            info, data = run["info"], run["data"]
            is_deleted = info["lifecycle_stage"] == "deleted"
            if info["experiment_id"] not in wanted:
                continue
            if view != "ALL" and is_deleted is not (view == "DELETED_ONLY"):
                continue
            seen = {
                "attributes": info,
                "metrics": {m["key"]: m["value"] for m in data["metrics"]},
                "params": read_pairs(data["params"]),
                "tags": read_pairs(data["tags"]),
            }
            if matches(text, seen):
                found.append((seen, run))
        ordered = sort_runs(found, asked.get("order_by") or [])
        start = int(asked.get("page_token") or 0)
        end = start + min(int(asked.get("max_results") or _MOST), 50_000)
        answer: Body = {"runs": ordered[start:end]}
        if end < len(ordered):
            answer["next_page_token"] = str(end)
        return answer

    def _listed(self) -> list[Resource]:
        jobs = self._world.store.list(f"{self._workspace()}/jobs")
        return list(jobs)

    # -- one run ------------------------------------------------

    def show(self, run_id: str) -> Body:
        """A run as MLflow has it."""
        entry, job = self._need(run_id)
        name = entry.get("name")
        info: Body = {
            "run_id": run_id,
            "run_uuid": run_id,
            "user_id": entry.get("user") or "",
            "lifecycle_stage": entry.get("stage") or "active",
            "artifact_uri": self._artifacts.uri_of(run_id),
        }
        tags = dict(entry.get("tags") or {})
        if job is not None:
            properties = job.body["properties"]
            name = name or properties.get("displayName")
            info |= self._times_of(job)
            experiment = str(properties["experimentName"])
            own = {k: str(v) for k, v in (properties.get("tags") or {}).items()}
            tags = {"mlflow.source.type": "JOB", **own, **tags}
            if job.facts.get("parent"):
                tags.setdefault("mlflow.parentRunId", str(job.facts["parent"]))
        else:
            experiment = str(entry["experiment"])
            info["status"] = entry.get("status") or "RUNNING"
            info["start_time"] = entry.get("start_ms")
            if entry.get("end_ms"):
                info["end_time"] = entry["end_ms"]
        info["experiment_id"] = self._tracking.experiment(experiment)["experiment_id"]
        info["run_name"] = name or run_id
        tags.setdefault("mlflow.runName", str(info["run_name"]))
        return {
            "info": info,
            "data": {
                "metrics": [p.to_json() for p in self._tracking.latest(run_id)],
                "params": write_pairs(entry.get("params")),
                "tags": write_pairs(tags),
            },
            "inputs": {},
        }

    def _times_of(self, job: Resource) -> Body:
        state = self._lives.state_of(job)
        status = _STATES.get(state.status)
        # The emulated clock is not that of MLflow's clients.
        behind_s = time.time() - self._world.clock.now()
        started = job.created_s + behind_s
        told: Body = {"start_time": int(started * 1000)}
        if status is not None:
            told["end_time"] = int((started + state.course.end_s) * 1000)
        running = "RUNNING" if state.status in _STARTED else "SCHEDULED"
        return {**told, "status": status or running}

    def _need(self, run_id: str) -> tuple[Body, Resource | None]:
        entry = self._tracking.find(run_id)
        job = self._lives.find(f"{self._workspace()}/jobs/{run_id}")
        if entry is None and job is None:
            raise absent(f"Run '{run_id}'")
        return entry or {}, job

    def _begun(self, run_id: str) -> Body:
        """A run's entry; that of a job is made when something is logged."""
        entry, job = self._need(run_id)
        if not entry and job is not None:
            experiment = str(job.body["properties"]["experimentName"])
            return self._tracking.begin(run_id, experiment)
        return entry

    def _id(self, asked: Asked) -> str:
        return need(asked, "run_id", "run_uuid")

    def _workspace(self) -> str:
        return self._world.workspace_id


def _taken(name: str) -> Refused:
    text = f"Experiment '{name}' already exists."
    return Refused(400, "RESOURCE_ALREADY_EXISTS", text)


def _read_point(one: Mapping[str, Any]) -> Point:
    try:
        value = float(one["value"])
        step = int(one.get("step") or 0)
        at = int(one.get("timestamp") or now_ms())
        return Point(str(one["key"]), value, step, at)
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(
            400, "INVALID_PARAMETER_VALUE", f"Got an invalid metric: {dict(one)!r}"
        ) from error


def _as_status(given: Any) -> str:
    """A status, which some clients send as the number of the protocol's enum."""
    names = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
    text = str(given)
    return names[int(text) - 1] if text in ("1", "2", "3", "4", "5") else text
