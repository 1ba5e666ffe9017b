"""Which api-versions there are, and their contracts.

In: an api-version. Out: its `Contract`, from the data that the package ships
or from a folder of the user's own. The catalogue also names the sources of
the data, and the properties that hold secrets.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from azml_contract.api_version import parse_api_version, sort_key
from azml_contract.contract.contract import Contract
from azml_contract.contract.data_reader import DefinitionData, OperationData
from azml_contract.contract.model import SourceKind
from azml_contract.errors import InputError, UnknownApiVersion

DATA = Path(__file__).with_name("data")
CATALOG, DEFINITIONS, OPERATIONS = "catalog.json", "definitions.txt", "operations.txt"


def known_versions(extra: Path | None = None) -> tuple[str, ...]:
    """Every api-version that has a contract, oldest first.

    Args:
        extra: A folder that ``contract import`` filled, looked at as well.
    """
    names = set(read_catalog(DATA)["versions"])
    if extra is not None:
        names |= set(read_catalog(extra)["versions"])
    return tuple(sorted(names, key=sort_key))


def load_contract(api_version: str, extra: Path | None = None) -> Contract:
    """The contract of an api-version; the same object on every call.

    Args:
        api_version: As in a URL, such as ``2024-04-01``.
        extra: A folder that ``contract import`` filled; its versions win.

    Raises:
        UnknownApiVersion: Nothing is known of it; names the nearest versions.
    """
    return _load(api_version, extra)


def secret_property_names() -> frozenset[str]:
    """Names, in lower case, of properties that hold secrets wherever they occur.

    Marked ``x-ms-secret`` or write-only, or lying inside what is marked, in at
    least one version for every definition that has the name; and a few that
    the specifications forget to mark, see `secret_names.UNMARKED`. For names
    that are secrets in some places only, see `ambiguous_secret_properties`.
    """
    return frozenset(read_catalog(DATA)["secrets"]["always"])


def ambiguous_secret_properties() -> dict[str, frozenset[str]]:
    """Names that hold a secret only in some definitions, such as ``key``.

    Returns:
        Lower-case name to the definitions in which it is a secret. Blanking
        such a name everywhere would also blank what is none.
    """
    listed = read_catalog(DATA)["secrets"]["sometimes"]
    return {name: frozenset(owners) for name, owners in listed.items()}


def enum_values(api_version: str) -> dict[str, frozenset[str]]:
    """Values that the contract of an api-version lists, by lower-case property name.

    A name that several definitions have gets the values of all of them;
    discriminators count.

    Raises:
        UnknownApiVersion: Nothing is known of it.
    """
    values: dict[str, set[str]] = {}
    for definition in load_contract(api_version).definitions.values():
        if definition.discriminator:
            listed = values.setdefault(definition.discriminator.lower(), set())
            listed.update(definition.variants)
        for one in definition.properties.values():
            if one.type.enum:
                values.setdefault(one.name.lower(), set()).update(one.type.enum)
    return {name: frozenset(found) for name, found in values.items()}


def forget_cached() -> None:
    """Read data folders anew; needed after one has been written."""
    for function in (_load, _text, read_catalog):
        function.cache_clear()


@cache
def _load(api_version: str, extra: Path | None) -> Contract:
    for folder in (extra, DATA):
        entry = read_catalog(folder)["versions"].get(api_version) if folder else None
        if folder is not None and entry is not None:
            return _read(folder, api_version, SourceKind(entry["source"]))
    raise UnknownApiVersion(api_version, nearest=_nearest(api_version, extra))


def _read(folder: Path, api_version: str, source: SourceKind) -> Contract:
    operations = OperationData(_text(folder / OPERATIONS), api_version)
    return Contract(
        api_version,
        source,
        DefinitionData(_text(folder / DEFINITIONS), api_version, source),
        operations,
        templates=operations.templates,
    )


@cache
def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{file} cannot be read: {error}.\nFill the folder with: "
            "azml-contract contract import --specs DIR --to FOLDER"
        ) from error


@cache
def read_catalog(folder: Path) -> dict[str, Any]:
    """The catalogue of a data folder.

    Raises:
        InputError: There is none, or it is not one of this package's.
    """
    try:
        loaded = json.loads(_text(folder / CATALOG))
    except json.JSONDecodeError as error:
        raise InputError(f"{folder / CATALOG} is not JSON: {error}.") from error
    if not isinstance(loaded, dict) or loaded.get("format") != 1:
        raise InputError(
            f"{folder / CATALOG} is no contract catalogue of format 1.\n"
            "Make it anew: azml-contract contract import --specs DIR --to FOLDER"
        )
    return loaded


def _nearest(asked: str, extra: Path | None) -> list[str]:
    """Up to three versions next to it in time; the newest where it tells no day."""
    known = known_versions(extra)
    try:
        day = parse_api_version(asked.strip().lower()).day
    except ValueError:
        return list(reversed(known[-3:]))
    return sorted(known, key=lambda v: abs(parse_api_version(v).day - day))[:3]
