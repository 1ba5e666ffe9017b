"""Read the raw text of a JSON body.

In: bytes. Out: the value, and every defect of the text. Good JSON takes the
standard library's way, or that of `quick_json`; only what that refuses is read by
`mending`. Knows nothing of contracts.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, NoReturn

from azml_contract.json_values import is_too_deep, make_object
from azml_contract.source.json_places import JsonPlaces
from azml_contract.validation.parsed import BROKEN, MAX_DEPTH, Defect, Parsed
from azml_contract.validation.quick_json import UNSURE, QuickReader

if TYPE_CHECKING:
    from azml_contract.validation.mending import Reader


def parse_json(body: bytes) -> Parsed:
    """Parse a body; defects are told, not raised.

    Returns:
        The value with the defects mended, in order of the text. A body that
        cannot be mended has the value None and `readable` False.
    """
    value = _QUICK.read(body, MAX_DEPTH)
    if value is not UNSURE:
        return Parsed(value)
    try:
        # The codec that takes a mark away is written in Python, and slow.
        text = body.decode("utf-8-sig" if body[:3] == BOM_UTF8 else "utf-8")
    except UnicodeDecodeError as error:
        message = (
            f"The body is not UTF-8: byte {body[error.start]:#04x} at {error.start}."
        )
        defect = Defect(BROKEN, message, "Send the body as UTF-8.", "", 1, 1)
        return Parsed(None, (defect,), readable=False)
    return parse_text(text)


def parse_text(text: str) -> Parsed:
    """Parse decoded text; see `parse_json`."""
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return _open_reader(text).read()
    is_deep = is_too_deep(text, value, MAX_DEPTH)
    return _open_reader(text).read() if is_deep else Parsed(value)


def _open_reader(text: str, marks: dict[str, int] | None = None) -> Reader:
    from azml_contract.validation.mending import Reader  # good JSON never needs it

    return Reader(text, marks)


class Locator:
    """Finds where pointers stand in one text, which is read once, when first asked."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._places: JsonPlaces | None = None
        self._marks: dict[str, int] | None = None

    def find(self, pointer: str) -> int:
        """The offset of a pointer, or of its nearest ancestor that there is."""
        if self._marks is None:
            try:
                self._places = self._places or JsonPlaces(self._text)
                return self._places.find(pointer).start
            except ValueError:
                self._marks = {}
                _open_reader(self._text, self._marks).read()
        while pointer not in self._marks and pointer:
            pointer = pointer.rpartition("/")[0]
        return self._marks.get(pointer, 0)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


_QUICK = QuickReader()
_DECODER = json.JSONDecoder(
    object_pairs_hook=make_object, parse_constant=_refuse_constant
)
