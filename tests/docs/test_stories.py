"""Stories: their pages are as made, and call nine in ten operations of their kinds."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import story_pages as pages

from azml_contract.contract.catalog import newest_stable
from azml_contract.shipped import DEMO, find_shipped, leave_out

ROOT = Path(__file__).parents[2]


def test_pages_are_as_made_of_scenarios_and_recordings() -> None:
    assert pages.main(["--check"]) == 0


def test_every_scenario_is_a_story_or_of_the_demo() -> None:
    modules = {file.stem for file in (ROOT / "scenarios").glob("test_*.py")}
    assert modules == {f"test_{name}" for name in (*pages.KINDS, *DEMO)}


def test_nine_in_ten_operations_of_their_kinds_are_called() -> None:
    """What is left needs a registry."""
    version = newest_stable()
    hit = pages.exercised([*pages.KINDS], version)
    groups = [group for groups in pages.KINDS.values() for group in groups]
    every = set(pages.operations_of(groups, version))
    assert len(every) == 87
    assert len(every & hit) >= 0.9 * len(every)
    assert every - hit <= {"ComponentVersions_Publish", "ModelVersions_Publish"}


def test_no_recording_of_a_story_holds_calls_of_the_emulator_itself() -> None:
    hosts = set()
    for name in pages.KINDS:
        for file in (ROOT / "cassettes" / name).rglob("*.json"):
            for call in json.loads(file.read_text("utf-8"))["interactions"]:
                host = urlsplit(call["request"]["uri"]).hostname
                hosts.add(host.partition(".")[2] if host else host)
    assert hosts == {
        "azure.com",
        "blob.core.windows.net",
        "microsoftonline.com",
        "westeurope.inference.ml.azure.com",
    }


def test_a_compute_that_a_story_makes_was_looked_for_in_vain() -> None:
    """Otherwise Azure bills what a failed run leaves. A Kubernetes is never deleted."""
    for file in (ROOT / "cassettes" / "compute_life_cycle").glob("*/*.json"):
        calls = json.loads(file.read_text("utf-8"))["interactions"]
        paths = [call["request"]["uri"].partition("?")[0] for call in calls]
        first = next(n for n, path in enumerate(paths) if "/computes/" in path)
        begun = (calls[first]["request"]["method"], calls[first]["response"]["status"])
        expected = ("PUT", 201) if file.parent.name == "attached" else ("GET", 404)
        assert begun == expected, file


def test_a_wheel_and_the_demo_hold_no_stories() -> None:
    for name in ("scenarios", "cassettes"):
        folder = find_shipped(name)
        left = {file.name for file in folder.iterdir()}
        kept = left - leave_out(str(folder), left)
        assert not [one for one in kept for story in pages.KINDS if story in one]
        assert len([one for one in kept for demo in DEMO if demo in one]) == len(DEMO)
    bodies = str(find_shipped("scenarios") / "bodies" / "2022-05-01")
    assert leave_out(bodies, ["code.json", "stories"]) == {"stories"}
