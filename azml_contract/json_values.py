"""What the standard library takes for JSON, and what then cannot be kept or walked.

In: what a text was parsed to. Out: whether an object names a key twice, or lists and
objects stand in too many others; and texts with half a character, which UTF-8 has not.
How deep Python can go depends on who calls; what is told here does not. Knows nothing
of what JSON is for.
"""

from __future__ import annotations

from typing import Any

MOST_LEVELS = 200
"""Walked by any function, wherever it is called; services take less."""


class NamedTwice(ValueError):
    """An object names a key twice; parsing it would lose one of them."""


def make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of its members, as `object_pairs_hook` hands them on.

    Raises:
        NamedTwice: Two of them have one name.
    """
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NamedTwice("an object names a key twice")
    return made


def is_too_deep(text: bytes | str, value: Any, most: int = MOST_LEVELS) -> bool:
    """Whether a list or an object stands in so many others.

    Args:
        text: JSON; few brackets tell that nobody has to look.
        value: What it was parsed to.
        most: Levels that are not too deep; a list of numbers has one.
    """
    return _count_openings(text) > most and _is_deep(value, most)


def _count_openings(text: bytes | str) -> int:
    if isinstance(text, str):
        return text.count("[") + text.count("{")
    return text.count(b"[") + text.count(b"{")


def _is_deep(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        lists = [one for one in level if isinstance(one, list)]
        objects = [one.values() for one in level if isinstance(one, dict)]
        level = [inner for held in (*lists, *objects) for inner in held]
        if not level:
            return False
    return any(isinstance(one, dict | list) for one in level)


def escape_halves(text: str) -> str:
    """JSON with half of a surrogate pair as its escape: UTF-8 has no other for it."""
    return text.encode("utf-8", "backslashreplace").decode()
