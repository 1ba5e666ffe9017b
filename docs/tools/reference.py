"""Pages of reference that are made from the code: commands, pytest, settings, formats.

In: click's commands, the plugin's options, ini values and fixtures, the names of
settings, the formats that are read and written. Out: ``docs/reference/*.md``.

    python docs/tools/reference.py --write | --check
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, fields
from pathlib import Path

import click
from _pytest.config.argparsing import Parser

from azml_contract.cli import cli
from azml_contract.commands.cassette import SUBCOMMANDS
from azml_contract.documents.formats import FORMATS
from azml_contract.made_page import keep_page
from azml_contract.plugin import hooks
from azml_contract.plugin.options import add_options
from azml_contract.redaction import user_rules
from azml_contract.settings import VARIABLES, Settings

PAGES = Path(__file__).parents[1] / "reference"
_MADE = "python docs/tools/reference.py"
_NOTE = f"Made by `{_MADE} --write` from the code.\n\n"
_SECRET = {"client_secret"}
_SCENARIOS = """\
The arguments of the marker, and how a scenario is written, are in
[scenarios.md](../scenarios.md).
"""
_COMMANDS = f"""\
# Commands

{_NOTE}Exit codes: 0 clean; 1 a finding, a file that cannot be read among others, or a
break; 2 wrong usage, or nothing judged; 130 interrupted. `NO_COLOR` is kept to, and a
closed pipe is no error. Shells complete commands, api-versions, operations and
recordings; bash does so with

    eval "$(_AZML_CONTRACT_COMPLETE=bash_source azml-contract)"

