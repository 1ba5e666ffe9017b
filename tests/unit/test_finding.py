"""A finding is a value: what was written and read again is one that can be hashed."""

from __future__ import annotations

import json

from azml_contract.finding import Finding, Observed, Severity, read_finding


def test_what_was_read_is_what_was_written_and_can_be_kept_in_a_set():
    finding = Finding(
        code="AZC101",
        severity=Severity.ERROR,
        message="a message",
        expected=(("a", "b"), "c", 1),
        seen=("x", ("y", 2.5)),
        observed=Observed("accepted", 3, 4, "2024-04-01"),
    )

    found = [read_finding(json.loads(json.dumps(finding.to_json()))) for _ in range(2)]

    assert set(found) == {finding}
