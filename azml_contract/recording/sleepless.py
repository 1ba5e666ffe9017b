"""Keep azure-core from sleeping while it is answered from a cassette.

In: nothing; azure-core, where a client under test has loaded it. Out: its
transports' `sleep` returns at once, until released.

A recorded ``Retry-After`` is 0, and azure-core takes 0 for absent and sleeps its
default: 30 seconds a poll, for most clients. A header cannot say "a moment", so
the remedy is where azure-core itself asks to be made to sleep. A delay follows
an answer, so it is soon enough to look for azure-core with each request.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

_BASE = "azure.core.pipeline.transport._base"


class Sleepless:
    """Patches azure-core's transports once they are there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engaged = False
        self._originals: list[tuple[Any, Any]] = []

    def engage(self) -> None:
        """Patch, if azure-core is loaded and not patched yet."""
        if self._engaged or _BASE not in sys.modules:
            return
        with self._lock:
            if not self._engaged:
                self._patch()
                self._engaged = True

    def _patch(self) -> None:
        from azure.core.pipeline.transport import (
            AsyncHttpTransport,
            AsyncioRequestsTransport,
            HttpTransport,
        )

        replacements: tuple[tuple[Any, Any], ...] = (
            (HttpTransport, _pass),
            (AsyncHttpTransport, _pass_async),
            (AsyncioRequestsTransport, _pass_async),
        )
        for transport, replacement in replacements:
            self._originals.append((transport, transport.sleep))
            transport.sleep = replacement

    def release(self) -> None:
        """Put everything back."""
        with self._lock:
            for transport, original in self._originals:
                transport.sleep = original
            self._originals.clear()
            self._engaged = False


def _pass(self: Any, duration: float) -> None:
    """Instead of sleeping."""


async def _pass_async(self: Any, duration: float) -> None:
    """Instead of sleeping."""
