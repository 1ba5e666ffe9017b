"""Turn one JSON text into another by the smallest edits of its characters.

In: a text, the value that it has, and the value that it is to have. Out: edits:
ranges of the text, and what takes their place, which may be pieces of the text
itself. What is not edited keeps its order, its blanks and its spelling. Knows
nothing of where the text stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

_BLANKS = re.compile(r"[ \t\r\n]*")
_WORDS = re.compile(r"\ue002\d+\ue003|\w+|\s+|.", re.DOTALL)
_HOLE = re.compile(r"\ue001?\ue002\d+\ue003")
_LEAST, _LIKE = 3, 0.75


@dataclass(frozen=True, slots=True)
class Slice:
    """A piece of the text that is edited."""

    start: int
    end: int


Pieces = tuple[str | Slice, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """What takes the place of ``[start, end)``."""

    start: int
    end: int
    new: Pieces


@dataclass(slots=True)
class _Node:
    """A value of the text; `members` of an object are names with their places."""

    value: Any
    start: int
    end: int
    members: dict[str, _Member] = field(default_factory=dict)
    items: list[_Node] = field(default_factory=list)


@dataclass(slots=True)
class _Member:
    start: int
    end: int  # of the name
    node: _Node


def edit_json(text: str, after: Any) -> list[Edit]:
    """The edits that give `text` the value `after`, in order, none over another.

    Raises:
        ValueError: The text is no JSON.
    """
    root = _Reader(text).read()
    return sorted(_Differ(text, root).differ(root, after), key=lambda one: one.start)


class _Reader:
    """Reads a JSON text with the place of everything in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> _Node:
        json.loads(self._text)  # refuses what the rest takes for granted
        self._skip()
        return self._read_value()

    def _skip(self) -> None:
        found = _BLANKS.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _read_value(self) -> _Node:
        start = self._at
        char = self._text[start]
        if char == "{":
            return self._read_object(start)
        if char == "[":
            return self._read_array(start)
        value, self._at = json.JSONDecoder().raw_decode(self._text, start)
        return _Node(value, start, self._at)

    def _read_object(self, start: int) -> _Node:
        node = _Node({}, start, start)
        self._at += 1
        self._skip()
        while self._text[self._at] != "}":
            name_start = self._at
            name, self._at = json.JSONDecoder().raw_decode(self._text, name_start)
            name_end = self._at
            self._skip()
            self._at += 1  # the colon
            self._skip()
            inner = self._read_value()
            node.members[name] = _Member(name_start, name_end, inner)
            node.value[name] = inner.value
            self._end_item()
        self._at += 1
        node.end = self._at
        return node

    def _read_array(self, start: int) -> _Node:
        node = _Node([], start, start)
        self._at += 1
        self._skip()
        while self._text[self._at] != "]":
            inner = self._read_value()
            node.items.append(inner)
            node.value.append(inner.value)
            self._end_item()
        self._at += 1
        node.end = self._at
        return node

    def _end_item(self) -> None:
        self._skip()
        if self._text[self._at] == ",":
            self._at += 1
            self._skip()


