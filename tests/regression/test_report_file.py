"""Reports are read as they were written, in both forms, and what is none is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from azml_contract.errors import InputError
from azml_contract.finding import Finding, Severity
from azml_contract.regression.outcome import Cell, Outcome, Row, Status
from azml_contract.regression.report_file import (
    Tail,
    read_report,
    write_compact,
    write_report,
)
from azml_contract.seen import NOTHING, Calls

V1, V2, V3 = "2022-05-01", "2023-04-01", "2024-04-01"
OK = Cell(Status.OK)


def finding(version: str = V2, message: str = "gone") -> Finding:
    told = {"pointer": "/a", "api_version": version, "cure": "Do not read it."}
    return Finding("AZC302", Severity.ERROR, message, **told)


def gone(version: str = V2, message: str = "gone") -> Cell:
    return Cell(Status.GONE, (finding(version, message),))


def outcome(cells: dict[str, Cell], own: Cell = OK, **more: str) -> Outcome:
    named = {"operation": "A_Get", "label": "GET a", "recorded": V1, **more}
    return Outcome(**named, own=own, cells=cells)


SHARED = outcome({V1: OK, V2: gone(), V3: gone(V3)})
ROWS = [
    Row("s", 0, SHARED),
    Row("s", 1, SHARED),
    Row("t", 0, outcome({V2: gone(), V3: gone(V1)}, own=gone(V1, "always"))),
    Row("t", 1, outcome({V2: gone(V2, "other"), V3: OK}, label="PUT a")),
]
TAIL = Tail({"s": V1}, (finding("", "not read"),), Calls(4), {"page": {"a": 1}})


def write(folder: Path, rows: list[Row], tail: Tail, *, compact: bool) -> Path:
    file = folder / "report.json"
    pieces = (write_compact if compact else write_report)(rows, tail)
    file.write_text("".join(pieces), "utf-8")
    return file


def read(file: Path) -> tuple[list[Row], Tail]:
    tails: list[Tail] = []
    rows = list(read_report(file, tails))
    (tail,) = tails
    return rows, tail


@pytest.mark.parametrize("compact", [True, False])
@pytest.mark.parametrize("indent", [None, 1])
def test_a_report_is_read_as_it_was_written(tmp_path, compact, indent):
    file = write(tmp_path, ROWS, TAIL, compact=compact)
    if indent:  # as another program writes it
        file.write_text(json.dumps(json.loads(file.read_text("utf-8")), indent=indent))

    rows, tail = read(file)

    assert rows == ROWS
    assert rows[0].outcome is rows[1].outcome
    assert (tail.newest, tail.findings, tail.calls) == (
        {"s": V1},
        TAIL.findings,
        Calls(4),
    )
    assert tail.pages == (TAIL.pages if compact else {})


def test_the_short_form_says_everything_once(tmp_path):
    shape = json.loads(write(tmp_path, ROWS, TAIL, compact=True).read_text("utf-8"))

    assert shape["format"] == 2
    assert shape["versions"] == [V1, V2, V3]
    assert [one["outcome"] for one in shape["rows"]] == [0, 0, 1, 2]
    assert shape["outcomes"][0] == {
        "operation": "A_Get",
        "label": "GET a",
        "recorded": V1,
        "cells": [0, 1, 1],  # the finding is the same at both
    }
    assert shape["outcomes"][1]["cells"] == [None, 1, 2]
    assert shape["outcomes"][1]["own"] == 3
    assert shape["cells"][0] == {"status": "ok", "findings": []}
    assert shape["cells"][1] == {"status": "gone", "findings": [0]}
    assert "api_version" not in shape["known_findings"][0]
    told = [one.get("api_version") for one in shape["known_findings"]]
    assert told.count(V1) == 1  # told at another version than its column
    assert shape["pages"] == {"page": {"a": 1}}
    assert shape["newest_unchanged"] == {"s": V1}


@pytest.mark.parametrize("compact", [True, False])
def test_a_report_of_nothing_is_one(tmp_path, compact):
    rows, tail = read(write(tmp_path, [], Tail(), compact=compact))
    assert (rows, tail) == ([], Tail())


def test_reports_of_older_programs_tell_less(tmp_path):
    file = tmp_path / "old.json"
    row = {"scenario": "s", "step": 0, "operation": "A_Get", "recorded": V1}
    whole = {"format": 1, "rows": [{**row, "versions": {V2: OK.to_json()}}]}
    file.write_text(json.dumps(whole))
    ((found,), tail) = read(file)
    assert (found.label, found.outcome.own) == ("A_Get", OK)
    assert (tail.newest, tail.findings, tail.calls) == ({}, (), NOTHING)


COMPACT: dict[str, Any] = {
    "versions": [V1, V2],
    "outcomes": [
        {"operation": "A_Get", "label": "GET a", "recorded": V1, "cells": [0, None]}
    ],
    "cells": [{"status": "ok", "findings": []}],
    "known_findings": [],
    "rows": [{"scenario": "s", "step": 0, "outcome": 0}],
}
PLAIN = json.loads(json.dumps(ROWS[0].to_json()))


def changed(**fields: Any) -> dict[str, Any]:
    return {"format": 2, **COMPACT, **fields}


def outcome_with(**fields: Any) -> dict[str, Any]:
    return changed(outcomes=[{**COMPACT["outcomes"][0], **fields}])


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ([], "is no regression report of format 1 or 2."),
        ({"format": 3, "rows": []}, "is no regression report of format 1 or 2."),
        ({"format": 1, "rows": {}}, "is no regression report: it has no rows."),
        ({"format": 2}, "is no regression report: it has no rows."),
        ({"format": 2, "rows": []}, "has a malformed row: KeyError"),
        (outcome_with(cells=[0]), "has a malformed row: ValueError"),
        (outcome_with(cells=[0, None, 0]), "has a malformed row: ValueError"),
        (outcome_with(cells=[7, None]), "has a malformed row: IndexError"),
        (outcome_with(cells=[None, 0]), "has a malformed row: KeyError"),
        (changed(cells=[{"status": "odd", "findings": []}]), "has a malformed row"),
        (changed(rows=[1]), "has a malformed row: TypeError"),
        ({"format": 1, "rows": [1]}, "has a malformed row: TypeError"),
        ({"format": 1, "rows": [{**PLAIN, "step": "x"}]}, "has a malformed row"),
        ({"format": 1, "rows": [], "findings": [1]}, "has a malformed account"),
        (changed(calls={}), "has a malformed account: KeyError('judged')"),
    ],
)
def test_what_is_no_report_says_why(tmp_path, shape, message):
    file = tmp_path / "report.json"
    file.write_text(json.dumps(shape))
    with pytest.raises(InputError) as caught:
        list(read_report(file, []))
    assert str(caught.value).startswith(str(file))
    assert message in str(caught.value)


@pytest.mark.parametrize("compact", [True, False])
@pytest.mark.parametrize("left", [0.3, 0.9])
def test_a_report_that_is_cut_off_is_told(tmp_path, compact, left):
    file = write(tmp_path, ROWS, TAIL, compact=compact)
    raw = file.read_bytes()
    for cut in (raw[: int(len(raw) * left)], raw[: raw.index(b"\n]")]):
        file.write_bytes(cut)
        with pytest.raises(InputError, match="is no regression report: it is cut off"):
            list(read_report(file, []))


def test_a_file_that_is_not_there_or_no_json_is_no_report(tmp_path):
    file = tmp_path / "report.json"
    with pytest.raises(InputError, match=r"is no regression report: .*No such file"):
        list(read_report(file, []))
    file.write_text("hello")
    with pytest.raises(InputError, match="is no regression report: Expecting value"):
        list(read_report(file, []))
