"""In which api-versions a property, a variant or a path exists.

In: what one api-version does not know. Out: what the other versions say. Reads
the shipped contracts; used only for what nothing else explains.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from azml_contract.api_version import sort_key
from azml_contract.contract.catalog import (
    DATA,
    DEFINITIONS,
    known_versions,
    load_contract,
)
from azml_contract.contract.contract import Contract
from azml_contract.validation.migrations import Migration


class Elsewhere(NamedTuple):
    """Other api-versions that have what was asked for.

    `versions` come in order; `span` writes them; `best` is the one to use
    instead of the version asked about: the next stable one, the next preview,
    else the last.
    """

    versions: tuple[str, ...]
    span: str
    best: str


@lru_cache(maxsize=1024)
def find_elsewhere(api_version: str, definition: str, key: str) -> Migration | None:
    """What other api-versions know of `key`; None when none knows it."""
    # Loading every version takes a while; a typing error is in none of them.
    if f"\n  {key}: " not in _read_data():
        return None

    def declares(contract: Contract) -> bool:
        declared = contract.definitions.get(definition)
        return declared is not None and key in declared.properties

    found = _search(api_version, declares)
    if found is None:
        return None
    return Migration(
        was=key,
        now=(),
        since=found.versions[0],
        later=sort_key(found.best) > sort_key(api_version),
        cure=f"Leave it out, or use {found.best}.",
        source="the contracts",
        message=f"`{key}` of {definition} exists in {found.span} only.",
    )


@lru_cache(maxsize=1024)
def find_variant(api_version: str, definition: str, value: str) -> Elsewhere | None:
    """Where `definition` has a variant of that discriminator value."""
    if f"\n  .value {value} " not in _read_data():
        return None

    def derives(contract: Contract) -> bool:
        declared = contract.definitions.get(definition)
        return declared is not None and value in declared.variants

    return _search(api_version, derives)


@lru_cache(maxsize=1024)
def find_route(api_version: str, method: str, path: str) -> Elsewhere | None:
    """Where a verb and a path are an operation."""
    return _search(api_version, lambda contract: contract.knows(method, path))


def _search(api_version: str, has: Callable[[Contract], bool]) -> Elsewhere | None:
    having = tuple(v for v in known_versions() if has(load_contract(v)))
    if not having:
        return None
    later = [v for v in having if sort_key(v) > sort_key(api_version)]
    stable = [v for v in later if not _is_preview(v)]
    best = (stable or later or list(having[-1:]))[0]
    return Elsewhere(having, write_span(having), best)


@lru_cache(maxsize=1)
def _read_data() -> str:
    return (DATA / DEFINITIONS).read_text("utf-8")


def _is_preview(version: str) -> bool:
    return version.endswith("-preview")


def write_span(versions: Sequence[str]) -> str:
    """Versions as ranges: stable ones first, then previews."""
    spans: list[str] = []
    for preview in (False, True):
        track = [v for v in known_versions() if _is_preview(v) is preview]
        spans += _write_runs([v if v in versions else "" for v in track])
    return " and ".join([", ".join(spans[:-1]), spans[-1]] if spans[1:] else spans)


def _write_runs(track: Sequence[str]) -> list[str]:
    """``first to last`` of each unbroken run; gaps are empty texts."""
    runs: list[list[str]] = [[]]
    for version in track:
        if version:
            runs[-1].append(version)
        elif runs[-1]:
            runs.append([])
    return [
        run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs if run
    ]
