"""What a job goes through, as a pure function of the time since its creation.

In: the job in its neutral form, when it was cancelled. Out: its state at a
time. The orders of states are those seen in recordings of the live service;
the lengths are this emulator's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TERMINAL = frozenset({"Completed", "Failed", "Canceled"})
CANCELLING_S = 45.0
FAIL_VARIABLE = "AZML_EMULATOR_FAIL"
"""A job with this environment variable fails, whatever its command is."""

# ``exit 3`` in a shell, ``sys.exit(3)`` in a python -c; not ``exit 0``.
_EXITS = re.compile(r"\bexit[\s(]+[1-9]\d*")


@dataclass(frozen=True, slots=True)
class Course:
    """States in their order, each with the second at which it begins."""

    steps: tuple[tuple[str, float], ...]

    @property
    def end_s(self) -> float:
        """When the last state begins."""
        return self.steps[-1][1]

    def starts_at(self, state: str) -> float | None:
        """When a state begins; None where the course has none such."""
        return next((at for name, at in self.steps if name == state), None)

    def state_at(self, elapsed_s: float, *, cancelled_s: float | None = None) -> str:
        """The state after so many seconds.

        Args:
            elapsed_s: Seconds since the job was created.
            cancelled_s: Seconds from creation to its cancellation, if any.
        """
        if cancelled_s is not None and elapsed_s >= cancelled_s:
            before = self.state_at(cancelled_s)
            if before in TERMINAL:
                return before
            over = elapsed_s >= cancelled_s + CANCELLING_S
            return "Canceled" if over else "CancelRequested"
        reached = [name for name, at in self.steps if at <= elapsed_s]
        return reached[-1] if reached else self.steps[0][0]


def does_fail(properties: Mapping[str, Any]) -> bool:
    """Whether a command is one that ends with an error."""
    variables = properties.get("environmentVariables") or {}
    command = str(properties.get("command") or "")
    return FAIL_VARIABLE in variables or bool(_EXITS.search(command))


def command_course(properties: Mapping[str, Any], *, run_s: float = 60.0) -> Course:
    """Starting, Preparing, Queued, Running, then Completed or Failed."""
    last = "Failed" if does_fail(properties) else "Completed"
    return Course(
        (
            ("Starting", 0.0),
            ("Preparing", 30.0),
            ("Queued", 60.0),
            ("Running", 90.0),
            (last, 90.0 + run_s),
        )
    )


def trial_course(properties: Mapping[str, Any], *, run_s: float) -> Course:
    """A trial's environment is prepared already: Queued, Running, then its end."""
    last = "Failed" if does_fail(properties) else "Completed"
    return Course((("Queued", 0.0), ("Running", run_s / 3), (last, run_s)))


def sweep_course(end_s: float, *, fails: bool) -> Course:
    """Running from the start, as all 25 recorded sweeps are."""
    return Course((("Running", 0.0), ("Failed" if fails else "Completed", end_s)))


def other_course(properties: Mapping[str, Any], *, is_late: bool = False) -> Course:
    """What pipelines and the other types of jobs go through."""
    first: tuple[tuple[str, float], ...] = (("NotStarted", 0.0),)
    if properties.get("jobType") == "Pipeline":
        first = (*first, ("Preparing", 20.0)) if is_late else (("Preparing", 0.0),)
    return Course(
        (
            *first,
            ("Running", 60.0),
            ("Finalizing", 120.0),
            ("Completed", 150.0),
        )
    )
