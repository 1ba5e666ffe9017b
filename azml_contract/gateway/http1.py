"""HTTP/1.1 on one connection, by h11: requests in, answers out, until it ends.

In: an open connection, with or without TLS, and a function that answers. Out:
nothing; the connection is at its end. Bodies above 1 MiB are on disk. Framing that
two readers could understand in two ways is refused. Knows nothing of ARM, proxies
or recordings.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

import h11

from azml_contract.exchange import BODILESS, Headers, Request, Response
from azml_contract.gateway.sockets import hurry, receive_plain, send_all
from azml_contract.gateway.spool import (
    Intake,
    Spool,
    make_request,
    pieces_of,
    size_of,
)

LARGEST_BODY = 16 * 1024**3
CHUNK = 256 * 1024
"""Bytes that are read from a connection at a time."""
_LONGEST_HEAD = 64 * 1024
_FRAMING = re.compile(
    rb"^(?:(content-length)|(transfer-encoding))[ \t]*:([^\r\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_PHRASES = {int(one): one.phrase.encode() for one in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer whose body is still coming.

    `chunks` may raise `OSError`: the connection is then cut, as the one behind was.
    """

    status: int
    headers: Headers
    chunks: Iterator[bytes]


Answer = Response | Streamed | None
"""None: the connection is cut without an answer."""
Handle = Callable[[Request], Answer]


def make_problem(status: int, code: str, message: str) -> Response:
    """An answer of our own, as JSON that clients of Azure can read."""
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return Response(
        status, (("Content-Type", "application/json; charset=utf-8"),), body
    )


def serve_http(
    connection: socket.socket,
    handle: Handle,
    *,
    scheme: str,
    authority: str,
    largest: int = LARGEST_BODY,
    first: bytes = b"",
) -> None:
    """Answer the requests of a connection, in this thread, until it ends.

    Args:
        connection: Open; its timeout is how long it may be idle.
        handle: Makes the answers.
        scheme: ``https`` or ``http``, for URLs.
        authority: Host and port where a request names none.
        largest: Bytes of the largest body that is taken.
        first: What was read of it already.

    Raises:
        OSError: The client went away, or said nothing for too long.
    """
    _Http1(connection, handle, scheme, authority, largest).run(first)


