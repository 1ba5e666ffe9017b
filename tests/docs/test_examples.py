"""Lines of `azml-contract` in how-to pages run as they stand, beside recordings.

Of three pages; lines of pip, pytest and other programs are not run here.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from azml_contract.cli import cli

ROOT = Path(__file__).parents[2]
STORY = Path("train_and_sweep/asset_to_sweep")
PAGES = ("azure.md", "ci.md", "redaction.md")


def lines_of(page: str) -> list[str]:
    """Our commands in the blocks of a page; of its sentences those about a folder."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    found = re.findall(r"^    (azml-contract .*)$", text, re.MULTILINE)
    return [*found, *re.findall(r"`(azml-contract [^`>]* cassettes)[`> ]", text)]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One story with its scenario, and a recording to scrub."""
    shutil.copytree(ROOT / "cassettes" / STORY, tmp_path / "cassettes" / STORY)
    scenario = f"scenarios/test_{STORY.parent}.py"
    (tmp_path / "scenarios").mkdir()
    shutil.copy(ROOT / scenario, tmp_path / scenario)
    old = tmp_path / "cassettes" / STORY / "2021-03-01-preview.json"
    shutil.copy(old, tmp_path / "OLD.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_lines_to_run() -> None:
    assert [len(lines_of(page)) for page in PAGES] == [1, 5, 2]


@pytest.mark.parametrize("page", PAGES)
def test_every_line_of_a_page_runs(page: str, project: Path) -> None:
    """Clean, or with findings where a page is about finding some."""
    for line in lines_of(page):
        done = CliRunner().invoke(cli, shlex.split(line)[1:])
        expected = (0, 1) if "--latest" in line else (0,)
        assert done.exit_code in expected, (line, done.output, done.exception)
