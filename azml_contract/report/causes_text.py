"""Render a regression run by cause: the answer first, then what breaks.

In: what was found. Out: text for a terminal of any width, coloured or piped.
"""

from __future__ import annotations

import textwrap

from rich.console import Console
from rich.text import Text

from azml_contract.report.causes import (
    Cause,
    count_known,
    find_causes,
    find_reach,
    name_calls,
)
from azml_contract.report.regressed import OPERATION_GONE, Regressed
from azml_contract.report.table import STYLES, print_legend, print_trimmed

_INSET = 4


def print_causes(console: Console, found: Regressed, *, limit: int) -> None:
    """Print how far recordings can move, and what breaks, the worst first.

    Args:
        console: Where to; decides on colour and width.
        found: What was found.
        limit: How many causes at most; the rest is counted.
    """
    _print_reach(console, found)
    every = find_causes(found)
    causes = [cause for cause in every if not cause.known]
    if causes:
        console.print()
        print_trimmed(console, Text("What breaks, the worst first", "bold"))
    for cause in causes[:limit]:
        console.print()
        _print_cause(console, cause)
    left = len(causes) - limit
    if left > 0:
        more = "cause" if left == 1 else "causes"
        console.print()
        print_trimmed(console, f"... and {left} more {more}: --limit {len(causes)}")
    if causes:
        console.print()
        used = dict.fromkeys(cause.status for cause in causes)
        print_legend(console, list(used))
        hint = (
            "Call by call: --by scenario. The edits: azml-contract upgrade FILE --to V."
        )
        _print_wrapped(console, hint, 0)
    known = count_known(every)
    if known:
        console.print()
        _print_wrapped(console, known, 0)
    for alarm in found.alarms:
        print_trimmed(console, Text(alarm, "bold red"))


def _print_reach(console: Console, found: Regressed) -> None:
    reach = list(find_reach(found))
    print_trimmed(console, Text("How far recordings can move unchanged", "bold"))
    wide = max((len(version or "none") for version, _ in reach), default=0)
    for version, count in reach:
        end = "" if version else ": none newer than their own takes them"
        name = version or "nowhere"
        _print_wrapped(
            console, f"{name:<{wide}}  {count} of {found.recordings}{end}", 2
        )


def _print_cause(console: Console, cause: Cause) -> None:
    gone = cause.finding.code == OPERATION_GONE
    place = "" if gone or not cause.pointer else f"  {cause.pointer}"
    title = Text(f"{cause.status} {cause.when}", STYLES.get(cause.status, ""))
    print_trimmed(console, title + Text(place, "bold"))
    _print_wrapped(console, name_calls(cause.calls), _INSET)
    if not gone:
        told = f"{cause.finding.message} {cause.finding.cure}".strip()
        _print_wrapped(console, told, _INSET)
    _print_wrapped(console, cause.count, _INSET)


def _print_wrapped(console: Console, text: str, inset: int) -> None:
    blank = " " * inset
    for line in textwrap.wrap(
        text,
        max(20, console.width),
        initial_indent=blank,
        subsequent_indent=blank,
        break_on_hyphens=False,
    ):
        console.print(Text(line), soft_wrap=True)
