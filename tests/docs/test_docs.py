"""What the documents say is there is there: commands, options, files, variables."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from azml_contract.cli import COMMANDS
from azml_contract.settings import VARIABLES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
]
PAGES = [file.relative_to(ROOT).as_posix() for file in (ROOT / "docs").rglob("*.md")]
MAKE = re.compile(r"\bmake ([a-z]+(?:-[a-z]+)*)\b")
"""Prose has `make` too; only what stands in code is a target."""


@pytest.mark.parametrize("name", DOCUMENTS)
def test_files_and_targets_that_a_document_names_exist(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    for path in re.findall(r"`((?:azml_contract|tests|scenarios)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in targets_in(text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"


def targets_in(text: str) -> set[str]:
    """Targets of make that a document names as code, in a line or in a block."""
    code = [*re.findall(r"`([^`]+)`", text), *re.findall(r"^    .*$", text, re.M)]
    return {target for one in code for target in MAKE.findall(one)}


def test_targets_are_found_with_their_hyphens() -> None:
    assert targets_in("`make bench-kept` and\n\n    make setup\n\nmake it so") == {
        "bench-kept",
        "setup",
    }


def test_every_page_is_linked_from_the_readme() -> None:
    docs = ROOT / "docs"
    pages = [*docs.glob("*.*"), *docs.glob("reference/*"), docs / "stories/index.md"]
    for page in pages:
        assert f"]({page.relative_to(ROOT).as_posix()})" in README, page.name


@pytest.mark.parametrize("name", [*DOCUMENTS, *PAGES])
def test_commands_that_a_document_names_exist(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    for command in re.findall(r"(?:^    |`)azml-contract ([a-z]+)\b", text, re.M):
        assert command in COMMANDS, command


def test_every_command_and_every_variable_is_documented() -> None:
    commands = (ROOT / "docs/reference/commands.md").read_text("utf-8")
    for command in COMMANDS:
        assert f"    azml-contract {command} " in commands, command
    azure = (ROOT / "docs/azure.md").read_text("utf-8")
    for variable in VARIABLES.values():
        assert f"`{variable}" in azure, variable


def test_pytest_options_that_the_documents_name_exist() -> None:
    helped = subprocess.run(
        [sys.executable, "-m", "pytest", "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout
    for name in (*DOCUMENTS, *PAGES):
        text = (ROOT / name).read_text("utf-8")
        for option in re.findall(r"--azml-[a-z-]+", text):
            assert option in helped, (name, option)


def test_the_matrix_in_the_readme_is_what_the_command_prints() -> None:
    shown = re.search(
        r"```\n\$ (azml-contract regress .*?)\n(train.*?)\.\.\.\n```", README, re.DOTALL
    )
    assert shown
    arguments = shown[1].replace("\\\n", " ").split()[1:]
    done = subprocess.run(
        [sys.executable, "-m", "azml_contract", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 1
    printed = [line.rstrip() for line in done.stdout.splitlines()]
    expected = [line.rstrip() for line in shown[2].splitlines()]
    assert printed[: len(expected)] == expected


@pytest.mark.parametrize("folder", ["cassettes", "docs", "scenarios"])
def test_nothing_that_was_made_names_a_place_of_the_machine_that_made_it(
    folder: str,
) -> None:
    place = re.compile(rb"/(?:home|root|srv|tmp|Users|work)/[\w.-]+/|/bin/python")
    told = {
        str(file.relative_to(ROOT)): found[0].decode()
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
        if (found := place.search(file.read_bytes()))
    }
    assert told == {}
