"""Judges that hold for one workspace alone, compiled where so many bodies came that it
pays.

In: a key, which names a workspace and may name more. Out: a judge, which says yes to a
body, or nothing. Knows no schemas: the owner compiles.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from azml_contract.validation.judge import Accept

_MOST_JUDGES, _MOST_ASKED = 16, 1024

Key = TypeVar("Key", bound=Hashable)


class JudgesOfHomes(dict[Key, Accept]):
    """The judge of each key: it accepts nothing until it pays to compile one.

    Where more keys come than judges are kept, the oldest judge makes room and its key
    is counted anew: no more is ever compiled than one judge for each `enough` bodies,
    and a key that keeps coming gets its judge, however many came before it.

    Args:
        enough: A judge takes as long to compile as it saves on so many bodies.
        compile_for: Makes the judge of a key.
    """

    __slots__ = ("_asked", "_compile_for", "_enough", "_lock")

    def __init__(self, enough: int, compile_for: Callable[[Key], Accept]) -> None:
        super().__init__()
        self._enough = enough
        self._compile_for = compile_for
        self._asked: dict[Key, int] = {}
        self._lock = threading.Lock()

    def __missing__(self, key: Key) -> Accept:
        """Count a body of a key that has no judge yet; False says nothing of it."""
        if self._count(key):
            made = self._compile_for(key)
            with self._lock:
                self[key] = made
                _drop_oldest(self, _MOST_JUDGES)
        return accept_nothing

    def _count(self, key: Key) -> bool:
        """Count one more body; whether they are enough, which is said once."""
        with self._lock:
            asked = self._asked.pop(key, 0) + 1
            if asked >= self._enough:
                return True
            self._asked[key] = asked  # last again: what is asked for is no old count
            _drop_oldest(self._asked, _MOST_ASKED)
            return False


def accept_nothing(_: Any) -> bool:
    """The judge of every key where to compile one does not pay."""
    return False


def _drop_oldest(kept: dict[Key, Any], most: int) -> None:
    while len(kept) > most:
        del kept[next(iter(kept))]
