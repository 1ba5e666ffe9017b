"""Say which edits take a scenario to another api-version.

In: rows. Out: sentences. Wiring between regression and report.
"""

from __future__ import annotations

from collections.abc import Sequence

from azml_contract.regression.outcome import Row


def describe_edits(rows: Sequence[Row], goal: str) -> tuple[str, ...]:
    """The shortest list of edits that takes these calls to `goal`, in words."""
    edits: dict[str, None] = {}
    for row in rows:
        for finding in row.outcome.new_errors(goal):
            place = finding.pointer or f"({finding.side})"
            side = " of the answer" if finding.side == "response" else ""
            edits[f"{row.label} {place}{side}: {finding.cure or finding.message}"] = (
                None
            )
    return tuple(edits)
