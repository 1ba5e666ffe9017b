"""HTTP/1.1 over TLS on loopback: bytes in, `Request`; `Response`, bytes out.

In: a function that answers a request. Out: a server that calls it in a thread
a connection. Knows nothing of ARM. A connection comes from its own port or,
already open, from the CONNECT gateway in this process.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from azml_contract.emulator.sockets import Connections, hurry, open_listener
from azml_contract.exchange import Request, Response

Answer = Callable[[Request], "Response | None"]
_LARGEST_BODY = 512 * 1024 * 1024
_IDLE_S = 600.0


class TlsServer:
    """Serves `answer` on a loopback port until `close`.

    Args:
        answer: Makes the response; None closes the connection unanswered.
        context: TLS with the server's certificate.
        host: A loopback address.
        port: 0 picks a free one.

    Raises:
        EmulatorError: The address is not loopback, or the port is taken.
    """

    def __init__(
        self, answer: Answer, context: ssl.SSLContext, *, host: str, port: int = 0
    ) -> None:
        listener = open_listener(host, port)
        self.host, self.port = listener.getsockname()[:2]
        self._connections = Connections()
        self._server = _Server(listener, answer, context, self._connections)
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="azml-emulator",
            daemon=True,
        )

    @property
    def url(self) -> str:
        """Where a client reaches it without the gateway."""
        return f"https://localhost:{self.port}"

    def start(self) -> None:
        """Answer requests from now on."""
        self._thread.start()

    def adopt(self, connection: socket.socket) -> None:
        """Serve a connection that somebody else accepted, in this thread."""
        self._server.serve(connection, connection.getpeername())

    def close(self) -> None:
        """Stop accepting, and end every open connection."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
        self._connections.close_all()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        listener: socket.socket,
        answer: Answer,
        context: ssl.SSLContext,
        connections: Connections,
    ) -> None:
        address = listener.getsockname()
        super().__init__(address, _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.answer = answer
        self._context = context
        self._connections = connections

    def finish_request(self, request: Any, client_address: Any) -> None:
        self.serve(request, client_address)

    def serve(self, connection: socket.socket, client_address: Any) -> None:
        """Speak TLS and HTTP on one connection until either side ends it."""
        connection.settimeout(_IDLE_S)
        # The handshake runs here, in the connection's own thread: a client that
        # is slow or speaks no TLS must not hold up the others.
        try:
            with self._context.wrap_socket(connection, server_side=True) as secure:
                hurry(secure)
                with self._connections.holding(secure):
                    _Handler(secure, client_address, self)
        except OSError:
            return

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is the client's business, not a traceback's."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024
    server: _Server

    def parse_request(self) -> bool:
        # Clients behind a proxy leave Nagle on: they send the body only when
        # the headers are acknowledged, and Linux delays that by 40 ms.
        hurry(self.connection)
        return super().parse_request()

    def _serve(self) -> None:
        try:
            body = self._read_body()
        except ValueError as error:
            self.close_connection = True
            self.send_error(HTTPStatus.BAD_REQUEST, str(error))
            return
        host = self.headers.get("Host") or f"localhost:{self.server.server_port}"
        request = Request(
            self.command,
            self.path if "://" in self.path else f"https://{host}{self.path}",
            tuple((name, value) for name, value in self.headers.items()),
            body,
        )
        response = self.server.answer(request)
        if response is None:
            self.close_connection = True
            # Without this the TLS layer says goodbye politely, and the client
            # sees an empty answer instead of a broken connection.
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(response)

    def __getattr__(self, name: str) -> Any:
        # The base class calls do_GET and so on; every verb is served alike.
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        text = self.headers.get("Content-Length", "0") or "0"
        if not text.strip().isdigit():
            raise ValueError(f"Content-Length is {text!r}")
        length = int(text)
        if length > _LARGEST_BODY:
            raise ValueError("the body is too large")
        return self.rfile.read(length) if length else b""

    def _read_chunks(self) -> bytes:
        chunks: list[bytes] = []
        total = 0
        while True:
            line = self.rfile.readline(1024).split(b";", 1)[0].strip()
            size = int(line, 16)
            if size == 0:
                break
            total += size
            if total > _LARGEST_BODY:
                raise ValueError("the body is too large")
            chunks.append(self.rfile.read(size))
            self.rfile.readline(2)
        while self.rfile.readline(1024).strip():
            pass
        return b"".join(chunks)

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status)
        names = set()
        for name, value in response.headers:
            self.send_header(name, value)
            names.add(name.lower())
        if "date" not in names:
            self.send_header("Date", self.date_time_string())
        if "content-length" not in names and response.status not in (204, 304):
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD" and response.status not in (204, 304):
            self.wfile.write(response.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: an answer is no news."""
