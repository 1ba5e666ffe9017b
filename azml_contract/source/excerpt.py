"""Where a text stands in a file: true lines and columns of what is embedded in it.

In: the text of a file, and a text that was read out of it, perhaps unescaped,
unfolded or put together from pieces. Out: places in the file, each with the line
that a reader sees there. Knows nothing of JSON, YAML or shells: whoever takes a
text out of a file says which of its characters came from where.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from azml_contract.finding import Location

_LINE_END = re.compile(r"\n")
_SHOWN_BEFORE, _SHOWN_AFTER, _READ_AROUND = 40, 100, 2000
_MOST_SHOWN, _READ_WHOLE = 1000, 65_536
_WORD = re.compile(r"\\?\"(?:[^\"\\]|\\[^\"])*\\?\"|[\w$.-]+|\S")
FindSecrets = Callable[[str], Iterable[tuple[int, int]]]
"""Tells where secrets begin and end in a piece of a text."""


class Source:
    """The text of one file, its lines found once."""

    def __init__(
        self, file: str, text: str, find_secrets: FindSecrets = lambda _: ()
    ) -> None:
        """Begin.

        Args:
            file: What places call it.
            text: All of it.
            find_secrets: What of a line is not to be shown.
        """
        self.file = file
        self.text = text
        self._find_secrets = find_secrets
        self._starts: list[int] | None = None
        self._located = 0
        self._hidden: list[tuple[int, int]] = []
        self._found: dict[tuple[int, int], list[tuple[int, int]]] = {}

    def hide(self, places: Iterable[tuple[int, int]]) -> None:
        """Show what stands at these places no more: each begins, and ends."""
        self._hidden = sorted({*self._hidden, *places})

    def locate(self, offset: int) -> Location:
        """The place of a character; line and column count from 1."""
        starts = self._find_starts()
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(starts, offset)
        start = starts[line - 1]
        self._located += 1
        if self._located > _MOST_SHOWN:  # nobody reads so many
            return Location(self.file, line, offset - start + 1)
        end = starts[line] if line < len(starts) else len(self.text)
        cut = max(start, offset - _READ_AROUND)
        near = self.text[cut : min(end, offset + _READ_AROUND)].rstrip("\r\n")
        is_long = end - start > _SHOWN_AFTER
        whole = (start, end) if end - start <= _READ_WHOLE else (cut, cut + len(near))
        hidden = _hide(near, cut, (*self._hidden, *self._find_in(*whole)))
        shown, caret, width = _show(near, hidden, offset - cut, is_long)
        return Location(self.file, line, offset - start + 1, shown, caret, width)

    def _find_in(self, start: int, end: int) -> list[tuple[int, int]]:
        """Where secrets stand in a piece of the text, in places of the file."""
        known = self._found.get((start, end))
        if known is None:
            spans = self._find_secrets(self.text[start:end])
            known = [(start + first, start + behind) for first, behind in spans]
            self._found[start, end] = known
        return known

    def find_offset(self, line: int, column: int) -> int:
        """The character at a line and a column, both from 1."""
        starts = self._find_starts()
        line = max(1, min(line, len(starts)))
        return min(starts[line - 1] + column - 1, len(self.text))

    def _find_starts(self) -> list[int]:
        if self._starts is None:
            ends = (found.end() for found in _LINE_END.finditer(self.text))
            self._starts = [0, *ends]
        return self._starts


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A text that was read out of a source.

    `runs` are pairs of offsets, in `text` and in the source, in the order of the
    first: from one pair to the next both count on together. A text that stands
    nowhere as such, because it was packed, has one pair, and everything in it is
    where that points to; then `packed` is set.
    """

    source: Source
    text: str
    runs: tuple[tuple[int, int], ...] = ((0, 0),)
    packed: bool = False

    def locate(self, offset: int) -> Location:
        """The place in the file of a character of the text."""
        at = max(bisect_right(self.runs, (offset, len(self.source.text))) - 1, 0)
        inside, outside = self.runs[at]
        ahead = 0 if self.packed else max(offset - inside, 0)
        return self.source.locate(outside + ahead)


def _hide(near: str, start: int, places: Iterable[tuple[int, int]]) -> str:
    """A piece of a text that begins somewhere, with stars at some places of it."""
    for first, behind in places:
        first, behind = max(first - start, 0), min(behind - start, len(near))
        if first < behind:
            near = near[:first] + "*" * (behind - first) + near[behind:]
    return near


def _show(near: str, hidden: str, at: int, is_long: bool) -> tuple[str, int, int]:
    """A line as shown, where the caret stands in it, and how much it underlines."""
    word = _WORD.match(near, at)
    width = word.end() - at if word else 1
    first = max(0, at - _SHOWN_BEFORE) if is_long else 0
    shown = hidden[first : first + _SHOWN_BEFORE + _SHOWN_AFTER]
    return shown, at - first + 1, max(1, min(width, len(shown) - (at - first)))
