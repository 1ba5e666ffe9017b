"""Tell where secrets stand in a text, by the rules that take them out of it.

In: a text. Out: places in it. What a text holds in an encoding is not looked into.
"""

from __future__ import annotations

import re

from azml_contract.redaction.named import redact_named
from azml_contract.redaction.shapes import replace_shapes

_BLOT = re.compile("\0+")
# More than what a recording loses: a line that is shown needs no value.
_SHOWN = (
    re.compile(
        r"(?i)(?:secret|password|token|keys?|credential|sas)\\?[\"']?\s*[:=]"
        r"\s*\\?[\"']?(?P<value>[^\"'\\\s,}&]{4,})"
    ),
    re.compile(r"(?i)(?:\bsig=|bearer\s+|accountkey=)(?P<value>[^&\"'\\\s;]+)"),
)


def find_secrets(text: str) -> list[tuple[int, int]]:
    """Where each secret begins and ends, in the order of the text."""
    plain = text.replace("\0", " ")
    # As long as before, so that places stay what they are.
    blotted = redact_named(replace_shapes(plain, _blot), _blot)
    return [found.span() for found in _BLOT.finditer(blotted)]


def find_hidden(text: str) -> list[tuple[int, int]]:
    """Where something stands that no message should show."""
    more = (one.span("value") for form in _SHOWN for one in form.finditer(text))
    return [*find_secrets(text), *more]


def hide_secrets(text: str) -> str:
    """A text with secrets blotted out, as long as before."""
    for start, end in find_hidden(text):
        text = text[:start] + "*" * (end - start) + text[end:]
    return text


def _blot(value: str) -> str:
    return "\0" * len(value)
