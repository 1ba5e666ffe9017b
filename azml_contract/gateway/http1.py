"""HTTP/1.1 on one connection: requests in, answers out, until it ends.

In: an open connection, with or without TLS, and a function that answers. Out:
nothing; the connection is at its end. Bodies above 1 MiB are on disk. Framing that
two readers could understand in two ways is refused. Knows nothing of ARM, proxies
or recordings.

A request of the usual form, as nearly all are, is read by `usual`; whatever is not
quite that is left to h11, which keeps the states of a connection.
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
from azml_contract.gateway.usual import (
    PHRASES,
    UsualHead,
    read_usual,
    tell_date,
    write_usual,
)

LARGEST_BODY = 16 * 1024**3
CHUNK = 256 * 1024
"""Bytes that are read from a connection at a time."""
_LONGEST_HEAD = 64 * 1024
_FRAMING = re.compile(
    rb"^(?:(content-length)|(transfer-encoding))[ \t]*:([^\r\n]*)",
    re.IGNORECASE | re.MULTILINE,
)


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
        connection: Open; its timeout, if it has one, is how long it may be idle.
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
        self._method = ""
        self._pending = b""
        self._http: h11.Connection | None = None

    def run(self, first: bytes) -> None:
        self._pending = first
        while self._take_turn():
            """The next one."""
        self._part()

    def _take_turn(self) -> bool:
        """One request and its answer; whether another may follow."""
        if not self._pending:
            self._pending = self._connection.recv(CHUNK)
        self._http = None
        self._method = ""  # of the request before: what cannot be read has none
        head = read_usual(self._pending)
        if head is None:
            return self._take_turn_by_h11() if self._pending else False
        self._method = head.method
        try:
            self._refuse_over(head.length)
        except _Refused as refused:
            return self._send_last(refused.answer)
        return self._answer(self._as_usual_request(head))

    def _answer(self, request: Request) -> bool:
        answer = self._handle(request)
        if answer is None or not self._send(answer):
            self._cut()
            return False
        return self._http is None or (
            self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        )

    # -- reading what is usual --------------------------------------------------

    def _as_usual_request(self, head: UsualHead) -> Request:
        end = head.end + head.length
        body = self._pending[head.end : end]
        self._pending = self._pending[end:]
        whole = self._read_rest(body, head.length - len(body))
        url = self._make_url(head.target, head.host)
        return make_request(head.method, url, head.headers, whole)

    def _make_url(self, target: str, host: str) -> str:
        """The URL of a request's target; clients of a proxy send it whole."""
        if "://" in target.partition("?")[0]:
            return target
        return f"{self._scheme}://{host}{target}"

    def _read_rest(self, body: bytes, missing: int) -> bytes | Spool:
        if not missing:
            return body
        intake = Intake()
        intake.take(body)
        while missing > 0:
            hurry(self._connection)
            piece = self._connection.recv(CHUNK)
            if not piece:
                raise ConnectionResetError("the client left in the middle of a body")
            intake.take(piece[:missing])
            self._pending = piece[missing:]
            missing -= len(piece)
        return intake.body()

    # -- reading by h11 ---------------------------------------------------------

    def _take_turn_by_h11(self) -> bool:
        http = self._http = h11.Connection(
            h11.SERVER, max_incomplete_event_size=_LONGEST_HEAD
        )
        try:
            asked = self._read_head(http)
            if asked is None:
                return False
            self._refuse_large(asked)
            body = self._read_body(http)
        except _Refused as refused:
            return self._send_last(refused.answer)
        except h11.RemoteProtocolError as error:
            status = error.error_status_hint
            return self._send_last(make_problem(status, "BadRequest", f"{error}."))
        self._pending = http.trailing_data[0]
        return self._answer(self._as_request(asked, body))

    def _read_head(self, http: h11.Connection) -> h11.Request | None:
        raw, self._pending = self._pending, b""
        hurry(self._connection)
        http.receive_data(raw)
        while True:
            event = http.next_event()
            if isinstance(event, h11.Request):
                break
            if isinstance(event, h11.ConnectionClosed):
                return None
            raw += self._receive(http)
        self._method = event.method.decode("ascii")
        head = raw[: len(raw) - len(http.trailing_data[0])]
        _refuse_ambiguous(head)
        if event.method == b"CONNECT":
            raise _Refused(405, "MethodNotAllowed", "A tunnel in a tunnel is refused.")
        return event

    def _receive(self, http: h11.Connection) -> bytes:
        piece = self._connection.recv(CHUNK)
        # Clients behind a proxy leave Nagle on: they send the body only when the
        # headers are acknowledged, and Linux delays that by 40 ms.
        hurry(self._connection)
        http.receive_data(piece)
        return piece

    def _read_body(self, http: h11.Connection) -> bytes | Spool:
        if http.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(
                status_code=100, headers=[], reason=b"Continue"
            )
            send_all(self._connection, http.send(go_on) or b"")
        intake: Intake | None = None
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                self._receive(http)
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
        host = next((v for n, v in headers if n.lower() == "host"), "")
        url = self._make_url(asked.target.decode("latin-1"), host or self._authority)
        return make_request(asked.method.decode("latin-1"), url, headers, body)

    # -- answering --------------------------------------------------------------

    def _send(self, answer: Response | Streamed) -> bool:
        """Send an answer; whether it was sent whole."""
        if self._http is None and isinstance(answer, Response):
            whole = write_usual(answer, is_head=self._method == "HEAD")
            if whole is not None:
                send_all(self._connection, whole)
                return True
        # To h11 a request that was usual had no body: that has been read.
        http = self._http = self._http or _after_request(self._method)
        if isinstance(answer, Streamed):
            return self._send_stream(http, answer)
        size = size_of(answer)
        promised = size
        headers: list[tuple[bytes, bytes]] = []
        for name, value in _encode(answer.headers):
            if name.lower() == b"content-length":
                promised = max(promised, int(value)) if value.isdigit() else promised
            else:
                headers.append((name, value))
        silent = self._method == "HEAD" or answer.status in BODILESS
        if answer.status not in BODILESS:
            headers.append((b"Content-Length", b"%d" % promised))
        out = _start(http, answer.status, headers)
        if not silent:
            for piece in pieces_of(answer):
                out += _data(http, piece)
                if len(out) > CHUNK:
                    send_all(self._connection, out)
                    out = b""
            if promised > size:
                send_all(self._connection, out)
                return False
        send_all(self._connection, out + _end(http))
        return True

    def _send_stream(self, http: h11.Connection, answer: Streamed) -> bool:
        headers = list(_encode(answer.headers))
        out = _start(http, answer.status, headers)
        try:
            for piece in answer.chunks:
                send_all(self._connection, out + _data(http, piece))
                out = b""
        except (OSError, h11.LocalProtocolError):
            with contextlib.suppress(OSError):
                send_all(self._connection, out)
            for _ in answer.chunks:
                """To its end: whoever records it wants all of it."""
            return False
        try:
            send_all(self._connection, out + _end(http))
        except h11.LocalProtocolError:  # less than was promised
            return False
        return True

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


def _after_request(method: str) -> h11.Connection:
    """h11's view of a connection on which a request without a body has come."""
    http = h11.Connection(h11.SERVER)
    http.receive_data(f"{method} / HTTP/1.1\r\nHost: -\r\n\r\n".encode("ascii"))
    http.next_event()
    http.next_event()
    return http


def _start(
    http: h11.Connection, status: int, headers: list[tuple[bytes, bytes]]
) -> bytes:
    if not any(name.lower() == b"date" for name, _ in headers):
        headers.append((b"Date", tell_date().encode()))
    reason = PHRASES.get(status, "").encode()
    head = h11.Response(status_code=status, headers=headers, reason=reason)
    return http.send(head) or b""


def _data(http: h11.Connection, piece: bytes) -> bytes:
    return http.send(h11.Data(data=piece)) or b""


def _end(http: h11.Connection) -> bytes:
    return http.send(h11.EndOfMessage()) or b""


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
