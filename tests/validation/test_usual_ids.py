"""Ids in their usual spelling are passed quickly, with the verdict of any other.

Ids of the call's own workspace are the common case and are not taken apart.
"""

from __future__ import annotations

import json

import pytest

from azml_contract.exchange import Request
from azml_contract.validation.validator import Validator

_WORKSPACE = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/resource-group"
    "/providers/Microsoft.MachineLearningServices/workspaces/workspace"
)


def _find(code_id: str) -> list[tuple[str, str]]:
    url = f"https://management.azure.com{_WORKSPACE}/jobs/one?api-version=2023-10-01"
    properties = {
        "jobType": "Command",
        "command": "true",
        "environmentId": f"{_WORKSPACE}/environments/e/versions/1",
        "codeId": code_id,
    }
    body = json.dumps({"properties": properties}).encode()
    verdict = Validator().check_request(Request("PUT", url, (), body))
    return [(finding.code, finding.message) for finding in verdict.findings]


@pytest.mark.parametrize(
    ("rest", "codes"),
    [
        ("codes/c/versions/1", []),
        ("codes/c", ["AZC161"]),
        ("environments/e/versions/1", ["AZC161"]),
        ("codes/c/versions", ["AZC162"]),
        ("codes/c/versions/", ["AZC162"]),
        ("codes//versions/1", ["AZC162"]),
        ("codes/c/versions/1/more", ["AZC162"]),
        ("", ["AZC162"]),
    ],
)
def test_spelling_of_the_workspace_does_not_change_the_verdict(
    rest: str, codes: list[str]
) -> None:
    usual = _find(f"{_WORKSPACE}/{rest}")
    other = _find(f"{_WORKSPACE.replace('resourceGroups', 'resourcegroups')}/{rest}")
    assert [code for code, _ in usual] == codes
    assert [code for code, _ in other] == codes
