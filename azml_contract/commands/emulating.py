"""Emulators behind a recorder's gateway: for a program, or as a service.

In: options. Out: an emulator, and the plan of a run that records or logs what it is
asked.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from azml_contract.errors import AzmlContractError

if TYPE_CHECKING:
    from azml_contract.command_run import CommandPlan, CommandRun
    from azml_contract.emulator.server import Emulator
    from azml_contract.exchange import Exchange
    from azml_contract.recording.engine import Mode


def make_emulator(seed: Path | None, faults: Path | None, azurite: str) -> Emulator:
    """An emulator whose clock steps with its calls, so that runs repeat.

    Raises:
        EmulatorError: Azurite was named and is not there, or the seed is malformed.
    """
    from azml_contract.emulator.azurite import is_installed
    from azml_contract.emulator.fault_file import load_faults
    from azml_contract.emulator.seed import find_seed
    from azml_contract.emulator.server import Emulator

    return Emulator(
        # What uploads nothing can be recorded without.
        azurite=azurite != "none" and bool(azurite or is_installed()),
        azurite_path="" if azurite == "none" else azurite,
        # A program that waits a second at most would not see it start.
        eager=True,
        seed=find_seed(seed, None),
        faults=load_faults(faults) if faults else None,
    )


def plan_emulated(
    emulator: Emulator, mode: Mode, path: Path, record_command: str, **more: Any
) -> CommandPlan:
    """The plan of a run with an emulator behind the gateway."""
    from azml_contract.command_run import CommandPlan
    from azml_contract.emulator.far_side import EmulatorSide
    from azml_contract.gateway.hosts import azure_domains
    from azml_contract.gateway.outward import read_roots
    from azml_contract.recording.engine import RecorderSettings
    from azml_contract.redaction.user_rules import load_user_rules
    from azml_contract.scenario import redaction_rules
    from azml_contract.settings import PLACEHOLDERS, find_pyproject

    user = load_user_rules(os.environ, find_pyproject(Path.cwd()))
    recorder = RecorderSettings(
        path=path,
        mode=mode,
        scenario=f"commands/{path.stem}",
        api_version="",
        target="emulator",
        rules=redaction_rules(emulator.settings, user),
        replay_rules=redaction_rules(PLACEHOLDERS, user),
        record_command=record_command,
        keep_headers=user.headers,
        intercepts=False,
    )
    side = EmulatorSide(emulator)
    more["roots"] = read_roots(os.environ)
    return CommandPlan(recorder, side, azure_domains(), emulator.variables, **more)


def plan_seen(
    emulator: Emulator,
    recordings: Path | None,
    logs: bool,
    port: int,
    state: Path | None,
) -> CommandPlan:
    """The plan of an emulator whose calls are recorded, told line by line, or both."""
    from azml_contract.recording.engine import Mode

    mode = Mode.LIVE if recordings is None else Mode.RECORD
    path = (recordings or Path("recordings")) / "emulator.json"
    return plan_emulated(
        emulator,
        mode,
        path,
        f"azml-contract emulator --record {path.parent}",
        port=port,
        state=None if state is None else state / "gateway",
        observe=_Log() if logs else None,
    )


def conclude_seen(run: CommandRun) -> bool:
    """Write what was recorded, print the summary; whether anything is wrong."""
    from azml_contract.commands.running import print_report
    from azml_contract.finding import Severity

    report = run.report()
    if run.recorder.taken():
        try:
            run.recorder.save()
            report.lines.append(f"wrote {run.plan.recorder.path}")
        except AzmlContractError as error:
            report.problems.append(run.recorder.redact(str(error)))
    print_report("recorded", report)
    return report.is_wrong(Severity.ERROR)


class _Log:
    """Prints a line for each call: no query, no headers, no body."""

    def __init__(self) -> None:
        from azml_contract.validation.validator import Validator

        self._validator = Validator()

    def __call__(self, exchange: Exchange, taken_s: float) -> None:
        request = exchange.request
        codes = {one.code for one in self._validator.check(exchange).findings}
        failure = exchange.failure
        answered = exchange.response.status or (failure.kind if failure else "-")
        click.echo(
            f"{request.method} {request.host}{request.path} "
            f"{request.api_version or '-'} {answered} "
            f"{','.join(sorted(codes)) or '-'} {taken_s * 1000:.0f} ms",
            err=True,
        )
