"""Baselines are read as they were written, and what is none is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from azml_contract.errors import InputError
from azml_contract.finding import Finding, Severity
from azml_contract.regression.baseline import load_baseline, render_baseline
from azml_contract.regression.outcome import Break, Cell, Outcome, Row, Status

ENTRY = {
    "scenario": "a/b",
    "recorded": "2023-10-01",
    "call": "PUT jobs/one",
    "status": "refused",
    "side": "request",
    "pointer": "/properties/a",
    "versions": ["2024-04-01 .. 2024-10-01"],
}
ORDER = ("2023-10-01", "2024-04-01", "2024-10-01", "2025-06-01")


def make_break(*versions: str, code: str = "AZC101", pointer: str = "") -> Break:
    finding = Finding(code, Severity.ERROR, "It breaks.", pointer=pointer)
    return Break(
        *("a/b", "2023-10-01", "PUT jobs/one", "Jobs_CreateOrUpdate", 1),
        *(Status.REFUSED, finding, versions),
    )


def write(folder: Path, *entries: Any) -> Path:
    file = folder / "known.json"
    file.write_text(json.dumps({"format": 1, "breaks": [*entries]}), "utf-8")
    return file


def test_an_entry_covers_its_place_at_its_versions(tmp_path: Path) -> None:
    known = load_baseline(write(tmp_path, ENTRY))

    assert known.covers(make_break("2024-04-01", pointer="/properties/a"))
    assert known.covers(make_break("2024-04-01", "2024-10-01", pointer="/properties/a"))
    assert not known.covers(make_break("2025-06-01", pointer="/properties/a"))
    assert not known.covers(make_break("2024-04-01", pointer="/properties/b"))


def test_breaks_of_no_place_are_told_apart_by_their_code(tmp_path: Path) -> None:
    """That an operation is gone does not hide that its answers have another status."""
    gone = make_break("2024-10-01", code="AZC301")
    other = make_break("2024-10-01", code="AZC304")
    file = tmp_path / "known.json"
    file.write_text(render_baseline([gone], ORDER), "utf-8")

    known = load_baseline(file)

    assert known.covers(gone)
    assert not known.covers(other)
    (stale,) = load_baseline(file).find_stale([judged_row("2024-10-01")], [other])
    assert stale.endswith("AZC301")
    assert known.find_stale([judged_row("2024-10-01")], [gone]) == []


def test_an_entry_without_a_code_knows_each_break_of_no_place(tmp_path: Path) -> None:
    known = load_baseline(write(tmp_path, {**ENTRY, "pointer": ""}))

    for code in ("AZC301", "AZC304"):
        one = make_break("2024-10-01", code=code)
        assert known.covers(one)
        assert known.find_stale([judged_row("2024-10-01")], [one]) == []


def judged_row(version: str) -> Row:
    """The call, judged at one version."""
    cells = {version: Cell(Status.REFUSED)}
    call = ("Jobs_CreateOrUpdate", "PUT jobs/one", "2023-10-01", Cell(Status.OK))
    return Row("a/b", 1, Outcome(*call, cells))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "There is no baseline"),
        ("{", "is no baseline: Expecting property name"),
        ("[]", "is no baseline of format 1."),
        ('{"format": 2, "breaks": []}', "is no baseline of format 1."),
        ('{"format": 1}', "is no baseline: it has no list of breaks."),
        ('{"format": 1, "breaks": 1}', "is no baseline: it has no list of breaks."),
        ('{"format": 1, "breaks": [1]}', "is no baseline: entry 1 is no object."),
    ],
)
def test_a_file_that_is_none_is_told(
    tmp_path: Path, text: str | None, told: str
) -> None:
    file = tmp_path / "known.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError) as caught:
        load_baseline(file)
    assert told in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_folder_that_is_no_baseline_is_told_without_numbers(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_baseline(tmp_path)
    assert str(caught.value) == f"{tmp_path} is no baseline: Is a directory."


def test_entries_are_sorted_and_reach_as_far_as_their_breaks(tmp_path: Path) -> None:
    breaks = [
        make_break("2024-04-01", "2024-10-01", "2025-06-01", pointer="/b"),
        make_break("2023-10-01", "2024-10-01", pointer="/a"),
        make_break("2025-06-01", code="AZC304"),
        make_break("2024-10-01", code="AZC301"),
    ]
    text = render_baseline(breaks, ORDER)

    entries = json.loads(text)["breaks"]
    assert [(one["pointer"], one["versions"], one.get("code")) for one in entries] == [
        ("", ["2024-10-01"], "AZC301"),
        ("", ["2025-06-01 and later"], "AZC304"),
        ("/a", ["2023-10-01", "2024-10-01"], None),
        ("/b", ["2024-04-01 and later"], None),
    ]
    assert list(entries[0]) == [
        *("scenario", "recorded", "call", "status", "side", "pointer", "code"),
        *("versions", "reason"),
    ]
    assert entries[0]["reason"] == "It breaks."
    file = tmp_path / "known.json"
    file.write_text(text)
    known = load_baseline(file)
    assert all(map(known.covers, breaks))
    assert known.covers(make_break("2026-05-01", pointer="/b"))
    assert not known.covers(make_break("2026-05-01", pointer="/a"))
    assert not known.covers(make_break("2023-10-01", pointer="/b"))


def test_an_entry_about_what_was_not_judged_is_not_gone(tmp_path: Path) -> None:
    other = {**ENTRY, "scenario": "c/d"}
    later = {**ENTRY, "pointer": "/c", "versions": ["2024-10-01 and later"]}
    known = load_baseline(write(tmp_path, ENTRY, other, later))
    assert known.find_stale([judged_row("2025-06-01")], []) == [
        "a/b 2023-10-01 PUT jobs/one refused request /c"
    ]
    assert known.find_stale([judged_row("2024-04-01")], []) == [
        "a/b 2023-10-01 PUT jobs/one refused request /properties/a"
    ]
    one = make_break("2024-04-01", pointer="/properties/a")
    assert known.find_stale([judged_row("2024-04-01")], [one]) == []


def test_no_breaks_are_written_as_an_empty_list(tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    file.write_text(render_baseline([], ["2024-04-01"]), "utf-8")

    assert json.loads(file.read_text("utf-8")) == {"format": 1, "breaks": []}
    assert not load_baseline(file).covers(make_break("2024-04-01"))


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({**ENTRY, "versions": ["soon"]}, "soon"),
        ({**ENTRY, "versions": []}, "the versions of entry 1 are no list"),
        ({k: v for k, v in ENTRY.items() if k != "side"}, "entry 1 lacks 'side'"),
        ("a", "entry 1 is no object"),
    ],
)
def test_an_entry_that_is_none_is_told(tmp_path: Path, entry: Any, told: str) -> None:
    with pytest.raises(InputError) as caught:
        load_baseline(write(tmp_path, entry))

    assert told in str(caught.value)
