"""How a service tells clients its variables: on the terminal, and in a file.

In: variables. Out: lines that set them, in the format of a shell or of a file, and
the line that undoes it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from azml_contract.gateway.environment import (
    FORMATS,
    guess_format,
    render,
    render_undo,
)

_Command = TypeVar("_Command", bound=Callable[..., Any])


def environment_options(command: _Command) -> _Command:
    """``--env-file`` and ``--format`` (as `form`)."""
    form = click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        help="Of the variables. Default: by the name of the file, else sh.",
    )
    env_file = click.option(
        "--env-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Also write the variables to this file.",
    )
    return env_file(form(command))


def gateway_port_option(command: _Command) -> _Command:
    """``--gateway-port``."""
    return click.option(
        "--gateway-port",
        type=click.IntRange(0, 65535),
        default=0,
        help="Port of the proxy that leads real host names here. Default: free.",
    )(command)


def show_environment(
    headline: str, environ: Mapping[str, str], env_file: Path | None, form: str | None
) -> None:
    """Print what a client needs, and write it to a file.

    Args:
        headline: What answers, and where.
        environ: The variables.
        env_file: Where else they go.
        form: One of the formats; None to guess.
    """
    usual = "powershell" if sys.platform == "win32" else "sh"
    printed = form or usual
    if env_file is not None:
        _write(env_file, environ, form or guess_format(env_file))
    if printed == "json":
        click.echo(render(environ, printed), nl=False)
    else:
        click.echo(f"# {headline}")
        click.echo("# An unmodified client needs these, then uses the real host names:")
        click.echo(render(environ, printed), nl=False)
        undo = render_undo(environ, os.environ, printed)
        if undo:
            click.echo(f"# To undo it: {undo}")
        click.echo("# Ctrl-C ends it.")
    sys.stdout.flush()


def _write(path: Path, environ: Mapping[str, str], form: str) -> None:
    from azml_contract.whole_file import write_whole

    undo = render_undo(environ, os.environ, form)
    note = f"# To undo it: {undo}\n" if undo else ""
    # It holds the client secret.
    write_whole(path, render(environ, form) + note, private=True)
