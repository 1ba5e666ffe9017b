"""Scenarios on workers that run beside each other: the same files each time.

Here on two, as many as there are cores; `make soak` takes four, and all stories.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from recorded_stories import CASSETTES, levelled, read_files
from soak import FULL, sized

from azml_contract.contract.catalog import newest_stable
from azml_contract.shipped import DEMO

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.soak]

ROOT = Path(__file__).parents[2]
SOME = ("asset_to_sweep", "cancel", "throttling")
WORKFLOW = [f"scenarios/test_{name}.py" for name in DEMO]


def run_all(cassettes: Path, *options: str) -> str:
    """Run scenarios on some workers; returns the last line of the outcome."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-n", str(sized(2, 4)), "-q"),
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


def test_workers_replay_all_scenarios_and_touch_no_file(tmp_path: Path) -> None:
    cassettes = tmp_path / "cassettes"
    shutil.copytree(CASSETTES, cassettes)
    before = read_files(cassettes)

    outcomes = {run_all(cassettes, "scenarios") for _ in range(sized(1, 2))}

    assert outcomes == {f"{len(list(cassettes.glob('*/*/*.json')))} passed"}
    assert read_files(cassettes) == before


def test_workers_record_what_is_committed(tmp_path: Path) -> None:
    """At the newest version, which is enough to see that nothing drawn is kept.

    The demo records the workflow at every version.
    """
    version = newest_stable()
    chosen = " or ".join([version, *DEMO]) if FULL else version
    for file in CASSETTES.rglob("*.*"):
        name = file.relative_to(CASSETTES)
        if version in str(name) or (FULL and name.parts[0] in DEMO):
            copy = tmp_path / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
    before = read_files(tmp_path)

    options = ("--azml-mode", "record", "--azml-prove=memory", "-k", chosen)
    outcome = run_all(tmp_path, "scenarios", *options)

    assert outcome == f"{len(list(tmp_path.glob('*/*/*.json')))} passed"
    assert_only_the_time_differs(read_files(tmp_path), before)


def test_workers_record_where_nothing_is_as_well(tmp_path: Path) -> None:
    """Proved by the tests themselves, at one version: each takes a process."""
    version = newest_stable()
    chosen = DEMO if FULL else SOME
    before = {
        name: content
        for story in DEMO
        for name, content in read_files(CASSETTES / story, ROOT).items()
        if version in name and any(one in name for one in chosen)
    }

    words = f"{version} and ({' or '.join(chosen)})"
    options = ("--azml-mode", "record", "--azml-prove=rerun", "-k", words)
    run_all(tmp_path / "cassettes", *WORKFLOW, *options)

    assert levelled(read_files(tmp_path / "cassettes", tmp_path)) == levelled(before)


def assert_only_the_time_differs(
    again: dict[str, bytes], before: dict[str, bytes]
) -> None:
    assert again.keys() == before.keys()
    for name, raw in before.items():
        old, new = raw.splitlines(), again[name].splitlines()
        pairs = zip(old, new, strict=True)
        differing = [(line, one) for line, one in pairs if line != one]
        assert [two for two in differing if b'"recorded_at"' not in two[0]] == [], name
