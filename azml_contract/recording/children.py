"""Notes of forked children that reach their parent.

In: lines. Out: the lines that copies of this process left. Knows no cassettes.
"""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

_LONGEST = 2000


class Kind(StrEnum):
    """What a line is about."""

    MISSED = "missed"
    UNSEEN = "unseen"
    STARTED = "started"


class Notes:
    """Lines that a process and its forked children write; the parent reads them."""

    def __init__(self) -> None:
        self._file, name = tempfile.mkstemp(prefix="azml-children-")
        weakref.finalize(self, os.close, self._file)
        with suppress(OSError):  # Windows keeps the name of an open file
            Path(name).unlink()
        self._owner = os.getpid()
        self._lock = threading.Lock()

    @property
    def is_child(self) -> bool:
        """Whether this process is a copy of the one that runs the scenario."""
        return os.getpid() != self._owner

    def write(self, line: str, kind: Kind = Kind.MISSED) -> None:
        """Leave a line for the parent."""
        text = f"{kind} {' '.join(line.split())[:_LONGEST]}"
        with self._lock, suppress(OSError):
            os.lseek(self._file, 0, os.SEEK_END)
            os.write(self._file, f"{text}\n".encode())

    def read(self, kind: Kind = Kind.MISSED) -> list[str]:
        """What children left of one kind."""
        with self._lock:
            size = os.lseek(self._file, 0, os.SEEK_END)
            os.lseek(self._file, 0, os.SEEK_SET)
            lines = os.read(self._file, size).decode().splitlines()
        start = f"{kind} "
        return [one.removeprefix(start) for one in lines if one.startswith(start)]
