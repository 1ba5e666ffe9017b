"""Count what recordings exercise, out of what the contract has.

In: recorded exchanges. Out: for each api-version that was recorded, how many
operations, discriminator values, properties and status codes were exercised,
and which were not. Reads nothing but those and contracts, sends nothing.

A property is exercised when a request held it or an answer did.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from azml_contract.api_version import sort_key
from azml_contract.contract.catalog import load_contract
from azml_contract.contract.contract import Contract, Route
from azml_contract.contract.model import Operation
from azml_contract.errors import UnknownApiVersion
from azml_contract.exchange import Exchange, Json
from azml_contract.regression.exercised import (
    Item,
    Items,
    Kind,
    find_exercised,
    list_items,
)

FORMAT = 1


@dataclass(slots=True)
class Coverage:
    """Counts that grow with each call, and that several processes can join."""

    _exercised: dict[str, Items] = field(default_factory=dict)
    _calls: Counter[str] = field(default_factory=Counter)
    _other_calls: int = 0
    _seen: set[int] = field(default_factory=set)

    def add(self, exchanges: Iterable[Exchange]) -> None:
        """Count recorded calls; those of other providers and hosts as such."""
        for exchange in exchanges:
            self._add_call(exchange)

    def merge(self, other: Coverage, *, overlap: bool = False) -> None:
        """Join the counts of other calls, such as those of another process.

        Args:
            other: What was counted elsewhere.
            overlap: Whether both counted the same calls; then the larger count holds.
        """
        for version, items in other._exercised.items():
            self._exercised.setdefault(version, Items()).update(items)
        if overlap:
            self._calls |= other._calls
            self._other_calls = max(self._other_calls, other._other_calls)
        else:
            self._calls.update(other._calls)
            self._other_calls += other._other_calls

    def to_kept(self) -> dict[str, Any]:
        """What `from_kept` reads: what was exercised, without what there is."""
        return {
            "other_calls": self._other_calls,
            "calls": dict(sorted(self._calls.items())),
            "exercised": {
                version: {str(kind): _by_group(found) for kind, found in one}
                for version, items in sorted(self._exercised.items())
                for one in [sorted(items.by_kind.items())]
            },
        }

    @classmethod
    def from_kept(cls, shape: Mapping[str, Any]) -> Coverage:
        """The coverage that `to_kept` wrote.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: It is none.
        """
        made = cls()
        made._other_calls = int(shape["other_calls"])
        made._calls.update({str(v): int(n) for v, n in shape["calls"].items()})
        for version, kinds in shape["exercised"].items():
            items = made._exercised[version] = Items()
            for kind, groups in kinds.items():
                for group, names in groups.items():
                    for name in names:
                        items.add(Kind(kind), group, name)
        return made

    def to_json(self) -> dict[str, Any]:
        """The published shape.

        Returns:
            ``{"format": 1, "other_calls": n, "versions": [...]}``, oldest
            version first. Each has ``api_version``, ``source``, ``calls``,
            and for each kind of item ``exercised`` and ``total`` (numbers),
            ``in_reach`` (how many the exercised operations could reach),
            ``hit``, ``missed`` (not exercised, in reach) and ``beyond`` (out
            of reach), each group to sorted names. Other calls are those that
            no contract knows.
        """
        versions = sorted(self._exercised, key=sort_key)
        return {
            "format": FORMAT,
            "other_calls": self._other_calls,
            "versions": [self._render(version) for version in versions],
        }

    def _add_call(self, exchange: Exchange) -> None:
        request, response = exchange.request, exchange.response
        version = (request.api_version or "").lower()
        operation = _find_operation(version, request.method, request.path)
        if operation is None:
            self._other_calls += 1
            return
        self._calls[version] += 1
        # Bodies repeat in large suites; walking each once is what keeps this fast.
        key = (version, operation.id, response.status, request.body, response.body)
        digest = hash(key)
        if digest not in self._seen:
            self._seen.add(digest)
            found = find_exercised(
                load_contract(version),
                operation,
                status=response.status,
                sent=_parse_body(request.body),
                received=_parse_body(response.body),
            )
            self._exercised.setdefault(version, Items()).update(found)

    def _render(self, version: str) -> dict[str, Any]:
        contract = load_contract(version)
        exercised = self._exercised[version]
        called = exercised.by_kind[Kind.OPERATIONS]
        operations = [contract.operations[name] for _, name in called]
        reach = list_items(contract, operations)
        whole = _list_whole(version)
        silent = [o for o in contract.operations.values() if o.responses is None]
        return {
            "api_version": version,
            "source": str(contract.source),
            "calls": self._calls[version],
            "operations_without_status_codes": len(silent),
            **{str(kind): _count(kind, exercised, reach, whole) for kind in Kind},
        }


def _count(kind: Kind, exercised: Items, reach: Items, whole: Items) -> dict[str, Any]:
    total = whole.by_kind[kind]
    # Every operation is in reach of a caller; for the other kinds it is what
    # the operations that were called could have shown.
    reachable = total if kind is Kind.OPERATIONS else reach.by_kind[kind] & total
    hit = exercised.by_kind[kind] & total
    return {
        "exercised": len(hit),
        "in_reach": len(reachable),
        "total": len(total),
        "hit": _by_group(hit),
        "missed": _by_group(reachable - hit),
        "beyond": _by_group(total - reachable - hit),
    }


def _by_group(items: Iterable[Item]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for group, name in sorted(items):
        groups.setdefault(group, []).append(name)
    return groups


@cache
def _list_whole(version: str) -> Items:
    contract = load_contract(version)
    return list_items(contract, contract.operations.values())


@lru_cache(maxsize=4096)
def _find_operation(version: str, method: str, path: str) -> Operation | None:
    try:
        contract: Contract = load_contract(version)
    except UnknownApiVersion:
        return None
    found = contract.find(method, path)
    return found.operation if isinstance(found, Route) else None


def _parse_body(body: bytes) -> Json:
    """The JSON of a body, with raw line breaks in strings or without; else None."""
    try:
        parsed: Json = json.loads(body, strict=False)
    except (ValueError, RecursionError):
        return None
    return parsed
