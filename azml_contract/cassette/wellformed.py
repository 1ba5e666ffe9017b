"""Whether an object of a cassette file has the shape of format 2.

In: parsed JSON. Out: the side files it names, or a `ValueError` that says what
is wrong. Knows the format; reads no file.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from azml_contract.cassette.content import decode_body
from azml_contract.exchange import FAILURES

_DIGEST = re.compile(r"[0-9a-f]{64}")
_BODY_KINDS = frozenset({"text", "base64", "file"})
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,4})?(?:[/?]|$)")
_MOST_TIMES = 1_000_000


def check_interaction(interaction: Any) -> list[str]:
    """Check one interaction.

    Returns:
        The sha256 of each side file it refers to; usually none.

    Raises:
        ValueError: It is malformed; says what is missing or wrong.
    """
    names: list[str] = []
    if not isinstance(interaction, dict):
        raise ValueError("it is no object")
    try:
        request = interaction["request"]
        failure = interaction.get("failure")
        _check_failure(failure)
        nothing = {"status": 0, "headers": {}} if failure is not None else None
        response = interaction.get("response", nothing)
        if response is None:
            raise KeyError("response")
        _check_origin(interaction)
        times = interaction.get("times", 1)
        whole = (
            type(request["method"]) is str
            and type(request["uri"]) is str
            and type(response["status"]) is int
            and type(times) is int
            and 0 < times <= _MOST_TIMES
        )
        if whole:
            check_url(request["uri"])
        for part in (request, response):
            _check_headers(part["headers"])
            if "body" in part:
                _check_body(part["body"], names)
    except KeyError as error:
        raise ValueError(f"{error} is missing") from error
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error
    if not whole:
        raise ValueError(
            "it needs request.method and request.uri as text, "
            f"response.status and times as whole numbers up to {_MOST_TIMES}"
        )
    return names


def check_url(url: str) -> None:
    """Refuse a URL that cannot be taken apart.

    Raises:
        ValueError: Says so.
    """
    if url.isascii() and _PLAIN_URL.match(url):
        return
    try:
        url.encode()
        _ = urlsplit(url).port
    except ValueError as error:
        raise ValueError(f"its URL cannot be read: {error}") from error


def _check_failure(failure: Any) -> None:
    if failure is None:
        return
    if type(failure) is not dict or failure.get("kind") not in FAILURES:
        raise TypeError(f"a failure is of a kind: {', '.join(FAILURES)}")
    after = failure.get("after_bytes", 0)
    if type(after) is not int or after < 0:
        raise TypeError("a failure's after_bytes is a whole number")
    if type(failure.get("raised", "")) is not str:
        raise TypeError("a failure's raised is the name of an exception")


def _check_origin(interaction: dict[str, Any]) -> None:
    """Where a call came from: ``at`` and ``process``."""
    if type(interaction.get("at", "")) is not str:
        raise TypeError("at is text, a file and a line")
    process = interaction.get("process", {})
    if type(process) is not dict or not all(
        type(value) is str for value in process.values()
    ):
        raise TypeError("process is an object of texts")


def _check_headers(headers: Any) -> None:
    if type(headers) is not dict:
        raise TypeError("headers must be an object")
    for value in headers.values():
        if type(value) is not str:
            raise TypeError("header values must be text")


def _check_body(body: Any, names: list[str]) -> None:
    if type(body) is not dict or len(body) != 1:
        raise TypeError("a body is an object with one key")
    kind: str
    value: Any
    ((kind, value),) = body.items()
    if kind == "json":
        return
    if kind not in _BODY_KINDS or not isinstance(value, str):
        raise TypeError("a body is one of json, text, base64 or file")
    if kind == "base64":
        decode_body(body, {})
    elif kind == "file":
        if not _DIGEST.fullmatch(value):
            raise ValueError("a side file is named by its sha256")
        names.append(value)
