"""Read good JSON quickly, with msgspec where it is installed.

In: bytes. Out: the value that the standard library reads, or `UNSURE`: for text that is
no good JSON, and for what msgspec may read otherwise. Two members of one name are found
by what is lost: the value, written again, has fewer colons than its text.

Its import takes as long as hundreds of bodies, so the first bodies are not read here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

UNSURE: Final = object()
_ENOUGH = 200
_NO_MARKS = bytes(sorted(set(range(256)) - set(b":[{")))
"""What is left out of a text to see colons and brackets: one look along it for all."""
_ESCAPED_COLON = b"\\u003"


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
        try:
            import msgspec
        except ImportError:
            return
        # In 0.19 its errors are no ValueErrors yet.
        self._refusals = (*self._refusals, msgspec.MsgspecError)
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(float_hook=self._read_number).decode
