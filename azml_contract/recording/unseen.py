"""What leaves a scenario while it is recorded, and is no part of the recording.

In: a function that is told of it, in words. Out: a context. Connections and datagrams
outside the clients that are met, names that are looked up, and libraries with sockets
of their own. Nothing is refused: it is said.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePath
from types import FrameType
from typing import Any
from unittest import mock

from azml_contract.recording.audit import is_in_call, listening
from azml_contract.recording.libraries import entering_outside
from azml_contract.recording.shut import say_address, sending_patches

Note = Callable[[str], object]

_SENDING = ("socket.connect", "socket.sendto", "socket.sendmsg")
_LOOKING_UP = (
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.gethostbyaddr",
    "socket.getnameinfo",
)
_OURS = str(Path(__file__).parents[1])
_GUARDS = sending_patches.__code__.co_filename
"""What stands before everything that sends is no client."""
_POOL = os.path.join("concurrent", "futures", "thread.py")  # noqa: PTH118


@contextmanager
def noting_unseen(note: Note) -> Iterator[None]:
    """While entered, `note` is told in words what went past the recorder."""
    from asyncio import BaseEventLoop

    peers: set[str] = set()

    def heard(event: str, args: tuple[Any, ...]) -> None:
        if event in _SENDING or event in _LOOKING_UP:
            said = _say(event, args)
            peers.add(said.rpartition(" ")[2])
            if said and not is_in_call() and not _is_known(event):
                note(said)

    def sends(peer: str) -> None:
        if peer in peers:
            return
        peers.add(peer)
        if not is_in_call() and not _is_known(""):
            note(f"sent to {peer}, to which it was connected before")

    def accept(sock: socket.socket) -> Any:
        accepted = plain_accept(sock)
        peers.add(say_address(accepted[1]))
        return accepted

    async def look_up(loop: Any, host: Any, *args: Any, **kwargs: Any) -> Any:
        said = _say("socket.getaddrinfo", (host,))
        if said and not is_in_call() and not _is_known(""):
            note(said)
        return await plain_look_up(loop, host, *args, **kwargs)

    plain_look_up = BaseEventLoop.getaddrinfo
    plain_accept = socket.socket.accept

    with ExitStack() as entered:
        entered.enter_context(listening(heard))
        entered.enter_context(entering_outside(lambda one: note(f"used {one}")))
        patches: list[tuple[Any, str, Any]] = [
            (BaseEventLoop, "getaddrinfo", look_up),
            (socket.socket, "accept", accept),
        ]
        for patch in [*patches, *sending_patches(sends)]:
            entered.enter_context(mock.patch.object(*patch))
        yield


def _say(event: str, args: tuple[Any, ...]) -> str:
    if event == "socket.getnameinfo":
        return f"looked up {say_address(args[0])}"
    if event in _LOOKING_UP:
        host = _text(args[0]) if args[0] else ""
        is_name = host not in ("", "localhost", socket.gethostname())
        is_name = is_name and ":" not in host and not host[-1:].isdigit()
        return f"looked up {host}" if is_name else ""
    sock, address = args[0], args[1]
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or address is None:
        return ""
    verb = "connected" if event == "socket.connect" else "sent a datagram"
    return f"{verb} to {say_address(address)}"


def _is_known(event: str) -> bool:
    """Whether a client that is met is at work here, or the emulator in this process.

    A pool of threads that looks up names does so for an event loop, which is told of.
    """
    frame: FrameType | None = sys._getframe(3)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(_OURS) and file != _GUARDS:
            return "plugin" not in PurePath(file).parts  # pytest's own hooks
        if event in _LOOKING_UP and file.endswith(_POOL):
            return True
        frame = frame.f_back
    return False


def _text(word: Any) -> str:
    return os.fsdecode(word) if isinstance(word, bytes | os.PathLike) else str(word)
