"""`azml-contract emulator`: a local service, until it is interrupted."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from azml_contract.commands.contracts_option import contracts_option
from azml_contract.commands.environment import (
    environment_options,
    gateway_port_option,
    show_environment,
)
from azml_contract.commands.job_options import job_options
from azml_contract.interrupts import was_interrupted

if TYPE_CHECKING:
    from azml_contract.emulator.execution.keeping import Limits

_CHECK_S = 0.5


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback only.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Default: free.")
@gateway_port_option
@click.option(
    "--azurite",
    metavar="PATH|none",
    default="",
    help="Folder of the npm package azurite. Default: node_modules, PATH, then "
    "this user's cache, where it is installed at first use.",
)
@click.option("--seed", type=click.Path(path_type=Path), help="JSON: what exists.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="Jobs run this many times as fast as the time on the wall.",
)
@environment_options
@click.option(
    "--record",
    "recordings",
    type=click.Path(path_type=Path, file_okay=False),
    help="Record what is called, and write emulator.json here at the end.",
)
@click.option(
    "--log",
    "logs",
    is_flag=True,
    help="One line for each request, on the error stream.",
)
@contracts_option
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that keeps everything for the next start. Default: memory.",
)
@click.option(
    "--faults",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML: what shall go wrong, see docs/emulator.md.",
)
@job_options
def command(
    host: str,
    port: int,
    gateway_port: int,
    azurite: str,
    seed: Path | None,
    speed: float,
    env_file: Path | None,
    form: str | None,
    recordings: Path | None,
    logs: bool,
    state: Path | None,
    faults: Path | None,
    execute: Limits | None,
) -> None:
    """Run a local Azure ML service, and print how a client finds it.

    The JSON object of --seed may have these keys; what it leaves out has a
    default: subscription, tenant, client_id (GUIDs), client_secret,
    resource_group, workspace, location, storage_account, storage_key (base64),
    computes (a list: clusters that exist from the start), principals (a list:
    client_id, client_secret and role of each), user_name, guid_seed
    (a whole number: the same one draws the same GUIDs).
    """
    from azml_contract.commands.azurite import provide_azurite
    from azml_contract.emulator.clock import RunningClock
    from azml_contract.emulator.fault_file import load_faults
    from azml_contract.emulator.seed import find_seed
    from azml_contract.emulator.server import Emulator
    from azml_contract.gateway.ports import keep_ports, remember_ports

    if azurite != "none":
        provide_azurite(azurite)
    port, gateway_port = keep_ports(state, port, gateway_port)
    is_seen = recordings is not None or logs
    emulator = Emulator(
        host=host,
        port=port,
        gateway_port=0 if is_seen else gateway_port,
        azurite=azurite != "none",
        azurite_path="" if azurite == "none" else azurite,
        eager=True,
        clock=RunningClock(speed),
        seed=find_seed(seed, state),
        faults=load_faults(faults) if faults else None,
        state=state,
        execute=execute,
    )
    wrong = False
    with until_interrupted() as interrupted, ExitStack() as held:
        held.enter_context(emulator)
        if is_seen:  # loaded while Azurite starts
            from azml_contract.command_run import CommandRun
            from azml_contract.commands.emulating import conclude_seen, plan_seen
        emulator.wait_ready()
        run = None
        if is_seen:
            plan = plan_seen(emulator, recordings, logs, gateway_port, state)
            run = held.enter_context(CommandRun(plan))
        blobs = "with Azurite" if emulator.azurite_pid else "without blob storage"
        show_environment(
            f"The emulator answers at {emulator.url}, {blobs}.",
            emulator.environ if run is None else run.environ,
            env_file,
            form,
        )
        remember_ports(state, emulator.url, run.url if run else emulator.gateway_url)
        while not interrupted.wait(_CHECK_S):
            emulator.wait_ready()
        if run is not None and recordings is not None:
            wrong = conclude_seen(run)
    click.echo("Ended.")
    if wrong:
        sys.exit(1)


@contextmanager
def until_interrupted() -> Iterator[threading.Event]:
    """An event that Ctrl-C, and every polite way to end a process, sets."""
    interrupted = threading.Event()
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before: dict[int, Any] = {
        number: signal.signal(number, lambda *_: interrupted.set())
        for number in numbers
    }
    if was_interrupted():
        interrupted.set()
    try:
        yield interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
