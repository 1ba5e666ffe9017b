"""What a property of one api-version is called in another.

In: `migrations.toml`, an api-version, a definition and a property that this
version does not know. Out: how it is called there, and since when. Knows
nothing of bodies; the facts and their sources are in the table.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from azml_contract.api_version import sort_key

_TABLE = Path(__file__).with_name("migrations.toml")


class Migration(NamedTuple):
    """One property that changed its name or place.

    `now` are the names to use in the api-version asked about, empty where
    nothing replaces the property. `since` is the version that made the change,
    `later` whether the version asked about comes before it. `message` replaces
    the sentence that these facts would make.
    """

    was: str
    now: tuple[str, ...]
    since: str
    later: bool
    cure: str
    source: str
    message: str = ""


class _Change(NamedTuple):
    """One entry of the table: `old` names before `since`, `new` names from it on."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    since: str
    cure: str
    back: str
    source: str


@lru_cache(maxsize=4096)
def find_migration(api_version: str, definition: str, key: str) -> Migration | None:
    """What `key`, in any case, is in `api_version`, if another version knew it.

    Returns:
        None where the table does not know the property.
    """
    folded = key.casefold()
    for change in _load_changes().get((definition, folded), ()):
        later = sort_key(api_version) < sort_key(change.since)
        before, after = (change.new, change.old) if later else (change.old, change.new)
        if folded in {name.casefold() for name in before}:
            cure = _spell(change.back if later else change.cure, api_version)
            return Migration(key, after, change.since, later, cure, change.source)
    return None


def _spell(cure: str, api_version: str) -> str:
    """A cure with the values written as that api-version writes them."""
    for value, there in _load_table()["spelling"].get(api_version, {}).items():
        cure = cure.replace(value, there)
    return cure


@lru_cache(maxsize=1)
def _load_table() -> dict[str, Any]:
    import tomllib  # only a call with unknown properties needs it

    return tomllib.loads(_TABLE.read_text("utf-8"))


@lru_cache(maxsize=1)
def _load_changes() -> dict[tuple[str, str], list[_Change]]:
    index: dict[tuple[str, str], list[_Change]] = {}
    for entry in _load_table()["change"]:
        change = _Change(
            old=tuple(entry.get("old", ())),
            new=tuple(entry.get("new", ())),
            since=entry["since"],
            cure=entry.get("cure", ""),
            back=entry.get("back", ""),
            source=entry["source"],
        )
        for definition in entry["definitions"]:
            for key in dict.fromkeys((*change.old, *change.new)):
                index.setdefault((definition, key.casefold()), []).append(change)
    return index
