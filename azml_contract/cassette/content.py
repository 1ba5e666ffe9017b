"""What a body is: JSON, text or bytes, and how a cassette writes it down.

In: the bytes of a body and its headers. Out: a `Content`, and from that the
``body`` object of a cassette. Knows nothing of cassettes as files, nor of
secrets.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from math import isinf
from typing import Any

from azml_contract.exchange import Headers, find_header
from azml_contract.json_values import is_too_deep, make_object

SIDE_FILE_BYTES = 64 * 1024
_MOST_HELD_BYTES = 16 * 1024 * 1024
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_CHARSET = re.compile(r"charset=\"?([\w.-]+)", re.IGNORECASE)


class Kind(StrEnum):
    """How a body is written; the values are the names in the file."""

    JSON = "json"
    TEXT = "text"
    BASE64 = "base64"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Content:
    """A body as a reader wants to see it.

    `value` is the parsed value for JSON, `str` for text, `bytes` for base64.
    """

    kind: Kind
    value: Any


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ValueError(f"{text} is no number that can be written again")
    return number


def _may_hold_surrogate(raw: bytes | str) -> bool:
    """Whether half a character can stand in JSON: by an escape, or as bytes."""
    if isinstance(raw, str):
        return "\\u" in raw or not raw.isascii()
    return b"\\u" in raw or b"\xed" in raw or b"\0" in raw


_PARSER = partial(
    json.loads,
    object_pairs_hook=make_object,
    parse_constant=_refuse_constant,
    parse_float=_finite,
)


def parse_json(raw: bytes | str) -> Any:
    """Parse JSON that survives being parsed and written again.

    Raises:
        ValueError: A syntax error, a duplicate key, NaN, an infinity, a lone
            surrogate, or nesting too deep to walk.
    """
    try:
        value = _PARSER(raw)
        if _may_hold_surrogate(raw):
            _COMPACT.encode(value).encode()
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if is_too_deep(raw, value):
        raise ValueError("nested too deep")
    return value


class ParsedBodies:
    """Bodies that are asked for more than once, each parsed once.

    Values take several times the memory of their text, so no more are held than of
    `_MOST_HELD_BYTES`; others are parsed again.
    """

    def __init__(self) -> None:
        self._values: dict[bytes, Any] = {}
        self._left = _MOST_HELD_BYTES

    def parse(self, body: bytes) -> Any:
        """What `parse_json` returns or raises; the value is shared: leave it as is."""
        if body in self._values:
            return self._values[body]
        value = parse_json(body)
        if len(body) <= self._left:
            self._left -= len(body)
            self._values[body] = value
        return value


_OF_STORAGE = frozenset(
    {"x-ms-blob-type", "x-ms-range", "content-range", "x-ms-version"}
)


def is_storage(headers: Headers) -> bool:
    """Whether these headers belong to Azure Storage, whose bodies are exact bytes."""
    return not _OF_STORAGE.isdisjoint([name.lower() for name, _ in headers])


def classify(
    body: bytes,
    headers: Headers,
    *,
    exact: bool,
    parse: Callable[[bytes], Any] = parse_json,
) -> Content | None:
    """Decide how a body is written.

    Args:
        body: The bytes, decompressed.
        headers: Of the message; only the content type counts.
        exact: Every byte matters (blob content): never JSON, and no text
            where it is large.
        parse: `parse_json`, or what remembers what that said.

    Returns:
        None for an empty body.
    """
    if not body:
        return None
    if not exact and _looks_like_json(body, headers):
        try:
            return Content(Kind.JSON, parse(body))
        except ValueError:
            pass
    text = None if exact and len(body) > SIDE_FILE_BYTES else _as_text(body)
    if text is None:
        return Content(Kind.BASE64, body)
    return Content(Kind.TEXT, text)


def _looks_like_json(body: bytes, headers: Headers) -> bool:
    if "json" in (find_header(headers, "content-type") or "").lower():
        return True
    return body.lstrip()[:1] in (b"{", b"[")


def _as_text(body: bytes) -> str | None:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text


def encode_content(
    content: Content | None, side_files: dict[str, bytes]
) -> dict[str, Any] | None:
    """The ``body`` object of a cassette; None for no body.

    Args:
        content: What to write.
        side_files: Large bodies are put here under their sha256.
    """
    if content is None:
        return None
    if content.kind is Kind.JSON:
        return {"json": content.value}
    if content.kind is Kind.TEXT:
        return {"text": content.value}
    raw: bytes = content.value
    if len(raw) <= SIDE_FILE_BYTES:
        return {"base64": base64.b64encode(raw).decode()}
    name = hashlib.sha256(raw).hexdigest()
    side_files[name] = raw
    return {"file": name}


def render_json(value: Any) -> bytes:
    """The bytes that JSON in a cassette stands for."""
    text = _COMPACT.encode(value)
    # A lone surrogate can stand in JSON only as the escape that this writes.
    return text.encode("utf-8", "backslashreplace")


def as_sent(body: bytes, parsed: Any, written: Any, headers: Headers) -> Content:
    """An answer's JSON in a form that gives the bytes which were sent.

    Args:
        body: The bytes.
        parsed: Their value.
        written: The same, with what must not be kept replaced; then there are no
            such bytes any more, and only the charset stays.
        headers: Of the answer.
    """
    if written == parsed:
        if render_json(written) == body:
            return Content(Kind.JSON, written)
        text = _as_text(body)
        return Content(Kind.BASE64, body) if text is None else Content(Kind.TEXT, text)
    charset = _charset(headers)
    if charset == "utf-8":
        return Content(Kind.JSON, written)
    rendered = render_json(written).decode()
    return Content(Kind.BASE64, rendered.encode(charset, "backslashreplace"))


def _charset(headers: Headers) -> str:
    found = _CHARSET.search(find_header(headers, "content-type") or "")
    try:
        return codecs.lookup(found[1] if found else "utf-8").name
    except LookupError:
        return "utf-8"


def decode_body(
    body: Mapping[str, Any] | None, side_files: Mapping[str, bytes]
) -> bytes:
    """The bytes of a ``body`` object.

    Raises:
        ValueError: The object is none of the four shapes.
        KeyError: The side file is missing.
    """
    if body is None:
        return b""
    kind, value = next(iter(body.items()))
    if kind == Kind.JSON:
        return render_json(value)
    if kind == Kind.TEXT:
        return str(value).encode()
    if kind == Kind.FILE:
        return side_files[value]
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError(f"base64 body: {error}") from error


def read_json(body: Mapping[str, Any] | None) -> Any:
    """The JSON of a ``body`` object, also of text that is JSON; None without any."""
    if body is None or "json" in body:
        return (body or {}).get("json")
    text = body.get("text", "")
    if text.lstrip("\ufeff \t\r\n")[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
