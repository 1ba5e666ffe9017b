"""What runs log: parameters, metrics with their steps, tags; by run.

In: what a run says about itself. Out: the same, for whoever asks: the REST of MLflow,
sweeps, run history. Kept in the store beside the jobs, below a collection that no path
of ARM leads to, so that it outlives the emulator where they do.
"""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import World

_RUNS, _EXPERIMENTS = ".runs", ".experiments"


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a metric."""

    key: str
    value: float
    step: int
    timestamp_ms: int

    def to_json(self) -> Body:
        """As MLflow writes it, numbers that JSON has not as text."""
        known = math.isfinite(self.value)
        return {
            "key": self.key,
            "value": self.value if known else _name_number(self.value),
            "step": self.step,
            "timestamp": self.timestamp_ms,
        }


def _name_number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


class Tracking:
    """What the runs of a workspace logged."""

    def __init__(self, world: World, workspace_id: str) -> None:
        self._world = world
        self._workspace_id = workspace_id

    # -- runs ------------------------------------------------

    def find(self, run_id: str) -> Body | None:
        """What is known of a run besides its job; None where nothing is."""
        found = self._world.store.get(self._place(run_id))
        return None if found is None else found.body

    def begin(self, run_id: str, experiment: str, **more: Any) -> Body:
        """A run's entry, made where there is none."""
        found = self.find(run_id)
        if found is not None:
            return found
        body: Body = {
            "experiment": experiment,
            "params": {},
            "tags": {},
            "start_ms": now_ms(),
            "status": "RUNNING",
            **more,
        }
        self._put(run_id, body)
        return body

    def change(self, run_id: str, **changed: Any) -> None:
        """Set fields of a run."""
        self._put(run_id, {**(self.find(run_id) or {}), **changed})

    def add(self, run_id: str, group: str, values: dict[str, str]) -> None:
        """Add to the ``params`` or the ``tags`` of a run."""
        known = self.find(run_id) or {}
        self._put(run_id, {**known, group: {**(known.get(group) or {}), **values}})

    def log(self, run_id: str, points: list[Point]) -> None:
        """Add values of metrics."""
        place = f"{self._place(run_id)}/metrics"
        number = self._world.store.highest(place)
        for point in points:
            number += 1
            body = {
                "key": point.key,
                "value": repr(point.value),
                "step": point.step,
                "timestamp_ms": point.timestamp_ms,
            }
            self._world.store.put(
                self._world.new_resource(f"{place}/{number}", {"point": body})
            )

    def points(self, run_id: str, key: str = "") -> Iterator[Point]:
        """Values of metrics in the order in which they were logged."""
        for one in self._world.store.list(f"{self._place(run_id)}/metrics"):
            kept = one.body["point"]
            if not key or kept["key"] == key:
                yield Point(
                    kept["key"],
                    float(kept["value"]),
                    kept["step"],
                    kept["timestamp_ms"],
                )

    def latest(self, run_id: str) -> list[Point]:
        """The value of each metric at its last step."""
        found: dict[str, Point] = {}
        for point in self.points(run_id):
            known = found.get(point.key)
            if known is None or _rank(point) >= _rank(known):
                found[point.key] = point
        return list(found.values())

    def run_ids(self) -> list[str]:
        """Runs that logged something, or were begun by a client of MLflow."""
        place = f"{self._workspace_id}/{_RUNS}"
        return [one.name for one in self._world.store.list(place)]

    # -- experiments ------------------------------------------------

    def experiment(self, name: str) -> Body:
        """An experiment, made where there is none."""
        found = self.find_experiment(id_of_experiment(self._workspace_id, name))
        return found or self._put_experiment(
            {
                "experiment_id": id_of_experiment(self._workspace_id, name),
                "name": name,
                "lifecycle_stage": "active",
                "tags": {},
                "creation_time": now_ms(),
            }
        )

    def find_experiment(self, experiment_id: str) -> Body | None:
        """The experiment of that id."""
        place = f"{self._workspace_id}/{_EXPERIMENTS}/{experiment_id}"
        found = self._world.store.get(place)
        return None if found is None else dict(found.body)

    def change_experiment(self, experiment_id: str, **changed: Any) -> None:
        """Set fields of an experiment."""
        self._put_experiment({**(self.find_experiment(experiment_id) or {}), **changed})

    def experiments(self) -> list[Body]:
        """Every experiment, oldest first."""
        place = f"{self._workspace_id}/{_EXPERIMENTS}"
        return [dict(one.body) for one in self._world.store.list(place)]

    # -- the store ------------------------------------------------

    def _place(self, run_id: str) -> str:
        return f"{self._workspace_id}/{_RUNS}/{run_id}"

    def _put(self, run_id: str, body: Body) -> None:
        self._keep(self._place(run_id), body)

    def _put_experiment(self, body: Body) -> Body:
        name = body["experiment_id"]
        self._keep(f"{self._workspace_id}/{_EXPERIMENTS}/{name}", body)
        return body

    def _keep(self, place: str, body: Body) -> None:
        known: Resource | None = self._world.store.get(place)
        made = replace(known, body=body) if known else None
        self._world.store.put(made or self._world.new_resource(place, body))


def _rank(point: Point) -> tuple[int, int]:
    return point.step, point.timestamp_ms


def now_ms() -> int:
    """The time of this machine: MLflow's clients compare it with their own."""
    return int(time.time() * 1000)


def id_of_experiment(workspace_id: str, name: str) -> str:
    """An experiment's id; always the same one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{workspace_id.lower()}/{name}"))
