"""Cut a long script between its statements.

In: a script, and where lines begin that are in no quotes. Out: ranges that can be
parsed one after another, none longer than needed. A loop, a function or a condition
stays whole; one whose end is not seen goes on to the end of the script.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_STRING = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|(?<!\S)#[^\n]*", re.DOTALL)
_WORDS = re.compile(
    r"(?:^|[;&|({\n]|(?<![\w$-])(?:then|do|else))[ \t]*"
    r"(?P<word>if|for|while|until|case|select|fi|done|esac|\})(?![\w-])"
    r"|(?P<brace>\{)[ \t]*$",
    re.MULTILINE,
)
_CLOSES = frozenset(("fi", "done", "esac", "}"))
_GOES_ON = ("\\\n", "|\n", "&&\n")
_PART = 16_384
"""How many characters a range has at most, where it can be cut: some steps of the
parser take a time that grows with their square."""


def cut(text: str, lines: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The ranges of a script; one where it is short.

    Args:
        text: The script.
        lines: Where lines begin that are in no quotes, brackets or here-documents.
    """
    if len(text) <= _PART:
        yield 0, len(text)
        return
    start = last = depth = begun = 0
    for place in (*lines, len(text)):
        depth = max(depth + _count(text[begun:place]), 0)
        begun = place
        if depth or text.endswith(_GOES_ON, 0, place):
            continue
        if place - start > _PART and last > start:
            yield start, last
            start = last
        last = place
    yield start, len(text)


def _count(line: str) -> int:
    """How many more statements a line opens than it closes."""
    plain = _STRING.sub("", line)
    words = [found["word"] or found["brace"] for found in _WORDS.finditer(plain)]
    return sum(-1 if word in _CLOSES else 1 for word in words)
