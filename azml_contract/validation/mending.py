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
_MOST_DEFECTS = 200
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
# A name that lost its closing quote runs on to the next quote of its line.
_RUN_ON_NAME = re.compile(r'"([\w.$-]+)(\s*:)')
_BETWEEN = re.compile(r"[\s\]},]*")
_BARE_TEXT = re.compile(r"[^\s,}\]\"'][^,}\]\"'\n]*")


class _Stop(Exception):
    """The text cannot be understood from here on; the defect is noted."""


class Reader:
    """Reads one text, mends what it can, and notes what it mended.

    What no guess can mend is told once: what follows from it is not told as well.

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
        self._ended = False
        self._is_broken = False
        self._holes: set[str] = set()
        self._starts: list[int] | None = None

    def read(self) -> Parsed:
        """The value and every defect."""
        try:
            self._skip_space()
            self._mark(self._at)
            value = self._read_value()
            self._skip_space()
            if self._at < len(self.text):
                self._break("The body goes on after its end.", "Remove the rest.")
        except _Stop:
            return Parsed(None, tuple(self._defects), readable=False)
        holes = frozenset(self._holes)
        readable = "" not in holes
        return Parsed(value, tuple(self._defects), readable, holes, self._ended)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, from 1."""
        starts = self._starts
        if starts is None:
            breaks = _BREAK.finditer(self.text)
            starts = self._starts = [0, *(found.end() for found in breaks)]
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def _note(
        self,
        kind: str,
        message: str,
        cure: str,
        at: int | None = None,
        change: tuple[str, str] = ("", ""),
    ) -> None:
        if len(self._defects) >= _MOST_DEFECTS:
            raise _Stop
        line, column = self.place(self._at if at is None else at)
        where = f"{message} Line {line}, column {column}."
        pointer = to_pointer(self._path)
        made = Defect(kind, where, cure, pointer, line, column, *change)
        self._defects.append(made)

    def _break(self, message: str, cure: str, at: int | None = None) -> None:
        """Note what is mended by a guess; of these the first alone is told."""
        if not self._is_broken:
            self._note(BROKEN, message, cure, at)
        self._is_broken = True

    def _stop(self, message: str, cure: str, at: int | None = None) -> NoReturn:
        self._break(message, cure, at)
        raise _Stop

    def _give_up(self, message: str, cure: str) -> None:
        """Nothing tells how it goes on: what was read until here is all there is."""
        self._break(message, cure)
        self._holes.add(to_pointer(self._path))
        self._ended = True
        self._at = len(self.text)

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
                self._note_end("This object is never closed.", "}", opened)
                return made
            self._read_member(made)
            if self._end_item("}"):
                return made

    def _read_member(self, made: dict[str, Any]) -> None:
        start = self._at
        key = self._read_name()
        if self._ended:
            return
        parent = self._path
        self._path = (parent, key)
        self._mark(start)
        if key in made:
            message = f"The name {json.dumps(key)} stands twice; the last one wins."
            self._note(DUPLICATE, message, "Keep one of them.", start)
        if self._peek() == ":":
            self._at += 1
        else:
            self._miss_colon(key)
        self._skip_space()
        value_at = self._at
        made[key] = self._read_value()
        if self._peek() == ":" and self._lacks_brace(value_at):
            message = f"The object of {json.dumps(key)} is not opened."
            self._break(message, "Add the missing {.", value_at)
            self._at = value_at - 1
            made[key] = self._nest(self._read_object)
        while self._peek() == ":":
            message = f"{json.dumps(key)} has a second colon."
            self._break(message, "Give it one value.")
            self._at += 1
            made[key] = self._read_value()
        self._path = parent

    def _lacks_brace(self, at: int) -> bool:
        """Whether the text at a value is the first name of an object."""
        more = self.text.count("}") > self.text.count("{")
        return more and self.text[at] == '"'

    def _miss_colon(self, key: str) -> None:
        char = self._peek()
        if char and char not in "\"'{[-" and not char.isalnum():
            message = f"A colon is missing after {json.dumps(key)}."
            self._give_up(message, "Add the colon.")
        elif char:
            message = f"A colon is missing after {json.dumps(key)}."
            self._break(message, "Add the colon.")

    def _read_name(self) -> str:
        """A name; one that lacks a quote is told as that, and read as it is meant."""
        self._skip_space()
        run_on = _RUN_ON_NAME.match(self.text, self._at)
        if run_on is None or not self._is_run_on(run_on.end()):
            return self._read_key()
        message = f"The name {run_on[1]} lacks its closing quote."
        self._break(message, "Add the quote.")
        self._at = run_on.start(2)
        return run_on[1]

    def _is_run_on(self, at: int) -> bool:
        """Whether what reads as the rest of a name is its value."""
        line_end = self.text.find("\n", at)
        line = self.text[at : line_end if line_end >= 0 else len(self.text)]
        _, quote, after = line.partition('"')
        return not quote or not after.lstrip().startswith(":")

    def _read_key(self) -> str:
        char = self._peek()
        if char in ('"', "'") and char:
            return self._read_string(char)
        word = _WORD.match(self.text, self._at)
        if word is None:
            message = "A name in quotes is expected here."
            self._give_up(message, 'Write "name": value.')
            return ""
        if self.text.startswith('"', word.end()):
            message = f"The name {word.group()} lacks its opening quote."
            self._break(message, "Add the quote.")
            self._at = word.end() + 1
            return word.group()
        message = f"The name {word.group()} has no quotes."
        self._note(BROKEN, message, "Put it in quotes.")
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
                self._note_end("This array is never closed.", "]", opened)
                self._path = parent
                return made
            self._path = (parent, len(made))
            self._mark(self._at)
            made.append(self._read_value())
            self._path = parent
            if self._end_item("]"):
                return made

    def _note_end(self, message: str, missing: str, opened: int) -> None:
        """The text is at its end; of all that is open the innermost is told."""
        if not self._ended:
            self._break(message, f"Add the missing {missing}.", opened)
        self._ended = True

    def _end_item(self, closing: str) -> bool:
        """Read the comma after an item; mend one too many, or one too few.

        Returns:
            Whether the container ends here, closed by a bracket of another.
        """
        char = self._peek()
        if char == ",":
            comma = self._at
            self._at += 1
            while self._peek() == ",":
                self._note(BROKEN, "A comma stands twice.", "Remove one.")
                self._at += 1
            if self._peek() == closing:
                message = f"A comma stands before the closing {closing}."
                cure, change = "Remove the comma.", (",", "")
                self._note(TRAILING_COMMA, message, cure, comma, change)
        elif char and char not in "}]":
            if not (char in "\"'{[-" or char.isalnum()):
                self._give_up(f"{char!r} is not expected here.", "Remove it.")
                return False
            self._break("A comma is missing here.", "Add the comma.")
        elif char and char != closing:
            message = f"{char!r} closes what {closing!r} should."
            self._break(message, f"Write {closing}.")
            return True
        return False

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
                return self._close_line(start)
            if char == "\\":
                parts.append(self._read_escape())
                continue
            if char in "\r\n" and not raw_noted and self._runs_on(start, quote):
                return self._close_line(start)
            if not raw_noted:
                self._note_raw(char)
                raw_noted = True
            parts.append(char)
            self._at += 1

    def _runs_on(self, start: int, quote: str) -> bool:
        """Whether a string that meets a line break has lost its closing quote.

        Then the quote that would close it opens the name or the text of a later
        line: after it comes neither a comma, nor a colon, nor a bracket.
        """
        closing = self.text.find(quote, self._at)
        if closing < 0:
            return True
        line = self.text[start : self._at].rstrip()
        space = _SPACE.match(self.text, closing + 1)
        end = space.end() if space else closing + 1
        after = self.text[end : end + 1]
        between = self.text[self._at : closing]
        cut = line.endswith(",") or _BETWEEN.fullmatch(between) is not None
        return cut and after not in (",", ":", "}", "]", "")

    def _close_line(self, start: int) -> str:
        """End a string where its line ends; it lacks its closing quote."""
        end = self.text.find("\n", start)
        line = self.text[start + 1 : end if end >= 0 else len(self.text)]
        self._break("This string lacks its closing quote.", "Add the quote.", start)
        text = line.rstrip().removesuffix(",").rstrip()
        self._at = start + 1 + len(text)
        self._ended = self._ended or self._peek() == ""
        return text

    def _note_raw(self, char: str) -> None:
        if char in "\r\n":
            message = "A string holds a raw line break."
            cure = (
                r"Write \n for each line break, for example with jq -Rs or json.dumps."
            )
        else:
            message = f"A string holds the raw control character U+{ord(char):04X}."
            cure = f"Write \\u{ord(char):04x}."
        escaped = json.dumps(char)[1:-1]
        self._note(RAW_BREAK, message, cure, change=(char, escaped))

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
            return self._read_nothing()
        if name in _FOREIGN:
            value, right = _FOREIGN[name]
            self._note(BROKEN, f"{name} is no value of JSON.", f"Write {right}.")
        elif name in _CONSTANTS:
            value = _CONSTANTS[name]
        else:
            return self._read_bare(name)
        self._at = word.end()
        return value

    def _read_bare(self, name: str) -> str:
        """Text that lacks its opening quote, or both."""
        found = _BARE_TEXT.match(self.text, self._at)
        text = found.group().rstrip() if found else name
        end = self._at + len(text)
        if self.text.startswith('"', end) and ":" not in text:
            message, cure = "This string lacks its opening quote.", "Add the quote."
            self._break(message, cure)
            self._at = end + 1
            return text
        cure = "Put text in quotes; a variable of the shell was not replaced?"
        self._break(f"{text} is no value of JSON.", cure)
        self._holes.add(to_pointer(self._path))
        self._at = end
        return text

    def _read_nothing(self) -> Any:
        char = self.text[self._at : self._at + 1]
        self._holes.add(to_pointer(self._path))
        if not char:
            if not self._ended:
                message = "The body ends where a value is expected."
                self._break(message, "Complete it.")
            self._ended = True
            return None
        if char in ",}]":
            self._break("A value is missing here.", "Write a value.")
            return None
        self._give_up(f"{char!r} is not expected here.", "Write a value.")
        return None
