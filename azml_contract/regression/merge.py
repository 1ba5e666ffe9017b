"""Join the JSON reports of several regression runs, such as those of CI jobs.

In: files of any format. Out: their rows, those of the same call once. Cells of
one call that were judged in different runs are put together; where two runs
contradict each other, both rows are kept, so that no break is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from azml_contract.api_version import sort_key
from azml_contract.regression.outcome import Outcome, Row, Shared
from azml_contract.regression.report_file import Tail, read_report
from azml_contract.seen import Calls, add_up

Recordings = frozenset[tuple[str, str]]
"""Of a report: the scenario of each recording, and the version it was recorded at."""


def merge_reports(
    paths: Iterable[Path],
) -> tuple[list[Row], list[Tail], list[Recordings]]:
    """The rows of all reports, in the order of the files, and what else they tell.

    Returns:
        Rows, and of each report what else it tells, and what it judged.

    Raises:
        InputError: A file cannot be read, or is no report.
    """
    calls: dict[tuple[str, int, str], list[Row]] = {}
    tails: list[Tail] = []
    recordings: list[Recordings] = []
    for path in paths:
        names = set()
        for row in read_report(path, tails):
            names.add((row.scenario, row.recorded))
            _add(calls.setdefault((row.scenario, row.step, row.recorded), []), row)
        recordings.append(frozenset(names))
    shared = Shared()
    joined = (row for rows in calls.values() for row in rows)
    rows = [replace(one, outcome=shared.find(one.outcome)) for one in joined]
    return rows, tails, recordings


def join_accounts(
    rows: Sequence[Row], tails: Sequence[Tail], recordings: Sequence[Recordings]
) -> Calls:
    """The account of all reports.

    Those of the same recordings, judged at different versions, saw the same calls: of
    these the largest counts. Where recordings are in reports of others as well, calls
    cannot be told apart by their numbers, and what was judged are the rows.
    """
    same: dict[Recordings, Calls] = {}
    others = []
    for tail, names in zip(tails, recordings, strict=True):
        if not names:
            others.append(tail.calls)  # of which recordings, nobody knows
        elif names in same:
            same[names] = same[names] | tail.calls
        else:
            same[names] = tail.calls
    whole = add_up((*same.values(), *others))
    if sum(map(len, same)) == len(frozenset().union(*same)):
        return whole
    return replace(whole, judged=len(rows))


def narrow(rows: Iterable[Row], versions: Collection[str], recorded: str) -> list[Row]:
    """The rows as a run that had asked for less would have given them.

    Args:
        rows: What was judged.
        versions: Only cells at these; rows that have none of them are left out.
        recorded: Only rows recorded at this version; all where empty.
    """
    narrowed: dict[int, Outcome] = {}
    kept = []
    for row in rows:
        outcome = row.outcome
        if id(outcome) not in narrowed:
            cells = {v: c for v, c in outcome.cells.items() if v in versions}
            narrowed[id(outcome)] = replace(outcome, cells=cells)
        if recorded in ("", row.recorded) and narrowed[id(outcome)].cells:
            kept.append(replace(row, outcome=narrowed[id(outcome)]))
    return kept


def _add(known: list[Row], row: Row) -> None:
    """Join a row with the one of the same call that says nothing else, if any."""
    for index, other in enumerate(known):
        if other.outcome is row.outcome:
            return
        both = other.cells.keys() & row.cells.keys()
        alike = other.label == row.label and other.operation == row.operation
        if alike and all(other.cells[v] == row.cells[v] for v in both):
            known[index] = _join(other, row)
            return
    known.append(row)


def _join(one: Row, other: Row) -> Row:
    cells = {**one.cells, **other.cells}
    ordered = {version: cells[version] for version in sorted(cells, key=sort_key)}
    own = one.outcome.own if one.recorded in one.cells else other.outcome.own
    return replace(one, outcome=replace(one.outcome, cells=ordered, own=own))
