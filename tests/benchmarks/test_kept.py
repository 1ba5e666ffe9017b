"""What is kept of the benchmarks, and when a figure has fallen."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("kept", BENCHMARKS / "kept.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_figure_falls_by_more_than_a_third(kept: ModuleType) -> None:
    before = {"judge": 3.0, "call": 0.9}
    assert kept.find_fallen({"judge": 2.1, "call": 0.61}, before) == set()
    assert kept.find_fallen({"judge": 1.9, "call": 9.0}, before) == {"judge"}


def test_a_figure_that_fell_is_measured_again_and_fails_only_twice(
    kept: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "kept.json"
    file.write_text(json.dumps({"judge": 3.0, "call": 1.0}))
    monkeypatch.setattr(kept, "KEPT", file)
    monkeypatch.setattr(sys, "argv", ["kept.py"])
    slow, fine = {"judge": 1.0, "call": 1.0}, {"judge": 2.9, "call": 1.0}
    for second, code in ((slow, 1), (fine, 0)):
        runs = iter((slow, {"judge": second["judge"]}))
        asked: list[set[str] | None] = []

        def measure_all(
            wanted: set[str] | None = None, runs=runs, asked=asked
        ) -> dict[str, float]:
            asked.append(wanted)
            return dict(next(runs))

        monkeypatch.setattr(kept, "measure_all", measure_all)
        assert kept.main() == code
        assert asked == [None, {"judge"}]


def test_what_is_kept_is_what_is_measured(kept: ModuleType) -> None:
    figures = json.loads(kept.KEPT.read_text())
    assert all(figure > 0 for figure in figures.values())
    assert set(figures) >= {"check a body", "load a contract"}
    # What others do with a body is for docs/benchmarks.md: here it is noise.
    assert not [name for name in figures if "jsonschema" in name]


def test_the_page_says_what_a_benchmark_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    page = importlib.import_module("page")
    targets = [
        {"target": "rate", "figure": 2.5, "at_least": 2, "holds": True},
        {"target": "ms", "figure": 40, "at_most": 20, "holds": False},
        {"target": "MB", "figure": None, "at_most": 1, "holds": None},
    ]
    rows = [{"contender": "ours", "ms": 40}]
    told = page.render("cold", {"rows": rows, "targets": targets, "machine": "M"})
    assert told.startswith("## Cold start: from nothing to the first verdict")
    assert "| ours      | 40 |" in told
    assert "- rate: **2.5** (expected at least 2: holds)" in told
    assert "- ms: **40** (expected at most 20: **missed**)" in told
    assert "- MB: not measured (expected at most 1)" in told
