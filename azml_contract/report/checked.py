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
    """Findings of one input, its calls, and how many of their sides were validated.

    `is_body` is set for the body of a request that was not judged, as nobody says where
    it is sent.
    """

    name: str
    findings: tuple[Finding, ...]
    requests: int = 0
    responses: int = 0
    calls: Calls = NOTHING
    is_body: bool = False


def tell_bodies(checked: Iterable[Checked]) -> str:
    """A sentence about bodies that were not judged; empty where there is none."""
    count = sum(one.is_body for one in checked)
    if not count:
        return ""
    told = "1 JSON body was" if count == 1 else f"{count} JSON bodies were"
    return (
        f"{told} not judged: name one, and say where it is sent, with --operation ID "
        "--api-version V; pytest judges what scenarios send."
    )


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
