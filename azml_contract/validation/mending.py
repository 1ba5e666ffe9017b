"""Read broken JSON as far as it can be understood.

In: a text. Out: the value, and every defect with its place: raw line breaks in
strings, trailing commas, duplicate keys and the like are named and mended, so
that the checks that follow still see the body. Knows nothing of contracts.

Source: RFC 8259.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, NoReturn

from azml_contract.validation.deviation import Path, to_pointer
from azml_contract.validation.parsed import (
    BROKEN,
    DUPLICATE,
    MAX_DEPTH,
    RAW_BREAK,
    TRAILING_COMMA,
    Defect,
    Parsed,
)

_BREAK = re.compile(r"\n")
_SPACE = re.compile(r"[ \t\r\n]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_PLAIN_SINGLE = re.compile(r"[^'\\\x00-\x1f]*")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_STRICT_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORD = re.compile(r"-?[A-Za-z_$][A-Za-z0-9_$]*")
_COMMENT = re.compile(r"//[^\n]*|#[^\n]*|/\*.*?\*/", re.DOTALL)
_CONSTANTS = {"true": True, "false": False, "null": None}
_FOREIGN = {
    "True": (True, "true"),
    "False": (False, "false"),
    "None": (None, "null"),
    "undefined": (None, "null"),
    "NaN": (None, "null"),
    "Infinity": (None, "null"),
    "-Infinity": (None, "null"),
}
_ESCAPES = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_HEX = re.compile(r"[0-9a-fA-F]{4}")


class _Stop(Exception):
    """The text cannot be understood from here on; the defect is noted."""


class Reader:
    """Reads one text, mends what it can, and notes what it mended.

    `marks`, where wanted, are filled with the offset of each pointer's key or
    item.
    """

    def __init__(self, text: str, marks: dict[str, int] | None = None) -> None:
        self.text = text
        self.marks = marks
        self._at = 0
        self._path: Path = None
        self._depth = 0
        self._defects: list[Defect] = []
        self._starts: list[int] | None = None

    def read(self) -> Parsed:
        """The value and every defect."""
        try:
            self._skip_space()
            self._mark(self._at)
            value = self._read_value()
            self._skip_space()
            if self._at < len(self.text):
                self._note(
                    BROKEN, "The body goes on after its end.", "Remove the rest."
                )
        except _Stop:
            return Parsed(None, tuple(self._defects), readable=False)
        return Parsed(value, tuple(self._defects))

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, from 1."""
        starts = self._starts
        if starts is None:
            breaks = _BREAK.finditer(self.text)
            starts = self._starts = [0, *(found.end() for found in breaks)]
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def _note(self, kind: str, message: str, cure: str, at: int | None = None) -> None:
        line, column = self.place(self._at if at is None else at)
        where = f"{message} Line {line}, column {column}."
        pointer = to_pointer(self._path)
        self._defects.append(Defect(kind, where, cure, pointer, line, column))

    def _stop(self, message: str, cure: str, at: int | None = None) -> NoReturn:
        self._note(BROKEN, message, cure, at)
        raise _Stop

    def _mark(self, offset: int) -> None:
        if self.marks is not None:
            self.marks.setdefault(to_pointer(self._path), offset)

    def _skip_space(self) -> None:
        while True:
            matched = _SPACE.match(self.text, self._at)
            self._at = matched.end() if matched else self._at
            comment = _COMMENT.match(self.text, self._at)
            if comment is None:
                return
            self._note(BROKEN, "JSON knows no comments.", "Remove the comment.")
            self._at = comment.end()

    def _peek(self) -> str:
        self._skip_space()
        return self.text[self._at : self._at + 1]

    def _read_value(self) -> Any:
        char = self._peek()
        if char == "{":
            return self._nest(self._read_object)
        if char == "[":
            return self._nest(self._read_array)
        if char in ('"', "'") and char:
            return self._read_string(char)
        number = _NUMBER.match(self.text, self._at)
        if number is not None:
            return self._read_number(number.group())
        return self._read_word()

    def _nest(self, read: Callable[[], Any]) -> Any:
        if self._depth >= MAX_DEPTH:
            message = f"The body is nested deeper than {MAX_DEPTH} levels."
            self._stop(message, "Send a flatter body.")
        self._depth += 1
        value = read()
        self._depth -= 1
        return value

    def _read_object(self) -> dict[str, Any]:
        opened = self._at
        self._at += 1
        made: dict[str, Any] = {}
        while True:
            char = self._peek()
            if char == "}":
                self._at += 1
                return made
            if not char:
                self._stop("This object is never closed.", "Add the missing }.", opened)
            self._read_member(made)
            self._end_item("}")

    def _read_member(self, made: dict[str, Any]) -> None:
        start = self._at
        key = self._read_key()
        parent = self._path
        self._path = (parent, key)
        self._mark(start)
        if key in made:
            message = f"The name {json.dumps(key)} stands twice; the last one wins."
            self._note(DUPLICATE, message, "Keep one of them.", start)
        if self._peek() != ":":
            self._stop(f"A colon is missing after {json.dumps(key)}.", "Add the colon.")
        self._at += 1
        made[key] = self._read_value()
        while self._peek() == ":":
            message = f"{json.dumps(key)} has a second colon."
            self._note(BROKEN, message, "Give it one value.")
            self._at += 1
            made[key] = self._read_value()
        self._path = parent

    def _read_key(self) -> str:
        char = self._peek()
        if char in ('"', "'") and char:
            return self._read_string(char)
        word = _WORD.match(self.text, self._at)
        if word is None:
            self._stop("A name in quotes is expected here.", 'Write "name": value.')
        self._note(
            BROKEN, f"The name {word.group()} has no quotes.", "Put it in quotes."
        )
        self._at = word.end()
        return word.group()

    def _read_array(self) -> list[Any]:
        opened = self._at
        self._at += 1
        made: list[Any] = []
        parent = self._path
        while True:
            char = self._peek()
            if char == "]":
                self._at += 1
                self._path = parent
                return made
            if not char:
                self._stop("This array is never closed.", "Add the missing ].", opened)
            self._path = (parent, len(made))
            self._mark(self._at)
            made.append(self._read_value())
            self._path = parent
            self._end_item("]")

    def _end_item(self, closing: str) -> None:
        """Read the comma after an item; mend one too many, or one too few."""
        char = self._peek()
        if char == ",":
            comma = self._at
            self._at += 1
            if self._peek() == closing:
                message = f"A comma stands before the closing {closing}."
                self._note(TRAILING_COMMA, message, "Remove the comma.", comma)
        elif char and char not in "}]":
            if not (char in "\"'{[-" or char.isalnum()):
                self._stop(f"{char!r} is not expected here.", "Remove it.")
            self._note(BROKEN, "A comma is missing here.", "Add the comma.")
        elif char and char != closing:
            self._stop(f"{char!r} closes what {closing!r} should.", f"Write {closing}.")

    def _read_string(self, quote: str) -> str:
        start = self._at
        if quote == "'":
            message = "Strings stand in double quotes, not in single ones."
            self._note(BROKEN, message, 'Use ".')
        plain = _PLAIN if quote == '"' else _PLAIN_SINGLE
        self._at += 1
        parts: list[str] = []
        raw_noted = False
        while True:
            run = plain.match(self.text, self._at)
            assert run is not None
            parts.append(run.group())
            self._at = run.end()
            char = self.text[self._at : self._at + 1]
            if char == quote:
                self._at += 1
                return "".join(parts)
            if not char:
                self._stop(
                    "This string is never closed.", "Add the missing quote.", start
                )
            if char == "\\":
                parts.append(self._read_escape())
                continue
            if not raw_noted:
                self._note_raw(char)
                raw_noted = True
            parts.append(char)
            self._at += 1

    def _note_raw(self, char: str) -> None:
        if char in "\r\n":
            message = "A string holds a raw line break."
            cure = (
                r"Write \n for each line break, for example with jq -Rs or json.dumps."
            )
        else:
            message = f"A string holds the raw control character U+{ord(char):04X}."
            cure = f"Write \\u{ord(char):04x}."
        self._note(RAW_BREAK, message, cure)

    def _read_escape(self) -> str:
        char = self.text[self._at + 1 : self._at + 2]
        if char == "u":
            return self._read_unicode()
        if char in _ESCAPES and char:
            self._at += 2
            return _ESCAPES[char]
        message = f"\\{char} is no escape of JSON."
        self._note(BROKEN, message, "Write \\\\ for a backslash.")
        self._at += 1 + len(char)
        return f"\\{char}"

    def _read_unicode(self) -> str:
        digits = _HEX.match(self.text, self._at + 2)
        if digits is None:
            self._note(BROKEN, "\\u needs four hexadecimal digits.", "Write \\u0041.")
            self._at += 2
            return "\\u"
        self._at += 6
        code = int(digits.group(), 16)
        if 0xD800 <= code < 0xDC00 and self.text.startswith("\\u", self._at):
            low = _HEX.match(self.text, self._at + 2)
            if low is not None and 0xDC00 <= int(low.group(), 16) < 0xE000:
                self._at += 6
                pair = int(low.group(), 16) - 0xDC00
                return chr(0x10000 + ((code - 0xD800) << 10) + pair)
        return chr(code)

    def _read_number(self, text: str) -> int | float:
        if _STRICT_NUMBER.fullmatch(text) is None:
            self._note(BROKEN, f"{text} is no number of JSON.", "Write it as 1 or 0.5.")
        self._at += len(text)
        try:
            return int(text)
        except ValueError:
            return float(text)

    def _read_word(self) -> Any:
        word = _WORD.match(self.text, self._at)
        name = word.group() if word else ""
        if word is None:
            char = self.text[self._at : self._at + 1]
            if not char:
                self._stop("The body ends where a value is expected.", "Complete it.")
            self._stop(f"{char!r} is not expected here.", "Write a value.")
        if name in _FOREIGN:
            value, right = _FOREIGN[name]
            self._note(BROKEN, f"{name} is no value of JSON.", f"Write {right}.")
        elif name in _CONSTANTS:
            value = _CONSTANTS[name]
        else:
            cure = "Put text in quotes; a variable of the shell was not replaced?"
            self._stop(f"{name} is no value of JSON.", cure)
        self._at = word.end()
        return value
