"""Texts that remember where each of their characters stands.

In: nothing. Out: values. A `Text` is what a shell hands to a program; its parts
say where in the script, or in a file that it names, they were written, and how
they are quoted there. What only running would tell is a hole: a token in the
text, and what a reader of the script calls it. Knows no shell.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from azml_contract.finding import Location
from azml_contract.redaction.blot import find_hidden, hide_secrets
from azml_contract.source import excerpt

TOKEN = re.compile("\ue002([0-9]+)\ue003")
BLANK = re.compile(
    r"(?<![<>=])<(?:[A-Z][A-Z0-9 _-]{2,}[A-Z0-9]|[a-zA-Z]+(?:[-_ ][a-zA-Z]+)+)>"
    r"|(?<=[/=])<[A-Za-z][\w -]{0,80}>(?=[/?&\"'\s]|$)"
)
"""What a document leaves to be filled in, such as ``<YOUR-NAME>``."""
_PRIVATE = re.compile("[\ue000-\ue003]")


class Style(StrEnum):
    """How characters are quoted where they stand."""

    BARE = "bare"
    SINGLE = "single"
    DOUBLE = "double"
    ANSI = "ansi"
    DOCUMENT = "document"  # a here-document that expands
    VERBATIM = "verbatim"  # a file, or a here-document that does not
    CONFIG = "config"  # in quotes in a configuration file of curl
    JQ = "jq"  # in the filter of a jq, which stands in single quotes
    MADE = "made"  # written by us, nobody's


@dataclass(frozen=True, eq=False)
class Source:
    """A script, which is a file or a part of one.

    `shifts` are pairs of a place in `text` and the place in the file that it is,
    in order; they differ where the text was mended or cut out. `is_editable` is
    false where the text is not written in the file as such.
    """

    file: excerpt.Source
    text: str
    shifts: tuple[tuple[int, int], ...] = ((0, 0),)
    is_editable: bool = True

    @property
    def name(self) -> str:
        """The file, as places in it call it."""
        return self.file.file

    @cached_property
    def _places(self) -> tuple[int, ...]:
        return tuple(place for place, _ in self.shifts)

    def origin(self, place: int) -> int:
        """The place in the file of a place in the text."""
        at = max(bisect_right(self._places, place) - 1, 0)
        here, there = self.shifts[at]
        moved = there + place - here
        return (
            min(moved, self.shifts[at + 1][1]) if at + 1 < len(self.shifts) else moved
        )

    def locate(self, place: int) -> Location:
        """Line and column in the file, and the line as a reader sees it."""
        return self.file.locate(self.origin(place))


def open_source(name: str, text: str) -> Source:
    """A whole file; characters that stand for holes are no longer in it."""
    text = _PRIVATE.sub("?", text)
    return Source(excerpt.Source(name, text, find_hidden), text)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text, and where it stands: ``[start, end)`` of `source`.

    `inner` is set for an expansion: what it stands for, and the range is that of
    ``$NAME``. Else the range has as many characters as the text, or is an escape.
    """

    text: str
    source: Source
    start: int
    end: int
    style: Style
    inner: Text | None = None

    @property
    def is_even(self) -> bool:
        """Whether each character stands for itself."""
        return self.inner is None and self.end - self.start == len(self.text)

    def cut(self, start: int, end: int) -> Part:
        """A piece of it; what cannot be cut keeps its place."""
        text = self.text[start:end]
        if self.inner is not None:
            return replace(self, text=text, inner=self.inner.cut(start, end))
        if self.is_even:
            first = self.start + start
            return replace(self, text=text, start=first, end=first + len(text))
        return replace(self, text=text)


