"""Which connections to a gateway this very process opened.

In: the gateway's port. Out: yes or no for a connection that it accepted. What this
process sends is recorded where it sends it, so its gateway lets that pass. CPython's
audit events tell of each connection, whatever library opens it.
"""

from __future__ import annotations

import socket
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from azml_contract.recording.audit import listening


@contextmanager
def noting_own(port: int) -> Iterator[Callable[[socket.socket], bool]]:
    """While entered, connections to a port of this machine are noted.

    Returns:
        Whether a connection that was accepted there comes from this process.
    """
    opened: weakref.WeakSet[Any] = weakref.WeakSet()
    lock = threading.Lock()

    def heard(event: str, args: tuple[Any, ...]) -> None:
        if event != "socket.connect":
            return
        sock, address = args[0], args[1]
        if isinstance(address, tuple) and address[1:2] == (port,):
            with lock:
                opened.add(sock)

    def is_own(accepted: socket.socket) -> bool:
        peer = accepted.getpeername()[:2]
        with lock:
            candidates = list(opened)
        return any(_name(one) == peer for one in candidates)

    with listening(heard):
        yield is_own


def _name(sock: Any) -> tuple[str, int] | None:
    """Where a socket of ours is bound; None for one that is closed."""
    try:
        host, port = sock.getsockname()[:2]
    except (OSError, ValueError):
        return None
    return host, port
