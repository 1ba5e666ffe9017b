"""Where pointers stand in the text of a YAML document.

In: a text that `plain_yaml` reads. Out: places, and for a scalar which of its
characters came from where, through quotes, escapes and folded lines.

Source: YAML 1.1, chapters 5.7 and 9.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from azml_contract.json_pointer import steps_of
from azml_contract.source.excerpt import Excerpt, Source

_FOLD = re.compile(r"[ \t]*(?:\r?\n[ \t]*)+")
_SIZES = {"x": 4, "u": 6, "U": 10}


class YamlPlaces:
    """Places in one text, which is composed when the first is asked for."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._root: Any = None

    def find(self, pointer: str) -> tuple[int, Any]:
        """Where a pointer's name starts, and its node; those of an ancestor else."""
        if self._root is None:
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            self._root = yaml.compose(self._source.text, Loader=loader)
        node = self._root
        start = self._offset(node.start_mark) if node is not None else 0
        for name in steps_of(pointer):
            found = _step(node, name)
            if found is None:
                break
            start, node = self._offset(found[0].start_mark), found[1]
        return start, node

    def read(self, pointer: str) -> Excerpt:
        """The text of a scalar; nothing, all of it at its place, of other nodes."""
        start, node = self.find(pointer)
        if not isinstance(node, yaml.ScalarNode):
            return Excerpt(self._source, "", ((0, start),), packed=True)
        first = self._offset(node.start_mark)
        raw = self._source.text[first : self._offset(node.end_mark)]
        runs = _align(raw, node.value, node.style or "")
        if runs is None:
            return Excerpt(self._source, node.value, ((0, first),), packed=True)
        moved = tuple((inside, first + outside) for inside, outside in runs)
        return Excerpt(self._source, node.value, moved)

    def _offset(self, mark: Any) -> int:
        # libyaml counts the byte order mark, and bytes in some versions: lines hold.
        return self._source.find_offset(mark.line + 1, mark.column + 1)


def _step(node: Any, name: str) -> tuple[Any, Any] | None:
    if isinstance(node, yaml.MappingNode):
        pairs = [(key, value) for key, value in node.value if key.value == name]
        return pairs[-1] if pairs else None
    if isinstance(node, yaml.SequenceNode) and name.isdigit():
        at = int(name)
        return (node.value[at], node.value[at]) if at < len(node.value) else None
    return None


def _align(raw: str, value: str, style: str) -> list[tuple[int, int]] | None:
    """Pairs of offsets in a scalar's value and its raw text; None where unsure."""
    at = _find_start(raw, style)
    indent = re.match(r" *", raw[at:]) if style in ("|", ">") else None
    if indent is not None:
        at += indent.end()
    runs: list[tuple[int, int]] = [(0, at)]
    for inside, char in enumerate(value):
        if runs[-1][1] + inside - runs[-1][0] != at:
            runs.append((inside, at))
        size = _measure(raw, at, char, style, len(indent[0]) if indent else 0)
        if size is None:
            return None
        at += size
    return runs


def _find_start(raw: str, style: str) -> int:
    if style in ("|", ">"):
        return raw.find("\n") + 1
    return 1 if style in ("'", '"') else 0


def _measure(raw: str, at: int, char: str, style: str, indent: int) -> int | None:
    """How much of the raw text one character of the value takes; None: unsure."""
    here = raw[at : at + 1]
    if style == "|":
        if here != char:
            return None
        return 1 + _count_indent(raw, at + 1, indent) if char == "\n" else 1
    if style == '"' and here == "\\":
        return _measure_escape(raw, at, char)
    if style == "'" and raw.startswith("''", at):
        return 2
    if here in (" ", "\t", "\n", "\r"):
        fold = _FOLD.match(raw, at)
        if fold is not None and char in " \n":
            return _measure_fold(raw, at, fold.end(), char)
    return 1 if here == char else None


def _count_indent(raw: str, at: int, indent: int) -> int:
    spaces = re.compile(f" {{0,{indent}}}").match(raw, at)
    return spaces.end() - at if spaces else 0


def _measure_fold(raw: str, at: int, end: int, char: str) -> int:
    """A folded line break is a space; further ones are breaks, one each."""
    if char == " ":
        return end - at
    breaks = [found.end() for found in re.finditer(r"\n", raw[at:end])]
    taken = 1 if raw[at - 1 : at] == "\n" else 2
    return end - at if len(breaks) <= taken else breaks[taken - 1]


def _measure_escape(raw: str, at: int, char: str) -> int | None:
    """An escape; one before a line break joins the lines, and more follows."""
    joined = re.compile(r"\\\r?\n[ \t]*").match(raw, at)
    if joined is not None:
        ahead = _measure(raw, joined.end(), char, '"', 0)
        return None if ahead is None else joined.end() - at + ahead
    return _SIZES.get(raw[at + 1 : at + 2], 2)
