"""What the check of one input gave: the value that every rendering reads.

In: nothing. Out: values. Knows findings; knows neither files nor terminals.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from azml_contract.finding import Finding, Severity
from azml_contract.seen import NOTHING, Calls


@dataclass(frozen=True, slots=True)
class Checked:
    """Findings of one input, its calls, and how many of their sides were validated."""

    name: str
    findings: tuple[Finding, ...]
    requests: int = 0
    responses: int = 0
    calls: Calls = NOTHING


def count_severities(findings: Iterable[Finding]) -> dict[Severity, int]:
    """How many findings of each severity, worst first; none are left out."""
    counts = dict.fromkeys(Severity, 0)
    for finding in findings:
        counts[finding.severity] += 1
    return counts


def is_at_least(finding: Finding, least: Severity) -> bool:
    """Whether a finding is as bad as `least`, or worse."""
    order = tuple(Severity)
    return order.index(finding.severity) <= order.index(least)
