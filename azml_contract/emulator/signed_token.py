"""JSON web tokens, signed with HMAC: what the emulator's identity hands out.

In: claims and a key. Out: tokens; and the claims of one, if it is signed with the key,
or whoever signed it. PyJWT, which reads tokens of every kind, takes a third of the
emulator's start to import.

Source: RFC 7515 (compact serialisation), RFC 7518 section 3.2 (HS256), RFC 7519.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

_HEADER = {"alg": "HS256", "typ": "JWT"}


def sign(claims: Mapping[str, Any], key: bytes) -> str:
    """A token."""
    signed = f"{_encode(_HEADER)}.{_encode(claims)}"
    return f"{signed}.{_write(_digest(signed, key))}"


def read_signed(token: str, key: bytes) -> dict[str, Any] | None:
    """The claims of a token; None where it is none, or is not signed with the key."""
    signed, _, signature = token.rpartition(".")
    header = _decode(signed.partition(".")[0])
    expected = _write(_digest(signed, key))
    if header is None or header.get("alg") != _HEADER["alg"]:
        return None
    given = signature.encode("utf-8", "replace")
    same = hmac.compare_digest(given, expected.encode())
    return read_unsigned(token) if same else None


def read_unsigned(token: str) -> dict[str, Any] | None:
    """The claims of a token, whoever signed it; None where it is none."""
    parts = token.split(".")
    if len(parts) != 3 or _decode(parts[0]) is None:
        return None
    return _decode(parts[1])


def _digest(signed: str, key: bytes) -> bytes:
    return hmac.new(key, signed.encode("utf-8", "replace"), hashlib.sha256).digest()


def _encode(value: Mapping[str, Any]) -> str:
    return _write(json.dumps(value, separators=(",", ":")).encode())


def _write(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(part: str) -> dict[str, Any] | None:
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True)
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
