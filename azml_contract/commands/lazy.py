"""Commands that are imported when they are asked for.

In: a table of names, modules and one-line helps. Out: a click group whose list
of commands costs no import, and that knows what is meant by a name that is nearly
one; a test holds the helps to what the commands say.
"""

from __future__ import annotations

import importlib
from typing import Any

import click


class SuggestingGroup(click.Group):
    """A group that names the nearest command where there is none of a name."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            import difflib  # only a slip needs it

            near = difflib.get_close_matches(args[0], known, n=1)
            hint = f"Did you mean {near[0]}?" if near else ", ".join(known)
            ctx.fail(f"No such command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)


class LazyGroup(SuggestingGroup):
    """A group that knows its commands by name until one is used."""

    def __init__(self, *args: Any, package: str, helps: dict[str, str], **more: Any):
        """Take the commands of a package.

        Args:
            args: As click has them.
            package: Dotted name of what holds one module a command, each with a
                `command`. A name that is a keyword has an underscore behind it.
            helps: The first sentence of each command, by its name, in order.
            more: As click has them.
        """
        super().__init__(*args, **more)
        self._package = package
        self.helps = helps

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.helps)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.helps:
            return None
        name = f"{cmd_name}_" if cmd_name == "import" else cmd_name
        command = importlib.import_module(f"{self._package}.{name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.helps.items()))
