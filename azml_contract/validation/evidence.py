"""What live services were seen to do, in numbers.

In: an operation, an api-version, a JSON pointer. Out: in how many of how many
recorded exchanges something was accepted or returned, or None where there is
no exchange of that operation at that version in the data. Structure alone: no
value was ever kept. `observed.txt` holds the data; `compile_evidence` makes
it, and says where it comes from.

Silence proves nothing: ten api-versions between 2022-01 and 2023-04 were seen,
many of their operations a few times. What is in the data happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from azml_contract.api_version import sort_key

DATA = Path(__file__).with_name("observed.txt")
UNWRITTEN = "?"
"""Ends a type where the written contract of that version lacks the property."""
ANY_STEP = "*"


class Count(NamedTuple):
    """`n` of `of` exchanges at `api_version`; shown as ``20 of 20 times``."""

    n: int
    of: int
    api_version: str


class Observed(NamedTuple):
    """All exchanges of one operation at one api-version that had one status.

    `tests` is how many different test cases they came from. `headers` are
    those that at least half of the answers had, in lower case. `request` and
    `answer` say for a pointer which JSON types stood there, in how many
    exchanges: ``{"/properties/kind": {"string": 12, "null": 1}}``. The body
    itself is ``""``; ``*`` is an item of an array, a key of a map, or anything
    below a free-form object. Types are those of JSON, and ``any``; one that
    ends in ``?`` stood at a property that the written contract lacks.
    """

    operation: str
    api_version: str
    status: int
    n: int
    tests: int
    headers: Mapping[str, int]
    request: Mapping[str, Mapping[str, int]]
    answer: Mapping[str, Mapping[str, int]]

    @property
    def succeeded(self) -> bool:
        """Whether the service did what it was asked."""
        return self.status < 400


def observed_versions(operation: str = "") -> tuple[str, ...]:
    """Versions at which an operation, or any, was seen; oldest first."""
    found = {v for o, v in _blocks() if not operation or o == operation}
    return tuple(sorted(found, key=sort_key))


def observed_operations() -> tuple[str, ...]:
    """Every operation that was seen, in the order of the alphabet."""
    return tuple(sorted({operation for operation, _ in _blocks()}))


@lru_cache(maxsize=512)
def find_observed(operation: str, api_version: str) -> tuple[Observed, ...]:
    """What was seen of an operation at a version, by status; empty for nothing."""
    blocks = _blocks().get((operation, api_version), ())
    return tuple(_read(operation, api_version, block) for block in blocks)


def count_exchanges(
    operation: str, api_version: str, status: int | None = None
) -> Count | None:
    """How many exchanges there are, or how many of them had a status."""
    rows = find_observed(operation, api_version)
    if not rows:
        return None
    total = sum(row.n for row in rows)
    wanted = (row.n for row in rows if status in (None, row.status))
    return Count(sum(wanted), total, api_version)


def count_accepted(
    operation: str, api_version: str, pointer: str, types: str = ""
) -> Count | None:
    """How often a property was sent and the call succeeded, of all exchanges.

    Args:
        operation: Such as ``Jobs_CreateOrUpdate``.
        api_version: Exactly this version.
        pointer: Of the request body, with indexes and keys as they are sent.
        types: Only where it had this JSON type, such as ``null``; with a ``?``
            only where the written contract lacks the property.
    """
    rows = find_observed(operation, api_version)
    if not rows:
        return None
    took = (_count(row, row.request, pointer, types) for row in rows if row.succeeded)
    return Count(sum(took), sum(row.n for row in rows), api_version)


def count_returned(
    operation: str, api_version: str, pointer: str, types: str = ""
) -> Count | None:
    """How often successful answers held a property, of all successful answers.

    The arguments are those of `count_accepted`; an answer to an error counts
    where no call has succeeded.
    """
    rows = find_observed(operation, api_version)
    chosen = [row for row in rows if row.succeeded] or rows
    if not chosen:
        return None
    held = sum(_count(row, row.answer, pointer, types) for row in chosen)
    return Count(held, sum(row.n for row in chosen), api_version)


def generalise(pointer: str, known: Mapping[str, object]) -> str | None:
    """The pointer in the data that a pointer of a body falls under; None for none.

    ``/value/0/name`` is ``/value/*/name``; a property goes before a ``*``.
    """
    if pointer in known:
        return pointer
    places = [""]
    for step in pointer.split("/")[1:]:
        places = [
            f"{place}/{one}"
            for place in places
            for one in (step, ANY_STEP)
            if f"{place}/{one}" in known
        ]
    return next((place for place in places if place in known), None)


def _count(
    row: Observed, places: Mapping[str, Mapping[str, int]], pointer: str, types: str
) -> int:
    found = generalise(pointer, places)
    if found is None:
        return 0
    seen = sum(
        n
        for kind, n in places[found].items()
        if not types or kind == types or (types == UNWRITTEN and kind[-1] == UNWRITTEN)
    )
    return min(seen, row.n)  # below a list, one exchange may show several types


# -- the data ------------------------------------------------------------------


@lru_cache(maxsize=1)
def _blocks() -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The text of each row, by operation and version; read when first asked for."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for block in DATA.read_text("utf-8").split("\n\n"):
        operation, version, _ = block.split(" ", 2)
        key = (operation, version)
        found[key] = (*found.get(key, ()), block)
    return MappingProxyType(found)


def _read(operation: str, api_version: str, block: str) -> Observed:
    head, headers, *lines = block.rstrip("\n").split("\n")
    status, n, tests = (int(word) for word in head.split(" ")[2:])
    cut = lines.index("<")
    return Observed(
        operation,
        api_version,
        status,
        n,
        tests,
        MappingProxyType(_read_counts(headers.split(" "), n)),
        MappingProxyType(dict(_read_places(lines[1:cut], n))),
        MappingProxyType(dict(_read_places(lines[cut + 1 :], n))),
    )


def _read_places(lines: list[str], n: int) -> Iterator[tuple[str, Mapping[str, int]]]:
    """Places from lines that are indented below the place that holds them."""
    above: list[str] = []
    for line in lines:
        words = line.lstrip(" ")
        depth = len(line) - len(words)
        step, *kinds = words.split(" ")
        del above[depth:]
        above.append("" if step == "/" else f"{above[-1] if above else ''}/{step}")
        yield above[-1], MappingProxyType(_read_counts(kinds, n))


def _read_counts(words: list[str], n: int) -> dict[str, int]:
    """Words such as ``null=2``; one without a number counts all `n`."""
    counts = {}
    for word in words:
        name, _, number = word.partition("=")
        counts[name] = int(number) if number else n
    return counts
