"""`azml-contract regress`: which recorded calls break under which api-version."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from azml_contract.commands.cassette.files import list_missing, named
from azml_contract.commands.contracts_option import contracts_option
from azml_contract.commands.exits import say_problem
from azml_contract.commands.kinds import API_VERSION
from azml_contract.commands.printing import append_summary, make_tool, paint
from azml_contract.commands.unjudged import Account
from azml_contract.errors import InputError, UsageError
from azml_contract.printable import plain
from azml_contract.whole_file import open_whole, write_whole

if TYPE_CHECKING:
    from rich.console import Console

    from azml_contract.finding import Finding
    from azml_contract.regression.baseline import Baseline
    from azml_contract.regression.outcome import Row
    from azml_contract.report.regressed import Regressed

_SHOWN = 10
FORMATS = ("text", "json", "html", "junit", "github", "sarif", "markdown")


@dataclass(frozen=True, slots=True)
class Options:
    """What a run was asked."""

    versions: tuple[str, ...]
    recorded: str
    stable_only: bool
    form: str
    output: Path | None
    jobs: int
    baseline: Path | None
    write_baseline: bool
    latest: bool
    max_age_days: int | None
    by: str = ""
    limit: int = 10
    all_versions: bool = False
    shard: tuple[int, int] = (1, 1)


@dataclass(slots=True)
class Found:
    """What was judged: all rows, where each came from, and what was not judged."""

    rows: list[Row]
    files: dict[str, str]
    account: Account
    findings: list[Finding] = field(default_factory=list)


@click.command()
@click.argument("cassettes", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--to",
    "versions",
    multiple=True,
    type=API_VERSION,
    metavar="V",
    help="Only at this; repeatable.",
)
@click.option(
    "--from",
    "recorded",
    default="",
    type=API_VERSION,
    metavar="V",
    help="Recorded at this.",
)
@click.option("--stable-only", is_flag=True, help="No preview versions.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write to this file."
)
@click.option(
    "--jobs", type=click.IntRange(0), default=0, help="Processes; 0: one a core."
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    help="Known breaks: only others fail.",
)
@click.option("--write-baseline", is_flag=True, help="Write what breaks to it.")
@click.option(
    "--latest",
    is_flag=True,
    help="Newest recording of each scenario at the newest version alone.",
)
@click.option(
    "--max-age-days",
    type=click.IntRange(0),
    metavar="N",
    help="Fail on scenarios whose api-version is older.",
)
@click.option(
    "--by",
    type=click.Choice(["cause", "scenario"]),
    help="Text: what breaks by its cause, or call by call; default: by cause, "
    "one recording call by call.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    metavar="N",
    help="Causes to show.",
)
@click.option(
    "--all-versions",
    is_flag=True,
    help="Tables show versions older than the recorded one, too.",
)
@click.option(
    "--shard",
    "part",
    default="1/1",
    metavar="K/N",
    help="Judge the K-th of N parts of what is named; see --merge.",
)
@click.option(
    "--merge",
    "reports",
    is_flag=True,
    help="The arguments are JSON reports of earlier runs; join them.",
)
@click.option(
    "--allow-unjudged",
    is_flag=True,
    help="A call that cannot be judged is a warning, no error.",
)
@contracts_option
@click.pass_context
def command(
    ctx: click.Context,
    cassettes: tuple[Path, ...],
    reports: bool,
    versions: tuple[str, ...],
    recorded: str,
    stable_only: bool,
    form: str,
    output: Path | None,
    jobs: int,
    baseline: Path | None,
    write_baseline: bool,
    latest: bool,
    max_age_days: int | None,
    by: str | None,
    limit: int,
    all_versions: bool,
    part: str,
    allow_unjudged: bool,
) -> None:
    """Judge every recorded call under every other api-version.

    CASSETTES are cassettes, recordings of vcrpy, of Azure's test-proxy, HAR
    files, scripts, or folders of them. Exit code 1: a call breaks at a version newer
    than the one it was recorded at, or at one of --to; or a file among others
    cannot be read, or a call cannot be judged.
    """
    options = Options(
        versions,
        recorded,
        stable_only,
        form,
        output,
        jobs,
        baseline,
        write_baseline,
        latest,
        max_age_days,
        by or "",
        limit,
        all_versions,
        _read_shard(part),
    )
    _require_sense(options, cassettes)
    if reports and options.shard != (1, 1):
        raise UsageError("--merge joins what --shard has split; give one of them.")
    take = merge_paths if reports else judge_paths
    found = take(cassettes, options)
    if options.latest:
        found.rows = _keep_current(found.rows)
    found.findings = found.account.find(softly=allow_unjudged)
    if not found.rows and not found.findings:
        for problem in _explain_nothing(found, recorded):
            say_problem(problem)
        ctx.exit(2)
    failed = _report(found, options)
    if failed or any(one.severity == "error" for one in found.findings):
        ctx.exit(1)


def _read_shard(part: str) -> tuple[int, int]:
    """Which part of how many.

    Raises:
        UsageError: It is none.
    """
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", part)
    which, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= which <= of:
        raise UsageError(f"--shard {part} is no part, such as 3/10: the third of ten.")
    return which, of


def _require_sense(options: Options, cassettes: Sequence[Path]) -> None:
    if not cassettes:
        raise UsageError("Name cassettes, or folders of them, such as cassettes/.")
    if options.write_baseline and options.baseline is None:
        raise UsageError("--write-baseline needs --baseline FILE.")
    if options.latest and options.versions:
        raise UsageError("--latest judges at the newest version; leave --to out.")
    require_known(options.versions)
    require_known([options.recorded] if options.recorded else [])


def _explain_nothing(found: Found, recorded: str) -> list[str]:
    account = found.account
    if account.unread:
        return [named(*one) for one in account.unread]
    problem = (
        "No call of Microsoft.MachineLearningServices is in these recordings; "
        f"{account.calls.describe()}."
    )
    if account.calls.judged and recorded:
        problem = (
            f"Nothing was recorded at {recorded}, so --from {recorded} leaves nothing "
            "to judge; without --from all recordings are judged."
        )
    return [problem]


def require_known(versions: Iterable[str]) -> None:
    """Refuse an api-version without a contract.

    Raises:
        UnknownApiVersion: Names the nearest ones.
    """
    from azml_contract.contract import catalog

    for version in versions:
        catalog.require_known(version)


# --- judging --------------------------------------------------------------------


def judge_paths(paths: Sequence[Path], options: Options) -> Found:
    """Judge every recording below `paths`; what cannot be read is a problem."""
    from azml_contract.documents.find import (
        RECORDINGS,
        SCRIPTS,
        choose_shard,
        find_files,
        shorten,
    )
    from azml_contract.documents.recordings import may_hold_calls, read_any
    from azml_contract.regression.parallel import judge_files

    files, problems = find_files(paths, RECORDINGS | SCRIPTS)
    listed = set(map(shorten, paths))
    files = choose_shard(files, *options.shard)
    files = [file for file in files if file in listed or may_hold_calls(file)]
    account = Account(unread=list_missing(problems))
    found = Found([], {}, account)
    columns = _columns(options)
    judged = judge_files(
        files, read_any, versions=columns, recorded=options.recorded, jobs=options.jobs
    )
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
    from azml_contract.regression.merge import (
        join_accounts,
        merge_reports,
        narrow,
    )

    rows, tails = merge_reports(paths)
    columns = _columns(options)
    judged = {version for row in rows for version in row.cells}
    asked = columns if options.versions or options.latest else ()
    missing = [version for version in asked if version not in judged]
    if rows and missing:
        raise InputError(f"None of these reports judged at {', '.join(missing)}.")
    account = Account(
        join_accounts(rows, tails),
        told=list(dict.fromkeys(one for tail in tails for one in tail.findings)),
    )
    return Found(narrow(rows, columns, options.recorded), {}, account)


def _keep_current(rows: Sequence[Row]) -> list[Row]:
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


# --- reporting ------------------------------------------------------------------


def _report(found: Found, options: Options) -> bool:
    """Write the report; whether something fails the run."""
    from azml_contract.commands.regressed import counts
    from azml_contract.contract.catalog import known_versions
    from azml_contract.regression.baseline import load_baseline, render_baseline
    from azml_contract.regression.outcome import find_breaks

    whole = find_breaks(found.rows)
    breaks = [one for one in whole if counts(one, options.versions)]
    baseline = None
    if options.baseline is not None and found.rows:
        if options.write_baseline:
            text = render_baseline(breaks, known_versions())
            write_whole(options.baseline, text)
            click.echo(
                f"Wrote {len(breaks)} known breaks to {options.baseline}.", err=True
            )
        baseline = load_baseline(options.baseline)
        breaks = [one for one in breaks if not baseline.covers(one)]
        _tell_stale(baseline.find_stale(found.rows, whole), options.baseline)
    alarms = _find_old(found.rows, options.max_age_days)
    if options.output is None:
        _write(found, options, baseline, alarms, sys.stdout)
    else:
        with open_whole(options.output) as raw:
            file = io.TextIOWrapper(raw, "utf-8", errors="backslashreplace")
            _write(found, options, baseline, alarms, file)
            file.detach()
    for alarm in alarms if options.form in ("json", "html", "sarif") else ():
        say_problem(alarm)
    if options.form == "html":
        _say_first(found.findings)
    return bool(breaks or alarms)


def _say_first(findings: Sequence[Finding]) -> None:
    """One line about files and calls that were not judged: the page has no place."""
    errors = [one for one in findings if one.severity == "error"]
    for one in errors[:1]:
        place = f"{one.location.file}:{one.location.line}: " if one.location else ""
        more = f" (And {len(errors) - 1} more: --format text.)" if errors[1:] else ""
        say_problem(f"{one.code} {place}{one.message} {one.cure}{more}")


def _tell_stale(stale: Sequence[str], baseline: Path) -> None:
    if stale:
        entries = "1 entry" if len(stale) == 1 else f"{len(stale)} entries"
        breaks = "breaks" if len(stale) == 1 else "break"
        left = [f"  ... and {len(stale) - _SHOWN} more"] if len(stale) > _SHOWN else []
        told = [f"  {line}" for line in stale[:_SHOWN]] + left
        click.echo(
            f"Note: {entries} of {baseline} {breaks} no more; --write-baseline "
            "leaves them out:\n" + "\n".join(told),
            err=True,
        )


def _find_old(rows: Iterable[Row], max_age_days: int | None) -> list[str]:
    if max_age_days is None:
        return []
    from datetime import UTC, datetime

    from azml_contract.regression.gate import find_old

    return find_old(rows, max_age_days, today=datetime.now(UTC).date())


def _write(
    found: Found,
    options: Options,
    baseline: Baseline | None,
    alarms: Sequence[str],
    file: TextIO,
) -> None:
    from azml_contract.commands.regressed import make_regressed

    if options.form == "json":
        _write_json(found, options, file)
        return
    if options.form == "html":
        _write_html(found, options, file)
        return
    from azml_contract.documents.recordings import read_any
    from azml_contract.regression.edits import make_edits

    regressed = make_regressed(
        found.rows,
        files=found.files,
        baseline=baseline,
        asked=options.versions,
        stable_only=options.stable_only,
        alarms=alarms,
        edits=make_edits(found.files, read_any) if options.form == "text" else None,
        fold=options.form in ("text", "github"),
        older=options.all_versions,
    )
    regressed = replace(
        regressed, findings=tuple(found.findings), seen=found.account.calls
    )
    if options.form == "text":
        _print_text(regressed, options, file)
    else:
        file.write(_render(regressed, options.form) + "\n")


def _write_json(found: Found, options: Options, file: TextIO) -> None:
    from azml_contract.regression.outcome import newest_unchanged
    from azml_contract.report.regressed_json import render_rows

    newest = newest_unchanged(found.rows, stable_only=options.stable_only)
    shapes = (row.to_json() for row in found.rows)
    for piece in render_rows(shapes, newest, found.findings, found.account.calls):
        file.write(piece)


def _write_html(found: Found, options: Options, file: TextIO) -> None:
    from azml_contract.commands.regress_page import render_page

    file.write(render_page(found.rows, found.files))


def _print_text(regressed: Regressed, options: Options, file: TextIO) -> None:
    from rich.text import Text

    from azml_contract.report.causes_text import print_causes
    from azml_contract.report.regressed_text import print_regressed, summarise
    from azml_contract.report.table import make_console, print_trimmed
    from azml_contract.report.text import render_causes

    console = make_console(file)
    for line in render_causes(regressed.findings, paint, console.width):
        console.print(Text.from_ansi(line), soft_wrap=True)
    if not regressed.calls:
        print_trimmed(console, Text(f"{regressed.seen.describe()}."))
        return
    by_scenario = "scenario" if regressed.recordings == 1 else "cause"
    if (options.by or by_scenario) == "scenario":
        print_regressed(console, regressed)
        return
    print_causes(console, regressed, limit=options.limit)
    print_trimmed(console, Text(summarise(regressed)))


def _render(regressed: Regressed, form: str) -> str:
    from azml_contract.report import regressed_ci as ci

    if form == "junit":
        return ci.render_junit(regressed)
    if form == "sarif":
        return ci.render_sarif(regressed, make_tool())
    if form == "markdown":
        return ci.render_step_summary(regressed)
    append_summary(ci.render_step_summary(regressed))
    return ci.render_github(regressed)


# --- for the demo ----------------------------------------------------------------


def print_matrix(rows: list[Row], console: Console | None = None) -> None:
    """One table for each scenario and recorded version, and what breaks, in words."""
    from azml_contract.commands.regressed import make_regressed
    from azml_contract.report.regressed_text import print_regressed
    from azml_contract.report.table import make_console

    console = console or make_console()
    print_regressed(console, make_regressed(rows), brief=True)
