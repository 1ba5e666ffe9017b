"""The headers that every answer of ARM has.

In: verb, who answers, whether it is an error. Out: headers. Which ones there
are was read from recordings of 2022 to 2026; ids are new for each answer. The
date is that of the emulated service, as the times in its bodies are.
"""

from __future__ import annotations

import os
import threading
from functools import lru_cache

from azml_contract.emulator.clock import EmulatorClock, as_http_date, as_iso
from azml_contract.exchange import Headers

_ALWAYS: Headers = (
    ("Cache-Control", "no-cache"),
    ("Pragma", "no-cache"),
    ("Expires", "-1"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
)
_JSON = ("Content-Type", "application/json; charset=utf-8")
# What remains of a client's allowance, and of the subscription's.
_ALLOWANCES = {
    "reads": (250, 3750),
    "writes": (200, 3000),
    "deletes": (200, 3000),
}


def _draw_id() -> str:
    """A random GUID; `uuid.uuid4` takes four times as long."""
    drawn = os.urandom(16).hex()
    return f"{drawn[:8]}-{drawn[8:12]}-4{drawn[13:16]}-a{drawn[17:20]}-{drawn[20:]}"


@lru_cache(maxsize=16)
def _tell_time(second: int, region: str) -> tuple[tuple[str, str], str]:
    """The Date header, and how ids of routing begin; the same for a second."""
    stamp = as_iso(float(second))[:19].replace("-", "").replace(":", "")
    return ("Date", as_http_date(second)), f"{region}:{stamp}Z"


class HeaderWriter:
    """Writes headers and counts calls. Thread-safe."""

    def __init__(self, region: str, clock: EmulatorClock) -> None:
        self._region = region
        self._clock = clock
        self._used = dict.fromkeys(_ALLOWANCES, 0)
        self._lock = threading.Lock()

    def write(self, method: str, *, by: str, is_error: bool, has_body: bool) -> Headers:
        """The headers of one answer.

        Args:
            method: Verb of the request.
            by: ``gateway`` or ``service``.
            is_error: Whether the answer is an error.
            has_body: Whether it has a body.
        """
        request_id = _draw_id()
        date, routing = _tell_time(int(self._clock.now()), self._region.upper())
        headers: Headers = (
            *_ALWAYS,
            date,
            ("x-ms-request-id", request_id),
            ("x-ms-correlation-request-id", request_id),
            ("x-ms-routing-request-id", f"{routing}:{request_id}"),
        )
        if has_body:
            headers = (*headers, _JSON)
        if by == "gateway":
            return (*headers, ("x-ms-failure-cause", "gateway"))
        return headers + self._of_service(method, is_error=is_error)

    def _of_service(self, method: str, *, is_error: bool) -> Headers:
        return (
            ("Request-Context", "appId=cid-v1:azml-contract-emulator"),
            ("x-ms-response-type", "error" if is_error else "standard"),
            ("azureml-served-by-cluster", f"emulator-{self._region}-01"),
            ("x-request-time", "0.010"),
            *self._allowance(method),
        )

    def _allowance(self, method: str) -> Headers:
        name = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}.get(
            method, "writes"
        )
        own, everybody = _ALLOWANCES[name]
        with self._lock:
            self._used[name] += 1
            used = self._used[name]
        # Buckets fill up again on Azure; here they start anew when empty, so
        # that no run is throttled unless `Faults` asks for it.
        return (
            (
                f"x-ms-ratelimit-remaining-subscription-{name}",
                str(own - 1 - (used - 1) % own),
            ),
            (
                f"x-ms-ratelimit-remaining-subscription-global-{name}",
                str(everybody - 1 - (used - 1) % everybody),
            ),
        )
