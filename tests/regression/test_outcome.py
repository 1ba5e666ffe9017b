"""What follows from cells: what breaks, since when, and how far a scenario moves."""

from __future__ import annotations

from typing import Any

import pytest

from azml_contract.finding import Finding, Severity, Side
from azml_contract.regression.outcome import (
    Cell,
    Outcome,
    Row,
    Shared,
    Status,
    current_versions,
    find_breaks,
    fold_versions,
    newest_unchanged,
)

V1, V2, V3, V4 = "2022-05-01", "2023-04-01", "2024-04-01-preview", "2024-04-01"
OK = Cell(Status.OK)


def finding(
    code: str = "AZC302",
    pointer: str = "/a",
    severity: Severity = Severity.ERROR,
    side: Side = Side.RESPONSE,
    message: str = "gone",
) -> Finding:
    return Finding(code, severity, message, pointer=pointer, side=side)


def cell(*findings: Finding, status: Status = Status.GONE) -> Cell:
    return Cell(status, findings or (finding(),))


def outcome(
    cells: dict[str, Cell], *, recorded: str = V2, own: Cell = OK, label: str = "GET a"
) -> Outcome:
    return Outcome("A_Get", label, recorded, own, cells)


def row(cells: dict[str, Cell], scenario: str = "s", step: int = 0, **more: Any) -> Row:
    return Row(scenario, step, outcome(cells, **more))


@pytest.mark.parametrize("status", list(Status))
def test_a_call_breaks_where_it_no_longer_does_what_it_did(status):
    assert status.breaks is (status in ("gone", "refused", "ignored"))
    made = outcome({V3: cell(status=status), V4: OK})
    assert made.breaks_at(V3) is status.breaks
    assert not made.breaks_at(V4)
    assert not made.breaks_at(V1)  # nobody asked
    assert made.unbroken == ({V4} if status.breaks else {V3, V4})


def test_only_errors_that_are_new_count():
    known, elsewhere = finding(), finding(pointer="/b")
    other_code = finding(code="AZC303")
    warning = finding(pointer="/c", severity=Severity.WARNING)
    made = outcome(
        {V3: cell(known, elsewhere, other_code, warning), V4: cell(known)},
        own=cell(known, finding(pointer="/c")),
    )
    assert made.cells[V3].errors == (known, elsewhere, other_code)
    assert made.new_errors(V3) == (elsewhere, other_code)
    assert made.new_errors(V4) == made.new_errors(V1) == ()
    assert made.unbroken == {V4}


def test_a_version_without_the_operation_is_a_detour_where_a_later_one_has_it():
    gone = cell(finding("AZC301", ""))
    made = outcome({V3: gone, V1: gone, V2: OK, V4: OK})
    assert made.detours == {V1, V3}
    assert outcome({V1: gone, V2: OK, V4: gone}).detours == {V1}
    assert outcome({V1: gone}).detours == frozenset()
    assert outcome({V1: cell(), V2: OK}).detours == frozenset()


def test_equal_outcomes_and_equal_cells_are_one_object():
    shared = Shared()
    first = shared.find(outcome({V1: cell(), V3: OK}))
    assert shared.find(outcome({V1: cell(), V3: OK})) is first
    for other in (
        outcome({V1: cell(), V4: OK}),
        outcome({V1: cell(), V3: cell()}),
        outcome({V1: cell(), V3: OK}, own=cell()),
        outcome({V1: cell(), V3: OK}, recorded=V1),
        outcome({V1: cell(), V3: OK}, label="PUT a"),
    ):
        found = shared.find(other)
        assert found == other
        assert found is not first
        assert found.cells[V1] is first.cells[V1]


def test_of_too_many_outcomes_the_old_ones_are_let_go(monkeypatch):
    monkeypatch.setattr("azml_contract.regression.outcome._CAPACITY", 2)
    shared = Shared()
    labels = ("a", "b", "c")
    made = [shared.find(outcome({}, label=label)) for label in labels]
    assert shared.find(outcome({}, label="c")) is made[2]
    assert shared.find(outcome({}, label="a")) is not made[0]


def test_a_row_tells_its_own_cell_only_where_no_column_does():
    told = row({V3: cell()}, step=7).to_json()
    assert told.pop("versions") == {V3: cell().to_json()}
    assert told == {
        "scenario": "s",
        "step": 7,
        "operation": "A_Get",
        "label": "GET a",
        "recorded": V2,
        "own": {"status": "ok", "findings": []},
    }
    assert "own" not in row({V2: OK}).to_json()


