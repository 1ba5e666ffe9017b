"""What commands that run other programs share: `-- COMMAND`, plans and the summary.

In: options. Out: a plan of a run, the summary on the error stream (standard output is
the program's own), and the exit code: the program's, or 1 where that is 0 and
something was found.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from azml_contract.commands.printing import print_json_line
from azml_contract.errors import AzmlContractError, UsageError

if TYPE_CHECKING:
    from azml_contract.cassette.cassette import Cassette
    from azml_contract.command_run import CommandPlan, CommandRun, Report
    from azml_contract.finding import Severity

_Command = TypeVar("_Command", bound=Callable[..., Any])
_WORDS = "azml_contract.words"
_ARGUMENTS = "azml_contract.arguments"
_INTERPRETER = re.compile(r"(python|bash|sh|zsh|node|ruby|perl|java|dotnet)[\d.]*$")


class RunsProgram(click.Command):
    """A command whose arguments end at ``--``; what follows is a program's, as is."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the program off the arguments before click looks at them."""
        words: list[str] = []
        if "--" in args:
            cut = args.index("--")
            args, words = args[:cut], args[cut + 1 :]
        ctx.meta[_WORDS] = words
        ctx.meta[_ARGUMENTS] = tuple(args)
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The usage line, with the program."""
        return [*super().collect_usage_pieces(ctx), "-- COMMAND..."]


def words_of(context: click.Context) -> list[str]:
    """The program and its arguments.

    Raises:
        UsageError: None was named.
    """
    words: list[str] = context.meta[_WORDS]
    if not words:
        raise UsageError(
            f"Name the program to run after two dashes: {context.command_path} ... "
            "-- COMMAND..."
        )
    return words


def arguments_of(context: click.Context) -> tuple[str, ...]:
    """What stands before the two dashes, as it was typed."""
    arguments: tuple[str, ...] = context.meta[_ARGUMENTS]
    return arguments


def judging_options(command: _Command) -> _Command:
    """``--profile``, ``--fail-on`` and ``--forgive``."""
    for option in (
        click.option(
            "--forgive",
            multiple=True,
            metavar="HOST",
            help="A host whose refusal is no fault; a pattern with * does. Repeat it.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(["error", "warning", "never"]),
            default="error",
            show_default=True,
            help="The least severity of a finding that gives exit code 1.",
        ),
        click.option(
            "--profile",
            type=click.Choice(["service", "strict"]),
            default="service",
            show_default=True,
            help="Judge by what the live service does, or by the written contract.",
        ),
    ):
        command = option(command)
    return command


def draws_option(command: _Command) -> _Command:
    """``--draws``, of what replays."""
    return click.option(
        "--draws",
        multiple=True,
        metavar="REGEX",
        help="Names of this form are the program's own, and differ in each run. "
        "Repeat it. Known without: GUIDs, times, and what Azure's SDKs draw.",
    )(command)


def least_of(fail_on: str) -> Severity | None:
    """The severity that an option names; None for never."""
    from azml_contract.finding import Severity

    return None if fail_on == "never" else Severity(fail_on)


def name_run(words: Sequence[str]) -> str:
    """A name for the cassette of a program: that of its script, or its own."""
    program = Path(words[0]).name
    script = next((Path(word) for word in words[1:] if not word.startswith("-")), None)
    if _INTERPRETER.match(program) and script is not None and script.is_file():
        program = script.stem
    name = re.sub(r"[^\w.-]+", "_", Path(program).stem or program).strip("._")
    return name[:60] or "command"


def find_scripts(path: Path) -> frozenset[str]:
    """The scripts, or else programs, whose calls a cassette holds; none without one."""
    from azml_contract.documents.recordings import open_cassettes

    try:
        found = open_cassettes([path]) if path.is_file() else []
    except AzmlContractError:
        return frozenset()
    calls = [call for one in found for call in one.interactions]
    programs = [one.data["process"] for one in calls if one.is_of_program]
    return frozenset(one.get("label") or one["program"] for one in programs)


def describe_replaced(before: frozenset[str], now: frozenset[str]) -> str:
    """That a recording of another script was at this place; "" where none was."""
    if not before or before & now:
        return ""
    names = ", ".join(sorted(before))
    return f" in place of the recording of {names}; --name NAME keeps both"


def run_program(
    run: CommandRun,
    words: Sequence[str],
    conclude: Callable[[int, Report], None],
    *,
    least: Severity | None,
    title: str,
    form: str = "text",
) -> int:
    """Run a program through a gateway, conclude, print the summary.

    Args:
        run: Entered already.
        words: The program and its arguments.
        conclude: Told of its exit code; may add to the report, or raise.
        least: The mildest finding that fails.
        title: Of the summary.
        form: ``text``, or ``json`` in one line, the last of the error stream.

    Returns:
        The exit code of the command: the program's, or 1 where that is 0 and
        something was found, or a shell's where the program was not started.
    """
    from azml_contract.command_run import Report
    from azml_contract.gateway.environment import add_to
    from azml_contract.processes import NotStarted, run_to_end

    environ = {**os.environ, **add_to(run.environ, os.environ)}
    try:
        code = run_to_end(words, environ, lambda line: click.echo(line, err=True))
    except NotStarted as error:
        if form == "json":
            nothing = Report(problems=[str(error)]).to_json()
            print_json_line(run=title, exit_code=None, ends_with=error.code, **nothing)
        else:
            click.echo(f"Error: {error}", err=True)
        return error.code
    report = run.report()
    try:
        conclude(code, report)
    except AzmlContractError as error:
        report.problems.append(run.recorder.redact(str(error)))
    ends_with = code or (1 if report.is_wrong(least) else 0)
    if form == "json":
        told = report.to_json()
        print_json_line(run=title, exit_code=code, ends_with=ends_with, **told)
    else:
        print_report(title, report)
    return ends_with


def print_report(title: str, report: Report) -> None:
    """The summary, on the error stream."""
    click.echo(f"== azml-contract: {title} ==", err=True)
    for line in report.lines:
        click.echo(line, err=True)
    for problem in report.problems:
        click.echo(f"ERROR {problem}", err=True)


def load_played(paths: Sequence[Path]) -> tuple[Cassette, list[tuple[Path, int]], Path]:
    """Cassettes of files and folders as one, and where each interaction is from.

    Raises:
        InputError: A path does not exist, or a folder holds no cassette.
        CassetteError: A file is no cassette.
    """
    from dataclasses import replace

    from azml_contract.documents.recordings import find_cassettes

    found = find_cassettes(paths)
    names = [
        (path, number) for path, one in found for number in range(len(one.interactions))
    ]
    first = found[0][1]
    joined = replace(
        first,
        interactions=tuple(i for _, one in found for i in one.interactions),
        variables={k: v for _, one in found for k, v in one.variables.items()},
        target=", ".join(sorted({one.target for _, one in found})),
        scenario=first.scenario if len(found) == 1 else f"{len(found)} cassettes",
    )
    return joined, names, paths[0]


def plan_replay(
    paths: Sequence[Path],
    *,
    profile: str,
    forgives: Sequence[str],
    record_command: str = "azml-contract record -- COMMAND",
    state: Path | None = None,
    port: int = 0,
    draws: Sequence[str] = (),
) -> CommandPlan:
    """The plan of a run that is answered from cassettes.

    Raises:
        InputError: A path does not exist, or a folder holds no cassette.
        CassetteError: A file is no cassette.
    """
    from azml_contract.command_run import CommandPlan
    from azml_contract.commands.cassette.files import project_rules
    from azml_contract.exchange import Request
    from azml_contract.gateway.hosts import azure_domains
    from azml_contract.gateway.outward import read_roots
    from azml_contract.recording.engine import Mode, RecorderSettings
    from azml_contract.recording.outside import PlayedHosts
    from azml_contract.recording.placed_names import PlacedNames
    from azml_contract.settings import PLACEHOLDERS, as_variables

    joined, names, shown = load_played(paths)
    hosts = frozenset(Request("GET", one.url).host for one in joined.interactions)
    rules = project_rules()
    recorder = RecorderSettings(
        path=shown,
        mode=Mode.REPLAY,
        scenario=joined.scenario,
        api_version=joined.api_version,
        target=joined.target,
        rules=rules,
        replay_rules=rules,
        record_command=record_command,
        intercepts=False,
        recorded=joined,
        draws=draws,
        canonicalisers=(PlacedNames(),) if "azure" in joined.target else (),
    )
    return CommandPlan(
        recorder,
        PlayedHosts(hosts),
        azure_domains(sorted(hosts)),
        as_variables(PLACEHOLDERS),
        profile=profile,
        forgives=forgives,
        names=names,
        roots=read_roots(os.environ),
        state=state,
        port=port,
    )
