"""docs/scenarios.md: its example runs as it stands; its tables name what there is."""

from __future__ import annotations

import re
from pathlib import Path

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


def test_the_marker_is_documented_whole() -> None:
    part = PAGE.partition("## The marker")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)=", part, re.MULTILINE)) == set(ARGUMENTS)


def test_the_calls_of_the_workspace_exist() -> None:
    part = PAGE.partition("## The workspace")[2].partition("\n## ")[0]
    named = re.findall(r"^\| `([\w ]+)\(", part, re.MULTILINE)
    for name in " ".join(named).split():
        assert callable(getattr(Workspace, name)), name
