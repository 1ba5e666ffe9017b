"""Shared access signatures, computed offline with the account's key.

In: account, key, container. Out: query strings, as azure-storage-blob writes them,
which takes longer to import than the emulator does to start. Times are those of this
machine, because Azurite compares them with its own.

Source: "Create an account SAS" and "Create a service SAS" of the Storage Services
REST API, version 2020-12-06 and later.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

_CLOCK_SKEW = timedelta(minutes=10)
_OWN_LIFETIME = timedelta(days=30)
_UPLOAD_LIFETIME = timedelta(hours=8)
_VERSION = "2026-10-06"


def sign_account(account: str, key: str) -> str:
    """A query string that may create and read containers, for the emulator itself."""
    fields = {
        "se": _as_time(datetime.now(UTC) + _OWN_LIFETIME),
        "sp": "rwlac",
        "sv": _VERSION,
        "ss": "b",
        "srt": "sco",
    }
    start = address = protocol = scope = ""
    signed = (
        *(account, fields["sp"], fields["ss"], fields["srt"], start, fields["se"]),
        *(address, protocol, fields["sv"], scope, ""),
    )
    return _sign(key, fields, signed)


def sign_upload(account: str, key: str, container: str) -> str:
    """A query string for one upload: read, create, write, list; eight hours.

    Source: startPendingUpload of the live service, ``sr=c sp=rcwl``.
    """
    now = datetime.now(UTC)
    fields = {
        "st": _as_time(now - _CLOCK_SKEW),
        "se": _as_time(now + _UPLOAD_LIFETIME),
        "sp": "rcwl",
        "sv": _VERSION,
        "sr": "c",
    }
    identifier = address = protocol = snapshot = scope = ""
    signed = (
        *(fields["sp"], fields["st"], fields["se"], f"/blob/{account}/{container}"),
        *(identifier, address, protocol, fields["sv"], fields["sr"], snapshot, scope),
        *_NO_HEADERS,
    )
    return _sign(key, fields, signed)


_NO_HEADERS = ("",) * 5
"""Cache-Control and the like of an answer, none of which is told otherwise."""


def _as_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _sign(key: str, fields: Mapping[str, str], signed: Iterable[str]) -> str:
    text = "\n".join(signed).encode()
    digest = hmac.new(base64.b64decode(key), text, hashlib.sha256).digest()
    whole = {**fields, "sig": base64.b64encode(digest).decode()}
    return "&".join(f"{name}={quote(value)}" for name, value in whole.items())
