"""Scenarios on four workers: the same result and the same files each time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from azml_contract.contract.catalog import newest_stable
from azml_contract.shipped import DEMO

pytestmark = [pytest.mark.slow, pytest.mark.long]

ROOT = Path(__file__).parents[2]
WORKFLOW = [f"scenarios/test_{name}.py" for name in DEMO]


def run_all(cassettes: Path, *options: str) -> str:
    """Run scenarios on four workers; returns the last line of the outcome."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-n", "4", "-q"),
            *("-p", "no:cacheprovider", "-p", "no:hypothesispytest"),
            *("--azml-cassettes", str(cassettes), *options),
        ],
        cwd=ROOT,
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1].partition(" in ")[0]


def read_files(folder: Path, above: Path | None = None) -> dict[str, bytes]:
    return {
        str(file.relative_to(above or folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def levelled(files: dict[str, bytes]) -> dict[str, Any]:
    """Files without when each was recorded, and drawn values by their names."""
    result: dict[str, Any] = {}
    for name, raw in files.items():
        if not name.endswith(".json"):
            result[name] = raw
            continue
        content = json.loads(raw)
        content["recorded_at"] = ""
        text = json.dumps(content)
        for variable, value in content["variables"].items():
            if isinstance(value, str) and len(value) > 5:
                text = text.replace(value, f"{{{variable}}}")
        result[name] = text
    return result


def test_four_workers_replay_all_scenarios_and_touch_no_file(tmp_path: Path) -> None:
    cassettes = tmp_path / "cassettes"
    shutil.copytree(ROOT / "cassettes", cassettes)
    before = read_files(cassettes)

    outcomes = {run_all(cassettes, "scenarios") for _ in range(2)}

    assert len(outcomes) == 1
    assert read_files(cassettes) == before


def test_four_workers_record_what_is_committed(tmp_path: Path) -> None:
    """The workflow, over the committed cassettes."""
    for name in DEMO:
        shutil.copytree(ROOT / "cassettes" / name, tmp_path / name)
    before = read_files(tmp_path)

    run_all(tmp_path, *WORKFLOW, "--azml-mode", "record", "--azml-prove=memory")

    assert_only_the_time_differs(read_files(tmp_path), before)


def test_four_workers_record_where_nothing_is_as_well(tmp_path: Path) -> None:
    """Proved by the tests themselves, at one version: each takes a process."""
    version = newest_stable()
    before = {
        name: content
        for story in DEMO
        for name, content in read_files(ROOT / "cassettes" / story, ROOT).items()
        if version in name
    }

    options = ("--azml-mode", "record", "--azml-prove=rerun", "-k", version)
    run_all(tmp_path / "cassettes", *WORKFLOW, *options)

    assert levelled(read_files(tmp_path / "cassettes", tmp_path)) == levelled(before)


def test_four_workers_record_the_stories_that_are_committed(tmp_path: Path) -> None:
    """At the newest version, which is enough to see that nothing drawn is kept."""
    version = newest_stable()
    stories = {file.parents[1].name for file in (ROOT / "cassettes").glob("*/*/*.json")}
    for name in stories - {*DEMO}:
        for file in (ROOT / "cassettes" / name).glob(f"*/{version}.json"):
            copy = tmp_path / file.relative_to(ROOT / "cassettes")
            copy.parent.mkdir(parents=True)
            shutil.copy(file, copy)
    before = read_files(tmp_path)

    others = [word for one in WORKFLOW for word in ("--ignore", one)]
    options = ("--azml-mode", "record", "--azml-prove=memory", "-k", version)
    outcome = run_all(tmp_path, "scenarios", *others, *options)

    assert outcome == f"{len(before)} passed"
    assert_only_the_time_differs(read_files(tmp_path), before)


def assert_only_the_time_differs(
    again: dict[str, bytes], before: dict[str, bytes]
) -> None:
    assert again.keys() == before.keys()
    for name, raw in before.items():
        old, new = raw.splitlines(), again[name].splitlines()
        pairs = zip(old, new, strict=True)
        differing = [(line, one) for line, one in pairs if line != one]
        assert [two for two in differing if b'"recorded_at"' not in two[0]] == [], name
