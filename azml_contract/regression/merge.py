"""Join the JSON reports of several regression runs, such as those of CI jobs.

In: files of format 1. Out: their rows, those of the same call once. Cells of
one call that were judged in different runs are put together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from azml_contract.api_version import sort_key
from azml_contract.errors import InputError
from azml_contract.finding import Evidence, Finding, Severity, Side
from azml_contract.regression.outcome import Cell, Outcome, Row, Status

FORMAT = 1


def merge_reports(paths: Iterable[Path]) -> list[Row]:
    """The rows of all reports, in the order of the files.

    Raises:
        InputError: A file cannot be read, or is no report of format 1.
    """
    rows: dict[tuple[str, int, str], Row] = {}
    outcomes: dict[str, Outcome] = {}
    for path in paths:
        for shape in _load(path):
            row = _read_row(path, shape, outcomes)
            key = (row.scenario, row.step, row.recorded)
            rows[key] = _join(rows[key], row) if key in rows else row
    return list(rows.values())


def _load(path: Path) -> list[Any]:
    try:
        loaded = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no regression report: {error}.") from error
    if not isinstance(loaded, dict) or loaded.get("format") != FORMAT:
        raise InputError(f"{path} is no regression report of format {FORMAT}.")
    rows = loaded.get("rows")
    if not isinstance(rows, list):
        raise InputError(f"{path} is no regression report: it has no rows.")
    return rows


def _read_row(path: Path, shape: Any, outcomes: dict[str, Outcome]) -> Row:
    try:
        what = {name: shape[name] for name in ("operation", "recorded", "versions")}
        key = json.dumps(what)
        outcome = outcomes.get(key)
        if outcome is None:
            outcome = outcomes[key] = _read_outcome(shape)
        return Row(str(shape["scenario"]), int(shape["step"]), outcome)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} has a malformed row: {error!r}.") from error


def _read_outcome(shape: Mapping[str, Any]) -> Outcome:
    cells = {
        version: Cell(
            Status(cell["status"]), tuple(_read_finding(f) for f in cell["findings"])
        )
        for version, cell in shape["versions"].items()
    }
    recorded, operation = str(shape["recorded"]), str(shape["operation"])
    own = cells.get(recorded, Cell(Status.OK))
    return Outcome(operation, operation, recorded, own, cells)


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
    )


def _join(one: Row, other: Row) -> Row:
    cells = {**one.cells, **other.cells}
    ordered = {version: cells[version] for version in sorted(cells, key=sort_key)}
    own = one.outcome.own if one.recorded in one.cells else other.outcome.own
    return replace(one, outcome=replace(one.outcome, cells=ordered, own=own))
