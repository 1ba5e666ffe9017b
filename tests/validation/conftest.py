"""What the tests of validation share: requests, the specifications, bodies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from azml_contract.exchange import Request, Response
from azml_contract.finding import Finding
from azml_contract.settings import PLACEHOLDERS
from azml_contract.validation.validator import Profile, Scope, Validator

MakeRequest = Callable[..., Request]
Check = Callable[..., list[Finding]]


@pytest.fixture(scope="session")
def make_request() -> MakeRequest:
    """Build a request to the placeholder workspace, or to a path from the root."""

    def make(
        method: str, path: str, body: Any = b"", *, version: str = "2024-04-01"
    ) -> Request:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        root = "" if path.startswith("/") else f"{PLACEHOLDERS.workspace_id}/"
        mark = "&" if "?" in path else "?"
        query = f"{mark}api-version={version}" if version else ""
        return Request(method, f"{PLACEHOLDERS.endpoint}{root}{path}{query}", (), raw)

    return make


@pytest.fixture(scope="session")
def check(make_request: MakeRequest) -> Check:
    """Findings of one request; `profile` and `scope` as the validator takes them."""

    def run(
        method: str,
        path: str,
        body: Any = b"",
        *,
        version: str = "2024-04-01",
        profile: str = "service",
        scope: Scope | None = None,
    ) -> list[Finding]:
        validator = Validator(profile=Profile(profile), scope=scope or Scope())
        request = make_request(method, path, body, version=version)
        return list(validator.check_request(request).findings)

    return run


@pytest.fixture(scope="session")
def check_answer(make_request: MakeRequest) -> Check:
    """Findings of one answer."""

    def run(
        method: str,
        path: str,
        status: int,
        answer: Any = None,
        *,
        version: str = "2024-04-01",
        profile: str = "service",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> list[Finding]:
        validator = Validator(profile=Profile(profile))
        raw = b"" if answer is None else json.dumps(answer).encode()
        request = make_request(method, path, version=version)
        response = Response(status, headers, raw)
        return list(validator.check_response(request, response).findings)

    return run


@pytest.fixture
def command_job() -> dict[str, Any]:
    """A valid Command job of 2022-05-01 and later; a test may change it."""
    return {
        "properties": {
            "jobType": "Command",
            "command": "python train.py --iris ${{inputs.iris}}",
            "environmentId": "azureml:lightgbm:1",
            "inputs": {"iris": {"jobInputType": "uri_file", "uri": "azureml:iris:1"}},
            "limits": {"jobLimitsType": "Command", "timeout": "PT2H"},
            "resources": {"instanceCount": 1},
        }
    }


@pytest.fixture
def sweep_job() -> dict[str, Any]:
    """A valid Sweep job of 2022-05-01 and later; a test may change it."""
    return {
        "properties": {
            "jobType": "Sweep",
            "samplingAlgorithm": {"samplingAlgorithmType": "Random"},
            "objective": {"goal": "Minimize", "primaryMetric": "loss"},
            "searchSpace": {"lr": ["uniform", [0.05, 0.8]]},
            "limits": {"jobLimitsType": "Sweep", "maxTotalTrials": 4},
            "trial": {
                "command": "python train.py --lr ${{search_space.lr}}",
                "environmentId": "azureml:lightgbm:1",
            },
        }
    }
