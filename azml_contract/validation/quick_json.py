"""Read and write good JSON quickly, with msgspec where it is installed.

In: bytes. Out: the value that the standard library reads, or `UNSURE`: for text that is
no good JSON, and for what msgspec may read otherwise. Two members of one name are found
by what is lost: the value, written again, has fewer colons than its text. What is
written is what the standard library writes, to the byte.

Its import takes as long as hundreds of bodies, so the first bodies are not read here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

UNSURE: Final = object()
_ENOUGH = 200
_NO_MARKS = bytes(sorted(set(range(256)) - set(b":[{")))
"""What is left out of a text to see colons and brackets: one look along it for all."""
_ESCAPED_COLON = b"\\u003"
_LARGE = re.compile(rb"e[-0-9]+(?:[,\]}]|\Z)")
_SMALL = re.compile(rb"\.(?=0000[1-9])")
"""What may be in a number that each library writes in its own way. Each begins with
what is seldom: one expression for both would take ten times as long."""


def _read_number(text: str) -> int | float:
    """What is no integer of 64 bits, as the standard library reads it."""
    if "." in text:
        return float(text)
    try:
        return int(text)
    except ValueError:
        return float(text)


class QuickReader:
    """Reads as soon as so many texts came that it pays.

    Args:
        read_number: Reads the text of what is no integer of 64 bits; its `ValueError`
            makes the text `UNSURE`.
    """

    __slots__ = ("_asked", "_decode", "_encode", "_read_number", "_refusals")

    def __init__(
        self, read_number: Callable[[str], int | float] = _read_number
    ) -> None:
        self._read_number = read_number
        self._asked = 0
        self._decode: Callable[[bytes], Any] | None = None
        self._encode: Callable[[Any], bytes] | None = None
        self._refusals: tuple[type[Exception], ...] = (ValueError, RecursionError)

    def read(self, body: bytes, most_brackets: int) -> Any:
        """The value of a text, or `UNSURE`; as that of any with many brackets is."""
        decode, encode = self._decode, self._encode
        if decode is None or encode is None:
            self._asked += 1
            if self._asked == _ENOUGH:
                self._load()
            return UNSURE
        try:
            value = decode(body)
            written = encode(value)
        except self._refusals:
            return UNSURE
        marks = body.translate(None, _NO_MARKS)
        colons = marks.count(b":")
        if written != body and written.count(b":") != colons:
            return UNSURE
        if b"\\" in body and _ESCAPED_COLON in body:
            return UNSURE
        if len(marks) - colons > most_brackets:
            return UNSURE
        return value

    def _load(self) -> None:
        msgspec = _load_msgspec()
        if msgspec is None:
            return
        self._refusals = (*self._refusals, msgspec.MsgspecError)
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(float_hook=self._read_number).decode


class QuickWriter:
    """Writes on one line, without blanks; quickly when enough came that it pays."""

    __slots__ = ("_asked", "_encode", "_refusals", "_standard")

    def __init__(self) -> None:
        self._standard = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
        self._asked = 0
        self._encode: Callable[[Any], bytes] | None = None
        self._refusals: tuple[type[Exception], ...] = (
            *(ValueError, TypeError, OverflowError, RecursionError),
        )

    def write(self, value: Any) -> bytes:
        """The text of a value, whose numbers are finite.

        Raises:
            ValueError: It holds half of a surrogate pair.
            TypeError: It is no JSON.
        """
        if self._encode is None:
            self._asked += 1
            if self._asked == _ENOUGH:
                self._load()
        else:
            try:
                text = self._encode(value)
            except self._refusals:
                pass
            else:
                if not (_LARGE.search(text) or _SMALL.search(text)):
                    return text
        return self._standard.encode(value).encode()

    def _load(self) -> None:
        msgspec = _load_msgspec()
        if msgspec is not None:
            self._refusals = (*self._refusals, msgspec.MsgspecError)
            self._encode = msgspec.json.Encoder().encode


def _load_msgspec() -> Any:
    """The library, whose errors were no ValueErrors in 0.19; None without it."""
    try:
        import msgspec
    except ImportError:
        return None
    return msgspec
