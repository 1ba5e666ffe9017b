"""When a call is sent again, and how long to wait before that.

In: verb, URL, and what came back (an answer or a dropped connection). Out: a
number of seconds, or None for "no more". Decides; neither sends nor sleeps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

TRANSIENT = frozenset({429, 500, 502, 503, 504})
"""Statuses that a later attempt may not meet."""

SAFE_ACTIONS = ("list", "get", "check", "startpendingupload")
"""How the last path segment of a POST begins when repeating it is harmless.

ARM names actions that only read ``listKeys``, ``listSecrets``, ``listNodes``,
``checkNameAvailability``; ``startPendingUpload`` is
``CodeVersions_CreateOrGetStartPendingUpload``: a second call costs at most an
unused container that the service cleans up. Not here: ``cancel`` (its second
answer is an error), ``start``, ``stop``, ``restart``, ``regenerateKeys``,
``publish``, ``invoke``.
"""

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"})
# ARM's PATCH is a JSON merge patch (RFC 7396): applying it twice is applying it once.

_WAIT_IN_MESSAGE = re.compile(r"(?:re)?try again after '?(\d+)'? seconds", re.I)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and how long at most.

    `attempts` counts the first one. `total_s` bounds the sum of all waits of
    one call. Waits without an instruction from the service grow from `base_s`
    by doubling, up to `longest_s`, and are spread by a quarter either way.
    """

    attempts: int = 6
    total_s: float = 300.0
    base_s: float = 1.0
    longest_s: float = 60.0

    def wait_s(
        self, attempt: int, waited_s: float, asked_s: float | None, spread: float
    ) -> float | None:
        """Seconds to wait before the next attempt; None when there is none left.

        Args:
            attempt: How many attempts were made, from 1.
            waited_s: How long this call has waited so far.
            asked_s: What the service asked for; None when it did not say.
            spread: A fraction from 0 to 1 that keeps clients out of step.
        """
        if attempt >= self.attempts:
            return None
        wait = asked_s
        if wait is None:
            grown = min(self.base_s * 2 ** (attempt - 1), self.longest_s)
            wait = grown * (0.75 + spread / 2)
        return wait if waited_s + wait <= self.total_s else None


def is_repeatable(method: str, url: str, status: int | None) -> bool:
    """Whether a call may be sent again after this outcome.

    Args:
        method: Verb, upper case.
        url: Absolute URL.
        status: Status of the answer; None when the connection dropped.

    A 429 was not processed, so it is repeatable whatever the verb. After a
    dropped connection nobody knows, so no POST is repeated.
    """
    if status == 429:
        return True
    if status is not None and status not in TRANSIENT:
        return False
    if method in _IDEMPOTENT:
        return True
    return status is not None and _is_safe_action(url)


def _is_safe_action(url: str) -> bool:
    action = urlsplit(url).path.rstrip("/").rpartition("/")[2].lower()
    return action.startswith(SAFE_ACTIONS)


def read_wait_s(headers: Mapping[str, str], body: bytes, now_s: float) -> float | None:
    """Seconds that an answer asks to wait; None when it does not say.

    ``Retry-After`` in seconds or as an HTTP date (RFC 9110, 10.2.3), and the
    sentences "Retry again after N seconds" (Azure Machine Learning) and "try
    again after 'N' seconds" (ARM); the longer one where both are there.

    Args:
        headers: Response headers, case-insensitive.
        body: The body as received.
        now_s: The time, in seconds since the epoch, for dates.
    """
    said = _WAIT_IN_MESSAGE.search(body.decode("utf-8", "replace"))
    waits = [read_retry_after_s(headers, now_s), float(said.group(1)) if said else None]
    known = [wait for wait in waits if wait is not None]
    return max(known) if known else None


def read_retry_after_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """``Retry-After`` in seconds from now, not below 0; None when absent.

    A date is compared with the answer's own ``Date`` where it has one, so that
    neither a virtual clock nor one that is wrong matters.
    """
    value = (headers.get("Retry-After") or "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    until_s = read_date_s(value)
    if until_s is None:
        return None
    sent_s = read_date_s(headers.get("Date") or "")
    return max(0.0, until_s - (now_s if sent_s is None else sent_s))


def read_date_s(text: str) -> float | None:
    """An HTTP date in seconds since the epoch; None when it is none."""
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