class _Refused(Exception):
    """A request that is not handed on; the connection ends after the answer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = make_problem(status, code, message)


class _Http1:
    def __init__(
        self,
        connection: socket.socket,
        handle: Handle,
        scheme: str,
        authority: str,
        largest: int,
    ) -> None:
        self._connection = connection
        self._handle = handle
        self._scheme = scheme
        self._authority = authority
        self._largest = largest
        self._method = b""
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_LONGEST_HEAD)

    def run(self, first: bytes) -> None:
        if first:
            self._take_in(first)
        while self._take_turn():
            self._http.start_next_cycle()
        self._part()

    def _take_turn(self) -> bool:
        """One request and its answer; whether another may follow."""
        try:
            asked = self._read_head()
            if asked is None:
                return False
            self._refuse_large(asked)
            body = self._read_body()
        except _Refused as refused:
            return self._send_last(refused.answer)
        except h11.RemoteProtocolError as error:
            status = error.error_status_hint
            return self._send_last(make_problem(status, "BadRequest", f"{error}."))
        answer = self._handle(self._as_request(asked, body))
        if answer is None or not self._send(answer):
            self._cut()
            return False
        return self._http.our_state is h11.DONE and (self._http.their_state is h11.DONE)

    # -- reading ----------------------------------------------------------------

    def _read_head(self) -> h11.Request | None:
        raw = self._http.trailing_data[0]
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                break
            if isinstance(event, h11.ConnectionClosed):
                return None
            piece = self._receive()
            if not piece and not raw:
                return None
            raw += piece
        self._method = event.method
        head = raw[: len(raw) - len(self._http.trailing_data[0])]
        _refuse_ambiguous(head)
        if event.method == b"CONNECT":
            raise _Refused(405, "MethodNotAllowed", "A tunnel in a tunnel is refused.")
        return event

    def _receive(self) -> bytes:
        piece = self._connection.recv(CHUNK)
        self._take_in(piece)
        return piece

    def _take_in(self, piece: bytes) -> None:
        # Clients behind a proxy leave Nagle on: they send the body only when the
        # headers are acknowledged, and Linux delays that by 40 ms.
        hurry(self._connection)
        self._http.receive_data(piece)

    def _read_body(self) -> bytes | Spool:
        if self._http.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(
                status_code=100, headers=[], reason=b"Continue"
            )
            send_all(self._connection, self._http.send(go_on) or b"")
        intake: Intake | None = None
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._receive()
            elif isinstance(event, h11.Data):
                intake = intake or Intake()
                intake.take(bytes(event.data))
                self._refuse_over(intake.size)
            elif isinstance(event, h11.EndOfMessage):
                return b"" if intake is None else intake.body()
            else:
                raise ConnectionResetError("the client left in the middle of a body")

    def _refuse_large(self, asked: h11.Request) -> None:
        for name, value in asked.headers:
            if name == b"content-length":
                self._refuse_over(int(value))

    def _refuse_over(self, size: int) -> None:
        if size > self._largest:
            raise _Refused(
                413,
                "RequestTooLarge",
                f"The body is larger than {self._largest} bytes.",
            )

    def _as_request(self, asked: h11.Request, body: bytes | Spool) -> Request:
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in asked.headers.raw_items()
        )
        target = asked.target.decode("latin-1")
        if "://" not in target.partition("?")[0]:
            host = next((v for n, v in headers if n.lower() == "host"), "")
            target = f"{self._scheme}://{host or self._authority}{target}"
        return make_request(asked.method.decode("latin-1"), target, headers, body)

    # -- answering --------------------------------------------------------------

    def _send(self, answer: Response | Streamed) -> bool:
        """Send an answer; whether it was sent whole."""
        if isinstance(answer, Streamed):
            return self._send_stream(answer)
        size = size_of(answer)
        promised = size
        headers: list[tuple[bytes, bytes]] = []
        for name, value in _encode(answer.headers):
            if name.lower() == b"content-length":
                promised = max(promised, int(value)) if value.isdigit() else promised
            else:
                headers.append((name, value))
        silent = self._method == b"HEAD" or answer.status in BODILESS
        if answer.status not in BODILESS:
            headers.append((b"Content-Length", b"%d" % promised))
        out = self._start(answer.status, headers)
        if not silent:
            for piece in pieces_of(answer):
                out += self._data(piece)
                if len(out) > CHUNK:
                    send_all(self._connection, out)
                    out = b""
            if promised > size:
                send_all(self._connection, out)
                return False
        send_all(self._connection, out + self._end())
        return True

    def _send_stream(self, answer: Streamed) -> bool:
        headers = list(_encode(answer.headers))
        out = self._start(answer.status, headers)
        try:
            for piece in answer.chunks:
                send_all(self._connection, out + self._data(piece))
                out = b""
        except (OSError, h11.LocalProtocolError):
            with contextlib.suppress(OSError):
                send_all(self._connection, out)
            for _ in answer.chunks:
                """To its end: whoever records it wants all of it."""
            return False
        try:
            send_all(self._connection, out + self._end())
        except h11.LocalProtocolError:  # less than was promised
            return False
        return True

    def _start(self, status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
        if not any(name.lower() == b"date" for name, _ in headers):
            headers.append((b"Date", _now()))
        head = h11.Response(
            status_code=status, headers=headers, reason=_PHRASES.get(status, b"")
        )
        return self._http.send(head) or b""

    def _data(self, piece: bytes) -> bytes:
        return self._http.send(h11.Data(data=piece)) or b""

    def _end(self) -> bytes:
        return self._http.send(h11.EndOfMessage()) or b""

    def _send_last(self, answer: Response) -> bool:
        """Say what is wrong with a request; nothing can follow it."""
        with contextlib.suppress(OSError, h11.LocalProtocolError):
            self._send(
                Response(
                    answer.status,
                    (*answer.headers, ("Connection", "close")),
                    answer.body,
                )
            )
            self._linger()
        return False

    def _linger(self) -> None:
        """Read what still comes: a reset would take the answer from the client."""
        self._part()
        self._connection.settimeout(1)
        until = time.monotonic() + 5
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
            while time.monotonic() < until and receive_plain(self._connection, CHUNK):
                """It is not wanted."""

    def _part(self) -> None:
        """Say goodbye in TLS: what ends without it may have been cut off."""
        if isinstance(self._connection, ssl.SSLSocket):
            with contextlib.suppress(OSError, ValueError):
                self._connection.setblocking(False)
                self._connection.unwrap()

    def _cut(self) -> None:
        # Without this the TLS layer says goodbye politely, and the client sees an
        # empty answer instead of a broken connection.
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)


def _refuse_ambiguous(head: bytes) -> None:
    """Refuse what two readers of a request may understand in two ways.

    Raises:
        _Refused: It has two lengths, or a length and chunks.
    """
    found: list[Any] = _FRAMING.findall(head)
    if len(found) > 1 or any(length and b"," in value for length, _, value in found):
        raise _Refused(
            400,
            "AmbiguousLength",
            "A request says once how long its body is: one Content-Length, or one "
            "Transfer-Encoding, not both.",
        )


def _encode(headers: Headers) -> Iterator[tuple[bytes, bytes]]:
    for name, value in headers:
        plain = " ".join(value.split("\n")).strip()
        yield name.encode("latin-1"), plain.encode("latin-1", "replace")


_date: tuple[int, bytes] = (0, b"")


def _now() -> bytes:
    """The time as HTTP writes it; made once a second."""
    global _date
    second = int(time.time())
    if _date[0] != second:
        _date = (second, formatdate(second, usegmt=True).encode())
    return _date[1]
