"""Ask a server on behalf of a client: one connection, opened when it is needed.

In: a function that opens a connection, and requests. Out: answers, the body in
pieces as it comes. A connection that the server closed while it was idle is opened
again, once. Knows neither names nor certificates: whoever opens sees to those.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11

from azml_contract.exchange import Headers, Request
from azml_contract.gateway.sockets import hurry
from azml_contract.gateway.spool import pieces_of, size_of

_CHUNK = 256 * 1024
_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
        *("content-length", "expect", "host"),
    }
)
_TAKES_A_BODY = frozenset({"POST", "PUT", "PATCH"})


class Unanswered(OSError):
    """A server was asked, and nothing of an answer came."""


@dataclass(frozen=True, slots=True)
class Received:
    """The head of an answer; `chunks` raises `OSError` where the rest is cut off."""

    status: int
    headers: Headers
    chunks: Iterator[bytes]


class Upstream:
    """One connection to a server, for one connection of a client.

    Args:
        open_connection: Opens it; raises `OSError` where it cannot.
        name: Host and port, for messages.
        whole_urls: It is a proxy, which is told the whole URL.
    """

    def __init__(
        self,
        open_connection: Callable[[], socket.socket],
        name: str,
        *,
        whole_urls: bool = False,
    ) -> None:
        self._whole_urls = whole_urls
        self._open_connection = open_connection
        self._name = name
        self._socket: socket.socket | None = None
        self._http = h11.Connection(h11.CLIENT)

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ask(self, request: Request) -> Received:
        """Send a request; returns when the head of its answer is there.

        Raises:
            OSError: There is no connection, or it broke before any answer.
        """
        while True:
            is_fresh = self._socket is None
            if is_fresh:
                self._socket = self._open_connection()
                self._http = h11.Connection(
                    h11.CLIENT, max_incomplete_event_size=128 * 1024
                )
            try:
                self._send(request)
                head = self._read_head()
            except (OSError, h11.ProtocolError) as error:
                self.close()
                if is_fresh or isinstance(error, TimeoutError):
                    raise _as_os_error(error, self._name) from error
                continue
            return Received(
                head.status_code,
                tuple(
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, value in head.headers.raw_items()
                    if name.lower() not in (b"connection", b"keep-alive")
                    and name.lower() != b"transfer-encoding"
                ),
                self._read_body(),
            )

    def _send(self, request: Request) -> None:
        assert self._socket is not None
        connection = self._socket
        hurry(connection)
        parts = urlsplit(request.url)
        target = request.url.partition("://")[2]
        target = target[len(parts.netloc) :].partition("#")[0] or "/"
        target = target if target[0] == "/" else f"/{target}"
        whole = f"{parts.scheme}://{parts.netloc}" if self._whole_urls else ""
        head = h11.Request(
            method=request.method,
            target=f"{whole}{target}",
            headers=_forwarded(request, parts.netloc.rpartition("@")[2]),
        )
        out = self._http.send(head) or b""
        # A server that has heard enough may answer and close before the end.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for piece in pieces_of(request):
                connection.sendall(out + (self._http.send(h11.Data(data=piece)) or b""))
                out = b""
            connection.sendall(out + (self._http.send(h11.EndOfMessage()) or b""))

    def _read_head(self) -> h11.Response:
        while True:
            event = self._next()
            if isinstance(event, h11.Response):
                return event
            if isinstance(event, h11.ConnectionClosed):
                raise Unanswered(f"{self._name} closed the connection unanswered")

    def _read_body(self) -> Iterator[bytes]:
        try:
            while True:
                event = self._next()
                if isinstance(event, h11.Data):
                    yield bytes(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    break
                else:
                    raise ConnectionResetError(f"{self._name} cut its answer off")
        except h11.RemoteProtocolError as error:
            self.close()
            raise ConnectionResetError(f"{self._name} cut its answer off") from error
        except OSError:
            self.close()
            raise
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        else:
            self.close()

    def _next(self) -> h11.Event | type[h11.PAUSED]:
        assert self._socket is not None
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]
            self._http.receive_data(self._socket.recv(_CHUNK))


def _forwarded(request: Request, host: str) -> list[tuple[str, str]]:
    listed = (request.header("connection") or "").lower()
    named = {one.strip() for one in listed.split(",")}
    kept = [
        (name, value.strip())
        for name, value in request.headers
        if name.lower() not in _HOP_BY_HOP and name.lower() not in named
    ]
    size = size_of(request)
    if size or request.method in _TAKES_A_BODY or request.header("content-length"):
        kept.append(("Content-Length", str(size)))
    return [("Host", host), *kept]


def _as_os_error(error: Exception, name: str) -> OSError:
    if isinstance(error, OSError):
        return error
    return Unanswered(f"{name} does not speak HTTP/1.1: {error}")
