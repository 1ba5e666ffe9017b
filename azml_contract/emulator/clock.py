"""The time that the emulated service lives in.

In: which policy. Out: seconds since 1970 that jobs, operations and
`systemData` are computed from. Tokens and SAS do not use it: clients and
Azurite compare those with the time of this machine.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

EPOCH_S = datetime(2026, 11, 22, 10, 0, tzinfo=UTC).timestamp()
POLL_STEP_S = 30.0
WRITE_STEP_S = 1.0
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


class EmulatorClock(Protocol):
    """Time source of the emulated service."""

    stands_still: bool
    """Whether time moves only with calls."""

    def now(self) -> float:
        """Seconds since 1970."""

    def note_poll(self) -> None:
        """A client asked for the state of something that is under way."""

    def note_write(self) -> None:
        """A client changed something."""

    def reset(self) -> None:
        """Go back to the beginning."""

    def go_on_from(self, now_s: float) -> None:
        """Be no earlier than that: a state was left at this time."""


class SteppingClock:
    """Time that moves only when a client polls or writes.

    The same calls in the same order see the same states and times, however
    fast the machine is, and an hour-long job ends after a few polls.
    """

    stands_still = True

    def __init__(
        self,
        *,
        epoch_s: float = EPOCH_S,
        poll_step_s: float = POLL_STEP_S,
        write_step_s: float = WRITE_STEP_S,
    ) -> None:
        self._epoch_s = epoch_s
        self._poll_step_s = poll_step_s
        self._write_step_s = write_step_s
        self._now_s = epoch_s
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now_s

    def note_poll(self) -> None:
        """Let `poll_step_s` pass."""
        self.advance(self._poll_step_s)

    def note_write(self) -> None:
        """Let `write_step_s` pass, so that creation times order resources."""
        with self._lock:
            self._now_s += self._write_step_s

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._now_s += seconds

    def go_on_from(self, now_s: float) -> None:
        """Be no earlier than that."""
        with self._lock:
            self._now_s = max(self._now_s, now_s)

    def reset(self) -> None:
        """Go back to the epoch."""
        with self._lock:
            self._now_s = self._epoch_s


class RunningClock:
    """Time of this machine, `speed` times as fast."""

    stands_still = False

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._started = time.monotonic()
        self._epoch_s = time.time()

    def now(self) -> float:
        """Seconds since 1970."""
        return self._epoch_s + (time.monotonic() - self._started) * self._speed

    def note_poll(self) -> None:
        """Nothing: time passes by itself."""

    def note_write(self) -> None:
        """Nothing: time passes by itself."""

    def go_on_from(self, now_s: float) -> None:
        """Be no earlier than that."""
        self._epoch_s = max(self._epoch_s, now_s)

    def reset(self) -> None:
        """Nothing: this clock cannot go back."""


@lru_cache(maxsize=64)
def as_iso(seconds: float, *, digits: int = 7) -> str:
    """Time as AML writes it: ``2022-09-16T19:29:42.5164057+00:00``."""
    whole, fraction = divmod(round(seconds * 10**digits), 10**digits)
    minute = _tell_minute(whole // 60)[0]
    return f"{minute}:{whole % 60:02}.{fraction:0{digits}d}+00:00"


@lru_cache(maxsize=16)
def tell_second(seconds: int) -> tuple[str, str]:
    """Time as the Date header, and as ids of ARM's routing hold it.

    ``Sun, 22 Nov 2026 10:00:00 GMT`` and ``20261122T100000Z``.
    """
    _, date, stamp = _tell_minute(seconds // 60)
    second = f"{seconds % 60:02}"
    return f"{date}:{second} GMT", f"{stamp}{second}Z"


@lru_cache(maxsize=64)
def _tell_minute(minutes: int) -> tuple[str, str, str]:
    """A minute since 1970 as each of these begins; many times share one."""
    year, month, day, hour, minute, _, weekday = time.gmtime(minutes * 60)[:7]
    clock = f"{hour:02}:{minute:02}"
    return (
        f"{year:04}-{month:02}-{day:02}T{clock}",
        f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} {clock}",
        f"{year:04}{month:02}{day:02}T{hour:02}{minute:02}",
    )


def as_run_time(seconds: float) -> str:
    """Time as run properties hold it: ``2023-05-03 04:20:11``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
