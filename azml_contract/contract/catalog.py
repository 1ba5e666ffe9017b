"""Which api-versions there are, and their contracts.

In: an api-version. Out: its `Contract`, from the data that the package ships
or from a folder of the user's own, which a command or a test session names
once, with `use_folder`. The catalogue also names the sources of the data, and
the properties that hold secrets.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from azml_contract.api_version import parse_api_version, sort_key
from azml_contract.contract.contract import Contract
from azml_contract.contract.data_reader import DefinitionData, OperationData
from azml_contract.contract.model import SourceKind
from azml_contract.errors import InputError, UnknownApiVersion, say_reason
from azml_contract.seen import Strength

DATA = Path(__file__).with_name("data")
CATALOG, DEFINITIONS, OPERATIONS = "catalog.json", "definitions.txt", "operations.txt"


_in_use: list[Path] = []


def use_folder(folder: Path | None) -> None:
    """Look at a folder that ``contract import`` filled as well, from now on.

    Args:
        folder: Of the user's own; None for the package's data alone.

    Raises:
        InputError: It holds no catalogue.
    """
    if folder is not None:
        read_catalog(folder)
        folder = folder.resolve()
    _in_use[:] = [] if folder is None else [folder]


def folder_in_use() -> Path | None:
    """The folder of the user's own that is looked at as well, if any."""
    return _in_use[0] if _in_use else None


def known_versions(extra: Path | None = None) -> tuple[str, ...]:
    """Every api-version that has a contract, oldest first.

    Args:
        extra: A folder of the user's own; default: the one in use.
    """
    return _known(extra or folder_in_use())


@cache
def _known(extra: Path | None) -> tuple[str, ...]:
    names = set(read_catalog(DATA)["versions"])
    if extra is not None:
        names |= set(read_catalog(extra)["versions"])
    return tuple(sorted(names, key=sort_key))


def load_contract(api_version: str, extra: Path | None = None) -> Contract:
    """The contract of an api-version; the same object on every call.

    Args:
        api_version: As in a URL, such as ``2024-04-01``.
        extra: A folder of the user's own, whose versions win; default: the
            one in use.

    Raises:
        UnknownApiVersion: Nothing is known of it; names the nearest versions.
    """
    return _load(api_version, extra or (_in_use[0] if _in_use else None))


def read_strength(api_version: str) -> Strength | None:
    """How much its contract knows of what it could; None for a folder that is old."""
    for folder in (folder_in_use(), DATA):
        entry = read_catalog(folder)["versions"].get(api_version) if folder else None
        if entry is not None:
            return Strength(**entry["facts"]) if "facts" in entry else None
    return None


def newest_stable() -> str:
    """The newest api-version that is no preview."""
    return [version for version in known_versions() if "-preview" not in version][-1]


def require_known(api_version: str) -> None:
    """Refuse an api-version without a contract.

    Raises:
        UnknownApiVersion: Names the nearest versions.
    """
    if api_version not in known_versions():
        raise UnknownApiVersion(api_version, nearest=_nearest(api_version, None))


def require_judgeable(api_version: str) -> None:
    """Refuse an api-version that nothing can be judged by, see `find_stand_in`.

    Raises:
        UnknownApiVersion: Neither known nor newer than what is known.
    """
    if not is_newer_than_known(api_version):
        require_known(api_version)


def find_stand_in(api_version: str) -> str | None:
    """The version to judge by where this one has no contract.

    Returns:
        The version itself where it is known, else the newest older one, or the
        oldest of all; None for what is no date.
    """
    known = known_versions()
    if api_version in known:
        return api_version
    try:
        parse_api_version(api_version)
    except ValueError:
        return None
    older = [v for v in known if sort_key(v) < sort_key(api_version)]
    return older[-1] if older else known[0]


def is_newer_than_known(api_version: str) -> bool:
    """Whether it was published, if at all, after every version known here."""
    newest = sort_key(known_versions()[-1])
    key = sort_key(api_version)
    return key[0] == 0 and key > newest


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
    for function in (_known, _load, _text, read_catalog):
        function.cache_clear()


@cache
def _load(api_version: str, extra: Path | None) -> Contract:
    for folder in (extra, DATA):
        entry = read_catalog(folder)["versions"].get(api_version) if folder else None
        if folder is not None and entry is not None:
            return _read(folder, api_version, SourceKind(entry["source"]))
    raise UnknownApiVersion(api_version, nearest=_nearest(api_version, extra))


def _read(folder: Path, api_version: str, source: SourceKind) -> Contract:
    operations = OperationData(_read_data(folder, OPERATIONS), api_version)
    return Contract(
        api_version,
        source,
        DefinitionData(_read_data(folder, DEFINITIONS), api_version),
        operations,
        templates=operations.templates,
    )


def _read_data(folder: Path, kind: str) -> str:
    """The data of a folder, which in a user's own is as the import left it."""
    file = find_data_file(folder, kind)
    text = _text(file)
    if folder == DATA:
        return text
    import hashlib  # nobody else needs it here

    digest = read_catalog(folder).get("data", {}).get(file.name)
    if digest != hashlib.sha256(text.encode()).hexdigest():
        raise InputError(
            f"{file} is not as the import left it.\nFill the folder anew with: "
            "azml-contract contract import --specs DIR --to FOLDER"
        )
    return text


def find_data_file(folder: Path, kind: str) -> Path:
    """The file that the catalogue of a folder names for a kind of data.

    A user's folder has its digest in the name: a new catalogue never stands beside
    the data of an old one.
    """
    stem = kind.partition(".")[0]
    listed = read_catalog(folder).get("data", {})
    return folder / next((name for name in listed if name.startswith(stem)), kind)


@cache
def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{file} cannot be read: {say_reason(error)}.\nFill the folder with: "
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
    except (ValueError, RecursionError) as error:
        raise InputError(f"{folder / CATALOG} is not JSON: {error}.") from error
    if not _is_catalog(loaded):
        raise InputError(
            f"{folder / CATALOG} is no contract catalogue of format 1.\n"
            "Make it anew: azml-contract contract import --specs DIR --to FOLDER"
        )
    found: dict[str, Any] = loaded
    return found


def _is_catalog(loaded: Any) -> bool:
    """Whether each api-version of a catalogue tells what it was compiled from."""
    if not isinstance(loaded, dict) or loaded.get("format") != 1:
        return False
    versions, sources = loaded.get("versions"), set(map(str, SourceKind))
    if not isinstance(loaded.get("data", {}), dict):
        return False
    return isinstance(versions, dict) and all(
        isinstance(entry, dict) and entry.get("source") in sources
        for entry in versions.values()
    )


def _nearest(asked: str, extra: Path | None) -> list[str]:
    """Up to three versions next to it in time; the newest where it tells no day."""
    known = known_versions(extra)
    written = re.sub(r"-(\d)(?=-|$)", r"-0\1", asked.strip().lower())
    try:
        day = parse_api_version(written).day
    except ValueError:
        return list(reversed(known[-3:]))
    return sorted(
        known, key=lambda v: (abs(parse_api_version(v).day - day), v != written)
    )[:3]
