"""Judge what `regress` was given: recordings, or the reports of earlier runs.

In: paths and options. Out: rows, the file of each recording, and the account of all
calls. Wiring between documents and regression; knows no report.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from azml_contract.commands.cassette.files import list_missing, named
from azml_contract.commands.regress_options import Options
from azml_contract.commands.unjudged import Account
from azml_contract.errors import InputError, UsageError
from azml_contract.printable import plain

if TYPE_CHECKING:
    from azml_contract.commands.regress_kept import Kept
    from azml_contract.finding import Finding
    from azml_contract.regression.outcome import Row


@dataclass(slots=True)
class Found:
    """What was judged: all rows, where each came from, and what was not judged.

    `kept` is what joined reports hold of the recordings, None where they hold nothing;
    `sources` are what the command line named.
    """

    rows: list[Row]
    files: dict[str, str]
    account: Account
    findings: list[Finding] = field(default_factory=list)
    kept: Kept | None = None
    sources: tuple[str, ...] = ()


def require_known(versions: Iterable[str]) -> None:
    """Refuse an api-version without a contract.

    Raises:
        UnknownApiVersion: Names the nearest ones.
    """
    from azml_contract.contract import catalog

    for version in versions:
        catalog.require_known(version)


def judge_paths(paths: Sequence[Path], options: Options) -> Found:
    """Judge every recording below `paths`; what cannot be read is a problem."""
    from azml_contract.commands.judging import tell_unread
    from azml_contract.documents.find import choose_shard, find_sources, shorten
    from azml_contract.documents.recordings import read_any
    from azml_contract.regression.parallel import judge_files

    sources = find_sources(paths)
    listed = set(map(shorten, paths))
    files = choose_shard(sources.files, *options.shard)
    account = Account(unread=list_missing(sources.problems))
    for file, line in sources.unread:
        account.told += tell_unread(str(file), line).findings
    found = Found([], {}, account)
    columns = _columns(options)
    asked: dict[str, Any] = {"versions": columns, "recorded": options.recorded}
    if options.cluster:
        from azml_contract.commands.cluster import judge_on_cluster

        judged = judge_on_cluster(options.cluster, files, **asked)
    else:
        judged = judge_files(files, read_any, jobs=options.jobs, **asked)
    with _progress(len(files)) as advance:
        for one in judged:
            found.rows.extend(one.rows)
            account.add(one, listed=one.path in listed)
            for recorded in dict.fromkeys(row.recorded for row in one.rows):
                name = f"{one.scenario} {recorded}"
                found.files[name] = one.path.as_posix()
            advance()
    return found


def merge_paths(paths: Sequence[Path], options: Options) -> Found:
    """Join reports, and leave what `options` asks for.

    Raises:
        InputError: A file is no report, or none judged at a version asked for.
    """
    from azml_contract.commands.regress_kept import join_kept
    from azml_contract.regression.merge import (
        join_accounts,
        merge_reports,
        narrow,
    )

    rows, tails, recordings = merge_reports(paths)
    columns = _columns(options)
    judged = {version for row in rows for version in row.cells}
    asked = columns if options.versions or options.latest else ()
    missing = [version for version in asked if version not in judged]
    if rows and missing:
        raise InputError(f"None of these reports judged at {', '.join(missing)}.")
    told = {repr(one): one for tail in tails for one in tail.findings}
    account = Account(join_accounts(rows, tails, recordings), told=list(told.values()))
    found = Found(narrow(rows, columns, options.recorded), {}, account)
    pages = [tail.pages for tail in tails if tail.pages]
    if pages and len(pages) < len(tails):
        click.echo(
            f"Note: {len(tails) - len(pages)} of {len(tails)} reports hold no calls "
            "(--with-calls), so a page shows none, nor coverage.",
            err=True,
        )
    elif pages:
        found.kept = join_kept(pages)
        _place(found, found.kept.files)
    return found


def _place(found: Found, files: Mapping[tuple[str, str], str]) -> None:
    """Enter where recordings lay, and bring them into the order of one run."""

    def order(row: Row) -> tuple[bool, Path]:
        file = files.get((row.scenario, row.recorded), "")
        return not file, Path(file)

    found.rows.sort(key=order)
    names = ((row.scenario, row.recorded) for row in found.rows)
    found.files.update((" ".join(name), files[name]) for name in names if name in files)


def keep_current(rows: Sequence[Row]) -> list[Row]:
    from azml_contract.regression.outcome import current_versions

    current = current_versions(rows)
    return [row for row in rows if row.recorded in current[row.scenario]]


def _columns(options: Options) -> list[str]:
    from azml_contract.contract.catalog import known_versions

    versions = [
        version
        for version in known_versions()
        if (not options.versions or version in options.versions)
        and not (options.stable_only and "preview" in version)
    ]
    if not versions:
        raise UsageError("--stable-only leaves none of the versions of --to.")
    return versions[-1:] if options.latest else versions


@contextmanager
def _progress(count: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, for many files; silent otherwise."""
    if count < 200 or not sys.stderr.isatty():
        yield lambda: None
        return
    shown = plain(sys.stderr)
    with click.progressbar(length=count, label="Judging", file=shown) as bar:
        yield lambda: bar.update(1)


def explain_nothing(found: Found, recorded: str) -> list[str]:
    account = found.account
    if account.unread:
        return [named(*one) for one in account.unread]
    problem = (
        "No call of Microsoft.MachineLearningServices is in what was named; "
        f"{account.calls.describe()}."
    )
    if account.calls.judged and recorded:
        problem = (
            f"Nothing was recorded at {recorded}, so --from {recorded} leaves nothing "
            "to judge; without --from all recordings are judged."
        )
    return [problem]
