"""Contracts of a user's own, beside those that the package ships.

In: official specifications that the package does not hold. Out: a folder of
data files in the same format, which `catalog.load_contract` reads as `extra`.
What is already in the folder stays, unless an import was interrupted: a folder
whose files do not fit one another is made anew.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from azml_contract.api_version import sort_key
from azml_contract.contract.catalog import (
    CATALOG,
    DATA,
    DEFINITIONS,
    OPERATIONS,
    forget_cached,
    known_versions,
    load_contract,
    read_catalog,
)
from azml_contract.contract.compile import compile_data, find_altered, save_data
from azml_contract.contract.contract import Contract
from azml_contract.contract.data_reader import DefinitionData
from azml_contract.contract.imported import Imported
from azml_contract.contract.model import SourceKind
from azml_contract.contract.sources import Source, find_sources, import_source
from azml_contract.errors import AzmlContractError, UsageError


def import_to_folder(
    specs: Path, folder: Path, *, wanted: Collection[str] = ()
) -> tuple[str, ...]:
    """Add api-versions to a folder of the user's own.

    Args:
        specs: A clone of azure-rest-api-specs, or a bicep-types folder.
        folder: Made when missing; what it holds of other versions stays.
        wanted: Which versions; empty means all that the package does not ship.

    Returns:
        The versions that were added or renewed, oldest first; empty when the
        package ships all that `specs` holds.

    Raises:
        SpecificationError: A specification is missing or malformed.
        UsageError: `specs` does not hold a version that is wanted.
    """
    chosen = _choose(find_sources(specs), wanted)
    added = _import(chosen)
    if not added:
        return ()
    new = {version.api_version for version in added}
    kept = [v for v in _versions_in(folder) if v not in new]
    versions = [*added, *(as_imported(load_contract(v, folder)) for v in kept)]
    _save(versions, specs, folder)
    return tuple(sorted(new, key=sort_key))


def is_half_filled(folder: Path) -> bool:
    """Whether a folder holds what no finished import has left there."""
    if not (folder / CATALOG).exists() and not _data_files(folder):
        return False
    try:
        return bool(find_altered(folder))
    except (AzmlContractError, KeyError):
        return True


def as_imported(contract: Contract) -> Imported:
    """A compiled contract as an importer would hand it over."""
    definitions = contract.definitions
    parents = definitions.parents() if isinstance(definitions, DefinitionData) else {}
    return Imported(
        api_version=contract.api_version,
        kind=contract.source,
        definitions=dict(definitions),
        operations=dict(contract.operations),
        parents=parents,
    )


def _choose(sources: Iterable[Source], wanted: Collection[str]) -> list[Source]:
    found = list(sources)
    have = {source.api_version for source in found}
    missing = sorted(set(wanted) - have)
    if missing:
        listed = ", ".join(sorted(have, key=sort_key))
        raise UsageError(f"No specification of {missing[0]}; there are: {listed}")
    select = set(wanted) or have - set(known_versions())
    by_version: dict[str, Source] = {}
    for source in found:
        if source.api_version in select:
            known = by_version.get(source.api_version)
            if known is None or source.kind is SourceKind.SWAGGER:
                by_version[source.api_version] = source
    return list(by_version.values())


def _import(sources: list[Source]) -> list[Imported]:
    swaggers = [import_source(s, []) for s in sources if s.kind is SourceKind.SWAGGER]
    others = [s for s in sources if s.kind is SourceKind.BICEP_TYPES]
    if not others:
        return swaggers
    fresh = {version.api_version for version in swaggers}
    references = [*swaggers, *(v for v in _shipped() if v.api_version not in fresh)]
    return [*swaggers, *(import_source(s, references) for s in others)]


def _shipped() -> list[Imported]:
    """The swagger versions of the package, which bicep types lean on."""
    loaded = [load_contract(version) for version in known_versions()]
    return [as_imported(c) for c in loaded if c.source is SourceKind.SWAGGER]


def _versions_in(folder: Path) -> list[str]:
    if is_half_filled(folder) or not (folder / CATALOG).is_file():
        return []
    return list(read_catalog(folder)["versions"])


def _save(versions: list[Imported], specs: Path, folder: Path) -> None:
    """Write the folder; versions that others were carried from go along, unlisted."""
    listed = {version.api_version for version in versions}
    origins = {o for version in versions for o in _origins(version)} - listed
    support = [as_imported(load_contract(v, _home_of(v, folder))) for v in origins]
    texts = compile_data([*versions, *support], specs, repositories={})
    catalog: dict[str, Any] = json.loads(texts[CATALOG])
    earlier = read_catalog(folder)["versions"] if _versions_in(folder) else {}
    catalog["versions"] = {
        version: earlier.get(version, entry) if not entry["files"] else entry
        for version, entry in catalog["versions"].items()
        if version in listed
    }
    names = {
        name: name.replace(".", f"-{digest[:12]}.")
        for name, digest in catalog["data"].items()
    }
    catalog["data"] = {names[name]: one for name, one in catalog["data"].items()}
    data = {names[name]: text for name, text in texts.items() if name in names}
    save_data({CATALOG: json.dumps(catalog, indent=1) + "\n", **data}, folder)
    for file in _data_files(folder):
        if file.name not in data:
            file.unlink(missing_ok=True)
    forget_cached()


def _data_files(folder: Path) -> list[Path]:
    stems = [name.partition(".")[0] for name in (DEFINITIONS, OPERATIONS)]
    return [file for stem in stems for file in folder.glob(f"{stem}*.txt")]


def _origins(version: Imported) -> Iterable[str]:
    yield from (d.carried_from for d in version.definitions.values() if d.carried_from)
    yield from (o.carried_from for o in version.operations.values() if o.carried_from)


def _home_of(version: str, folder: Path) -> Path | None:
    """The shipped contract where there is one; it is what was carried from."""
    return None if version in read_catalog(DATA)["versions"] else folder
