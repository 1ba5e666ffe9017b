"""A proxy on loopback that leads real host names to where they shall go.

In: which host leads where. Out: a port for ``HTTPS_PROXY``. A tunnel is handed to
whoever ends its TLS, copied to another address unread, or refused. Requests without
TLS, which clients send to a proxy whole, are answered by whoever is named for them.
"""

from __future__ import annotations

import contextlib
import json
import re
import selectors
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from azml_contract.errors import EmulatorError
from azml_contract.gateway.certificates import SERVER_NAMES
from azml_contract.gateway.sockets import (
    Connections,
    accept_all,
    close_listener,
    hurry,
    open_listener,
    send_all,
)

BLOB_HOSTS = "*.blob.core.windows.net"
_HOST = re.compile(r"[a-z0-9_.:-]{1,253}")
_LONGEST_HEADER = 64 * 1024
_CHUNK = 256 * 1024
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Serve:
    """The tunnel ends here: this speaks TLS on it, until it ends."""

    serve: Callable[[socket.socket], None]


@dataclass(frozen=True, slots=True)
class Pass:
    """The tunnel is copied, unread, to a connection that this opens.

    It raises `EmulatorError` or `OSError` where there is none to be had.
    """

    open: Callable[[], socket.socket]
    absent: str = "No way to it"


@dataclass(frozen=True, slots=True)
class Refuse:
    """The tunnel is refused; clients show the reason."""

    reason: str
    status: int = 403


Route = Serve | Pass | Refuse
Find = Callable[[str, int, socket.socket], Route]
"""The route of a host and port, for a client's connection."""


class Gateway:
    """Serves CONNECT on a loopback port until `close`.

    Args:
        find: Tells the route of each tunnel.
        plain: Serves a connection on which a client speaks HTTP without TLS; None
            to refuse it.
        host: A loopback address.
        port: 0 picks a free one.
    """

    def __init__(
        self,
        find: Find,
        *,
        plain: Callable[[socket.socket], None] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._listener = open_listener(host, port)
        self._host, port = self._listener.getsockname()[:2]
        self.port = int(port)
        self._find = find
        self._plain = plain
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
            head = _read_head(client)
            line = head.split(b"\r\n", 1)[0].decode("latin-1")
            verb, _, rest = line.partition(" ")
            if verb == "CONNECT":
                self._connect(client, rest.partition(" ")[0], head)
            elif self._plain is not None and verb != "PRI":
                self._plain(client)
            else:
                client.recv(len(head))
                status = 505 if verb == "PRI" else 405
                _refuse(client, status, "This gateway understands CONNECT only")

    def _connect(self, client: socket.socket, target: str, head: bytes) -> None:
        client.recv(len(head))
        host, _, port = target.rpartition(":")
        host = host.strip("[]").lower()
        if not _HOST.fullmatch(host) or not port.isdigit():
            _refuse(client, 400, f"CONNECT takes a host and a port, not {target!r}")
            return
        route = self._find(host, int(port), client)
        if isinstance(route, Refuse):
            _refuse(client, route.status, route.reason)
        elif isinstance(route, Serve):
            _accept_tunnel(client)
            route.serve(client)
        else:
            self._pass(client, route)

    def _pass(self, client: socket.socket, route: Pass) -> None:
        try:
            upstream = route.open()
        except (EmulatorError, OSError) as error:
            _refuse(client, 502, f"{route.absent}: {error}")
            return
        with upstream, self._connections.holding(upstream):
            _accept_tunnel(client)
            _relay(client, upstream)


def lead_inside(
    *,
    adopt: Callable[[socket.socket], None],
    find_azurite: Callable[[], tuple[str, int]],
    missing: Mapping[str, str] | None = None,
    more: tuple[str, ...] = (),
) -> Find:
    """The routes of an emulator: its own names, blob storage, and no way out.

    Args:
        adopt: Serves a connection to one of the emulator's own names.
        find_azurite: Address of Azurite; may wait until it is ready, and
            raises `EmulatorError` where there is none.
        missing: Why some hosts are refused, by pattern of their names.
        more: The emulator's own names besides `SERVER_NAMES`.
    """
    names = (*SERVER_NAMES, *more)
    reasons = dict(missing or {})

    def find(host: str, port: int, client: socket.socket) -> Route:
        if fnmatchcase(host, BLOB_HOSTS):
            return Pass(
                lambda: socket.create_connection(find_azurite(), timeout=10),
                "No blob storage",
            )
        if any(fnmatchcase(host, name) for name in names):
            return Serve(adopt)
        return Refuse(say_missing(host, reasons))

    return find


def say_missing(host: str, missing: Mapping[str, str]) -> str:
    """Why an emulator does not stand for a host."""
    for pattern, reason in missing.items():
        if fnmatchcase(host, pattern):
            return f"The emulator does not stand for {host}: {reason}"
    return f"The emulator does not stand for {host}; it has no way out"


def _read_head(client: socket.socket) -> bytes:
    """The head of a request, which is left where it is, as all that follows it.

    A client may send the first bytes of its TLS in the same packet.
    """
    while True:
        seen = client.recv(_LONGEST_HEADER, socket.MSG_PEEK)
        end = seen.find(b"\r\n\r\n")
        if end >= 0:
            return seen[: end + 4]
        if not seen or len(seen) >= _LONGEST_HEADER:
            raise OSError("the client sent no request")
        _wait_for_more(client, len(seen))


def _wait_for_more(client: socket.socket, seen: int) -> None:
    """Return when more than that many bytes are there, or the client is slow.

    The kernel wakes a reader for bytes that it has seen already, so this asks for
    the next one, and looks now and then whether the head is whole.
    """
    import time

    until = time.monotonic() + _PATIENCE_S
    pause = 0.001
    while len(client.recv(_LONGEST_HEADER, socket.MSG_PEEK)) <= seen:
        if time.monotonic() > until:
            raise TimeoutError("the client sent half a request")
        time.sleep(pause)
        pause = min(pause * 2, 0.1)


def _accept_tunnel(client: socket.socket) -> None:
    send_all(client, b"HTTP/1.1 200 Connection established\r\n\r\n")


def _refuse(client: socket.socket, status: int, reason: str) -> None:
    # Clients show the reason of the status line and drop the body of a refusal.
    line = " ".join(reason.split())
    error = {"error": {"code": "GatewayRefused", "message": f"{line}."}}
    body = json.dumps(error).encode()
    head = (
        f"HTTP/1.1 {status} {line}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    send_all(client, head.encode("latin-1", "replace") + body)


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
