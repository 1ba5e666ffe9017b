"""What the subcommands share: which files are meant, and whose rules hold.

In: paths and the process environment. Out: files, redaction rules, and one line
for everything that could not be read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from azml_contract.commands.exits import say_problem
from azml_contract.errors import (
    CassetteError,
    InputError,
    NothingToCheck,
    SettingsError,
)

if TYPE_CHECKING:
    from azml_contract.finding import Finding
    from azml_contract.redaction.rules import RedactionRules
    from azml_contract.settings import Settings

T = TypeVar("T")


def named(name: str, problem: str) -> str:
    """A problem of a file, which names it once."""
    if not name:
        return problem
    said = problem.startswith((f"{name}:", f"{name} ", f"There is no cassette {name}"))
    return problem if said else f"{name}: {problem}"


class Unread(NamedTuple):
    """A file that could not be read, and why."""

    name: str
    problem: str


def list_missing(problems: Iterable[str]) -> list[Unread]:
    """What `find_files` says of paths that have no file."""
    return [Unread(one.rpartition(": ")[0], one) for one in problems]


def read_each(
    files: Iterable[Path],
    read: Callable[[Path], T],
    unread: list[Unread],
    *,
    listed: Container[Path],
) -> list[T]:
    """Read what can be read; what cannot is added to `unread`.

    A file that is something else is left out, unless it is one of the `listed` and
    not only below a folder that is.
    """
    done = []
    for path in files:
        try:
            done.append(read(path))
        except NothingToCheck as error:
            if path in listed:
                unread.append(Unread(path.as_posix(), str(error)))
        except (CassetteError, InputError) as error:
            unread.append(Unread(path.as_posix(), str(error)))
        except RecursionError:
            problem = f"{path}: it is nested too deep to be looked through."
            unread.append(Unread(path.as_posix(), problem))
    return done


def find_unread(unread: Iterable[Unread], *, done: int) -> list[Finding]:
    """Files that could not be read as findings; none where no other one was."""
    from azml_contract.commands.judging import make_unreadable

    return [f for one in unread if done for f in make_unreadable(*one).findings]


def report_unread(unread: Iterable[Unread], *, done: int) -> int:
    """Print each on the error stream, a line for each.

    Returns:
        0 where there is none; 1 where others, `done` of them, were read: each is a
        finding then; else 2.
    """
    code = 0
    mark = "AZC404 " if done else ""
    for one in unread:
        say_problem(f"{mark}{named(one.name, one.problem)}")
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
    from azml_contract.settings import (
        PLACEHOLDERS,
        VARIABLES,
        load_settings,
        read_dotenv,
    )

    dotenv = Path(".env")
    try:
        return load_settings(os.environ, dotenv=dotenv, pyproject=pyproject)
    except SettingsError:
        found = {**read_dotenv(dotenv), **os.environ}
        known = {name: (found.get(v) or "").strip() for name, v in VARIABLES.items()}
        return replace(PLACEHOLDERS, **{n: v for n, v in known.items() if v})
