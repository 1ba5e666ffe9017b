"""A program that uses the library, as strict types allow; checked, and run."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from azml_contract import (
    Finding,
    Request,
    Response,
    check_body,
    check_request,
    check_response,
)

JOB = {"properties": {"jobType": "Command", "command": 1, "environmentId": "e"}}
URL = (
    "https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000000"
    "/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"
    "/jobs/train?api-version=2022-05-01"
)


def tell(found: Iterable[Finding]) -> list[str]:
    """Errors, a line each."""
    return [f"{f.code} {f.pointer}" for f in found if f.severity == "error"]


def judge(contracts: Path | None = None) -> list[str]:
    """What is wrong with a job, a call and its answer."""
    request = Request("GET", URL, (("accept", "application/json"),), b"")
    answer = Response(200, (), b'{"properties": 3}')
    return [
        *tell(check_body(JOB, "jobs/train", "2024-04-01", contracts=contracts)),
        *tell(check_request(request, "2024-04-01", profile="strict")),
        *tell(check_response(request, answer)),
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join([*judge(), ""]))