and others with `zsh_source` and `fish_source`.
"""


def render_commands() -> str:
    """Every command, what it says of itself, and its options."""
    # So wide that no line of usage is wrapped: click would do so at hyphens, too.
    top = click.Context(cli, info_name="azml-contract", terminal_width=10_000)
    return _COMMANDS + "".join(_section(one) for one in walk_commands(cli, top))


def walk_commands(group: click.Group, above: click.Context) -> Iterator[click.Context]:
    """Each command of a group and of the groups in it, in the order of the help."""
    names = group.list_commands(above)
    if above.info_name == "cassette":
        assert names == list(SUBCOMMANDS)
    for name in names:
        command = group.get_command(above, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=above)
        if isinstance(command, click.Group):
            yield from walk_commands(command, context)
        else:
            yield context


def name_of(context: click.Context) -> str:
    """A command as its section is headed, such as ``cassette ls``."""
    return context.command_path.removeprefix("azml-contract ")


def _section(context: click.Context) -> str:
    command = context.command
    usage = command.get_usage(context).removeprefix("Usage: ")
    rows = [row for one in command.get_params(context) if (row := _row(one, context))]
    table = "\n| option | what |\n|---|---|\n" if rows else ""
    return (
        f"\n## {name_of(context)}\n\n    {' '.join(usage.split())}\n\n"
        + _prose(inspect.cleandoc(command.help or "").replace("\f", ""))
        + f"\n{table}{''.join(rows)}"
    )


def _prose(text: str) -> str:
    """A help text: what click must not wrap is a block of code."""
    found = []
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("\b"):
            lines = paragraph.removeprefix("\b").strip("\n").splitlines()
            found.append("\n".join(f"    {line.strip()}" for line in lines))
        else:
            found.append(_escape(paragraph))
    return "\n\n".join(found)


def _escape(text: str) -> str:
    return text.replace("<", "&lt;").replace("*", "\\*")


def _row(one: click.Parameter, context: click.Context) -> str:
    if isinstance(one, click.Argument):
        return ""  # the line of usage names it, the words above it tell of it
    record = one.get_help_record(context)
    if record is None or "--help" in record[0]:
        return ""
    names, words = (part.replace("|", "\\|") for part in record)
    return f"| `{' '.join(names.split())}` | {_escape(' '.join(words.split()))} |\n"


def render_pytest() -> str:
    """Options, ini values, and fixtures of the plugin."""
    parser = Parser(_ispytest=True)
    add_options(parser)
    (group,) = (one for one in parser._groups if one.name == "azml-contract")
    options = [
        f"| `{_spelt(one._action)}` | {_cell(one.attrs()['help'])} |\n"
        for one in group.options
    ]
    values = [
        f"| `{name}` | {_cell(told[0])} |\n" for name, told in parser._inidict.items()
    ]
    fixtures = [
        f"| `{name}` | {_cell(inspect.getdoc(one) or '')} |\n"
        for name, one in _fixtures()
        if inspect.getdoc(one)
    ]
    return "".join(
        [
            "# pytest: options, settings, fixtures\n\n",
            _NOTE,
            _SCENARIOS,
            "\n## Options\n\n| option | what |\n|---|---|\n",
            *options,
            "\n## In pytest.ini or pyproject.toml\n\n| name | what |\n|---|---|\n",
            *values,
            "\n## Fixtures\n\n| fixture | what |\n|---|---|\n",
            *fixtures,
        ]
    )


def _spelt(action: argparse.Action) -> str:
    """An option with what it takes, for a cell of a table."""
    name = action.option_strings[0]
    if action.nargs == 0:
        return name
    listed = "\\|".join(map(str, action.choices or ()))
    return f"{name} {listed or action.metavar or 'N'}"


def _fixtures() -> Iterator[tuple[str, object]]:
    for name, one in vars(hooks).items():
        is_fixture = type(one).__name__ == "FixtureFunctionDefinition"
        if is_fixture and not name.startswith("_"):
            yield name, one._get_wrapped_function()


def _cell(text: str) -> str:
    return _escape(" ".join(text.partition("\n\n")[0].split())).replace("|", "\\|")


def render_settings() -> str:
    """Names, variables and defaults of settings; keys of pyproject.toml."""
    known = {one.name: one for one in fields(Settings)}
    rows = []
    for name, variable in VARIABLES.items():
        default = known[name].default
        shown = f"`{default}`" if default not in (MISSING, "") else ""
        key = "" if name in _SECRET else f"`{name}`"
        rows.append(f"| `{variable}` | {key} | {shown} |\n")
    rules = inspect.getdoc(user_rules) or ""
    example = "\n".join(re.findall(r"^    .*$", rules, re.MULTILINE))
    return (
        f"# Settings\n\n{_NOTE}"
        "Of variables of the environment, a `.env` file and `[tool.azml-contract]` in\n"
        "pyproject.toml the first that tells a setting counts. Replay needs none: it\n"
        "works with placeholders. [Against Azure](../azure.md) says which to set.\n\n"
        "| variable | key of pyproject.toml | default |\n|---|---|---|\n"
        + "".join(rows)
        + "\n`contracts` in `[tool.azml-contract]` names a folder that\n"
        "`azml-contract contract import` filled.\n\n## What recordings lose\n\n"
        f"{example}\n"
    )


def render_formats() -> str:
    """What is read, and what is written."""
    top = click.Context(cli, info_name="azml-contract")
    written = "".join(
        f"| `{name_of(context)}` | {', '.join(f'`{one}`' for one in form)} |\n"
        for context in walk_commands(cli, top)
        if (form := forms_of(context))
    )
    read = "".join(f"- {one}\n" for one in ("cassettes of ours", *map(str, FORMATS)))
    return (
        f"# Formats\n\n{_NOTE}"
        "## Read\n\nCommands that take recordings tell these by their content:\n\n"
        f"{read}\nScripts: [scripts.md](../scripts.md).\n\n"
        f"## Written\n\n| command | `--format` |\n|---|---|\n{written}\n"
        "## Schemas\n\n"
        "`azml-contract schema NAME` prints them:\n\n"
        "- [cassettes](../cassette.schema.json)\n"
        "- [what commands print](../output.schema.json) with `--format json`, one\n"
        "  definition a command\n"
        "- [reports of `regress`](../regression-report.schema.json), and [the short\n"
        "  form](../regression-report-2.schema.json), `--format json2`\n"
    )


def forms_of(context: click.Context) -> list[str]:
    """What a command can be asked to write with `--format`."""
    return [
        str(choice)
        for one in context.command.params
        if "--format" in one.opts and isinstance(one.type, click.Choice)
        for choice in one.type.choices
    ]


RENDERED: dict[str, Callable[[], str]] = {
    "commands": render_commands,
    "pytest": render_pytest,
    "settings": render_settings,
    "formats": render_formats,
}


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or say which are out of date; 1 where one is."""
    return max(
        keep_page(PAGES / f"{name}.md", render, _MADE, arguments)
        for name, render in RENDERED.items()
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
