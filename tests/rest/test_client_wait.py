"""Waiting for jobs, resources and operations of the service."""

from __future__ import annotations

from typing import Any

import pytest

from azml_contract.client import Workspace
from azml_contract.errors import ArmError, OperationTimeout
from azml_contract.lro import InstantClock

PROVIDER = "/subscriptions/s/providers/Microsoft.MachineLearningServices"
STATUS = f"{PROVIDER}/locations/westus/computeOperationsStatus/o1"
RESULT = f"{PROVIDER}/locations/westus/mfeOperationResults/jc:g:j1"


def job(status: Any) -> dict[str, Any]:
    return {"name": "j1", "properties": {"jobType": "Command", "status": status}}


@pytest.mark.parametrize("end", ["Completed", "Failed", "Canceled"])
def test_a_job_is_polled_to_its_end_whatever_that_is(
    end: str, service: Any, azml: Workspace, lines: list[str]
) -> None:
    for status in ("Starting", "Queued", "NotResponding", "Running", end):
        service.reply(200, job(status))
    done = azml.wait("jobs/j1")
    assert done.json["properties"]["status"] == end
    assert len(service.requests) == 5
    assert lines[0] == "jobs/j1: Starting (0 s)"
    assert lines[-1].startswith(f"jobs/j1: {end} (")


def test_a_job_is_known_by_its_id_too(service: Any, azml: Workspace) -> None:
    service.reply(200, job("Completed"))
    done = azml.wait(f"{azml.settings.workspace_id}/jobs/j1")
    assert done.status == 200


def test_a_state_that_we_do_not_know_is_polled_on(
    service: Any, azml: Workspace, lines: list[str]
) -> None:
    service.reply(200, job("Hibernating"))
    service.reply(200, job("Completed"))
    azml.wait("jobs/j1")
    assert lines[0] == "jobs/j1: Hibernating (a state that no api-version names) (0 s)"


@pytest.mark.parametrize("body", [{"name": "j1"}, job(None), None, [], "text"])
def test_a_job_without_a_status_is_an_error_not_a_loop(
    body: Any, service: Any, azml: Workspace
) -> None:
    service.reply(200, body)
    with pytest.raises(ArmError, match=r"the job has no properties\.status"):
        azml.wait("jobs/j1")


def test_an_error_body_ends_the_wait(service: Any, azml: Workspace) -> None:
    service.reply(200, job("Running"))
    service.reply(404, {"error": {"code": "UserError", "message": "Job j1 not found."}})
    with pytest.raises(ArmError, match="404 UserError: Job j1 not found"):
        azml.wait("jobs/j1")


def test_an_error_body_with_a_success_status_ends_the_wait(
    service: Any, azml: Workspace
) -> None:
    service.reply(200, {"error": {"code": "Odd", "message": "Broken inside."}})
    with pytest.raises(ArmError, match=r"200 Odd: Broken inside\.: the job has no"):
        azml.wait("jobs/j1")


def test_a_wait_ends_in_time(
    service: Any, azml: Workspace, clock: InstantClock
) -> None:
    service.always(200, job("Running"))
    started = clock.now()
    with pytest.raises(OperationTimeout, match="jobs/j1 reached no terminal state"):
        azml.wait("jobs/j1", timeout_s=30)
    assert clock.now() - started == pytest.approx(30)


def test_throttled_polls_do_not_end_the_wait(service: Any, azml: Workspace) -> None:
    service.reply(429)
    service.reply(200, job("Completed"))
    assert azml.wait("jobs/j1").status == 200


def test_a_put_job_can_be_waited_for_by_its_answer(
    service: Any, azml: Workspace
) -> None:
    """A 201's Location is the resource itself, not an operation."""
    own = f"{service.url}{azml.settings.workspace_id}/jobs/j1?api-version=2024-04-01"
    service.reply(201, job("Starting"), headers={"Location": own})
    service.reply(200, job("Completed"))
    done = azml.wait(azml.put("jobs/j1", {}))
    assert done.json["properties"]["status"] == "Completed"
    assert service.calls[1].endswith("/jobs/j1")


def test_an_async_operation_is_followed_before_a_location(
    service: Any, azml: Workspace, clock: InstantClock
) -> None:
    headers = {
        "Azure-AsyncOperation": f"{service.url}{STATUS}?api-version=1&service=new",
        "Location": f"{service.url}/wrong?api-version=1",
    }
    service.reply(
        201, {"properties": {"provisioningState": "Creating"}}, headers=headers
    )
    service.reply(200, {"status": "InProgress"}, headers={"Retry-After": "15"})
    service.reply(202, None)
    service.reply(200, {"status": "Succeeded", "percentComplete": 100})
    started = clock.now()

    done = azml.wait(azml.put("computes/c", {}))

    assert done.json["status"] == "Succeeded"
    assert {r.target for r in service.requests[1:]} == {
        f"{STATUS}?api-version=1&service=new"
    }
    assert clock.now() - started == pytest.approx(1 + 15 + 1.25)


