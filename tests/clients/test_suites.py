"""Suites of people who know nothing of the recorder: recorded, replayed, verified.

In: the pages ``docs/adopting-*.md`` and the folders of ``suites/``, each tried as a
project of its own with the client's environment below ``.clients/``. Replay runs in a
network namespace that holds loopback alone.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from programs import own_environ

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CLIENTS = ROOT / ".clients"
DOCS = ROOT / "docs"
BLOCK = re.compile(r"```(?:python|ini)\n# ([\w./]+)\n(.*?)```", re.DOTALL)
LINE = re.compile(r"^    ((?:pip|pytest)\b.*)$", re.MULTILINE)
PAGES = {
    "adopting-azure-ai-ml.md": "azure-ai-ml",
    "adopting-azure-mgmt.md": "azure-mgmt-2023",
    "adopting-requests.md": "requests",
    "adopting-vcrpy.md": "pytest-recording",
}
SUITES = {
    "azure_ai_ml": "azure-ai-ml",
    "azure_mgmt_2023": "azure-mgmt-2023",
    "plain_requests": "requests",
}
MODES = (["--azml-mode", "record"], [], ["--azml-mode", "verify"])
LONGEST_S = 570

pytestmark = pytest.mark.slow


def run(
    client: str, project: Path, options: list[str]
) -> subprocess.CompletedProcess[str]:
    """Run the pytest of a client's environment in a project."""
    python = str(CLIENTS / client / "bin" / "python")
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    if "--azml-mode" not in options:
        command = ["unshare", "-rn", "sh", "-c", _without_network(command)]
    return subprocess.run(
        command,
        cwd=project,
        env=own_environ(),
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
    )


def _without_network(command: list[str]) -> str:
    return f"ip link set lo up && exec {shlex.join(command)}"


def prepare(project: Path) -> None:
    """A project finds Azurite where it was installed for this checkout."""
    project.joinpath("node_modules").symlink_to(ROOT / "node_modules")


def names_of(requirements: list[str]) -> set[str]:
    return {re.split("[<>=]", one)[0] for one in requirements}


def counted(done: subprocess.CompletedProcess[str]) -> str:
    found = re.search(r"^mode \w+.*?(\d+ interactions?)$", done.stdout, re.MULTILINE)
    return found[1] if found else ""


def test_every_page_is_tried() -> None:
    assert {file.name for file in DOCS.glob("adopting-*.md")} == set(PAGES)
    assert {file.name for file in (HERE / "suites").iterdir()} == set(SUITES)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_leads_from_pip_install_to_a_green_replay(
    page: str, tmp_path: Path
) -> None:
    text = (DOCS / page).read_text("utf-8")
    prepare(tmp_path)
    for name, content in BLOCK.findall(text):
        tmp_path.joinpath(name).parent.mkdir(exist_ok=True)
        tmp_path.joinpath(name).write_text(content)
    install, *commands = map(shlex.split, LINE.findall(text))
    wanted = (HERE / f"requirements-{PAGES[page]}.txt").read_text().split()
    assert names_of(wanted) - {"-e", "."} == names_of(install[2:]) - {"azml-contract"}
    assert len(commands) == len(MODES)
    for words in commands:
        assert words[0] == "pytest"
        done = run(PAGES[page], tmp_path, words[1:])
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
        assert " passed" in done.stdout


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_is_recorded_replayed_without_a_network_and_verified(
    suite: str, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(HERE / "suites" / suite, project)
    prepare(project)
    said = [run(SUITES[suite], project, options) for options in MODES]
    for done in said:
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    recorded, replayed, _ = said
    assert counted(recorded) == counted(replayed) != ""
    for file in project.rglob("client.json"):
        assert json.loads(file.read_text())["target"] == "emulator"
    lint = [sys.executable, "-m", "azml_contract", "cassette", "lint"]
    clean = subprocess.run([*lint, str(project / "cassettes")], capture_output=True)
    assert clean.returncode == 0, clean.stdout.decode()[-3000:]
