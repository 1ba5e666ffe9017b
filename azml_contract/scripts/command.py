"""A command of a script as it would run, and what its text and its nodes tell.

In: nodes of a tree, and texts. Out: values. Follows nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from azml_contract.scripts.parse import Node
from azml_contract.scripts.text import TOKEN, Source, Text, join

_WORD = r"(?:\"[^\"]*\"|'[^']*'|[^\s\"'\]&|;]+)"
_TEST = re.compile(
    rf"\[\[?\s+(?:(?P<sign>-[nz])\s+(?P<one>{_WORD})|"
    rf"(?P<left>{_WORD})\s+(?P<compare>==?|!=)\s+(?P<right>{_WORD}))\s+\]\]?"
)


@dataclass(slots=True)
class Command:
    """One command as it would run; `words` begin with its name.

    `stdin` is what feeds it, None where nothing in the script does. `captured`
    says that what it writes goes into a variable, a pipe or a file. `level` is 0
    where nothing decides whether it runs. `loops` are the loops around it.
    """

    words: list[Text]
    source: Source
    start: int
    end: int
    stdin: Text | None = None
    output: str = ""
    captured: bool = False
    level: int = 0
    loops: tuple[tuple[int, int], ...] = ()
    in_function: bool = False
    raw: tuple[tuple[int, int], ...] = ()

    @property
    def name(self) -> str:
        """The program, as it is called."""
        return self.words[0].flat if self.words else ""


def decide(
    text: str, start: int, end: int, read: Callable[[int, int], Text]
) -> bool | None:
    """What a test of one text, or of two, comes to; None where a run tells.

    Args:
        text: Of the script.
        start: Where the test begins.
        end: Where it ends.
        read: Expands a range of the script.
    """
    found = _TEST.fullmatch(text, start, end)
    if found is None:
        return None
    if found["sign"]:
        value = read(*found.span("one")).flat
        certain = not value or bool(TOKEN.sub("", value))
        empty = not value if certain else None
        return empty if empty is None or found["sign"] == "-z" else not empty
    left, right = (read(*found.span(side)).flat for side in ("left", "right"))
    if TOKEN.search(left + right) or re.search(r"[*?\[]", right):
        return None
    return (left == right) is (found["compare"] != "!=")


def find_inner(command: Command) -> Text | None:
    """The script that a shell is given."""
    flats = [word.flat for word in command.words]
    for index, flat in enumerate(flats[:-1]):
        if re.fullmatch(r"-[a-z]*c", flat):
            return command.words[index + 1]
    if command.stdin is not None and all(flat.startswith("-") for flat in flats[1:]):
        return command.stdin
    return None


def reads(node: Node) -> bool:
    """Whether the redirection of a pipe is one of its first command."""
    return any(child.type == "herestring_redirect" for child in node.named_children)


def find(node: Node, kind: str) -> Iterable[Node]:
    """The nodes of a kind below one, none below another."""
    for child in node.named_children:
        if child.type == kind:
            yield child
        else:
            yield from find(child, kind)


def strip_tabs(text: Text) -> Text:
    """A here-document without the tabs at the beginnings of its lines."""
    parts = [
        text.cut(found.end("tabs"), found.end())
        for found in re.finditer(r"(?P<tabs>^\t*)[^\n]*\n?", text.flat, re.MULTILINE)
        if found.end() > found.start()
    ]
    return join(parts)


def logical_line_end(text: str, place: int) -> int:
    """Where a command ends that begins at `place`, by its quotes alone."""
    pattern = re.compile(r"\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\"|\n|[)`]", re.DOTALL)
    for found in pattern.finditer(text, place):
        if found[0] == "\n":
            return found.start()
    return len(text)
