"""Values that look drawn rather than written, and what stands for them.

In: text. Out: the values in it that somebody or something drew: ids of
operations, continuation tokens, keys of unknown kinds. Whether a value looks
drawn depends on the value alone, so that recording and replay, which see it in
different company, agree; digests, GUIDs, names and texts in base64 do not.

What stands for such a value is as long as it and says what it is; it does not
look drawn itself.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from math import log2
from urllib.parse import unquote

from azml_contract.redaction.chance import likeness_to_names

STAND_IN = re.compile(r"drawn-(\d+)x{8,}")

_SHORTEST, _REMEMBERED = 24, 256
_LONGEST = 4096
# What nearly no name falls below, and nearly every random value does.
_NAMES, _ONE_CASE_NAMES, _WITHOUT_DIGITS, _CERTAIN = -0.45, -0.35, -0.75, -1.0
# Bytes of digests; a SHA-512 in base64 cannot be told from an account's key.
_DIGEST_BYTES, _ACCOUNT_KEY_BYTES = frozenset({16, 20, 28, 32, 48}), 64
_GUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_RUN = re.compile(r"(?<![\w+/~-])[\w+/~-]{24,}={0,2}", re.ASCII)
# Percent-encoded up to four times.
_HEX2 = "[0-9A-Fa-f]{2}"
_EDGE = rf"(?:(?<=%2525{_HEX2})|(?<=%25{_HEX2})|(?<=%{_HEX2})|(?<![\w+/~%-]))"
_ENCODED_RUN = re.compile(
    rf"{_EDGE}(?:[\w+/~-]|%(?:25){{0,3}}2[BF]){{24,}}(?:=|%(?:25){{0,3}}3D){{0,2}}",
    re.ASCII | re.IGNORECASE,
)
_ANY = re.compile(r".*", re.DOTALL)
_AROUND = re.compile(
    r"((?:/|%(?:25){0,3}2F)*)(.*?)((?:=|%(?:25){0,3}3D)*)", re.IGNORECASE
)
# DER begins a certificate or a public key otherwise than a private one; SSH's says so.
_PUBLIC_KEY = re.compile(
    rb"0(?:\x82..|\x81.|[^\x80-\xff])(?:0|\x02[\x81\x82])|\0\0\0[\x07-\x2f](?:ssh|ecdsa|sk)-",
    re.DOTALL,
)
# Files, which are looked into where that can be done.
_FILE = re.compile(
    rb"\x1f\x8b\x08|PK\x03\x04|BZh[1-9]|\xfd7zXZ\0|\x28\xb5\x2f\xfd|7z\xbc\xaf\x27|Rar!"
    rb"|\x89PNG|\xff\xd8\xff|GIF8|%PDF|RIFF|OggS|\x93NUMPY|PAR1|ARROW1|\x80[\x03-\x05]\x95"
    rb"|x[\x01\x5e\x9c\xda]"
)
_BLANK = r"(?: |\+|%(?:25){0,3}20)"
_PUBLIC_BLOCK = re.compile(
    rf"(-----BEGIN{_BLANK}(?:[A-Z0-9]+{_BLANK})*(?:CERTIFICATE|PUBLIC{_BLANK}KEY)"
    rf"(?:{_BLANK}REQUEST)?-----[^-]*-----END{_BLANK})"
)
_DIGEST_NAME = r"(?:md5|sha[-_]?\d{0,3}|digest|hash|checksum|integrity|etag)"
_NAMES_DIGEST = re.compile(rf"{_DIGEST_NAME}$", re.IGNORECASE)
_DIGEST_BEFORE = re.compile(
    rf"{_DIGEST_NAME}(?:\W|%(?:25){{0,3}}[0-9A-F]{{2}}){{0,4}}$", re.IGNORECASE
)
_REACH = 24
_INTEGRITY = re.compile(r"(?:md5|sha(?:1|224|256|384|512))[-:=]")
_IN_URL = re.compile(r"://[^\s/?#\"'<>]{0,80}$")
_HEX = re.compile(r"[0-9a-f]{16,}|[0-9A-F]{16,}")
_ALPHABET = re.compile(r"abcdefgh|ABCDEFGH")
_KEY_LENGTHS = frozenset({40, 86})
_PARTS, _PART = re.compile(r"[-_~]"), 8
_NO_BASE64 = re.compile(r"[-_~]")
_LONG_PART = re.compile(rf"[^/]{{{_SHORTEST},}}")
# Words of one case, and what stands between them.
_BETWEEN_WORDS = re.compile(r"((?:%(?:25){0,3}[0-9A-Fa-f]{2}|[^0-9A-Za-z])+)")
_BETWEEN = re.compile(r"(/+)")


def sub_drawn(text: str, stand_in: Callable[[str], str]) -> str:
    """The text with every drawn value replaced.

    Args:
        text: Of any kind.
        stand_in: Given the value, percent-encoding undone, without padding.
    """
    if len(text) < _SHORTEST:
        return text
    pattern = _ENCODED_RUN if "%" in text else _RUN
    if "-----BEGIN" not in text:
        return pattern.sub(lambda found: _replace(found, stand_in), text)
    parts = _PUBLIC_BLOCK.split(text)
    parts[::2] = [
        pattern.sub(lambda found: _replace(found, stand_in), part)
        for part in parts[::2]
    ]
    return "".join(parts)


def find_drawn(text: str) -> list[str]:
    """The drawn values of a text, in order, percent-encoding undone."""
    found: list[str] = []
    sub_drawn(text, lambda value: found.append(value) or value)  # type: ignore[func-returns-value]
    return found


def numbered_drawn(value: str, number: int) -> str:
    """What is written for the n-th drawn value; as long as the value."""
    return f"drawn-{number}{'x' * max(len(value) - len(str(number)) - 6, 8)}"


class Numbers:
    """What stands for each drawn value of one recording; the same for the same one."""

    def __init__(self, kept: str = "") -> None:
        """Start to count; a value that stands in `kept`, in lower case, stays."""
        self._kept = kept
        self._values: dict[str, str] = {}
        self._last = 0

    def go_on_from(self, text: str) -> None:
        """Count on from what stands in a text that was numbered before."""
        numbers = (int(one) for one in STAND_IN.findall(text))
        self._last = max(self._last, *numbers, 0)

    def of(self, value: str) -> str:
        """What is written for a value."""
        if value.lower() in self._kept:
            return value
        if value not in self._values:
            self._last += 1
            self._values[value] = numbered_drawn(value, self._last)
        return self._values[value]


def _replace(found: re.Match[str], stand_in: Callable[[str], str]) -> str:
    run = found[0]
    holds = _holds_drawn if len(run) <= _REMEMBERED else _holds_drawn.__wrapped__
    return _rewrite(found, stand_in) if holds(run) else run


@lru_cache(maxsize=65_536)
def _holds_drawn(run: str) -> bool:
    """Whether a run holds a drawn value, if no word before it says otherwise."""
    alone = _ANY.fullmatch(run)
    assert alone is not None
    return _rewrite(alone, lambda _: "") != run


def _rewrite(found: re.Match[str], stand_in: Callable[[str], str]) -> str:
    run = found[0]
    if run.islower() or run.isupper():
        return _replace_words(run, stand_in)
    if "/" in run and _NO_BASE64.search(run) and not _LONG_PART.search(run):
        return run  # a path
    around = _AROUND.fullmatch(run)
    assert around is not None
    before, core, after = around.groups()
    whole = _plain(run)
    if (before and _says_what_it_is(whole)) or _is_called_digest(found, core + after):
        return run
    value = _plain(core)
    start = found.start()
    in_url = "/" in value and _IN_URL.search(found.string, max(0, start - 99), start)
    if not in_url and is_drawn(value + _plain(after)):
        new = stand_in(value)
    elif "/" not in value or _INTEGRITY.match(value) or _says_what_it_is(whole):
        return run
    else:
        new = "".join(
            stand_in(piece) if is_drawn(piece) else piece
            for piece in _BETWEEN.split(value)
        )
    return run if new == value else f"{before}{new}{after}"


def _is_called_digest(found: re.Match[str], run: str) -> bool:
    """Whether the word before a value calls it a digest, and it looks like one."""
    start = found.start()
    said = _DIGEST_BEFORE.search(found.string, max(0, start - _REACH), start)
    return said is not None and any(
        is_digest(one + "=" * (-len(one) % 4)) for one in map(_plain, (run, found[0]))
    )


def names_digest(name: str, value: str) -> bool:
    """Whether a property holds a digest: by its name, and by the form of its value."""
    return is_digest_name(name) and is_digest(value)


def is_digest_name(name: str) -> bool:
    """Whether a name says that its value is a digest."""
    return _NAMES_DIGEST.search(name) is not None


def is_digest(value: str) -> bool:
    """Whether a value has the form of a digest in base64; a key may have it too."""
    raw = _decode(value) if len(value) % 4 == 0 else None
    return raw is not None and len(raw) in _DIGEST_BYTES | {_ACCOUNT_KEY_BYTES}


def _replace_words(run: str, stand_in: Callable[[str], str]) -> str:
    """A run of one case: what is drawn in it has no signs."""
    words = _BETWEEN_WORDS.split(run)
    if max(map(len, words)) < _SHORTEST:
        return run
    return "".join(stand_in(word) if is_drawn(word) else word for word in words)


def _plain(text: str) -> str:
    while "%" in text and (inner := unquote(text)) != text:
        text = inner
    return text


@lru_cache(maxsize=65_536)
def is_drawn(value: str) -> bool:
    """Whether one value looks drawn: long, and no name, digest or text."""
    core = _HEX.sub("", _GUID.sub("", value)).rstrip("=")
    if not _SHORTEST <= len(core) <= _LONGEST or STAND_IN.search(value):
        return False
    if not _looks_random(core) or _INTEGRITY.match(value):
        return False
    if "/" in core and not _is_one_value(value):
        return False
    return not _says_what_it_is(value)


def _looks_random(core: str) -> bool:
    likeness = likeness_to_names(core)
    has_digit = any(map(str.isdigit, core))
    if core.islower() or core.isupper():
        enough = has_digit and core.isalnum() and _entropy(core) > 3.0
        return enough and likeness < _ONE_CASE_NAMES
    if _entropy(core) <= 3.6 or max(map(len, _PARTS.split(core))) < _PART:
        return False
    if _ALPHABET.search(core):
        return False
    return likeness < (_NAMES if has_digit else _WITHOUT_DIGITS)


def _says_what_it_is(value: str) -> bool:
    raw = _decode(value)
    if raw is None:
        return False
    if _PUBLIC_KEY.match(raw) or _FILE.match(raw) or _is_digest(value, len(raw)):
        return True
    if raw[1::2].count(0) > len(raw) * 0.35 or raw[::2].count(0) > len(raw) * 0.35:
        return True  # text of two bytes a character
    try:
        return all(c.isprintable() or c.isspace() for c in raw.decode())
    except UnicodeDecodeError:
        return False


def _decode(value: str) -> bytes | None:
    body = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_one_value(value: str) -> bool:
    """Whether slashes are letters of base64 here, and do not part a path."""
    if any(char in value for char in "-_~"):
        return False
    told = any(char in value for char in "+=") or len(value) in _KEY_LENGTHS
    if likeness_to_names(value) < _CERTAIN:
        return told or len(value) % 4 == 0
    return told and not any(
        re.fullmatch(r"[0-9a-f]{8,}|[0-9A-F]{8,}|[A-Za-z]?[a-z]{4,}", piece)
        for piece in value.split("/")
    )


def _is_digest(value: str, size: int) -> bool:
    padded = len(value) % 4 == 0 and any(char in value for char in "=+/")
    return padded and size in _DIGEST_BYTES


def _entropy(text: str) -> float:
    counts = Counter(text).values()
    return -sum(n / len(text) * log2(n / len(text)) for n in counts)
