"""The documented workflow at five api-versions, all answers judged strictly."""

from __future__ import annotations

import pytest

from azml_contract.validation.validator import Profile
from tests.emulator.seen_live import unexpected

VERSIONS = (
    "2021-03-01-preview",
    "2022-05-01",
    "2023-10-01",
    "2024-04-01",
    "2026-05-01",
)
# Where the live service, and so the emulator, departs from the specification:
# searchSpace comes back as the arrays that were sent, and credentials without
# the secrets that the specification requires.
KNOWN = (
    ("AZC204", "/searchSpace/"),
    ("AZC201", "/secrets"),
    ("AZC104", "/searchSpace/"),
)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_answer_of_the_workflow_satisfies_its_contract(workflow_at, version):
    workflow = workflow_at(version)
    client = workflow.client
    client.get("")
    client.get("computes")
    assets = workflow.make_assets()
    client.get("datastores", isDefault="true")
    client.post("datastores/workspaceblobstore/listSecrets")
    for kind, name in (
        ("environments", "lightgbm"),
        ("data", "iris"),
        ("codes", "train"),
    ):
        client.get(f"{kind}/{name}")
        client.get(f"{kind}/{name}/versions")
        client.get(f"{kind}/{name}/versions/1")
    client.put("jobs/command", workflow.command_body(assets))
    assert client.states("command") == [
        "Preparing",
        "Queued",
        "Running",
        "Running",
        "Completed",
    ]
    client.put("jobs/sweep", workflow.sweep_body(assets))
    assert client.states("sweep")[-1] == "Completed"
    client.get("jobs/sweep_0")
    client.get("jobs")
    client.get("computes/cpu-cluster")
    client.delete("computes/cpu-cluster", underlyingResourceAction="Delete")

    wrong = [
        finding
        for finding in unexpected(client.findings(Profile.STRICT))
        if not any(
            finding.code == code and part in finding.pointer for code, part in KNOWN
        )
    ]
    assert wrong == []
    assert unexpected(client.findings(Profile.SERVICE)) == []
