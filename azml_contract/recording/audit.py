"""What CPython tells of a process: connections, look-ups, programs that are started.

In: a listener. Out: a context in which it hears every audit event. A hook cannot be
taken out of a process, so one is put in for all, and asks who listens.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Listener = Callable[[str, tuple[Any, ...]], None]

_listeners: list[Listener] = []
_is_hooked = False
_in_call = ContextVar("in_call", default=False)


@contextmanager
def in_call() -> Iterator[None]:
    """While entered, what this task connects to is a call that is recorded."""
    token = _in_call.set(True)
    try:
        yield
    finally:
        _in_call.reset(token)


def is_in_call() -> bool:
    """Whether this task, or the one that started it, is within `in_call`."""
    return _in_call.get()


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """While entered, `listener` hears of each event, in the thread that raises it.

    What it raises keeps the event from happening.
    """
    global _is_hooked
    if not _is_hooked:
        sys.addaudithook(_hook)
        _is_hooked = True
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    for listener in _listeners:
        listener(event, args)
