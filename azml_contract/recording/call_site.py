"""Where in a project a call was made: the file and line that a reader would look at.

In: the folder of a project, and the stack of the thread that calls. Out: text such as
``scenarios/test_train.py:31``, or nothing where no line of the project is on the stack.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

_FOREIGN = ("site-packages", "dist-packages")


class CallSites:
    """Finds call sites below one folder; remembers which files are of the project."""

    def __init__(self, root: Path | None) -> None:
        self._root = root and root.resolve()
        self._known: dict[str, str] = {}

    def find(self) -> str:
        """The innermost line of the project on the stack of this thread; or ``""``."""
        frame: FrameType | None = sys._getframe(1) if self._root else None
        while frame is not None:
            name = frame.f_code.co_filename
            file = self._known.get(name)
            if file is None:
                file = self._known[name] = self._shorten(name)
            if file:
                return f"{file}:{frame.f_lineno}"
            frame = frame.f_back
        return ""

    def find_caller(self, of: str) -> str:
        """The line that called into `of`, a file of ours, if the project holds it."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename != of:
            frame = frame.f_back
        while frame is not None and frame.f_code.co_filename == of:
            frame = frame.f_back
        if frame is None or self._root is None:
            return ""
        file = self._shorten(frame.f_code.co_filename)
        return f"{file}:{frame.f_lineno}" if file else ""

    def _shorten(self, name: str) -> str:
        """The path of a file below the folder; ``""`` for all others."""
        assert self._root is not None
        path = Path(name)
        if not path.is_absolute() or path.is_relative_to(_OURS):
            return ""
        try:
            below = path.resolve().relative_to(self._root)
        except (ValueError, OSError):
            return ""
        is_foreign = any(p in _FOREIGN or p.startswith(".") for p in below.parts)
        return "" if is_foreign else below.as_posix()


_OURS = Path(__file__).parents[1]
