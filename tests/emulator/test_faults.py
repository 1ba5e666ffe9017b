"""Misbehaviour on request: which call meets it, how often, what it looks like."""

from __future__ import annotations

import pytest
import requests

from azml_contract.emulator.faults import FaultKind, Faults
from azml_contract.exchange import Request


def make_request(method: str, path: str) -> Request:
    return Request(method, f"https://management.azure.com{path}?api-version=2024-04-01")


def test_a_throttle_is_worded_as_recorded_and_has_no_header(service, client):
    service.faults.throttle("GET", "*/computes", count=2, retry_after_s=7)
    for _ in range(2):
        answer = client.get("computes")
        assert answer.status_code == 429
        assert answer.json()["error"]["message"] == (
            "Received too many requests in a short amount of time. "
            "Retry again after 7 seconds."
        )
        assert "Retry-After" not in answer.headers
    assert client.get("computes").status_code == 200


def test_a_throttle_can_carry_the_header(service, client):
    service.faults.throttle(retry_after_s=3, header=True)
    assert client.get("jobs").headers["Retry-After"] == "3"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_happens_once(service, client, status):
    service.faults.fail("GET", "*/jobs", status=status)
    answer = client.get("jobs")
    assert answer.status_code == status
    assert answer.json()["error"]["code"]
    assert client.get("jobs").status_code == 200


def test_a_dropped_call_is_not_carried_out(service, client):
    service.faults.drop("PUT", "*/environments/*")
    body = {"properties": {"image": "x"}}
    with pytest.raises(requests.exceptions.ConnectionError):
        client.put("environments/e/versions/1", body)
    assert client.get("environments/e").status_code == 404
    assert client.put("environments/e/versions/1", body).status_code == 201


def test_a_slow_answer_is_an_answer(service, client):
    service.faults.slow("GET", "*/jobs", delay_s=0.01)
    assert client.get("jobs").status_code == 200
    assert service.faults.pending == ()


def test_only_calls_that_match_meet_a_fault():
    faults = Faults()
    faults.fail("PUT", "*/jobs/*", status=503)
    assert faults.take(make_request("GET", "/w/jobs/a")) is None
    assert faults.take(make_request("PUT", "/w/computes/a")) is None
    met = faults.take(make_request("put", "/w/Jobs/a"))
    assert met is not None
    assert (met.kind, met.status) == (FaultKind.SERVER_ERROR, 503)
    assert faults.take(make_request("PUT", "/w/jobs/a")) is None


def test_faults_happen_in_the_order_planned_and_can_be_cleared():
    faults = Faults()
    faults.throttle("GET", "*", retry_after_s=1)
    faults.drop("GET", "*")
    kinds = [fault.kind for fault in faults.pending]
    assert kinds == [FaultKind.THROTTLE, FaultKind.DROP]
    assert faults.take(make_request("GET", "/x")).kind is FaultKind.THROTTLE
    faults.clear()
    assert faults.take(make_request("GET", "/x")) is None
