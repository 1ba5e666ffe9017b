"""Join the JSON reports of several regression runs, such as those of CI jobs.

In: files of format 1. Out: their rows, those of the same call once. Cells of
one call that were judged in different runs are put together; where two runs
contradict each other, both rows are kept, so that no break is lost.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from azml_contract.api_version import sort_key
from azml_contract.errors import InputError
from azml_contract.finding import Evidence, Finding, Location, Severity, Side
from azml_contract.regression.outcome import Cell, Outcome, Row, Status
from azml_contract.seen import NOTHING, Calls, add_up, read_calls

FORMAT = 1
_FIRST_LINE = b'{"format": 1, "rows": ['


@dataclass(frozen=True, slots=True)
class Tail:
    """What a report tells beside its rows: what was not judged, and the account."""

    findings: tuple[Finding, ...] = ()
    calls: Calls = NOTHING


def merge_reports(paths: Iterable[Path]) -> tuple[list[Row], list[Tail]]:
    """The rows of all reports, in the order of the files, and what else they tell.

    Raises:
        InputError: A file cannot be read, or is no report of format 1.
    """
    calls: dict[tuple[str, int, str], list[Row]] = {}
    outcomes: dict[bytes, Outcome] = {}
    tails: list[Tail] = []
    for path in paths:
        for shape in _read_rows(path, tails):
            row = _read_row(path, shape, outcomes)
            _add(calls.setdefault((row.scenario, row.step, row.recorded), []), row)
    return [row for rows in calls.values() for row in rows], tails


def join_accounts(rows: Sequence[Row], tails: Sequence[Tail]) -> Calls:
    """The account of all reports.

    Those of the same recordings, judged at different versions, saw the same calls: then
    the largest counts.
    """
    whole = add_up(tail.calls for tail in tails)
    if whole.judged > len(rows):
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


def _read_rows(path: Path, tails: list[Tail]) -> Iterator[Any]:
    """The rows of a report, one at a time: those of 10,000 recordings are big.

    What follows them is added to `tails`.
    """
    try:
        with path.open("rb") as file:
            if file.readline().rstrip() == _FIRST_LINE:
                yield from _read_lines(path, file, tails)
                return
        loaded = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} is no regression report: {error}.") from error
    if not isinstance(loaded, dict) or loaded.get("format") != FORMAT:
        raise InputError(f"{path} is no regression report of format {FORMAT}.")
    rows = loaded.get("rows")
    if not isinstance(rows, list):
        raise InputError(f"{path} is no regression report: it has no rows.")
    yield from rows
    tails.append(_read_tail(path, loaded))


def _read_lines(path: Path, lines: Iterable[bytes], tails: list[Tail]) -> Iterator[Any]:
    """Rows as this program writes them, one a line."""
    for line in lines:
        if line.startswith(b"]"):
            tails.append(_read_tail(path, json.loads(b"{" + line[1:].lstrip(b", "))))
            return
        yield json.loads(line.rstrip().removesuffix(b","))
    raise ValueError("it is cut off")


def _read_tail(path: Path, shape: Mapping[str, Any]) -> Tail:
    """Reports of older programs have neither findings nor an account."""
    try:
        findings = tuple(map(_read_finding, shape.get("findings", ())))
        calls = shape.get("calls")
        return Tail(findings, read_calls(calls) if calls is not None else NOTHING)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} has a malformed account: {error!r}.") from error


def _read_row(path: Path, shape: Any, outcomes: dict[bytes, Outcome]) -> Row:
    try:
        what = {name: shape[name] for name in ("operation", "recorded", "versions")}
        whole = json.dumps([what, shape.get("label"), shape.get("own")])
        key = blake2b(whole.encode(), digest_size=16).digest()
        outcome = outcomes.get(key)
        if outcome is None:
            outcome = outcomes[key] = _read_outcome(shape)
        return Row(str(shape["scenario"]), int(shape["step"]), outcome)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} has a malformed row: {error!r}.") from error


def _read_outcome(shape: Mapping[str, Any]) -> Outcome:
    cells = {version: _read_cell(c) for version, c in shape["versions"].items()}
    recorded, operation = str(shape["recorded"]), str(shape["operation"])
    # Format 1 does not require the label, nor a cell that nobody asked about.
    label = str(shape.get("label") or operation)
    own = _read_cell(shape["own"]) if "own" in shape else Cell(Status.OK)
    return Outcome(operation, label, recorded, cells.get(recorded, own), cells)


def _read_cell(shape: Mapping[str, Any]) -> Cell:
    findings = tuple(_read_finding(finding) for finding in shape["findings"])
    return Cell(Status(shape["status"]), findings)


def _read_finding(shape: Mapping[str, Any]) -> Finding:
    return Finding(
        code=shape["code"],
        severity=Severity(shape["severity"]),
        message=shape["message"],
        pointer=shape["pointer"],
        cure=shape["cure"],
        operation=shape["operation"],
        api_version=shape["api_version"],
        side=Side(shape["side"]),
        expected=tuple(shape["expected"]),
        seen=shape["seen"],
        evidence=Evidence(shape["evidence"]),
        call=shape.get("call", ""),
        location=Location(**shape["location"]) if "location" in shape else None,
    )


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
