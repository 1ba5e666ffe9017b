"""Read recordings of other tools: HAR, Azure's test-proxy, vcrpy.

In: the parsed JSON or YAML of a recording. Out: its exchanges, in order, with
bodies decompressed. Which tool wrote it is told by its content, never by a
file name. Knows HTTP; knows nothing of Azure.

Source: HAR 1.2; azure-sdk-tools, test-proxy ``RecordSession``; vcrpy cassette
versions 1 and 2.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from azml_contract.errors import InputError
from azml_contract.exchange import (
    Exchange,
    Headers,
    Request,
    Response,
    find_header,
    make_headers,
)

_TEXT = re.compile(r"json|text|xml|form|charset|yaml|javascript")


class Format(StrEnum):
    """Who wrote a recording."""

    HAR = "HAR"
    TEST_PROXY = "Azure test-proxy recording"
    VCRPY = "vcrpy cassette"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One exchange and the JSON pointers of its bodies in the document.

    A pointer is empty where the body does not stand as JSON in the document.
    """

    exchange: Exchange
    request_pointer: str = ""
    response_pointer: str = ""


def recognise(document: Any) -> Format | None:
    """Which tool wrote a parsed document; None when it is none of them."""
    if not isinstance(document, dict):
        return None
    log = document.get("log")
    if isinstance(log, dict) and "entries" in log:
        return Format.HAR
    if "Entries" in document:
        return Format.TEST_PROXY
    if "interactions" in document and not is_cassette(document):
        return Format.VCRPY
    return None


def is_cassette(document: Any) -> bool:
    """Whether a parsed document is, or was meant to be, a cassette of ours."""
    return isinstance(document, dict) and (
        "format" in document or {"scenario", "api_version"} <= document.keys()
    )


def read_recording(document: Any, kind: Format) -> list[Recorded]:
    """Every exchange of a recording.

    Raises:
        InputError: The document is not what it looks like; names the entry.
    """
    readers: dict[Format, tuple[Callable[[Any], Any], Callable[..., Recorded]]] = {
        Format.HAR: (lambda d: d["log"]["entries"], _read_har),
        Format.TEST_PROXY: (lambda d: d["Entries"], _read_test_proxy),
        Format.VCRPY: (lambda d: d["interactions"], _read_vcrpy),
    }
    find_entries, read = readers[kind]
    entries = find_entries(document)
    if not isinstance(entries, list):
        raise InputError(f"the {kind} has no list of exchanges")
    return [
        _read_entry(read, entry, index, kind) for index, entry in enumerate(entries)
    ]


def _read_entry(
    read: Callable[[Any, int], Recorded], entry: Any, index: int, kind: Format
) -> Recorded:
    try:
        return read(entry, index)
    except KeyError as error:
        raise InputError(f"exchange {index} of the {kind} lacks {error}") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(
            f"exchange {index} of the {kind} is malformed: {error}"
        ) from error


def _read_har(entry: Any, index: int) -> Recorded:
    asked, answered = entry["request"], entry["response"]
    sent = asked.get("postData") or {}
    content = answered.get("content") or {}
    body = _read_har_text(content.get("text"), content.get("encoding"))
    request = Request(
        str(asked["method"]),
        str(asked["url"]),
        _read_pairs(asked.get("headers")),
        # HAR has no encoding for what is sent; this is how we and others say it.
        _read_har_text(sent.get("text"), sent.get("_encoding") or sent.get("encoding")),
    )
    headers = _read_pairs(answered.get("headers"))
    return Recorded(Exchange(request, Response(int(answered["status"]), headers, body)))


def _read_har_text(text: Any, encoding: Any) -> bytes:
    return base64.b64decode(text or "") if encoding == "base64" else _encode(text or "")


def _read_pairs(pairs: Any) -> Headers:
    return tuple((str(pair["name"]), str(pair["value"])) for pair in pairs or ())


def _read_test_proxy(entry: Any, index: int) -> Recorded:
    asked, answered = entry.get("RequestBody"), entry.get("ResponseBody")
    sent = _read_lists(entry.get("RequestHeaders"))
    request = Request(
        str(entry["RequestMethod"]),
        str(entry["RequestUri"]),
        sent,
        _read_proxy_body(asked, sent),
    )
    headers = _read_lists(entry.get("ResponseHeaders"))
    body = _read_proxy_body(answered, headers)
    response = Response(int(entry["StatusCode"]), headers, body)
    return Recorded(
        Exchange(request, response),
        f"/Entries/{index}/RequestBody" if _is_json(asked) else "",
        f"/Entries/{index}/ResponseBody" if _is_json(answered) else "",
    )


def _read_vcrpy(entry: Any, index: int) -> Recorded:
    asked, answered = entry["request"], entry["response"]
    status = answered["status"]
    code = status["code"] if isinstance(status, dict) else status
    headers = _read_lists(answered.get("headers"))
    body = _decompress(_read_vcrpy_body(answered.get("body")), headers)
    request = Request(
        str(asked["method"]),
        str(asked["uri"]),
        _read_lists(asked.get("headers")),
        _read_vcrpy_body(asked.get("body")),
    )
    return Recorded(Exchange(request, Response(int(code), headers, body)))


def _read_vcrpy_body(body: Any) -> bytes:
    if isinstance(body, dict):
        if "base64_string" in body:
            return base64.b64decode(body["base64_string"])
        return _encode(body.get("string") or "")
    return _encode(body or "")


def _decompress(body: bytes, headers: Headers) -> bytes:
    encoding = (find_header(headers, "content-encoding") or "").lower()
    try:
        if encoding == "gzip" and body[:2] == b"\x1f\x8b":
            return gzip.decompress(body)
        if encoding == "deflate":
            return zlib.decompress(body)
    except (OSError, EOFError, zlib.error, binascii.Error) as error:
        raise ValueError(f"its body is no {encoding}: {error}") from error
    return body


def _read_lists(headers: Any) -> Headers:
    """Headers whose values are texts or lists of texts."""
    joined = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in (headers or {}).items()
    }
    return make_headers(joined)


def _is_json(body: Any) -> bool:
    return isinstance(body, (dict, list))


def _read_proxy_body(body: Any, headers: Headers) -> bytes:
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
    return _encode(body)


def _encode(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    if not isinstance(body, str):
        raise TypeError(f"a body is {type(body).__name__}, not text")
    return body.encode("utf-8", "surrogatepass")
