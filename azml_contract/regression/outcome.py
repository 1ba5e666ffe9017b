"""What becomes of recorded calls under other api-versions: the values.

In: nothing. Out: statuses, cells and rows, and what follows from them: which
cells break, since when, and how far a scenario can move. Knows of contracts
the table of codes alone, and no recordings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from azml_contract.api_version import sort_key
from azml_contract.finding import Finding, Severity
from azml_contract.validation.codes import CODES


class Status(StrEnum):
    """What becomes of a recorded call under another api-version.

    Worst last. ``ignored`` is worse than ``refused``: the call succeeds, and
    does something else. ``gone``: the operation, or a field of the answer that
    was read, is not there as it was. ``unknown`` says that the source of that
    version cannot tell, never that the call breaks.
    """

    OK = "ok"
    UNKNOWN = "unknown"
    WARNS = "warns"
    GONE = "gone"
    REFUSED = "refused"
    IGNORED = "ignored"

    @property
    def breaks(self) -> bool:
        """Whether a call with this status no longer does what it did."""
        return self in _BREAKING


OPERATION_GONE = "AZC301"
_CAPACITY = 20_000
_BREAKING = frozenset((Status.GONE, Status.REFUSED, Status.IGNORED))


@dataclass(frozen=True, slots=True)
class Cell:
    """One call under one api-version."""

    status: Status
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make the status."""
        return tuple(f for f in self.findings if f.severity is Severity.ERROR)

    def to_json(self) -> dict[str, Any]:
        """The published JSON shape of a cell."""
        return {
            "status": str(self.status),
            "findings": [finding.to_json() for finding in self.findings],
        }


@dataclass(frozen=True)
class Outcome:
    """What becomes of one call; many recorded calls may share one.

    `own` is the cell at the version it was recorded under, which need not be
    among `cells`.
    """

    operation: str
    label: str
    recorded: str
    own: Cell
    cells: Mapping[str, Cell]

    def new_errors(self, version: str) -> tuple[Finding, ...]:
        """Errors at `version` that the call does not have at its own version.

        What was wrong from the beginning is no regression: a scenario that
        sends a bad body on purpose does so at every version.
        """
        cell = self.cells.get(version)
        errors = cell.errors if cell is not None else ()
        known = {(f.pointer, f.code) for f in self.own.errors} if errors else ()
        return tuple(f for f in errors if (f.pointer, f.code) not in known)

    def breaks_at(self, version: str) -> bool:
        """Whether moving to `version` breaks the call."""
        return version in self.cells and version not in self.unbroken

    @cached_property
    def unbroken(self) -> frozenset[str]:
        """The versions at which the call does what it did."""
        return frozenset(
            version
            for version, cell in self.cells.items()
            if not (cell.status.breaks and self.new_errors(version))
        )

    @cached_property
    def detours(self) -> frozenset[str]:
        """Versions without the operation, before one that has it again."""
        versions = sorted(self.cells, key=sort_key)
        gone = {
            version
            for version in versions
            if any(f.code == OPERATION_GONE for f in self.cells[version].errors)
        }
        having = [version for version in versions if version not in gone]
        last = sort_key(having[-1]) if having else None
        return frozenset(v for v in gone if last is not None and sort_key(v) < last)


class Shared:
    """Equal outcomes are one object: calls that differ mostly meet the same end.

    Those that are not equal share the cells that are.
    """

    def __init__(self) -> None:
        self._outcomes: dict[tuple[Any, ...], Outcome] = {}
        self._cells: dict[Cell, Cell] = {}

    def find(self, outcome: Outcome) -> Outcome:
        """The outcome, or one that is equal and was there before."""
        if len(self._outcomes) >= _CAPACITY:
            self._outcomes.clear()
        cells = {v: self._share(cell) for v, cell in outcome.cells.items()}
        own = self._share(outcome.own)
        told = (outcome.operation, outcome.label, outcome.recorded)
        # Cells are one object where they are equal, and kept: their ids will do.
        key = (*told, id(own), *cells, *map(id, cells.values()))
        known = self._outcomes.get(key)
        if known is None:
            known = self._outcomes[key] = replace(outcome, own=own, cells=cells)
        return known

    def _share(self, cell: Cell) -> Cell:
        return self._cells.setdefault(cell, cell)


@dataclass(frozen=True, slots=True)
class Row:
    """One recorded call; `step` is its index in the recording."""

    scenario: str
    step: int
    outcome: Outcome

    @property
    def operation(self) -> str:
        """Its operationId at the version it was recorded under."""
        return self.outcome.operation

    @property
    def label(self) -> str:
        """A short name, such as ``PUT jobs Command``."""
        return self.outcome.label

    @property
    def recorded(self) -> str:
        """The api-version it was recorded under."""
        return self.outcome.recorded

    @property
    def cells(self) -> Mapping[str, Cell]:
        """One cell for each api-version asked about."""
        return self.outcome.cells

    def to_json(self) -> dict[str, Any]:
        """The published JSON shape of a row.

        What was wrong from the beginning is no break, so the cell at the
        recorded version is told even where nobody asked about it.
        """
        shape = {
            "scenario": self.scenario,
            "step": self.step,
            "operation": self.operation,
            "label": self.label,
            "recorded": self.recorded,
            "versions": {v: cell.to_json() for v, cell in self.cells.items()},
        }
        if self.recorded not in self.cells:
            shape["own"] = self.outcome.own.to_json()
        return shape


