"""Failures of the network: told apart when recorded, raised again in replay.

In: an exception of some client, or a recorded failure. Out: a `Failure`, or the
exception that the same client raised. Knows which exceptions clients have; knows
no cassettes.
"""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from azml_contract.exchange import Failure

_SIGNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("name", ("gaierror", "NameResolution", "DNSError")),
    ("tls", ("SSL", "Certificate", "certificate")),
    ("refused", ("ConnectionRefused", "ProxyError")),
    ("timeout", ("Timeout", "Cancelled")),
)
"""What the names of the exceptions of a chain tell; anything else was dropped."""

_CLIENTS: Mapping[str, Mapping[str, str]] = {
    "requests.exceptions": {
        "timeout": "ReadTimeout",
        "tls": "SSLError",
        "": "ConnectionError",
    },
    "httpx": {
        "timeout": "ReadTimeout",
        "dropped": "RemoteProtocolError",
        "": "ConnectError",
    },
    "aiohttp": {
        "timeout": "ServerTimeoutError",
        "dropped": "ServerDisconnectedError",
        "": "ClientConnectorError",
    },
}
_PLAIN: Mapping[str, type[Exception]] = {
    "timeout": TimeoutError,
    "dropped": http.client.RemoteDisconnected,
    "refused": ConnectionRefusedError,
    "name": socket.gaierror,
    "tls": ssl.SSLError,
}


def describe(error: BaseException, after_bytes: int | None = None) -> Failure:
    """What an exception of a client says of the network.

    Args:
        error: As the client raised it.
        after_bytes: How much of the answer's body had come before.
    """
    chain = " ".join(type(one).__name__ for one in _chain(error))
    kind = next(
        (kind for kind, signs in _SIGNS if any(sign in chain for sign in signs)),
        "dropped",
    )
    return Failure(kind, after_bytes, type(error).__name__)


_GAVE_UP, _LONGEST_WAIT_S = asyncio.CancelledError.__name__, 60


async def wait_for_client(failure: Failure | None) -> None:
    """Leave a call unanswered that its client cancelled, until it does so again.

    It may have asked twice and taken the first answer, or have had a limit of its own;
    an exception in place of that would come to somebody who never saw one. After a
    minute it comes.
    """
    if failure is not None and failure.raised == _GAVE_UP:
        await asyncio.sleep(_LONGEST_WAIT_S)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and what led to it, however its client says so."""
    seen: set[int] = set()
    open_: list[Any] = [error]
    while open_:
        one = open_.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        open_ += [one.__cause__, one.__context__, getattr(one, "reason", None)]
        open_ += [getattr(one, "os_error", None), *one.args]


def revive(failure: Failure, client: Any) -> Exception:
    """The exception that a client raised, made anew.

    Args:
        failure: As recorded.
        client: The client's module that holds its exceptions; None for one that
            shows what the standard library raises.
    """
    text = f"recorded failure of the network: {failure.kind}"
    if client is None:
        return _PLAIN[failure.kind](text)
    names = _CLIENTS[client.__name__.replace("httpx2", "httpx")]
    usual = names.get(failure.kind, names[""])
    for name in (failure.raised, usual):
        kind = getattr(client, name, None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            return _make(kind, text, failure)
    return _PLAIN[failure.kind](text)


_NO_CONNECTION_IN_TIME = "ConnectTimeout"


def of_connecting(failure: Failure) -> Failure:
    """A failure of http.client's that came before anything was asked."""
    if failure.kind == "timeout" and not failure.is_of_connecting:
        return replace(failure, raised=_NO_CONNECTION_IN_TIME)
    return failure


def revive_connecting(failure: Failure, connection: Any) -> Exception:
    """What a connection of http.client, or of a client built on it, raised."""
    import urllib3.connection
    from urllib3 import exceptions

    plain = revive(failure, None)
    if not isinstance(connection, urllib3.connection.HTTPConnection):
        return plain
    if isinstance(plain, socket.gaierror):
        return exceptions.NameResolutionError(connection.host, connection, plain)
    if failure.kind == "refused":
        return exceptions.NewConnectionError(connection, str(plain))
    if failure.kind == "timeout":
        return exceptions.ConnectTimeoutError(connection, str(plain))
    return plain


def _make(kind: type[Exception], text: str, failure: Failure) -> Exception:
    try:
        return kind(text)
    except TypeError:  # aiohttp's connector errors take a key and a cause
        cause = _PLAIN[failure.kind](0, text)
        return kind(_NoKey(), cause)


class _NoKey:
    """In place of aiohttp's key of a connection, for its message."""

    host, port, ssl, is_ssl = "", 0, True, False
