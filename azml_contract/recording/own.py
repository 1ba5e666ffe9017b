"""Which connections to a gateway this very process opened.

In: the gateway's port. Out: yes or no for a connection that it accepted. What this
process sends is recorded where it sends it, so its gateway lets that pass. CPython's
audit events tell of each connection, whatever library opens it.
"""

from __future__ import annotations

import socket
import sys
import threading
import weakref
from typing import Any

_ports: set[int] = set()
_opened: weakref.WeakSet[Any] = weakref.WeakSet()
_lock = threading.Lock()
_is_hooked = False


def watch(port: int) -> None:
    """Note connections to a port from now on, until `forget`."""
    global _is_hooked
    with _lock:
        _ports.add(port)
        if not _is_hooked:
            sys.addaudithook(_hook)  # there is no way to take one out
            _is_hooked = True


def forget(port: int) -> None:
    """Note connections to that port no longer."""
    with _lock:
        _ports.discard(port)


def is_own(accepted: socket.socket) -> bool:
    """Whether a connection that was accepted comes from this process."""
    peer = accepted.getpeername()[:2]
    with _lock:
        opened = list(_opened)
    for one in opened:
        try:
            if one.getsockname()[:2] == peer:
                return True
        except (OSError, ValueError):
            continue
    return False


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event != "socket.connect" or not _ports:
        return
    sock, address = args[0], args[1]
    if isinstance(address, tuple) and len(address) > 1 and address[1] in _ports:
        with _lock:
            _opened.add(sock)
