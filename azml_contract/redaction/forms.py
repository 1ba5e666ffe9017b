"""Every way in which one value is written in URLs, headers and bodies.

In: values and what stands for each. Out: a `Replacer`, which finds a value in
plain, percent-encoded, JSON-escaped, XML-escaped and base64 form, whatever its
case. Knows nothing of what the values mean.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from html import escape
from urllib.parse import quote, quote_plus, unquote, unquote_plus

_BEFORE = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrtbf]))"
_AFTER = r"(?![A-Za-z0-9])"
_ANYWHERE_LENGTH, _LONG_VALUE = 8, 16
_MARGIN, _REACH = 64, 8192
# Looked for where a run begins only, or a long run would be read once a character.
_ENCODED = re.compile(
    r"(?<![A-Za-z0-9_.~+/*-])"
    r"[A-Za-z0-9_.~+/*-]*%[0-9A-Fa-f]{2}[A-Za-z0-9_.~+/*%-]*"
)
_SHORTEST_RUN = 12
_RUN = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
# What words and ids decode to says nothing; texts and what is compressed do.
_SAYS = re.compile(
    rb"[\x20-\x7e]{8}|^[\t\n\r\x20-\x7e]+$|^\x1f\x8b|^PK\x03\x04|^x[\x01\x5e\x9c\xda]"
    rb"|^\x28\xb5\x2f\xfd|^\xfd7zXZ|^BZh"
    rb"|(?:[\x20-\x7e]\x00){4}|(?:\x00[\x20-\x7e]){4}|^\xff\xfe|^\xfe\xff"
)
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{2}){12,}(?![0-9A-Za-z])")
_SHORTEST_HEX = 24
# Text, or text of two bytes a character; digests are neither.
_READS = re.compile(
    rb"[\t\n\r\x20-\x7e]+|(?:\xff\xfe)?(?:[\t\n\r\x20-\x7e]\x00)+"
    rb"|(?:\xfe\xff)?(?:\x00[\t\n\r\x20-\x7e])+"
)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Replacer:
    """Replaces values, in all their forms, by what stands for them.

    A value of eight characters and more is replaced wherever it stands; a
    shorter one only where neither neighbour is a letter or a digit.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Prepare for `pairs` of value and stand-in; equal ones are skipped."""
        self._text: dict[str, str] = {}
        self._exact: dict[str, str] = {}
        for value, stand_in in pairs:
            if not value or value == stand_in:
                continue
            for form, new in zip(_all(value), _all(stand_in), strict=True):
                self._text.setdefault(form.lower(), new)
            for form, new in zip(_padded(value), _padded(stand_in), strict=True):
                self._exact.setdefault(form, new)
        self._text_pattern = _alternation(self._text, re.IGNORECASE)
        self._exact_pattern = _alternation(self._exact, 0)
        self._whole_pattern: re.Pattern[str] | None = None

    def __bool__(self) -> bool:
        return bool(self._text)

    def replace_whole(self, text: str) -> str:
        """The text without values that are long, or no part of a longer one.

        A short value may begin another, which is told by other means first.
        """
        if not (self._text and _any_in(self._text, text.lower())):
            return text
        if self._whole_pattern is None:
            forms = sorted(self._text, key=len, reverse=True)
            bounded = (
                rf"(?<![\w.-]){re.escape(one)}(?![\w-])"
                if len(one) < _LONG_VALUE
                else re.escape(one)
                for one in forms
            )
            self._whole_pattern = re.compile("|".join(bounded), re.IGNORECASE)
        return self._whole_pattern.sub(lambda m: self._text[m[0].lower()], text)

    def replace(self, text: str) -> str:
        """The text with every form of every value replaced."""
        # Looking for each form first is much faster than the alternation.
        if self._text_pattern and _any_in(self._text, text.lower()):
            text = self._text_pattern.sub(lambda m: self._text[m[0].lower()], text)
        if self._exact_pattern and _any_in(self._exact, text):
            text = self._exact_pattern.sub(lambda m: self._exact[m[0]], text)
        return text

    def find(self, text: str) -> bool:
        """Whether any form of any value stands in the text."""
        return self.replace(text) != text

    @property
    def needles(self) -> tuple[bytes, ...]:
        """Every form but base64 in lower case, to be looked for in bytes."""
        return tuple(form.encode() for form in self._text)


def find_needles(lowered: bytes, needles: Iterable[bytes]) -> list[int]:
    """Where in bytes, turned to lower case, any needle starts; ascending."""
    found: list[int] = []
    for needle in needles:
        at = lowered.find(needle)
        while at >= 0:
            found.append(at)
            at = lowered.find(needle, at + len(needle))
    return sorted(found)


def merge_windows(places: Iterable[int], length: int) -> list[tuple[int, int]]:
    """Surroundings of places, joined where they overlap."""
    windows: list[tuple[int, int]] = []
    for place in places:
        start, end = max(0, place - _MARGIN), min(length, place + _REACH)
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((start, end))
    return windows


def _any_in(forms: Iterable[str], text: str) -> bool:
    for form in forms:  # noqa: SIM110 - a generator takes twice as long
        if form in text:
            return True
    return False


def _all(value: str) -> list[str]:
    """Forms by position, repeats kept, so that two values can be zipped."""
    once = quote(value, safe="")
    escaped = json.dumps(value)[1:-1]
    return [
        value,
        quote(value),
        once,
        quote_plus(value),
        quote(value, safe="@:/+=,;"),
        quote(once, safe=""),
        escaped,
        json.dumps(escaped)[1:-1],
        escape(value),
        value.replace("-", "") if _GUID.fullmatch(value) else value,
        value.encode().hex() if len(value) >= _ANYWHERE_LENGTH else value,
        "\\x00".join(value) if len(value) >= _ANYWHERE_LENGTH else value,
    ]


def _padded(value: str) -> list[str]:
    raw = value.encode()
    standard = base64.b64encode(raw).decode()
    safe = base64.urlsafe_b64encode(raw).decode()
    return [
        standard,
        safe,
        standard.rstrip("="),
        safe.rstrip("="),
        quote(standard, safe=""),
    ]


def _alternation(forms: Iterable[str], flags: int) -> re.Pattern[str] | None:
    ordered = sorted(forms, key=len, reverse=True)
    if not ordered:
        return None
    return re.compile("|".join(_bounded(form) for form in ordered), flags)


def _bounded(form: str) -> str:
    if len(form) >= _ANYWHERE_LENGTH:
        return re.escape(form)
    return f"{_BEFORE}{re.escape(form)}{_AFTER}"


def rewrite_percent(text: str, rewrite: Callable[[str], str]) -> str:
    """Apply `rewrite` inside every percent-encoded run; others stay as they are."""
    if "%" not in text:
        return text
    return _ENCODED.sub(lambda m: _rewrite_encoded(m[0], rewrite), text)


def _rewrite_encoded(run: str, rewrite: Callable[[str], str]) -> str:
    decoded = unquote(run)
    rewritten = rewrite(decoded)
    if rewritten != decoded:
        return quote(rewritten, safe="")
    if "+" not in run:
        return run
    decoded = unquote_plus(run)
    rewritten = rewrite(decoded)
    return run if rewritten == decoded else quote_plus(rewritten)


def rewrite_base64(text: str, rewrite: Callable[[bytes], bytes]) -> str:
    """Apply `rewrite` to what each run of base64 holds; others stay as they are."""
    if len(text) < _SHORTEST_RUN:
        return text
    return _RUN.sub(lambda m: _rewrite_segments(m[0], rewrite), text)


def rewrite_hex(text: str, rewrite: Callable[[bytes], bytes]) -> str:
    """Apply `rewrite` to the text that each run of hex digits holds."""
    if len(text) < _SHORTEST_HEX:
        return text
    return _HEX.sub(lambda m: _rewrite_hex(m[0], rewrite), text)


def _rewrite_hex(run: str, rewrite: Callable[[bytes], bytes]) -> str:
    raw = bytes.fromhex(run)
    if not _READS.fullmatch(raw):
        return run
    rewritten = rewrite(raw)
    if rewritten == raw:
        return run
    return rewritten.hex().upper() if run.isupper() else rewritten.hex()


def base64_runs(text: str) -> Iterator[str]:
    """The decoded content of each run of base64 in a text."""
    for matched in _RUN.finditer(text):
        run = matched[0]
        pieces = dict.fromkeys([run, *run.split("/")]) if "/" in run else (run,)
        for piece in pieces:
            raw = _decode(piece) if len(piece) >= _SHORTEST_RUN else None
            if raw is not None:
                yield as_text(raw)


def hex_runs(text: str) -> Iterator[bytes]:
    """What each run of hex digits in a text holds."""
    return map(bytes.fromhex, _HEX.findall(text))


def as_text(raw: bytes) -> str:
    """Bytes as a text, each byte a character where they are none."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _rewrite_segments(run: str, rewrite: Callable[[bytes], bytes]) -> str:
    rewritten = _rewrite_run(run, rewrite)
    if rewritten != run or "/" not in run:
        return rewritten
    # Either base64 with slashes in it, or a path with base64 in it.
    return "/".join(_rewrite_run(piece, rewrite) for piece in run.split("/"))


def _rewrite_run(run: str, rewrite: Callable[[bytes], bytes]) -> str:
    raw = _decode(run) if len(run) >= _SHORTEST_RUN else None
    if raw is None:
        return run
    rewritten = rewrite(raw)
    if rewritten == raw:
        return run
    encoded = base64.b64encode(rewritten).decode()
    if "-" in run or "_" in run:
        encoded = encoded.replace("+", "-").replace("/", "_")
    return encoded.rstrip("=") if len(run) % 4 else encoded


@lru_cache(maxsize=65_536)
def _decode(run: str) -> bytes | None:
    """What a run holds, where that says anything."""
    body = run.rstrip("=").replace("-", "+").replace("_", "/")
    if len(body) % 4 == 1:
        return None
    raw = base64.b64decode(body + "=" * (-len(body) % 4))
    return raw if _SAYS.search(raw) else None
