"""A deviation: where a body leaves its contract, before anyone says how bad.

In: nothing; values made by the walker. Out: what grading and wording read.
Knows neither profiles nor sentences.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from azml_contract.json_pointer import escape

Path = tuple["Path", str | int] | None
"""Where in a body: the path of the parent and one more step; None is the root."""


class Rule(StrEnum):
    """Which rule a body broke; the value ends the code (``AZC1`` + ``03``)."""

    MISSING = "01"
    UNKNOWN = "02"
    CASE = "03"
    TYPE = "04"
    NULL = "05"
    ENUM = "06"
    ENUM_CASE = "07"
    VARIANT_UNKNOWN = "08"
    VARIANT_MISSING = "09"
    VARIANT_OTHER = "10"
    RENAMED = "11"
    FOREIGN = "12"
    USE = "13"
    FIXED = "14"
    PATTERN = "15"
    RANGE = "16"
    LENGTH = "17"
    FORMAT = "18"
    DURATION = "19"

    __hash__ = str.__hash__  # an enum's own is written in Python, and asked often


class Deviation(NamedTuple):
    """One broken rule at one place.

    `owner` and `name` are the definition and the declared property that the
    place belongs to; both are empty for the body itself. `expected` holds
    what would be right, best first. `hint` is what else is known, its meaning
    depends on the rule (see `phrases`). `is_null` tells of a property that is not
    declared that it says nothing.
    """

    rule: Rule
    path: Path
    seen: Any
    expected: tuple[Any, ...]
    owner: str
    name: str
    hint: Any = None
    is_null: bool = False


class Home(NamedTuple):
    """Where a property in the wrong place belongs.

    `path` is the object that knows it; `is_there` whether the body has that object,
    and no such property in it; `is_only` whether no other one knows it; `is_taken`
    where every one has it already.
    """

    path: Path
    is_there: bool = True
    is_only: bool = True
    is_taken: bool = False


class Guess(NamedTuple):
    """The variant that was meant, "" where nothing tells, and what tells it.

    `by` is ``name``, ``properties``, ``only`` (there is one alone) or ``twin``: the
    property `twin` holds the value. `elsewhere` tells the api-versions that have
    the value that was sent.
    """

    value: str = ""
    by: str = ""
    twin: str = ""
    elsewhere: Any = None


@lru_cache(maxsize=4096)  # each is asked for several times, and places repeat
def to_pointer(path: Path) -> str:
    """The RFC 6901 pointer of a path; "" for the root."""
    pointer = ""
    while path is not None:
        path, step = path
        if isinstance(step, str) and ("~" in step or "/" in step):
            step = escape(step)
        pointer = f"/{step}{pointer}"
    return pointer
