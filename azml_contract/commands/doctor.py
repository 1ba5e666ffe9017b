"""`azml-contract doctor`: what is set, what is reachable, what is missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from azml_contract.errors import AzmlContractError
from azml_contract.settings import VARIABLES, Settings, load_settings


@click.command()
@click.option("--online", is_flag=True, help="Also ask for a token and the workspace.")
def command(online: bool) -> None:
    """Say what is set, what is missing, and how to mend it."""
    click.echo("Replay needs nothing more than this Python.")
    for name, state in _machine():
        click.echo(f"  {name:<22}{state}")
    click.echo("\nLive calls and recording against Azure:")
    root = Path.cwd()
    settings = load_settings(
        os.environ, dotenv=root / ".env", pyproject=root / "pyproject.toml"
    )
    for name, variable in VARIABLES.items():
        value = getattr(settings, name)
        shown = "(set)" if value and name == "client_secret" else value or "-"
        click.echo(f"  {name:<16}{variable:<24}{shown}")
    if online:
        _ask_azure(settings)


def _machine() -> Iterator[tuple[str, str]]:
    yield "Python", sys.version.split()[0]
    fast = importlib.util.find_spec("jsonschema_rs")
    yield (
        "jsonschema-rs",
        "yes" if fast else "no: verdicts are slower (pip install azml-contract[fast])",
    )
    yield "Node", shutil.which("node") or "no: make setup brings one, for Azurite"


def _ask_azure(settings: Settings) -> None:
    from azml_contract.client import Workspace

    workspace = Workspace(settings, api_version="2024-04-01")
    answer = workspace.arm("GET", settings.workspace_id)
    if answer.error is not None:
        raise AzmlContractError(f"The workspace does not answer: {answer.error}")
    click.echo(f"\nThe workspace answers: {answer.json['location']}.")
