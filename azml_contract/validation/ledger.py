"""Known divergences between the specification and the live service.

In: `ledger.toml`, a code, an api-version, a definition and a property. Out:
the entry that covers it, if any: what the specification says, what the service
does, and what that rests on. Knows nothing of bodies.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from azml_contract.api_version import sort_key
from azml_contract.finding import Evidence, Severity

_TABLE = Path(__file__).with_name("ledger.toml")


class Divergence(NamedTuple):
    """One entry of the ledger.

    `severity` is what a covered finding becomes in ``service``. Empty
    `definitions` or `properties` cover all; an empty `first` or `last` leaves
    that end of the api-versions open, both ends are included. `cure` is said in
    place of what the specification alone would advise. An entry that `is_bound` tells
    of a rule that no specification has; what it is about stands in `bounds`. One that
    is `of_null` covers values that are null.
    """

    id: str
    codes: tuple[str, ...]
    definitions: frozenset[str]
    properties: frozenset[str]
    first: str
    last: str
    severity: Severity
    spec: str
    service: str
    evidence: Evidence
    source: str
    cure: str = ""
    is_bound: bool = False
    of_null: bool = False

    def covers(self, api_version: str, definition: str, name: str) -> bool:
        """Whether a finding at this place is the known divergence."""
        if self.definitions and definition not in self.definitions:
            return False
        if self.properties and name not in self.properties:
            return False
        key = sort_key(api_version)
        after = not self.first or key >= sort_key(self.first)
        return after and (not self.last or key <= sort_key(self.last))


def find_divergence(
    code: str, api_version: str, definition: str, name: str, *, is_null: bool = False
) -> Divergence | None:
    """The first entry that covers a finding; None when nothing is known."""
    for entry in index_ledger().get(code, ()):
        if entry.of_null and not is_null:
            continue
        if entry.covers(api_version, definition, name):
            return entry
    return None


@lru_cache(maxsize=1)
def index_ledger() -> dict[str, tuple[Divergence, ...]]:
    """The entries by the codes of findings that they may cover, in their order."""
    found: dict[str, list[Divergence]] = {}
    for entry in load_ledger():
        for code in () if entry.is_bound else entry.codes:
            found.setdefault(code, []).append(entry)
    return {code: tuple(entries) for code, entries in found.items()}


def find_entry(name: str) -> Divergence | None:
    """The entry with that id."""
    return next((entry for entry in load_ledger() if entry.id == name), None)


@lru_cache(maxsize=1)
def load_ledger() -> tuple[Divergence, ...]:
    """All entries, in the order of the file."""
    import tomllib  # only a call with findings needs it

    text = _TABLE.read_text("utf-8")
    return tuple(_read_entry(entry) for entry in tomllib.loads(text)["divergence"])


def _read_entry(entry: dict[str, Any]) -> Divergence:
    return Divergence(
        id=entry["id"],
        codes=tuple(entry["codes"]),
        definitions=frozenset(entry.get("definitions", ())),
        properties=frozenset(entry.get("properties", ())),
        first=entry.get("first", ""),
        last=entry.get("last", ""),
        severity=Severity(entry.get("severity", "warning")),
        spec=entry["spec"],
        service=entry["service"],
        evidence=Evidence(entry["evidence"]),
        source=entry["source"],
        cure=entry.get("cure", ""),
        is_bound=entry.get("bound", False),
        of_null=entry.get("of_null", False),
    )
