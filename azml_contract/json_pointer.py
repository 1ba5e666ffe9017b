"""JSON pointers (RFC 6901): names to steps and back.

In: text. Out: text. Knows no JSON.
"""

from __future__ import annotations

from collections.abc import Iterator


def escape(name: str) -> str:
    """A name as a step of a pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def unescape(step: str) -> str:
    """The name that a step of a pointer stands for."""
    return step.replace("~1", "/").replace("~0", "~")


def steps_of(pointer: str) -> Iterator[str]:
    """The names that a pointer leads through; none for the empty one."""
    return map(unescape, pointer.split("/")[1:])
