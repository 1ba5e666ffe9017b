"""What a handler answers, before the headers that every answer has.

In: status, JSON, headers of its own. Out: a value. Knows no protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

EMPTY: Any = object()
"""A body of length 0; ``None`` is the JSON ``null``, which the service does send."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, JSON body and the headers that only this answer has.

    `lasts`: the same request is answered the same until something is changed.
    """

    status: int
    body: Any = EMPTY
    headers: tuple[tuple[str, str], ...] = ()
    lasts: bool = False
