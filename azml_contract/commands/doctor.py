"""`azml-contract doctor`: what is set, what is reachable, what is missing.

In: the environment, the files of this folder, and with --online the network. Out:
three lists, one for each way to run scenarios. That Azure is not set up is an
error only where somebody began to set it up, or asks for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from importlib import metadata
from pathlib import Path

import click

from azml_contract.commands.azurite import provide_azurite
from azml_contract.errors import AzmlContractError
from azml_contract.settings import (
    VARIABLES,
    Settings,
    collect_values,
    load_settings,
)


@click.command()
@click.option("--online", is_flag=True, help="Also ask for a token and the workspace.")
@click.option(
    "--install", is_flag=True, help="Install Azurite into this user's cache first."
)
def command(online: bool, install: bool) -> None:
    """Say what is set, what is missing, and how to mend it.

    Exit code 2: Azure is set up in part, or does not answer (--online).
    """
    folder = Path.cwd()
    if install:
        provide_azurite()
    for title, lines in (
        ("Replay: pytest scenarios", _replay(folder)),
        ("Emulator: --azml-mode record, extend, live or verify", _emulator(folder)),
    ):
        click.echo(title)
        for name, state in lines:
            click.echo(f"  {name:<16}{state}")
        click.echo()
    click.echo("Azure: --azml-target azure")
    files = {"dotenv": folder / ".env", "pyproject": folder / "pyproject.toml"}
    values = collect_values(os.environ, **files)
    for name, variable in VARIABLES.items():
        shown = _show(name, values)
        click.echo(f"  {name.replace('_', ' '):<16}{variable:<24}{shown}")
    if not values and not online:
        click.echo("  Nothing is set; nothing but Azure itself needs it.")
        return
    settings = load_settings(os.environ, **files)
    if online:
        _ask_azure(settings)


def _replay(folder: Path) -> Iterator[tuple[str, str]]:
    yield "Python", sys.version.split()[0]
    yield "azml-contract", metadata.version("azml-contract")
    yield (
        "jsonschema-rs",
        _version("jsonschema-rs")
        or "no, verdicts are slower: pip install 'azml-contract[fast]'",
    )
    yield from _cassettes(folder / "cassettes")


def _cassettes(folder: Path) -> Iterator[tuple[str, str]]:
    from azml_contract.cassette.pending import UNPROVEN, find_pending

    waiting = len(find_pending([folder])) if folder.is_dir() else 0
    cassettes = sum(1 for _ in folder.rglob("*.json")) - waiting
    unproven = sum(1 for _ in folder.rglob(f"*{UNPROVEN}"))
    yield (
        "cassettes",
        f"{cassettes} in ./cassettes" if cassettes else "none here: azml-contract init",
    )
    if waiting:
        yield "to review", f"{waiting} recorded anew: azml-contract cassette review"
    if unproven:
        yield "unproven", f"{unproven} that would not replay, beside: *{UNPROVEN}"


def _emulator(folder: Path) -> Iterator[tuple[str, str]]:
    from azml_contract.commands.demo import find_lacking
    from azml_contract.emulator.azurite import find_azurite
    from azml_contract.emulator.node import find_node

    for name, find in (
        ("Node", find_node),
        ("Azurite", lambda: find_azurite(folder=folder)[-1]),
    ):
        try:
            yield name, find()
        except AzmlContractError as error:
            yield name, "no: " + " ".join(str(error).split())
    lacking = ", ".join(find_lacking())
    mended = "pip install 'azml-contract[training]'"
    yield "Training", f"no {lacking}: {mended}" if lacking else "yes: --azml-execute"


def _show(name: str, values: Mapping[str, str]) -> str:
    value = values.get(name)
    if value is None:
        usual = next(f.default for f in fields(Settings) if f.name == name)
        return f"{usual} (the default)" if isinstance(usual, str) and usual else "-"
    # A proxy's URL may hold a password.
    return "(set)" if name == "client_secret" or "@" in value else value


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _ask_azure(settings: Settings) -> None:
    import logging

    from azml_contract.client import Workspace

    # azure-identity would print what the error says again.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    workspace = Workspace(settings, api_version="2024-04-01")
    answer = workspace.arm("GET", settings.workspace_id)
    if answer.error is not None:
        raise AzmlContractError(f"The workspace does not answer: {answer.error}")
    click.echo(f"\nThe workspace answers: {answer.json['location']}.")
