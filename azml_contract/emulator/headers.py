"""The headers that every answer of ARM has.

In: verb, who answers, whether it is an error. Out: headers, as the lines in which they
are sent. Which ones there are was read from recordings of 2022 to 2026; ids are new for
each answer. The date is that of the emulated service, as the times in its bodies are.
"""

from __future__ import annotations

import itertools
import random

from azml_contract.emulator.clock import EmulatorClock, tell_second
from azml_contract.exchange import EMULATOR_MARK

MARK = (EMULATOR_MARK, "1")
"""The last header of each answer."""
MARK_LINE = f"{EMULATOR_MARK}: 1\r\n"

_ALWAYS = (
    "Cache-Control: no-cache\r\n"
    "Pragma: no-cache\r\n"
    "Expires: -1\r\n"
    "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
    "X-Content-Type-Options: nosniff\r\n"
)
_JSON = "Content-Type: application/json; charset=utf-8\r\n"
_BY_GATEWAY = "x-ms-failure-cause: gateway\r\n"


class _Allowance:
    """What remains of a client's allowance of calls, and of the subscription's."""

    def __init__(self, kind: str, own: int, everybody: int) -> None:
        name = "x-ms-ratelimit-remaining-subscription"
        self._own_name, self._own = f"{name}-{kind}", own
        self._everybody_name, self._everybody = f"{name}-global-{kind}", everybody
        self._used = itertools.count()

    def take(self) -> str:
        """The lines of one more call."""
        # Buckets fill up again on Azure; here they start anew when empty, so
        # that no run is throttled unless `Faults` asks for it.
        used = next(self._used)
        own, everybody = self._own, self._everybody
        return (
            f"{self._own_name}: {own - 1 - used % own}\r\n"
            f"{self._everybody_name}: {everybody - 1 - used % everybody}\r\n"
        )


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

    def write(self, method: str, *, by: str, is_error: bool, has_body: bool) -> str:
        """The headers of one answer, but for the mark: a line for each, with its end.

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
        date, stamp = tell_second(int(self._clock.now()))
        if by == "gateway":
            told = _BY_GATEWAY
        else:
            told = self._of_error if is_error else self._of_standard
            told += self._allowances.get(method, self._writes).take()
        return (
            f"{_ALWAYS}Date: {date}\r\n"
            f"x-ms-request-id: {request_id}\r\n"
            f"x-ms-correlation-request-id: {request_id}\r\n"
            f"x-ms-routing-request-id: {self._region}:{stamp}:{request_id}\r\n"
            f"{_JSON if has_body else ''}{told}"
        )

    def _of_service(self, kind: str) -> str:
        return (
            "Request-Context: appId=cid-v1:azml-contract-emulator\r\n"
            f"x-ms-response-type: {kind}\r\n"
            f"azureml-served-by-cluster: emulator-{self._place}-01\r\n"
            "x-request-time: 0.010\r\n"
        )
