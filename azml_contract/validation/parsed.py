"""What reading a JSON text gives: its value, and the defects of the text."""

from __future__ import annotations

from typing import Any, NamedTuple

MAX_DEPTH = 100

BROKEN, RAW_BREAK, TRAILING_COMMA, DUPLICATE = "130", "131", "132", "133"


class Defect(NamedTuple):
    """One defect of the text; `kind` ends the code, line and column count from 1.

    `new` takes the place of `old` there, where that mends it for certain.
    """

    kind: str
    message: str
    cure: str
    pointer: str
    line: int
    column: int
    old: str = ""
    new: str = ""


class Parsed(NamedTuple):
    """What a text says. `readable` is False where the defects could not be mended.

    `holes` are pointers of values that stand in for what was not written, and
    `is_cut` says that the text ends too early: neither may be found wrong again.
    """

    value: Any
    defects: tuple[Defect, ...] = ()
    readable: bool = True
    holes: frozenset[str] = frozenset()
    is_cut: bool = False
