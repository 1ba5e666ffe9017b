"""`azml-contract skill`: what a coding agent is to know of this program."""

from __future__ import annotations

import click

from azml_contract.commands.options import text_or_json


@click.command()
@text_or_json
def command(form: str) -> None:
    """Print a guide for coding agents, as a skill file.

    Into a file that an agent reads, such as .claude/skills/azml-contract/SKILL.md.
    """
    from azml_contract.starter.project import read_skill

    if form == "json":
        from azml_contract.commands.printing import print_json

        print_json(skill=read_skill())
        return
    click.echo(read_skill(), nl=False)
