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
from itertools import pairwise
from math import log2
from urllib.parse import unquote

STAND_IN = re.compile(r"drawn-(\d+)x{8,}")

_SHORTEST = 24
_LONGEST = 4096
_CHANGES, _WORDY = 0.4, 0.6
_DIGEST_BYTES = frozenset({16, 20, 28, 32, 48, 64})
_GUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_RUN = re.compile(r"(?<![\w+/~-])[\w+/~-]{24,}={0,2}", re.ASCII)
# Percent-encoded once or twice.
_EDGE = r"(?:(?<=%25[0-9A-Fa-f]{2})|(?<=%[0-9A-Fa-f]{2})|(?<![\w+/~%-]))"
_ENCODED_RUN = re.compile(
    rf"{_EDGE}(?:[\w+/~-]|%(?:25)?2[BF]){{24,}}(?:=|%(?:25)?3D){{0,2}}",
    re.ASCII | re.IGNORECASE,
)
_AROUND = re.compile(r"((?:/|%(?:25)?2F)*)(.*?)((?:=|%(?:25)?3D)*)", re.IGNORECASE)
# DER begins a certificate or a public key otherwise than a private one; SSH's says so.
_PUBLIC_KEY = re.compile(
    rb"0(?:\x82..|\x81.|[^\x80-\xff])(?:0|\x02[\x81\x82])|\0\0\0[\x07-\x2f](?:ssh|ecdsa|sk)-",
    re.DOTALL,
)
_BLANK = r"(?: |\+|%(?:25)?20)"
_PUBLIC_BLOCK = re.compile(
    rf"(-----BEGIN{_BLANK}(?:[A-Z0-9]+{_BLANK})*(?:CERTIFICATE|PUBLIC{_BLANK}KEY)"
    rf"(?:{_BLANK}REQUEST)?-----[^-]*-----END{_BLANK})"
)
_INTEGRITY = re.compile(r"(?:md5|sha(?:1|224|256|384|512))[-:=]")
_WORDS = re.compile(
    r"(?<![^\W_])(?:[A-Z]?[a-z]{2,}\d*|[A-Z]{3,}\d*|\d{3,})(?![^\W_])"
    r"|[A-Z]?[a-z]{4,}|[A-Z]{5,}|\d{5,}"
)
_KEY_LENGTHS = frozenset({40, 86})
_PARTS, _PART = re.compile(r"[-_~]"), 10
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


def _replace(found: re.Match[str], stand_in: Callable[[str], str]) -> str:
    run = found[0]
    if run.islower() or run.isupper():
        return run  # what is drawn has letters of both kinds
    around = _AROUND.fullmatch(run)
    assert around is not None
    before, core, after = around.groups()
    whole = _plain(run)
    if before and _says_what_it_is(whole):
        return run
    value = _plain(core)
    if is_drawn(value + _plain(after)):
        new = stand_in(value)
    elif "/" not in value or _INTEGRITY.match(value) or _says_what_it_is(whole):
        return run
    else:
        new = "".join(
            stand_in(piece) if is_drawn(piece) else piece
            for piece in _BETWEEN.split(value)
        )
    return run if new == value else f"{before}{new}{after}"


def _plain(text: str) -> str:
    return unquote(unquote(text)) if "%" in text else text


@lru_cache(maxsize=65_536)
def is_drawn(value: str) -> bool:
    """Whether one value looks drawn: long, of all kinds of characters, no words."""
    core = _GUID.sub("", value).rstrip("=")
    if not _SHORTEST <= len(core) <= _LONGEST or STAND_IN.search(value):
        return False
    classes = [_class(char) for char in core]
    if not {"a", "A", "0"} <= set(classes):
        return False
    changes = sum(a != b for a, b in pairwise(classes))
    if changes / len(core) <= _CHANGES or _entropy(core) <= 3.6:
        return False
    if "/" in core and not _is_one_value(value):
        return False
    if max(map(len, _PARTS.split(core))) < _PART:
        return False
    words = sum(len(word) for word in _WORDS.findall(core))
    if words / len(core) >= _WORDY or _INTEGRITY.match(value):
        return False
    return not _says_what_it_is(value)


def _says_what_it_is(value: str) -> bool:
    raw = _decode(value)
    if raw is None:
        return False
    if _PUBLIC_KEY.match(raw) or _is_digest(value, len(raw)):
        return True
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
    if not any(char in value for char in "+=") and len(value) not in _KEY_LENGTHS:
        return False
    return not any(
        re.fullmatch(r"[0-9a-f]{8,}|[0-9A-F]{8,}|[A-Za-z]?[a-z]{4,}", piece)
        for piece in value.split("/")
    )


def _is_digest(value: str, size: int) -> bool:
    padded = len(value) % 4 == 0 and any(char in value for char in "=+/")
    return padded and size in _DIGEST_BYTES


def _class(char: str) -> str:
    if char.isdigit():
        return "0"
    if char.isalpha():
        return "A" if char.isupper() else "a"
    return "-"


def _entropy(text: str) -> float:
    counts = Counter(text).values()
    return -sum(n / len(text) * log2(n / len(text)) for n in counts)
