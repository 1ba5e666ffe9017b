"""Bodies too large for memory, on disk while they are needed, without a name.

In: pieces of a body as they come. Out: the body again, whole or in pieces. One
unnamed file serves all bodies of a process's gateway: whatever kills the process,
nothing is left behind. Its place is freed once nobody needs any of them.
"""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections.abc import Iterator
from typing import IO

from azml_contract.exchange import Request, Response

IN_MEMORY = 1024 * 1024
"""Bodies up to this size stay in memory."""
_CHUNK = 256 * 1024


class Spool:
    """One body on disk. Written by one thread; then read by any."""

    def __init__(self, store: Spooler) -> None:
        self._store = store
        self._pieces: list[tuple[int, int]] = []
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Add a piece."""
        self._pieces.append((self._store.append(piece), len(piece)))
        self.size += len(piece)

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        """The pieces, one at a time."""
        for place, size in self._pieces:
            yield self._store.read(place, size)

    def read(self) -> bytes:
        """All of it, in memory."""
        return b"".join(self)


class Spooler:
    """The unnamed file that bodies are in. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a body may be forgotten while one is read
        self._file: IO[bytes] | None = None
        self._end = 0
        self._living = 0

    def make(self) -> Spool:
        """A new body, empty."""
        spool = Spool(self)
        with self._lock:
            self._living += 1
        weakref.finalize(spool, self._forget)
        return spool

    def append(self, piece: bytes) -> int:
        """Put bytes at the end; returns where they are."""
        with self._lock:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
            place = self._end
            self._file.seek(place)
            left = memoryview(piece)
            while left:
                left = left[self._file.write(left) :]
            self._end += len(piece)
            return place

    def read(self, place: int, size: int) -> bytes:
        """Bytes that were put there."""
        with self._lock:
            assert self._file is not None
            self._file.seek(place)
            pieces = []
            while size > 0:
                piece = self._file.read(size)
                if not piece:
                    raise OSError("a body on disk was cut short")
                pieces.append(piece)
                size -= len(piece)
            return b"".join(pieces)

    def _forget(self) -> None:
        with self._lock:
            self._living -= 1
            if not self._living and self._file is not None:
                self._file.close()
                self._file = None
                self._end = 0


_SPOOLER = Spooler()


class Intake:
    """Takes a body as it comes: in memory while it is small, else on disk."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._spool: Spool | None = None
        self.size = 0

    def take(self, piece: bytes) -> None:
        """Add a piece."""
        self.size += len(piece)
        if self._spool is None:
            self._pieces.append(piece)
            if self.size > IN_MEMORY:
                self._spool = _SPOOLER.make()
                for one in self._pieces:
                    self._spool.write(one)
                self._pieces = []
        else:
            self._spool.write(piece)

    @property
    def is_large(self) -> bool:
        """Whether it is on disk."""
        return self._spool is not None

    def body(self) -> bytes | Spool:
        """What came."""
        if self._spool is not None:
            return self._spool
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)


def _load(self: Request | Response) -> bytes:
    held: bytes | Spool = self._held  # type: ignore[union-attr]
    return held if isinstance(held, bytes) else held.read()


def _hold(self: Request | Response, body: bytes | Spool) -> None:
    object.__setattr__(self, "_held", body)


class LargeRequest(Request):
    """A request whose body is read from disk whenever it is asked for."""

    __slots__ = ("_held",)
    body = property(_load, _hold)


class LargeResponse(Response):
    """A response whose body is read from disk whenever it is asked for."""

    __slots__ = ("_held",)
    body = property(_load, _hold)


def is_large(message: Request | Response) -> bool:
    """Whether the body is on disk."""
    return isinstance(message, LargeRequest | LargeResponse)


def pieces_of(message: Request | Response) -> Iterator[bytes]:
    """The body in pieces of moderate size, without loading all of a large one."""
    held = getattr(message, "_held", None)
    if isinstance(held, Spool):
        yield from held
    elif message.body:
        yield message.body


def size_of(message: Request | Response) -> int:
    """How long the body is, without loading it."""
    held = getattr(message, "_held", None)
    return len(message.body) if held is None else len(held)


def make_request(
    method: str,
    url: str,
    headers: tuple[tuple[str, str], ...],
    body: bytes | Spool,
) -> Request:
    """A request, with a body in memory or on disk."""
    if isinstance(body, Spool):
        return LargeRequest(method, url, headers, body)  # type: ignore[arg-type]
    return Request(method, url, headers, body)


def make_response(
    status: int, headers: tuple[tuple[str, str], ...], body: bytes | Spool
) -> Response:
    """A response, with a body in memory or on disk."""
    if isinstance(body, Spool):
        return LargeResponse(status, headers, body)  # type: ignore[arg-type]
    return Response(status, headers, body)
