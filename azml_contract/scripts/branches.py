"""Tell which branch of a choice a shell takes, and what its words stand for.

In: nodes of a tree, and words. Out: branches, None where only running would tell.
Follows nothing.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence

from azml_contract.scripts.parse import Node
from azml_contract.scripts.redirects import Stretch
from azml_contract.scripts.text import TOKEN, Source, Style, Text
from azml_contract.scripts.words import Words

_NAMES = re.compile(r"\$\{?(\w+)")
_GROUPS = frozenset(
    ("compound_statement", "list", "redirected_statement", "else_clause")
)
"""What holds commands, the last of which may leave."""
MEMBER = re.compile(r"\[(?P<key>[\w.-]+)\]=")
"""Of an array by names, as it is written down."""


def choose(
    here: Stretch, items: Sequence[Node], value: str, words: Words
) -> list[Node] | None:
    """The branch of ``case`` that a word takes; none or one, None where a run tells."""
    if TOKEN.search(value) or any(here.raw(i).rstrip().endswith(";&") for i in items):
        return None
    for item in items:
        for pattern in item.children_by_field_name("value"):
            flat = words.read_one(here.source, *here.span(pattern)).flat
            if TOKEN.search(flat):
                return None
            if fnmatch.fnmatchcase(value, flat):
                return [item]
    return []


def list_ways(
    here: Stretch, condition: Sequence[Node], parts: Sequence[Sequence[Node]]
) -> list[Sequence[Node]]:
    """The branches of ``if``, the empty one where none may be taken.

    Where a branch uses what the condition looks at, it is no free choice.
    """
    body, *others = parts
    ways = [body, *(one for one in others if any(child.is_named for child in one))]
    if any(child.type == "else_clause" for one in parts for child in one):
        return ways
    tested, *used = (
        {name for child in nodes for name in _NAMES.findall(here.raw(child))}
        for nodes in (condition, *ways)
    )
    return ways if any(tested & names for names in used) else [*ways, []]


def list_cases(here: Stretch, items: Sequence[Node]) -> list[Sequence[Node]]:
    """The branches of ``case``, the empty one where none may be taken."""
    has_rest = any(here.raw(one).lstrip("( ").startswith("*)") for one in items)
    return [*map(list_bodies, items), *([] if has_rest else [[]])]


def leaves(
    here: Stretch,
    nodes: Sequence[Node],
    functions: Mapping[str, tuple[Source, int, int]],
) -> bool:
    """Whether commands end in one that leaves the script, a function or a loop."""
    last = [one for one in nodes if one.is_named and one.type != "comment"][-1:]
    if not last:
        return False
    if last[0].type in _GROUPS:
        return leaves(here, last[0].named_children, functions)
    name = here.raw(last[0]).split(maxsplit=1)[:1]
    if not name or name[0] not in functions:
        return bool(name) and name[0] in ("exit", "return", "break", "continue")
    source, start, end = functions[name[0]]
    return re.search(r"\bexit\b", source.text[start:end]) is not None


def list_bodies(item: Node) -> list[Node]:
    """The commands of a branch of ``case``."""
    return [
        child
        for index, child in enumerate(item.named_children)
        if item.field_name_for_named_child(index) != "value"
    ]


def names_files(word: Text) -> bool:
    """Whether a word, not quoted, stands for the files that it matches.

    Of what an expansion stands for nobody knows whether it was quoted: a URL is no
    pattern.
    """
    return "://" not in word.flat and any(
        part.style is Style.BARE and re.search(r"[*?]", part.text)
        for part in word.parts
    )
