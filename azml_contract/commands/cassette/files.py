"""What the subcommands share: which files are meant, and whose rules hold.

In: paths and the process environment. Out: files, redaction rules, and one line
for everything that could not be read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from azml_contract.commands.exits import say_problem
from azml_contract.errors import CassetteError, InputError, SettingsError

if TYPE_CHECKING:
    from azml_contract.redaction.rules import RedactionRules
    from azml_contract.settings import Settings

T = TypeVar("T")


def named(name: str, problem: str) -> str:
    """A problem of a file, which names it once."""
    said = problem.startswith((f"{name}:", f"{name} ", f"There is no cassette {name}"))
    return problem if said else f"{name}: {problem}"


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
        except RecursionError:
            problems.append(f"{path}: it is nested too deep to be looked through.")
    return done


def report_problems(problems: Iterable[str], *, done: int = 0) -> int:
    """Print each on the error stream.

    Returns:
        0 where there is none; 1 where others, `done` of them, were read; else 2.
    """
    code = 0
    for problem in problems:
        say_problem(problem)
        code = 1 if done else 2
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
    from azml_contract.settings import find_pyproject

    pyproject = find_pyproject(Path.cwd())
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
