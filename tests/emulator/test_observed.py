"""The emulator's answers are what live answers were counted to be.

A story makes one of everything at each version that was observed. Each answer of an
operation and status with at least five live exchanges is held beside them: whatever
was always there, in its holder, is there; what the contract has and nobody saw is
not; what was always null, or never, is so here, but for what clients always said.
`DIFFERENT` names the rest, and why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import pytest

from azml_contract.contract.catalog import load_contract
from azml_contract.contract.contract import Route
from azml_contract.emulator.server import Emulator
from azml_contract.exchange import Exchange
from azml_contract.finding import Side
from azml_contract.validation.evidence import (
    Observed,
    find_observed,
    generalise,
    observed_operations,
    observed_versions,
)
from azml_contract.validation.validator import Profile, Validator
from tests.emulator.conftest import ArmClient
from tests.emulator.recorded import outline
from tests.emulator.story import tell, tell_variants

LEAST = 5
DIFFERENT = {
    "BatchEndpoints_Get 200 /properties/scoringUri is null": (
        "it is read while it is made; all 65 were read when they were"
    ),
    **dict.fromkeys(
        (
            f"Compute_Get 200 /properties/properties/{name} is null"
            for name in (
                "applications",
                "connectivityEndpoints",
                "lastOperation",
                "sshSettings",
                "state",
            )
        ),
        "an instance that is being made; all 6 were made",
    ),
    "Jobs_* 200 /properties/computeId is null": (
        "all that were read again had one; 1,100 of 1,712 PUTs were answered null"
    ),
    "Jobs_CreateOrUpdate 200 /properties/description is null": (
        "the 5 had one; of new jobs it is null where it was not said"
    ),
    "Schedules_Get 200 /properties/trigger/* is null": (
        "those that were read again had it; PUTs without were answered null"
    ),
    "EnvironmentVersions_List 200 /value/[*]/properties/description is null": (
        "39 lists of 6 tests held texts; 300 of 395 PUTs were answered null, and "
        "whether it is null when read again is not known"
    ),
    "Schedules_List 200 /value/[*]/properties/* is null": (
        "5 lists of one test, whose schedules said all of it"
    ),
}
# Variants that nobody made at a version: how they look there is not known.
UNSEEN = {
    "2022-10-01-preview": ("computes/i", "jobs/s"),
    "2023-02-01-preview": ("jobs/s",),
    "2022-10-01": ("datastores/w", "datastores/x"),
}
_INDEX = re.compile(r"/\d+(?=/|$)")
_UNWRITTEN = ("AZC202", "AZC203", "AZC211")
_MAKING = ("CreateOrUpdate", "Create")


@dataclass(frozen=True)
class Shown:
    """One answer of the emulator: its outline, and what the client had said."""

    operation: str
    status: int
    outline: dict[str, str]
    said: frozenset[str]
    unwritten: tuple[str, ...]


def exchanges_of(version: str) -> list[Exchange]:
    with Emulator(azurite=False) as emulator:
        emulator.blobs.make_containers = lambda names: None  # type: ignore[method-assign]
        client = ArmClient(emulator, version)
        tell(client)
        tell_variants(client, without=UNSEEN.get(version, ()))
        assert emulator.bugs == []
        return client.exchanges


def answers_of(version: str) -> Iterator[Shown]:
    contract = load_contract(version)
    validator = Validator(profile=Profile.STRICT)
    said: dict[str, frozenset[str]] = {}
    for exchange in exchanges_of(version):
        request, response = exchange.request, exchange.response
        route = contract.find(request.method, request.path)
        if not isinstance(route, Route):
            continue
        if request.body:
            said[request.path] = frozenset(_pointers(json.loads(request.body)))
        if not response.body:
            continue
        spec = (route.operation.responses or {}).get(str(response.status))
        kind = spec.body if spec else route.operation.result
        yield Shown(
            route.operation.id,
            response.status,
            outline(json.loads(response.body), kind, contract.definitions),
            said.get(request.path, frozenset()),
            tuple(
                _INDEX.sub("/*", f.pointer)
                for f in validator.check_response(request, response).findings
                if f.code in _UNWRITTEN and f.side is Side.RESPONSE
            ),
        )


def _pointers(value: Any, at: str = "") -> Iterator[str]:
    yield at
    if isinstance(value, dict):
        for key, item in value.items():
            yield f"{at}/*"
            yield from _pointers(item, f"{at}/{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _pointers(item, f"{at}/*")


def differences(row: Observed, shown: Shown) -> Iterator[str]:
    """Where an answer is not what the live ones were counted to be."""
    places: dict[str, set[str]] = {}
    for pointer, kind in shown.outline.items():
        known = generalise(pointer.rstrip("/"), row.answer)
        if known is not None:
            places.setdefault(known, set()).add(kind)
        elif _is_news(row, shown, pointer):
            yield f"+{pointer}"
    for pointer, counts in row.answer.items():
        holder, _, step = pointer.rpartition("/")
        kinds = {kind.rstrip("?") for kind in counts}
        if pointer in places:
            if not _is_alike(row, shown, pointer, kinds, places[pointer]):
                yield f"{pointer} is {'/'.join(places[pointer])}"
        elif (
            step not in ("", "*")
            and "object" in places.get(holder, ())
            and sum(counts.values()) >= _count(row, holder) > 0
            and not _was_always_said(row, pointer)
        ):
            yield f"-{pointer}"


def _is_news(row: Observed, shown: Shown, pointer: str) -> bool:
    """Whether nobody saw what the contract has, in a holder that was seen."""
    holder = generalise(pointer.rpartition("/")[0], row.answer)
    is_written = not any(pointer.startswith(p) for p in shown.unwritten)
    return (
        holder is not None
        and _count(row, holder) >= LEAST
        and is_written
        and "/value/" not in pointer
        and pointer not in shown.said
    )


def _is_alike(
    row: Observed, shown: Shown, pointer: str, live: set[str], ours: set[str]
) -> bool:
    """Null where it always was, and nowhere else; what clients say is theirs."""
    if sum(row.answer[pointer].values()) < LEAST or "any" in live:
        return True
    if live == {"null"}:
        return ours == {"null"} or pointer in shown.said or "/value/" in pointer
    return "null" in live or "null" not in ours or _was_always_said(row, pointer)


def _was_always_said(row: Observed, pointer: str) -> bool:
    """Whether every client that made one gave a value; then nobody knows better."""
    group = row.operation.rpartition("_")[0]
    inner = pointer.removeprefix("/value/*")
    rows = [
        made
        for verb in _MAKING
        for version in observed_versions(f"{group}_{verb}")
        for made in find_observed(f"{group}_{verb}", version)
        if made.succeeded
    ]
    rows = [made for made in rows if made.api_version == row.api_version] or rows
    holder = inner.rpartition("/")[0]
    return bool(rows) and all(
        sum(made.request.get(inner, {}).values())
        >= sum(made.request.get(holder, {}).values())
        for made in rows
    )


def _count(row: Observed, pointer: str) -> int:
    """In how many exchanges an object stood there."""
    counts = row.answer.get(pointer, {})
    return sum(n for kind, n in counts.items() if kind.startswith("object"))


@pytest.mark.slow
@pytest.mark.parametrize("version", observed_versions())
def test_answers_are_what_live_ones_were_counted_to_be(version):
    rows = {
        (operation, row.status): row
        for operation in observed_operations()
        for row in find_observed(operation, version)
        if row.n >= LEAST and row.succeeded and row.answer
    }
    told: set[tuple[str, int]] = set()
    wrong: dict[str, None] = {}
    for shown in answers_of(version):
        key = (shown.operation, shown.status)
        told.add(key)
        for one in differences(rows[key], shown) if key in rows else ():
            wrong[f"{shown.operation} {shown.status} {one}"] = None
    wrong |= {
        f"{operation} {status} untold": None for operation, status in rows.keys() - told
    }
    unknown = [
        one
        for one in wrong
        if not any(fnmatchcase(one, pattern) for pattern in DIFFERENT)
    ]
    assert unknown == []
