"""Loopback sockets: opening a port, keeping a connection quick, ending them all.

In: host and port, or connections. Out: listeners that nobody outside this
machine can reach. Knows neither HTTP nor TLS.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import select
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator

from azml_contract.errors import EmulatorError
from azml_contract.gateway.peers import is_held

_BACKLOG = 128
_LOOK_UP_S = 1.0
# Linux only; elsewhere acknowledgements are quick enough.
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)
# That the other side has said its last; Linux alone tells it. A reset is told by all
# systems that have `poll`, unasked.
_SAID_ITS_LAST = getattr(select, "POLLRDHUP", 0)
_LETTING_GO_S = 0.01


def open_listener(host: str, port: int) -> socket.socket:
    """Listen on a loopback address.

    Args:
        host: ``127.0.0.1``, ``::1`` or ``localhost``.
        port: 0 picks a free one.

    Raises:
        EmulatorError: The host is not loopback, or the port is taken.
    """
    address = _loopback_address(host)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":
        # On Windows this option would let two programs share one port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        raise _cannot_bind(address, port, error) from error
    listener.listen(_BACKLOG)
    # Not every system wakes a thread that accepts when the listener is closed.
    listener.settimeout(_LOOK_UP_S)
    return listener


def _loopback_address(host: str) -> str:
    if host == "localhost":
        return "127.0.0.1"
    try:
        if ipaddress.ip_address(host).is_loopback:
            return host
    except ValueError:
        pass
    raise EmulatorError(
        f"The emulator answers with secrets and listens on loopback only; "
        f"{host!r} is not loopback. Use 127.0.0.1."
    )


def _cannot_bind(address: str, port: int, error: OSError) -> EmulatorError:
    if error.errno == errno.EADDRINUSE:
        return EmulatorError(
            f"Port {port} on {address} is taken by another program. "
            "Choose another with --port, or leave it out to get a free one."
        )
    return EmulatorError(f"Cannot listen on {address} port {port}: {error.strerror}.")


def accept_all(listener: socket.socket) -> Iterator[socket.socket]:
    """Connections as they come, until the listener is closed."""
    while True:
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        except OSError:
            return
        yield connection


def close_listener(listener: socket.socket) -> None:
    """Close a listener, and wake the thread that accepts from it where that works."""
    # On Linux the shutdown wakes it; elsewhere it may be refused.
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()


class ServingSocket(ssl.SSLSocket):
    """A connection that we answer on; it sends whatever clients may not.

    Replay puts refusals in place of what clients send with. These are taken before.
    """

    send = ssl.SSLSocket.send
    sendall = ssl.SSLSocket.sendall


def send_all(connection: socket.socket, data: bytes) -> None:
    """Send bytes to a client of ours, also while replay lets nobody send."""
    if isinstance(connection, ssl.SSLSocket):
        connection.sendall(data)
    else:
        socket.SocketType.sendall(connection, data)


def receive_plain(connection: socket.socket, size: int) -> bytes:
    """Bytes as they came, TLS or not."""
    return socket.SocketType.recv(connection, size)


def hurry(connection: socket.socket) -> None:
    """Send what is written at once, and acknowledge what was read at once.

    The kernel forgets the second wish after a while; say it after each read.
    """
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if _QUICKACK is not None:
            connection.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)


class Watch:
    """Whether the client of a connection is still there, whoever reads from it.

    One that says it will send no more may go on to read: RFC 9293, 3.6. To TCP it looks
    the same as one that has closed all, until something is sent to it; Linux tells
    whether a program holds the other end. Where the system does not tell, it is there.
    """

    def __init__(self, connection: socket.socket) -> None:
        # What speaks TLS on the connection takes it away from who accepted it.
        self._connection = connection.dup()

    def has_left(self) -> bool:
        """Whether it is gone. Any thread may ask."""
        return self.await_leaving(0)

    def await_leaving(self, longest_s: float) -> bool:
        """Return when it is gone, or the time is over; whether it is gone."""
        if not hasattr(select, "poll"):
            return False
        until = time.monotonic() + longest_s
        told = self._await(_SAID_ITS_LAST, longest_s)
        while told == _SAID_ITS_LAST and is_held(self._connection):
            # Who closes all says its last a moment before it lets go of its end.
            told = self._await(0, _LETTING_GO_S) or told
            if time.monotonic() >= until:
                return told != _SAID_ITS_LAST or not is_held(self._connection)
        return bool(told)

    def _await(self, events: int, longest_s: float) -> int:
        """What `poll` tells of the connection, of `events` and of its end."""
        poll = select.poll()  # one of its own: no two threads may use the same
        try:
            poll.register(self._connection, events)
        except ValueError:  # closed
            return select.POLLNVAL
        return sum(told for _, told in poll.poll(longest_s * 1000))

    def close(self) -> None:
        """Look no more. The connection ends when all who hold it have closed it."""
        self._connection.close()


class Connections:
    """The connections that are open now, so that they can be ended. Thread-safe."""

    def __init__(self) -> None:
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False

    @contextlib.contextmanager
    def holding(self, connection: socket.socket) -> Iterator[None]:
        """Count a connection as open within the block.

        Raises:
            ConnectionAbortedError: All connections have been ended.
        """
        with self._lock:
            if self._closed:
                raise ConnectionAbortedError("the gateway is ending")
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)

    def close_all(self) -> None:
        """End every connection; later ones are ended as they come."""
        with self._lock:
            self._closed = True
            ending = list(self._open)
        for connection in ending:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
