"""Gather what the HTML page of `regress` shows beside the matrix.

In: judged rows, and the files they came from, which are read again for the
bodies. Out: the page. Wiring between regression and report.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azml_contract.finding import Side

if TYPE_CHECKING:
    from azml_contract.exchange import Exchange
    from azml_contract.regression.coverage import Coverage
    from azml_contract.regression.outcome import Outcome, Row

_Shape = dict[str, Any]


def render_page(rows: Sequence[Row], files: Mapping[str, str]) -> str:
    """The HTML page of a run.

    Args:
        rows: What was judged.
        files: For ``scenario recorded`` the file it came from; without any, as
            after a merge, the page has neither requests nor coverage.

    Raises:
        AzmlContractError: A file that was judged cannot be read any more.
    """
    from azml_contract.regression.coverage import Coverage
    from azml_contract.report.html import render_html

    coverage = Coverage()
    targets: dict[str, str] = {}
    halves = _read_halves(rows, sorted(set(files.values())), coverage, targets)
    cells: dict[int, _Shape] = {}
    report = {
        "rows": [_shape_row(row, cells) | halves.get(_key(row), {}) for row in rows],
        "recordings": list(_describe_recordings(rows, targets, files)),
    }
    title = _name(files) if rows else "No recordings"
    return render_html(report, coverage.to_json() if files else None, title)


_Key = tuple[str, str, int]


def _name(files: Mapping[str, str]) -> str:
    """What was judged: the one file, or the folder that all are in."""
    if not files:
        return "Merged reports"
    try:
        return Path(os.path.commonpath(files.values())).as_posix()
    except ValueError:  # some relative and some not, or on several drives
        return f"{len(set(files.values()))} recordings"


def _key(row: Row) -> _Key:
    return row.scenario, row.recorded, row.step


def _shape_row(row: Row, cells: dict[int, _Shape]) -> _Shape:
    """A row's JSON; rows of one outcome share its cells."""
    outcome = row.outcome
    if id(outcome) not in cells:
        cells[id(outcome)] = _shape_cells(outcome)
    return {
        "scenario": row.scenario,
        "step": row.step,
        "operation": row.operation,
        "label": row.label,
        "recorded": row.recorded,
        **cells[id(outcome)],
    }


def _shape_cells(outcome: Outcome) -> _Shape:
    versions = {version: cell.to_json() for version, cell in outcome.cells.items()}
    return {"versions": versions, "own": outcome.own.to_json()}


def _read_halves(
    rows: Iterable[Row],
    files: Iterable[str],
    coverage: Coverage,
    targets: dict[str, str],
) -> dict[_Key, _Shape]:
    """The request of each row, and the response of those that say something of it.

    On the way every call that the files hold is counted in `coverage`, and
    `targets` learns from where each scenario was recorded.
    """
    from azml_contract.documents.recordings import read_any

    wanted = {_key(row): _speaks_of_answers(row.outcome) for row in rows}
    halves: dict[_Key, _Shape] = {}
    shapes: dict[object, _Shape] = {}
    for file in files:
        recording = read_any(Path(file))
        targets[recording.scenario] = recording.target
        for call in recording.calls():
            coverage.add([call.exchange])
            asked = (call.exchange.request.api_version or "").lower()
            for recorded in (asked, recording.api_version):
                key = (recording.scenario, recorded, call.step)
                if key in wanted and key not in halves:
                    halves[key] = _shape_call(call.exchange, wanted[key], shapes)
    return halves


def _speaks_of_answers(outcome: Outcome) -> bool:
    cells = (outcome.own, *outcome.cells.values())
    return any(f.side is Side.RESPONSE for cell in cells for f in cell.findings)


def _shape_call(
    exchange: Exchange, with_answer: bool, shapes: dict[object, _Shape]
) -> _Shape:
    """Both halves as cassettes hold them; equal ones are made once."""
    request, response = exchange.request, exchange.response
    key = (request.method, request.url, request.body)
    if key not in shapes:
        body = _shape_body(request.body)
        shapes[key] = {"method": request.method, "uri": request.url, "body": body}
    shape: _Shape = {"request": shapes[key]}
    if with_answer:
        answer = {"status": response.status, "body": _shape_body(response.body)}
        shape["response"] = answer
    return shape


def _shape_body(body: bytes) -> _Shape | None:
    if not body:
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}
    try:
        return {"json": json.loads(text)}
    except (ValueError, RecursionError):
        return {"text": text}


def _describe_recordings(
    rows: Sequence[Row], targets: Mapping[str, str], files: Mapping[str, str]
) -> Iterable[_Shape]:
    """Of each recording where it is from, and the edits to the newest version."""
    from azml_contract.commands.regressed import columns_of, group_rows
    from azml_contract.documents.recordings import read_any
    from azml_contract.regression.edits import make_edits

    describe_edits = make_edits(files, read_any)
    known: dict[tuple[int, ...], tuple[str, ...]] = {}
    for (scenario, recorded), group in group_rows(rows).items():
        goal = columns_of(group)[-1]
        alike = tuple(id(row.outcome) for row in group)
        if alike not in known:
            breaks = any(row.outcome.breaks_at(goal) for row in group)
            known[alike] = describe_edits(group, goal) if breaks else ()
        yield {
            "scenario": scenario,
            "recorded": recorded,
            "target": targets.get(scenario, ""),
            "goal": goal,
            "edits": known[alike],
        }
