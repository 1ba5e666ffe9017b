"""Render findings for a reader at a terminal.

In: what was checked, and a function that colours. Out: text. Findings of one cause
are one entry with all their places, errors come first, and the line of the file is
shown with a mark below what is meant; counts close the report.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence

from azml_contract.finding import Finding, Location, Severity
from azml_contract.printable import ACTING, make_printable
from azml_contract.report.checked import (
    Checked,
    count_severities,
    is_at_least,
    tell_bodies,
)
from azml_contract.seen import add_up

Paint = Callable[[str, str], str]
"""Colours a text; the second argument is the name of a colour."""

_COLOURS = {
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.INFO: "cyan",
}

_VARYING = re.compile(r'"(?:[^"\\]|\\.)*"|\d+')
_INSET = "  "
_LEAST_ROOM = 20
_PLACES = 5
_MOST = 300


def render_text(
    checked: Sequence[Checked],
    paint: Paint,
    *,
    width: int = 80,
    least: Severity = Severity.INFO,
) -> str:
    """Every cause with its places and its cure, then the counts.

    Args:
        checked: What was checked.
        paint: How to colour.
        width: Where sentences are wrapped; names are never broken.
        least: The mildest severity that is shown; all are counted.
    """
    findings = [finding for one in checked for finding in one.findings]
    shown = [finding for finding in findings if is_at_least(finding, least)]
    lines = list(render_causes(shown, paint, width))
    hidden = len(findings) - len(shown)
    unseen = f" ({hidden} not shown)" if hidden else ""
    lines += _wrap(f"{say_counts(findings)}{unseen}.", width)
    lines += _summarise(checked, width)
    return "\n".join(lines)


def render_causes(
    findings: Iterable[Finding], paint: Paint, width: int
) -> Iterator[str]:
    """The lines of every cause with its places and its cure, the worst first.

    A blank line follows each.
    """
    groups = _group(findings)
    for group in groups[:_MOST]:
        yield from _render_group(group, paint, width)
        yield ""
    if len(groups) > _MOST:
        more = f"{len(groups) - _MOST} more causes; --format json has them all."
        yield from _wrap(more, width)
        yield ""


def say_counts(findings: Iterable[Finding]) -> str:
    """``2 errors, 1 warning``, or that there is none."""
    counts = count_severities(findings)
    words = [
        _count(number, str(severity)) for severity, number in counts.items() if number
    ]
    return ", ".join(words) or "No findings"


def _group(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings of one cause together, the worst causes first."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        cause = _VARYING.sub("", finding.message)
        key = (str(finding.severity), finding.code, cause, str(finding.side))
        groups.setdefault(key, []).append(finding)
    order = tuple(Severity)
    return sorted(groups.values(), key=lambda group: order.index(group[0].severity))


def _render_group(group: Sequence[Finding], paint: Paint, width: int) -> Iterator[str]:
    first = group[0]
    level = paint(str(first.severity), _COLOURS[first.severity])
    place = _show_place(first.location)
    head = " ".join(part for part in (first.code, _show(first.pointer)) if part)
    yield f"{level} {head}"
    room = width - len(_INSET)
    for line in _wrap(_say_where(first, place), room):
        yield f"{_INSET}{line}"
    for line in _wrap(first.message, room):
        yield f"{_INSET}{paint(line, 'bold')}"
    yield from _render_frame(first.location, paint, width)
    for line in _wrap(first.cure, room, first="-> "):
        yield f"{_INSET}{paint(line, 'green')}"
    for line in _wrap(_list_places(group[1:]), room):
        yield f"{_INSET}{line}"


def _say_where(finding: Finding, place: str) -> str:
    """File, line and column; the call where it has many, its operation else."""
    call = _shorten_call(finding.call) if finding.call else finding.operation
    parts = (place, call, str(finding.side) if call else "", finding.api_version)
    return " ".join(part for part in parts if part)


def _shorten_call(call: str) -> str:
    method, _, url = call.partition(" ")
    path = re.sub(r"\?.*", "", url)
    below = re.split(r"(?i)/providers/microsoft\.machinelearningservices/", path)
    return f"{method} {below[-1]}"


def _render_frame(place: Location | None, paint: Paint, width: int) -> Iterator[str]:
    """The line of the file, and a mark below what is meant."""
    if place is None or not place.shown.strip():
        return
    number = str(place.line)
    gutter = f"{_INSET}{number} | "
    room = max(width - len(gutter), _LEAST_ROOM)
    shown, caret = place.shown, place.caret - 1
    cut = len(shown) - len(shown.lstrip())
    if caret + place.width - cut > room:
        cut = max(caret + min(place.width, room // 2) - room, cut)
    line = ACTING.sub(" ", shown.replace("\t", " "))[cut : cut + room]
    mark = "^" * max(1, min(place.width, len(line) - (caret - cut)))
    yield f"{gutter}{line}".rstrip()
    blank = " " * len(number)
    yield f"{_INSET}{blank} | {' ' * (caret - cut)}{paint(mark, 'red')}"


def _list_places(others: Sequence[Finding]) -> str:
    if not others:
        return ""
    places = list(dict.fromkeys(_show_other(one) for one in others))
    shown = ", ".join(places[:_PLACES])
    rest = len(places) - _PLACES
    more = f" and {rest} more" if rest > 0 else ""
    return f"The same at: {shown}{more}."


def _show_other(finding: Finding) -> str:
    place = finding.location
    at = _show_place(place)
    return f"{at} {_show(finding.pointer)}".strip() if _is_vague(place) else at


def _is_vague(place: Location | None) -> bool:
    return place is None or place.column == 1


def _wrap(text: str, room: int, first: str = "") -> Iterator[str]:
    blank = " " * len(first)
    for index, line in enumerate(_clean(text).splitlines()):
        wrapped = textwrap.wrap(
            line,
            max(room, _LEAST_ROOM),
            initial_indent=blank if index else first,
            subsequent_indent=blank,
            break_on_hyphens=False,
            break_long_words=False,
        )
        yield from map(make_printable, wrapped)  # before colours, which a pipe drops


def _show(pointer: str) -> str:
    return _clean(pointer).replace("\n", "\\n")


def _clean(text: str) -> str:
    """Names of a stranger's body may not steer the terminal."""
    return make_printable(text, commands=True).replace("\t", "\\u0009")


def _show_place(place: Location | None) -> str:
    if place is None:
        return ""
    return _show(f"{place.file}:{place.line}:{place.column}")


def _summarise(checked: Sequence[Checked], width: int) -> Iterator[str]:
    requests = _count(sum(one.requests for one in checked), "request")
    responses = _count(sum(one.responses for one in checked), "response")
    inputs = _count(len(checked), "input")
    calls = add_up(one.calls for one in checked).describe()
    yield from _wrap(f"{calls}.", width)
    yield from _wrap(f"Validated {requests} and {responses} of {inputs}.", width)
    yield from _wrap(tell_bodies(checked), width)


def _count(number: int, noun: str) -> str:
    if noun == str(Severity.INFO):
        return f"{number} for information"
    return f"{number} {noun}{'' if number == 1 else 's'}"
