"""Sweeps: which trials they make, and what they write about themselves.

In: a sweep job in its neutral form. Out: its trials with sampled parameters
and times, its tags and properties at a time. The metric of a trial is
invented: nothing is trained here. Source: the recorded completed sweep.
"""

from __future__ import annotations

import itertools
import json
import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azml_contract.emulator.clock import as_iso
from azml_contract.emulator.courses import Course, does_fail, sweep_course, trial_course

GENERATING_S = 30.0
_TRIAL_S = 60.0
# A sweep of a thousand trials shall not take a thousand polls: trials get
# shorter, so that all of them together take no longer than this.
_LONGEST_S = 600.0
_MOST_TRIALS = 1000
_DURATION = re.compile(
    r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial. `starts_s` counts from the creation of the sweep."""

    number: int
    parameters: Mapping[str, Any]
    starts_s: float
    course: Course
    metric: float | None


@dataclass(frozen=True, slots=True)
class Sweep:
    """All trials of a sweep that are ever started, and the sweep's own course."""

    trials: tuple[Trial, ...]
    course: Course

    def started(self, elapsed_s: float) -> list[Trial]:
        """Trials that exist by then."""
        return [trial for trial in self.trials if trial.starts_s <= elapsed_s]


def plan_sweep(properties: Mapping[str, Any]) -> Sweep:
    """The trials of a sweep; the same search space gives the same trials.

    The name of the job plays no part: it is drawn at random, and two recordings
    shall differ in nothing else.
    """
    seed = _seed_of(properties)
    limits = properties.get("limits") or {}
    total = min(int(limits.get("maxTotalTrials") or 20), _MOST_TRIALS)
    at_once = max(1, min(int(limits.get("maxConcurrentTrials") or total), total))
    waves = math.ceil(total / at_once)
    run_s = min(_TRIAL_S, _LONGEST_S / waves)
    timeout_s = duration_s(limits.get("timeout"))
    trial = properties.get("trial") or {}

    trials = []
    for number, parameters in enumerate(_sample(seed, properties, total)):
        starts_s = GENERATING_S + (number // at_once) * run_s
        if timeout_s is not None and starts_s >= timeout_s:
            break
        trials.append(
            Trial(
                number,
                parameters,
                starts_s,
                trial_course(trial, run_s=run_s),
                _invent_metric(seed, number),
            )
        )
    end_s = max((t.starts_s + t.course.end_s for t in trials), default=GENERATING_S)
    if timeout_s is not None:
        end_s = min(end_s, timeout_s)
    return Sweep(tuple(trials), sweep_course(end_s, fails=does_fail(trial)))


def duration_s(text: object) -> float | None:
    """Seconds of an ISO 8601 duration; None for anything else."""
    matched = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if matched is None or not any(matched.groups()):
        return None
    weeks, days, hours, minutes, seconds = (float(g or 0) for g in matched.groups())
    return (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds


def _seed_of(properties: Mapping[str, Any]) -> str:
    algorithm = properties.get("samplingAlgorithm") or {}
    return _as_text([properties.get("searchSpace"), algorithm.get("seed")])


def _invent_metric(seed: str, number: int) -> float:
    return round(random.Random(f"{seed}/{number}").uniform(0.05, 0.6), 6)  # noqa: S311


def _sample(
    seed: str, properties: Mapping[str, Any], total: int
) -> Iterator[dict[str, Any]]:
    space = {
        parameter: read_expression(expression)
        for parameter, expression in (properties.get("searchSpace") or {}).items()
    }
    algorithm = properties.get("samplingAlgorithm") or {}
    if algorithm.get("samplingAlgorithmType") == "Grid":
        yield from itertools.islice(_grid(space), total)
        return
    source = random.Random(seed)  # noqa: S311
    for _ in range(total):
        yield {key: _draw(*space[key], source) for key in sorted(space)}


def read_expression(expression: object) -> tuple[str, list[Any]]:
    """``["uniform", [0.1, 0.5]]`` as a name and its arguments."""
    if isinstance(expression, Sequence) and len(expression) == 2:
        name, arguments = expression
        if isinstance(name, str) and isinstance(arguments, list):
            return name.lower(), arguments
    return "", []


def _grid(space: Mapping[str, tuple[str, list[Any]]]) -> Iterator[dict[str, Any]]:
    names = sorted(space)
    choices = [
        space[name][1][0] if space[name][0] == "choice" and space[name][1] else [None]
        for name in names
    ]
    for values in itertools.product(*choices):
        yield dict(zip(names, values, strict=True))


def _draw(name: str, arguments: list[Any], source: random.Random) -> Any:
    try:
        if name == "choice":
            return source.choice(arguments[0])
        if name == "randint":
            return source.randrange(int(arguments[0]))
        first, second, *rest = (float(a) for a in arguments)
        value = (
            source.gauss(first, second)
            if "normal" in name
            else source.uniform(first, second)
        )
        if "log" in name:
            value = math.exp(value)
        if name.startswith("q") and rest:
            value = round(value / rest[0]) * rest[0]
        return value
    except (TypeError, ValueError, IndexError, OverflowError):
        # An expression that this emulator does not know samples to nothing.
        return None


def sweep_tags(
    name: str,
    properties: Mapping[str, Any],
    sweep: Sweep,
    *,
    elapsed_s: float,
    created_s: float,
    cancelled: bool,
    platform: Mapping[str, Any],
) -> dict[str, str]:
    """The tags that the service writes on a sweep."""
    limits = properties.get("limits") or {}
    timeout_s = duration_s(limits.get("timeout"))
    tags = {
        "_aml_system_max_concurrent_jobs": str(limits.get("maxConcurrentTrials", "")),
        "_aml_system_max_total_jobs": str(limits.get("maxTotalTrials", "")),
        "_aml_system_max_duration_minutes": str(round((timeout_s or 604800) / 60)),
        "_aml_system_policy_config": _as_text(_policy(properties)),
        "_aml_system_generator_config": _as_text(_generator(properties)),
        "_aml_system_primary_metric_config": _as_text(metric_config(properties)),
        "_aml_system_platform_config": _as_text(platform),
        "_aml_system_resume_child_runs": "null",
        "_aml_system_all_jobs_generated": "false",
        "_aml_system_cancellation_requested": "true" if cancelled else "false",
    }
    if elapsed_s >= GENERATING_S:
        tags |= _progress_tags(name, sweep, elapsed_s, created_s)
    return tags


def _progress_tags(
    name: str, sweep: Sweep, elapsed_s: float, created_s: float
) -> dict[str, str]:
    stamp = as_iso(created_s + GENERATING_S, digits=6).partition("+")[0]
    started = sweep.started(elapsed_s)
    parameters = json.dumps([trial.parameters for trial in started])
    digest = random.Random(parameters).getrandbits(256)  # noqa: S311
    return {
        "_aml_system_all_jobs_generated": str(
            len(started) == len(sweep.trials)
        ).lower(),
        "_aml_system_progress_metadata_evaluation_timestamp": _as_text(stamp),
        "_aml_system_progress_metadata_digest": _as_text(f"{digest:064x}"),
        "_aml_system_progress_metadata_active_timestamp": _as_text(stamp),
        "_aml_system_optimizer_state_artifact": "null",
        "_aml_system_outdated_optimizer_state_artifacts": _as_text("[]"),
        **{
            f"_aml_system_{name}_{trial.number}": json.dumps(trial.parameters)
            for trial in started
        },
    }


def sweep_properties(
    name: str, properties: Mapping[str, Any], sweep: Sweep, *, is_completed: bool
) -> dict[str, str]:
    """The run properties that the service writes on a sweep."""
    written = {
        "primary_metric_config": _as_text(metric_config(properties)),
        "resume_from": "null",
        "runTemplate": "HyperDrive",
        "azureml.runsource": "hyperdrive",
        "platform": "AML",
    }
    known = [trial for trial in sweep.trials if trial.metric is not None]
    if not is_completed or not known:
        return written
    wants_most = metric_config(properties)["goal"] == "maximize"
    pick = max if wants_most else min
    best = pick(known, key=lambda trial: trial.metric or 0.0)
    child = f"{name}_{best.number}"
    return written | {
        "space_size": "infinite_space_size",
        "best_child_run_id": child,
        "score": str(best.metric),
        "best_metric_status": "Succeeded",
        "best_data_container_id": f"dcid.{child}",
    }


def metric_config(properties: Mapping[str, Any]) -> dict[str, str]:
    """The objective as HyperDrive writes it."""
    objective = properties.get("objective") or {}
    return {
        "name": str(objective.get("primaryMetric", "")),
        "goal": str(objective.get("goal", "")).lower(),
    }


def _policy(properties: Mapping[str, Any]) -> dict[str, Any]:
    policy = dict(properties.get("earlyTermination") or {})
    name = policy.pop("policyType", "Default")
    written = {
        re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower(): value
        for key, value in policy.items()
        if value is not None
    }
    return {"name": name, "properties": written}


def _generator(properties: Mapping[str, Any]) -> dict[str, Any]:
    algorithm = properties.get("samplingAlgorithm") or {}
    name = str(algorithm.get("samplingAlgorithmType", "Random")).upper()
    own = (
        {"rule": algorithm.get("rule") or "Random", "seed": algorithm.get("seed")}
        if name == "RANDOM"
        else {}
    )
    space = properties.get("searchSpace") or {}
    return {"name": name, "parameter_space": space, "properties": own}


def _as_text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
