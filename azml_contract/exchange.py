"""The values that flow through the package: requests, responses, exchanges.

In: what a client sent and what came back. Out: immutable values that every
other module reads. Knows HTTP; knows neither ARM nor cassettes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any] | list[Any] | str | int | float | bool | None
Headers = tuple[tuple[str, str], ...]

BODILESS = (204, 304)
"""Statuses of answers that have no body, whatever they say of its length."""


def make_headers(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> Headers:
    """Header pairs in the order given, as text."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return tuple((str(name), str(value)) for name, value in pairs)


def find_header(headers: Headers, name: str) -> str | None:
    """The first value of a header, whatever its case; None when absent."""
    wanted = name.lower()
    size = len(wanted)
    for key, value in headers:
        if len(key) == size and key.lower() == wanted:
            return value
    return None


def without_headers(headers: Headers, *names: str) -> Headers:
    """All headers but some, whose names are in lower case."""
    return tuple(pair for pair in headers if pair[0].lower() not in names)


_PLAIN = re.compile(
    r"https://([a-z0-9.-]+)(?::[0-9]{1,5})?(/[\w./~:@-]*)"
    r"(?:\?(api-version)=([\w.-]+))?",
    re.ASCII,
)


@lru_cache(maxsize=4096)
def take_apart(url: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Host, path and query of a URL; asked several times for each request."""
    plain = _PLAIN.fullmatch(url)
    if plain is not None:  # as nearly all are, and ten times as fast
        host, path, name, value = plain.groups()
        return host, path, ((name, value),) if name else ()
    split = urlsplit(url)
    query = tuple(parse_qsl(split.query, keep_blank_values=True))
    return split.hostname or "", split.path, query


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it was sent. `url` is absolute and holds the query."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    @property
    def host(self) -> str:
        """Host name in lower case, without the port."""
        return take_apart(self.url)[0]

    @property
    def path(self) -> str:
        """Path as sent, percent-encoded."""
        return take_apart(self.url)[1]

    @property
    def query(self) -> list[tuple[str, str]]:
        """Decoded query pairs in the order sent, empty values kept."""
        return list(take_apart(self.url)[2])

    @property
    def api_version(self) -> str | None:
        """Value of the ``api-version`` query parameter; None when absent."""
        for name, value in take_apart(self.url)[2]:
            if name.lower() == "api-version":
                return value
        return None

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case; None when absent."""
        return find_header(self.headers, name)

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response; `body` is already decompressed."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case; None when absent."""
        return find_header(self.headers, name)

    def parse_json(self) -> Json:
        """The body as JSON; None for an empty body.

        Raises:
            ValueError: The body is not JSON, or nested too deep.
        """
        try:
            return json.loads(self.body) if self.body.strip() else None
        except RecursionError as error:
            raise ValueError("nested too deep") from error


@dataclass(frozen=True, slots=True)
class Failure:
    """How the network failed a client that survived it.

    `kind` is one of `FAILURES`. `after_bytes` counts what came of the answer's
    body before; None where no answer had begun. `raised` is the name of the
    client's exception, or `CLIENT_LEFT`.
    """

    kind: str
    after_bytes: int | None = None
    raised: str = ""

    @property
    def is_of_connecting(self) -> bool:
        """Whether no connection came about, so that nothing can have been asked."""
        return self.kind in _OF_CONNECTING or (
            self.raised.startswith("Connect") and self.raised not in _BROKEN
        )


_OF_CONNECTING = ("refused", "name", "tls")
_BROKEN = ("ConnectionAbortedError", "ConnectionError", "ConnectionResetError")
FAILURES = ("timeout", "dropped", *_OF_CONNECTING)
CLIENT_LEFT = "ClientLeft"
"""A client in another process closed its connection before the answer came."""
EMULATOR_MARK = "x-azml-contract-emulator"
"""A header of every answer of our emulator: what it said is never Azure's."""
NO_ANSWER = 0
"""The status of a response that never began."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and the response that answered it, or what failed instead.

    With a `failure`, `response` is what had come by then; its status is
    `NO_ANSWER` where nothing had.
    """

    request: Request
    response: Response
    failure: Failure | None = None
