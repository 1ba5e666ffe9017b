"""Where JSON pointers stand in the text of a JSON document.

In: a text that is valid JSON. Out: offsets of members and items. Containers are
read one level at a time, and only those that lead to what is asked for, with the
scanner of the standard library: a place in 4 MB takes some 50 ms.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from azml_contract.json_pointer import steps_of, unescape

_SPACE = re.compile(r"[ \t\r\n]*")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\.")
# Both are written in C; typeshed does not know them.
_scan: Callable[[str, int], tuple[Any, int]] = vars(json.JSONDecoder())["scan_once"]
_scan_string: Callable[[str, int, bool], tuple[str, int]]
_scan_string = vars(json.decoder)["scanstring"]


class Place(NamedTuple):
    """Where a value stands: `start` is its name's, `value` to `end` its own."""

    start: int
    value: int
    end: int


class JsonPlaces:
    """Places in one text; each container is read once.

    Raises:
        ValueError: The text is no JSON. Also by `find`.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        start = self._skip(1 if text.startswith("\\ufeff") else 0)
        self._root = Place(start, start, self._end_of(start))
        self._levels: dict[int, dict[str, Place]] = {}

    def find(self, pointer: str) -> Place:
        """The place of a pointer, or of its nearest ancestor that there is."""
        place = self._root
        for name in steps_of(pointer):
            inner = self._read_level(place.value).get(name)
            if inner is None:
                return place
            place = inner
        return place

    def get(self, pointer: str) -> Place | None:
        """The place of a pointer; None where there is nothing."""
        above, slash, step = pointer.rpartition("/")
        if not slash:
            return self._root
        holder = self.get(above)
        name = unescape(step)
        return None if holder is None else self._read_level(holder.value).get(name)

    def list_inside(self, pointer: str) -> dict[str, Place]:
        """The members or items of a container, by name or number."""
        holder = self.get(pointer)
        return {} if holder is None else self._read_level(holder.value)

    def _read_level(self, at: int) -> dict[str, Place]:
        found = self._levels.get(at)
        if found is None:
            kind = self._text[at : at + 1]
            found = self._levels[at] = (
                dict(self._read_members(at))
                if kind == "{"
                else dict(self._read_items(at))
                if kind == "["
                else {}
            )
        return found

    def _read_members(self, at: int) -> list[tuple[str, Place]]:
        found = []
        at = self._skip(at + 1)
        while self._text[at : at + 1] == '"':
            start = at
            name, at = _scan_string(self._text, at + 1, True)
            value = self._skip(self._skip(at) + 1)
            end = self._end_of(value)
            found.append((name, Place(start, value, end)))
            at = self._skip(self._skip(end) + 1)
        return found

    def _read_items(self, at: int) -> list[tuple[str, Place]]:
        found: list[tuple[str, Place]] = []
        at = self._skip(at + 1)
        while self._text[at : at + 1] not in ("]", ""):
            end = self._end_of(at)
            found.append((str(len(found)), Place(at, at, end)))
            at = self._skip(end)
            if self._text[at : at + 1] != ",":
                break
            at = self._skip(at + 1)
        return found

    def _end_of(self, at: int) -> int:
        try:
            return _scan(self._text, at)[1]
        except (StopIteration, RecursionError) as error:
            raise ValueError(f"no JSON at {at}") from error

    def _skip(self, at: int) -> int:
        space = _SPACE.match(self._text, at)
        return space.end() if space else at


def read_string_runs(
    text: str, place: Place
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A string that stands in a JSON text, and which character came from where.

    Returns:
        The string, and pairs of offsets in it and in the text, see `Excerpt`.
    """
    value, _ = _scan_string(text, place.value + 1, True)
    runs = [(0, place.value + 1)]
    read, at = 0, place.value + 1
    pending = False  # the first half of a surrogate pair gives no character yet
    for escape in _ESCAPE.finditer(text, at, place.end - 1):
        read += escape.start() - at
        at = escape.end()
        code = int(escape[1], 16) if escape[1] else 0
        if pending and 0xDC00 <= code < 0xE000 and escape.start() == runs[-1][1]:
            pending = False
            runs[-1] = (read, at)
            continue
        if escape.start() != runs[-1][1]:
            runs.append((read, escape.start()))
        read += 1
        pending = 0xD800 <= code < 0xDC00
        runs.append((read, at))
    return value, tuple(runs)
