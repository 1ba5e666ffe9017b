"""From which size a cluster pays, told from two sizes."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("cluster")


def test_it_pays_where_the_lines_cross_and_nowhere_where_they_do_not(
    cluster: ModuleType,
) -> None:
    seconds = {"--jobs 1": (2.0, 11.0), "workers": (5.0, 9.5), "slower": (3.0, 13.0)}
    rows = [
        {"contender": name, "n": 1_000 * size, "seconds": figures[size > 1]}
        for size in (1, 10)
        for name, figures in seconds.items()
    ]

    cluster.add_crossings(rows)

    told = {row["contender"]: row.get("pays_from") for row in rows[3:]}
    assert told == {"--jobs 1": None, "workers": 7_000, "slower": None}
    assert not any("pays_from" in row for row in rows[:3])


def test_without_dask_it_says_what_is_missing(
    cluster: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(cluster, "SEEDS", tmp_path)
    monkeypatch.setattr(cluster, "ROOT", tmp_path)
    monkeypatch.setattr(cluster, "DASK", tmp_path / ".clients" / "dask")
    monkeypatch.setattr("sys.argv", ["cluster.py", "--json"])

    cluster.main()

    assert '"there is no .clients/dask"' in capsys.readouterr().out
