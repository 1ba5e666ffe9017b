"""Each benchmark runs, and its ``--json`` has the published shape.

With nothing but what ``make setup`` installs: contenders that are not there
are named as absent, never left out.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


def _run(name: str, *options: str) -> dict[str, Any]:
    script = str(ROOT / "benchmarks" / f"{name}.py")
    done = subprocess.run(
        [sys.executable, script, "--json", "--quick", *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    loaded: dict[str, Any] = json.loads(done.stdout)
    assert loaded["benchmark"] == name
    return loaded


def _figures(document: dict[str, Any], name: str) -> list[Any]:
    return [row[name] for row in document["rows"] if name in row]


def _absent(document: dict[str, Any]) -> dict[str, str]:
    rows = document["rows"]
    return {row["contender"]: row["absent"] for row in rows if "absent" in row}


def _are_positive(figures: list[Any]) -> bool:
    return bool(figures) and all(
        isinstance(one, int | float) and one > 0 for one in figures
    )


def test_verdicts_names_every_contender_and_reports_every_fault(tmp_path: Path) -> None:
    document = _run("verdicts", "--specs", str(tmp_path))
    assert _are_positive(_figures(document, "verdicts_per_s"))
    measured = {row["contender"] for row in document["rows"] if "n" in row}
    assert measured >= {"ours (judge)", "ours (every finding)", "jsonschema"}
    named = measured | set(_absent(document))
    assert named >= {"fastjsonschema", "oav"}
    found = {
        (row["valid"], row["errors_reported"])
        for row in document["rows"]
        if row["contender"] == "ours (every finding)"
    }
    assert found == {("yes", 0), ("no", 3)}


def test_cold_measures_the_command_line_and_no_target_without_oav(
    tmp_path: Path,
) -> None:
    document = _run("cold", "--specs", str(tmp_path))
    assert _are_positive(_figures(document, "cold_ms"))
    assert "azml-contract check" in {row["contender"] for row in document["rows"]}
    assert set(_absent(document)) == {"oav (live validator)", "oav (command line)"}
    target = document["targets"][0]
    assert target["figure"] is None
    assert target["holds"] is None


def test_contract_measures_every_api_version(tmp_path: Path) -> None:
    from azml_contract.contract.catalog import known_versions

    document = _run("contract", "--specs", str(tmp_path))
    assert _are_positive(_figures(document, "load_ms"))
    ours = [r["api_version"] for r in document["rows"] if r["contender"] == "ours"]
    assert tuple(ours) == known_versions()
    assert set(_absent(document)) == {"oav"}


def test_replay_measures_every_contender_at_every_size() -> None:
    document = _run("replay")
    assert _are_positive(_figures(document, "per_request_ms"))
    assert _are_positive(_figures(document, "load_ms"))
    sizes = {(row["contender"], row["n"]) for row in document["rows"] if "n" in row}
    assert sizes >= {(name, n) for name in ("a dictionary", "ours") for n in (4, 10)}
    missing = {
        name
        for name in ("betamax", "responses", "cassetter")
        if find_spec(name) is None
    }
    assert set(_absent(document)) == missing


def test_regress_measures_each_size_with_one_worker_and_with_two() -> None:
    document = _run("regress")
    made = [row for row in document["rows"] if "verdicts_per_s" in row]
    runs = [(row["n"], row["workers"]) for row in made]
    assert runs == [(4, 1), (4, 2), (8, 1), (8, 2)]
    live = [row for row in document["rows"] if "live traffic" in row["contender"]]
    assert all("absent" in row or row["seconds"] > 0 for row in live)
    assert live
    assert _are_positive(_figures(document, "verdicts_per_s"))
    assert _are_positive(_figures(document, "distinct_per_s"))


def test_html_page_measures_what_a_reader_does() -> None:
    document = _run("html_page")
    measured = {row["contender"] for row in document["rows"] if row.get("ms")}
    assert measured | set(_absent(document)) >= {"render", "load", "open a cell"}


def test_saving_measures_what_is_done_or_says_what_is_absent() -> None:
    document = _run("saving")
    if any("absent" in row for row in document["rows"]):
        return
    assert {row["work"] for row in document["rows"]} == {
        "save",
        "prove",
        "import",
        "lint",
    }
    assert _are_positive(_figures(document, "seconds"))


def test_emulator_measures_throughput_pages_start_and_memory() -> None:
    document = _run("emulator")
    assert len(_figures(document, "per_s")) == 6
    for name in ("per_s", "ms", "s", "mb"):
        assert _are_positive(_figures(document, name))


def test_gateway_measures_programs_through_it_and_its_memory() -> None:
    document = _run("gateway")
    measured = {row["contender"] for row in document["rows"] if "per_s" in row}
    assert measured == {"echo server", "replay", "serve", "record", "emulator"}
    for name in ("per_s", "share"):
        assert len(_figures(document, name)) == 10
        assert _are_positive(_figures(document, name))
    assert [figure >= 0 for figure in _figures(document, "mb")] == [True, True]


def test_execution_sweeps() -> None:
    document = _run("execution", "--job-python", sys.executable)
    assert _are_positive(_figures(document, "seconds"))
    assert _are_positive(_figures(document, "processor_s"))