def test_a_break_is_told_once_with_the_finding_of_the_first_version_after():
    older, first, last = (finding(message=text) for text in ("old", "first", "last"))
    cells = {V4: cell(last), V1: cell(older), V3: cell(first, status=Status.REFUSED)}
    (found,) = find_breaks([row(cells, step=3), row(cells, step=5)])
    assert (found.scenario, found.recorded, found.label) == ("s", V2, "GET a")
    assert (found.operation, found.step) == ("A_Get", 3)
    assert found.versions == (V1, V3, V4)
    assert (found.finding.message, found.status) == ("first", Status.REFUSED)
    assert found.since == V3


def test_what_breaks_at_older_versions_alone_is_told_by_the_last_of_them():
    cells = {V2: cell(finding(message="second")), V1: cell(), V3: OK}
    (found,) = find_breaks([row(cells, recorded=V3)])
    assert (found.versions, found.since) == ((V1, V2), "")
    assert found.finding.message == "second"


def test_nobody_moves_to_a_version_that_lacks_the_operation_for_a_while():
    gone = cell(finding("AZC301", "", message="no operation"))
    (found,) = find_breaks([row({V1: OK, V3: gone, V4: OK})])
    assert (found.versions, found.since, found.detours) == ((V3,), "", {V3})
    assert found.finding.message == "no operation"
    (found,) = find_breaks([row({V2: OK, V3: gone, V4: gone})])
    assert found.since == V3


def test_what_is_at_no_place_of_a_body_is_told_apart_by_its_code():
    status, operation = finding("AZC306", ""), finding("AZC301", "")
    found = find_breaks([row({V3: cell(status, operation, status)})])
    assert [one.finding.code for one in found] == ["AZC306", "AZC301"]
    asked = finding(side=Side.REQUEST)
    assert len(find_breaks([row({V3: cell(finding(), asked)})])) == 2
    unknown = finding("AZC999")
    assert len(find_breaks([row({V3: cell(unknown, unknown)})])) == 1


def test_a_property_that_is_dropped_here_and_refused_there_is_two_breaks():
    cells = {
        V3: cell(finding("AZC102", side=Side.REQUEST), status=Status.IGNORED),
        V4: cell(finding("AZC104", side=Side.REQUEST), status=Status.REFUSED),
    }
    found = find_breaks([row(cells)])
    assert [(one.versions, one.status) for one in found] == [
        ((V3,), "ignored"),
        ((V4,), "refused"),
    ]


def test_calls_of_one_name_break_together_and_others_apart():
    first = row({V3: cell(), V4: OK}, step=1)
    again = row({V3: OK, V4: cell(finding(message="later"))}, step=2)
    (found,) = find_breaks([first, again])
    assert (found.versions, found.step) == ((V3, V4), 1)
    others = [
        row({V3: cell()}, label="PUT a"),
        row({V3: cell()}, scenario="t"),
        row({V3: cell()}, recorded=V1),
    ]
    assert len(find_breaks([first, *others])) == 4


def test_a_scenario_moves_to_the_newest_version_that_breaks_none_of_its_calls():
    rows = [
        row({V1: OK, V2: OK, V3: OK, V4: OK}, step=0),
        row({V1: OK, V2: OK, V3: OK, V4: cell()}, step=1),
        row({V1: OK, V2: OK, V3: OK, V4: OK}, scenario="t"),
        row({V2: cell(), V1: OK}, scenario="u"),
        row({V2: OK, V3: cell()}, scenario="v", recorded=V2),
    ]
    # Only V2 breaks "u", and it was recorded there: it is nothing to move to.
    assert newest_unchanged(rows) == {"s": V3, "t": V4, "u": "", "v": V2}
    stable = newest_unchanged(rows, stable_only=True)
    assert stable == {"s": V2, "t": V4, "u": "", "v": V2}


def test_of_several_recordings_the_newest_counts_and_one_of_many_versions_is_whole():
    old, new = row({V4: cell()}, recorded=V1), row({V4: OK}, recorded=V2)
    assert current_versions([old, new]) == {"s": (V2,)}
    assert newest_unchanged([old, new]) == {"s": V4}
    mixed = row({V4: cell()}, recorded=V1, step=1)
    assert current_versions([old, new, mixed]) == {"s": (V2,)}  # they share a step
    assert current_versions([mixed, new]) == {"s": (V2, V1)}
    assert newest_unchanged([mixed, new]) == {"s": ""}
    third = row({V4: OK}, recorded=V3, step=1)
    assert current_versions([mixed, new, third]) == {"s": (V3, V2)}


def test_neighbours_are_folded_in_the_order_of_the_columns():
    order = [V1, V2, V3, V4]
    assert fold_versions([V4, V3], order) == [f"{V3} .. {V4}"]
    assert fold_versions([V4, V1, V2], order) == [f"{V1} .. {V2}", V4]
    assert fold_versions(order, order) == [f"{V1} .. {V4}"]
