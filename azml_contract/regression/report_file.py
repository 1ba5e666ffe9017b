"""The JSON report of a regression run: written piece by piece, and read again.

In: rows, or a file. Out: text, or rows. Whatever repeats is held once: a row names its
outcome, an outcome a cell for each api-version, a cell its findings, all by number.
A finding that holds at many versions is one; it takes its ``api_version`` from the
column where it tells none of its own. The schema is
`docs/regression-report-2.schema.json`. Format 1 has it all in each row, which is easier
to read for programs and many times as long; both are written and read.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from azml_contract.api_version import sort_key
from azml_contract.errors import InputError
from azml_contract.finding import Finding, read_finding
from azml_contract.regression.outcome import Cell, Outcome, Row, Status
from azml_contract.seen import NOTHING, Calls, read_calls

COMPACT = 2
_PLAIN = 1
_HEADS = {
    b'{"format": 1, "rows": [': _PLAIN,
    b'{"format": 2, "rows": [': COMPACT,
}


@dataclass(frozen=True, slots=True)
class Tail:
    """What a report tells beside its rows.

    `newest` is for each scenario the newest version it can move to unchanged,
    `findings` are about files and calls that were not judged, `calls` accounts for all
    calls. `pages` is what only the HTML page shows, as `regress_kept` made it.
    """

    newest: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    calls: Calls = NOTHING
    pages: Mapping[str, Any] = field(default_factory=dict)


# --- writing ---------------------------------------------------------------------


def write_compact(rows: Iterable[Row], tail: Tail) -> Iterator[str]:
    """Pieces of one JSON object of format 2, one line for each value."""
    tables = _Tables()
    yield f'{{"format": {COMPACT}, "rows": ['
    yield from _write_lines(tables.name_row(row) for row in rows)
    yield '\n], "outcomes": ['
    versions = tables.find_versions()
    outcomes = tables.outcomes.values()
    yield from _write_lines(tables.name_outcome(one, versions) for one in outcomes)
    yield '\n], "cells": ['
    yield from _write_lines(tables.cells)
    yield '\n], "known_findings": ['
    yield from _write_lines(tables.findings)
    shape = {"versions": versions, **_shape_tail(tail)}
    if tail.pages:
        shape["pages"] = tail.pages
    yield f"\n], {_dump(shape)[1:]}\n"


def write_report(rows: Iterable[Row], tail: Tail) -> Iterator[str]:
    """The same as format 1: every row with all its cells and their findings."""
    yield f'{{"format": {_PLAIN}, "rows": ['
    yield from _write_lines(row.to_json() for row in rows)
    yield f"\n], {_dump(_shape_tail(tail))[1:]}\n"


def _shape_tail(tail: Tail) -> dict[str, Any]:
    return {
        "newest_unchanged": tail.newest,
        "findings": [finding.to_json() for finding in tail.findings],
        "calls": tail.calls.to_json(),
    }


def _write_lines(shapes: Iterable[Any]) -> Iterator[str]:
    before = "\n"
    for shape in shapes:
        yield before + _dump(shape)
        before = ",\n"


def _dump(shape: Any) -> str:
    return json.dumps(shape, ensure_ascii=False)


class _Tables:
    """Numbers of what was met, in order of first appearance."""

    def __init__(self) -> None:
        self.outcomes: dict[int, Outcome] = {}
        self.cells: list[dict[str, Any]] = []
        self.findings: list[dict[str, Any]] = []
        self._places: dict[int, int] = {}
        self._numbers: dict[Hashable, int] = {}

    def name_row(self, row: Row) -> dict[str, Any]:
        """A row, its outcome by number."""
        outcome = row.outcome
        known = self._places.setdefault(id(outcome), len(self._places))
        self.outcomes[id(outcome)] = outcome
        return {"scenario": row.scenario, "step": row.step, "outcome": known}

    def find_versions(self) -> list[str]:
        """Every version at which something was judged, oldest first."""
        found = {v for one in self.outcomes.values() for v in one.cells}
        return sorted(found, key=sort_key)

    def name_outcome(self, one: Outcome, versions: list[str]) -> dict[str, Any]:
        """An outcome, its cells by number in the order of `versions`."""
        cells = (one.cells.get(version) for version in versions)
        pairs = zip(versions, cells, strict=True)
        shape: dict[str, Any] = {
            "operation": one.operation,
            "label": one.label,
            "recorded": one.recorded,
            "cells": [self._name_cell(v, cell) if cell else None for v, cell in pairs],
        }
        if one.recorded not in one.cells:
            shape["own"] = self._name_cell(one.recorded, one.own)
        return shape

    def _name_cell(self, version: str, cell: Cell) -> int:
        found = [self._name_finding(version, one) for one in cell.findings]
        shape = {"status": str(cell.status), "findings": found}
        return self._number(self.cells, (cell.status, *found), shape)

    def _name_finding(self, version: str, finding: Finding) -> int:
        shape = finding.to_json()
        if finding.api_version == version:
            del shape["api_version"]
        return self._number(self.findings, _dump(shape), shape)

    def _number(
        self, table: list[dict[str, Any]], key: Hashable, shape: dict[str, Any]
    ) -> int:
        known = self._numbers.get(key)
        if known is None:
            known = self._numbers[key] = len(table)
            table.append(shape)
        return known


# --- reading ---------------------------------------------------------------------


def read_report(path: Path, tails: list[Tail]) -> Iterator[Row]:
    """The rows of a report of format 1 or 2; what follows them is added to `tails`.

    Raises:
        InputError: It cannot be read, or is no report.
    """
    try:
        with path.open("rb") as file:
            if _HEADS.get(file.readline().rstrip()) == _PLAIN:
                yield from _read_old_lines(path, file, tails)
                return
        loaded = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        cut = "it is cut off" if _is_cut(path) else error
        raise InputError(f"{path} is no regression report: {cut}.") from error
    if not isinstance(loaded, dict) or loaded.get("format") not in (_PLAIN, COMPACT):
        raise InputError(
            f"{path} is no regression report of format {_PLAIN} or {COMPACT}."
        )
    if not isinstance(loaded.get("rows"), list):
        raise InputError(f"{path} is no regression report: it has no rows.")
    if loaded["format"] == _PLAIN:
        reader = _OldRows(path)
        yield from map(reader.read, loaded["rows"])
    else:
        yield from _read_rows(path, loaded)
    tails.append(_read_tail(path, loaded))


def _is_cut(path: Path) -> bool:
    """Whether a file begins as a report of ours does."""
    try:
        with path.open("rb") as file:
            return file.readline().rstrip() in _HEADS
    except OSError:
        return False


def _read_rows(path: Path, loaded: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of format 2."""
    try:
        versions = loaded["versions"]
        cells = [
            (Status(one["status"]), tuple(one["findings"])) for one in loaded["cells"]
        ]
        findings = loaded["known_findings"]
        made: dict[tuple[int, str], Cell] = {}

        def cell(number: int, version: str) -> Cell:
            key = number, version
            if key not in made:
                status, found = cells[number]
                told = (findings[n] for n in found)
                made[key] = Cell(
                    status,
                    tuple(read_finding({"api_version": version, **f}) for f in told),
                )
            return made[key]

        outcomes = []
        for one in loaded["outcomes"]:
            pairs = zip(versions, one["cells"], strict=True)
            known = {v: cell(n, v) for v, n in pairs if n is not None}
            recorded = str(one["recorded"])
            own = known.get(recorded) or cell(one["own"], recorded)
            outcome = Outcome(one["operation"], one["label"], recorded, own, known)
            outcomes.append(outcome)
        for row in loaded["rows"]:
            yield Row(str(row["scenario"]), int(row["step"]), outcomes[row["outcome"]])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} has a malformed row: {error!r}.") from error


