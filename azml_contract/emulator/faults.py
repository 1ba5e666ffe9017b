"""Misbehaviour on request: throttles, server errors, dropped and slow answers.

In: which calls, how often, what shall go wrong; from tests, or from a file.
Out: for each request the fault that it meets, at most one. Knows verbs, paths
and api-versions; does not know how an error is written down, `arm.py` does that.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase

from azml_contract.exchange import Request


class FaultKind(StrEnum):
    """What goes wrong."""

    THROTTLE = "throttle"
    SERVER_ERROR = "server_error"
    DROP = "drop"
    SLOW = "slow"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - names a fault, no secret
    TRUNCATE = "truncate"
    NEVER_ENDS = "never_ends"
    CHANGING_PAGE = "changing_page"


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of misbehaviour for the next `count` calls that match.

    `path` is a shell pattern, compared in lower case with the path of the
    URL: ``*/computes`` or ``*/jobs/*``. `retry_after_s` is the time that a
    throttle asks for; `retry_after_header` says whether it stands in a
    Retry-After header besides the message. `status` is that of a server
    error, `delay_s` how long a slow answer takes. `version` is a pattern of
    api-versions. A `count` of 0 has no end; `probability` is that of a call
    which matches.
    """

    kind: FaultKind
    method: str
    path: str
    count: int = 1
    retry_after_s: int = 0
    retry_after_header: bool = False
    status: int = 0
    delay_s: float = 0.0
    version: str = "*"
    probability: float = 1.0

    def matches(self, method: str, path: str, version: str = "") -> bool:
        """Whether a call meets this fault."""
        return (
            self.method in ("*", method.upper())
            and fnmatchcase(path.lower(), self.path.lower())
            and fnmatchcase(version, self.version)
        )


class Faults:
    """What shall go wrong next. Thread-safe."""

    def __init__(self, planned: Iterable[Fault] = (), *, seed: int = 0) -> None:
        self._from_start = tuple(planned)
        self.planned: list[Fault] = list(self._from_start)
        self._random = random.Random(seed)  # noqa: S311 - the same faults again
        self._lock = threading.Lock()

    def throttle(
        self,
        method: str = "*",
        path: str = "*",
        *,
        count: int = 1,
        retry_after_s: int = 20,
        header: bool = False,
    ) -> None:
        """Answer 429 as AML does: the time to wait stands in the message.

        Args:
            method: Verb, or ``*``.
            path: Shell pattern of the URL's path.
            count: How many calls are throttled.
            retry_after_s: The time to wait that is asked for.
            header: Whether a Retry-After header says it too. No recording of
                the live service has that header on an AML throttle.
        """
        self._plan(
            Fault(
                FaultKind.THROTTLE,
                method,
                path,
                count,
                retry_after_s=retry_after_s,
                retry_after_header=header,
            )
        )

    def fail(
        self, method: str = "*", path: str = "*", *, count: int = 1, status: int = 500
    ) -> None:
        """Answer with a server error: 500, 502, 503 or 504."""
        self._plan(Fault(FaultKind.SERVER_ERROR, method, path, count, status=status))

    def drop(self, method: str = "*", path: str = "*", *, count: int = 1) -> None:
        """Close the connection instead of answering; nothing is carried out."""
        self._plan(Fault(FaultKind.DROP, method, path, count))

    def slow(
        self, method: str = "*", path: str = "*", *, count: int = 1, delay_s: float
    ) -> None:
        """Answer as usual, but `delay_s` seconds late."""
        self._plan(Fault(FaultKind.SLOW, method, path, count, delay_s=delay_s))

    def expire_token(
        self, method: str = "*", path: str = "*", *, count: int = 1
    ) -> None:
        """Treat the token of a call as expired."""
        self._plan(Fault(FaultKind.EXPIRED_TOKEN, method, path, count))

    def clear(self) -> None:
        """Plan nothing but what was there from the start."""
        with self._lock:
            self.planned = list(self._from_start)

    @property
    def pending(self) -> tuple[Fault, ...]:
        """What has not happened yet, in the order planned."""
        with self._lock:
            return tuple(self.planned)

    def take(self, request: Request) -> Fault | None:
        """The fault that this call meets; it counts as having happened."""
        if not self.planned:
            return None
        method, path = request.method, request.path
        version = request.api_version or ""
        with self._lock:
            for index, fault in enumerate(self.planned):
                if not fault.matches(method, path, version):
                    continue
                if fault.probability < 1 and self._random.random() >= fault.probability:
                    continue
                if fault.count > 1:
                    self.planned[index] = replace(fault, count=fault.count - 1)
                elif fault.count == 1:
                    del self.planned[index]
                return fault
        return None

    def _plan(self, fault: Fault) -> None:
        with self._lock:
            self.planned.append(fault)
