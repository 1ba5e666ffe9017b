"""Which known name somebody meant: the "did you mean" of every message.

In: a name and the names that exist. Out: the closest ones, best first, none
when nothing is close. Knows only text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def find_nearest(name: str, known: Iterable[str], *, limit: int = 3) -> tuple[str, ...]:
    """The names of `known` that `name` may stand for, best first.

    Close are names that differ only in case or separators, by few letters, or
    of which one holds all words of the other (``maxTrials``, ``maxTotalTrials``).
    """
    return _find_nearest(name, tuple(known), limit)


@lru_cache(maxsize=4096)
def _find_nearest(name: str, known: tuple[str, ...], limit: int) -> tuple[str, ...]:
    ranked = sorted(
        (rank, position, other)
        for position, other in enumerate(known)
        if (rank := _distance(name, other)) is not None
    )
    return tuple(other for _, _, other in ranked[:limit])


def find_abbreviated(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Those of which `name` shortens each part: ``Env_Create`` and
    ``EnvironmentVersions_CreateOrUpdate``; the shortest first."""
    parts = name.lower().split("_")
    if not all(parts):
        return ()
    found = [other for other in known if _shortens(parts, other.lower().split("_"))]
    return tuple(sorted(found, key=len))


def _shortens(parts: list[str], whole: list[str]) -> bool:
    return len(parts) == len(whole) and all(
        long.startswith(short) for short, long in zip(parts, whole, strict=True)
    )


def fold(name: str) -> str:
    """`name` without case and separators: ``uri_file`` and ``UriFile`` are one."""
    return name.replace("_", "").replace("-", "").replace(" ", "").casefold()


def _distance(name: str, other: str) -> int | None:
    mine, theirs = fold(name), fold(other)
    if mine == theirs:
        return 0
    allowed = min(3, max(len(mine), len(theirs)) // 4)
    edits = count_edits(mine, theirs, allowed) if allowed else None
    if edits is not None:
        return edits
    return 4 if _shares_words(name, other) else None


def _shares_words(name: str, other: str) -> bool:
    mine = {word.lower() for word in _WORD.findall(name)}
    theirs = {word.lower() for word in _WORD.findall(other)}
    shorter = mine if len(mine) <= len(theirs) else theirs
    long_enough = sum(len(word) for word in shorter) >= 4
    return long_enough and (mine <= theirs or theirs <= mine)


def count_edits(one: str, two: str, allowed: int) -> int | None:
    """Insertions, deletions, replacements and swaps from `one` to `two`.

    Returns:
        Their number, or None when there are more than `allowed`.
    """
    if abs(len(one) - len(two)) > allowed:
        return None
    before: list[int] = []
    previous = list(range(len(two) + 1))
    for row, letter in enumerate(one, start=1):
        current = [row]
        for column, other in enumerate(two, start=1):
            cost = min(
                previous[column] + 1,
                current[column - 1] + 1,
                previous[column - 1] + (letter != other),
            )
            swapped = row > 1 and column > 1 and letter == two[column - 2]
            if swapped and one[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) > allowed:
            return None
        before, previous = previous, current
    return previous[-1] if previous[-1] <= allowed else None
