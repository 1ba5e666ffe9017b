"""An interrupt that came while Python could not raise it.

Python drops what is raised in a callback of its own, as those of imports are; a server
would then wait for an interrupt that has come already. Only the standard library is
imported here, as little as can be.
"""

from __future__ import annotations

import signal
from types import FrameType

_noted: list[int] = []


def note_interrupts() -> None:
    """Remember interrupts, and raise them as before; an ignored one stays ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _note)


def was_interrupted() -> bool:
    """Whether an interrupt has come since `note_interrupts`."""
    return bool(_noted)


def _note(number: int, frame: FrameType | None) -> None:
    _noted.append(number)
    signal.default_int_handler(number, frame)
