"""Render a regression run for a reader at a terminal, coloured or piped.

In: what was found. Out: text of 80 columns. Versions at which all calls fare
alike share a column; scenarios that fare alike share a table.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.text import Text

from azml_contract.report.causes import count_known, find_causes
from azml_contract.report.regressed import (
    OPERATION_GONE,
    Broken,
    Column,
    Regressed,
    Scenario,
    Span,
)
from azml_contract.report.table import print_legend, print_table, print_trimmed, wrap

_COLUMN = 12
_LABEL = 26
_SINCE = re.compile(r" (?:since|before) [-\w]+\.$")


def print_regressed(
    console: Console, found: Regressed, *, brief: bool = False, most: int = 50
) -> None:
    """Print a table for each scenario, what breaks and why, and how to move.

    What the baseline knows is one line.

    Args:
        console: Where to; decides on colour and width.
        found: What was found.
        brief: Without cures and edits.
        most: How many tables at most; the rest is counted.
    """
    for scenario in found.scenarios[:most]:
        _print_scenario(console, scenario, brief=brief)
    left = len(found.scenarios) - most
    if left > 0:
        print_trimmed(console, f"... and {left} more: --limit {len(found.scenarios)}\n")
    used = {s for one in found.scenarios for c in one.columns for s in c.statuses}
    order = ("ok", "warns", "refused", "ignored", "gone", "unknown")
    print_legend(console, [status for status in order if status in used])
    if "warns" in used and not brief:
        _print_inset(console, "What warns, and where: --format html.", 0)
    known = count_known(find_causes(found))
    if known:
        console.print()
        _print_inset(console, known, 0)
    for alarm in found.alarms:
        print_trimmed(console, Text(alarm, "bold red"))


def summarise(found: Regressed) -> str:
    """Figures: what breaks, of how much, and what became of all other calls."""
    if not found.calls:
        return f"{found.seen.describe()}."
    new = sum(one.count(known=False) for one in found.scenarios)
    known = sum(one.count(known=True) for one in found.scenarios)
    told = f"{_count(new, 'new break')}, {known} known" if known else ""
    told = told or (_count(new, "break") if new else _say_none(found))
    calls = f"{_count(found.calls, 'call')} of {_count(found.recordings, 'recording')}"
    seen = f"\n{found.seen.describe()}." if found.seen.seen > found.calls else ""
    return f"{told}; {calls} judged{found.judged_against}.{seen}"


def _say_none(found: Regressed) -> str:
    shown = {s for one in found.scenarios for c in one.columns for s in c.statuses}
    # The tables show older versions too, and what was wrong from the beginning.
    return (
        "No call breaks at a newer version"
        if shown & {"refused", "ignored", "gone"}
        else "No breaks"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _print_scenario(console: Console, scenario: Scenario, *, brief: bool) -> None:
    title = scenario.title
    more = len(scenario.others)
    if more:
        title += f" (and {more} more that fare{'s' if more == 1 else ''} alike)"
    room = max(1, (console.width - _LABEL) // _COLUMN)
    for start in range(0, len(scenario.columns), room):
        block = scenario.columns[start : start + room]
        if not start:
            print_trimmed(console, Text(title, "bold"))
        _print_block(console, scenario.calls, block)
    new = [one for one in scenario.broken if not one.known]
    _print_gone(console, new)
    _print_broken(console, new, brief=brief)
    if scenario.wrong and not brief:
        calls = ", ".join(scenario.wrong)
        told = f"Wrong as recorded, and so no break: {calls}. `check` tells why."
        _print_inset(console, told, 0)
    if new or scenario.wrong:
        console.print()
    newest = scenario.newest or "none of these"
    if scenario.newest == scenario.recorded:
        newest = "none but its own"
    line = Text("Newest version it can move to unchanged: ")
    print_trimmed(console, line + Text(newest, "bold"))
    for caution in scenario.cautions:
        _print_inset(console, caution, 2)
    if scenario.edits and new and not brief:
        print_trimmed(console, f"To move to {scenario.goal}:")
        for edit in scenario.edits:
            _print_inset(console, f"- {edit}", 2)
    console.print()


def _print_block(
    console: Console, calls: Sequence[str], columns: Sequence[Column]
) -> None:
    rows = [
        (label, {c.heading: c.statuses[index] for c in columns})
        for index, label in enumerate(calls)
    ]
    print_table(console, "", [c.heading for c in columns], rows)


def _print_gone(console: Console, broken: Sequence[Broken]) -> None:
    """Calls whose operation is gone, one line for the same versions."""
    calls: dict[Span, list[str]] = {}
    for one in broken:
        if one.finding.code == OPERATION_GONE:
            calls.setdefault(one.span, []).append(one.call)
    for (when, _), names in calls.items():
        print_trimmed(console, Text(f"No such operation {when}:", "bold"))
        _print_inset(console, ", ".join(names), 2)


def _print_broken(console: Console, broken: Sequence[Broken], *, brief: bool) -> None:
    told = [one for one in broken if one.finding.code != OPERATION_GONE]
    for key, group in groupby(told, lambda one: (one.call, one.status, one.span)):
        call, status, (when, _) = key
        print_trimmed(console, Text(f"{call}: {status} {when}", "bold"))
        for one in group:
            _print_reason(console, one, brief=brief)


def _print_reason(console: Console, one: Broken, *, brief: bool) -> None:
    finding = one.finding
    place = finding.pointer or f"({finding.side})"
    answer = " of the answer" if finding.side == "response" and finding.pointer else ""
    if brief:
        # The heading tells since when.
        message = _SINCE.sub(".", finding.message)
        _print_inset(console, f"{place}{answer}: {message}", 2)
        return
    _print_inset(console, f"{place}{answer}", 2)
    _print_inset(console, f"{finding.message} {finding.cure}".strip(), 6)


def _print_inset(console: Console, text: str, inset: int) -> None:
    """Wrapped at the width of the console, without blanks at the ends of lines."""
    for line in wrap(text, inset, console.width):
        console.print(line, soft_wrap=True)
