"""What the subcommands share: which files are meant, and whose rules hold.

In: paths and the process environment. Out: files, redaction rules, and one line
for everything that could not be read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from azml_contract.errors import CassetteError, InputError, SettingsError

if TYPE_CHECKING:
    from azml_contract.redaction.rules import RedactionRules
    from azml_contract.settings import Settings

T = TypeVar("T")
SUFFIXES = frozenset({".json", ".yaml", ".yml", ".har"})


def find_files(
    paths: Iterable[str], suffixes: frozenset[str] = SUFFIXES
) -> tuple[list[Path], list[str]]:
    """The files that paths stand for, sorted inside each folder, each once.

    Returns:
        The files, and a message for each path that has none.
    """
    files: dict[Path, None] = {}
    problems = []
    for name in paths:
        path = Path(name)
        if path.is_dir():
            found = sorted(_below(path, suffixes))
            files.update(dict.fromkeys(found))
            if not found:
                problems.append(
                    f"{path}: the folder holds no recording "
                    f"({', '.join(sorted('*' + s for s in suffixes))})."
                )
        elif path.exists():
            files[path] = None
        else:
            problems.append(f"{path}: there is no such file or folder.")
    return list(files), problems


def _below(root: Path, suffixes: frozenset[str]) -> Iterator[Path]:
    """Files in a folder; what is hidden, or vanishes meanwhile, is left out."""
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            if path.suffix.lower() in suffixes and not name.startswith("."):
                yield path


def read_each(
    files: Iterable[Path], read: Callable[[Path], T], problems: list[str]
) -> list[T]:
    """Read what can be read; what cannot becomes a message in `problems`."""
    done = []
    for path in files:
        try:
            done.append(read(path))
        except (CassetteError, InputError) as error:
            problems.append(str(error))
    return done


def report_problems(problems: Iterable[str]) -> int:
    """Print each on the error stream.

    Returns:
        2 where there is one, else 0.
    """
    code = 0
    for problem in problems:
        click.echo(f"Error: {problem}", err=True)
        code = 2
    return code


def project_rules() -> RedactionRules:
    """What must not be kept here: settings, contract, and the project's own rules.

    Settings need not be complete: files of other people are looked at on
    machines that have no workspace. Whatever is set counts.

    Raises:
        SettingsError: `[tool.azml-contract.redact]` is malformed.
    """
    from azml_contract.redaction.user_rules import load_user_rules
    from azml_contract.scenario import redaction_rules

    pyproject = _find_pyproject()
    user = load_user_rules(os.environ, pyproject)
    return redaction_rules(_settings(pyproject), user)


def _settings(pyproject: Path | None) -> Settings:
    from dotenv import dotenv_values

    from azml_contract.settings import PLACEHOLDERS, VARIABLES, load_settings

    dotenv = Path(".env")
    try:
        return load_settings(os.environ, dotenv=dotenv, pyproject=pyproject)
    except SettingsError:
        found = {**dotenv_values(dotenv, interpolate=False), **os.environ}
        known = {name: (found.get(v) or "").strip() for name, v in VARIABLES.items()}
        return replace(PLACEHOLDERS, **{n: v for n, v in known.items() if v})


def _find_pyproject() -> Path | None:
    here = Path.cwd()
    candidates = (folder / "pyproject.toml" for folder in (here, *here.parents))
    return next((path for path in candidates if path.is_file()), None)
