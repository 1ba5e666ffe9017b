"""Put breaks together that have one cause, the worst first.

In: what a regression run found. Out: causes, and how far recordings can move. Knows
no terminal.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from azml_contract.finding import Finding
from azml_contract.report.regressed import (
    OPERATION_GONE,
    Broken,
    Regressed,
    Scenario,
)

_WORST = {"ignored": 0, "refused": 1, "gone": 2}
_INDEX = re.compile(r"/\d+(?=/|$)")


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that breaks calls.

    `breaks` counts them, `recordings` where they are, `calls` are their labels.
    `finding`, `file`, `step` and `example` are those of the first. `known` is set
    where the baseline has all of them.
    """

    status: str
    when: str
    calls: tuple[str, ...]
    finding: Finding
    breaks: int
    recordings: int
    example: str
    known: bool = False
    file: str = ""
    step: int = 0

    @property
    def title(self) -> str:
        """What happens since when, where, to which calls; of others it differs."""
        gone = self.finding.code == OPERATION_GONE
        place = "" if gone or not self.pointer else f" {self.pointer}"
        return f"{self.status} {self.when}{place}, {name_calls(self.calls)}"

    @property
    def count(self) -> str:
        """How many calls in which recordings."""
        calls = "1 call" if self.breaks == 1 else f"{self.breaks} calls"
        if self.recordings == 1:
            return f"{calls} in {self.example}"
        return f"{calls} in {self.recordings} recordings, such as {self.example}"

    @property
    def pointer(self) -> str:
        """Where in the body; an item of a list is ``*``."""
        return _INDEX.sub("/*", self.finding.pointer)


@dataclass(frozen=True, slots=True)
class _Seen:
    scenario: Scenario
    broken: Broken


def find_causes(found: Regressed) -> tuple[Cause, ...]:
    """Every cause, once: ignored, refused, gone; the most frequent of each first."""
    groups: dict[tuple[object, ...], list[_Seen]] = {}
    for scenario in found.scenarios:
        for one in scenario.broken:
            groups.setdefault(key_of(one), []).append(_Seen(scenario, one))
    causes = [_make_cause(group) for group in groups.values()]
    return tuple(
        sorted(causes, key=lambda c: (c.known, _WORST.get(c.status, 3), -c.breaks))
    )


def name_calls(calls: Sequence[str], most: int = 6) -> str:
    """Labels of calls, the first of many."""
    shown = ", ".join(calls[:most])
    left = len(calls) - most
    return f"{shown} and {left} more" if left > 0 else shown


def say_where(one: Cause, found: Regressed) -> str:
    """How many calls in which recordings, and where the first of them is made."""
    if not one.file:
        return f"{one.count}."
    file, line = found.locate(one.file, one.step)
    return f"{one.count}, at {file}:{line}."


def count_known(causes: Sequence[Cause]) -> str:
    """One line for all that the baseline knows; empty where it knows nothing."""
    known = [one for one in causes if one.known]
    breaks = sum(one.breaks for one in known)
    what = "1 known break" if breaks == 1 else f"{breaks} known breaks"
    why = "1 cause" if len(known) == 1 else f"{len(known)} causes"
    return f"{what} of {why} in the baseline." if known else ""


def find_reach(found: Regressed) -> Iterator[tuple[str, int]]:
    """How many scenarios can move unchanged to which version at most, newest first.

    The version is empty for those that cannot move at all.
    """
    yield from sorted(Counter(found.newest.values()).items(), reverse=True)


def key_of(one: Broken) -> tuple[object, ...]:
    """What breaks of one cause have in common."""
    finding = one.finding
    what: tuple[object, ...] = (finding.operation, _INDEX.sub("/*", finding.pointer))
    if finding.code == OPERATION_GONE:
        what = ()  # all that are gone at the same versions are one line
    return (
        *(one.status, finding.code, finding.side),
        *(one.span, one.known, *what),
    )


def _make_cause(group: list[_Seen]) -> Cause:
    first = group[0]
    where: dict[tuple[str, str], int] = {}
    for seen in group:
        key = (seen.scenario.name, seen.scenario.recorded)
        where[key] = 1 + len(seen.scenario.others)
    return Cause(
        status=first.broken.status,
        when=first.broken.when,
        calls=tuple(dict.fromkeys(seen.broken.call for seen in group)),
        finding=first.broken.finding,
        breaks=sum(1 + len(seen.scenario.others) for seen in group),
        recordings=sum(where.values()),
        example=first.scenario.title,
        known=first.broken.known,
        file=first.broken.file,
        step=first.broken.step,
    )
