"""Which calls are sent again, when, and what is said when they are not."""

from __future__ import annotations

import socket
import time
from email.utils import formatdate
from typing import Any

import pytest

from azml_contract.client import Workspace
from azml_contract.errors import ServiceUnreachable
from azml_contract.lro import InstantClock
from azml_contract.rest.retries import (
    RetryPolicy,
    is_repeatable,
    read_retry_after_s,
    read_wait_s,
)

URL = "https://management.azure.com/subscriptions/s/x/jobs/j1"
AML_THROTTLE = {
    "error": {
        "code": "UserError",
        "message": "Received too many requests in a short amount of time. "
        "Retry again after 20 seconds.",
    }
}
ARM_THROTTLE = {
    "error": {
        "code": "SubscriptionRequestsThrottled",
        "message": "Number of 'read' requests for subscription 'S' actor 'A' "
        "exceeded. Please try again after '10' seconds.",
    }
}


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize("verb", ["get", "put", "patch", "delete"])
def test_a_transient_answer_is_tried_again(
    verb: str, status: int, service: Any, azml: Workspace, clock: InstantClock
) -> None:
    service.reply(status)
    service.reply(200, {"ok": True})
    started = clock.now()

    assert getattr(azml, verb)("jobs/j1").json == {"ok": True}

    assert len(service.requests) == 2
    assert 0.75 <= clock.now() - started <= 1.25


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 501])
def test_another_answer_is_final(status: int, service: Any, azml: Workspace) -> None:
    service.reply(status)
    assert azml.get("jobs/j1").status == status
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("reply", "waited_s"),
    [
        ({"status": 429, "headers": {"Retry-After": "7"}}, 7),
        ({"status": 503, "headers": {"Retry-After": "0"}}, 0),
        ({"status": 429, "json": AML_THROTTLE}, 20),
        ({"status": 429, "json": ARM_THROTTLE}, 10),
        ({"status": 429, "json": AML_THROTTLE, "headers": {"Retry-After": "0"}}, 20),
        ({"status": 429, "json": ARM_THROTTLE, "headers": {"Retry-After": "30"}}, 30),
    ],
)
def test_the_service_says_how_long_to_wait(
    reply: dict[str, Any],
    waited_s: float,
    service: Any,
    azml: Workspace,
    clock: InstantClock,
) -> None:
    service.reply(**reply)
    service.reply(200)
    started = clock.now()
    azml.get("jobs/j1").expect(200)
    assert clock.now() - started == pytest.approx(waited_s)


def test_a_date_says_how_long_to_wait(
    service: Any, azml: Workspace, clock: InstantClock
) -> None:
    started = clock.now()
    until = formatdate(time.time() + 42, usegmt=True)
    service.reply(503, headers={"Retry-After": until})
    service.reply(200)
    azml.get("jobs/j1").expect(200)
    assert clock.now() - started == pytest.approx(42, abs=2)


def test_waits_double_and_attempts_end(
    service: Any, azml: Workspace, clock: InstantClock
) -> None:
    """Six attempts, about 1, 2, 4, 8 and 16 seconds apart; then the answer."""
    service.always(503, {"error": {"code": "Busy", "message": "Later."}})
    started = clock.now()
    assert azml.get("jobs/j1").status == 503
    assert len(service.requests) == 6
    assert 31 * 0.75 <= clock.now() - started <= 31 * 1.25


def test_waits_are_the_same_each_time(make_workspace: Any, service: Any) -> None:
    """A virtual clock makes them so: nothing is drawn at random."""
    service.always(503)
    ends = []
    for _ in range(2):
        own = InstantClock(5.25)
        make_workspace(clock=own).get("jobs/j1").status  # noqa: B018
        ends.append(own.now())
    assert ends[0] == ends[1]


def test_a_wait_past_the_cap_is_not_begun(
    service: Any, azml: Workspace, clock: InstantClock
) -> None:
    service.reply(429, headers={"Retry-After": "3600"})
    started = clock.now()
    assert azml.get("jobs/j1").status == 429
    assert clock.now() == started


def test_a_long_wait_is_announced(
    service: Any, azml: Workspace, lines: list[str]
) -> None:
    service.reply(429, AML_THROTTLE)
    service.reply(500)
    service.reply(200)
    azml.get("jobs/j1", params={"sig": "secret"}).expect(200)
    (line,) = lines
    assert line.startswith("429 from GET https://localhost:")
    assert line.endswith(
        "/jobs/j1?api-version=2024-04-01: trying again in 20 s (1 of 6 attempts made)"
    )
    assert "secret" not in line