def _read_old_lines(
    path: Path, lines: Iterable[bytes], tails: list[Tail]
) -> Iterator[Row]:
    """Rows of format 1 as this program writes them, one a line: they are big."""
    reader = _OldRows(path)
    for line in lines:
        if line.startswith(b"]"):
            tails.append(_read_tail(path, json.loads(b"{" + line[1:].lstrip(b", "))))
            return
        yield reader.read(json.loads(line.rstrip().removesuffix(b",")))
    raise ValueError("it is cut off")


class _OldRows:
    """Reads rows of format 1; equal outcomes become one object."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._outcomes: dict[bytes, Outcome] = {}

    def read(self, shape: Any) -> Row:
        """One row.

        Raises:
            InputError: It is malformed.
        """
        try:
            what = {name: shape[name] for name in ("operation", "recorded", "versions")}
            whole = json.dumps([what, shape.get("label"), shape.get("own")])
            key = blake2b(whole.encode(), digest_size=16).digest()
            outcome = self._outcomes.get(key)
            if outcome is None:
                outcome = self._outcomes[key] = _read_old_outcome(shape)
            return Row(str(shape["scenario"]), int(shape["step"]), outcome)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"{self._path} has a malformed row: {error!r}.") from error


def _read_old_outcome(shape: Mapping[str, Any]) -> Outcome:
    cells = {version: _read_cell(c) for version, c in shape["versions"].items()}
    recorded, operation = str(shape["recorded"]), str(shape["operation"])
    # Format 1 does not require the label, nor a cell that nobody asked about.
    label = str(shape.get("label") or operation)
    own = _read_cell(shape["own"]) if "own" in shape else Cell(Status.OK)
    return Outcome(operation, label, recorded, cells.get(recorded, own), cells)


def _read_cell(shape: Mapping[str, Any]) -> Cell:
    return Cell(Status(shape["status"]), tuple(map(read_finding, shape["findings"])))


def _read_tail(path: Path, shape: Mapping[str, Any]) -> Tail:
    """Reports of older programs have neither findings nor an account."""
    try:
        findings = tuple(map(read_finding, shape.get("findings", ())))
        calls = shape.get("calls")
        return Tail(
            shape.get("newest_unchanged", {}),
            findings,
            read_calls(calls) if calls is not None else NOTHING,
            shape.get("pages", {}),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} has a malformed account: {error!r}.") from error
