"""HTTP over TLS on loopback: a port, and a thread for each connection.

In: a function that answers a request. Out: a server that calls it. Knows nothing
of ARM. A connection comes from its own port or, already open, from the CONNECT
gateway in this process.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading

from azml_contract.gateway.http1 import Handle, serve_http
from azml_contract.gateway.sockets import (
    Connections,
    ServingSocket,
    accept_all,
    close_listener,
    hurry,
    open_listener,
)

_LARGEST_BODY = 512 * 1024 * 1024
_HANDSHAKE_S = 60.0
_CHUNK = 256 * 1024
# What HTTP/2 begins with, agreed in the handshake or not.
_PREFACE = b"PRI * HTTP/2.0"


def serve_tls(
    connection: socket.socket,
    context: ssl.SSLContext,
    handle: Handle,
    connections: Connections,
    *,
    authority: str,
    largest: int = _LARGEST_BODY,
) -> None:
    """Speak TLS and HTTP on a connection, in this thread, until it ends.

    What breaks here breaks one connection, and the client sees it.

    Raises:
        ssl.SSLError: The client does not trust the certificate, or speaks no TLS.
    """
    # The handshake is in the connection's own thread: a client that is slow or
    # speaks no TLS must not hold up the others.
    connection.settimeout(_HANDSHAKE_S)
    context.sslsocket_class = ServingSocket
    with context.wrap_socket(connection, server_side=True) as secure:
        hurry(secure)
        # To wait with a limit costs two calls of the system more for each request.
        # On loopback a connection never outlives its client.
        secure.settimeout(None)
        with connections.holding(secure), contextlib.suppress(OSError):
            first = secure.recv(_CHUNK)
            if first.startswith(_PREFACE):
                # Loaded for those alone who speak nothing else.
                from azml_contract.gateway.http2 import serve_http2

                serve_http2(
                    secure, handle, authority=authority, largest=largest, first=first
                )
            elif first:
                serve_http(
                    secure,
                    handle,
                    scheme="https",
                    authority=authority,
                    largest=largest,
                    first=first,
                )


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
        self, answer: Handle, context: ssl.SSLContext, *, host: str, port: int = 0
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
        with connection, contextlib.suppress(OSError):
            serve_tls(
                connection,
                self._context,
                self.answer,
                self._connections,
                authority=f"localhost:{self.port}",
            )

    def close(self) -> None:
        """Stop accepting, and end every open connection."""
        close_listener(self._listener)
        self._connections.close_all()
