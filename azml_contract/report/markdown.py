"""Render findings as Markdown, for the summary of a job or a comment.

In: what was checked. Out: text.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from azml_contract.finding import Finding
from azml_contract.report.checked import Checked
from azml_contract.seen import add_up

_MOST_ROWS = 500


def render_markdown(checked: Sequence[Checked]) -> str:
    """A table with a line for each cause, and what was judged."""
    causes: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in (finding for one in checked for finding in one.findings):
        key = (str(finding.severity), finding.code, finding.message)
        causes.setdefault(key, []).append(finding)
    lines = ["### Calls and their contract", ""]
    if causes:
        lines += ["| | finding | where | what to do |", "|---|---|---|---|"]
        lines += [_row(*key, found) for key, found in list(causes.items())[:_MOST_ROWS]]
        left = len(causes) - _MOST_ROWS
        lines += [f"| ... and {left} more | | | |"] if left > 0 else []
        lines.append("")
    calls = add_up(one.calls for one in checked)
    return "\n".join([*lines, f"{cell(calls.describe())}."])


def _row(severity: str, code: str, message: str, found: Sequence[Finding]) -> str:
    first = found[0]
    spot = first.location
    where = f"`{cell(spot.file)}:{spot.line}`" if spot else f"`{cell(first.pointer)}`"
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    told = f"{code} {cell(message)}"
    return f"| {severity} | {told} | {where}{more} | {cell(first.cure)} |"


def cell(text: str) -> str:
    """A text for a table: one line, no markup of its own."""
    return escape(" ".join(text.split())).replace("|", "\\|")
