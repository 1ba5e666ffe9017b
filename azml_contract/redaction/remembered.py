"""What a function makes of each value, made once.

In: a function of one value. Out: a mapping that fills as it is asked, which costs a
look into a dictionary from then on. Forgets nothing: for values of which there are few,
or for those of them that are worth it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(dict[K, V]):
    """A dictionary that makes what it has not."""

    def __init__(
        self, make: Callable[[K], V], keeps: Callable[[K], bool] | None = None
    ) -> None:
        """Start empty; `make` is asked once for each key, again where none is kept."""
        super().__init__()
        self._make, self._keeps = make, keeps

    def __missing__(self, key: K) -> V:
        made = self._make(key)
        if self._keeps is None or self._keeps(key):
            self[key] = made
        return made
