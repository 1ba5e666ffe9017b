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
from http.server import BaseHTTPRequestHandler
from typing import Any

from azml_contract.exchange import Request, Response
from azml_contract.gateway.sockets import (
    Connections,
    accept_all,
    close_listener,
    hurry,
    open_listener,
)

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
        self.answer = answer
        self._context = context
        self._listener = open_listener(host, port)
        self.host, self.port = self._listener.getsockname()[:2]
        self._connections = Connections()
        self._thread = threading.Thread(
            target=self._accept, name="azml-emulator", daemon=True
        )

    @property
    def url(self) -> str:
        """Where a client reaches it without the gateway."""
        return f"https://localhost:{self.port}"

    def start(self) -> None:
        """Answer requests from now on."""
        self._thread.start()

    def _accept(self) -> None:
        for connection in accept_all(self._listener):
            serving = threading.Thread(
                target=self.serve, args=(connection,), daemon=True
            )
            serving.start()

    def serve(self, connection: socket.socket) -> None:
        """Speak TLS and HTTP on a connection, in this thread, until it ends."""
        # What breaks here breaks one connection, and the client sees it. The
        # handshake is in the connection's own thread: a client that is slow or
        # speaks no TLS must not hold up the others.
        with connection, contextlib.suppress(OSError):
            connection.settimeout(_IDLE_S)
            with self._context.wrap_socket(connection, server_side=True) as secure:
                hurry(secure)
                with self._connections.holding(secure):
                    _Handler(secure, secure.getpeername(), self)

    def close(self) -> None:
        """Stop accepting, and end every open connection."""
        close_listener(self._listener)
        self._connections.close_all()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024

    def __init__(
        self, connection: ssl.SSLSocket, address: object, server: TlsServer
    ) -> None:
        self._tls = server
        super().__init__(connection, address, server)  # type: ignore[arg-type]

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
        host = self.headers.get("Host") or f"localhost:{self._tls.port}"
        request = Request(
            self.command,
            self.path if "://" in self.path else f"https://{host}{self.path}",
            tuple((name, value) for name, value in self.headers.items()),
            body,
        )
        response = self._tls.answer(request)
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
        names = {name.lower() for name, _ in response.headers}
        reason = self.responses.get(response.status, ("",))[0]
        lines = [f"{self.protocol_version} {response.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in response.headers]
        if "date" not in names:
            lines.append(f"Date: {self.date_time_string()}")
        if "content-length" not in names and response.status not in (204, 304):
            lines.append(f"Content-Length: {len(response.body)}")
        if (response.header("Connection") or "").lower() == "close":
            self.close_connection = True
        # One write: a client is woken once.
        self.wfile.write("\r\n".join((*lines, "", "")).encode("latin-1"))
        if self.command != "HEAD" and response.status not in (204, 304):
            self.wfile.write(response.body)
        self.wfile.flush()
        if "content-length" in names and self.command != "HEAD":
            self._end_if_cut_off(response)

    def _end_if_cut_off(self, response: Response) -> None:
        """End a connection on which more was promised than was sent."""
        promised = response.header("Content-Length") or "0"
        if promised.isdigit() and int(promised) > len(response.body):
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: an answer is no news."""
