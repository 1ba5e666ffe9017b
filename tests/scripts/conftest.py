"""What the tests of scripts share: scripts judged as `check` judges them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from azml_contract.scripts.containers import read_container
from azml_contract.scripts.judge import Judged, judge_script
from azml_contract.scripts.script import Script
from azml_contract.validation.validator import Validator

INPUTS = Path(__file__).with_name("inputs")
WORKSPACE = (
    "https://management.azure.com/subscriptions/SUB/resourceGroups/rg/providers"
    "/Microsoft.MachineLearningServices/workspaces/wks12"
)
Judge = Callable[..., Judged]


def read_script(text: str, name: str, folder: Path) -> Script:
    """A shell script of `folder`."""
    return read_container("shell", name, text, folder)


@pytest.fixture(autouse=True, scope="module")
def _nothing_else_is_collected() -> Iterator[None]:
    """A worker that ran thousands of tests collects for seconds, which are no work."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Judges the text of a script; WORKSPACE in it is the URL of one."""

    def run(text: str, api_version: str = "") -> Judged:
        whole = text.replace("WORKSPACE", WORKSPACE)
        script = read_script(whole, "call.sh", tmp_path)
        return judge_script(Validator(), script, api_version)

    return run


def places(judged: Judged) -> list[tuple[str, int, int]]:
    """Codes, lines and columns."""
    return [
        (one.code, one.location.line, one.location.column)
        for one in judged.findings
        if one.location is not None
    ]


@pytest.fixture(scope="session")
def shared_scripts() -> Path:
    """Scripts that show kinds of faults."""
    folder = Path(__file__).parents[2].parent / "shared" / "cases" / "scripts"
    if not folder.is_dir():
        pytest.skip("the cases are not on this machine")
    return folder
