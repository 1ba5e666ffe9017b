"""What to poll after an answer, and what each poll says.

In: an answer that may have started a long-running operation, or the URL of a
resource. Out: where to look, and the state seen there. Sends nothing itself.

Source: ARM resource provider contract, async-api-reference.md:
``Azure-AsyncOperation`` first, then ``Location``, then ``provisioningState``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import urlsplit

from azml_contract.errors import ArmError
from azml_contract.lro import (
    JOB_ENDS,
    JOB_STATES,
    OPERATION_ENDS,
    PollAnswer,
    read_job_state,
    read_operation_state,
    read_provisioning_state,
)
from azml_contract.rest.arm_errors import parse_arm_error
from azml_contract.rest.arm_response import ArmResponse
from azml_contract.rest.retries import read_retry_after_s

_JOB_PATH = re.compile(r"/workspaces/[^/]+/jobs/[^/]+/?$", re.I)


class Follow(Enum):
    """What a poll's URL is, which says where its state stands."""

    OPERATION = auto()
    LOCATION = auto()
    JOB = auto()
    RESOURCE = auto()


@dataclass(frozen=True, slots=True)
class Poll:
    """Where to look next, and how to read what is there."""

    url: str
    follow: Follow


def poll_of_resource(url: str) -> Poll:
    """How to wait for the resource at a URL: a job by its status, others by
    their provisioning state."""
    is_job = _JOB_PATH.search(urlsplit(url).path) is not None
    return Poll(url, Follow.JOB if is_job else Follow.RESOURCE)


def poll_after(answer: ArmResponse) -> Poll | None:
    """How to wait for what an answer started; None when nothing is under way.

    A 201 carries ``Location`` too, but as the resource's own address: only the
    one of a 202 is an operation.

    Raises:
        ArmError: The answer is an error, or a 202 that does not say where to look.
    """
    status = answer.raise_for_status().status
    if operation := answer.headers.get("Azure-AsyncOperation"):
        return Poll(operation, Follow.OPERATION)
    if status == 202:
        if location := answer.headers.get("Location"):
            return Poll(location, Follow.LOCATION)
        raise _broken(answer, "202 without Azure-AsyncOperation or Location")
    if answer.method in {"GET", "PUT", "PATCH"}:
        return poll_of_resource(answer.url)
    return None


def read_poll(
    poll: Poll, answer: ArmResponse, *, now_s: float
) -> tuple[Poll, PollAnswer[ArmResponse]]:
    """What one poll says, and where to look the next time.

    Raises:
        ArmError: The answer is an error, or holds no state to go by.
    """
    answer.raise_for_status()
    state, ended = _READERS[poll.follow](answer)
    if poll.follow is Follow.LOCATION:
        poll = Poll(answer.headers.get("Location") or poll.url, Follow.LOCATION)
    wait_s = read_retry_after_s(answer.headers, now_s)
    return poll, PollAnswer(answer, state, ended, wait_s)


def _read_operation(answer: ArmResponse) -> tuple[str, bool]:
    state = read_operation_state(answer.json)
    if not state and answer.status == 202:
        return "InProgress", False
    if not state:
        raise _broken(answer, "the operation's answer has no status")
    return state, state.lower() in OPERATION_ENDS


def _read_location(answer: ArmResponse) -> tuple[str, bool]:
    if answer.status == 202:
        return "InProgress", False
    if answer.status not in {200, 201, 204}:
        raise _broken(answer, "neither 202 nor a success")
    return "Succeeded", True


def _read_job(answer: ArmResponse) -> tuple[str, bool]:
    state = read_job_state(answer.json)
    if not state:
        raise _broken(answer, "the job has no properties.status")
    if state.lower() not in JOB_STATES:
        return f"{state} (a state that no api-version names)", False
    return state, state.lower() in JOB_ENDS


def _read_resource(answer: ArmResponse) -> tuple[str, bool]:
    body = answer.json
    state = read_provisioning_state(body)
    if state:
        return state, state.lower() in OPERATION_ENDS
    if not isinstance(body, dict) or "error" in body:
        raise _broken(answer, "the answer is no resource")
    # ARM: a resource without a provisioning state is ready.
    return "Succeeded", True


_READERS = {
    Follow.OPERATION: _read_operation,
    Follow.LOCATION: _read_location,
    Follow.JOB: _read_job,
    Follow.RESOURCE: _read_resource,
}


def _broken(answer: ArmResponse, why: str) -> ArmError:
    """An error body that came with a success status, or a body of another kind."""
    found = parse_arm_error(answer.status, answer.headers, answer.raw)
    return ArmError(
        status=answer.status,
        code=found.code,
        message=f"{found.message}: {why}" if found.message else why,
        inner_codes=found.inner_codes,
        details=found.details,
        request_id=found.request_id,
        request=answer.call,
    )
