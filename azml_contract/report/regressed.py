"""What a regression run found: the value that every rendering reads.

In: nothing. Out: values of plain text. Knows neither contracts nor recordings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from azml_contract.finding import Finding
from azml_contract.seen import NOTHING, Calls

OPERATION_GONE = "AZC301"
"""The code of a call whose operation is not there."""
Piece = tuple[int, int, str, str]
"""What is replaced in a text: line and column from 1, what is there, what is to be."""
_MOST_RANGES = 2
Span = tuple[str, tuple[str, ...]]
"""At which versions something breaks: in words, and all their ranges."""
Locate = Callable[[str, int], tuple[str, int]]
"""The file and line that made a call: of a recording's file, and a step in it."""


def stay(file: str, step: int) -> tuple[str, int]:
    """The recording itself, where nobody looks into it."""
    return file, 1


@dataclass(frozen=True, slots=True)
class TextFix:
    """What mends a file, and others that it reads: pieces by file, in words too."""

    told: str
    changes: Mapping[str, tuple[Piece, ...]]


@dataclass(frozen=True, slots=True)
class Broken:
    """One place of one call that breaks.

    `since` is empty where only versions older than the recorded one break it.
    `versions` are ranges, oldest first; with `lasts` the newest version judged
    is among them. `file` and `step` say which call of which recording it is, `known` is
    set where the baseline has it.
    """

    scenario: str
    recorded: str
    call: str
    status: str
    since: str
    versions: tuple[str, ...]
    finding: Finding
    lasts: bool = False
    file: str = ""
    step: int = 0
    known: bool = False

    @property
    def span(self) -> Span:
        """By what breaks are put together: what many ranges have in words is shared."""
        return self.when, self.versions

    @property
    def when(self) -> str:
        """Since when, or at which versions, in words; of many ranges the first."""
        if self.since and self.lasts and len(self.versions) == 1:
            return f"since {self.since}"
        first, left = self.versions[:_MOST_RANGES], self.versions[_MOST_RANGES:]
        if len(left) > 1:
            last = left[-1].rpartition(" ")[2]
            return f"at {', '.join(first)} and {len(left)} more ranges up to {last}"
        return f"at {', '.join(self.versions)}"


@dataclass(frozen=True, slots=True)
class Column:
    """Neighbouring versions at which every call of a scenario fares alike."""

    first: str
    last: str
    statuses: tuple[str, ...]

    @property
    def heading(self) -> str:
        """The versions, one under the other."""
        ends = (self.first,) if self.first == self.last else (self.first, self.last)
        return "\n..\n".join(ends)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One recording, or several that fare alike: `others` are their names.

    `calls` are the labels of the table's lines, in the order of each column's
    statuses. `newest` is the newest version it can move to unchanged, and
    `cautions` what else to know of that move. `edits` lead to `goal`. `wrong` are
    calls that would fail at the version they were recorded at. `is_script` where
    nobody recorded it, and the calls of a script were read.
    """

    name: str
    recorded: str
    calls: tuple[str, ...]
    columns: tuple[Column, ...]
    broken: tuple[Broken, ...]
    newest: str
    cautions: tuple[str, ...] = ()
    goal: str = ""
    edits: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    is_script: bool = False

    @property
    def title(self) -> str:
        """Its name, and the version of its calls."""
        return f"{self.name}, {'' if self.is_script else 'recorded '}at {self.recorded}"

    def count(self, *, known: bool) -> int:
        """How many of the breaks of all its recordings the baseline has, or not."""
        return sum(one.known is known for one in self.broken) * (1 + len(self.others))


@dataclass(frozen=True, slots=True)
class Regressed:
    """Everything that a run found.

    `recordings` counts a scenario at each version that it was recorded under, `newest`
    says for each scenario how far it can move, by its newest recording.
    `alarms` are sentences about scenarios that are too old or stay behind, `findings`
    tell of files and calls that were not judged, `seen` accounts for all calls.
    `locate` says where a call was made, `fixes` what takes files to the newest version
    that was judged, where nothing is left to decide.
    """

    scenarios: tuple[Scenario, ...]
    recordings: int
    calls: int
    alarms: tuple[str, ...] = ()
    judged_against: str = ""
    findings: tuple[Finding, ...] = ()
    seen: Calls = NOTHING
    locate: Locate = stay
    newest: Mapping[str, str] = field(default_factory=dict)
    fixes: Mapping[str, TextFix] = field(default_factory=dict)

    @property
    def broken(self) -> tuple[Broken, ...]:
        """Every break, that of recordings which fare alike once."""
        return tuple(one for scenario in self.scenarios for one in scenario.broken)
