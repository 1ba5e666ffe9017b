"""`azml-contract skill`: what a coding agent is to know of this program."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Print a guide for coding agents, as a skill file.

    Into a file that an agent reads, such as .claude/skills/azml-contract/SKILL.md.
    """
    from azml_contract.starter.project import read_skill

    click.echo(read_skill(), nl=False)
