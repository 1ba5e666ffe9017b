"""`azml-contract cassette`: look at recordings, clean them, convert them.

In: paths of recordings, of ours or of other tools. Out: text and exit codes.
Each subcommand is a module of this folder and is imported when it is asked for.
"""

from __future__ import annotations

import importlib

import click

SUBCOMMANDS = ("ls", "show", "diff", "lint", "scrub", "import", "export", "prune")
_MODULES = {"import": "import_"}


class _Subcommands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUBCOMMANDS:
            return None
        name = _MODULES.get(cmd_name, cmd_name)
        module = importlib.import_module(f"azml_contract.commands.cassette.{name}")
        command = module.command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Subcommands)
def command() -> None:
    """Look at recordings, compare, clean and convert them."""
