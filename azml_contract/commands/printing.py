"""Print findings in the forms that every command knows.

In: what was checked, the name of a form, and the lines of the text. Out: standard
output. Wiring between commands and `report`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from azml_contract.printable import coloured
from azml_contract.whole_file import append_whole

if TYPE_CHECKING:
    from azml_contract.report.checked import Checked
    from azml_contract.report.sarif import Tool


def print_checked(
    checked: Sequence[Checked], form: str, tell: Callable[[], Iterable[str]]
) -> None:
    """Print what was checked.

    Args:
        checked: Every input with its findings.
        form: ``text``, ``json``, ``sarif``, ``github``, ``junit`` or ``markdown``.
        tell: Makes the lines of the text, as commands close it differently.
    """
    if form == "json":
        from azml_contract.report.json import render_json

        click.echo(render_json(checked))
    elif form == "sarif":
        from azml_contract.report.sarif import render_sarif

        click.echo(render_sarif(checked, make_tool()))
    elif form == "junit":
        from azml_contract.report.junit import render_junit

        click.echo(render_junit(checked))
    elif form == "markdown":
        from azml_contract.report.markdown import render_markdown

        click.echo(render_markdown(checked))
    elif form == "github":
        from azml_contract.report.github import render_github
        from azml_contract.report.markdown import render_markdown

        append_summary(render_markdown(checked))
        click.echo(render_github(checked))
    else:
        for line in tell():
            click.echo(line, file=coloured(sys.stdout))


def print_json(**told: Any) -> None:
    """Print what a command tells programs; docs/output.schema.json has its shape."""
    click.echo(_render(told, indent=2))


def print_json_line(**told: Any) -> None:
    """The same in one line of the error stream: standard output is a program's own."""
    click.echo(_render(told), err=True)


def _render(told: Mapping[str, Any], indent: int | None = None) -> str:
    return json.dumps({"format": 1, **told}, indent=indent, ensure_ascii=False)


def make_tool() -> Tool:
    """This program, as SARIF names it: with what its codes mean."""
    from importlib.metadata import version

    from azml_contract.report.sarif import Rule, Tool
    from azml_contract.validation.codes import CODES
    from azml_contract.validation.codes_page import load_entries

    entries = load_entries()
    rules = {
        name: Rule(code.title, entries[name].meaning, entries[name].cure)
        for name, code in CODES.items()
    }
    return Tool(version("azml-contract"), rules)


def append_summary(text: str) -> None:
    """Add Markdown to the summary of a GitHub job, where there is one."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        content = f"{text}\n".encode("utf-8", "backslashreplace")
        append_whole(Path(summary), content)


_DIFF = {"+": "green", "-": "red", "@": "cyan"}


def echo_diff(diff: str) -> None:
    """Print a unified diff, in colours where a terminal reads it."""
    for line in diff.splitlines(keepends=True):
        shown = paint(line, _DIFF[line[0]]) if line[:1] in _DIFF else line
        click.echo(shown, nl=False, file=coloured(sys.stdout))


def paint(text: str, colour: str) -> str:
    """Colour a text for a terminal; ``bold`` is one of the colours."""
    if colour == "bold":
        return click.style(text, bold=True)
    return click.style(text, fg=colour)
