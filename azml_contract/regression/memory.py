"""Remember what was worked out last.

In: a key, and a function that works out what belongs to it. Out: that, worked out once
for as long as it is remembered. Knows nothing of what it holds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Memory(Generic[_K, _V]):
    """What was worked out, by what it was worked out from.

    Args:
        capacity: How many are held; what was asked for longest ago is forgotten.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._known: OrderedDict[_K, _V] = OrderedDict()

    def find(self, key: _K, work_out: Callable[[], _V]) -> _V:
        """What is known of a key, or is worked out."""
        if key not in self._known:
            self._known[key] = work_out()
            if len(self._known) > self._capacity:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]
