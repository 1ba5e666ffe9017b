"""Report what `regress` found, in the format that was asked for.

In: what was judged, and options. Out: text in a file or on the standard output, and
whether something fails the run. Wiring between regression and report.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from azml_contract.api_version import sort_key
from azml_contract.commands.exits import say_problem
from azml_contract.commands.printing import append_summary, make_tool, paint
from azml_contract.commands.regress_judging import Found
from azml_contract.commands.regress_options import Options
from azml_contract.whole_file import open_whole, write_whole

if TYPE_CHECKING:
    from azml_contract.finding import Finding
    from azml_contract.regression.baseline import Baseline
    from azml_contract.regression.outcome import Row
    from azml_contract.report.regressed import Regressed

_SHOWN = 10
_TABLES = 50


def report(found: Found, options: Options) -> bool:
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
    for alarm in alarms if options.form in ("json", "json2", "html", "sarif") else ():
        say_problem(alarm)
    if options.form == "html":
        _say_first(found.findings)
    return bool(breaks or alarms)


def _say_first(findings: Sequence[Finding]) -> None:
    """One line about files and calls that were not judged: the page has no place."""
    errors = [one for one in findings if one.severity == "error"]
    told = errors or findings
    for one in told[:1]:
        place = f"{one.location.file}:{one.location.line}: " if one.location else ""
        more = f" (And {len(told) - 1} more: --format text.)" if told[1:] else ""
        mark = "Error" if errors else "Note"
        line = f"{mark}: {one.code} {place}{one.message} {one.cure}{more}"
        click.echo(" ".join(line.split()), err=True)


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

    if options.form in ("json", "json2"):
        _write_json(found, options, file)
        return
    if options.form == "html":
        _write_html(found, options, file)
        return
    from azml_contract.documents.call_places import locate_call
    from azml_contract.documents.recordings import read_any
    from azml_contract.regression.edits import make_edits, read_requests

    kept = found.kept
    requests = kept.requests if kept else read_requests(found.files, read_any)
    by_scenario = _is_by_scenario(found, options)
    regressed = make_regressed(
        found.rows,
        files=found.files,
        baseline=baseline,
        asked=options.versions,
        stable_only=options.stable_only,
        alarms=alarms,
        edits=make_edits(requests) if by_scenario else None,
        fold=options.form in ("text", "github"),
        older=options.all_versions,
    )
    regressed = replace(
        regressed,
        findings=tuple(found.findings),
        seen=found.account.calls,
        locate=kept.locate if kept else locate_call,
    )
    if options.form == "sarif":
        from azml_contract.commands.regress_fixes import find_fixes
        from azml_contract.commands.regressed import columns_of

        broken = [one.file for one in regressed.broken if one.file and one.lasts]
        target = max(columns_of(found.rows), key=sort_key, default="")
        regressed = replace(regressed, fixes=find_fixes(broken, target))
    if options.form == "text":
        _print_text(regressed, options, file, by_scenario=by_scenario)
    else:
        file.write(_render(regressed, options.form) + "\n")


def _write_json(found: Found, options: Options, file: TextIO) -> None:
    from azml_contract.commands.regress_kept import read_kept
    from azml_contract.regression.outcome import newest_unchanged
    from azml_contract.regression.report_file import (
        Tail,
        write_compact,
        write_report,
    )

    newest = newest_unchanged(found.rows, stable_only=options.stable_only)
    pages: dict[str, Any] = {}
    if options.form == "json2":
        kept = found.kept
        if kept is None and (options.with_calls or options.shard != (1, 1)):
            kept = read_kept(found.rows, found.files.values())
        pages = kept.to_json() if kept is not None else {}
    tail = Tail(newest, tuple(found.findings), found.account.calls, pages)
    write = write_compact if options.form == "json2" else write_report
    for piece in write(found.rows, tail):
        file.write(piece)


def _write_html(found: Found, options: Options, file: TextIO) -> None:
    from azml_contract.commands.regress_page import describe_run, render_page

    made = describe_run(found.sources)
    file.write(render_page(found.rows, found.files, found.kept, made))


def _is_by_scenario(found: Found, options: Options) -> bool:
    """Whether a table of each recording is asked for; that of a single one is."""
    if options.form != "text":
        return False
    if options.by is not None:
        return options.by == "scenario"
    first = found.rows[0] if found.rows else None
    return first is not None and all(
        (row.scenario, row.recorded) == (first.scenario, first.recorded)
        for row in found.rows
    )


def _print_text(
    regressed: Regressed, options: Options, file: TextIO, *, by_scenario: bool
) -> None:
    """The answer, what breaks, what was not judged, and figures."""
    from rich.text import Text

    from azml_contract.report.causes_text import print_causes
    from azml_contract.report.regressed_text import print_regressed, summarise
    from azml_contract.report.table import make_console, print_trimmed
    from azml_contract.report.text import render_causes

    console = make_console(file)
    if regressed.calls and by_scenario:
        print_regressed(console, regressed, most=options.limit or _TABLES)
    elif regressed.calls:
        print_causes(console, regressed, limit=options.limit)
    if regressed.calls:
        console.print()
    for line in render_causes(regressed.findings, paint, console.width):
        console.print(Text.from_ansi(line), soft_wrap=True)
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
