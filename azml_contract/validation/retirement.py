"""Tell what an answer says about the end of an API.

In: an answer. Out: a finding for each header that announces a deprecation, with
what it says. Knows neither contracts nor operations.

Source: Azure REST API guidelines, "Deprecating Behavior Notification"; RFC 9745
(Deprecation); RFC 8594 (Sunset).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from azml_contract.exchange import Response
from azml_contract.finding import Finding
from azml_contract.validation.grade import Grader

HEADERS = ("azure-deprecating", "Deprecation", "Sunset")
_MOMENT = re.compile(r"@(\d{1,11})")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_SHOWN = 300


def check_retirement(grader: Grader, response: Response) -> Iterator[Finding]:
    """The announcements of an answer, whatever its status."""
    for name in HEADERS:
        value = response.header(name)
        if value is None or not value.strip():
            continue
        says = _UNPRINTABLE.sub(" ", value).strip()[:_SHOWN]
        yield grader.find(
            "AZC252",
            f"The answer announces an end, {name}: {says}{_say_moment(says)}",
            cure="Move to a newer api-version in time: azml-contract regress tells "
            "which calls break.",
            seen=says,
        )


def _say_moment(text: str) -> str:
    """A moment of RFC 9745 as a date, in brackets; empty for other texts."""
    matched = _MOMENT.fullmatch(text)
    if matched is None:
        return ""
    return f" ({datetime.fromtimestamp(int(matched[1]), UTC):%Y-%m-%d})"
