"""Translate between HTTP libraries and the values of this package.

In: prepared requests and responses of requests, and vcrpy's own values. Out:
`Request` and `Response`, and back. Bodies are read whole and decompressed, so
that record, live and replay hand out the same thing.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from io import SEEK_END, BytesIO
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import HTTPError

from azml_contract.content_coding import CannotOpen, open_body
from azml_contract.exchange import (
    BODILESS,
    Failure,
    Headers,
    Request,
    Response,
    make_headers,
    without_headers,
)
from azml_contract.recording.failures import describe, revive

_CHUNK = 1 << 20
_PARTIAL = 206
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class _Body(BytesIO):
    """A body that is closed at its end, as http.client's are, or fails there."""

    def __init__(self, body: bytes, failure: Failure | None = None) -> None:
        super().__init__(body)
        self._left = failure
        self._size = len(body)

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        if self._left is not None and self.tell() >= self._size and not piece:
            raise revive(self._left, None)
        return piece

    def isclosed(self) -> bool:
        """What urllib3 asks, so as to stop."""
        return self._left is None and (self.closed or self.tell() >= self._size)


class Answer(HTTPResponse):
    """urllib3's answer over a body that is here: none of it comes in chunks."""

    def supports_chunked_reads(self) -> bool:
        return True

    def read_chunked(
        self, amt: int | None = None, decode_content: bool | None = None
    ) -> Generator[bytes, None, None]:
        if self.chunked:  # one from the network after all
            yield from super().read_chunked(amt, decode_content)
        else:
            yield from self.stream(amt or _CHUNK, decode_content)


def from_prepared(prepared: requests.PreparedRequest) -> Request:
    """The request that a requests session is about to send.

    A body that can be read only once is replaced in `prepared` by its bytes.
    """
    body: Any = prepared.body
    if body is None or isinstance(body, bytes):
        raw = body or b""
    elif isinstance(body, str):
        raw = body.encode()
    else:
        raw = _read_body(prepared, body)
    held: Any = prepared.headers  # a plain dict may have two spellings of a name
    is_usual = isinstance(held, CaseInsensitiveDict)
    named = held.lower_items() if is_usual else held.items()  # the faster one
    headers = tuple([(_text(name), _text(value)) for name, value in named])
    return Request(prepared.method or "GET", prepared.url or "", headers, raw)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _read_body(prepared: requests.PreparedRequest, body: Any) -> bytes:
    if not hasattr(body, "read"):
        raw = b"".join(_as_bytes(part) for part in body)
        prepared.body = raw
        return raw
    try:
        place = body.tell()
    except (AttributeError, OSError):
        place = None
    raw = b"".join(_chunks(body))
    if place is None:
        prepared.body = raw
    else:
        body.seek(place)
    return raw


def _chunks(body: Any) -> Iterable[bytes]:
    while chunk := body.read(_CHUNK):
        yield _as_bytes(chunk)


def _as_bytes(part: Any) -> bytes:
    return part.encode() if isinstance(part, str) else bytes(part)


def from_live(answer: requests.Response) -> tuple[Response, Failure | None]:
    """Read a live answer to its end, or to where the network failed."""
    headers = make_headers(answer.raw.headers.items())
    pieces: list[bytes] = []
    failure: Failure | None = None
    try:
        pieces += answer.raw.stream(_CHUNK, decode_content=False)
    except (HTTPError, OSError, http.client.HTTPException) as error:
        held = getattr(answer.raw, "_decoded_buffer", None)
        if held:
            pieces.append(held.get(len(held)))
        failure = describe(error, sum(map(len, pieces)))
    response = Response(answer.status_code, headers, b"".join(pieces))
    return decoded(response), failure


def inflated(response: Response) -> Response:
    """The answer with headers that are true of its decompressed body."""
    return _without(response, "content-encoding", "transfer-encoding")


def _without(response: Response, *names: str) -> Response:
    return replace(response, headers=without_headers(response.headers, *names))


def to_requests(
    adapter: HTTPAdapter,
    prepared: requests.PreparedRequest,
    response: Response,
    live: requests.Response | None = None,
    failure: Failure | None = None,
    *,
    is_read: bool = False,
) -> requests.Response:
    """The answer as a requests session expects it from its adapter.

    Args:
        adapter: Builds the answer.
        prepared: What was asked.
        response: What is answered.
        live: The real answer, for its cookies; None in replay.
        failure: How the network fails once the body has been read.
        is_read: Whether the session reads the body before it hands the answer on.
    """
    headers = HTTPHeaderDict()
    for name, value in framed(prepared.method or "", response):
        headers.add(name, value)  # faster than to hand over all
    body = _Body(response.body, failure)
    raw = Answer(
        body=body,
        headers=headers,
        status=response.status,
        reason=reason_of(response.status),
        version=11,
        preload_content=False,
        original_response=_with_cookies(response, live),
        request_method=prepared.method,
    )
    answer = adapter.build_response(prepared, raw)
    if live is None:
        answer.headers.__class__ = _KeptHeaders
    if is_read and failure is None and "content-encoding" not in headers:
        # As reading it to its end would leave it, in a tenth of the time.
        vars(answer).update(_content=response.body, _content_consumed=True)
        body.seek(0, SEEK_END)
        vars(raw).update(_fp_bytes_read=len(response.body), length_remaining=0)
    return answer


