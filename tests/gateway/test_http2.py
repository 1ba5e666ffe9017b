"""HTTP/2 as clients end it: streams that are reset, connections that are over."""

from __future__ import annotations

import socket
import threading
from collections import defaultdict
from collections.abc import Iterator

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, ResponseReceived, StreamEnded, StreamReset

from azml_contract.exchange import Request, Response
from azml_contract.gateway.http1 import Streamed
from azml_contract.gateway.http2 import serve_http2

HOST = "management.azure.com"
PIECE, PIECES = b"x" * 16 * 1024, 64
"""More than a client has room for that acknowledges nothing."""


class Connection:
    """A connection whose frames a test writes as it likes."""

    def __init__(self) -> None:
        self.produced = 0
        self.raised: list[BaseException] = []
        self._statuses: dict[int, str] = {}
        self._bodies: dict[int, bytes] = defaultdict(bytes)
        self._over: set[int] = set()
        self._socket, self._served = socket.socketpair()
        self._socket.settimeout(5)
        self._serving = threading.Thread(target=self._serve, daemon=True)
        self._serving.start()
        self.http = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.http.initiate_connection()

    def _serve(self) -> None:
        with self._served as served:
            first = served.recv(1 << 16)
            try:
                serve_http2(
                    served, self._answer, authority=HOST, largest=1024, first=first
                )
            except Exception as error:  # noqa: BLE001 - told to the test
                self.raised.append(error)

    def _answer(self, request: Request) -> Response | Streamed:
        if request.path == "/short":
            return Streamed(200, (("Content-Length", "9"),), iter([b"part"]))
        if request.path == "/stream":
            return Streamed(200, (), self._produce())
        return Response(200, (), request.path.encode())

    def _produce(self) -> Iterator[bytes]:
        for _ in range(PIECES):
            self.produced += 1
            yield PIECE

    def ask(self, stream: int, path: str, *more: tuple[str, str], verb: str = "GET"):
        head = [(":method", verb), (":path", path), (":scheme", "https")]
        self.http.send_headers(
            stream, [*head, (":authority", HOST), *more], end_stream=not more
        )

    def send(self) -> None:
        """All that was said since, at once."""
        self._socket.sendall(self.http.data_to_send())

    def read(self, stream: int, most: int | None = None) -> tuple[str, bytes]:
        """Status and body of an answer, or of its beginning; ``reset`` for none."""
        while True:
            status, body = self._statuses.get(stream, ""), self._bodies[stream]
            if stream in self._over or (most is not None and len(body) >= most):
                return status, body
            piece = self._socket.recv(1 << 16)
            assert piece, f"the connection is at its end: {self.raised}"
            for event in self.http.receive_data(piece):
                self._take(event)

    def _take(self, event: Event) -> None:
        if isinstance(event, ResponseReceived):
            self._statuses[event.stream_id] = dict(event.headers)[":status"]
        elif isinstance(event, DataReceived):
            self._bodies[event.stream_id] += event.data
        elif isinstance(event, StreamReset):
            self._statuses[event.stream_id] = "reset"
        if isinstance(event, StreamReset | StreamEnded):
            self._over.add(event.stream_id)

    def close(self) -> None:
        self._socket.close()
        self._serving.join(5)
        assert not self._serving.is_alive()


@pytest.fixture
def connection() -> Iterator[Connection]:
    opened = Connection()
    yield opened
    opened.close()


def test_a_stream_that_is_reset_before_it_may_go_on_ends_alone(connection):
    connection.ask(1, "/waits", ("expect", "100-continue"))
    connection.http.reset_stream(1)
    connection.ask(3, "/other")
    connection.send()

    assert connection.read(3) == ("200", b"/other")


def test_what_makes_an_answer_is_asked_to_its_end_though_its_stream_is_reset(
    connection,
):
    connection.ask(1, "/stream")
    connection.send()
    assert connection.read(1, most=len(PIECE))[0] == "200"
    connection.http.reset_stream(1)
    connection.http.increment_flow_control_window(PIECES * len(PIECE))
    connection.ask(3, "/other")
    connection.send()

    assert connection.read(3) == ("200", b"/other")
    assert connection.produced == PIECES


def test_so_it_is_where_a_client_wants_the_head_alone(connection):
    connection.ask(1, "/stream", verb="HEAD")
    connection.ask(3, "/other")
    connection.send()

    assert connection.read(3) == ("200", b"/other")
    assert connection.produced == PIECES


def test_an_answer_that_is_shorter_than_it_said_resets_its_stream(connection):
    connection.ask(1, "/short")
    connection.ask(3, "/other")
    connection.send()

    assert connection.read(1) == ("reset", b"part")
    assert connection.read(3) == ("200", b"/other")


def test_a_client_that_parts_while_it_asks_ends_its_connection_as_the_network_does(
    connection,
):
    connection.ask(1, "/stream")
    connection.http.close_connection()
    connection.send()
    connection.close()

    (error,) = connection.raised
    assert isinstance(error, ConnectionAbortedError)
    assert "HTTP/2 is at its end" in str(error)
    assert connection.produced == PIECES
