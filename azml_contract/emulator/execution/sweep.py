"""Sweeps that really run: trials as jobs, until there are enough.

In: a sweep in its neutral form. Out: its trials, jobs named ``{sweep}_{n}``, run as
many at a time as it allows; those that its policy gives up are cancelled. Which
parameters a trial gets is in `sampling`, which trial is given up in `stopping`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from azml_contract.emulator.courses import TERMINAL
from azml_contract.emulator.execution.bindings import append_parameters
from azml_contract.emulator.execution.executor import MOST_AT_ONCE, Executor
from azml_contract.emulator.execution.run import End
from azml_contract.emulator.execution.sampling import Sampler
from azml_contract.emulator.execution.stopping import Policy
from azml_contract.emulator.job_lives import trial_properties
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.sweeps import duration_s

_MOST_TRIALS = 1000


def run_sweep(executor: Executor, sweep: Resource) -> End:
    """Run a sweep's trials to the end of the last one."""
    return _Sweep(executor, sweep).go()


class _Sweep:
    def __init__(self, executor: Executor, sweep: Resource) -> None:
        self._executor, self._sweep = executor, sweep
        self._properties: Body = sweep.body["properties"]
        limits = self._properties.get("limits") or {}
        self._total = min(int(limits.get("maxTotalTrials") or 20), _MOST_TRIALS)
        wanted = int(limits.get("maxConcurrentTrials") or self._total)
        self._at_once = max(1, min(wanted, self._total, MOST_AT_ONCE))
        self._timeout_s = duration_s(limits.get("timeout"))
        self._trial_timeout = limits.get("trialTimeout")
        objective = self._properties.get("objective") or {}
        self._metric = str(objective.get("primaryMetric") or "")
        self._wants_most = str(objective.get("goal") or "").lower() == "maximize"
        self._sampler = Sampler(self._properties, self._total)
        self._policy = Policy(
            self._properties.get("earlyTermination") or {},
            wants_most=self._wants_most,
        )

    def go(self) -> End:
        """Make trials while there is room, until the last one has ended."""
        if self._sampler.note:
            self._executor.note(self._sweep.id, self._sampler.note)
        started = time.monotonic()
        cancelled = self._executor.was_cancelled(self._sweep.id)
        running: dict[str, int] = {}
        states: dict[int, str] = {}
        number = 0
        while True:
            late_s = time.monotonic() - started
            timed_out = self._timeout_s is not None and late_s > self._timeout_s
            ending = cancelled.is_set() or timed_out
            if ending:
                for trial_id in running:
                    self._executor.cancel(trial_id)
            while not ending and len(running) < self._at_once and number < self._total:
                parameters = self._sampler.ask(number)
                if parameters is None:
                    self._total = number
                    break
                child = self._executor.add_child(self._as_trial(number, parameters))
                running[child.id] = number
                number += 1
            for trial_id in list(running):
                state = self._executor.state_of(trial_id)
                if state in TERMINAL:
                    done = running.pop(trial_id)
                    states[done] = state
                    self._sampler.tell(done, self._best(trial_id.rpartition("/")[2]))
            if not running and (ending or number >= self._total):
                break
            self._give_up(running, number)
            self._executor.wait()
        return self._conclude(states, cancelled.is_set(), timed_out)

    def _conclude(self, states: dict[int, str], cancelled: bool, late: bool) -> End:
        if cancelled:
            return End("Canceled")
        if "Completed" in states.values():
            return End("Completed")
        if late:
            return End("Failed", f"The sweep took longer than {self._timeout_s:g} s.")
        return End("Failed", "No trial of the sweep was completed.")

    def _give_up(self, running: Mapping[str, int], made: int) -> None:
        logged = {n: self._logged(f"{self._sweep.name}_{n}") for n in range(made)}
        for trial_id, number in running.items():
            if self._policy.gives_up(number, logged):
                self._executor.cancel(trial_id)

    def _best(self, trial: str) -> float | None:
        values = self._logged(trial)
        if not values:
            return None
        return max(values) if self._wants_most else min(values)

    def _logged(self, trial: str) -> list[float]:
        """What a trial has logged of the primary metric."""
        points = self._executor.tracking().points
        with self._executor.world.store.lock:
            return [point.value for point in points(trial, self._metric)]

    def _as_trial(self, number: int, parameters: Mapping[str, Any]) -> Resource:
        template = self._properties.get("trial") or {}
        command = append_parameters(str(template.get("command") or ""), parameters)
        properties = trial_properties(self._sweep, number, parameters, command)
        properties["outputs"] = self._properties.get("outputs") or {}
        if self._trial_timeout:
            limits = {"jobLimitsType": "Command", "timeout": self._trial_timeout}
            properties["limits"] = limits
        made = self._executor.world.new_resource(
            f"{self._sweep.id}_{number}", {"properties": properties}
        )
        facts = {"parent": self._sweep.name, "parameters": dict(parameters)}
        return replace(made, created_by=self._sweep.created_by, facts=facts)
