"""`azml-contract regress`: which recorded calls break under which api-version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from azml_contract.commands.contracts_option import contracts_option
from azml_contract.commands.exits import say_problem
from azml_contract.commands.kinds import INPUT
from azml_contract.commands.regress_judging import (
    explain_nothing,
    judge_paths,
    keep_current,
    merge_paths,
    require_known,
)
from azml_contract.commands.regress_options import Options, takes_options
from azml_contract.commands.regress_report import report
from azml_contract.errors import UsageError


@click.command()
@click.argument("cassettes", nargs=-1, type=INPUT)
@takes_options
@contracts_option
@click.pass_context
def command(ctx: click.Context, /, cassettes: tuple[Path, ...], **given: Any) -> None:
    """Judge every recorded call under every other api-version.

    CASSETTES are cassettes, recordings of vcrpy, of Azure's test-proxy, HAR
    files, scripts and what else `check` reads, or folders of them. Exit code 1: a
    call breaks at a version newer than the one it was recorded at, or at one of
    --to; or a file among others cannot be read, or a call cannot be judged.
    """
    options = Options(**given)
    _require_sense(options, cassettes)
    found = (merge_paths if options.merge else judge_paths)(cassettes, options)
    found.sources = tuple(path.as_posix() for path in cassettes)
    if options.latest:
        found.rows = keep_current(found.rows)
    found.findings = found.account.find(softly=options.allow_unjudged)
    if not found.rows and all(one.severity == "info" for one in found.findings):
        if found.findings:
            report(found, options)
        for problem in explain_nothing(found, options.recorded):
            say_problem(problem)
        ctx.exit(2)
    failed = report(found, options)
    if failed or any(one.severity == "error" for one in found.findings):
        ctx.exit(1)


def _require_sense(options: Options, cassettes: Sequence[Path]) -> None:
    if not cassettes:
        raise UsageError("Name cassettes, or folders of them, such as cassettes/.")
    if options.write_baseline and options.baseline is None:
        raise UsageError("--write-baseline needs --baseline FILE.")
    if options.latest and options.versions:
        raise UsageError("--latest judges at the newest version; leave --to out.")
    if options.merge and options.shard != (1, 1):
        raise UsageError("--merge joins what --shard has split; give one of them.")
    if options.merge and options.cluster:
        raise UsageError(
            "--merge joins reports and judges nothing; leave --cluster out."
        )
    if options.with_calls and options.form != "json2":
        raise UsageError("--with-calls is for reports that are joined: --format json2.")
    require_known(options.versions)
    require_known([options.recorded] if options.recorded else [])
