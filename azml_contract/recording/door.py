"""A forked child of a test asks its parent: through the parent's gateway.

In: where the gateway is. Out: answers. A child has a copy of all that its parent had
when it was forked, the recorder too, and nothing that it does with that is seen.
"""

from __future__ import annotations

import json
import socket
import ssl
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from azml_contract.errors import CassetteError
from azml_contract.exchange import Request, Response
from azml_contract.gateway.sockets import ServingSocket, send_all
from azml_contract.gateway.upstream import Upstream
from azml_contract.recording.messages import decoded
from azml_contract.recording.outside import MISS_STATUS
from azml_contract.recording.player import Played
from azml_contract.recording.shut import permitted


@dataclass(frozen=True, slots=True)
class Door:
    """The gateway of this process's parent."""

    port: int
    trusted: str
    """Its certificates, PEM."""

    def ask(self, request: Request) -> Played:
        """The answer that the parent has, or gets.

        Raises:
            CassetteError: It has none.
        """
        with permitted():
            upstream = Upstream(partial(self._open, request), request.host)
            try:
                received = upstream.ask(request)
                body = b"".join(received.chunks)
            except OSError as error:
                raise CassetteError(
                    f"{request} of a forked process could not be asked: {error}"
                ) from error
            finally:
                upstream.close()
        response = decoded(Response(received.status, received.headers, body))
        missed = _missed(response)
        if missed:
            raise CassetteError(missed)
        return Played(response)

    def _open(self, request: Request) -> socket.socket:
        parts = urlsplit(request.url)
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        if parts.scheme != "https":
            return plain
        host = parts.hostname or ""
        send_all(plain, f"CONNECT {host}:{parts.port or 443} HTTP/1.1\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            piece = plain.recv(1)
            if not piece:
                raise ConnectionRefusedError("its parent is gone")
            head += piece
        if b" 200 " not in head[:14]:
            raise ConnectionRefusedError(head.split(b"\r\n", 1)[0].decode("latin-1"))
        context = ssl.create_default_context(cadata=self.trusted)
        context.sslsocket_class = ServingSocket
        return context.wrap_socket(plain, server_hostname=host)


def _missed(response: Response) -> str:
    """What the parent says of a request that it has no answer for; "" if it has."""
    if response.status != MISS_STATUS:
        return ""
    try:
        told = json.loads(response.body)["error"]
        return str(told["message"]) if told["code"] == "NoRecordedAnswer" else ""
    except (ValueError, KeyError, TypeError):
        return ""
