"""Translate between HTTP libraries and the values of this package.

In: prepared requests and responses of requests, and vcrpy's own values. Out:
`Request` and `Response`, and back. Bodies are read whole and decompressed, so
that record, live and replay hand out the same thing.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from azml_contract.exchange import Request, Response, make_headers

_CHUNK = 1 << 20
_BODILESS = (204, 304)


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


def from_live(answer: requests.Response) -> Response:
    """Read a live answer to its end.

    A part of a compressed blob cannot be inflated, and stays as it came.
    """
    headers = make_headers(answer.raw.headers.items())
    if answer.headers.get("content-encoding") and answer.headers.get("content-range"):
        raw = answer.raw.read(decode_content=False)
        return Response(answer.status_code, headers, raw)
    return _inflated(Response(answer.status_code, headers, answer.content))


def _inflated(response: Response) -> Response:
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
) -> requests.Response:
    """The answer as a requests session expects it from its adapter.

    Args:
        adapter: Builds the answer.
        prepared: What was asked.
        response: What is answered.
        live: The real answer, for its cookies; None in replay.
    """
    raw = HTTPResponse(
        body=BytesIO(response.body),
        headers=HTTPHeaderDict(framed(prepared.method or "", response)),
        status=response.status,
        reason=http.client.responses.get(response.status, ""),
        version=11,
        preload_content=False,
        original_response=getattr(live.raw, "_original_response", None)
        if live is not None
        else None,
        request_method=prepared.method,
    )
    return adapter.build_response(prepared, raw)


def framed(method: str, response: Response) -> list[tuple[str, str]]:
    """Headers with the length that the body really has."""
    if method == "HEAD" or response.status in _BODILESS:
        return list(response.headers)
    kept = [pair for pair in response.headers if pair[0].lower() != "content-length"]
    return [*kept, ("Content-Length", str(len(response.body)))]


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
    inflated = _inflate(raw, headers)
    response = Response(answer["status"]["code"], headers, inflated or raw)
    return response if inflated is None else _inflated(response)


def _inflate(raw: bytes, headers: tuple[tuple[str, str], ...]) -> bytes | None:
    """The body decompressed; None where it is a part that cannot be.

    Some stubs hand over what is inflated already, under the old headers.
    """
    names = {name.lower() for name, _ in headers}
    if "content-encoding" not in names:
        return raw
    if "content-range" in names:
        return None
    try:
        return HTTPResponse(body=BytesIO(raw), headers=HTTPHeaderDict(headers)).data
    except Exception:  # noqa: BLE001 - each codec has errors of its own
        return raw


def to_vcr(method: str, response: Response) -> dict[str, Any]:
    """The answer as vcrpy's stubs expect it from a cassette."""
    headers: dict[str, list[str]] = {}
    for name, value in framed(method, response):
        headers.setdefault(name, []).append(value)
    reason = http.client.responses.get(response.status, "")
    return {
        "status": {"code": response.status, "message": reason},
        "headers": headers,
        "body": {"string": response.body},
    }
