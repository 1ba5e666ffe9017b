"""A scenario of the first api-version is taken to the newest, and recorded again."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forked import copied

from azml_contract.commands.upgrade_files import upgrade_bodies
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
            *(*copied("pytest"), "-p", "no:cacheprovider", "-q"),
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


def test_a_bare_slot_is_decided_by_the_scenario(
    azml_contract: Callable[..., Any], tmp_path: Path
):
    """What stands for it is a number, which the new version may not take there."""
    family = tmp_path / "bodies" / "2024-04-01"
    family.mkdir(parents=True)
    text = json.dumps({"properties": {"description": "@", "isAnonymous": False}})
    file = family / "environment_container.json"
    file.write_text(text.replace('"@"', "{{ text }}"), "utf-8")

    done = azml_contract("upgrade", "bodies", "--to", "2024-10-01", "--format", "json")
    told = json.loads(done.out)["bodies"]
    assert [one["findings"] for one in told] == [[]]
    assert done.code == 0


def test_a_number_of_the_body_is_not_taken_for_a_slot(tmp_path: Path):
    family = tmp_path / "bodies" / FIRST
    family.mkdir(parents=True)
    body = {"properties": {"description": "1000003 rows", "tags": {"n": "1000004"}}}
    text = json.dumps({**body, "name": "@"})
    (family / "code_container.json").write_text(text.replace('"@"', "{{ name }}"))

    [made], left = upgrade_bodies(tmp_path / "bodies", "2022-05-01")

    assert left == []
    assert json.loads(made.text.replace("{{ name }}", "0"))["properties"] == {
        **body["properties"]
    }
    assert made.text.count("{{ name }}") == 1


def committed(version: str) -> dict[str, Any]:
    folder = REPOSITORY / "cassettes/train_and_sweep/asset_to_sweep"
    shape: dict[str, Any] = json.loads((folder / f"{version}.json").read_text("utf-8"))
    return shape


def test_a_recording_of_another_name_keeps_its_file(
    azml_contract: Callable[..., Any], tmp_path: Path
):
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(committed(FIRST)), "utf-8")
    kept = file.read_bytes()
    asked = ("upgrade", str(file), "--to", "2024-04-01", "--write")

    done = azml_contract(*asked)

    made = tmp_path / "mine-2024-04-01.json"
    assert f"# wrote {made.as_posix()}" in done.err
    assert file.read_bytes() == kept
    upgraded = made.read_bytes()
    again = azml_contract(*asked)
    assert (again.code, again.out) == (done.code, done.out)
    assert f"# as before: {made.as_posix()}" in again.err
    assert made.read_bytes() == upgraded

    made.write_text(json.dumps(committed("2024-04-01")), "utf-8")  # it was recorded
    again = azml_contract(*asked)
    assert again.code == 2
    assert "mine-2024-04-01.json is recorded already" in again.err


def test_what_was_upgraded_follows_its_recording_until_it_is_recorded(
    azml_contract: Callable[..., Any], tmp_path: Path
):
    folder = tmp_path / "cassettes/story/test"
    folder.mkdir(parents=True)
    (folder / f"{FIRST}.json").write_text(json.dumps(committed(FIRST)), "utf-8")
    asked = ("upgrade", "cassettes", "--to", "2024-04-01", "--write")
    first = azml_contract(*asked)
    made = folder / "2024-04-01.json"
    kept = made.read_bytes()

    made.write_bytes(kept.replace(b"emulator", b"azure"))
    again = azml_contract(*asked)
    assert again.code == first.code == 0
    assert made.read_bytes() == kept

    made.write_text(json.dumps(committed("2024-04-01")), "utf-8")
    recorded = made.read_bytes()
    last = azml_contract(*asked)
    assert (last.code, last.out, made.read_bytes()) == (0, "", recorded)
    assert f"test/{FIRST}.json is recorded at 2024-04-01 already" in last.err
    made.write_bytes(b"{")
    assert azml_contract(*asked).code == 0
    assert made.read_bytes() == b"{"


def test_a_body_of_another_version_is_left_and_told(
    azml_contract: Callable[..., Any], tmp_path: Path
):
    shape = committed(FIRST)
    at = next(
        index
        for index, one in enumerate(shape["interactions"])
        if "/jobs/" in one["request"]["uri"] and one["request"]["method"] == "PUT"
    )
    shape["api_version"] = other = "2022-02-01-preview"
    for one in shape["interactions"]:
        one["request"]["uri"] = one["request"]["uri"].replace(FIRST, other)
    request = shape["interactions"][at]["request"]
    request["uri"] = request["uri"].replace(other, FIRST)
    file = tmp_path / f"{other}.json"
    file.write_text(json.dumps(shape), "utf-8")

    done = azml_contract("upgrade", str(file), "--to", "2024-04-01", "--write")

    assert done.code == 1
    assert f"left as it is, for it was sent at {FIRST}" in done.err
    made = json.loads((tmp_path / "2024-04-01.json").read_text("utf-8"))
    assert made["interactions"][at]["request"] == request
    assert made != shape
    assert sum(FIRST in one["request"]["uri"] for one in made["interactions"]) == 1


def test_what_is_not_written_is_told(azml_contract: Callable[..., Any], tmp_path: Path):
    shape = committed("2024-04-01")
    file = tmp_path / "2024-04-01.json"
    request = next(
        one["request"] for one in shape["interactions"] if "/jobs/" in str(one)
    )
    path = request["uri"].partition("?")[0]
    request["uri"] = f"{path}/nothing/there?api-version=2024-04-01"
    file.write_text(json.dumps(shape), "utf-8")
    body = tmp_path / "body.json"
    body.write_text('{"properties": {"description": "x"}}', "utf-8")
    asked = ("--from", "2024-04-01", "--to", "2024-10-01", "--write")

    done = azml_contract("upgrade", str(file), *asked)
    assert f"# not written: {file.as_posix()} has a call without a place" in done.err
    named = "ModelContainers_CreateOrUpdate"
    done = azml_contract("upgrade", str(body), *asked, "--operation", named)
    assert f"# not written: {body.as_posix()} is a body of no scenario" in done.err
    assert {one.name for one in tmp_path.glob("*.json")} == {file.name, body.name}


def test_a_version_that_the_client_chose_is_no_edit(
    azml_contract: Callable[..., Any], tmp_path: Path
):
    file = tmp_path / "client.json"
    shape = committed("2024-04-01") | {"api_version": "client"}
    file.write_text(json.dumps(shape), "utf-8")

    done = azml_contract("upgrade", str(file), "--to", "2024-10-01", "--write")

    assert done.code == 2
    assert "its client chose the api-version of each call" in done.err
    assert list(tmp_path.iterdir()) == [file]
