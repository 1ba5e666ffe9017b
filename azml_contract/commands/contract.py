"""``azml-contract contract``: look at contracts, compare and import them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from azml_contract.commands.contracts_option import contracts_option
from azml_contract.commands.kinds import API_VERSION, OPERATION
from azml_contract.commands.lazy import SuggestingGroup
from azml_contract.commands.options import always_json, text_or_json
from azml_contract.commands.printing import print_json
from azml_contract.contract.catalog import (
    known_versions,
    load_contract,
    read_strength,
)
from azml_contract.contract.model import Type
from azml_contract.errors import UsageError
from azml_contract.seen import Strength

if TYPE_CHECKING:
    from azml_contract.contract.change import Change
    from azml_contract.contract.contract import Contract

_API_VERSION = click.option(
    "--api-version",
    type=API_VERSION,
    metavar="V",
    help="Default: the newest that has it.",
)
_HEADS = (
    *("api-version", "source", "operations", "definitions"),
    *("facts", "possible", "carried"),
)
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(name="contract", cls=SuggestingGroup)
@contracts_option
def command() -> None:
    """Look at the official contracts, compare and import them."""


@command.command(name="list")
@text_or_json
def list_versions(form: str) -> None:
    """List every api-version, and what its contract was compiled from.

    A fact: whether a property may be null, its format, an operation's status codes,
    queries, how long it runs, how it pages. Not every source tells all that are
    possible; those carried over are known from the nearest version that tells them.
    """
    rows = [_summary(load_contract(v)) for v in known_versions()]
    if form == "json":
        print_json(versions=rows)
        return
    click.echo(_list_row(*_HEADS))
    for row in rows:
        facts = [f"{row['facts'][name]:,}" for name in ("known", "possible", "carried")]
        counts = (row["operations"], row["definitions"], *facts)
        click.echo(_list_row(row["api_version"], row["source"], *counts))


def _list_row(version: str, source: str, *counts: object) -> str:
    told = zip(counts, _HEADS[2:], strict=True)
    columns = [f"{count:>{max(len(head), 6)}}" for count, head in told]
    return " ".join([f"{version:<18}", f"{source:<11}", *columns])


@command.command()
@click.argument("name", required=False, type=OPERATION)
@_API_VERSION
@text_or_json
def show(name: str | None, api_version: str | None, form: str) -> None:
    """Show an operation or a definition; without NAME, list all operations."""
    contract = _contract_with(name, api_version)
    if name is None:
        _show_all(contract, form)
    else:
        _show_one(contract, name, form)


@command.command()
@click.argument("before", type=API_VERSION)
@click.argument("after", type=API_VERSION)
@click.option(
    "--operation", type=OPERATION, metavar="ID", default="", help="Only this operation."
)
@click.option(
    "--prove",
    "proof",
    is_flag=True,
    help="Whether every body that BEFORE takes is taken by AFTER.",
)
@click.option("--breaking", is_flag=True, help="Only what breaks something.")
@text_or_json
def diff(
    before: str, after: str, operation: str, breaking: bool, proof: bool, form: str
) -> None:
    """Tell what changed from api-version BEFORE to AFTER, and what that breaks.

    With --prove: for each operation whether AFTER takes every body that BEFORE takes,
    as it is written: yes; no, with a body that shows it; gone; or unknown, with the
    reason.
    """
    from azml_contract.contract.diff import diff_contracts

    old, new = load_contract(before), load_contract(after)
    if proof:
        _print_proof(old, new, operation, form)
        return
    changes = diff_contracts(old, new, operation=operation)
    if breaking:
        changes = [change for change in changes if change.breaks]
    if form == "json":
        listed = [change.to_json() for change in changes]
        print_json(**{"from": before, "to": after, "changes": listed})
    else:
        _print_changes(old, new, changes)


def _print_proof(old: Contract, new: Contract, operation: str, form: str) -> None:
    """Each operation, with the body that shows a no, the counts, and doubts."""
    import shutil
    from collections import Counter

    from azml_contract.report.table import wrap
    from azml_contract.validation.proof import Proven, prove

    found = list(prove(old, new, operation=operation))
    if operation and not found:
        raise UsageError(f"{old.api_version} has no operation {operation} with a body.")
    if form == "json":
        versions = {"from": old.api_version, "to": new.api_version}
        print_json(**versions, operations=[one.to_json() for one in found])
        return
    width = shutil.get_terminal_size().columns
    doubts: dict[str, list[str]] = {}
    for one in found:
        click.echo(f"{one.proven:<8} {one.operation}")
        if one.proven is Proven.NO:
            for line in wrap(json.dumps(one.body), 9, width):
                click.echo(str(line))
        if one.reason:
            doubts.setdefault(one.reason, []).append(one.operation)
    counts = Counter(one.proven for one in found)
    told = ", ".join(f"{counts[one]} {one}" for one in Proven if counts[one])
    asked = f"Is every body of {old.api_version} one of {new.api_version}?"
    doubted = (f"Unknown, {', '.join(of)}: {why}" for why, of in doubts.items())
    for text in (f"{asked} {told}.", *doubted):
        for line in wrap(text, 0, width):
            click.echo(str(line))


@command.command()
@click.argument("operation", required=False, type=OPERATION)
@_API_VERSION
@click.option(
    "--view",
    type=click.Choice(["create", "update", "response"]),
    default="create",
    show_default=True,
    help="What is sent to make or to change something, or what comes back.",
)
@click.option(
    "--status",
    default="200",
    show_default=True,
    metavar="CODE",
    help="Of the answer, with --view response.",
)
@click.option(
    "--vscode",
    "bodies",
    type=_FOLDER,
    metavar="DIR",
    help="Instead, the settings of VS Code for the bodies of scenarios in DIR.",
)
@click.option(
    "--write",
    is_flag=True,
    help="Put these into .vscode/settings.json; what else it holds stays.",
)
@always_json
def schema(
    operation: str | None,
    api_version: str | None,
    view: str,
    status: str,
    bodies: Path | None,
    write: bool,
) -> None:
    """Print the JSON Schema (2020-12) of an operation's body.

    Any validator reads it. It says what the written contract takes; what it cannot
    say (ids, bindings, the search space) is for check.
    """
    from azml_contract.contract.operation_schema import write_operation_schema

    if (operation is None) == (bodies is None):
        raise UsageError("Name an OPERATION, or --vscode DIR.")
    if write and bodies is None:
        raise UsageError("--write is for the settings of an editor: --vscode DIR.")
    if bodies is not None:
        from azml_contract.commands.editor import SETTINGS, make_settings, put_settings

        made = make_settings(bodies)
        if write:
            count = put_settings(bodies, made)
            told = (
                "the schema of 1 body" if count == 1 else f"schemas of {count} bodies"
            )
            click.echo(f"Wrote {SETTINGS}: {told}.", err=True)
        else:
            _print_json(made)
        return
    contract = _contract_with(operation, api_version)
    found = _find_name(contract, operation or "")
    known = contract.operations.get(found or "")
    if known is None:
        raise UsageError(_not_found(contract, operation or ""))
    _print_json(write_operation_schema(contract, known, view=view, status=status))


@command.command(name="import")
@click.option("--specs", type=_FOLDER, required=True, metavar="DIR")
@click.option("--to", "folder", type=_FOLDER, required=True, metavar="FOLDER")
@click.option(
    "--api-version", "wanted", multiple=True, metavar="V", help="This; repeatable."
)
@text_or_json
def import_specs(specs: Path, folder: Path, wanted: tuple[str, ...], form: str) -> None:
    """Add api-versions from DIR to a FOLDER of your own.

    DIR is a clone of azure-rest-api-specs, or a bicep-types folder. Without
    --api-version, every version is added that the package does not ship.
    """
    from azml_contract.contract.user_folder import import_to_folder, is_half_filled

    if is_half_filled(folder):
        click.echo(f"{folder} was left half filled, and is made anew.", err=True)
    added = import_to_folder(specs, folder, wanted=wanted)
    if form == "json":
        print_json(folder=folder.as_posix(), added=[*added])
        return
    for version in added:
        click.echo(f"{version} added to {folder}")
    if not added:
        click.echo("Nothing to add: the package ships every version found there.")


@command.command()
@text_or_json
@click.pass_context
def verify(context: click.Context, form: str) -> None:
    """Recompute the digests of the contract data."""
    from azml_contract.contract.catalog import DATA, folder_in_use
    from azml_contract.contract.compile import find_altered

    folders = (DATA, folder_in_use())
    altered = [line for one in folders if one for line in find_altered(one)]
    versions = len(known_versions())
    if form == "json":
        print_json(api_versions=versions, altered=altered)
    elif altered:
        _print_lines(altered)
    else:
        click.echo(f"{versions} api-versions, data unaltered")
    context.exit(1 if altered else 0)


def _summary(contract: Contract) -> dict[str, Any]:
    carried = sum(bool(o.carried_from) for o in contract.operations.values())
    assumed = sum(o.assumed for o in contract.operations.values())
    strength = read_strength(contract.api_version) or Strength(0, 0, 0)
    return {
        "api_version": contract.api_version,
        "source": str(contract.source),
        "operations": len(contract.operations),
        "operations_carried": carried,
        "operations_assumed": assumed,
        "definitions": len(contract.definitions),
        "facts": strength._asdict(),
    }


def _contract_with(name: str | None, api_version: str | None) -> Contract:
    """The contract asked for, or the newest, stable before preview, with a name."""
    if api_version is not None:
        return load_contract(api_version)
    newest_first = reversed(known_versions())
    ordered = sorted(newest_first, key=lambda version: len(version) > len("2024-04-01"))
    for version in ordered:
        contract = load_contract(version)
        if name is None or _find_name(contract, name):
            return contract
    return load_contract(ordered[0])


def _find_name(contract: Contract, name: str) -> str | None:
    """An operation or a definition, in any case."""
    names = [*contract.operations, *contract.definitions]
    if name in names:
        return name
    return next((known for known in names if known.lower() == name.lower()), None)


def _show_all(contract: Contract, form: str) -> None:
    from azml_contract.contract.describe import describe_templates

    if form == "text":
        _print_lines([_title(contract), "", *describe_templates(contract)])
        return
    listed = [
        {"id": o.id, "method": o.method, "path": o.path, "assumed": o.assumed}
        for o in contract.operations.values()
    ]
    print_json(api_version=contract.api_version, operations=listed)


def _show_one(contract: Contract, name: str, form: str) -> None:
    from azml_contract.contract import describe

    found = _find_name(contract, name)
    if found is None:
        raise UsageError(_not_found(contract, name))
    operation = contract.operations.get(found)
    if form == "json":
        value = _plain(operation or contract.definitions[found])
        print_json(api_version=contract.api_version, **value)
    elif operation:
        lines = describe.describe_operation(operation)
        _print_lines([f"{found}  {_title(contract)}", *lines])
    else:
        lines = describe.describe_definition(contract.definitions[found])
        _print_lines([f"{found}  {_title(contract)}", *lines])


def _not_found(contract: Contract, name: str) -> str:
    from difflib import get_close_matches

    known = {n.lower(): n for n in (*contract.operations, *contract.definitions)}
    near = [known[n] for n in get_close_matches(name.lower(), known, n=3, cutoff=0.5)]
    having = [v for v in known_versions() if _find_name(load_contract(v), name)]
    hint = f" Did you mean {', '.join(near)}?" if near else ""
    if having:
        from azml_contract.validation.history import write_span

        hint = f" It exists in {write_span(having)}."
    return (
        f"{contract.api_version} has no operation or definition {name!r}.{hint}\n"
        "All operations: azml-contract contract show "
        f"--api-version {contract.api_version}"
    )


def _title(contract: Contract) -> str:
    return f"{contract.api_version} ({contract.source})"


def _print_changes(old: Contract, new: Contract, changes: list[Change]) -> None:
    from azml_contract.contract.describe import count_changes, describe_changes

    click.echo(f"{_title(old)} -> {_title(new)}")
    click.echo(count_changes(changes))
    _print_lines(describe_changes(changes))


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line.rstrip())


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2))


def _plain(value: Any) -> Any:
    """A value of the contract model as JSON; a type without what is not said."""
    if isinstance(value, Type):
        return {
            field.name: _plain(getattr(value, field.name))
            for field in fields(value)
            if getattr(value, field.name) != field.default or field.name == "kind"
        }
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return [_plain(inner) for inner in value] if isinstance(value, tuple) else value
