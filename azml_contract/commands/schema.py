"""`azml-contract schema`: the schemas of cassettes, reports and output."""

from __future__ import annotations

import click

from azml_contract.commands.options import always_json
from azml_contract.shipped import SCHEMAS, read_schema


@click.command()
@click.argument("name", type=click.Choice(SCHEMAS))
@always_json
def command(name: str) -> None:
    """Print the JSON Schema of what this program writes.

    NAME is cassette; output, what commands print with --format json, one definition
    a command; regression-report, of regress --format json; or regression-report-2,
    of its json2. Of what is sent to the service: contract schema.
    """
    click.echo(read_schema(name), nl=False)
