"""`azml-contract init [DIR]`: a small project of scenarios, green at once."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from azml_contract.commands.options import text_or_json


@click.command()
@click.argument(
    "folder",
    default=".",
    metavar="[DIR]",
    type=click.Path(path_type=Path),
)
@text_or_json
def command(folder: Path, form: str) -> None:
    """Begin a project: a scenario, its recording, and what CI needs.

    Asks nothing. Writes a scenario with its body and its cassette, settings of
    pytest, a workflow of GitHub Actions, hooks of pre-commit and AGENTS.md into DIR
    (default: this folder). What is there already is kept, and said.
    """
    from azml_contract.commands.printing import print_json
    from azml_contract.starter.project import (
        own_requirement,
        repository_above,
        start_project,
    )

    requirement, is_reachable = own_requirement()
    files = start_project(folder, requirement)
    notes = []
    above = repository_above(folder)
    if above is not None:
        notes.append(
            f"GitHub reads .github/workflows of {above} alone; move the workflow "
            "there, and give its steps a working-directory."
        )
    if not is_reachable:
        notes.append(
            f"the workflow and the hooks install {requirement} from an index "
            "of packages; this azml-contract came from a file. Name yours where "
            "it has none."
        )
    if form == "json":
        told = [
            {"path": (folder / one.name).as_posix(), "verb": one.verb, "note": one.note}
            for one in files
        ]
        print_json(files=told, notes=notes)
        return
    for one in files:
        click.echo(f"{one.verb:<6} {(folder / one.name).as_posix()}" + _note(one.note))
    for note in notes:
        click.echo(f"note: {note}")
    enter = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    click.echo(f"\nReplay:       {enter}pytest")
    click.echo("Record anew:  pytest --azml-mode record")
    click.echo("Of a script:  azml-contract generate SCRIPT --to scenarios")


def _note(note: str) -> str:
    return f": {note}" if note else ""
