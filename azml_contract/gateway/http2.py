"""HTTP/2 on one connection, by h2, for clients that offer nothing else.

In: an open connection, what was read of it, and a function that answers. Out: nothing;
the connection is at its end. Requests are answered one after the other, in the order in
which they ended. One that its client takes back before its turn is not handed on; an
answer that breaks off resets its stream alone. Bodies above 1 MiB are on disk. Knows
nothing of ARM, proxies or recordings.
"""

from __future__ import annotations

import contextlib
import socket
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, Event, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import H2Error, StreamClosedError, StreamIDTooLowError

from azml_contract.exchange import BODILESS, Headers, Response
from azml_contract.gateway.http1 import (
    CHUNK,
    Answer,
    Handle,
    Streamed,
    make_problem,
)
from azml_contract.gateway.sockets import send_all
from azml_contract.gateway.spool import Intake, make_request, pieces_of, size_of

_WINDOW = 1024 * 1024
_GONE = (StreamClosedError, StreamIDTooLowError)
"""What h2 says of a stream that is over: it may have forgotten it by then."""
_OF_HTTP_1 = frozenset(
    {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}
)


def serve_http2(
    connection: socket.socket,
    handle: Handle,
    *,
    authority: str,
    largest: int,
    first: bytes,
) -> None:
    """Answer the requests of a connection, in this thread, until it ends.

    Args:
        connection: Open; its timeout is how long it may be idle.
        handle: Makes the answers.
        authority: Host and port where a request names none.
        largest: Bytes of the largest body that is taken.
        first: What was read of it.

    Raises:
        OSError: The client went away, said nothing for too long, or ended what it
            still asked for.
    """
    try:
        _Http2(connection, handle, authority, largest).run(first)
    except H2Error as error:
        raise ConnectionAbortedError(f"HTTP/2 is at its end: {error}") from error


@dataclass(slots=True)
class _Asked:
    """A request that is still coming."""

    headers: Headers
    intake: Intake = field(default_factory=Intake)

    def pseudo(self, name: str) -> str:
        return next((value for key, value in self.headers if key == f":{name}"), "")


class _Http2:
    def __init__(
        self, connection: socket.socket, handle: Handle, authority: str, largest: int
    ) -> None:
        self._connection, self._handle = connection, handle
        self._authority, self._largest = authority, largest
        config = H2Configuration(client_side=False, header_encoding="latin-1")
        self._http = H2Connection(config)
        self._coming: dict[int, _Asked] = {}
        self._whole: deque[int] = deque()

    def run(self, first: bytes) -> None:
        self._http.initiate_connection()
        self._http.increment_flow_control_window(_WINDOW)
        going = self._take_in(first)
        while going:
            while self._whole:
                stream = self._whole.popleft()
                # The client may have lost interest in the meantime.
                with contextlib.suppress(*_GONE):
                    self._take_turn(stream)
            going = self._receive()

    # -- reading ----------------------------------------------------------------

    def _receive(self) -> bool:
        """Take in what comes next; False at the end of the connection."""
        return self._take_in(self._connection.recv(CHUNK))

    def _take_in(self, piece: bytes) -> bool:
        if not piece:
            return False
        try:
            events = self._http.receive_data(piece)
        except H2Error:
            self._flush()  # it holds why
            return False
        for event in events:
            self._take(event)
        self._flush()
        return True

    def _take(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            headers = tuple((str(n), str(v)) for n, v in event.headers or ())
            self._coming[_id_of(event)] = asked = _Asked(headers)
            if any(name == "expect" for name, _ in asked.headers):
                with contextlib.suppress(*_GONE):  # reset at once
                    self._http.send_headers(_id_of(event), [(":status", "100")])
        elif isinstance(event, DataReceived):
            stream, size = _id_of(event), event.flow_controlled_length or 0
            found = self._coming.get(stream)
            if found is not None and found.intake.size <= self._largest:
                found.intake.take(bytes(event.data or b""))
            with contextlib.suppress(*_GONE):
                self._http.acknowledge_received_data(size, stream)
        elif isinstance(event, StreamEnded):
            self._whole.append(_id_of(event))
        elif isinstance(event, StreamReset):
            self._coming.pop(_id_of(event), None)

    # -- answering --------------------------------------------------------------

    def _take_turn(self, stream: int) -> None:
        asked = self._coming.pop(stream, None)
        if asked is None:
            return
        whole = self._send(stream, asked.pseudo("method"), self._answer(asked))
        if not whole:
            self._http.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)
        self._flush()

    def _answer(self, asked: _Asked) -> Answer:
        if asked.intake.size > self._largest:
            text = f"The body is larger than {self._largest} bytes."
            return make_problem(413, "RequestTooLarge", text)
        host = asked.pseudo("authority") or self._authority
        plain = [pair for pair in asked.headers if not pair[0].startswith(":")]
        if not any(name == "host" for name, _ in plain):
            plain.insert(0, ("host", host))
        url = f"{asked.pseudo('scheme') or 'https'}://{host}{asked.pseudo('path')}"
        return self._handle(
            make_request(asked.pseudo("method"), url, tuple(plain), asked.intake.body())
        )

    def _send(self, stream: int, method: str, answer: Answer) -> bool:
        """Send an answer; whether it was sent whole."""
        if answer is None:
            return False
        pieces = _pieces(answer)
        try:
            return self._send_whole(stream, method, answer, pieces)
        except _CutOff:
            return False
        finally:
            if isinstance(answer, Streamed):
                with contextlib.suppress(_CutOff):
                    for _ in pieces:
                        """To its end: whoever records it wants all of it."""

    def _send_whole(
        self,
        stream: int,
        method: str,
        answer: Response | Streamed,
        pieces: Iterator[bytes],
    ) -> bool:
        silent = method == "HEAD" or answer.status in BODILESS
        head = [(":status", str(answer.status)), *_head_of(answer)]
        promised = next((v for n, v in head if n == "content-length"), None)
        if promised is None and isinstance(answer, Response) and not silent:
            promised = str(size_of(answer))
            head.append(("content-length", promised))
        self._http.send_headers(stream, head, end_stream=silent)
        self._flush()
        if silent:
            return True
        sent = 0
        for piece in pieces:
            self._send_piece(stream, piece)
            sent += len(piece)
        if promised not in (None, str(sent)):
            return False
        self._http.end_stream(stream)
        return True

    def _send_piece(self, stream: int, piece: bytes) -> None:
        """Send as much at a time as the client has room for."""
        left = memoryview(piece)
        while left:
            room = min(
                self._http.local_flow_control_window(stream),
                self._http.max_outbound_frame_size,
            )
            if room > 0:
                self._http.send_data(stream, bytes(left[:room]))
                self._flush()
                left = left[room:]
            elif not self._receive():
                raise ConnectionResetError("the client left in an answer's middle")

    def _flush(self) -> None:
        out = self._http.data_to_send()
        if out:
            send_all(self._connection, out)


def _id_of(event: RequestReceived | DataReceived | StreamEnded | StreamReset) -> int:
    return int(event.stream_id or 0)


def _head_of(answer: Response | Streamed) -> Iterator[tuple[str, str]]:
    for name, value in answer.headers:
        if name.lower() not in _OF_HTTP_1:
            yield name.lower(), " ".join(value.split("\n")).strip()


class _CutOff(Exception):
    """The server behind broke off in the middle of its answer."""


def _pieces(answer: Response | Streamed) -> Iterator[bytes]:
    try:
        yield from answer.chunks if isinstance(answer, Streamed) else pieces_of(answer)
    except OSError as error:
        raise _CutOff from error
