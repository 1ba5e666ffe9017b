"""What secrets look like, and what is written in their place.

In: text. Out: the text without secrets, or the kind of secret it still holds.
Knows shapes only: JSON web tokens, SAS signatures, account keys, connection
strings, private keys, bearer tokens, client secrets, high entropy. Which
properties and values are secret is another module's matter.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from math import log2

REDACTED = "REDACTED"
ZERO_KEY = base64.b64encode(bytes(64)).decode()
ZERO_TIME = "2000-01-01T00:00:00Z"

_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*")
_PEM = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----.*?"
    r"(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_BEARER = re.compile(
    r"\b(Bearer|Basic|SharedKey) +(?=[\w.~+/:-]*\d)(?!REDACTED)[\w.~+/:-]{8,}={0,2}"
)
_SIGNATURE = re.compile(
    r"((?:^|[?&;\s\"'>]|%26|%3F|\\u0026|&amp;)(?:sig|signature)(?:=|%3D))"
    r"(?!REDACTED)([^&;\s\"'<>\\]+)",
    re.IGNORECASE,
)
_CONNECTION = re.compile(
    r"((?:AccountKey|SharedAccessKey|SharedAccessSignature|SharedSecretValue|Password"
    r"|Pwd|PrimaryKey|SecondaryKey)\s*=\s*)(?!REDACTED|AAAA)([^;\"'\s\\&<>]{4,})",
    re.IGNORECASE,
)
_ACCOUNT_KEY = re.compile(r"(?<![A-Za-z0-9+/-])[A-Za-z0-9+/]{86}==")
_CLIENT_SECRET = re.compile(
    r"(?<![\w.~-])[\w.~-]{3}\dQ~[\w.~-]{31,36}(?![\w~-])", re.ASCII
)
_SAS_FIELD = re.compile(
    r"((?:^|[?&;]|%26|%3F|&amp;)(?:se|st|ske|skt)(?:=|%3D))([0-9][^&;\s\"'<>\\]*)"
)
_TOKEN = re.compile(r"[A-Za-z0-9+_~-]{24,}={0,2}")
SHAPE_MARKERS = (
    b"eyj",
    b"private key",
    b"bearer ",
    b"sharedkey",
    b"sharedaccess",
    b"accountkey",
    b"password",
    b"primarykey",
    b"secondarykey",
    b"pwd=",
    b"sig=",
    b"sig%3d",
    b"signature=",
)
"""What each shape begins with, in lower case: a fast way to find none."""

_GUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")


def redact_value(value: str) -> str:
    """What is written for a value that is a secret as a whole; keeps its shape."""
    if "sig=" in value or "AccountKey=" in value:
        return redact_shapes(value)
    if _decodes_to(value, 64):
        return ZERO_KEY
    return REDACTED


def redact_shapes(text: str) -> str:
    """The text with everything that looks like a known kind of secret replaced."""
    if "eyJ" in text:
        text = _JWT.sub(REDACTED, text)
    if "PRIVATE KEY" in text:
        text = _PEM.sub(REDACTED, text)
    if " " in text:
        text = _BEARER.sub(rf"\1 {REDACTED}", text)
    if "=" in text:
        text = _CONNECTION.sub(lambda m: m[1] + _redact_part(m[2]), text)
    return _redact_sas(text)


def _redact_part(part: str) -> str:
    return ZERO_KEY if _decodes_to(part, 64) else REDACTED


def _redact_sas(text: str) -> str:
    if "sig" not in text.lower():
        return text
    signed = _SIGNATURE.search(text) or "sig=REDACTED" in text
    text = _SIGNATURE.sub(rf"\1{REDACTED}", text)
    return _SAS_FIELD.sub(_zero_time, text) if signed else text


def _zero_time(found: re.Match[str]) -> str:
    time = ZERO_TIME.replace(":", "%3A") if "%3A" in found[2] else ZERO_TIME
    return found[1] + time


def _decodes_to(value: str, length: int) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == length
    except (binascii.Error, ValueError):
        return False


def find_shapes(
    text: str, *, entropy: bool = True, harmless: str = ""
) -> Iterator[str]:
    """Name each kind of secret that the text still seems to hold.

    Args:
        text: One value, not a whole file: neighbours give no context.
        entropy: Also name long random tokens.
        harmless: Text whose random tokens are known and allowed.
    """
    if _JWT.search(text):
        yield "a JSON web token"
    if "PRIVATE KEY-----" in text:
        yield "a private key"
    if _BEARER.search(text):
        yield "an authorization header"
    if _SIGNATURE.search(text):
        yield "a SAS signature"
    if _CONNECTION.search(text):
        yield "a connection string"
    if any(_is_account_key(text, found) for found in _ACCOUNT_KEY.finditer(text)):
        yield "an account key"
    if _CLIENT_SECRET.search(text):
        yield "a client secret"
    if entropy and any(_is_suspect(token, harmless) for token in _TOKEN.findall(text)):
        yield "a random token"


def _is_suspect(token: str, harmless: str) -> bool:
    return is_random(token) and token not in harmless


def _is_account_key(text: str, found: re.Match[str]) -> bool:
    integrity = text[max(0, found.start() - 7) : found.start()] == "sha512-"
    return found[0] != ZERO_KEY and not integrity


def is_random(token: str) -> bool:
    """Whether a long token looks drawn rather than written.

    Hex digests, GUIDs, 16-byte base64 (MD5) and base64 of text are not.
    """
    token = _GUID.sub("", token)
    core = token.rstrip("=")
    if len(core) < 24 or _is_digest(token) or _is_text(token):
        return False
    classes = [_class(char) for char in core]
    if not {"a", "A", "0"} <= set(classes):
        return False
    changes = sum(a != b for a, b in pairwise(classes))
    return changes / len(core) > 0.42 and _entropy(core) > 3.6


def _is_digest(token: str) -> bool:
    return _decodes_to(token, 16)


def _is_text(token: str) -> bool:
    body = token.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        decoded = base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
        return all(c.isprintable() or c.isspace() for c in decoded.decode())
    except (binascii.Error, ValueError):
        return False


def _class(char: str) -> str:
    if char.isdigit():
        return "0"
    if char.isalpha():
        return "A" if char.isupper() else "a"
    return "-"


def _entropy(text: str) -> float:
    counts = Counter(text).values()
    return -sum(n / len(text) * log2(n / len(text)) for n in counts)
