"""The headers that every answer of ARM has.

In: verb, who answers, whether it is an error. Out: headers. Which ones there
are was read from recordings of 2022 to 2026; ids are new for each answer. The
date is that of the emulated service, as the times in its bodies are.
"""

from __future__ import annotations

import itertools
import random
from functools import lru_cache

from azml_contract.emulator.clock import EmulatorClock, as_http_date, as_iso
from azml_contract.exchange import EMULATOR_MARK, Headers

MARK = (EMULATOR_MARK, "1")
"""The last header of each answer."""

_ALWAYS: Headers = (
    ("Cache-Control", "no-cache"),
    ("Pragma", "no-cache"),
    ("Expires", "-1"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
)
_JSON = ("Content-Type", "application/json; charset=utf-8")


class _Allowance:
    """What remains of a client's allowance of calls, and of the subscription's."""

    def __init__(self, kind: str, own: int, everybody: int) -> None:
        name = "x-ms-ratelimit-remaining-subscription"
        self._own_name, self._own = f"{name}-{kind}", own
        self._everybody_name, self._everybody = f"{name}-global-{kind}", everybody
        self._used = itertools.count()

    def take(self) -> Headers:
        """The headers of one more call."""
        # Buckets fill up again on Azure; here they start anew when empty, so
        # that no run is throttled unless `Faults` asks for it.
        used = next(self._used)
        return (
            (self._own_name, str(self._own - 1 - used % self._own)),
            (self._everybody_name, str(self._everybody - 1 - used % self._everybody)),
        )


@lru_cache(maxsize=16)
def _tell_time(second: int, region: str) -> tuple[tuple[str, str], str]:
    """The Date header, and how ids of routing begin; the same for a second."""
    stamp = as_iso(float(second))[:19].replace("-", "").replace(":", "")
    return ("Date", as_http_date(second)), f"{region}:{stamp}Z"


class HeaderWriter:
    """Writes headers and counts calls. Thread-safe."""

    def __init__(self, region: str, clock: EmulatorClock) -> None:
        self._region = region.upper()
        self._place = region
        self._clock = clock
        self._draw = random.Random().getrandbits  # noqa: S311 - no secret
        self._of_standard = self._of_service("standard")
        self._of_error = self._of_service("error")
        reads = _Allowance("reads", 250, 3750)
        self._writes = _Allowance("writes", 200, 3000)
        self._allowances = {
            "GET": reads,
            "HEAD": reads,
            "DELETE": _Allowance("deletes", 200, 3000),
        }

    def write(self, method: str, *, by: str, is_error: bool, has_body: bool) -> Headers:
        """The headers of one answer.

        Args:
            method: Verb of the request.
            by: ``gateway`` or ``service``.
            is_error: Whether the answer is an error.
            has_body: Whether it has a body.
        """
        # A random GUID; `uuid.uuid4` takes four times as long.
        drawn = f"{self._draw(128):032x}"
        request_id = (
            f"{drawn[:8]}-{drawn[8:12]}-4{drawn[13:16]}-a{drawn[17:20]}-{drawn[20:]}"
        )
        date, routing = _tell_time(int(self._clock.now()), self._region)
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
        return (
            *headers,
            *(self._of_error if is_error else self._of_standard),
            *self._allowances.get(method, self._writes).take(),
        )

    def _of_service(self, kind: str) -> Headers:
        return (
            ("Request-Context", "appId=cid-v1:azml-contract-emulator"),
            ("x-ms-response-type", kind),
            ("azureml-served-by-cluster", f"emulator-{self._place}-01"),
            ("x-request-time", "0.010"),
        )
