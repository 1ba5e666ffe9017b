"""`azml-contract cassette diff`: what differs between two recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from azml_contract.commands.cassette.files import (
    Unread,
    read_each,
    report_unread,
)
from azml_contract.commands.cassette.wording import count, short_url, short_value
from azml_contract.commands.kinds import RECORDING
from azml_contract.commands.options import text_or_json
from azml_contract.commands.printing import print_json

if TYPE_CHECKING:
    from azml_contract.cassette.cassette import Cassette
    from azml_contract.cassette.compare import Difference


@click.command("diff")
@click.argument("first", type=RECORDING, metavar="A")
@click.argument("second", type=RECORDING, metavar="B")
@text_or_json
@click.pass_context
def command(ctx: click.Context, first: str, second: str, form: str) -> None:
    """Compare two cassettes by call and JSON path.

    The time of recording, the recorder and drawn values do not count: two
    recordings of the same behaviour are equal. Exits with 1 where they differ.
    """
    from azml_contract.cassette.compare import compare_cassettes

    files = [Path(first), Path(second)]
    unread: list[Unread] = []
    cassettes = read_each(files, _read, unread, listed=files)
    if unread:
        ctx.exit(report_unread(unread, done=0))
    found = compare_cassettes(*cassettes)
    if form == "json":
        print_json(differences=[_to_json(one) for one in found])
    else:
        _print(found)
    ctx.exit(1 if found else 0)


def _read(path: Path) -> Cassette:
    from azml_contract.documents.document import open_cassette

    cassette = open_cassette(path).cassette
    assert cassette is not None
    return cassette


def _to_json(one: Difference) -> dict[str, Any]:
    from azml_contract.cassette.compare import Absent

    shape: dict[str, Any] = {
        "call": one.call,
        "interactions": list(one.indices),
        "pointer": one.pointer,
    }
    for name, value in (("before", one.before), ("after", one.after)):
        if not isinstance(value, Absent):
            shape[name] = value
    return shape


def _print(found: Sequence[Difference]) -> None:
    if not found:
        click.echo("No differences.")
        return
    heading: object = None
    for one in found:
        if one.call and (one.call, one.indices) != heading:
            heading = (one.call, one.indices)
            click.echo(_head(one))
        if one.pointer:
            before, after = _show(one.before), _show(one.after)
            indent = "  " if one.call else ""
            click.echo(f"{indent}{one.pointer}: {before} -> {after}")
    click.echo(f"\n{count(len(found), 'difference')}.")


def _head(one: Difference) -> str:
    verb, _, url = one.call.partition(" ")
    call = f"{verb} {short_url(url)}"
    a, b = one.indices
    if b is None:
        return f"- {call}  (call {a} of A, not in B)"
    if a is None:
        return f"+ {call}  (call {b} of B, not in A)"
    return f"  {call}  (call {a} of A, call {b} of B)"


def _show(value: Any) -> str:
    from azml_contract.cassette.compare import Absent

    return "absent" if isinstance(value, Absent) else short_value(value)
