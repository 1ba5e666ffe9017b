"""Nothing leaves this process while it is answered from a cassette.

In: a function that makes the error for a host. Out: a context in which Python code
connects nowhere, looks up no name and sends no datagram, however it goes about it:
CPython's audit events tell of each. What a connection from before would send is
refused where Python sends it. What never passes through Python (C libraries with
sockets of their own) is refused by name where its entry is known.
"""

from __future__ import annotations

import os
import socket
import ssl
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import FrameType
from typing import Any

# Taken before anything is put in its place: see `ServingSocket`.
import azml_contract.gateway.sockets  # noqa: F401
from azml_contract.recording.audit import listening
from azml_contract.recording.libraries import entering_outside

Refuse = Callable[[str], Exception]
_Address = IPv4Address | IPv6Address

_looking = threading.local()
_LOCAL = ("", "None", "localhost")
_NET = (socket.AF_INET, socket.AF_INET6)


@contextmanager
def shut(refuse: Refuse) -> Iterator[None]:
    """While entered, every attempt raises what `refuse` makes of its host."""

    def heard(event: str, args: tuple[Any, ...]) -> None:
        if event.startswith("socket."):
            _judge(event, args, refuse)

    def entered(library: str) -> None:
        raise refuse(f"a host, through {library}")

    with listening(heard), entering_outside(entered):
        yield


@contextmanager
def permitted() -> Iterator[None]:
    """While entered, this thread may connect: to the gateway of its own parent."""
    _looking.up = True
    try:
        yield
    finally:
        _looking.up = False


_SENDING: dict[Any, tuple[str, ...]] = {
    socket.socket: ("send", "sendall", "sendmsg", "sendfile"),
    ssl.SSLSocket: ("send", "sendall", "sendfile", "write"),
    os: ("write", "writev", "sendfile"),
}
"""What sends over an open connection; of `os`, by its descriptor."""


def sending_patches(told: Callable[[str], object]) -> list[tuple[Any, str, Any]]:
    """What to patch so that `told` hears where an open connection sends, and may raise.

    No audit event tells of it: the connection may be from before.
    """
    return [
        (holder, name, _make_guard(getattr(holder, name), told))
        for holder, names in _SENDING.items()
        for name in names
        if hasattr(holder, name)
    ]


def _make_guard(original: Any, told: Callable[[str], object]) -> Any:
    def guarded(*args: Any, **kwargs: Any) -> Any:
        over = args[0] if args else kwargs.get("out_fd")
        peer = None if getattr(_looking, "up", False) else _find_peer(over)
        if peer is not None:
            told(say_address(peer))
        return original(*args, **kwargs)

    return guarded


def _find_peer(over: Any) -> Any:
    """Where a socket, or a descriptor of one, is connected to; None for nowhere."""
    if isinstance(over, int):
        try:
            if not stat.S_ISSOCK(os.fstat(over).st_mode):
                return None
            with socket.socket(fileno=os.dup(over)) as copy:
                return _find_peer(copy)
        except OSError:
            return None
    try:
        is_net = over.family in _NET and not _is_pair(over)
        return over.getpeername() if is_net else None
    except OSError:
        return None


def _judge(event: str, args: tuple[Any, ...], refuse: Refuse) -> None:
    if getattr(_looking, "up", False):
        return
    _looking.up = True
    try:
        host = _asked(event, args)
    finally:
        _looking.up = False
    if host is not None:
        if event == "socket.connect":
            args[0].close()  # whoever is refused does not always clear up
        raise refuse(host)


def _asked(event: str, args: tuple[Any, ...]) -> str | None:
    """The host that an event reaches for; None where it reaches for none."""
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        sock, address = args[0], args[1]
        if sock.family not in _NET or _is_pair(sock):
            return None
        address = _find_peer(sock) if address is None else address
        return None if address is None else say_address(address)
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        known = _is_of_here(args[0]) or _address_of(args[0]) is not None
        return None if known else _text(args[0])
    if event == "socket.gethostbyaddr":  # the name of an address is looked up, too
        address = _address_of(args[0])
        known = _is_of_here(args[0]) if address is None else address.is_loopback
        return None if known else _text(args[0])
    if event == "socket.getnameinfo":
        return say_address(args[0])
    return None


def _is_pair(sock: Any) -> bool:
    """The pair that Windows builds from two TCP sockets, in socket.py itself."""
    if os.name == "posix":
        return False
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        if code.co_filename == socket.__file__ and "socketpair" in code.co_name:
            return True
        frame = frame.f_back
    return False


def _is_of_here(host: Any) -> bool:
    """Whether a name is this machine's own: it is in a file, nobody is asked."""
    text = _text(host)
    return text in _LOCAL or text == socket.gethostname()


def _address_of(host: Any) -> _Address | None:
    """The address that a text is, also in the old short forms; None for a name."""
    text = _text(host)
    try:
        return ip_address(text)
    except ValueError:
        pass
    try:
        return None if " " in text else ip_address(socket.inet_aton(text))
    except (OSError, ValueError):
        return None


def _text(host: Any) -> str:
    return host.decode("latin-1") if isinstance(host, bytes) else str(host)


def say_address(address: Any) -> str:
    """Host and port of a socket's address."""
    if isinstance(address, tuple) and len(address) > 1:
        return f"{_text(address[0])}:{address[1]}"
    return str(address)
