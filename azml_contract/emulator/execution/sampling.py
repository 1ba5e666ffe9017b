"""Which parameters the trials of a sweep get.

In: a sweep in its neutral form. Out: parameters for one trial after the other;
what a trial came to is told back. Random and grid are drawn as the emulator without
execution draws them; Sobol needs SciPy, Bayesian needs Optuna, and where those are
absent the trials are drawn at random, which `note` says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from azml_contract.emulator.sweeps import plan_sweep, read_expression
from azml_contract.errors import EmulatorError

Parameters = dict[str, Any]


class Sampler:
    """Draws the parameters of trials.

    Args:
        properties: Of the sweep.
        total: How many trials there are at most.
    """

    def __init__(self, properties: Mapping[str, Any], total: int) -> None:
        algorithm = properties.get("samplingAlgorithm") or {}
        kind = str(algorithm.get("samplingAlgorithmType") or "Random").lower()
        rule = str(algorithm.get("rule") or "").lower()
        self._space = {
            name: read_expression(given)
            for name, given in (properties.get("searchSpace") or {}).items()
        }
        self._seed = int(algorithm.get("seed") or 0)
        self._total = total
        limits = {"maxTotalTrials": total}
        plan = plan_sweep({**properties, "limits": limits})
        self._plan = [dict(trial.parameters) for trial in plan.trials]
        self._told: dict[int, Any] = {}
        self._study: Any = None
        self._optuna: Any = None
        self.note = ""
        if kind == "bayesian":
            objective = properties.get("objective") or {}
            goal = str(objective.get("goal") or "minimize").lower()
            self._begin_study(goal)
        elif kind == "random" and rule == "sobol":
            self._plan_sobol()

    def ask(self, number: int) -> Parameters | None:
        """The parameters of a trial; None when there are no more."""
        if self._study is not None:
            return self._ask_study(number)
        if number >= len(self._plan):
            return None
        return dict(self._plan[number])

    def tell(self, number: int, metric: float | None) -> None:
        """What a trial came to."""
        trial = self._told.pop(number, None)
        if trial is None:
            return
        if metric is None or not math.isfinite(metric):
            self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(trial, metric)

    # -- Sobol ----------------------------------------------------------------------

    def _plan_sobol(self) -> None:
        try:
            stats: Any = import_module("scipy.stats")
        except ImportError:
            self.note = "SciPy is not installed: the trials are drawn at random."
            return
        names = sorted(self._space)
        if not names:
            return
        drawn = stats.qmc.Sobol(len(names), seed=self._seed)
        points = drawn.random_base2(max(1, math.ceil(math.log2(max(2, self._total)))))
        self._plan = [
            {
                name: _place(*self._space[name], float(at), stats.norm.ppf)
                for name, at in zip(names, point, strict=True)
            }
            for point in points[: self._total]
        ]

    # -- Bayesian -------------------------------------------------------------------

    def _begin_study(self, goal: str) -> None:
        try:
            optuna = self._optuna = import_module("optuna")
        except ImportError:
            self.note = "Optuna is not installed: the trials are drawn at random."
            return
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = optuna.samplers.TPESampler(seed=self._seed)
        self._study = optuna.create_study(direction=goal, sampler=sampler)

    def _ask_study(self, number: int) -> Parameters:
        trial = self._study.ask()
        self._told[number] = trial
        return {
            name: _suggest(trial, name, *self._space[name])
            for name in sorted(self._space)
        }


def _suggest(trial: Any, name: str, kind: str, arguments: list[Any]) -> Any:
    """A parameter of one of the kinds that the service allows with Bayesian."""
    try:
        if kind == "choice":
            return trial.suggest_categorical(name, arguments[0])
        first, second, *rest = (float(a) for a in arguments)
        if kind == "quniform" and rest:
            return trial.suggest_float(name, first, second, step=rest[0])
        if kind == "uniform":
            return trial.suggest_float(name, first, second)
    except (TypeError, ValueError, IndexError) as error:
        raise EmulatorError(f"The search space of {name} is malformed: {error}.") from (
            error
        )
    raise EmulatorError(
        f"Bayesian sampling takes choice, uniform and quniform; {name} is {kind}."
    )


def _place(
    kind: str, arguments: list[Any], at: float, quantile: Callable[[float], float]
) -> Any:
    """The value of a distribution at a share of it; None where it makes no sense."""
    try:
        if kind == "choice":
            return arguments[0][min(int(at * len(arguments[0])), len(arguments[0]) - 1)]
        if kind == "randint":
            return min(int(at * int(arguments[0])), int(arguments[0]) - 1)
        first, second, *rest = (float(a) for a in arguments)
    except (TypeError, ValueError, IndexError):
        return None
    if "normal" in kind:
        value = first + second * float(quantile(min(max(at, 1e-9), 1 - 1e-9)))
    else:
        value = first + at * (second - first)
    if "log" in kind:
        value = math.exp(value)
    if kind.startswith("q") and rest:
        value = round(value / rest[0]) * rest[0]
    return value
