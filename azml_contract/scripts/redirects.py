"""What the redirections of a command say: what feeds it, and where its output goes.

In: nodes of a tree and the text they stand in. Out: texts and names of files. Runs no
command; of what a statement holds besides, it says what is to run, and in which order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from azml_contract.scripts.command import strip_tabs
from azml_contract.scripts.files import Files
from azml_contract.scripts.parse import Node, span
from azml_contract.scripts.text import EMPTY, Hole, Part, Source, Style, Text
from azml_contract.scripts.words import Words

_WRITES = frozenset((">", ">>", ">|", "&>", "&>>"))
_ADDS = frozenset((">>", "&>>"))


class Stretch(NamedTuple):
    """A part of a script that was parsed by itself: from `base` of `source` on."""

    source: Source
    base: int

    def span(self, node: Node) -> tuple[int, int]:
        """Where a node stands in the source."""
        start, end = span(node)
        return start + self.base, end + self.base

    def raw(self, node: Node) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self.source.text[start:end]


@dataclass(slots=True)
class Redirected:
    """A statement with redirections, sorted.

    `bodies` are what is redirected, `pipes` what its output is piped to, `others` what
    follows. `stdin` feeds the first; `target` is the file of its output, with a plus
    where it is added, "" where the output goes on.
    """

    stdin: Text | None
    bodies: list[Node] = field(default_factory=list)
    pipes: list[Node] = field(default_factory=list)
    others: list[Node] = field(default_factory=list)
    target: str = ""


class Redirects:
    """Reads redirections.

    Args:
        words: Expands what they name.
        files: Those that may be read, and those that were written.
    """

    def __init__(self, words: Words, files: Files) -> None:
        self._words = words
        self._files = files

    def sort(self, here: Stretch, node: Node, stdin: Text | None) -> Redirected:
        """What a statement and its redirections are."""
        made = Redirected(stdin)
        for child in node.named_children:
            if child.type == "heredoc_redirect":
                self._add_document(here, child, made)
            elif child.type in ("herestring_redirect", "file_redirect"):
                made.stdin = self.feed(here, child, made.stdin)
                made.target = self._find_target(here, [child]) or made.target
            else:
                made.bodies.append(child)
        return made

    def feed(self, here: Stretch, node: Node, stdin: Text | None) -> Text | None:
        """What feeds a command after one more redirection."""
        if node.type == "herestring_redirect":
            start, end = here.span(node.named_children[-1])
            return self._words.read_one(here.source, start, end)
        found = self._read_file(here, node)
        return stdin if found is None else found

    def write(self, target: str, output: Text | None) -> None:
        """Keep what is written to a file; with None nobody knows what it holds."""
        name = target.lstrip("+")
        before = self._files.written.get(name, EMPTY) if target[0] == "+" else EMPTY
        if output is not None:
            self._files.written[name] = before + output

    def name_file(self, name: Text, source: Source, start: int, end: int) -> Text:
        """The hole of a file that is not there."""
        self._files.miss(name)
        shown = self._words.holes.show(name.flat)
        hole = Hole(f"the file {shown}", file=shown)
        return self._words.hole(source, start, end, hole)

    def _add_document(self, here: Stretch, node: Node, made: Redirected) -> None:
        made.stdin = self._read_document(here, node)
        files = [one for one in node.named_children if one.type == "file_redirect"]
        made.target = self._find_target(here, files) or made.target
        for inner in node.named_children:
            if inner.type == "pipeline":
                made.pipes += inner.named_children
            elif not inner.type.startswith(("heredoc", "file_")):
                made.others.append(inner)

    def _read_document(self, here: Stretch, node: Node) -> Text:
        parts = {one.type: one for one in reversed(node.named_children)}
        first, body = parts.get("heredoc_start"), parts.get("heredoc_body")
        if body is None or first is None:
            return EMPTY
        mark = here.raw(first)
        start, end = here.span(body)
        strips = any(child.type == "<<-" for child in node.children)
        if any(quote in mark for quote in "'\"\\"):
            text = here.source.text[start:end]
            made = Text((Part(text, here.source, start, end, Style.VERBATIM),))
        else:
            made = self._words.read_one(here.source, start, end, Style.DOCUMENT)
        return strip_tabs(made) if strips else made

    def _read_file(self, here: Stretch, node: Node) -> Text | None:
        if "<" not in _signs(node) or not node.named_children:
            return None
        start, end = here.span(node.named_children[-1])
        name = self._words.read_one(here.source, start, end)
        found = self._files.read(name.flat)
        return found or self.name_file(name, here.source, start, end)

    def _find_target(self, here: Stretch, nodes: Iterable[Node]) -> str:
        """The file that the output goes to, with a plus where it is added."""
        for node in nodes:
            signs = _signs(node)
            fd = next(
                (c for c in node.named_children if c.type == "file_descriptor"), None
            )
            if fd is not None and here.raw(fd) != "1":
                continue
            if signs & _WRITES and node.named_children:
                start, end = here.span(node.named_children[-1])
                name = self._words.read_one(here.source, start, end).flat
                return f"+{name}" if signs & _ADDS else name
        return ""


def _signs(node: Node) -> set[str]:
    return {child.type for child in node.children if not child.is_named}
