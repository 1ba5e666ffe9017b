"""Settings that give an editor completion and squiggles in the bodies of scenarios.

In: the folder of bodies, ``<api-version>/<step>.json``. Out: the settings of VS Code,
or its file, in which all else stays. A note for each file that no operation, or more
than one, would take. Wiring.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click

from azml_contract.contract.catalog import find_stand_in, load_contract
from azml_contract.contract.editor_schema import allow_slots, write_settings
from azml_contract.contract.model import View
from azml_contract.contract.operation_schema import write_operation_schema
from azml_contract.contract.views import Lens
from azml_contract.errors import AzmlContractError, InputError

SETTINGS = Path(".vscode", "settings.json")
_SCHEMAS = "json.schemas"


def make_settings(bodies: Path) -> dict[str, Any]:
    """The settings for every body below a folder.

    Raises:
        InputError: The folder holds no body whose operation is told.
    """
    from azml_contract.documents.find import find_files, shorten

    files, problems = find_files([bodies], frozenset({".json"}))
    if problems:
        raise InputError(f"{bodies}: it holds no body (*.json).")
    found: dict[tuple[str, str], list[str]] = {}
    for file in files:
        try:
            told = _find_operation(file, file.relative_to(shorten(bodies)))
        except AzmlContractError as error:
            click.echo(f"Note: {file}: {' '.join(str(error).split())}", err=True)
            continue
        found.setdefault(told, []).append(file.as_posix())
    if not found:
        raise InputError(f"{bodies}: of no body in it is it known where it is sent.")
    return write_settings(
        {tuple(names): _write_schema(*told) for told, names in found.items()}
    )


def put_settings(bodies: Path, made: dict[str, Any]) -> int:
    """Write settings into VS Code's file of this folder; what else it holds stays.

    Args:
        bodies: The folder that they are for; what an earlier call wrote is replaced.
        made: The settings.

    Returns:
        For how many bodies.

    Raises:
        InputError: The file is not plain JSON: comments would be lost.
    """
    from azml_contract.documents.document import read_template
    from azml_contract.documents.find import shorten
    from azml_contract.whole_file import write_whole

    text = read_template(SETTINGS) if SETTINGS.exists() else "{}"
    try:
        held = json.loads(text)
        others = [one for one in held.get(_SCHEMAS, []) if isinstance(one, dict)]
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(
            f"{SETTINGS}: it is no plain JSON, and comments would be lost. Put into it "
            "by hand what this prints without --write."
        ) from error
    below = f"/{shorten(bodies).as_posix()}/"
    kept = [
        one
        for one in others
        if not any(str(name).startswith(below) for name in one.get("fileMatch", ()))
    ]
    held[_SCHEMAS] = kept + made[_SCHEMAS]
    inset = re.search(r"\n([ \t]+)\S", text)
    SETTINGS.parent.mkdir(exist_ok=True)
    written = json.dumps(held, indent=inset[1] if inset else 2, ensure_ascii=False)
    write_whole(SETTINGS, f"{written}\n")
    return sum(len(one["fileMatch"]) for one in made[_SCHEMAS])


def _find_operation(file: Path, place: Path) -> tuple[str, str]:
    """The api-version and the operation of a body."""
    from azml_contract.documents.document import open_template
    from azml_contract.regression.upgrade import guess_operation

    version = find_stand_in(place.parts[0].lower())
    if version is None or len(place.parts) < 2:
        raise InputError("it stands below no api-version, such as 2024-04-01/")
    body = open_template(file).encode()
    guessed = guess_operation(body, version, file.stem)
    return version, _prefer_change(version, guessed, body)


def _prefer_change(version: str, guessed: str, body: bytes) -> str:
    """What changes the resource that `guessed` makes, where it alone takes the body."""
    from azml_contract.validation.body import compile_body
    from azml_contract.validation.jsontext import parse_json

    contract = load_contract(version)
    made, value = contract.operations[guessed], parse_json(body).value
    changes = [
        one
        for one in contract.operations.values()
        if one.method == "PATCH" and one.path == made.path
    ]
    for one, view in ((made, View.CREATE), *((one, View.UPDATE) for one in changes)):
        if one.body is not None:
            found = compile_body(contract, one.body, Lens(view))
            if not any(found.check(value)):
                return one.id
    return guessed


def _write_schema(version: str, operation: str) -> dict[str, Any]:
    contract = load_contract(version)
    known = contract.operations[operation]
    view = "update" if known.method == "PATCH" else "create"
    schema = write_operation_schema(contract, known, view=view)
    _allow_what_works(schema["$defs"], version)
    return allow_slots(schema)


def _allow_what_works(definitions: dict[str, Any], version: str) -> None:
    """Where live services take another type than is written, any value is fine."""
    from azml_contract.validation.ledger import load_ledger

    for entry in load_ledger():
        if "AZC104" not in entry.codes or entry.evidence != "live":
            continue
        for owner in entry.definitions & definitions.keys():
            properties = definitions[owner].get("properties", {})
            for name in entry.properties & properties.keys():
                if entry.covers(version, owner, name):
                    properties[name] = {}
