"""Read the filters of jq: bodies that it builds, and paths that it looks at.

In: a filter, as a text that knows where it was written, and what its variables
hold. Out: the JSON that it builds, with holes for what it does not tell, or the
paths into its input. Only constructions are followed: objects, arrays, texts,
numbers, variables and sums of texts. Nothing is run.

Source: jq 1.7 manual.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from azml_contract.scripts.text import (
    EMPTY,
    TOKEN,
    Part,
    Source,
    Style,
    Text,
    join,
)

_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<string>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)
    |(?P<var>\$(?:ENV\.|__loc__)?\w+|env\.\w+)|(?P<name>[A-Za-z_]\w*)|(?P<punct>//|[{}\[\](),:|+.]|.)""",
    re.VERBOSE | re.DOTALL,
)
_STEP = re.compile(
    r"""\s*(?:\.?\[\s*(?P<index>-?\d+)\s*\]|\.?(?P<each>\[\s*\])|\.?\[\s*"(?P<quoted>[^"\\]*)"\s*\]
    |\.\s*"(?P<text>[^"\\]*)"|\.(?P<name>[A-Za-z_]\w*))\??""",
    re.VERBOSE,
)
_DEEPEST = 40


class _Strange(ValueError):
    """A filter that is no construction."""


@dataclass(frozen=True, slots=True)
class Path:
    """Steps into an answer, ``*`` for each item, and where they stand in a filter."""

    steps: tuple[str, ...]
    start: int
    end: int


def find_paths(filter_: str) -> tuple[Path, ...]:
    """The paths that a filter reads from its input, such as ``.value[0].name``.

    Empty where it does more than look: then nothing is claimed.
    """
    found = []
    for piece in re.finditer(r"[^,]+", filter_):
        path = _read_path(filter_, piece.start(), piece.end())
        if path is None:
            return ()
        found.append(path)
    return tuple(found)


def _read_path(filter_: str, at: int, end: int) -> Path | None:
    steps: list[str] = []
    start = last = -1
    while at < end:
        step = _STEP.match(filter_, at, end)
        if step:
            start = step.end() - len(step[0].lstrip()) if start < 0 else start
            index, each = step["index"], step["each"]
            name = step["quoted"] or step["text"] or step["name"]
            steps.append(index if index else "*" if each else name or "")
            at = last = step.end()
            continue
        other = re.compile(r"\s*(\|\s*(?=\.)|\.(?=\s|$)|//|\s+$|\))").match(
            filter_, at, end
        )
        if other is None:
            return None
        if other[1].startswith("//"):
            break
        at = other.end()
    return Path(tuple(steps), start, last) if steps else None


Make = Callable[[str, Source, int, int], Text]


def build(filter_: Text, known: Mapping[str, Text], make_hole: Make) -> Text | None:
    """The JSON that a filter builds; None where it is no construction.

    Args:
        filter_: As jq is given it.
        known: What ``$NAME`` stands for: texts, and those that are JSON already
            with a name that ends in ``:json``.
        make_hole: Makes a hole of a shown name and a place.
    """
    flat = filter_.flat
    if not re.match(r"\s*[{\[(\"$]", flat):
        return None
    try:
        reader = _Builder(filter_, known, make_hole)
        made = reader.read_all()
    except _Strange:
        return None
    return made


@dataclass(frozen=True, slots=True)
class _Made:
    """A value: JSON, or the inside of a JSON text."""

    text: Text
    is_text: bool = False


