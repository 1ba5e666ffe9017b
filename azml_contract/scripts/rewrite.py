"""Write edits of what a script sends into the script itself.

In: a text that knows where it was written, and edits of its characters. Out:
edits of files: ranges and their new text, spelled in the quoting that stands
there. Knows neither JSON nor api-versions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from azml_contract.scripts.json_edits import Edit, Slice
from azml_contract.scripts.text import TOKEN, Holes, Part, Source, Style, Text

LAST_OF = "\ue001"
"""Before a token: the last step of the path that it stands for."""
_TOKENS = re.compile("(\ue001?)(\ue002[0-9]+\ue003)")
_NAME = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")

_LEAVES = {Style.SINGLE: "'", Style.JQ: "'", Style.ANSI: "$'"}
"""How quotes that expand nothing begin again after a variable."""


class Unwritable(Exception):
    """An edit that has no place in the file as it is."""


@dataclass(frozen=True, slots=True)
class FileEdit:
    """New text for ``[start, end)`` of a file."""

    file: str
    start: int
    end: int
    new: str


def write_edits(
    text: Text, edits: Iterable[Edit], holes: Holes, *, deep: bool = False
) -> list[FileEdit]:
    """Place edits of a text in the files that it was written in.

    Args:
        text: What is edited.
        edits: Ranges of its characters, and what takes their place.
        holes: Those of its tokens.
        deep: What an expansion holds as a whole is edited where it was set, not
            where it is used.

    Raises:
        Unwritable: One of them has no place.
    """
    return [_write(text, edit, holes, deep=deep) for edit in edits]


@dataclass(frozen=True, slots=True)
class _Spot:
    """A range of a source, and the quoting in which it begins."""

    source: Source
    start: int
    end: int
    style: Style


def _write(text: Text, edit: Edit, holes: Holes, *, deep: bool) -> FileEdit:
    level, before = _descend(text, edit.start, edit.end, deep=deep)
    spot = _find_spot(level, edit.start - before, edit.end - before)
    new = ""
    for piece in edit.new:
        if isinstance(piece, str):
            new += _encode(piece, spot.style, holes)
        else:
            new += _copy(spot, piece, text, holes)
    file = spot.source.file
    if "\r\n" in file.text:
        new = re.sub(r"\r?\n", "\r\n", new)
    first, last = spot.source.origin(spot.start), spot.source.origin(spot.end)
    return FileEdit(file.file, first, last, new)


def _descend(text: Text, start: int, end: int, *, deep: bool) -> tuple[Text, int]:
    """The innermost text that holds a whole range, and where it begins."""
    before = 0
    while (inner := _find_holder(text, start - before, end - before, deep)) is not None:
        text, before = inner[0], before + inner[1]
    return text, before


def _find_holder(
    text: Text, start: int, end: int, deep: bool
) -> tuple[Text, int] | None:
    at = 0
    for part in text.parts:
        stop = at + len(part.text)
        if start == end:
            holds = at < start < stop
        else:
            holds = at <= start and end <= stop and (deep or (at, stop) != (start, end))
        if holds:
            return (part.inner, at) if part.inner is not None else None
        at = stop
    return None


def _find_spot(text: Text, start: int, end: int) -> _Spot:
    """Where a range stands; characters that we made stand nowhere."""
    first = _find_edge(text, start, opens=start < end)
    last = _find_edge(text, end, opens=False) if start < end else first
    if first is None or last is None:
        raise Unwritable("it is not written in the script as such")
    (one, begin), (two, finish) = first, last
    if one.source is not two.source or finish < begin or not one.source.is_editable:
        raise Unwritable("it is put together of several places")
    style = _style_of(text, one)
    if style is not _style_of(text, two):
        raise Unwritable("it begins and ends in different quotes")
    return _Spot(one.source, begin, finish, style)


def _find_edge(text: Text, at: int, *, opens: bool) -> tuple[Part, int] | None:
    """The part and the place of one edge of a range.

    `opens` prefers what follows, else what is before; where that was made by us,
    the other side.
    """
    before = after = None
    stop = 0
    for part in text.parts:
        start, stop = stop, stop + len(part.text)
        if start < at <= stop and part.text:
            before = (part, _inside(part, at - start))
        if start <= at < stop:
            after = (part, _inside(part, at - start))
            break
    order = (after, before) if opens else (before, after)
    return next((e for e in order if e and e[0].style is not Style.MADE), None)


def _inside(part: Part, within: int) -> int:
    if part.is_even:
        return part.start + within
    return part.end if within >= len(part.text) else part.start


def _style_of(text: Text, part: Part) -> Style:
    """How a part is quoted; an expansion as what stands beside it."""
    is_hole = TOKEN.fullmatch(part.text) is not None
    if part.style is Style.JQ or (part.inner is None and not is_hole):
        return part.style
    char = part.source.text[part.start - 1 : part.start]
    if char == '"':
        return Style.DOUBLE
    for other in text.parts:
        touches = other.end == part.start or other.start == part.end
        if other is not part and touches and other.inner is None:
            return other.style
    return Style.BARE


def _copy(spot: _Spot, piece: Slice, text: Text, holes: Holes) -> str:
    """A piece of the text, as it is spelled in the script."""
    level, before = _descend(text, piece.start, piece.end, deep=False)
    try:
        known = _find_spot(level, piece.start - before, piece.end - before)
    except Unwritable:
        known = None
    if known is not None and known.style is spot.style and known.source is spot.source:
        origin = known.source.origin
        return known.source.file.text[origin(known.start) : origin(known.end)]
    return _encode(text.flat[piece.start : piece.end], spot.style, holes)


def _encode(text: str, style: Style, holes: Holes) -> str:
    """A text in the quoting that stands there; tokens become what they stand for."""
    written, at = "", 0
    for found in _TOKENS.finditer(text):
        written += _quote(text[at : found.start()], style)
        written += _expand(found, style, text[found.end() : found.end() + 1], holes)
        at = found.end()
    return written + _quote(text[at:], style)


def _quote(text: str, style: Style) -> str:
    if style is Style.DOUBLE:
        return re.sub(r'([\\"$`])', r"\\\1", text)
    if style is Style.CONFIG:
        return re.sub(r'([\\"])', r"\\\1", text)
    if style is Style.DOCUMENT:
        return re.sub(r"([\\$`])", r"\\\1", text)
    if style in (Style.SINGLE, Style.JQ):
        return text.replace("'", "'\\''")
    if style is Style.ANSI:
        return re.sub(r"([\\'])", r"\\\1", text).replace("\n", "\\n")
    if style is Style.BARE and re.search(r"[^\w./:=,@%+-]", text):
        return "'" + text.replace("'", "'\\''") + "'"
    return text


def _expand(found: re.Match[str], style: Style, follows: str, holes: Holes) -> str:
    (hole,) = holes.find(found[2])
    name = _NAME.fullmatch(hole.shown)
    if name is None or style is Style.VERBATIM:
        raise Unwritable(f"{hole.shown} cannot be named there")
    if found[1]:
        written = f"${{{name[1]}##*/}}"
    elif follows and re.match(r"\w", follows):
        written = f"${{{name[1]}}}"
    else:
        written = hole.shown
    leaves = _LEAVES.get(style, "")
    return f'\'"{written}"{leaves}' if leaves else written


def apply_edits(text: str, edits: Sequence[FileEdit]) -> str:
    """A file with its edits; of two at one place the first to be asked for wins."""
    made, at = [], 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        if edit.start < at:
            continue
        made += [text[at : edit.start], edit.new]
        at = edit.end
    return "".join([*made, text[at:]])
