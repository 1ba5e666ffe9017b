"""Cassettes of vcrpy, JSON or YAML.

Source: vcrpy cassette versions 1 and 2.
"""

from __future__ import annotations

import base64
from typing import Any

from azml_contract.content_coding import CannotOpen, open_body
from azml_contract.documents.formats.format import (
    Format,
    Recorded,
    Spot,
    encode,
    read_lists,
    set_length_headers,
)
from azml_contract.exchange import Exchange, Headers, Request, Response, find_header


def _recognises(document: dict[str, Any]) -> bool:
    ours = "format" in document or {"scenario", "api_version"} <= document.keys()
    return "interactions" in document and not ours


def _read(entry: Any, index: int) -> Recorded:
    asked, answered = entry["request"], entry["response"]
    status = answered["status"]
    code = status["code"] if isinstance(status, dict) else status
    headers = read_lists(answered.get("headers"))
    body = _decompress(_read_body(answered.get("body")), headers)
    request = Request(
        str(asked["method"]),
        str(asked["uri"]),
        read_lists(asked.get("headers")),
        _read_body(asked.get("body")),
    )
    here = f"/interactions/{index}"
    return Recorded(
        Exchange(request, Response(int(code), headers, body)),
        Spot(f"{here}/request/uri", _find_text(f"{here}/request", asked)),
        Spot(f"{here}/response/status", _find_text(f"{here}/response", answered)),
    )


def _find_text(pointer: str, side: Any) -> str:
    return f"{pointer}/body{'/string' if isinstance(side.get('body'), dict) else ''}"


def _read_body(body: Any) -> bytes:
    if isinstance(body, dict):
        if "base64_string" in body:
            return base64.b64decode(body["base64_string"])
        return encode(body.get("string") or "")
    return encode(body or "")


def _decompress(body: bytes, headers: Headers) -> bytes:
    coding = find_header(headers, "content-encoding") or ""
    is_gzip = body[:2] == b"\x1f\x8b"
    if not body or ("gzip" in coding.lower() and not is_gzip):
        return body  # vcrpy's decode_compressed_response leaves the header
    try:
        return open_body(coding, body)
    except CannotOpen as error:
        raise ValueError(f"its body cannot be opened: {error}") from error


def _set_length(entry: Any, side: str, length: int) -> None:
    part = entry[side]
    set_length_headers(part.get("headers") or {}, len(_stored(part.get("body"))))


def _stored(body: Any) -> bytes:
    """The body as it stands there, compressed or not."""
    if isinstance(body, dict):
        packed = body.get("base64_string")
        body = base64.b64decode(packed) if packed else body.get("string")
    return body if isinstance(body, bytes) else str(body or "").encode()


VCRPY = Format(
    name="vcrpy cassette",
    recognises=_recognises,
    entries=lambda document: document["interactions"],
    read=_read,
    set_length=_set_length,
)
