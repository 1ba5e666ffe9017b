"""Waiting, on a clock that never sleeps."""

from __future__ import annotations

import time

import pytest

from azml_contract.errors import OperationTimeout
from azml_contract.lro import (
    InstantClock,
    PollAnswer,
    SystemClock,
    await_terminal,
    read_job_state,
    read_operation_state,
    read_provisioning_state,
)


class Polls:
    """Answers states one after another; the last one repeats."""

    def __init__(self, clock: InstantClock, *states: str, wait_s: float | None = None):
        self.clock = clock
        self.states = list(states)
        self.wait_s = wait_s
        self.times: list[float] = []

    def __call__(self) -> PollAnswer[str]:
        self.times.append(self.clock.now())
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return PollAnswer(f"body of {state}", state, state == "Completed", self.wait_s)


def test_the_last_value_comes_back() -> None:
    clock = InstantClock()
    polls = Polls(clock, "Queued", "Running", "Completed")
    value = await_terminal(polls, what="job", timeout_s=60, clock=clock)
    assert value == "body of Completed"
    assert len(polls.times) == 3


def test_the_interval_grows_gently_to_fifteen_seconds() -> None:
    clock = InstantClock()
    polls = Polls(clock, *["Running"] * 20, "Completed")
    await_terminal(polls, what="job", timeout_s=3600, clock=clock)
    gaps = [b - a for a, b in zip(polls.times, polls.times[1:], strict=False)]
    assert gaps[:3] == pytest.approx([1, 1.25, 1.5625])
    assert gaps[-1] == pytest.approx(15)
    assert gaps == sorted(gaps)


def test_a_longer_interval_of_the_caller_stays() -> None:
    clock = InstantClock()
    polls = Polls(clock, "Running", "Running", "Completed")
    await_terminal(polls, what="job", timeout_s=3600, clock=clock, interval_s=60)
    assert polls.times == [0, 60, 120]


def test_retry_after_wins() -> None:
    clock = InstantClock()
    polls = Polls(clock, "Running", "Running", "Completed", wait_s=33)
    await_terminal(polls, what="job", timeout_s=3600, clock=clock)
    assert polls.times == [0, 33, 66]


def test_a_state_that_never_ends_times_out_and_is_polled_at_the_deadline() -> None:
    clock = InstantClock(100)
    polls = Polls(clock, "Running")
    with pytest.raises(OperationTimeout) as caught:
        await_terminal(polls, what="job j1", timeout_s=90, clock=clock)
    assert str(caught.value) == (
        "job j1 reached no terminal state within 90 s; last state: Running."
    )
    assert polls.times[-1] == pytest.approx(190)


def test_time_passes_even_where_every_answer_says_retry_at_once() -> None:
    """Replay writes Retry-After 0; a cassette cut short must still end."""
    clock = InstantClock()
    polls = Polls(clock, "Running", wait_s=0)
    with pytest.raises(OperationTimeout):
        await_terminal(polls, what="job", timeout_s=3600, clock=clock)
    assert len(polls.times) < 6000


def test_each_new_state_is_announced_once() -> None:
    clock = InstantClock()
    lines: list[str] = []
    polls = Polls(clock, "Queued", "Running", "Running", "Completed")
    await_terminal(
        polls, what="jobs/j1", timeout_s=60, clock=clock, announce=lines.append
    )
    assert lines == [
        "jobs/j1: Queued (0 s)",
        "jobs/j1: Running (1 s)",
        "jobs/j1: Completed (4 s)",
    ]


def test_the_first_wait_comes_before_the_first_poll() -> None:
    clock = InstantClock()
    polls = Polls(clock, "Completed")
    await_terminal(polls, what="job", timeout_s=60, clock=clock, first_wait_s=5)
    assert polls.times == [5]


def test_an_instant_clock_counts_without_waiting() -> None:
    clock = InstantClock(10)
    before = time.monotonic()
    clock.sleep(3600)
    clock.sleep(-5)
    assert clock.now() == 3610
    assert time.monotonic() - before < 60


def test_the_system_clock_is_about_now_and_moves_forward() -> None:
    clock = SystemClock()
    first = clock.now()
    clock.sleep(0.01)
    clock.sleep(-1)
    assert first < clock.now()
    assert abs(time.time() - clock.now()) < 60


@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"properties": None}, {"status": 5}]
)
def test_a_body_without_a_state_has_none(body: object) -> None:
    assert read_job_state(body) == ""
    assert read_provisioning_state(body) == ""
    assert read_operation_state(body) == ""


def test_states_are_read_where_each_kind_keeps_them() -> None:
    assert read_job_state({"properties": {"status": "Running"}}) == "Running"
    assert read_operation_state({"status": "InProgress"}) == "InProgress"
    inner = {"properties": {"provisioningState": "Creating"}}
    assert read_provisioning_state(inner) == "Creating"
    assert read_provisioning_state({"provisioningState": "Failed"}) == "Failed"
