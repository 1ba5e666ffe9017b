"""Regular expressions of the specifications, read alike by every engine.

In: a pattern of ECMA 262, as JSON Schema and OpenAPI mean it, or the name of a
format. Out: a compiled expression with the same meaning in Python, or the
pattern that a format stands for. Knows nothing of types or bodies.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_DATE = "([0-9]+Y([0-9]+M)?([0-9]+D)?|[0-9]+M([0-9]+D)?|[0-9]+D)"
_SECONDS = r"[0-9]+(\.[0-9]+)?S"
_TIME = f"T([0-9]+H([0-9]+M)?({_SECONDS})?|[0-9]+M({_SECONDS})?|{_SECONDS})"

FORMATS = {
    "duration": f"^P([0-9]+W|{_DATE}({_TIME})?|{_TIME})$",
    "date-time": (
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
        r"([Zz]|[+-][0-9]{2}:[0-9]{2})$"
    ),
    "uuid": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
}
"""Formats that are judged; the others (``uri``, ``arm-id``) say too little."""

INTEGER_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
}
"""Bounds of the integer formats, both ends included."""

_SPECIAL = re.compile(r"[\\^$.*+?()\[\]{}|]")
_TOKEN = re.compile(r"\\.|\[|\]|\$", re.DOTALL)


def escape_pattern(text: str) -> str:
    """A text as an ECMA pattern that means itself."""
    return _SPECIAL.sub(r"\\\g<0>", text)


class Matcher:
    """An ECMA pattern, compiled when it is first asked, by an engine that ends.

    jsonschema-rs matches in time that grows as the text does, and gives up on what it
    has to try back and forth; where it is not installed, or cannot read a text (a lone
    surrogate has no UTF-8), Python's own expressions decide, which know no bound.
    """

    __slots__ = ("_search_short", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._search_short: Callable[[str], object] | None = None

    def search(self, text: str) -> bool:
        """Whether the pattern is found in a text."""
        if len(text) < _SHORT:
            search = self._search_short or self._choose_search()
            return bool(search(text))
        return self._search_any(text)

    def _choose_search(self) -> Callable[[str], object]:
        """Python's own for short texts, where it ends: to call the other takes longer.

        So does loading it, for a few texts.
        """
        ends = _ends(self.pattern)
        search = compile_pattern(self.pattern).search if ends else self._search_any
        self._search_short = search
        return search

    def _search_any(self, text: str) -> bool:
        accepts = _compile_fast(self.pattern)
        if accepts is not None:
            try:
                return accepts(text)
            except ValueError:
                pass
        return compile_pattern(self.pattern).search(text) is not None


_SHORT = 256

_CLASS_OR_ESCAPE = re.compile(r"\[\^?(?:\\.|[^\]\\])*\]|\\[^1-9]", re.DOTALL)
_TRIED_ANEW = re.compile(r"\)[*+{]|\(\?(?!:)|\\[1-9]")
_REPEATED = re.compile(r"[*+{|]|(?<!\()\?")  # what has more than one way to match


@lru_cache(maxsize=256)
def _ends(pattern: str) -> bool:
    """Whether Python's own expressions end soon on a short text, seen without doubt.

    No group is repeated, nothing is looked ahead for or referred to, and of what is
    repeated, left out or chosen there is little, so that the steps are at most the
    square of a text.
    """
    if pattern in FORMATS.values():
        return True
    plain = _CLASS_OR_ESCAPE.sub("x", pattern)
    return not _TRIED_ANEW.search(plain) and len(_REPEATED.findall(plain)) <= 2


@lru_cache(maxsize=256)  # one of each: a compiled expression may be large
def _compile_fast(pattern: str) -> Callable[[str], bool] | None:
    try:
        import jsonschema_rs
    except ImportError:
        return None
    accepts: Callable[[str], bool]
    accepts = jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid
    return accepts


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile an ECMA pattern; match with `search`.

    ``$`` means the very end (Python's own also matches before a last newline),
    and ``\\d`` and ``\\w`` mean ASCII.

    Raises:
        re.error: The pattern uses what Python's expressions do not know.
    """
    parts: list[str] = []
    position, in_class = 0, False
    for token in _TOKEN.finditer(pattern):
        parts.append(pattern[position : token.start()])
        text = token.group()
        position = token.end()
        if text == "$" and not in_class:
            text = r"\Z"
        elif text == "[" and in_class:
            text = r"\["
        elif text in "[]":
            in_class = text == "["
        parts.append(text)
    return re.compile("".join(parts) + pattern[position:], re.ASCII)