class _Differ:
    def __init__(self, text: str, root: _Node) -> None:
        self._text = text
        self._known = list(_walk(root))

    def differ(self, node: _Node, after: Any) -> Iterator[Edit]:
        """The edits below one value."""
        if _same(node.value, after):
            return
        if isinstance(after, dict) and node.members:
            yield from self._differ_object(node, after)
        elif isinstance(after, list) and len(after) == len(node.items):
            for item, value in zip(node.items, after, strict=True):
                yield from self.differ(item, value)
        elif isinstance(after, str) and isinstance(node.value, str):
            yield from self._differ_text(node, after)
        else:
            yield Edit(
                node.start, node.end, self._render(after, self._indent(node.start))
            )

    def _differ_object(self, node: _Node, after: Mapping[str, Any]) -> Iterator[Edit]:
        gone = [name for name in node.members if name not in after]
        new = [name for name in after if name not in node.members]
        for name, member in node.members.items():
            if name in after:
                yield from self.differ(member.node, after[name])
        for old, name in self._pair(node, gone, after, new):
            gone.remove(old)
            new.remove(name)
            member = node.members[old]
            yield Edit(
                member.start, member.end, (json.dumps(name, ensure_ascii=False),)
            )
            yield from self.differ(member.node, after[name])
        yield from self._replace(node, gone, after, new)

    def _pair(
        self,
        node: _Node,
        gone: Sequence[str],
        after: Mapping[str, Any],
        new: Sequence[str],
    ) -> list[tuple[str, str]]:
        """Names that only changed: their values are equal, or alike."""
        pairs: list[tuple[str, str]] = []
        for alike in (_same, _alike):
            for name in new:
                for old in gone:
                    taken = any(old == one or name == two for one, two in pairs)
                    if not taken and alike(node.members[old].node.value, after[name]):
                        pairs.append((old, name))
                        break
        for name in new:
            for old in gone:
                taken = any(old == one or name == two for one, two in pairs)
                plain = isinstance(node.members[old].node.value, str)
                if not taken and plain and _named_alike(old, name):
                    pairs.append((old, name))
        return pairs

    def _replace(
        self, node: _Node, gone: Sequence[str], after: Mapping[str, Any], new: list[str]
    ) -> Iterator[Edit]:
        """Members that come take the places of those that go and held their values."""
        homes: dict[str, list[str]] = {name: [] for name in gone}
        rest: list[str] = []
        for name in new:
            home = self._find_home(node, gone, after[name])
            (homes[home] if home else rest).append(name)
        names = list(node.members)
        kept = [name for name in names if name not in gone or homes[name]]
        for old in gone:
            member = node.members[old]
            if homes[old]:
                rendered = self._render_members(homes[old], after, member.start)
                yield Edit(member.start, member.node.end, rendered)
            elif kept or rest:
                yield self._drop(node, names, kept, old)
            else:
                yield self._drop_all(node, old)
        if rest:
            yield from self._append(node, kept, rest, after)

    def _find_home(self, node: _Node, gone: Sequence[str], value: Any) -> str:
        for old in gone:
            below = [one.value for one in _walk(node.members[old].node)]
            if any(_same(one, value) and one not in ({}, []) for one in below):
                return old
        texts = [one for one in _leaves(value) if isinstance(one, str) and len(one) > 2]
        for old in gone:
            below = [one.value for one in _walk(node.members[old].node)]
            if any(isinstance(one, str) and one in texts for one in below):
                return old
        return ""

    def _drop(self, node: _Node, names: list[str], kept: list[str], old: str) -> Edit:
        """A member with the comma that parts it from a neighbour that stays."""
        index = names.index(old)
        member = node.members[old]
        after = names[index + 1 :]
        if any(name in kept for name in after):
            return Edit(member.start, node.members[after[0]].start, ())
        if index and (names[index - 1] in kept or kept):
            return Edit(node.members[names[index - 1]].node.end, member.node.end, ())
        end = node.members[after[0]].start if after else member.node.end
        return Edit(member.start, end, ())

    def _drop_all(self, node: _Node, old: str) -> Edit:
        names = list(node.members)
        index = names.index(old)
        end = node.members[names[index + 1]].start if index + 1 < len(names) else None
        member = node.members[old]
        return Edit(member.start, end if end is not None else member.node.end, ())

    def _append(
        self, node: _Node, kept: list[str], rest: list[str], after: Mapping[str, Any]
    ) -> Iterator[Edit]:
        last = node.members[kept[-1]] if kept else None
        if last is None:
            first = next(iter(node.members.values()))
            yield Edit(
                first.start, first.start, self._render_members(rest, after, first.start)
            )
            return
        at = last.node.end
        rendered = self._render_members(rest, after, last.start)
        yield Edit(at, at, (self._separator(last.start), *rendered))

    def _separator(self, at: int) -> str:
        indent = self._indent(at)
        return f",\n{indent}" if indent is not None else ", "

    def _render_members(
        self, names: Sequence[str], after: Mapping[str, Any], at: int
    ) -> Pieces:
        pieces: list[str | Slice] = []
        for index, name in enumerate(names):
            pieces.append(self._separator(at) if index else "")
            pieces.append(f"{json.dumps(name, ensure_ascii=False)}: ")
            pieces += self._render(after[name], self._indent(at))
        return tuple(piece for piece in pieces if piece != "")

    def _indent(self, at: int) -> str | None:
        """The blanks before what begins a line; None where it begins none."""
        line = self._text.rfind("\n", 0, at) + 1
        before = self._text[line:at]
        return before if line and not before.strip() else None

    def _render(self, value: Any, indent: str | None) -> Pieces:
        """A value; what stands in the text is taken from there."""
        known = next((n for n in self._known if _same(n.value, value)), None)
        if known is not None and value not in ({}, [], "", None, True, False):
            return (Slice(known.start, known.end),)
        if isinstance(value, dict) and value:
            return self._render_object(value, indent)
        if isinstance(value, str):
            return self._render_text(value)
        return (json.dumps(value, ensure_ascii=False),)

    def _render_object(self, value: Mapping[str, Any], indent: str | None) -> Pieces:
        step = "    " if indent is None or len(indent) % 4 == 0 else "  "
        inner = f"{indent}{step}" if indent is not None else None
        start = f"\n{inner}" if inner is not None else ""
        between = f",{start}" if start else ", "
        pieces: list[str | Slice] = ["{", start]
        for index, (name, one) in enumerate(value.items()):
            pieces.append(between if index else "")
            pieces.append(f"{json.dumps(name, ensure_ascii=False)}: ")
            pieces += self._render(one, inner)
        pieces.append(f"\n{indent}}}" if indent is not None else "}")
        return tuple(piece for piece in pieces if piece != "")

    def _render_text(self, value: str) -> Pieces:
        """A text; the longest old text that is a part of it is taken as it stands."""
        inside = [
            node
            for node in self._known
            if isinstance(node.value, str)
            and len(node.value) >= _LEAST
            and node.value in value
        ]
        if not inside:
            return (json.dumps(value, ensure_ascii=False),)
        best = max(inside, key=lambda node: len(node.value))
        before, _, behind = value.partition(best.value)
        return (
            json.dumps(before, ensure_ascii=False)[:-1],
            Slice(best.start + 1, best.end - 1),
            json.dumps(behind, ensure_ascii=False)[1:],
        )

    def _differ_text(self, node: _Node, after: str) -> Iterator[Edit]:
        """A text whose middle changed: only that is edited."""
        old = self._text[node.start + 1 : node.end - 1]
        new = json.dumps(after, ensure_ascii=False)[1:-1]
        before, behind = _WORDS.findall(old), _WORDS.findall(new)
        places = [0]
        for word in before:
            places.append(places[-1] + len(word))
        matcher = SequenceMatcher(None, before, behind, autojunk=False)
        if matcher.ratio() < 0.4:
            yield Edit(node.start + 1, node.end - 1, (new,))
            return
        first = node.start + 1
        for tag, a, b, c, d in matcher.get_opcodes():
            if tag != "equal":
                made = "".join(behind[c:d])
                yield Edit(
                    first + places[a], first + places[b], (made,) if made else ()
                )


def _walk(node: _Node) -> Iterator[_Node]:
    yield node
    for member in node.members.values():
        yield from _walk(member.node)
    for item in node.items:
        yield from _walk(item)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    else:
        yield value


def _same(one: Any, two: Any) -> bool:
    return type(one) is type(two) and bool(one == two)


def _named_alike(one: str, two: str) -> bool:
    return SequenceMatcher(None, one.lower(), two.lower()).ratio() > _LIKE


def _alike(one: Any, two: Any) -> bool:
    """Whether two objects hold entries by the same names."""
    if isinstance(one, dict) and isinstance(two, dict):
        return bool(one) and set(one) == set(two)
    told = isinstance(one, str) and not _HOLE.fullmatch(one)
    return told and isinstance(two, str) and len(one) > 2 and one in two