@dataclass(frozen=True, slots=True)
class Break:
    """One place of one call that breaks, and the versions at which it does.

    `since` is the first version, in order, after the recorded one at which it
    breaks; empty where only older versions break it. `step` is the first such call of
    the recording. `detours` are versions that
    lack the operation though later ones have it again: nobody moves there, so
    they are not the reason for anything.
    """

    scenario: str
    recorded: str
    label: str
    operation: str
    step: int
    status: Status
    finding: Finding
    versions: tuple[str, ...]
    detours: frozenset[str] = frozenset()

    @property
    def since(self) -> str:
        """The first version after the recorded one that breaks the call here."""
        own = sort_key(self.recorded)
        after = (v for v in self.versions if sort_key(v) > own)
        return next((v for v in after if v not in self.detours), "")


def find_breaks(rows: Iterable[Row]) -> list[Break]:
    """Every break of every scenario, once for each call and place in it.

    The finding is that of the first version after the recorded one, or of the
    last version that breaks where only older ones do. In order of appearance.
    """
    found: dict[tuple[str, ...], tuple[Row, Mapping[str, Finding]]] = {}
    places: dict[int, dict[str, dict[str, Finding]]] = {}
    for row in rows:
        broken = places.get(id(row.outcome))
        if broken is None:  # many rows share an outcome
            broken = places[id(row.outcome)] = _find_places(row.outcome)
        for place, seen in broken.items():
            key = (row.scenario, row.recorded, row.label, place)
            first, before = found.setdefault(key, (row, seen))
            if before is not seen:
                found[key] = (first, {**seen, **before})
    return [_make_break(row, seen) for row, seen in found.values()]


def _find_places(outcome: Outcome) -> dict[str, dict[str, Finding]]:
    """For each place that breaks, the finding at each version at which it does."""
    places: dict[str, dict[str, Finding]] = {}
    for version, cell in outcome.cells.items():
        if cell.status.breaks:
            for finding in outcome.new_errors(version):
                places.setdefault(_place(finding), {}).setdefault(version, finding)
    return places


def _place(finding: Finding) -> str:
    """What tells two breaks of a call apart: where, and what comes of it.

    A property that is dropped at some versions, and refused at others as its value is
    wrong there, has two causes and two cures. What is about no place of a body is told
    apart by its code.
    """
    known = CODES.get(finding.code)
    follows = known.consequence if known is not None else ""
    return f"{finding.side} {finding.pointer or finding.code} {follows}"


def _make_break(row: Row, seen: Mapping[str, Finding]) -> Break:
    versions = sorted(seen, key=sort_key)
    detours = row.outcome.detours
    own = sort_key(row.recorded)
    after = (v for v in versions if sort_key(v) > own and v not in detours)
    first = next(after, versions[-1])
    return Break(
        scenario=row.scenario,
        recorded=row.recorded,
        label=row.label,
        operation=row.operation,
        step=row.step,
        status=row.cells[first].status,
        finding=seen[first],
        versions=tuple(versions),
        detours=detours,
    )


def newest_unchanged(
    rows: Iterable[Row], *, stable_only: bool = False
) -> dict[str, str]:
    """For each scenario, the newest version at which none of its calls breaks.

    Versions are no straight line: 2021-07-01 and 2022-01-01-preview have no
    jobs, 2022-02-01-preview has them again. So a version counts for itself
    alone, whatever those between it and the recorded one do. What a source
    cannot tell does not count against a version. Of a scenario recorded several
    times the newest recording counts, since that is what it sends today. Never
    older than the recorded version; "" where there is none.
    """
    rows = list(rows)
    current = current_versions(rows)
    whole: dict[str, frozenset[str]] = {}
    for row in rows:
        if row.recorded not in current[row.scenario]:
            continue
        fit = row.outcome.unbroken
        before = whole.get(row.scenario)
        whole[row.scenario] = fit if before in (None, fit) else before & fit
    return {
        scenario: _newest(whole[scenario], versions[0], stable_only)
        for scenario, versions in current.items()
    }


def current_versions(rows: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    """For each scenario the api-versions of its newest recording, newest first.

    They are several where one recording mixes versions. Its calls have steps of
    their own, while recordings made at different times share steps.
    """
    rows = list(rows)
    seen: dict[str, tuple[str, ...]] = {}
    for row in rows:
        known = seen.setdefault(row.scenario, (row.recorded,))
        if row.recorded not in known:
            seen[row.scenario] = (*known, row.recorded)
    steps: dict[tuple[str, str], set[int]] = {}
    for row in rows:
        if len(seen[row.scenario]) > 1:
            steps.setdefault((row.scenario, row.recorded), set()).add(row.step)
    return {
        scenario: _choose_current(scenario, versions, steps)
        for scenario, versions in seen.items()
    }


def _choose_current(
    scenario: str, versions: Sequence[str], steps: Mapping[tuple[str, str], set[int]]
) -> tuple[str, ...]:
    newest, *older = sorted(versions, key=sort_key, reverse=True)
    current, taken = [newest], set(steps.get((scenario, newest), ()))
    for version in older:
        if taken.isdisjoint(steps[scenario, version]):
            current.append(version)
            taken |= steps[scenario, version]
    return tuple(current)


def _newest(whole: Iterable[str], recorded: str, stable_only: bool) -> str:
    own = sort_key(recorded)
    newer = [
        version
        for version in whole
        if sort_key(version) >= own and not (stable_only and "preview" in version)
    ]
    return max(newer, key=sort_key, default="")


def fold_versions(versions: Sequence[str], order: Sequence[str]) -> list[str]:
    """Neighbours in `order` become ranges, as in ``2022-05-01 .. 2024-04-01``."""
    place = {version: index for index, version in enumerate(order)}
    runs: list[list[str]] = []
    for version in sorted(versions, key=lambda v: place[v]):
        if runs and place[version] == place[runs[-1][-1]] + 1:
            runs[-1].append(version)
        else:
            runs.append([version])
    return [run[0] if len(run) == 1 else f"{run[0]} .. {run[-1]}" for run in runs]
