"""Baselines are read as they were written, and what is none is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from azml_contract.errors import InputError
from azml_contract.regression.baseline import load_baseline, render_baseline
from azml_contract.regression.outline import name_kind

ENTRY = {
    "scenario": "a/b",
    "recorded": "2023-10-01",
    "call": "PUT jobs/one",
    "status": "breaks",
    "side": "request",
    "pointer": "/properties/a",
    "versions": ["2024-04-01 .. 2024-10-01"],
}


def write(folder: Path, *entries: Any) -> Path:
    file = folder / "known.json"
    file.write_text(json.dumps({"format": 1, "breaks": [*entries]}), "utf-8")
    return file


def test_an_entry_is_read(tmp_path: Path) -> None:
    assert load_baseline(write(tmp_path, ENTRY)) is not None


def test_no_breaks_are_written_as_an_empty_list(tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    file.write_text(render_baseline([], ["2024-04-01"]), "utf-8")

    assert json.loads(file.read_text("utf-8")) == {"format": 1, "breaks": []}
    assert load_baseline(file) is not None


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


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "boolean"),
        (1, "integer"),
        (1.5, "number"),
        ("a", "string"),
        ([], "array"),
        ({}, "object"),
    ],
)
def test_values_are_named_as_json_names_them(value: Any, kind: str) -> None:
    assert name_kind(value) == kind
