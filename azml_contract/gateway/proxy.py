"""A proxy that understands CONNECT only and leads real host names to this machine.

In: which host leads where. Out: a port for ``HTTPS_PROXY``. It sees no
plaintext: the emulator and Azurite present certificates for those names
themselves. Every other host is refused, so nothing leaves the machine.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

from azml_contract.errors import EmulatorError
from azml_contract.gateway.certificates import SERVER_NAMES
from azml_contract.gateway.sockets import (
    Connections,
    accept_all,
    close_listener,
    hurry,
    open_listener,
)

BLOB_HOSTS = "*.blob.core.windows.net"
_LONGEST_HEADER = 64 * 1024
_CHUNK = 256 * 1024
_PATIENCE_S = 30.0


class Gateway:
    """Serves CONNECT on a loopback port until `close`.

    Args:
        adopt: Serves a connection to one of the emulator's own names.
        find_azurite: Address of Azurite; may wait until it is ready, and
            raises `EmulatorError` where there is none.
        host: A loopback address.
        port: 0 picks a free one.
        missing: Why some hosts are refused, by pattern of their names.
    """

    def __init__(
        self,
        *,
        adopt: Callable[[socket.socket], None],
        find_azurite: Callable[[], tuple[str, int]],
        host: str = "127.0.0.1",
        port: int = 0,
        missing: Mapping[str, str] | None = None,
    ) -> None:
        self._missing = dict(missing or {})
        self._listener = open_listener(host, port)
        self._host, self.port = self._listener.getsockname()[:2]
        self._adopt = adopt
        self._find_azurite = find_azurite
        self._connections = Connections()
        self._thread = threading.Thread(
            target=self._accept, name="azml-gateway", daemon=True
        )

    @property
    def url(self) -> str:
        """What goes into ``HTTPS_PROXY``."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}"

    def start(self) -> None:
        """Accept connections from now on."""
        self._thread.start()

    def close(self) -> None:
        """Stop accepting, and end every open connection."""
        close_listener(self._listener)
        self._connections.close_all()

    def _accept(self) -> None:
        for client in accept_all(self._listener):
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        # What breaks here breaks one connection, and the client sees it.
        with (
            client,
            self._connections.holding(client),
            contextlib.suppress(OSError),
        ):
            client.settimeout(_PATIENCE_S)
            hurry(client)
            self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        head, rest = _read_head(client)
        verb, _, target = head.partition(" ")
        host, _, _ = target.partition(" ")[0].rpartition(":")
        host = host.strip("[]").lower()
        if verb != "CONNECT":
            _refuse(client, 405, "This gateway understands CONNECT only")
        elif fnmatchcase(host, BLOB_HOSTS):
            self._lead_to_azurite(client, rest)
        elif _is_ours(host):
            _accept_tunnel(client)
            self._adopt(client)
        else:
            _refuse(client, 403, self._why_not(host))

    def _why_not(self, host: str) -> str:
        for pattern, reason in self._missing.items():
            if fnmatchcase(host, pattern):
                return f"The emulator does not stand for {host}: {reason}"
        return f"The emulator does not stand for {host}; it has no way out"

    def _lead_to_azurite(self, client: socket.socket, rest: bytes) -> None:
        try:
            upstream = socket.create_connection(self._find_azurite(), timeout=10)
        except (EmulatorError, OSError) as error:
            _refuse(client, 502, f"No blob storage: {error}")
            return
        with upstream, self._connections.holding(upstream):
            _accept_tunnel(client)
            upstream.sendall(rest)
            _relay(client, upstream)


def _is_ours(host: str) -> bool:
    return any(fnmatchcase(host, name) for name in SERVER_NAMES)


def _read_head(client: socket.socket) -> tuple[str, bytes]:
    """First line of a request, and what came after its headers."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = client.recv(4096)
        if not chunk or len(received) > _LONGEST_HEADER:
            raise OSError("the client sent no request")
        received += chunk
    head, _, rest = received.partition(b"\r\n\r\n")
    return head.split(b"\r\n", 1)[0].decode("latin-1"), rest


def _accept_tunnel(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")


def _refuse(client: socket.socket, status: int, reason: str) -> None:
    # Clients show the reason of the status line and drop the body of a refusal.
    line = " ".join(reason.split())
    body = f"{line}.\n".encode()
    client.sendall(
        f"HTTP/1.1 {status} {line}\r\nContent-Type: text/plain\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode(
            "latin-1", "replace"
        )
        + body
    )


def _relay(client: socket.socket, upstream: socket.socket) -> None:
    """Copy bytes both ways until both sides have said all."""
    hurry(upstream)
    client.settimeout(None)
    upstream.settimeout(None)
    other = {client: upstream, upstream: client}
    with selectors.DefaultSelector() as selector:
        for side in other:
            selector.register(side, selectors.EVENT_READ, side)
        while selector.get_map():
            for key, _ in selector.select():
                side = key.data
                if not _copy(side, other[side]):
                    selector.unregister(side)
                    other[side].shutdown(socket.SHUT_WR)


def _copy(source: socket.socket, target: socket.socket) -> bool:
    data = source.recv(_CHUNK)
    if data:
        hurry(source)
        target.sendall(data)
    return bool(data)