class _Builder:
    def __init__(self, filter_: Text, known: Mapping[str, Text], make_hole: Make):
        self._filter = filter_
        self._known = known
        self._hole = make_hole
        self._tokens = [
            (found.lastgroup or "", found[0], found.start())
            for found in _TOKEN.finditer(filter_.flat)
            if found.lastgroup
        ]
        self._at = 0
        self._depth = 0

    def read_all(self) -> Text:
        made = self._read_sum()
        if self._at < len(self._tokens):
            raise _Strange
        return self._as_json(made)

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self) -> tuple[str, str, int]:
        if self._at >= len(self._tokens):
            raise _Strange
        self._at += 1
        return self._tokens[self._at - 1]

    def _made(self, text: str, at: int) -> Text:
        """A text of ours, placed where the filter is at `at`."""
        place = self._filter.locate(at)
        if place is None:
            return EMPTY
        source, start = place
        return Text((Part(text, source, start, start, Style.MADE),))

    def _cut(self, start: int, end: int) -> Text:
        parts = self._filter.cut(start, end).parts
        return Text(tuple(replace(one, style=Style.JQ) for one in parts))

    def _wrap(self, made: Text, start: int, end: int) -> Text:
        """What an expression becomes, which stands there as a whole."""
        parts = self._filter.cut(start, end).parts
        if len(parts) != 1 or not parts[0].is_even or not made.parts:
            return made
        whole = replace(parts[0], text=made.flat, style=Style.JQ, inner=made)
        return Text((whole,))

    def _end(self) -> int:
        """Where the token before this one ends."""
        _, text, at = self._tokens[self._at - 1]
        return at + len(text)

    def _as_json(self, made: _Made, at: int = 0) -> Text:
        if not made.is_text:
            return made.text
        quote = self._made('"', at)
        return join([quote, made.text, quote])

    def _read_sum(self) -> _Made:
        at = self._tokens[self._at][2] if self._at < len(self._tokens) else 0
        made = self._read_term()
        while self._peek() in ("+", "//", "|"):
            sign = self._take()[1]
            if sign == "|":
                name = self._take()[1]
                if name not in ("tostring", "tojson", "tonumber", "ascii_downcase"):
                    raise _Strange
                if name == "tonumber":
                    made = _Made(self._made_hole(at))
                continue
            other = self._read_term()
            if sign == "//":
                continue
            if not (made.is_text and other.is_text):
                raise _Strange
            made = _Made(made.text + other.text, is_text=True)
        return made

    def _made_hole(self, start: int) -> Text:
        end = self._tokens[self._at][2] if self._at < len(self._tokens) else None
        cut = self._filter.cut(start, end)
        place = cut.locate(0)
        if place is None:
            raise _Strange
        shown = " ".join(cut.flat.split())[:40]
        return self._hole(f"jq {shown}", place[0], place[1], place[1])

    def _read_term(self) -> _Made:
        kind, text, at = self._take()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _Strange
        try:
            return self._read_kind(kind, text, at)
        finally:
            self._depth -= 1

    def _read_kind(self, kind: str, text: str, at: int) -> _Made:
        if kind == "string":
            return _Made(self._read_text(text, at), is_text=True)
        if kind == "number" or (kind == "name" and text in ("true", "false", "null")):
            return _Made(self._cut(at, at + len(text)))
        if kind == "var":
            return self._look_up(text, at)
        if text == "{":
            return self._read_object(at)
        if text == "[":
            return self._read_array(at)
        if text == "(":
            made = self._read_sum()
            if self._take()[1] != ")":
                raise _Strange
            return made
        raise _Strange

    def _look_up(self, name: str, at: int) -> _Made:
        key = name.lstrip("$")
        if f"{key}:json" in self._known:
            return _Made(self._known[f"{key}:json"])
        if key in self._known:
            return _Made(_escape(self._known[key]), is_text=True)
        place = self._filter.locate(at)
        if place is None or not re.match(r"\$ENV\.|env\.", name):
            raise _Strange
        hole = self._hole(f"${name.rpartition('.')[2]}", place[0], place[1], place[1])
        return _Made(hole, is_text=True)

    def _read_text(self, text: str, at: int) -> Text:
        """The inside of a JSON text; ``\\(...)`` puts in what is known."""
        parts, last = [], 1
        for found in re.finditer(r"\\\(([^()]*)\)", text):
            parts.append(self._cut(at + last, at + found.start()))
            try:
                inner = self._look_up(found[1].strip(), at + found.start())
                parts.append(inner.text)
            except _Strange:
                place = self._filter.locate(at + found.start())
                if place is not None:
                    parts.append(self._hole(found[0], place[0], place[1], place[1]))
            last = found.end()
        parts.append(self._cut(at + last, at + len(text) - 1))
        return join(parts)

    def _read_array(self, start: int) -> _Made:
        items = [self._made("[", start)]
        while self._peek() != "]":
            at = self._tokens[self._at][2] if self._at < len(self._tokens) else start
            made = self._as_json(self._read_sum(), at)  # no generator
            items.append(self._wrap(made, at, self._end()))
            if self._peek() == ",":
                items.append(self._made(",", self._take()[2]))
            elif self._peek() != "]":
                raise _Strange
        items.append(self._made("]", self._take()[2]))
        return _Made(join(items))

    def _read_object(self, start: int) -> _Made:
        pieces = [self._made("{", start)]
        while self._peek() != "}":
            pieces += self._read_member()
            if self._peek() == ",":
                pieces.append(self._made(",", self._take()[2]))
            elif self._peek() != "}":
                raise _Strange
        pieces.append(self._made("}", self._take()[2]))
        return _Made(join(pieces))

    def _read_member(self) -> list[Text]:
        kind, text, at = self._take()
        quote = self._made('"', at)
        if kind == "name":
            key = self._cut(at, at + len(text))
        elif kind == "string":
            key = self._read_text(text, at)
        elif kind == "var":
            key = self._cut(at + 1, at + len(text))
        elif text == "(":
            made = self._read_sum()
            if not made.is_text or self._take()[1] != ")":
                raise _Strange
            key = made.text
        else:
            raise _Strange
        pieces = [self._wrap(join([quote, key, quote]), at, self._end())]
        if self._peek() == ":":
            pieces.append(self._made(":", self._take()[2]))
            value = self._read_value()
        elif kind == "var":
            pieces.append(self._made(":", at))
            value = self._look_up(text, at)
        else:
            pieces.append(self._made(":", at))
            value = _Made(self._made_hole(at))
        return [*pieces, self._as_json(value, at)]

    def _read_value(self) -> _Made:
        """A value; a hole where it is no construction."""
        before = self._at
        at = self._tokens[before][2] if before < len(self._tokens) else 0
        try:
            made = self._read_sum()
            if self._peek() in (",", "}", "]"):
                return _Made(self._wrap(self._as_json(made, at), at, self._end()))
        except _Strange:
            pass
        self._at = before
        depth = 0
        while self._at < len(self._tokens):
            sign = self._peek()
            if depth == 0 and sign in (",", "}", "]", ")"):
                break
            depth += sign in ("{", "[", "(")
            depth -= sign in ("}", "]", ")")
            self._at += 1
        if self._at == before:
            raise _Strange
        return _Made(self._wrap(self._made_hole(at), at, self._end()))


def _escape(text: Text) -> Text:
    """The inside of the JSON text that a value becomes."""
    if not re.search(r'["\\\x00-\x1f]', text.flat):
        return text
    parts = []
    for part in text.parts:
        escaped = part.text
        if TOKEN.fullmatch(escaped) is None:
            escaped = json.dumps(escaped, ensure_ascii=False)[1:-1]
        same = escaped == part.text
        parts.append(part if same else replace(part, text=escaped, inner=None))
    return Text(tuple(parts))
