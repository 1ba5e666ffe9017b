"""What lies behind a gateway: the hosts that it ends TLS for, and who answers.

In: a host and a port. Out: someone to ask on behalf of a client's connection, a
tunnel to be copied unread, or a refusal. Here is the real network; an emulator and
a cassette have their own.
"""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol
from urllib.parse import unquote, urlsplit

from azml_contract.exchange import Request, Response
from azml_contract.gateway.hosts import matches
from azml_contract.gateway.proxy import Pass, Refuse
from azml_contract.gateway.upstream import Received, Upstream

_CONNECT_S = 30.0
_ANSWER_S = 600.0


class Asker(Protocol):
    """Answers the requests of one connection, one after the other."""

    def ask(self, request: Request) -> Received | Response | None:
        """The answer; None where the connection is dropped without one.

        Raises:
            OSError: There was none to be had.
        """

    def close(self) -> None:
        """The client's connection is at its end."""


@dataclass(frozen=True, slots=True)
class Ask:
    """TLS ends at the gateway; `open` gives who answers a client's connection."""

    open: Callable[[], Asker]


Reach = Ask | Pass | Refuse


class FarSide(Protocol):
    """Where requests go."""

    def reach(self, host: str, port: int, *, secure: bool = True) -> Reach:
        """How to reach a host; `secure` is False for HTTP without TLS."""


@dataclass(frozen=True, slots=True)
class Answering:
    """An `Asker` in this process."""

    answer: Callable[[Request], Received | Response | None]

    def ask(self, request: Request) -> Received | Response | None:
        """What the function answers."""
        return self.answer(request)

    def close(self) -> None:
        """There is nothing to close."""


@dataclass(frozen=True, slots=True)
class Network:
    """The real hosts: those of Azure are asked, all others are passed on to.

    Args:
        patterns: Hosts to end TLS for.
        proxies: The user's own proxy by scheme, ``https`` and ``http``; absent for
            none.
        bypass: Whether a host is reached without the proxy.
        context: Checks the certificates of the hosts.
    """

    patterns: Sequence[str]
    context: ssl.SSLContext
    proxies: Mapping[str, str] = field(default_factory=dict)
    bypass: Callable[[str], bool] = lambda _: False

    def reach(self, host: str, port: int, *, secure: bool = True) -> Reach:
        """Azure's hosts are asked; a connection to any other is copied unread."""
        if not matches(host, self.patterns):
            return Pass(partial(self._open_plain, host, port, "https"), f"No {host}")
        if not secure:
            return Refuse(f"{host} is not asked without TLS: a token could be read")
        return Ask(lambda: Upstream(partial(self._open_tls, host, port), host))

    def _open_plain(self, host: str, port: int, scheme: str) -> socket.socket:
        proxy = self.proxies.get(scheme) or self.proxies.get("all")
        if not proxy or self.bypass(host):
            return socket.create_connection((host, port), timeout=_CONNECT_S)
        return _through(proxy, host, port)

    def _open_tls(self, host: str, port: int) -> socket.socket:
        plain = self._open_plain(host, port, "https")
        try:
            secure = self.context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise
        secure.settimeout(_ANSWER_S)
        return secure


def _through(proxy: str, host: str, port: int) -> socket.socket:
    """A tunnel through the user's own proxy.

    Raises:
        OSError: It is not there, or does not let this through.
    """
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    place = (parts.hostname or "", parts.port or 8080)
    connection = socket.create_connection(place, timeout=_CONNECT_S)
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = context.wrap_socket(connection, server_hostname=place[0])
        named = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {named} HTTP/1.1", f"Host: {named}"]
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            basic = base64.b64encode(pair.encode()).decode()
            lines.append(f"Proxy-Authorization: Basic {basic}")
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(1)  # what follows is the host's
            if not piece or len(head) > 64 * 1024:
                raise ConnectionRefusedError(f"the proxy at {place[0]} gave no answer")
            head += piece
        status = head.split(b"\r\n", 1)[0].decode("latin-1")
        if " 200" not in status[:13]:
            raise ConnectionRefusedError(f"the proxy at {place[0]} said {status}")
    except BaseException:
        with contextlib.suppress(OSError):
            connection.close()
        raise
    return connection
