"""What other processes of a scenario ask for: forked copies, and programs it starts.

In: nothing. Out: notes of forked children that reach their parent, and a proxy for
all other programs that refuses, and says what it was asked. Knows no cassettes.
"""

from __future__ import annotations

import os
import socket
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY")
_LONGEST = 2000


class Notes:
    """Lines that a process and its forked children write; the parent reads them."""

    def __init__(self) -> None:
        self._file, name = tempfile.mkstemp(prefix="azml-children-")
        weakref.finalize(self, os.close, self._file)
        with suppress(OSError):  # Windows keeps the name of an open file
            Path(name).unlink()
        self._owner = os.getpid()
        self._lock = threading.Lock()

    @property
    def is_child(self) -> bool:
        """Whether this process is a copy of the one that runs the scenario."""
        return os.getpid() != self._owner

    def write(self, line: str) -> None:
        """Leave a line for the parent."""
        text = " ".join(line.split())[:_LONGEST]
        with self._lock, suppress(OSError):
            os.lseek(self._file, 0, os.SEEK_END)
            os.write(self._file, f"{text}\n".encode())

    def read(self) -> list[str]:
        """What children left."""
        with self._lock:
            size = os.lseek(self._file, 0, os.SEEK_END)
            os.lseek(self._file, 0, os.SEEK_SET)
            return os.read(self._file, size).decode().splitlines()


@contextmanager
def refusing_proxy(note: Callable[[str], object]) -> Iterator[dict[str, str]]:
    """A proxy on loopback that refuses every request.

    Args:
        note: Called with what was asked for, in a thread of its own.

    Returns:
        The environment that leads programs to it.
    """
    server = socket.create_server(("127.0.0.1", 0), backlog=64)
    thread = threading.Thread(target=_serve, args=(server, note), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.getsockname()[1]}"
    names = (*_PROXIES, *map(str.lower, _PROXIES))
    try:
        yield dict.fromkeys(names, address)
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def _serve(server: socket.socket, note: Callable[[str], object]) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection, suppress(OSError):
            connection.settimeout(5)
            asked = connection.recv(4096).split(b"\r\n", 1)[0].decode("latin-1")
            note(asked)
            _refuse(connection)


def _refuse(connection: socket.socket) -> None:
    text = b"azml-contract: replay opens no connection; this is its refusing proxy.\n"
    head = b"HTTP/1.1 502 Refused by azml-contract in replay\r\n"
    length = b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(text)
    # Not `send`: replay guards it, and this answer goes to a child of our own.
    os.write(connection.fileno(), head + length + text)
