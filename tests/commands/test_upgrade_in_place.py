"""A scenario of the first api-version is taken to the newest, and recorded again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azml_contract.contract.catalog import known_versions

REPOSITORY = Path(__file__).parents[2]
FIRST, NEWEST = "2021-03-01-preview", known_versions()[-1]
SLOTS = """    if azml.api_version == API_VERSIONS[0]:
        return {"datastore_id": datastore_id, "path": path}
    return {"uri": uri}
"""


@pytest.fixture
def project(azml_contract: Callable[..., Any], tmp_path: Path) -> Path:
    """The committed workflow as it was before anybody wrote bodies of 2022."""
    shutil.copytree(REPOSITORY / "scenarios/training", tmp_path / "training")
    family = f"bodies/{FIRST}"
    shutil.copytree(REPOSITORY / "scenarios" / family, tmp_path / family)
    shutil.rmtree(tmp_path / family / "documented")  # wrong on purpose
    story = (REPOSITORY / "scenarios/test_train_and_sweep.py").read_text("utf-8")
    assert SLOTS in story
    same = '    return {"datastore_id": datastore_id, "path": path}\n'
    (tmp_path / "test_story.py").write_text(story.replace(SLOTS, same), "utf-8")
    return tmp_path


def record(project: Path, version: str) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"),
            *("--azml-mode", "record", "--azml-target", "emulator"),
            *("--azml-api-version", version),
        ],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_what_upgrade_wrote_records_green_and_leaves_regress_nothing_to_do(
    project: Path, azml_contract: Callable[..., Any]
):
    record(project, FIRST)
    before = {f: f.read_bytes() for f in project.rglob("*.json")}
    asked = ("upgrade", "bodies", "cassettes", "--to", NEWEST)

    assert azml_contract(*asked).code == 0
    assert {f: f.read_bytes() for f in project.rglob("*.json")} == before

    done = azml_contract(*asked, "--write")
    assert done.code == 0, done.err
    folder = project / "bodies" / NEWEST
    made = {file.relative_to(folder).as_posix() for file in folder.rglob("*.json")}
    assert {"environment.json", "data.json", "code.json", "sweep_job.json"} <= made
    assert "compute.json" not in made  # it is the same at both
    cassettes = project / "cassettes/story/asset_to_sweep"
    moved = json.loads((cassettes / f"{NEWEST}.json").read_text("utf-8"))
    assert moved["recorder"].endswith(f"upgraded from {FIRST}")

    record(project, NEWEST)
    again = json.loads((cassettes / f"{NEWEST}.json").read_text("utf-8"))
    assert "upgraded" not in again["recorder"]
    assert azml_contract("regress", str(cassettes / f"{NEWEST}.json")).code == 0
    done = azml_contract("regress", "cassettes", "--latest")
    assert (done.code, "No breaks" in done.out) == (0, True)


def test_a_body_keeps_its_slots_and_its_layout(
    project: Path, azml_contract: Callable[..., Any]
):
    sweep = project / "bodies" / FIRST / "sweep_job.json"
    text = sweep.read_text("utf-8")
    sweep.write_text(text.replace('"maxTotalTrials": 4', '"maxTotalTrials": {{ n }}'))

    done = azml_contract("upgrade", "bodies", "--to", "2024-04-01", "--write")

    assert done.code == 0, done.err
    after = (project / "bodies/2024-04-01/sweep_job.json").read_text("utf-8")
    assert '"maxTotalTrials": {{ n }}' in after
    assert '["uniform", [0.05, 0.8]]' in after
    assert "{{ compute_id }}" in after


def test_a_version_that_is_recorded_is_not_written_over(
    azml_contract: Callable[..., Any], tmp_path: Path
):
    folder = REPOSITORY / "cassettes/train_and_sweep/asset_to_sweep"
    for version in (FIRST, "2024-04-01"):
        shutil.copy(folder / f"{version}.json", tmp_path)
    kept = (tmp_path / "2024-04-01.json").read_bytes()

    file = str(tmp_path / f"{FIRST}.json")
    done = azml_contract("upgrade", file, "--to", "2024-04-01", "--write")

    assert done.code != 0
    assert "is recorded already" in done.err
    assert (tmp_path / "2024-04-01.json").read_bytes() == kept
