"""Recordings of Azure's test-proxy.

Source: azure-sdk-tools, test-proxy ``RecordSession``.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from azml_contract.documents.formats.format import (
    Format,
    Recorded,
    Spot,
    encode,
    read_lists,
    set_length_headers,
)
from azml_contract.exchange import Exchange, Headers, Request, Response, find_header

_TEXT = re.compile(r"json|text|xml|form|charset|yaml|javascript")


def _read(entry: Any, index: int) -> Recorded:
    asked, answered = entry.get("RequestBody"), entry.get("ResponseBody")
    sent = read_lists(entry.get("RequestHeaders"))
    request = Request(
        str(entry["RequestMethod"]),
        str(entry["RequestUri"]),
        sent,
        _read_body(asked, sent),
    )
    headers = read_lists(entry.get("ResponseHeaders"))
    body = _read_body(answered, headers)
    response = Response(int(entry["StatusCode"]), headers, body)
    here = f"/Entries/{index}"
    return Recorded(
        Exchange(request, response),
        Spot(f"{here}/RequestUri", f"{here}/RequestBody", _is_json(asked)),
        Spot(f"{here}/StatusCode", f"{here}/ResponseBody", _is_json(answered)),
    )


def _is_json(body: Any) -> bool:
    return isinstance(body, (dict, list))


def _read_body(body: Any, headers: Headers) -> bytes:
    """JSON stands as JSON, text as text or as its lines, binary as base64."""
    if body is None:
        return b""
    kind = (find_header(headers, "content-type") or "").lower()
    is_lines = isinstance(body, list) and all(isinstance(v, str) for v in body)
    if is_lines and kind and "json" not in kind:
        return "".join(body).encode()
    if not isinstance(body, str):
        return json.dumps(body).encode()
    if kind and not _TEXT.search(kind):
        try:
            return base64.b64decode(body, validate=True)
        except binascii.Error:
            pass
    return encode(body)


def _set_length(entry: Any, side: str, length: int) -> None:
    set_length_headers(entry.get(f"{side.title()}Headers") or {}, length)


TEST_PROXY = Format(
    name="Azure test-proxy recording",
    recognises=lambda document: "Entries" in document,
    entries=lambda document: document["Entries"],
    read=_read,
    set_length=_set_length,
    variables=lambda document: document.get("Variables"),
)
