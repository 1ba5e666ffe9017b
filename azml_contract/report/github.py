"""Render findings as annotations of GitHub Actions.

In: what was checked. Out: one workflow command a line.

Source: GitHub Actions, workflow commands, "Setting an error message".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from azml_contract.finding import Finding, Severity
from azml_contract.report.checked import Checked
from azml_contract.seen import Calls, add_up

_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
}


MOST = 10
"""GitHub shows so many annotations of a level and a step, and drops the rest."""


def render_github(checked: Sequence[Checked]) -> str:
    """One annotation for each cause, and one that says what was judged."""
    groups: dict[tuple[str, ...], list[tuple[Finding, str]]] = {}
    for one in checked:
        for finding in one.findings:
            key = (finding.severity, finding.code, finding.message, finding.cure)
            groups.setdefault(key, []).append((finding, one.name))
    lines = [annotate(*found[0], more=len(found) - 1) for found in groups.values()]
    calls = annotate_calls(add_up(one.calls for one in checked))
    return "\n".join(fit([*lines, calls]))


def fit(lines: Sequence[str]) -> list[str]:
    """Annotations, at most ten of each level; the last of too many counts the rest.

    The order stays. What was judged is told by the last line, which is kept.
    """
    levels: dict[str, int] = {}
    for line in lines[:-1]:
        level = line[2:].partition(" ")[0]
        levels[level] = levels.get(level, 0) + 1
    kept: list[str] = []
    seen: dict[str, int] = {}
    for line in lines[:-1]:
        level = line[2:].partition(" ")[0]
        seen[level] = seen.get(level, 0) + 1
        most = MOST - (level == "notice")  # one is for what was judged
        if levels[level] <= most or seen[level] < most:
            kept.append(line)
        elif seen[level] == most:
            left = levels[level] - most + 1
            told = f"{left} more of this level: see the summary of the job."
            kept.append(f"::{level} title=azml-contract::{told}")
    return [*kept, *lines[-1:]]


def annotate_calls(calls: Calls) -> str:
    """The annotation that says what was judged."""
    return f"::notice title=azml-contract::{escape(calls.describe())}"


def annotate(finding: Finding, name: str, *, more: int = 0) -> str:
    """One finding; `name` is its file where it does not tell one.

    `more` are others of the same cause.
    """
    place = finding.location
    file = place.file if place is not None and place.file else name
    line, column = (place.line, place.column) if place is not None else (1, 1)
    text = (
        f"{finding.pointer}: {finding.message}" if finding.pointer else finding.message
    )
    if finding.cure:
        text = f"{text}\n{finding.cure}"
    if more:
        text += f"\n{more} more of the same."
    where = f"file={escape_property(file)},line={line},col={column}"
    level = _LEVELS[finding.severity]
    return f"::{level} {where},title={finding.code}::{escape(text)}"


_BREAKS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x85\u2028\u2029]")


def escape(text: str) -> str:
    """A text as the message of a command: one line, whatever is in it."""
    text = _BREAKS.sub(" ", text)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """A text as the value of a property."""
    return escape(text).replace(":", "%3A").replace(",", "%2C")
