"""Join the JSON reports of several regression runs, such as those of CI jobs.

In: files of any format. Out: their rows, those of the same call once. Cells of
one call that were judged in different runs are put together; where two runs
contradict each other, both rows are kept, so that no break is lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from azml_contract.api_version import sort_key
from azml_contract.regression.outcome import Outcome, Row, Shared
from azml_contract.regression.report_file import Tail, read_report
from azml_contract.seen import Calls, add_up


def merge_reports(paths: Iterable[Path]) -> tuple[list[Row], list[Tail]]:
    """The rows of all reports, in the order of the files, and what else they tell.

    Raises:
        InputError: A file cannot be read, or is no report.
    """
    calls: dict[tuple[str, int, str], list[Row]] = {}
    tails: list[Tail] = []
    for path in paths:
        for row in read_report(path, tails):
            _add(calls.setdefault((row.scenario, row.step, row.recorded), []), row)
    shared = Shared()
    joined = (row for rows in calls.values() for row in rows)
    return [replace(one, outcome=shared.find(one.outcome)) for one in joined], tails


def overlap(rows: Sequence[Row], tails: Sequence[Tail]) -> bool:
    """Whether reports are of the same recordings, judged at different versions."""
    return sum(tail.calls.judged for tail in tails) > len(rows)


def join_accounts(rows: Sequence[Row], tails: Sequence[Tail]) -> Calls:
    """The account of all reports.

    Those of the same recordings, judged at different versions, saw the same calls: then
    the largest counts.
    """
    whole = add_up(tail.calls for tail in tails)
    if overlap(rows, tails):
        skipped: Counter[str] = Counter()
        not_judged: Counter[str] = Counter()
        for tail in tails:
            skipped |= Counter(tail.calls.skipped)
            not_judged |= Counter(tail.calls.not_judged)
        return Calls(len(rows), skipped, not_judged, whole.contracts)
    return whole


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
