"""Whether JSON is nested too deep for functions that call themselves.

In: a text, and what it was parsed to. Out: yes or no, the same wherever it is asked:
how deep Python can go depends on who calls. Knows nothing of what JSON is for.
"""

from __future__ import annotations

from typing import Any

MOST_LEVELS = 200
"""Walked by any function, wherever it is called; services take less."""


def is_too_deep(text: bytes | str, value: Any) -> bool:
    """Whether lists and objects stand in more than `MOST_LEVELS` others.

    Args:
        text: JSON; few brackets tell that nobody has to look.
        value: What it was parsed to.
    """
    return _count_openings(text) > MOST_LEVELS and _is_deep(value)


def _count_openings(text: bytes | str) -> int:
    if isinstance(text, str):
        return text.count("[") + text.count("{")
    return text.count(b"[") + text.count(b"{")


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MOST_LEVELS + 1):
        lists = [one for one in level if isinstance(one, list)]
        objects = [one.values() for one in level if isinstance(one, dict)]
        level = [inner for held in (*lists, *objects) for inner in held]
        if not level:
            return False
    return True
