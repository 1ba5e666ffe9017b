"""What is wrong with what a scenario did: in words, one complaint each.

In: what was counted and found while it ran, and what its marker expects. Out: text.
It knows neither cassettes nor pytest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azml_contract.finding import Finding, Severity
from azml_contract.seen import NOTHING, Calls

if TYPE_CHECKING:
    from azml_contract.report.run import Figures
    from azml_contract.validation.verdict import Verdict

Expectation = tuple[str, str]


@dataclass(slots=True)
class Tally:
    """What came of a run, for summaries; plain values only."""

    requests: int = 0
    responses: int = 0
    findings: list[Finding] = field(default_factory=list)
    calls: Calls = NOTHING

    def add(self, verdict: Verdict, times: int = 1) -> None:
        """Count what was found in one call, as often as it was made."""
        self.requests += verdict.requests * times
        self.responses += verdict.responses * times
        self.findings += verdict.findings * times
        for _ in range(times):
            self.calls += verdict.calls

    def figures(self, exchanges: int, expect: Sequence[Expectation] = ()) -> Figures:
        """What summaries are made of; plain values, which reach another process."""
        return {
            "exchanges": exchanges,
            "requests": self.requests,
            "responses": self.responses,
            "judged": self.calls.judged,
            "skipped": dict(self.calls.skipped),
            "not_judged": dict(self.calls.not_judged),
            "findings": [
                [str(f.severity), f.code, f.message, (f.code, f.pointer) in expect]
                for f in self.findings
            ],
        }


def unacknowledged(answers: Iterable[Any]) -> list[str]:
    """Error answers that nobody looked at."""
    return [
        f"Nobody looked at this answer, and it is an error:\n  {answer.error}\n"
        "Look at .status or .error where it is meant, or call .expect(200, 201)."
        for answer in answers
    ]


def missing(tallies: Sequence[Tally], expect: Iterable[Expectation]) -> list[str]:
    """Findings that a marker expects, and that did not occur."""
    seen = {(one.code, one.pointer) for tally in tallies for one in tally.findings}
    return [
        f"Expected {code} at {pointer or '(no pointer)'}, and it did not occur."
        for code, pointer in expect
        if (code, pointer) not in seen
    ]


def unexpected(
    findings: Iterable[Finding], expect: Sequence[Expectation]
) -> Iterator[str]:
    """Errors that no marker expects."""
    for finding in findings:
        place = (finding.code, finding.pointer)
        if finding.severity is Severity.ERROR and place not in expect:
            yield (
                f"{render_finding(finding)}\n  If it is meant, the marker says so: "
                f'expect=[("{finding.code}", "{finding.pointer}")]'
            )


def render_finding(finding: Finding) -> str:
    """One finding as two to four lines of text."""
    place = finding.location
    at = f"  at {place.file}:{place.line}\n" if place else ""
    where = f"{finding.operation or 'call'} {finding.side} {finding.pointer}".rstrip()
    text = (
        f"{finding.code} {finding.severity} at {finding.api_version}: {where}\n"
        f"{at}  {finding.message}"
    )
    return f"{text}\n  {finding.cure}" if finding.cure else text
