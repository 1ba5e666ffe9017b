"""What secrets look like, and what is written in their place.

In: text. Out: the text without secrets, or the kind of secret it still holds.
Knows shapes only: JSON web tokens, SAS signatures, account keys, connection
strings, private keys, bearer tokens, client secrets. Which
properties and values are secret is another module's matter.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

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
        text = _ACCOUNT_KEY.sub(lambda found: _without_key(text, found), text)
    if "Q~" in text:
        text = _CLIENT_SECRET.sub(REDACTED, text)
    return _redact_sas(text)


def _without_key(text: str, found: re.Match[str]) -> str:
    return ZERO_KEY if _is_account_key(text, found) else found[0]


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


def find_shapes(text: str) -> Iterator[str]:
    """Name each kind of secret that the text still seems to hold.

    Args:
        text: One value, not a whole file: neighbours give no context.
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


def _is_account_key(text: str, found: re.Match[str]) -> bool:
    integrity = text[max(0, found.start() - 7) : found.start()] == "sha512-"
    return found[0] != ZERO_KEY and not integrity
