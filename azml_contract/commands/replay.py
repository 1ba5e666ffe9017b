"""`azml-contract replay CASSETTES -- COMMAND`: run a program against recordings."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from azml_contract.commands.contracts_option import contracts_option
from azml_contract.commands.kinds import INPUT
from azml_contract.commands.options import text_or_json
from azml_contract.commands.running import (
    RunsProgram,
    arguments_of,
    draws_option,
    judging_options,
    least_of,
    name_run,
    plan_replay,
    run_program,
    words_of,
)
from azml_contract.errors import InputError, UsageError

if TYPE_CHECKING:
    from azml_contract.command_run import Alone, CommandPlan, Report


@click.command(cls=RunsProgram)
@click.argument(
    "cassettes",
    nargs=-1,
    type=INPUT,
    metavar="CASSETTE|FOLDER...",
)
@click.option(
    "--isolate",
    is_flag=True,
    help="In a network namespace of its own, in which there is loopback alone (Linux).",
)
@draws_option
@judging_options
@text_or_json
@contracts_option
@click.pass_context
def command(
    context: click.Context,
    cassettes: tuple[Path, ...],
    isolate: bool,
    draws: tuple[str, ...],
    profile: str,
    fail_on: str,
    forgive: tuple[str, ...],
    form: str,
) -> None:
    """Run a program, unchanged, its calls answered from cassettes.

    Nothing is asked of the network: a call that no cassette holds, and a host that
    none knows, are refused, told at the end, and fail the run, as does a recorded
    call that nobody made. Polls do not wait. The exit code is the program's, or 1
    where that is 0 and something was found. The summary is on the error stream; with
    --format json in its last line.
    """
    from azml_contract.command_run import CommandRun
    from azml_contract.documents.remote import is_remote
    from azml_contract.gateway.isolation import isolate as leave_network

    words = words_of(context)
    if not cassettes:
        raise UsageError("Name a cassette or a folder of them before the two dashes.")
    record_command = _say_record(cassettes, words)
    for one in cassettes:
        if not (is_remote(one) or one.exists()):
            raise InputError(
                f"{one}: there is no such file or folder. "
                f"To record it: {record_command}"
            )
    plan = plan_replay(
        cassettes,
        profile=profile,
        forgives=forgive,
        draws=draws,
        record_command=record_command,
    )
    typed = arguments_of(context)
    plan = replace(plan, alone=_find_alone(cassettes, plan, typed, words))
    if isolate:
        leave_network()

    def conclude(code: int, report: Report) -> None:
        """Everything is in the report already."""

    with CommandRun(plan) as run:
        code = run_program(
            run,
            words,
            conclude,
            least=least_of(fail_on),
            title="replayed",
            form=form,
        )
    sys.exit(code)


def _find_alone(
    cassettes: Sequence[Path],
    plan: CommandPlan,
    typed: Sequence[str],
    words: Sequence[str],
) -> Alone | None:
    """The recording of this program among those of a folder, and what plays it alone.

    Args:
        cassettes: Files and folders.
        plan: What is played of them.
        typed: The arguments of this run.
        words: The program.

    Returns:
        None where nothing else is played, or no file is named as `record` names it.
    """
    from azml_contract.command_run import Alone

    files = dict(plan.names)
    own = [path for path in files if path.stem == name_run(words)]
    if len(own) != 1 or len(files) == 1:
        return None
    kept = [word for word in typed if Path(word) not in cassettes]
    said = ["azml-contract", "replay", *kept, str(own[0]), "--", *words]
    return Alone(own[0], shlex.join(said))


def _say_record(cassettes: Sequence[Path], words: Sequence[str]) -> str:
    """What records anew what is played."""
    said = ["azml-contract", "record"]
    if len(cassettes) == 1 and cassettes[0].suffix == ".json":
        folder, name = str(cassettes[0].parent), cassettes[0].stem
        said += ["--to", folder, "--name", name]
    elif len(cassettes) == 1 and cassettes[0] != Path("recordings"):
        said += ["--to", str(cassettes[0])]
    return shlex.join([*said, "--", *words])