def test_a_dropped_connection_is_tried_again(service: Any, azml: Workspace) -> None:
    service.reply(drop=True)
    service.reply(200, {"ok": True})
    assert azml.put("jobs/j1", {"a": 1}).json == {"ok": True}
    assert [request.json for request in service.requests] == [{"a": 1}, {"a": 1}]


def test_a_body_cut_short_is_tried_again(service: Any, azml: Workspace) -> None:
    service.reply(200, {"ok": False}, cut=True)
    service.reply(200, {"ok": True})
    assert azml.get("jobs/j1").json == {"ok": True}


@pytest.mark.parametrize("path", ["jobs/j1/cancel", "datastores/d/listSecrets"])
def test_a_post_whose_connection_dropped_is_never_sent_again(
    path: str, service: Any, azml: Workspace
) -> None:
    service.reply(drop=True)
    with pytest.raises(ServiceUnreachable) as caught:
        azml.post(path)
    assert len(service.requests) == 1
    message = str(caught.value)
    assert message.startswith("No answer to POST https://localhost:")
    assert "(sent once)" in message
    assert "Not sent again: the service may have acted on it." in message


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("datastores/d/listSecrets", 2),
        ("computes/c/listNodes", 2),
        ("codes/c/versions/1/startPendingUpload", 2),
        ("jobs/j1/cancel", 1),
        ("computes/c/restart", 1),
        ("onlineEndpoints/e/regenerateKeys", 1),
    ],
)
def test_a_post_is_repeated_after_a_failure_only_where_it_reads(
    path: str, sent: int, service: Any, azml: Workspace
) -> None:
    service.reply(503)
    service.reply(200)
    azml.post(path)
    assert len(service.requests) == sent


def test_a_throttled_post_was_not_processed_and_is_repeated(
    service: Any, azml: Workspace
) -> None:
    service.reply(429, AML_THROTTLE)
    service.reply(202)
    assert azml.post("jobs/j1/cancel").status == 202


def test_no_answer_at_all_says_where_to_look(
    service: Any, make_workspace: Any, clock: InstantClock
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"https://127.0.0.1:{unused.getsockname()[1]}"
    azml = make_workspace(settings={"endpoint": endpoint})
    with pytest.raises(ServiceUnreachable) as caught:
        azml.get("jobs/j1")
    message = str(caught.value)
    assert "(sent 6 times)" in message
    assert "refused" in message.lower()
    assert f"Check the network, and the endpoint {endpoint}." in message
    assert caught.value.attempts == 6


def test_a_certificate_that_is_not_trusted_is_not_tried_again(
    service: Any, make_workspace: Any
) -> None:
    azml = make_workspace(settings={"ca_bundle": ""})
    with pytest.raises(ServiceUnreachable) as caught:
        azml.get("jobs/j1")
    assert caught.value.attempts == 1
    assert "set AZML_CA_BUNDLE" in str(caught.value)


def test_a_proxy_that_is_not_there_is_named_without_its_password(
    make_workspace: Any,
) -> None:
    azml = make_workspace(settings={"proxy": "http://me:pa55@127.0.0.1:9"})
    with pytest.raises(ServiceUnreachable) as caught:
        azml.get("jobs/j1")
    message = str(caught.value)
    assert "Check the proxy 127.0.0.1:9 (variable AZML_PROXY or HTTPS_PROXY)" in message
    assert "pa55" not in message


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5.0),
        (" 5 ", 5.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:01:40", 90.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert read_retry_after_s({"Retry-After": value}, 10.0) == seconds


def test_a_date_is_compared_with_the_date_of_the_answer() -> None:
    headers = {
        "Retry-After": "Sun, 22 Nov 2026 10:00:30 GMT",
        "Date": "Sun, 22 Nov 2026 10:00:00 GMT",
    }
    assert read_retry_after_s(headers, now_s=0.0) == 30.0


def test_an_answer_that_asks_for_nothing_asks_for_nothing() -> None:
    assert read_wait_s({}, b'{"error": {"message": "Try again."}}', 0.0) is None


def test_a_success_is_never_repeatable() -> None:
    assert not is_repeatable("GET", URL, 200)
    assert not is_repeatable("POST", URL, 404)


def test_a_policy_bounds_attempts_and_time() -> None:
    policy = RetryPolicy(attempts=3, total_s=10, base_s=4, longest_s=5)
    assert policy.wait_s(1, 0, None, 0.5) == 4
    assert policy.wait_s(2, 4, None, 0.5) == 5
    assert policy.wait_s(3, 9, None, 0.5) is None
    assert policy.wait_s(2, 9, 2, 0.5) is None
    assert policy.wait_s(1, 0, None, 0.0) == 3
    assert policy.wait_s(1, 0, None, 1.0) == 5
