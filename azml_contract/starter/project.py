"""The files that a project of scenarios begins with.

In: a folder, and what pip installs this program from. Out: files in it, and what
came of each. A file that is there is never written over: it is completed where its
form allows it, and kept otherwise. `template/` holds the files as they are written;
its cassette was recorded from the emulator. This module knows nothing of git,
GitHub or pytest but the names of their files.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from azml_contract.errors import UsageError, show_path
from azml_contract.whole_file import write_whole

TEMPLATE = Path(__file__).with_name("template")
_STORIES = ("scenarios", "cassettes")
_NAMED = {
    "pyproject.toml": "pyproject.toml",
    ".gitattributes": "gitattributes",
    ".gitignore": "gitignore",
    ".github/workflows/azml-contract.yml": "workflow.yml",
    ".pre-commit-config.yaml": "pre-commit-config.yaml",
    "AGENTS.md": "AGENTS.md",
}
_PYTEST = "tool.pytest.ini_options"
# Where pytest finds one of these, it reads no pyproject.toml.
_OTHER_SETTINGS = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
# These it reads where pyproject.toml has no table of pytest: one would hide them.
_SECTIONS = {"tox.ini": "pytest", "setup.cfg": "tool:pytest"}
_REQUIREMENT = "{{ requirement }}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file.

    `verb` is ``wrote``, ``added`` (to a file that was there) or ``kept``; `note` says
    what was added, or why it was kept.
    """

    name: str
    verb: str
    note: str = ""


def start_project(folder: Path, requirement: str) -> Iterator[Outcome]:
    """Write what a project begins with, file by file.

    Args:
        folder: Made where it is missing.
        requirement: What pip is to install, such as ``azml-contract[fast]>=0.1``.

    Raises:
        UsageError: `folder` is a file.
        OutputError: A file could not be written; says which.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{show_path(folder)} is a file; name a folder.")
    for name, source in _sources().items():
        text = source.read_text("utf-8").replace(_REQUIREMENT, requirement)
        yield _put(folder / name, name, text)


def _sources() -> dict[str, Path]:
    stories = {
        path.relative_to(TEMPLATE).as_posix(): path
        for story in _STORIES
        for path in sorted((TEMPLATE / story).rglob("*"))
        if path.suffix in (".py", ".json")
    }
    return {name: TEMPLATE / file for name, file in _NAMED.items()} | stories


def _put(path: Path, name: str, text: str) -> Outcome:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        if name in _COMPLETED:
            text, _ = _COMPLETED[name]("", text, path.parent)
        write_whole(path, text)
        return Outcome(name, "wrote")
    try:
        there = path.read_text("utf-8")
    except (OSError, ValueError):
        return Outcome(name, "kept", "it is there, and is no text that can be read")
    if there == text:
        return Outcome(name, "kept", "it says the same already")
    if name not in _COMPLETED:
        return Outcome(name, "kept", "it is there already")
    missing, note = _COMPLETED[name](there, text, path.parent)
    if not missing:
        return Outcome(name, "kept", note)
    write_whole(path, f"{there.rstrip()}\n\n{missing}".lstrip())
    return Outcome(name, "added", note)


def _missing_lines(there: str, text: str, folder: Path) -> tuple[str, str]:
    """Lines that a file of patterns lacks."""
    held = {line.strip() for line in there.splitlines()}
    lines = [line for line in text.splitlines() if line.strip() not in held]
    told = ", ".join(line for line in lines if not line.startswith("#"))
    return (
        ("\n".join(lines) + "\n", told) if told else ("", "it has all that is needed")
    )


def _missing_tables(there: str, text: str, folder: Path) -> tuple[str, str]:
    """Tables that a pyproject.toml lacks."""
    try:
        document = tomllib.loads(there)
    except ValueError as error:
        return "", f"it is no valid TOML: {error}"
    tables = {
        re.findall(r"^\[([\w.-]+)\]$", block, re.MULTILINE)[0]: block
        for block in re.split(r"\n\n(?=[#\[])", text.strip())
    }
    if _configures_pytest(document, folder):
        del tables[_PYTEST]
    missing = {
        name: block for name, block in tables.items() if not _holds(document, name)
    }
    told = " and ".join(f"[{name}]" for name in missing)
    note = told or "it has tables of these names"
    return ("\n\n".join(missing.values()) + "\n" if missing else ""), note


def _configures_pytest(document: dict[str, object], folder: Path) -> bool:
    """Whether pytest has settings: in a pyproject.toml, or in a file beside it."""
    if any((folder / one).exists() for one in _OTHER_SETTINGS):
        return True
    # Since pytest 9 a table of its own, too, which must not stand beside the other.
    if _holds(document, "tool.pytest"):
        return True
    return any(_has_section(folder / file, name) for file, name in _SECTIONS.items())


def _has_section(file: Path, name: str) -> bool:
    try:
        text = file.read_text("utf-8")
    except (OSError, ValueError):
        return False
    return re.search(rf"^\[{name}\]", text, re.MULTILINE) is not None


def _holds(document: dict[str, object], name: str) -> bool:
    found: object = document
    for key in name.split("."):
        if not isinstance(found, dict) or key not in found:
            return False
        found = found[key]
    return True


_COMPLETED: dict[str, Callable[[str, str, Path], tuple[str, str]]] = {
    "pyproject.toml": _missing_tables,
    ".gitattributes": _missing_lines,
    ".gitignore": _missing_lines,
}


def read_skill() -> str:
    """The guide for coding agents, Markdown with a head of YAML."""
    return Path(__file__).with_name("skill.md").read_text("utf-8")


def own_requirement() -> tuple[str, bool]:
    """`requirement_of` this program, as it is installed here."""
    found = metadata.distribution("azml-contract")
    return requirement_of(found.version, found.read_text("direct_url.json"))


def requirement_of(version: str, direct_url: str | None) -> tuple[str, bool]:
    """What pip is to install so that another machine has this program.

    Args:
        version: The one that runs.
        direct_url: ``direct_url.json`` of the installed distribution (PEP 610).

    Returns:
        The requirement, and whether it names a place that other machines reach.
    """
    told = json.loads(direct_url) if direct_url else {}
    url, origin = str(told.get("url", "")), told.get("vcs_info")
    if origin and not url.startswith("file:"):
        commit = f"{origin['vcs']}+{url}@{origin['commit_id']}"
        return f"azml-contract[fast] @ {commit}", True
    if url.startswith("https:"):
        return f"azml-contract[fast] @ {url}", True
    return f"azml-contract[fast]>={version}", not url


def repository_above(folder: Path) -> Path | None:
    """The root of the git repository that a folder lies in, below its root."""
    start = folder.resolve()
    if (start / ".git").exists():
        return None
    return next((one for one in start.parents if (one / ".git").exists()), None)
