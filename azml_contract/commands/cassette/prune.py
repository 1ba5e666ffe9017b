"""`azml-contract cassette prune`: cassettes and side files that nothing names."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from azml_contract.cassette.pending import is_pending
from azml_contract.commands.cassette.wording import count
from azml_contract.commands.exits import say_problem
from azml_contract.commands.options import text_or_json
from azml_contract.commands.printing import print_json
from azml_contract.errors import CassetteError, InputError, UsageError


@click.command("prune")
@click.option(
    "--scenarios",
    default="scenarios",
    show_default=True,
    metavar="DIR",
    help="Where the tests are that play the cassettes.",
)
@click.option("--cassettes", default="cassettes", show_default=True, metavar="DIR")
@click.option("--yes", is_flag=True, help="Delete them; without it they are listed.")
@text_or_json
@click.pass_context
def command(
    ctx: click.Context, scenarios: str, cassettes: str, yes: bool, form: str
) -> None:
    """List or delete cassettes that no scenario plays, and unnamed side files.

    Scenarios are collected by pytest, not run. A cassette belongs to a scenario
    by its folder, and to one of the api-versions that the test runs at. What
    belongs to a module that pytest skips or is told to ignore is left alone.
    Exits with 1 where something is listed and not deleted.
    """
    root = Path(cassettes)
    if not root.is_dir():
        raise InputError(f"{root}: there is no such folder of cassettes.")
    played = collect_cassettes(Path(scenarios), root)
    orphans = sorted(set(_cassettes_in(root)) - played)
    problems: list[str] = []
    orphans = _spare_uncollected(orphans, Path(scenarios), played, root, problems)
    unnamed = [
        file
        for folder in sorted(p for p in root.rglob("blobs") if p.is_dir())
        for file in _unnamed(folder, set(orphans), problems)
    ]
    found = dict.fromkeys(orphans, "no scenario plays it")
    found |= dict.fromkeys(unnamed, "no cassette names it")
    files = []
    for path, why in found.items():
        if yes and not _delete(path, root, problems):
            continue
        files.append({"path": path.as_posix(), "why": why})
        if form == "text":  # at once: what is told is what was deleted until here
            click.echo(f"{path}: {why}")
    if form == "json":
        print_json(files=files, deleted=yes, problems=problems)
    else:
        verb = "deleted" if yes else "to delete, with --yes"
        told = f"{count(len(files), 'file')} {verb}."
        click.echo(told if found else "Nothing to prune.")
    for problem in problems:
        say_problem(problem)
    ctx.exit(2 if problems else (1 if found and not yes else 0))


def collect_cassettes(scenarios: Path, root: Path) -> set[Path]:
    """Paths of the cassettes that the tests of a folder play.

    Raises:
        UsageError: There is no such folder, or pytest cannot collect it: then
            every cassette would look orphaned.
    """
    if not scenarios.is_dir():
        raise UsageError(f"There is no folder {scenarios}; name it with --scenarios.")
    collector = _Collector()
    said = io.StringIO()
    arguments = ["--collect-only", "-q", "-p", "no:cacheprovider", str(scenarios)]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main(arguments, plugins=[collector])
    if collector.is_interrupted:
        raise KeyboardInterrupt
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        tail = "\n".join(_errors_in(said.getvalue()))
        raise UsageError(
            f"pytest cannot collect {scenarios}, so nothing is pruned:\n{tail}"
        )
    if not collector.names:
        raise UsageError(
            f"{scenarios} has no scenario that uses the azml fixture, so nothing is "
            "pruned; name the folder with --scenarios."
        )
    return {
        root / story / test / f"{version}.json"
        for story, test, version in collector.names
    }


def _spare_uncollected(
    orphans: list[Path],
    scenarios: Path,
    played: set[Path],
    root: Path,
    problems: list[str],
) -> list[Path]:
    """The orphans without those whose module is there, and gave no scenario.

    It may lack a package on this machine, or be left out by the settings of
    pytest; that nobody plays its cassettes is no more than a guess.
    """
    collected = {path.relative_to(root).parts[0] for path in played}
    left_out = {
        story: module
        for module in sorted(scenarios.rglob("test_*.py"))
        if (story := module.stem.removeprefix("test_")) not in collected
    }
    stories = {path: path.relative_to(root).parts[0] for path in orphans}
    problems += [
        f"{left_out[story]}: pytest collects no scenario from it here; its "
        "cassettes are left alone."
        for story in sorted(set(stories.values()) & left_out.keys())
    ]
    return [path for path in orphans if stories[path] not in left_out]


def _errors_in(said: str) -> list[str]:
    """What pytest said was wrong, without its tracebacks."""
    lines = said.strip().splitlines()
    errors = [line for line in lines if line.startswith(("E ", "ERROR"))]
    return (errors or lines)[-8:]


class _Collector:
    """A pytest plugin that notes which cassettes the collected tests play."""

    def __init__(self) -> None:
        self.names: set[tuple[str, str, str]] = set()
        self.is_interrupted = False

    def pytest_keyboard_interrupt(
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> None:
        """Notes Ctrl-C; pytest stops so, too, where a module cannot be collected."""
        self.is_interrupted |= not isinstance(
            excinfo.value, pytest.Session.Interrupted | pytest.exit.Exception
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """All versions count, also where the settings of pytest narrow them."""
        if hasattr(config.option, "azml_api_version"):
            config.option.azml_api_version = None

    # First, before a conftest.py takes some of them away.
    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        from azml_contract.plugin.scopes import extents_of, place_of

        for item in items:
            if "azml" in getattr(item, "fixturenames", ()):
                places = [one.place for one in extents_of(item)]
                self.names |= {place[1:] for place in (place_of(item), *places)}


def _cassettes_in(root: Path) -> Iterator[Path]:
    """Cassettes lie in `story/test/version.json`; nothing else is touched."""
    return (path for path in root.glob("*/*/*.json") if not is_pending(path))


def _unnamed(folder: Path, orphans: set[Path], problems: list[str]) -> Iterator[Path]:
    """Side files that no cassette beside their folder names."""
    from azml_contract.commands.cassette.lint import side_files_of
    from azml_contract.documents.document import open_cassette

    named: set[str] = set()
    for path in sorted(folder.parent.glob("*.json")):
        if path in orphans:
            continue
        try:
            named.update(side_files_of(open_cassette(path)))
        except (CassetteError, InputError) as error:
            problems.append(str(error))
            return  # whatever it names must stay
    yield from sorted(
        p for p in folder.iterdir() if p.is_file() and p.name not in named
    )


def _delete(path: Path, root: Path, problems: list[str]) -> bool:
    """Delete a file, and folders that are empty then; whether the file is gone."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        problems.append(f"{path} could not be deleted: {error.strerror}.")
        return False
    try:
        _remove_empty(path.parent, root)
    except OSError as error:
        problems.append(f"{path.parent} could not be deleted: {error.strerror}.")
    return True


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
