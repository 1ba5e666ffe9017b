"""Keep azure-core from sleeping where nothing takes time: a cassette, the emulator.

In: nothing; azure-core, where a client under test has loaded it. Out: its
transports' `sleep` returns at once, until released.

There ``Retry-After`` is 0, and azure-core takes 0 for absent and sleeps its
default: 30 seconds a poll, for most clients. A header cannot say "a moment", so
the remedy is where azure-core itself asks to be made to sleep. A delay follows
an answer, so it is soon enough to look for azure-core with each request.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Iterator
from typing import Any

_BASE = "azure.core.pipeline.transport._base"


class Sleepless:
    """Patches azure-core's transports once they are there."""

    def __init__(self, *, hurries: bool) -> None:
        """Patch nothing yet; and nothing at all where what answers takes its time."""
        self._hurries = hurries
        self._lock = threading.Lock()
        self._modules = 0
        self._originals: dict[Any, Any] = {}

    def engage(self) -> None:
        """Patch what is loaded of azure-core, and not patched yet."""
        if not self._hurries:
            return
        loaded = len(sys.modules)
        if loaded == self._modules or _BASE not in sys.modules:
            return
        with self._lock:
            self._patch()
            self._modules = loaded

    def _patch(self) -> None:
        from azure.core.pipeline.transport import AsyncHttpTransport, HttpTransport

        # Trio's transport, and those of a project, have a sleep of their own.
        for transport in {*_family(HttpTransport), *_family(AsyncHttpTransport)}:
            own = vars(transport).get("sleep")
            if own is not None and transport not in self._originals:
                self._originals[transport] = own
                waits = inspect.iscoroutinefunction(own)
                transport.sleep = _pass_async if waits else _pass

    def release(self) -> None:
        """Put everything back."""
        with self._lock:
            for transport, original in self._originals.items():
                transport.sleep = original
            self._originals.clear()
            self._modules = 0


def _family(transport: Any) -> Iterator[Any]:
    yield transport
    for below in transport.__subclasses__():
        yield from _family(below)


def _pass(self: Any, duration: float) -> None:
    """Instead of sleeping."""


async def _pass_async(self: Any, duration: float) -> None:
    """Instead of sleeping."""
