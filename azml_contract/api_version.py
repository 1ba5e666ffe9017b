"""Parse and order api-versions such as ``2024-10-01`` and ``2024-10-01-preview``.

In: text. Out: values that sort by date, a preview before the stable version
of its own day. Knows nothing of which versions exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, total_ordering

SortKey = tuple[int, date | str, bool, str]
CLIENT = "client"
"""In place of an api-version: each call is at the one that its client chose."""
_SHAPE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:-([a-z]+))?")


@total_ordering
@dataclass(frozen=True, slots=True)
class ApiVersion:
    """One api-version; ``str()`` gives the text that goes into a URL."""

    day: date
    suffix: str = ""

    @property
    def is_preview(self) -> bool:
        """Whether it carries a suffix such as ``-preview``."""
        return bool(self.suffix)

    def __str__(self) -> str:
        return f"{self.day}-{self.suffix}" if self.suffix else str(self.day)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, ApiVersion):
            return NotImplemented
        return self._key() < other._key()

    def _key(self) -> tuple[date, bool, str]:
        return (self.day, not self.suffix, self.suffix)


def parse_api_version(text: str) -> ApiVersion:
    """Parse the text of an api-version.

    Raises:
        ValueError: The text is not a date, or not a real day.
    """
    matched = _SHAPE.fullmatch(text)
    if matched is None:
        raise ValueError(f"{text!r} is not an api-version such as 2024-04-01")
    year, month, day = (int(part) for part in matched.group(1, 2, 3))
    return ApiVersion(date(year, month, day), matched.group(4) or "")


def is_api_version(text: str) -> bool:
    """Whether a text, such as the name of a folder, is that of an api-version."""
    try:
        parse_api_version(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def sort_key(text: str) -> SortKey:
    """Key that sorts version texts by date; what is no version sorts last."""
    try:
        version = parse_api_version(text)
    except ValueError:
        return (1, text, False, "")
    return (0, *version._key())
