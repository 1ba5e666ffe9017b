"""Print findings in the forms that every command knows.

In: what was checked, the name of a form, and the lines of the text. Out: standard
output. Wiring between commands and `report`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from azml_contract.report.checked import Checked


def print_checked(
    checked: Sequence[Checked], form: str, tell: Callable[[], Iterable[str]]
) -> None:
    """Print what was checked.

    Args:
        checked: Every input with its findings.
        form: ``text``, ``json``, ``sarif`` or ``github``.
        tell: Makes the lines of the text, as commands close it differently.
    """
    if form == "json":
        from azml_contract.report.json import render_json

        click.echo(render_json(checked))
    elif form == "sarif":
        from azml_contract.report.sarif import render_sarif
        from azml_contract.validation.codes import CODES

        titles = {name: code.title for name, code in CODES.items()}
        click.echo(render_sarif(checked, titles))
    elif form == "github":
        from azml_contract.report.github import render_github

        click.echo(render_github(checked))
    else:
        for line in tell():
            click.echo(line)


def paint(text: str, colour: str) -> str:
    """Colour a text for a terminal; ``bold`` is one of the colours."""
    if colour == "bold":
        return click.style(text, bold=True)
    return click.style(text, fg=colour)
