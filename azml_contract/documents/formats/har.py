"""HAR, as browsers and proxies export it.

Source: HAR 1.2.
"""

from __future__ import annotations

import base64
from typing import Any

from azml_contract.documents.formats.format import (
    Format,
    Recorded,
    Spot,
    encode,
    set_length_headers,
)
from azml_contract.exchange import Exchange, Headers, Request, Response


def _recognises(document: dict[str, Any]) -> bool:
    log = document.get("log")
    return isinstance(log, dict) and "entries" in log


def _read(entry: Any, index: int) -> Recorded:
    asked, answered = entry["request"], entry["response"]
    sent = asked.get("postData") or {}
    content = answered.get("content") or {}
    body = _read_text(content.get("text"), content.get("encoding"))
    request = Request(
        str(asked["method"]),
        str(asked["url"]),
        _read_pairs(asked.get("headers")),
        # HAR has no encoding for what is sent; this is how we and others say it.
        _read_text(sent.get("text"), sent.get("_encoding") or sent.get("encoding")),
    )
    headers = _read_pairs(answered.get("headers"))
    here = f"/log/entries/{index}"
    return Recorded(
        Exchange(request, Response(int(answered["status"]), headers, body)),
        Spot(
            f"{here}/request/url",
            f"{here}/request/postData/text",
            is_lost=_is_lost(sent, asked.get("bodySize")) or _is_form(sent),
        ),
        Spot(
            f"{here}/response/status",
            f"{here}/response/content/text",
            is_lost=_is_lost(content, content.get("size")),
        ),
    )


def _is_lost(part: Any, size: Any) -> bool:
    """Whether a body was there, by its size, and its text was left out."""
    return "text" not in part and isinstance(size, int) and size > 0


def _is_form(sent: Any) -> bool:
    """Whether what was sent stands as parameters, or was left out, and not as text."""
    return bool(sent) and "text" not in sent


def _read_text(text: Any, encoding: Any) -> bytes:
    return base64.b64decode(text or "") if encoding == "base64" else encode(text or "")


def _read_pairs(pairs: Any) -> Headers:
    return tuple((str(pair["name"]), str(pair["value"])) for pair in pairs or ())


def _set_length(entry: Any, side: str, length: int) -> None:
    part = entry[side]
    if "bodySize" in part:
        part["bodySize"] = length
    if "size" in part.get("content", {}):
        part["content"]["size"] = length
    set_length_headers(part.get("headers") or {}, length)


HAR = Format(
    name="HAR",
    recognises=_recognises,
    entries=lambda document: document["log"]["entries"],
    read=_read,
    set_length=_set_length,
    holder=lambda document: document.get("log"),
)
