"""`azml-contract cassette`: look at recordings, clean them, convert them.

In: paths of recordings, of ours or of other tools. Out: text and exit codes.
Each subcommand is a module of this folder and is imported when it is asked for.
"""

from __future__ import annotations

import click

from azml_contract.commands.lazy import LazyGroup

SUBCOMMANDS = {
    "ls": "List cassettes: scenario, api-version, target, age, size.",
    "show": "Tell what a cassette holds: the calls and their answers.",
    "diff": "Compare two cassettes by call and JSON path.",
    "review": "Decide on recordings that would change cassettes.",
    "lint": "Look for secrets in recordings, and for faults in cassettes.",
    "scrub": "Take secrets and names out of recordings of any format.",
    "import": "Make a cassette of another tool's recording.",
    "export": "Write a cassette for vcrpy, or as HAR.",
    "permissions": "Print the role definition that recorded calls need.",
    "prune": "List or delete cassettes that no scenario plays.",
}


@click.group(cls=LazyGroup, package=__name__, helps=SUBCOMMANDS)
def command() -> None:
    """Look at recordings, compare, clean and convert them."""
