"""`azml-contract serve CASSETTES`: recordings as a service, until interrupted."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from azml_contract.commands.contracts_option import contracts_option
from azml_contract.commands.environment import (
    environment_options,
    gateway_port_option,
    show_environment,
)
from azml_contract.commands.kinds import INPUT
from azml_contract.commands.running import (
    draws_option,
    judging_options,
    least_of,
    plan_replay,
    print_report,
)


@click.command()
@click.argument(
    "cassettes",
    nargs=-1,
    required=True,
    type=INPUT,
    metavar="CASSETTE|FOLDER...",
)
@environment_options
@gateway_port_option
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that keeps port and certificates the same over restarts.",
)
@draws_option
@judging_options
@contracts_option
def command(
    cassettes: tuple[Path, ...],
    env_file: Path | None,
    form: str | None,
    gateway_port: int,
    state: Path | None,
    draws: tuple[str, ...],
    profile: str,
    fail_on: str,
    forgive: tuple[str, ...],
) -> None:
    """Answer clients from cassettes, for whole test suites in any language.

    Prints the variables that lead a client here. Each recorded call is answered
    once, polls as often as they are asked; `curl -X POST $HTTPS_PROXY/rewind` plays
    from the beginning, for the next test, and `curl $HTTPS_PROXY` tells how it
    stands. At the end, misses, calls that nobody made and refused hosts are told and
    give exit code 1.
    """
    from azml_contract.command_run import CommandRun
    from azml_contract.commands.emulator import until_interrupted
    from azml_contract.gateway.ports import keep_ports, remember_ports

    _, port = keep_ports(state, 0, gateway_port)
    plan = plan_replay(
        cassettes,
        profile=profile,
        forgives=forgive,
        state=state,
        port=port,
        draws=draws,
    )
    with until_interrupted() as interrupted, CommandRun(plan) as run:
        remember_ports(state, "http://127.0.0.1:0", run.url)
        count = len(plan.names)
        show_environment(
            f"{count} interactions answer through {run.url}.",
            run.environ,
            env_file,
            form,
        )
        interrupted.wait()
        report = run.report()
    print_report("served", report)
    if report.is_wrong(least_of(fail_on)):
        sys.exit(1)
