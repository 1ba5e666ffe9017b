"""Tell whether a text is a shell script, by what it holds."""

from __future__ import annotations

import re

LARGEST = 256 * 1024
"""How many characters a script may have; those of people have some thousands."""
_SCRIPT = re.compile(
    r"\A\s*#!.*\b(?:ba|z|da|k)?sh\b|(?:^|[\s;|&(`])(?:curl|wget|xh)\s+\S|"
    r"(?:^|[\s;|&(`])az\s+rest\s|^\s*https?\s+[A-Z]+\s+\S",
    re.MULTILINE,
)


def looks_like_script(text: str) -> bool:
    """Whether a text is a shell script, or holds a command that sends calls."""
    return _SCRIPT.search(text) is not None
