"""In which api-versions a definition has a property.

In: a definition, a property that one api-version does not know. Out: what the
other versions say, as a `Migration`. Reads the shipped contracts; used only for
names that nothing else explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from azml_contract.api_version import sort_key
from azml_contract.contract.catalog import DATA, DEFINITIONS
from azml_contract.validation.migrations import Migration


@lru_cache(maxsize=1024)
def find_elsewhere(api_version: str, definition: str, key: str) -> Migration | None:
    """What other api-versions know of `key`; None when none knows it."""
    having = _find_versions(definition, key)
    if not having:
        return None
    later = [v for v in having if sort_key(v) > sort_key(api_version)]
    stable = [v for v in later if "-preview" not in v]
    best = (stable or later or list(having[-1:]))[0]
    return Migration(
        was=key,
        now=(),
        since=having[0],
        later=bool(later),
        cure=f"Leave it out, or use {best}.",
        source="the contracts",
        message=f"`{key}` of {definition} exists in {_write_span(having)} only.",
    )


@lru_cache(maxsize=1024)
def _find_versions(definition: str, key: str) -> tuple[str, ...]:
    from azml_contract.contract.catalog import known_versions, load_contract

    # Loading every version takes a while; a typing error is in none of them.
    if f"\n  {key}: " not in _read_data():
        return ()
    found = []
    for version in known_versions():
        declared = load_contract(version).definitions.get(definition)
        if declared is not None and key in declared.properties:
            found.append(version)
    return tuple(found)


@lru_cache(maxsize=1)
def _read_data() -> str:
    return (DATA / DEFINITIONS).read_text("utf-8")


def _write_span(versions: Sequence[str]) -> str:
    stable = [version for version in versions if "-preview" not in version]
    previews = [version for version in versions if "-preview" in version]
    spans = [_write_range(track) for track in (stable, previews) if track]
    return " and ".join(spans)


def _write_range(versions: Sequence[str]) -> str:
    first, last = versions[0], versions[-1]
    return first if first == last else f"{first} to {last}"
