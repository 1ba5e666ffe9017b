"""Tell which branch of a choice a shell takes, and what its words stand for.

In: nodes of a tree, and words. Out: branches, None where only running would tell.
Follows nothing.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence

from azml_contract.scripts.parse import Node
from azml_contract.scripts.redirects import Stretch
from azml_contract.scripts.text import TOKEN, Style, Text
from azml_contract.scripts.words import Words

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
