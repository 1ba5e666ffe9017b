"""`azml-contract cassette export`: write a cassette for another tool."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from azml_contract.commands.kinds import RECORDING
from azml_contract.errors import UsageError

if TYPE_CHECKING:
    from azml_contract.cassette.cassette import Cassette


@click.command("export")
@click.argument("path", type=RECORDING, metavar="CASSETTE")
@click.option("--format", "form", required=True, type=click.Choice(["vcrpy", "har"]))
@click.option("-o", "--output", required=True, metavar="FILE")
def command(path: str, form: str, output: str) -> None:
    """Write a cassette for vcrpy (YAML; JSON where FILE ends so) or as HAR 1.2.

    Repeated polls are written out one by one. The file says what it was
    recorded from, and `cassette import` reads it back.
    """
    from azml_contract.cassette.store import write_cassette
    from azml_contract.commands.cassette.wording import count
    from azml_contract.documents.document import open_cassette
    from azml_contract.documents.exporting import count_failures

    cassette = open_cassette(Path(path)).cassette
    assert cassette is not None
    target = Path(output)
    rendered = render_export(cassette, form, as_json=target.suffix == ".json")
    write_cassette(target, rendered, {})
    failed = count_failures(cassette)
    calls = sum(one.times for one in cassette.interactions) - failed
    click.echo(f"{target}: {calls} calls, {len(rendered)} bytes.")
    if failed:
        click.echo(
            f"{count(failed, 'call')} that the network failed left out: the format "
            "has no place for them.",
            err=True,
        )


def render_export(cassette: Cassette, form: str, *, as_json: bool) -> bytes:
    """The bytes of an export.

    Args:
        cassette: What to write.
        form: ``vcrpy`` or ``har``.
        as_json: vcrpy's JSON in place of its YAML.

    Raises:
        UsageError: vcrpy's JSON was asked for, and a body is binary.
    """
    from azml_contract.documents import exporting

    if form == "har":
        return _json(exporting.to_har(cassette, _version()))
    data = exporting.to_vcrpy(cassette)
    if as_json:
        return _json(data)
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(data, Dumper=dumper)
    return text.encode()


def _json(data: Any) -> bytes:
    try:
        return json.dumps(data, indent=2, ensure_ascii=False).encode() + b"\n"
    except TypeError as error:
        raise UsageError(
            "vcrpy's JSON cannot hold the binary bodies of this cassette. "
            "Write its YAML: -o FILE.yaml"
        ) from error


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("azml-contract")
    except PackageNotFoundError:
        return "0"
