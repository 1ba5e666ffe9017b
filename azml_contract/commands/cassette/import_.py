"""`azml-contract cassette import`: make a cassette of another tool's recording."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from azml_contract.commands.cassette.files import project_rules
from azml_contract.commands.cassette.wording import count, describe, size_of
from azml_contract.commands.kinds import API_VERSION, RECORDING
from azml_contract.commands.options import text_or_json
from azml_contract.commands.printing import print_json
from azml_contract.errors import InputError, UsageError

if TYPE_CHECKING:
    from azml_contract.cassette.cassette import Cassette
    from azml_contract.documents.document import Document
    from azml_contract.exchange import Exchange

_TOLD = ("scenario", "api_version", "target")


@click.command("import")
@click.argument("path", type=RECORDING, metavar="FILE")
@click.option("--to", "target_path", required=True, metavar="CASSETTE")
@click.option("--scenario", default="", help="Its name; default from --to.")
@click.option(
    "--api-version",
    default="",
    type=API_VERSION,
    metavar="V",
    help="Default: what most calls use.",
)
@click.option(
    "--target",
    type=click.Choice(["azure", "emulator"]),
    help="What answered; default: azure, where every host is Azure's by name.",
)
@click.option(
    "--azure-only",
    is_flag=True,
    help="Leave out calls to hosts that are not Azure's: telemetry, fonts.",
)
@click.option("--force", is_flag=True, help="Replace a cassette that is there.")
@text_or_json
@click.pass_context
def command(
    ctx: click.Context,
    path: str,
    target_path: str,
    scenario: str,
    api_version: str,
    target: str | None,
    azure_only: bool,
    force: bool,
    form: str,
) -> None:
    """Make a cassette of a HAR, a vcrpy cassette or a test-proxy recording.

    It is sanitised as a recording of our own: names become placeholders, tokens
    and keys are removed, the variables of a test-proxy recording stay. What
    would still hold a secret is not written, and the exit code is 1. What a
    browser notes beside calls (preflights, sockets, what was cancelled) is left out.
    """
    from azml_contract.cassette.store import write_cassette
    from azml_contract.documents.document import open_recording
    from azml_contract.documents.importing import import_exchanges, is_call
    from azml_contract.redaction.origin import is_azure
    from azml_contract.redaction.scan import SecretFound

    place = Path(target_path)
    if place.exists() and not force:
        raise UsageError(f"{place} exists; replace it with --force.")
    document = open_recording(Path(path))
    if document.format is None:
        raise UsageError(f"{path} is a cassette already; copy it.")
    recorded = [one.exchange for one in document.recorded()]
    exchanges = [
        one
        for one in recorded
        if is_call(one) and (is_azure(one.request) or not azure_only)
    ]
    if not exchanges:
        raise InputError(f"{path}: it holds no call, so there is nothing to import.")
    given = {"scenario": scenario, "api_version": api_version, "target": target}
    header = make_header(document, exchanges, place, given)
    try:
        imported = import_exchanges(
            exchanges,
            header,
            project_rules(),
            path=place,
            is_ours=bool(document.format.mark(document.data)),
        )
    except SecretFound as error:
        click.echo(f"Error: {error}", err=True)
        ctx.exit(1)
    write_cassette(place, imported.rendered, imported.side_files)
    for one in imported.unopened:
        click.echo(f"{one.place} was not looked into: {one.kind}", err=True)
    told = {
        **describe(place, imported.cassette, len(imported.rendered)),
        "variables": sorted(imported.cassette.variables),
        "left_out": len(recorded) - len(exchanges),
    }
    if form == "json":
        print_json(**told)
    else:
        _report(told)


def make_header(
    document: Document,
    exchanges: Sequence[Exchange],
    place: Path,
    given: dict[str, Any],
) -> Cassette:
    """What is known of a recording: given, noted in it, or told by its calls.

    Raises:
        UsageError: The api-version or the target cannot be told.
    """
    from azml_contract.cassette.cassette import Cassette
    from azml_contract.documents import importing

    assert document.format is not None
    mark = document.format.mark(document.data)
    known = {name: value for name, value in given.items() if value}
    noted = {name: mark[name] for name in _TOLD if isinstance(mark.get(name), str)}
    target = _target(document, exchanges, known.get("target"), noted.get("target"))
    version = known.get("api_version") or noted.get("api_version")
    version = version or _choose_version(document, exchanges)
    return Cassette(
        scenario=known.get("scenario") or noted.get("scenario") or _name(place),
        api_version=version,
        target=target,
        recorded_at=str(mark.get("recorded_at") or importing.recorded_at(exchanges)),
        recorder=f"azml-contract {_version()}, imported from a {document.format}",
        variables=importing.read_variables(document.data, document.format),
        reads=_reads(mark.get("reads")),
    )


def _choose_version(document: Document, exchanges: Sequence[Exchange]) -> str:
    """The version of a recording that does not say it."""
    from azml_contract.contract.catalog import known_versions
    from azml_contract.documents.importing import most_used_version

    version, strange = most_used_version(exchanges, known_versions())
    told = f" ({', '.join(strange)})" if strange else ""
    if not version:
        raise UsageError(
            f"{document.path}: no call has an api-version that is known{told}; name "
            "the one of the scenario: --api-version."
        )
    if strange:
        click.echo(
            f"Note: {document.path}: some calls have an api-version that is not "
            f"known{told}; they are imported as they are.",
            err=True,
        )
    return version


def _target(
    document: Document,
    exchanges: Sequence[Exchange],
    asked: str | None,
    noted: str | None,
) -> str:
    from azml_contract.documents.importing import answered_by_emulator
    from azml_contract.redaction.origin import hosts_of, is_azure

    if answered_by_emulator(exchanges):
        noted = "emulator"
    if noted:
        if asked and asked != noted:
            raise UsageError(
                f"{document.path} says that it was recorded from {noted}, not {asked}."
            )
        return noted
    others = hosts_of(one for one in exchanges if not is_azure(one.request))
    if asked == "azure" and others:
        raise UsageError(
            f"{document.path} calls hosts that are not Azure's ({', '.join(others)}); "
            "it cannot pass for a recording of Azure. To leave them out: --azure-only"
        )
    if asked is None and others:
        raise UsageError(
            f"{document.path} calls hosts that are not Azure's ({', '.join(others)}); "
            "if the emulator answered, say --target emulator; to leave them out, "
            "--azure-only."
        )
    return asked or "azure"


def _reads(noted: Any) -> dict[int, tuple[str, ...]] | None:
    """Reads that a file of ours brought along; unknown, where nobody noted them."""
    if not isinstance(noted, dict):
        return None
    return {
        int(index): tuple(map(str, pointers))
        for index, pointers in noted.items()
        if str(index).isdecimal() and isinstance(pointers, list)
    }


def _name(place: Path) -> str:
    """`story/test` of a path `.../story/test/version.json`."""
    parts = place.absolute().parent.parts[-2:]
    return "/".join(part for part in parts if part != place.anchor) or place.stem


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("azml-contract")
    except PackageNotFoundError:
        return "0"


def _report(told: dict[str, Any]) -> None:
    click.echo(
        "{path}: {scenario} at {api_version}, recorded from {target} at "
        "{recorded_at}; ".format(**told)
        + f"{count(told['interactions'], 'interaction')}, "
        f"{size_of(told['size_bytes'])}."
    )
    if told["left_out"]:
        click.echo(f"  left out: {count(told['left_out'], 'record')}")
    if told["variables"]:
        click.echo(f"  variables: {', '.join(told['variables'])}")
