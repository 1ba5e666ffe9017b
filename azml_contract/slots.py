"""Slots of templates: ``{{ name }}``, in a string of JSON or bare, in place of a value.

In: the text of a template. Out: its slots, and the text with those that are bare
filled. `${{...}}` is Azure's own, and no slot. Knows no values.
"""

from __future__ import annotations

import re

SLOT = re.compile(r"(?<!\$)\{\{\s*([A-Za-z_]\w*)\s*\}\}")
STRING_OR_SLOT = re.compile(rf'"(?:\\.|[^"\\])*"|{SLOT.pattern}', re.DOTALL)
"""A string with its quotes, or, as its only group, the name of a slot outside one."""


def fill_bare(text: str, value: str) -> str:
    """The text with one value in each slot that is bare; strings stay as they are."""
    return STRING_OR_SLOT.sub(lambda found: value if found[1] else found[0], text)


def find_bare(text: str) -> str:
    """The first bare slot of a text, with its braces; ``""`` where it has none."""
    found = (one for one in STRING_OR_SLOT.finditer(text) if one[1])
    return next((one[0] for one in found), "")
