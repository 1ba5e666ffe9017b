"""Write a cassette in the formats of other tools: vcrpy and HAR 1.2.

In: a `Cassette`. Out: plain dictionaries. What these formats have no place for,
above all that a recording is the emulator's and not Azure's, goes with them
under a key of ours, which `importing` reads again. Repeated polls are written
out one by one.

Source: vcrpy cassette version 1; HAR 1.2 (Odvarko, W3C draft of 2012).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.documents.formats.format import MARK
from azml_contract.exchange import Headers, Request, Response, find_header

_NOT_KEPT = frozenset({"content-encoding", "content-length", "transfer-encoding"})


def to_vcrpy(cassette: Cassette) -> dict[str, Any]:
    """The object of a vcrpy cassette, for its YAML or JSON serializer."""
    return {
        "interactions": [_vcrpy(one) for one in _each(cassette)],
        "version": 1,
        MARK: _mark(cassette),
    }


def to_har(cassette: Cassette, version: str) -> dict[str, Any]:
    """The object of a HAR 1.2 file.

    Args:
        cassette: What to write.
        version: Of this package, for ``creator``.
    """
    started = cassette.recorded_at
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "azml-contract", "version": version},
            "comment": f"{cassette.scenario}, recorded from {cassette.target}",
            "entries": [_har(one, started) for one in _each(cassette)],
            MARK: _mark(cassette),
        }
    }


def count_failures(cassette: Cassette) -> int:
    """How many calls of a cassette neither format can hold: the network failed."""
    return sum(one.times for one in cassette.interactions if one.failure)


def _each(cassette: Cassette) -> Iterator[Interaction]:
    for one in cassette.interactions:
        if one.failure is not None:
            continue
        for _ in range(one.times):
            yield one


def _mark(cassette: Cassette) -> dict[str, Any]:
    whole = cassette.to_json()
    return {name: whole[name] for name in whole if name != "interactions"}


def _vcrpy(one: Interaction) -> dict[str, Any]:
    request, response = one.request, one.response
    return {
        "request": {
            "method": request.method,
            "uri": request.url,
            "headers": _lists(request.headers),
            "body": _text_or_bytes(request.body) or None,
        },
        "response": {
            "status": {"code": response.status, "message": _phrase(response.status)},
            "headers": _lists(response.headers),
            "body": {"string": _text_or_bytes(response.body)},
        },
    }


def _lists(headers: Headers) -> dict[str, list[str]]:
    return {name: [value] for name, value in _kept(headers)}


def _kept(headers: Headers) -> Iterator[tuple[str, str]]:
    """Headers that are true of the body as it is written."""
    return ((n, v) for n, v in headers if n.lower() not in _NOT_KEPT)


def _text_or_bytes(body: bytes) -> str | bytes:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _har(one: Interaction, started: str) -> dict[str, Any]:
    return {
        "startedDateTime": started,
        "time": 0,
        "request": _har_request(one.request),
        "response": _har_response(one.response),
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
    }


def _har_request(request: Request) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "method": request.method,
        "url": request.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(_kept(request.headers)),
        "queryString": _pairs(request.query),
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    if request.body:
        kind = find_header(request.headers, "content-type") or ""
        body = _text_or_bytes(request.body)
        shape["postData"] = {"mimeType": kind}
        if isinstance(body, str):
            shape["postData"]["text"] = body
        else:
            shape["postData"]["text"] = base64.b64encode(body).decode()
            shape["postData"]["_encoding"] = "base64"
    return shape


def _har_response(response: Response) -> dict[str, Any]:
    kind = find_header(response.headers, "content-type") or "application/octet-stream"
    body = _text_or_bytes(response.body)
    content: dict[str, Any] = {"size": len(response.body), "mimeType": kind}
    if isinstance(body, str):
        content["text"] = body
    else:
        content |= {"text": base64.b64encode(body).decode(), "encoding": "base64"}
    return {
        "status": response.status,
        "statusText": _phrase(response.status),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(_kept(response.headers)),
        "content": content,
        "redirectURL": find_header(response.headers, "location") or "",
        "headersSize": -1,
        "bodySize": len(response.body),
    }


def _pairs(pairs: Any) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]
