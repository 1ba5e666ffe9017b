"""Render a regression run by cause: the answer first, then what breaks.

In: what was found. Out: text for a terminal of any width, coloured or piped. Without
a limit it is one screen: the answer, and as many causes as fit below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from rich.console import Console
from rich.text import Text

from azml_contract.report.causes import (
    Cause,
    count_known,
    find_causes,
    find_reach,
    name_calls,
    say_where,
)
from azml_contract.report.regressed import OPERATION_GONE, Regressed
from azml_contract.report.table import STYLES, print_legend, print_trimmed, wrap

_INSET = 4
_PIPED = 40
"""Lines of a screen where nobody can tell how many it has."""
_ENDS = 9
"""Lines that follow the causes: the legend, what else to ask for, the figures."""
_LEAST, _MOST_ON_A_SCREEN, _MOST_VERSIONS = 3, 30, 5


def print_causes(console: Console, found: Regressed, *, limit: int | None) -> None:
    """Print how far scenarios can move, and what breaks, the worst first.

    Args:
        console: Where to; decides on colour and width.
        found: What was found.
        limit: How many causes at most; as many as fit on a screen where None. The
            rest is counted.
    """
    reach = list(_tell_reach(found, console.width))
    _print_lines(console, reach)
    every = find_causes(found)
    causes = [cause for cause in every if not cause.known]
    most = limit or _MOST_ON_A_SCREEN
    blocks = [list(_tell_cause(one, found, console.width)) for one in causes[:most]]
    if limit is None:
        limit = _count_fitting(blocks, _find_height(console) - len(reach) - _ENDS)
    if causes:
        title = Text("What breaks, the worst first", "bold")
        _print_lines(console, [Text(), title])
    for lines in blocks[:limit]:
        _print_lines(console, lines)
    left = len(causes) - limit
    if left > 0:
        more = "cause" if left == 1 else "causes"
        calls = sum(cause.breaks for cause in causes[limit:])
        told = f"... and {left} more {more} ({calls} breaks): --limit {len(causes)}"
        print_trimmed(console, told)
    if causes:
        console.print()
        print_legend(console, list(dict.fromkeys(cause.status for cause in causes)))
        hint = (
            "Call by call: --by scenario. The edits: azml-contract upgrade FILE --to V."
        )
        _print_lines(console, wrap(hint, 0, console.width))
    known = count_known(every)
    if known:
        _print_lines(console, [Text(), *wrap(known, 0, console.width)])
    for alarm in found.alarms:
        print_trimmed(console, Text(alarm, "bold red"))


def _find_height(console: Console) -> int:
    return console.height if console.is_terminal else _PIPED


def _count_fitting(told: Sequence[Sequence[Text]], room: int) -> int:
    """How many of the causes fit, and never fewer than a few."""
    used = 0
    for count, lines in enumerate(told):
        used += len(lines)
        if used > room and count >= _LEAST:
            return count
    return len(told)


def _tell_reach(found: Regressed, width: int) -> Iterator[Text]:
    reach = list(find_reach(found))
    yield Text("How far scenarios can move unchanged", "bold")
    wide = max((len(version or "nowhere") for version, _ in reach), default=0)
    every = len(found.newest)
    shown = len(reach) if len(reach) == _MOST_VERSIONS + 1 else _MOST_VERSIONS
    for version, count in islice(reach, shown):
        end = "" if version else ": none newer than their own takes them"
        name = version or "nowhere"
        told = f"{name:<{wide}}  {count} of {every}{end}"
        yield from wrap(told, 2, width)
    left = reach[shown:]
    if left:
        count = sum(one for _, one in left)
        told = f"{'older':<{wide}}  {count} of {every}"
        yield from wrap(f"{told}, at {len(left)} versions", 2, width)


def _tell_cause(cause: Cause, found: Regressed, width: int) -> Iterator[Text]:
    """What happens, where, to which calls; why, and what to do; how often."""
    gone = cause.finding.code == OPERATION_GONE
    title = f"{cause.status} {cause.when}"
    place = "" if gone or not cause.pointer else f"  {cause.pointer}"
    calls = name_calls(cause.calls)
    style = STYLES.get(cause.status, "")
    whole = f"{title}{place}  {calls}"
    if len(whole) <= width:
        yield Text(title, style) + Text(place, "bold") + Text(f"  {calls}")
    else:
        for line in wrap(f"{title}{place}", 0, width):
            line.stylize(style)
            yield line
        yield from wrap(calls, _INSET, width)
    told = f"{cause.finding.message} {cause.finding.cure}" if not gone else ""
    yield from wrap(f"{told} {say_where(cause, found)}".strip(), _INSET, width)


def _print_lines(console: Console, lines: Iterator[Text] | Sequence[Text]) -> None:
    for line in lines:
        console.print(line, soft_wrap=True)
