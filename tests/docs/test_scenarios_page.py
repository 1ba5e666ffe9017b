"""docs/scenarios.md: its example runs as it stands; its tables name what there is."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import pytest

from azml_contract.client import Workspace
from azml_contract.plugin.marker import ARGUMENTS

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scenarios.md").read_text("utf-8")


def first_block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.slow
def test_the_example_is_recorded_and_replayed(pytester: pytest.Pytester) -> None:
    folder = pytester.path / "scenarios"
    (folder / "bodies" / "2022-05-01").mkdir(parents=True)
    (folder / "test_story.py").write_text(first_block("python"))
    body = folder / "bodies" / "2022-05-01" / "data.json"
    body.write_text(first_block("json"))
    for options in (("--azml-mode", "record"), ()):
        result = pytester.runpytest_subprocess("scenarios", *options)
        result.assert_outcomes(passed=2)


def test_the_run_that_is_shown_has_the_counts_of_the_recordings() -> None:
    files = [*(ROOT / "cassettes").rglob("*.json")]
    calls: Counter[str] = Counter()
    for file in files:
        for one in json.loads(file.read_text("utf-8")).get("interactions", ()):
            calls[reason_to_skip(urlsplit(one["request"]["uri"]))] += one["times"]
    scenarios = sum("interactions" in json.loads(file.read_text()) for file in files)
    judged, total = calls.pop(""), calls.total()
    reasons = ", ".join(f"{count} {reason}" for reason, count in calls.most_common())
    assert (
        f"mode replay, recorded from emulator: {scenarios} scenarios, "
        f"{judged + total} interactions\n"
        f"validated: {judged} requests, {judged} responses\n"
        f"{judged + total} calls seen: {judged} judged, {total} skipped ({reasons})\n"
    ) in PAGE.replace("\n  ", " ")
    assert f"\n{scenarios} passed in " in PAGE


def reason_to_skip(url: SplitResult) -> str:
    """Why a call that our recordings hold is not judged; "" where it is."""
    if url.hostname == "management.azure.com":
        is_ours = "Microsoft.MachineLearningServices" in url.path
        return "" if is_ours else "another resource provider"
    endings = {
        "login.microsoftonline.com": "login",
        "blob.core.windows.net": "blob storage",
        "inference.ml.azure.com": "data plane",
    }
    host = str(url.hostname)
    return next(what for end, what in endings.items() if host.endswith(end))


def test_the_marker_is_documented_whole() -> None:
    part = PAGE.partition("## The marker")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)=", part, re.MULTILINE)) == set(ARGUMENTS)


def test_the_calls_of_the_workspace_exist() -> None:
    part = PAGE.partition("## The workspace")[2].partition("\n## ")[0]
    named = re.findall(r"^\| `([\w ]+)\(", part, re.MULTILINE)
    for name in " ".join(named).split():
        assert callable(getattr(Workspace, name)), name