class HeaderNotKept(KeyError):
    """A scenario looks up a header that its cassette does not hold."""

    def __str__(self) -> str:
        return (
            f"The cassette holds no header {self.args[0]!r} of this answer. If the "
            "service sends it, keep it and record again: headers = "
            f"[{self.args[0]!r}] in [tool.azml-contract.redact] of pyproject.toml"
        )


def make_telling(headers: Any) -> Any:
    """A class like that of a client's headers, which tells what was not kept.

    An object of `headers` can be made one of these by its ``__class__``, which costs
    less than a copy.
    """

    def getitem(self: Any, key: str) -> Any:
        try:
            return headers.__getitem__(self, key)
        except KeyError:
            raise HeaderNotKept(key) from None

    return type(headers.__name__, (headers,), {"__getitem__": getitem})


def make_noting(headers: Any, note: Callable[[str, bool], object]) -> Any:
    """A class like that of a client's headers; `note` is told what is looked up.

    Told are names that are there, and whether the client insists: in brackets it does,
    by ``get`` or ``in`` it does not.
    """

    def getitem(self: Any, key: str) -> Any:
        value = headers.__getitem__(self, key)
        note(key, True)
        return value

    def get(self: Any, key: str, default: Any = None) -> Any:
        try:
            value = headers.__getitem__(self, key)
        except KeyError:
            return default
        note(key, False)
        return value

    def contains(self: Any, key: Any) -> bool:
        found = bool(headers.__contains__(self, key))
        if found:
            note(key, False)
        return found

    members = {"__getitem__": getitem, "get": get, "__contains__": contains}
    return type(headers.__name__, (headers,), members)


_KeptHeaders = make_telling(CaseInsensitiveDict)


class _Original:
    """What requests reads cookies from."""

    def __init__(self, headers: Iterable[tuple[str, str]]) -> None:
        self.msg = http.client.HTTPMessage()
        for name, value in headers:
            self.msg[name] = value

    def isclosed(self) -> bool:
        return True

    def close(self) -> None:
        """There is nothing to close."""


def _with_cookies(response: Response, live: requests.Response | None) -> Any:
    if live is not None:
        return getattr(live.raw, "_original_response", None)
    cookies = [one for one in _apart(response.headers) if one[0] == "Set-Cookie"]
    return _Original(cookies) if cookies else None


def reason_of(status: int) -> str:
    """The phrase that stands beside a status."""
    return http.client.responses.get(status, "")


def framed(method: str, response: Response, missing: int = 0) -> list[tuple[str, str]]:
    """Headers with the length that the body has, and what of it is missing."""
    headers = list(_apart(response.headers))
    if method == "HEAD" or response.status in BODILESS:
        return headers
    kept = [pair for pair in headers if pair[0].lower() != "content-length"]
    size = len(response.body)
    if response.status == _PARTIAL and size and not missing:
        kept = [
            (name, _range_of(value, size) if name.lower() == "content-range" else value)
            for name, value in kept
        ]
    return [*kept, ("Content-Length", str(size + missing))]


def _range_of(value: str, size: int) -> str:
    """A Content-Range that is true of a body, which may hold a longer name now.

    What a client asks for next depends on the size of the whole: that changes with
    the range that ends it alone, or that has outgrown it.
    """
    found = _RANGE.fullmatch(value)
    if found is None:
        return value
    first, last, whole = found.groups()
    end = int(first) + size
    if whole != "*" and (int(whole) == int(last) + 1 or end > int(whole)):
        whole = str(end)
    return f"bytes {first}-{end - 1}/{whole}"


def _apart(headers: Headers) -> Iterator[tuple[str, str]]:
    """Cookies one by one, as no client splits them; all else as it is."""
    for name, value in headers:
        if name == "set-cookie":  # as a cassette writes it
            yield from (("Set-Cookie", one) for one in value.split(", "))
        else:
            yield name, value


def from_vcr(asked: Any) -> Request:
    """The request that one of vcrpy's stubs holds."""
    headers = (
        (str(name), value if isinstance(value, str) else _join(value))
        for name, value in asked.headers.items()
    )
    return Request(asked.method, asked.uri, tuple(headers), _vcr_body(asked.body))


def _join(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_text(one) for one in value)
    return _text(value)


def _vcr_body(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        return b"".join(_chunks(body))
    if isinstance(body, dict):
        return json.dumps(body).encode()
    return b"".join(_as_bytes(part) for part in body)


def from_vcr_answer(answer: Mapping[str, Any]) -> Response:
    """The answer that one of vcrpy's stubs read from the network."""
    listed = answer["headers"]
    pairs = listed.items() if isinstance(listed, Mapping) else listed
    headers = make_headers((name, value) for name, values in pairs for value in values)
    raw = answer["body"].get("string") or b""
    return decoded(Response(answer["status"]["code"], headers, raw))


def decoded(response: Response) -> Response:
    """The answer decompressed; as it came, where it is a part or cannot be opened."""
    coding = response.header("content-encoding") or ""
    if not coding or not response.body:
        return inflated(response)
    if response.header("content-range") is None:
        with suppress(CannotOpen):
            body = open_body(coding, response.body)
            return inflated(replace(response, body=body))
    return _without(response, "transfer-encoding")


def to_vcr(method: str, response: Response) -> dict[str, Any]:
    """The answer as vcrpy's stubs expect it from a cassette."""
    headers: dict[str, list[str]] = {}
    for name, value in framed(method, response):
        headers.setdefault(name, []).append(value)
    reason = reason_of(response.status)
    return {
        "status": {"code": response.status, "message": reason},
        "headers": headers,
        "body": {"string": response.body},
    }