@dataclass(frozen=True, eq=False)
class Text:
    """Parts in order; `str` gives the characters."""

    parts: tuple[Part, ...] = ()

    @cached_property
    def flat(self) -> str:
        """The characters, with tokens for holes."""
        return "".join(part.text for part in self.parts)

    def __str__(self) -> str:
        return self.flat

    def __add__(self, other: Text) -> Text:
        return Text(self.parts + other.parts)

    @cached_property
    def _ends(self) -> list[int]:
        ends, at = [], 0
        for part in self.parts:
            at += len(part.text)
            ends.append(at)
        return ends

    def cut(self, start: int = 0, end: int | None = None) -> Text:
        """The characters of ``[start, end)``."""
        end = len(self.flat) if end is None else end
        made = []
        index = bisect_right(self._ends, start)  # nothing before reaches so far
        at = self._ends[index - 1] if index else 0
        while index < len(self.parts) and at < end:
            part = self.parts[index]
            first, last = max(start - at, 0), min(end - at, len(part.text))
            if first < last:
                whole = first == 0 and last == len(part.text)
                made.append(part if whole else part.cut(first, last))
            at += len(part.text)
            index += 1
        return Text(tuple(made))

    def strip_end(self, characters: str = "\n") -> Text:
        """Without line breaks at its end."""
        return self.cut(0, len(self.flat.rstrip(characters)))

    def split(self) -> list[Text]:
        """Its words, as a shell splits what is not quoted."""
        return [self.cut(*found.span()) for found in re.finditer(r"\S+", self.flat)]

    def find_part(self, offset: int) -> tuple[Part, int]:
        """The part that holds a character, and the offset in it.

        The last part stands for what is past the end.
        """
        at = min(bisect_right(self._ends, offset), len(self.parts) - 1)
        before = self._ends[at - 1] if at else 0
        return self.parts[at], max(offset - before, 0)

    def locate(self, offset: int) -> tuple[Source, int] | None:
        """Where the character at `offset` was written; None in an empty text."""
        if not self.parts:
            return None
        part, within = self.find_part(offset)
        if part.inner is not None:
            deep = part.inner.locate(within)
            return deep if deep is not None else (part.source, part.start)
        return part.source, part.start + min(
            within, max(part.end - part.start - 1, 0)
        ) * (part.is_even or within >= len(part.text))

    def as_source(self) -> Source:
        """A script that stands in this text, whose places are those of its parts."""
        first = self.parts[0]
        shifts, at = [], 0
        for part in self.parts:
            shifts.append((at, part.source.origin(part.start)))
            at += len(part.text)
        return Source(first.source.file, self.flat, tuple(shifts), is_editable=False)

    @property
    def whole_token(self) -> str:
        """Its token, where it is one hole and nothing else; else ""."""
        text = self.flat.strip()
        return text if TOKEN.fullmatch(text) else ""


EMPTY = Text()


def join(texts: Iterable[Text], between: str = "") -> Text:
    """Texts one after another."""
    parts: list[Part] = []
    for text in texts:
        if parts and between:
            last = parts[-1]
            parts.append(Part(between, last.source, last.end, last.end, Style.MADE))
        parts += text.parts
    return Text(tuple(parts))


def escape_json(text: Text) -> Text:
    """A text as it stands between the quotes of a JSON string; holes stay."""
    parts: list[Part] = []
    for part in text.parts:
        escaped = part.text
        if TOKEN.fullmatch(escaped) is None:
            escaped = json.dumps(escaped, ensure_ascii=False)[1:-1]
        if escaped == part.text:
            parts.append(part)
        else:
            parts.append(Part(escaped, part.source, part.start, part.end, part.style))
    return Text(tuple(parts)) if parts else EMPTY


@dataclass(frozen=True, slots=True)
class Hole:
    """What only running would tell.

    `call` and `path` are set where it is a part of the answer to a call: the
    index of the call and the steps of the path. `reader` is the index of the
    read that a jq made of it. `is_secret` where it is a token or a key. `file` is the
    name of a file that is not there, whose text it is. `is_folder` where it is the
    folder of the script, or the one it is run in.
    """

    shown: str
    call: int = -1
    path: tuple[str, ...] = ()
    reader: int = -1
    is_secret: bool = False
    file: str = ""
    is_folder: bool = False


@dataclass(slots=True)
class Holes:
    """The holes of one script, by the numbers in their tokens."""

    known: list[Hole] = field(default_factory=list)
    _numbers: dict[Hole, int] = field(default_factory=dict)

    def token(self, hole: Hole) -> str:
        """The token of a hole; equal ones have the same."""
        number = self._numbers.setdefault(hole, len(self.known))
        if number == len(self.known):
            self.known.append(hole)
        return f"\ue002{number}\ue003"

    def find(self, text: str) -> Iterator[Hole]:
        """The holes in a text, in order."""
        for found in TOKEN.finditer(text):
            yield self.known[int(found[1])]

    def place(self, name: str) -> str:
        """The name of a file, with a dot for the folder that a hole stands for."""
        return TOKEN.sub(
            lambda found: "." if self.known[int(found[1])].is_folder else found[0], name
        )

    def show(self, text: str) -> str:
        """`text` as a reader of the script would write it."""
        shown = TOKEN.sub(lambda found: self._show(int(found[1])), text)
        return _PRIVATE.sub("", shown)

    def _show(self, number: int) -> str:
        return hide_secrets(self.known[number].shown)