def test_a_failed_operation_comes_back_with_its_error(
    service: Any, azml: Workspace
) -> None:
    operation = {"Azure-AsyncOperation": f"{STATUS}?api-version=2024-04-01"}
    service.reply(202, headers=operation)
    service.reply(200, {"status": "Failed", "error": {"code": "Quota", "message": "0"}})
    done = azml.wait(azml.delete("computes/c"))
    assert done.json["error"]["code"] == "Quota"


@pytest.mark.parametrize("body", [{}, None, {"error": {"code": "X", "message": "m"}}])
def test_an_operation_without_a_status_is_an_error(
    body: Any, service: Any, azml: Workspace
) -> None:
    service.reply(202, headers={"Azure-AsyncOperation": STATUS})
    service.reply(200, body)
    with pytest.raises(ArmError, match="the operation's answer has no status"):
        azml.wait(azml.delete("computes/c"))


def test_a_location_is_followed_to_its_end_and_may_move(
    service: Any, azml: Workspace
) -> None:
    service.reply(202, headers={"Location": f"{RESULT}?api-version=2024-04-01&n=1"})
    service.reply(202, {}, headers={"Location": f"{RESULT}?api-version=2024-04-01&n=2"})
    service.reply(202, {})
    service.reply(200)
    done = azml.wait(azml.post("jobs/j1/cancel"))
    assert done.status == 200
    assert [r.query["n"] for r in service.requests[1:]] == ["1", "2", "2"]
    assert "/mfeOperationResults/jc:g:j1" in service.requests[1].path


def test_a_location_that_fails_is_raised(service: Any, azml: Workspace) -> None:
    service.reply(202, headers={"Location": RESULT})
    service.reply(409, {"error": {"code": "Conflict", "message": "No."}})
    with pytest.raises(ArmError, match="409 Conflict: No"):
        azml.wait(azml.post("jobs/j1/cancel"))


def test_a_location_that_leads_elsewhere_is_an_error(
    service: Any, azml: Workspace
) -> None:
    service.reply(202, headers={"Location": RESULT})
    service.reply(302, headers={"Location": "https://localhost:1/"})
    with pytest.raises(ArmError, match="neither 202 nor a success"):
        azml.wait(azml.post("jobs/j1/cancel"))


@pytest.mark.parametrize(("verb", "status"), [("post", 200), ("delete", 204)])
def test_an_answer_that_started_nothing_comes_back_at_once(
    verb: str, status: int, service: Any, azml: Workspace
) -> None:
    service.reply(status)
    answer = getattr(azml, verb)("jobs/j1")
    assert azml.wait(answer) is answer
    assert len(service.requests) == 1


def test_a_202_that_leads_nowhere_is_an_error(service: Any, azml: Workspace) -> None:
    service.reply(202)
    with pytest.raises(ArmError, match="202 without Azure-AsyncOperation or Location"):
        azml.wait(azml.delete("jobs/j1"))


def test_waiting_for_an_error_raises_it(service: Any, azml: Workspace) -> None:
    service.reply(400, {"error": {"code": "UserError", "message": "Bad."}})
    with pytest.raises(ArmError, match="400 UserError: Bad"):
        azml.wait(azml.put("jobs/j1", {}))


def test_a_resource_is_polled_by_its_provisioning_state(
    service: Any, azml: Workspace
) -> None:
    for state in ("Creating", "Updating", "Succeeded"):
        service.reply(200, {"properties": {"provisioningState": state}})
    done = azml.wait("computes/c")
    assert done.json["properties"]["provisioningState"] == "Succeeded"
    assert len(service.requests) == 3


def test_a_resource_without_a_provisioning_state_is_ready(
    service: Any, azml: Workspace
) -> None:
    service.reply(200, {"name": "d", "properties": {"dataUri": "x"}})
    assert azml.wait("data/d/versions/1").json["name"] == "d"


@pytest.mark.parametrize("body", [None, [], {"error": {"code": "X", "message": "m"}}])
def test_what_is_no_resource_is_an_error(
    body: Any, service: Any, azml: Workspace
) -> None:
    service.reply(200, body)
    with pytest.raises(ArmError, match="the answer is no resource"):
        azml.wait("computes/c")
