"""What tests ask of findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from azml_contract.finding import Finding


def codes(findings: Iterable[Finding]) -> list[str]:
    """Their codes, in their order."""
    return [one.code for one in findings]


def only(findings: Sequence[Finding]) -> Finding:
    """The single finding of a list."""
    assert len(findings) == 1, findings
    return findings[0]
