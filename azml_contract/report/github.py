"""Render findings as annotations of GitHub Actions.

In: what was checked. Out: one workflow command a line.

Source: GitHub Actions, workflow commands, "Setting an error message".
"""

from __future__ import annotations

from collections.abc import Sequence

from azml_contract.finding import Finding, Severity
from azml_contract.report.checked import Checked
from azml_contract.seen import Calls, add_up

_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
}


def render_github(checked: Sequence[Checked]) -> str:
    """One annotation for each finding, and one that says what was judged."""
    lines = [annotate(f, one.name) for one in checked for f in one.findings]
    return "\n".join([*lines, annotate_calls(add_up(one.calls for one in checked))])


def annotate_calls(calls: Calls) -> str:
    """The annotation that says what was judged."""
    return f"::notice title=azml-contract::{_escape(calls.describe())}"


def annotate(finding: Finding, name: str) -> str:
    """One finding; `name` is its file where it does not tell one."""
    place = finding.location
    file = place.file if place is not None and place.file else name
    line, column = (place.line, place.column) if place is not None else (1, 1)
    text = (
        f"{finding.pointer}: {finding.message}" if finding.pointer else finding.message
    )
    if finding.cure:
        text = f"{text}\n{finding.cure}"
    where = f"file={_escape_property(file)},line={line},col={column}"
    level = _LEVELS[finding.severity]
    return f"::{level} {where},title={finding.code}::{_escape(text)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
