"""Parse the text of a shell script into a tree.

In: text. Out: the root of tree-sitter's tree, whose places are places in the
text. It recovers from what it does not understand; what it then leaves out is
found by whoever walks the tree.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module

from tree_sitter import Language, Node, Parser

from azml_contract.errors import InputError
from azml_contract.scripts.effort import Effort
from azml_contract.scripts.text import BLANK

__all__ = ["Node", "parse", "span"]

_WIDE = re.compile(r"[^\x01-\x7f]")
_INNER = re.compile(r"(?<=[\w/.'\"-])\$(?:[A-Za-z_]\w*(?![\w=])|[0-9])")
"""A variable within a word: of three the grammar sees two, and cuts the word."""
_ASSIGNED = r"[A-Za-z_]\w*=(?:'[^'\n]*'|\"[^\"\n]*\"|[^\s'\"`;|&()<>\\])*"
_SEVERAL = re.compile(
    rf"(?:^|[;{{)]|\b(?:then|do|else))[ \t]*{_ASSIGNED}(?:[ \t]+{_ASSIGNED})+[ \t]*\n",
    re.MULTILINE,
)
"""A line of assignments: the grammar reads on over its end."""
_SHORT = 4096
"""Up to here even what the grammar does not understand is read at once."""
LONGEST = 32_768
"""How many characters are parsed at once: some steps of the parser take a time that
grows with their square, and cannot be told to stop."""


@cache
def _parser(grammar: str) -> Parser:
    return Parser(Language(import_module(f"tree_sitter_{grammar}").language()))


def parse(text: str, effort: Effort, grammar: str = "bash") -> Node:
    """The tree of a script in the language of a grammar, ``bash`` or ``powershell``.

    One byte stands for each character, so that places are the same in both.
    ``<YOUR-NAME>`` of a document is a word, not two redirections; nor is a variable
    within a word of a shell a node of its own.

    Raises:
        InputError: It takes too much work.
    """
    effort.require()
    if len(text) > LONGEST:
        raise InputError(
            f"one command, function or loop of it has more than {LONGEST} characters, "
            "so none of its calls was judged"
        )
    plain = BLANK.sub(lambda found: "_" * len(found[0]), text)
    if grammar == "bash":
        plain = _SEVERAL.sub(lambda found: f"{found[0][:-1]};", plain)
        plain = _INNER.sub(lambda found: "_" * len(found[0]), plain)
    raw = _WIDE.sub("_", plain).encode("ascii")
    if len(raw) <= _SHORT:
        return _parser(grammar).parse(raw).root_node
    parser = _parser(grammar)
    try:
        tree = parser.parse(
            lambda at, _: raw[at : at + _SHORT],
            progress_callback=lambda *_: effort.is_spent,
        )
    except ValueError:  # it was told to stop
        parser.reset()
        effort.require()
        raise
    return tree.root_node


def span(node: Node) -> tuple[int, int]:
    """Where a node begins and ends."""
    return node.start_byte, node.end_byte
