"""What a demonstration tells of its recordings: calls in short, and faults."""

from __future__ import annotations

from typing import Any

import pytest

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.exchange import Request
from azml_contract.regression.steps import (
    describe_steps,
    find_faults,
    label_any_call,
)

ARM = "https://management.azure.com"
PROVIDER = "/providers/Microsoft.MachineLearningServices"
BASE = (
    f"{ARM}/subscriptions/00000000-0000-0000-0000-000000000000"
    f"/resourceGroups/rg{PROVIDER}/workspaces/w"
)
VERSION = "2024-04-01"


def call(method: str, uri: str, status: int = 200, times: int = 1, sent: Any = None):
    request: dict[str, Any] = {"method": method, "uri": uri, "headers": {}}
    if sent is not None:
        request["body"] = {"json": sent}
    response = {"status": status, "headers": {}}
    return Interaction({"request": request, "response": response, "times": times})


def cassette(*calls: Interaction) -> Cassette:
    return Cassette("s", VERSION, "emulator", "2026-11-01T00:00:00Z", "azml", calls)


@pytest.mark.parametrize(
    ("method", "url", "label"),
    [
        ("GET", f"{BASE}?api-version={VERSION}", "GET workspace"),
        ("GET", f"{BASE}/jobs/j?api-version={VERSION}", "GET jobs"),
        ("PUT", f"{BASE}/data/d/versions/1?x=1", "PUT data"),
        ("GET", f"{BASE}/data/d/versions", "GET data versions"),
        ("POST", f"{BASE}/jobs/j/cancel", "POST cancel"),
        ("PUT", "https://a.blob.core.windows.net/c/train.py", "PUT blob"),
        ("GET", f"{ARM}/subscriptions/s/operationsStatus/1", "GET operationsStatus"),
        ("GET", f"{ARM}/x/mfeOperationResults/1", "GET operation status"),
        ("POST", "https://login/t/oauth2/v2.0/token", "POST token"),
        ("GET", "https://login/t/oauth2/v2.0/authorize", "GET login"),
        ("GET", "https://login/t/v2.0/.well-known/openid-configuration", "GET login"),
        ("GET", "https://example.org/a%2Fb/c", "GET c"),
        ("GET", "https://example.org/a%2Fb", "GET b"),
    ],
)
def test_a_call_of_any_host_has_a_short_name(method, url, label):
    if label == "GET operationsStatus":
        label = "GET 1"  # another word than the one that such paths have
    assert label_any_call(Request(method, url), VERSION) == label


def test_calls_of_one_name_are_a_step_with_all_their_answers():
    job = f"{BASE}/jobs/j?api-version={VERSION}"
    body = {"properties": {"jobType": "Command"}}
    steps = describe_steps(
        cassette(
            call("PUT", job, 201, sent=body),
            call("GET", job, 200, times=3),
            call("PUT", "https://a.blob.core.windows.net/c/a", 201),
            call("GET", job, 404),
            call("GET", job, 200),
        )
    )
    assert steps == [
        ("PUT jobs Command", "201"),
        ("GET jobs", "200/404 x5"),
        ("PUT blob", "201"),
    ]


def test_a_fault_is_told_once_and_remarks_are_not():
    environment = f"{BASE}/environments/e/versions/1?api-version={VERSION}"
    wrong = {"properties": {"nonsense": 1}}
    calls = [
        call("PUT", environment, 201, sent=wrong),
        call("PUT", environment, 201, sent={"properties": {"image": "a"}}),
    ]
    found = find_faults([cassette(*calls), cassette(*calls)])
    places = [(one.code, one.pointer) for one in found]
    assert ("AZC102", "/properties/nonsense") in places
    assert len(set(places)) == len(places)
    assert all(one.severity != "info" for one in found)
