"""Let clients that draw their own names draw the same ones in replay.

In: a seed, which the cassette holds as a variable. Out: a context in which
`random`'s functions and `uuid.uuid4` give the same values for the same seed;
afterwards both are as they were.

`uuid.uuid4` draws from a stream of its own for each function that calls it, so
that one library's request ids, of which a login more or less makes another
number, do not shift another's names. It is met where it asks for random bytes,
because clients hold the function itself (``from uuid import uuid4``).
"""

from __future__ import annotations

import hashlib
import os
import random
import secrets
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SEED_VARIABLE = "azml_seed"


class _SeededOs:
    """The `os` that the module `uuid` sees: its random bytes are seeded."""

    def __init__(self, seed: int, drawn: list[str]) -> None:
        self._seed = seed
        self._drawn = drawn
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def urandom(self, size: int) -> bytes:
        """Bytes for the n-th draw of the function that called `uuid4`."""
        caller = sys._getframe(2)
        who = f"{caller.f_globals.get('__name__')}.{caller.f_code.co_qualname}"
        with self._lock:
            self._counts[who] += 1
            text = f"{self._seed}:{who}:{self._counts[who]}"
            raw = hashlib.shake_256(text.encode()).digest(size)
            if size == 16:
                self._drawn.append(str(uuid.UUID(bytes=raw, version=4)))
        return raw


def draw_seed() -> int:
    """A new seed."""
    return secrets.randbits(63)


@contextmanager
def seeded(seed: int) -> Iterator[list[str]]:
    """Seed `random` and `uuid.uuid4` for the whole process.

    Yields:
        The UUIDs drawn so far, as text, in the order drawn.
    """
    drawn: list[str] = []
    state, own = random.getstate(), uuid.os  # type: ignore[attr-defined]
    random.seed(seed)
    uuid.os = _SeededOs(seed, drawn)  # type: ignore[attr-defined]
    try:
        yield drawn
    finally:
        uuid.os = own  # type: ignore[attr-defined]
        random.setstate(state)
