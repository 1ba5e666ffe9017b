"""Requests and answers of the usual form, read and written without states.

In: bytes as they came, or an answer. Out: the head of a request, or the bytes of an
answer; None for all that is not quite usual, which `http1` hands to h11. So this may
be strict: what it takes, every reader of HTTP understands in the same way.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from azml_contract.exchange import BODILESS, Headers, Response
from azml_contract.gateway.spool import is_large

PHRASES = {int(one): one.phrase for one in HTTPStatus}
_END = b"\r\n\r\n"
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LENGTH = re.compile(r"[0-9]{1,15}")
_METHODS = frozenset(("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"))
# Headers of the connection, and what is no name.
_TELLING = frozenset(
    ("", "connection", "transfer-encoding", "expect", "upgrade", "trailer", "te")
)
_LEFT_OUT = _TELLING | {"content-length"}


@dataclass(slots=True)
class UsualHead:
    """The head of a request. `end` is where its body begins, `length` its size."""

    method: str
    target: str
    headers: Headers
    host: str
    length: int
    end: int


def read_usual(raw: bytes) -> UsualHead | None:
    """The head that bytes begin with; None where it is not whole, or not usual.

    Usual is HTTP/1.1 with one Host, at most one Content-Length, and no word on the
    connection but that it stays open.

    Source: RFC 9112, sections 2 to 7; RFC 9110, section 5.
    """
    end = raw.find(_END)
    if end < 0:
        return None
    head = raw[:end]
    if not head.isascii():
        return None
    lines = iter(head.decode("ascii").split("\r\n"))
    words = next(lines).split(" ")
    if len(words) != 3 or words[2] != "HTTP/1.1" or words[0] not in _METHODS:
        return None
    host, length = "", ""
    headers: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not (colon and line.isprintable()):  # no tab, no single end of a line
            return None
        value = value.strip(" ")
        headers.append((name, value))
        lowered = _lower(name)
        if lowered == "host":
            if host or not value:
                return None
            host = value
        elif lowered == "content-length":
            if length or not _LENGTH.fullmatch(value):
                return None
            length = value
        elif lowered in _TELLING and not _stays_open(lowered, value):
            return None
    if not host or not words[1].isprintable() or not words[1]:
        return None
    size = int(length or 0)
    return UsualHead(words[0], words[1], tuple(headers), host, size, end + len(_END))


def _stays_open(name: str, value: str) -> bool:
    return name == "connection" and value.lower() == "keep-alive"


@lru_cache(maxsize=1024)
def _lower(name: str) -> str:
    """The name of a header in lower case; empty where it is none."""
    return name.lower() if _NAME.fullmatch(name) else ""


class Written(Response):
    """A response whose headers are text already, as they are sent.

    Args:
        status: Of 200 and above.
        head: A line for each header, each with its end; a date is one of them, the
            length of the body is not, nor is any on the connection. ASCII.
        body: As it is sent.
    """

    __slots__ = ("head",)
    head: str

    def __init__(self, status: int, head: str, body: bytes) -> None:
        keep = object.__setattr__  # what is frozen is filled so
        keep(self, "status", status)
        keep(self, "head", head)
        keep(self, "body", body)

    @property
    def headers(self) -> Headers:
        """Name and value of each line."""
        lines = (line.partition(": ") for line in self.head.splitlines())
        return tuple((name, value) for name, _, value in lines)


def write_lines(headers: Headers) -> str | None:
    """Headers as text, a line for each; None where `Written` cannot hold them."""
    text = ""
    for name, value in headers:
        line = f"{name}: {value}"
        if _lower(name) in _LEFT_OUT or not (line.isascii() and line.isprintable()):
            return None
        text += line + "\r\n"
    return text


def write_usual(answer: Response, *, is_head: bool) -> bytes | None:
    """The bytes of an answer in memory; None where it is not usual.

    Args:
        answer: Whole; it may hold the length that its body has.
        is_head: Whether only the head was asked for.
    """
    if is_large(answer) or answer.status < 200:
        return None
    status, body = answer.status, answer.body
    lines = answer.head if isinstance(answer, Written) else _write_head(answer)
    if lines is None:
        return None
    start = f"HTTP/1.1 {status} {PHRASES.get(status, '')}\r\n{lines}"
    if status in BODILESS:
        return f"{start}\r\n".encode()
    head = f"{start}Content-Length: {len(body)}\r\n\r\n".encode()
    return head if is_head else head + body


def _write_head(answer: Response) -> str | None:
    kept: list[tuple[str, str]] = []
    dated = False
    for name, value in answer.headers:
        lowered = _lower(name)
        if lowered == "content-length":
            # More than there is: it is cut, or a HEAD's, and what it says counts.
            if value.isdigit() and int(value) > len(answer.body):
                return None
            continue
        dated = dated or lowered == "date"
        kept.append((name, value))
    if not dated:
        kept.append(("Date", tell_date()))
    return write_lines(tuple(kept))


_date: tuple[int, str] = (0, "")


def tell_date() -> str:
    """The time as HTTP writes it; made once a second."""
    global _date
    second = int(time.time())
    if _date[0] != second:
        _date = (second, formatdate(second, usegmt=True))
    return _date[1]
