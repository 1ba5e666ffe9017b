"""The option `--contracts`, shared by every command that judges or answers.

In: a command. Out: the command, whose api-versions include those of a folder
of the user's own: of the option, else of `[tool.azml-contract] contracts` in
the nearest pyproject.toml.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


def contracts_option(function: _Command) -> _Command:
    """Add `--contracts DIR` to a command; its function takes no argument for it."""
    return click.option(
        "--contracts",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        expose_value=False,
        is_eager=True,
        callback=_use,
        help="A folder that `contract import` filled, looked at as well.",
    )(function)


def _use(
    context: click.Context, parameter: click.Parameter, folder: Path | None
) -> None:
    from azml_contract.contract.catalog import use_folder
    from azml_contract.settings import find_contracts_folder, find_pyproject

    if not context.resilient_parsing:
        use_folder(folder or find_contracts_folder(find_pyproject(Path.cwd())))
        context.call_on_close(lambda: use_folder(None))
