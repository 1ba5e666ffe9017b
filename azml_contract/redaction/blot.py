"""Tell where secrets stand in a text, by the rules that take them out of it.

In: a text. Out: places in it. What a text holds in an encoding is not looked into.
"""

from __future__ import annotations

import re

from azml_contract.redaction.named import redact_named
from azml_contract.redaction.shapes import replace_shapes

_BLOT = re.compile("\0+")


def find_secrets(text: str) -> list[tuple[int, int]]:
    """Where each secret begins and ends, in the order of the text."""
    plain = text.replace("\0", " ")
    # As long as before, so that places stay what they are.
    blotted = redact_named(replace_shapes(plain, _blot), _blot)
    return [found.span() for found in _BLOT.finditer(blotted)]


def _blot(value: str) -> str:
    return "\0" * len(value)
