"""`azml-contract record -- COMMAND`: run a program, and record what it calls."""

from __future__ import annotations

import shlex
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from azml_contract.commands.contracts_option import contracts_option
from azml_contract.commands.options import text_or_json
from azml_contract.commands.running import (
    RunsProgram,
    describe_replaced,
    find_scripts,
    judging_options,
    least_of,
    name_run,
    run_program,
    words_of,
)

if TYPE_CHECKING:
    from azml_contract.command_run import Report

_COMMAND = ("azml-contract", "record")


@click.command(cls=RunsProgram)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("recordings"),
    show_default=True,
    help="Where the cassette is written, as NAME.json.",
)
@click.option("--name", default="", help="Default: that of the script or program.")
@click.option(
    "--target",
    type=click.Choice(["emulator", "azure"]),
    default="emulator",
    show_default=True,
    help="A local service, or Azure itself, with the program's own credentials.",
)
@click.option(
    "--cloud",
    type=click.Choice(["public", "china", "us-government"]),
    default="public",
    show_default=True,
    help="Whose hosts are recorded, with --target azure.",
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="HOST",
    help="One more host to record, with --target azure; a pattern with * does.",
)
@click.option(
    "--allow-compute",
    is_flag=True,
    help="Send what starts computes, jobs, schedules and endpoints, which Azure bills.",
)
@click.option(
    "--seed",
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSON: what exists in the emulator, as for `azml-contract emulator`.",
)
@click.option(
    "--faults",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML: what shall go wrong in the emulator, see docs/emulator.md.",
)
@click.option(
    "--azurite",
    metavar="PATH|none",
    default="",
    help="Folder of the npm package azurite. Default: node_modules, PATH, then "
    "this user's cache.",
)
@judging_options
@text_or_json
@contracts_option
@click.pass_context
def command(
    context: click.Context,
    folder: Path,
    name: str,
    target: str,
    cloud: str,
    hosts: tuple[str, ...],
    allow_compute: bool,
    seed: Path | None,
    faults: Path | None,
    azurite: str,
    profile: str,
    fail_on: str,
    forgive: tuple[str, ...],
    form: str,
) -> None:
    """Run a program, unchanged, and record what it calls.

    With --target azure the credentials are the program's own, and hosts that are not
    Azure's are passed on unread. What was created is listed at the end.

    The environment of the program leads its calls through a gateway: curl, az, Node,
    Go, Java, .NET and Python find it by the usual variables. What they call is
    sanitised, validated, proven and written as a cassette when the program ends
    with 0. The exit code is the program's, or 1 where that is 0 and something was
    found. The summary is on the error stream; with --format json in its last line.
    """
    from azml_contract.command_run import CommandRun
    from azml_contract.commands.azure import plan_azure
    from azml_contract.commands.emulating import make_emulator, plan_emulated
    from azml_contract.recording.engine import Mode

    words = words_of(context)
    path = folder / f"{name or name_run(words)}.json"
    record_command = shlex.join(
        [*_COMMAND, "--to", str(folder), "--name", path.stem, "--", *words]
    )
    with ExitStack() as held:
        if target == "azure":
            plan = plan_azure(
                path, record_command, cloud, hosts, allow_compute=allow_compute
            )
        else:
            emulator = held.enter_context(make_emulator(seed, faults, azurite))
            plan = plan_emulated(emulator, Mode.RECORD, path, record_command)
        plan = replace(plan, profile=profile, forgives=forgive)
        run = held.enter_context(CommandRun(plan))

        def conclude(code: int, report: Report) -> None:
            report.lines += run.say_created() if target == "azure" else []
            if code:
                report.lines.append(
                    f"The command ended with {code}: {path} was not written."
                )
            elif run.recorder.taken():
                before = find_scripts(path)
                run.recorder.save()
                replaced = describe_replaced(before, find_scripts(path))
                report.lines.append(f"wrote {path}{replaced}")

        code = run_program(
            run,
            words,
            conclude,
            least=least_of(fail_on),
            title="recorded",
            form=form,
        )
    sys.exit(code)
