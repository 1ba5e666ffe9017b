"""Translate between HTTP libraries and the values of this package.

In: prepared requests and responses of requests, and vcrpy's own values. Out:
`Request` and `Response`, and back. Bodies are read whole and decompressed, so
that record, live and replay hand out the same thing.
"""

from __future__ import annotations

import gzip
import http.client
import json
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import DecodeError, HTTPError

from azml_contract.exchange import Failure, Headers, Request, Response, make_headers
from azml_contract.recording.failures import describe, revive

_CHUNK = 1 << 20
_BODILESS = (204, 304)


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
    headers = tuple((_text(n), _text(v)) for n, v in prepared.headers.items())
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
    """Read a live answer to its end, or to where the network failed.

    A part of a compressed blob cannot be inflated, and stays as it came.
    """
    headers = make_headers(answer.raw.headers.items())
    is_part = "content-encoding" in answer.headers and "content-range" in answer.headers
    pieces: list[bytes] = []
    failure: Failure | None = None
    try:
        pieces += answer.raw.stream(_CHUNK, decode_content=not is_part)
    except (HTTPError, OSError, http.client.HTTPException) as error:
        if isinstance(error, DecodeError):
            raise
        held = getattr(answer.raw, "_decoded_buffer", None)
        if held:
            pieces.append(held.get(len(held)))
        failure = describe(error, sum(map(len, pieces)))
    response = Response(answer.status_code, headers, b"".join(pieces))
    return (response if is_part else inflated(response)), failure


def inflated(response: Response) -> Response:
    """The answer with headers that are true of its decompressed body."""
    kept = tuple(
        (name, value)
        for name, value in response.headers
        if name.lower() not in ("content-encoding", "transfer-encoding")
    )
    return replace(response, headers=kept)


def to_requests(
    adapter: HTTPAdapter,
    prepared: requests.PreparedRequest,
    response: Response,
    live: requests.Response | None = None,
    failure: Failure | None = None,
) -> requests.Response:
    """The answer as a requests session expects it from its adapter.

    Args:
        adapter: Builds the answer.
        prepared: What was asked.
        response: What is answered.
        live: The real answer, for its cookies; None in replay.
        failure: How the network fails once the body has been read.
    """
    raw = Answer(
        body=_Body(response.body, failure),
        headers=HTTPHeaderDict(framed(prepared.method or "", response)),
        status=response.status,
        reason=reason_of(response.status),
        version=11,
        preload_content=False,
        original_response=_with_cookies(response, live),
        request_method=prepared.method,
    )
    answer = adapter.build_response(prepared, raw)
    if live is None:
        answer.headers.__class__ = _KeptHeaders  # a copy would cost more
    return answer


class _KeptHeaders(CaseInsensitiveDict[str]):
    """Headers of a cassette; what it did not keep is told of when it is asked for."""

    def __getitem__(self, key: str) -> str:
        try:
            return super().__getitem__(key)
        except KeyError:
            raise HeaderNotKept(key) from None


class HeaderNotKept(KeyError):
    """A scenario looks up a header that its cassette does not hold."""

    def __str__(self) -> str:
        return (
            f"The cassette holds no header {self.args[0]!r} of this answer. If the "
            "service sends it, keep it and record again: headers = "
            f"[{self.args[0]!r}] in [tool.azml-contract.redact] of pyproject.toml"
        )


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
    if method == "HEAD" or response.status in _BODILESS:
        return headers
    kept = [pair for pair in headers if pair[0].lower() != "content-length"]
    return [*kept, ("Content-Length", str(len(response.body) + missing))]


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
    headers = make_headers(
        (name, value) for name, values in answer["headers"].items() for value in values
    )
    raw = answer["body"].get("string") or b""
    return decoded(Response(answer["status"]["code"], headers, raw))


def decoded(response: Response) -> Response:
    """The answer decompressed; as it is, where it is a part that cannot be."""
    raw = _inflate(response.body, response.headers)
    if raw is None:
        return response
    return inflated(replace(response, body=raw))


def _inflate(raw: bytes, headers: tuple[tuple[str, str], ...]) -> bytes | None:
    """The body decompressed; None where it is a part that cannot be.

    Some stubs hand over what is inflated already, under the old headers. A codec
    that is not installed leaves a body as it is.
    """
    names = {name.lower(): value.strip().lower() for name, value in headers}
    coding = names.get("content-encoding", "")
    if not coding or not raw:
        return raw
    if "content-range" in names:
        return None
    try:
        if coding in ("gzip", "x-gzip"):
            return gzip.decompress(raw)
        if coding == "deflate":
            return zlib.decompress(raw, zlib.MAX_WBITS if raw[0] & 15 == 8 else -15)
        answer = HTTPResponse(body=BytesIO(raw), headers=HTTPHeaderDict(headers))
        return None if answer.data in (b"", raw) else answer.data
    except Exception:  # noqa: BLE001 - each codec has errors of its own
        return raw


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
