"""Find the official specifications in a folder, and import them.

In: a clone of azure-rest-api-specs, a bicep-types folder, or one folder that
holds both. Out: one `Imported` for each api-version. Where a version has
both sources the swagger wins, because it says more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from azml_contract.api_version import is_api_version, parse_api_version, sort_key
from azml_contract.contract.bicep_types import read_bicep_types
from azml_contract.contract.carry import carry_over
from azml_contract.contract.imported import Imported
from azml_contract.contract.model import SourceKind
from azml_contract.contract.resource_path import PROVIDER
from azml_contract.contract.swagger import import_swagger
from azml_contract.errors import SpecificationError

_STAGES = ("stable", "preview")


@dataclass(frozen=True, slots=True)
class Source:
    """Where one api-version is described: a folder of files, or a types.json."""

    api_version: str
    kind: SourceKind
    path: Path


def find_sources(folder: Path) -> list[Source]:
    """Every version of the provider below a folder, oldest first.

    Raises:
        SpecificationError: There is none.
    """
    found = {(s.api_version, s.kind): s for s in _swaggers(folder)}
    found |= {(s.api_version, s.kind): s for s in _bicep_types(folder)}
    if not found:
        raise SpecificationError(
            folder,
            "",
            f"holds no specification of {PROVIDER}",
            cure="Give a clone of azure-rest-api-specs (with its specification "
            "folder), or a folder <version>/types.json of bicep-types-az below "
            f"a folder named {PROVIDER.lower()}.",
        )
    return sorted(found.values(), key=lambda s: (sort_key(s.api_version), s.kind))


def import_sources(sources: Iterable[Source]) -> list[Imported]:
    """Import versions, the swaggers first, as the others lean on them."""
    by_version: dict[str, Source] = {}
    for source in sources:
        known = by_version.get(source.api_version)
        if known is None or source.kind is SourceKind.SWAGGER:
            by_version[source.api_version] = source
    swaggers = [s for s in by_version.values() if s.kind is SourceKind.SWAGGER]
    references = [import_source(s, []) for s in swaggers]
    others = [s for s in by_version.values() if s.kind is SourceKind.BICEP_TYPES]
    imported = references + [import_source(s, references) for s in others]
    return sorted(imported, key=lambda version: sort_key(version.api_version))


def import_source(source: Source, references: Sequence[Imported]) -> Imported:
    """Import one version.

    Args:
        source: Where it is.
        references: Swagger versions; bicep types are completed from the nearest.

    Raises:
        SpecificationError: A file is missing or malformed.
    """
    try:
        if source.kind is SourceKind.SWAGGER:
            return import_swagger(source.path, source.api_version)
        version = read_bicep_types(source.path, source.api_version)
        return carry_over(version, nearest_first(source.api_version, references))
    except RecursionError as error:
        raise SpecificationError(
            source.path,
            "",
            "types are nested too deeply, or contain themselves",
            cure="Fetch the file again from its repository.",
        ) from error


def nearest_first(api_version: str, references: Sequence[Imported]) -> list[Imported]:
    """Order swagger versions by how likely they still describe this one.

    Older ones come before newer ones, newest of them first. A stable version
    leans on stable ones before previews, whose operations may never have
    come out of preview.
    """
    mine = parse_api_version(api_version)

    def distance(reference: Imported) -> tuple[bool, bool, int]:
        theirs = parse_api_version(reference.api_version)
        unstable = theirs.is_preview and not mine.is_preview
        days = (mine.day - theirs.day).days
        return (theirs > mine, unstable, abs(days))

    return sorted(references, key=distance)


def _swaggers(folder: Path) -> Iterator[Source]:
    for stage in _STAGES:
        for path in _below_provider(folder, f"{stage}/*"):
            if is_api_version(path.name) and any(path.glob("*.json")):
                yield Source(path.name, SourceKind.SWAGGER, path)


def _bicep_types(folder: Path) -> Iterator[Source]:
    for file in _below_provider(folder, "*/types.json"):
        if is_api_version(file.parent.name):
            yield Source(file.parent.name, SourceKind.BICEP_TYPES, file)


def _below_provider(folder: Path, pattern: str) -> Iterator[Path]:
    """Matches below a folder named as the provider, in whatever case.

    The folder itself may lie anywhere inside the provider's.
    """
    if any(part.lower() == PROVIDER.lower() for part in folder.resolve().parts):
        yield from sorted(folder.glob(f"**/{pattern}"))
        return
    for candidate in sorted(folder.glob("**/")):
        if candidate.name.lower() == PROVIDER.lower():
            yield from sorted(candidate.glob(f"**/{pattern}"))
