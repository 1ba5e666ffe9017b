"""Render findings for a reader at a terminal.

In: what was checked, and a function that colours. Out: text. Findings of one
call stand together; a count closes the report.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from azml_contract.finding import Finding, Location, Severity
from azml_contract.report.checked import Checked, count_severities
from azml_contract.seen import add_up

Paint = Callable[[str, str], str]
"""Colours a text; the second argument is the name of a colour."""

_COLOURS = {
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.INFO: "cyan",
}

# Control characters but the line break, and what turns the direction of writing.
_UNPRINTABLE = re.compile(
    "[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]"
)
_INSET = " " * 10
_LEAST_ROOM = 20


def render_text(checked: Sequence[Checked], paint: Paint, *, width: int = 80) -> str:
    """Every finding with its place and its cure, then the counts.

    Args:
        checked: What was checked.
        paint: How to colour.
        width: Where sentences are wrapped; names are never broken.
    """
    lines = [line for one in checked for line in _render_input(one, paint, width)]
    return "\n".join([*lines, *([""] if lines else []), _summarise(checked)])


def _render_input(one: Checked, paint: Paint, width: int) -> Iterator[str]:
    for key, group in groupby(one.findings, _call_of):
        yield ""
        yield paint(f"{one.name}: {key}" if key else one.name, "bold")
        for finding in group:
            yield from _render_finding(finding, one.name, paint, width)


def _call_of(finding: Finding) -> str:
    parts = (finding.operation, str(finding.side), finding.api_version)
    return " ".join(part for part in parts if part) if finding.operation else ""


def _render_finding(
    finding: Finding, name: str, paint: Paint, width: int
) -> Iterator[str]:
    level = paint(f"{finding.severity:<7}", _COLOURS[finding.severity])
    place = _show_place(finding.location, name)
    pointer = _escape(finding.pointer).replace("\n", "\\n")
    head = " ".join(part for part in (finding.code, pointer, place) if part)
    yield f"  {level} {head}"
    for line in _wrap(finding.message, width - len(_INSET)):
        yield f"{_INSET}{line}"
    for line in _wrap(finding.cure, width - len(_INSET), first="-> "):
        yield f"{_INSET}{paint(line, 'green')}"


def _wrap(text: str, room: int, first: str = "") -> Iterator[str]:
    for line in _escape(text).splitlines():
        yield from textwrap.wrap(
            line,
            max(room, _LEAST_ROOM),
            initial_indent=first,
            subsequent_indent=" " * len(first),
            break_on_hyphens=False,
            break_long_words=False,
        )


def _escape(text: str) -> str:
    """Names of a stranger's body may not steer the terminal."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _show_place(place: Location | None, name: str) -> str:
    if place is None:
        return ""
    file = f"{place.file}:" if place.file not in ("", name) else ""
    return f"({file}{place.line}:{place.column})"


def _summarise(checked: Sequence[Checked]) -> str:
    counts = count_severities(f for one in checked for f in one.findings)
    words = [
        _count(number, str(severity)) for severity, number in counts.items() if number
    ]
    found = ", ".join(words) or "No findings"
    requests = _count(sum(one.requests for one in checked), "request")
    responses = _count(sum(one.responses for one in checked), "response")
    inputs = _count(len(checked), "input")
    calls = add_up(one.calls for one in checked).describe()
    return f"{found}. {calls}. Validated {requests} and {responses} of {inputs}."


def _count(number: int, noun: str) -> str:
    if noun == str(Severity.INFO):
        return f"{number} for information"
    return f"{number} {noun}{'' if number == 1 else 's'}"
