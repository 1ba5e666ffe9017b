"""Follow long-running operations and jobs to their end.

In: a callable that polls once and says which state it saw. Out: the last
answer. This module knows states and waiting; it does not know URLs, cassettes
or resources.

Time comes from a `Clock` argument, never from `time`, so that replay finishes
an hour-long job at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from azml_contract.errors import OperationTimeout

T = TypeVar("T")

JOB_ENDS = frozenset({"completed", "failed", "canceled"})
"""Job states that never change again, in lower case.

``NotResponding`` is not one: "a run can go from NotResponding to any of the
previous states". Source: azure-rest-api-specs, Microsoft.MachineLearningServices
stable/2024-04-01/mfe.json, JobStatus.
"""

OPERATION_ENDS = frozenset({"succeeded", "failed", "canceled"})
"""Terminal states of operations and of ``provisioningState``, in lower case.

Source: ARM resource provider contract, async-api-reference.md.
"""

JOB_STATES = JOB_ENDS | {
    "notstarted",
    "starting",
    "provisioning",
    "preparing",
    "queued",
    "running",
    "finalizing",
    "cancelrequested",
    "notresponding",
    "paused",
    "unknown",
    "scheduled",
}
"""Every job state of any api-version, in lower case; others are polled on."""

_GROWTH = 1.25
_LONGEST_INTERVAL_S = 15.0


class Clock(Protocol):
    """A source of time."""

    def now(self) -> float:
        """Seconds since the epoch; never goes backwards."""

    def sleep(self, seconds: float) -> None:
        """Return when `seconds` of this clock have passed."""


class SystemClock:
    """Real time. Monotonic: a corrected wall clock does not move a deadline."""

    def __init__(self) -> None:
        self._epoch = time.time() - time.monotonic()

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._epoch + time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Really sleep."""
        time.sleep(max(0.0, seconds))


class InstantClock:
    """Virtual time for replay and tests: a sleep ends at once, and counts.

    Args:
        start: The first ``now()``, in seconds since the epoch.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        """Virtual seconds since the epoch."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Move virtual time forward, without waiting."""
        self._now += max(0.0, seconds)


SYSTEM_CLOCK: Clock = SystemClock()


@dataclass(frozen=True, slots=True)
class PollAnswer(Generic[T]):
    """What one poll said.

    `state` is as the service wrote it. `retry_after_s` is what the answer asks
    to wait before the next poll; None when it does not say.
    """

    value: T
    state: str
    ended: bool
    retry_after_s: float | None = None


def await_terminal(
    poll: Callable[[], PollAnswer[T]],
    *,
    what: str,
    timeout_s: float,
    clock: Clock,
    interval_s: float = 1.0,
    first_wait_s: float = 0.0,
    announce: Callable[[str], None] | None = None,
) -> T:
    """Poll until the state is terminal, ever more slowly.

    The interval starts at `interval_s` and grows by a quarter a poll, up to 15
    seconds (or `interval_s` where that is longer); an answer's Retry-After wins.
    The last poll happens at the deadline itself.

    Args:
        poll: Sends one GET.
        what: What is waited for, for messages.
        timeout_s: Longest wait, in seconds of `clock` time.
        clock: Time source; replay passes one that never really sleeps.
        first_wait_s: Wait before the first poll.
        announce: Takes one line for each new state.

    Returns:
        The value of the last poll. ``Failed`` and ``Canceled`` are returned, not
        raised: only the scenario knows whether it expected them.

    Raises:
        OperationTimeout: No terminal state within `timeout_s`.

    Source: ARM resource provider contract, async-api-reference.md.
    """
    started = clock.now()
    deadline = started + timeout_s
    longest_s = max(interval_s, _LONGEST_INTERVAL_S)
    last_state = ""
    clock.sleep(min(first_wait_s, timeout_s))
    while True:
        answer = poll()
        now = clock.now()
        if announce and answer.state != last_state:
            announce(f"{what}: {answer.state} ({now - started:.0f} s)")
        last_state = answer.state
        if answer.ended:
            return answer.value
        if now >= deadline:
            raise OperationTimeout(what, timeout_s=timeout_s, last_state=last_state)
        wait_s = interval_s
        if answer.retry_after_s is not None:
            # Replay answers "Retry-After: 0"; time must pass all the same, or a
            # recording that stops before the end would be polled for ever.
            wait_s = max(answer.retry_after_s, interval_s / 20)
        clock.sleep(min(wait_s, deadline - now))
        interval_s = min(interval_s * _GROWTH, longest_s)


def read_job_state(body: Any) -> str:
    """``properties.status`` of a job; empty when there is none."""
    return _read_text(_read_mapping(body, "properties"), "status")


def read_provisioning_state(body: Any) -> str:
    """``properties.provisioningState``, or the one at the top; empty when absent."""
    inner = _read_text(_read_mapping(body, "properties"), "provisioningState")
    return inner or _read_text(body, "provisioningState")


def read_operation_state(body: Any) -> str:
    """``status`` of an Azure-AsyncOperation answer; empty when there is none."""
    return _read_text(body, "status")


def _read_mapping(body: Any, name: str) -> Any:
    return body.get(name) if isinstance(body, Mapping) else None


def _read_text(body: Any, name: str) -> str:
    value = _read_mapping(body, name)
    return value if isinstance(value, str) else ""
