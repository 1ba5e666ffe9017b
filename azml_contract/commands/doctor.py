"""`azml-contract doctor`: what is set, what is reachable, what is missing.

In: the environment, the files of this folder, and with --online the network. Out:
three lists, one for each way to run scenarios. That Azure is not set up is an
error only where somebody began to set it up, or asks for it.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from importlib import metadata
from pathlib import Path

import click

from azml_contract.commands.azurite import provide_azurite
from azml_contract.commands.options import text_or_json
from azml_contract.commands.printing import print_json
from azml_contract.errors import AzmlContractError
from azml_contract.settings import (
    VARIABLES,
    Settings,
    collect_values,
    load_settings,
)

_TITLES = {
    "Replay: pytest scenarios": "replay",
    "Emulator: --azml-mode record, extend, live or verify": "emulator",
}


@click.command()
@click.option("--online", is_flag=True, help="Also ask for a token and the workspace.")
@click.option(
    "--install", is_flag=True, help="Install Azurite into this user's cache first."
)
@text_or_json
def command(online: bool, install: bool, form: str) -> None:
    """Say what is set, what is missing, and how to mend it.

    Exit code 2: Azure is set up in part, or does not answer (--online).
    """
    folder = Path.cwd()
    if install:
        provide_azurite()
    files = {"dotenv": folder / ".env", "pyproject": folder / "pyproject.toml"}
    values = collect_values(os.environ, **files)
    emulator = dict(_emulator(folder))
    told = {
        "replay": dict(_replay(folder)),
        "emulator": emulator,
        "azure": {
            variable: _show(name, values) for name, variable in VARIABLES.items()
        },
    }
    if form == "text":
        _print(told)
    location = None
    try:
        if values or online:
            settings = load_settings(os.environ, **files)
            location = _ask_azure(settings) if online else None
        elif form == "text":
            click.echo("  Nothing is set; nothing but Azure itself needs it.")
    finally:  # what is set in part is told, too
        if form == "json":
            told["emulator"] = {k: " ".join(v.split()) for k, v in emulator.items()}
            print_json(**told, location=location)
    if location is not None and form == "text":
        click.echo(f"\nThe workspace answers: {location}.")


def _print(told: Mapping[str, Mapping[str, str]]) -> None:
    for title, name in _TITLES.items():
        click.echo(title)
        for what, state in told[name].items():
            _print_row(f"  {what:<16}", state)
        click.echo()
    click.echo("Azure: --azml-target azure")
    for name, variable in VARIABLES.items():
        shown = told["azure"][variable]
        _print_row(f"  {name.replace('_', ' '):<16}{variable:<24}", shown)


def _print_row(head: str, state: str) -> None:
    """One state beside its name, as wide as the terminal; a path is never broken."""
    from azml_contract.report.table import wrap

    width = max(shutil.get_terminal_size().columns, len(head) + 20)
    for index, text in enumerate(state.splitlines()):
        for line in wrap(text, len(head), width, "" if index else head.strip()):
            click.echo(str(line))


def _replay(folder: Path) -> Iterator[tuple[str, str]]:
    yield "Python", sys.version.split()[0]
    yield "azml-contract", metadata.version("azml-contract")
    yield (
        "jsonschema-rs",
        _version("jsonschema-rs")
        or "no: slower, a weak --prove: pip install 'azml-contract[fast]'",
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
            yield name, f"no: {error}"
    lacking = ", ".join(find_lacking())
    mended = "pip install 'azml-contract[training]'"
    yield "Training", f"no {lacking}: {mended}" if lacking else "yes: --azml-execute"


def _show(name: str, values: Mapping[str, str]) -> str:
    value = values.get(name)
    if value is None:
        usual = next(f.default for f in fields(Settings) if f.name == name)
        return f"{usual} (default)" if isinstance(usual, str) and usual else "-"
    # A proxy's URL may hold a password.
    return "(set)" if name == "client_secret" or "@" in value else value


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _ask_azure(settings: Settings) -> str:
    """The region of the workspace."""
    import logging

    from azml_contract.client import Workspace

    # azure-identity would print what the error says again.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    workspace = Workspace(settings, api_version="2024-04-01")
    answer = workspace.arm("GET", settings.workspace_id)
    if answer.error is not None:
        raise AzmlContractError(f"The workspace does not answer: {answer.error}")
    return str(answer.json["location"])
