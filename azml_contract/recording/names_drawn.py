"""Names that programs draw for themselves, and times that they write.

In: text, and patterns of a project's own. Out: the parts of it that differ between
two runs of one program by nature. Whether a part is one of these is told by its form
alone: a name that a person chose is none, and a changed one is told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from azml_contract.errors import UsageError

JOB_NAME = r"[a-z]{2,30}_[a-z]{2,30}_[0-9a-z]{10}"
"""What azure-ai-ml draws for jobs: two words and ten characters, digits or none."""
_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
_KNOWN = (
    JOB_NAME,
    r"[\w-]{1,100}_1[5-9]\d{8}_[0-9a-f]{8}",  # azureml-core's, of runs
    r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}",  # a random GUID without dashes
    r"1[5-9]\d{8}(?:\d{3}|\d{6}|\d{9})?",  # seconds since 1970, or smaller parts
    r"20\d{6}[-_T]?\d{6}",  # a date and a time, as names have them
    _TIME,
)
TIME = "0000-00-00T00:00:00Z"
"""What stands for every time: two times are the same."""


class DrawnNames:
    """Finds names that programs draw.

    Args:
        more: Patterns of a project's own.
        own: Those that hold for a test's own requests too; None for all.
        levels_times: Whether two times are the same.

    Raises:
        UsageError: A pattern is none.
    """

    def __init__(
        self,
        more: Sequence[str] = (),
        *,
        own: Sequence[str] | None = None,
        levels_times: bool = True,
    ) -> None:
        self._levels_times = levels_times
        self._kinds = [_compile(one) for one in (*more, *_KNOWN)]
        self._own = self._kinds if own is None else [_compile(one) for one in own]
        joined = "|".join(f"(?:{one.pattern})" for one in self._kinds)
        self.pattern = rf"(?<![0-9A-Za-z])(?:{joined})(?![0-9A-Za-z])"
        self._time = re.compile(_TIME)

    def level_times(self, text: str) -> str:
        """The text with every time the same."""
        return self._time.sub(TIME, text) if self._levels_times else text

    def are_alike(self, one: str, other: str, *, own: bool) -> bool:
        """Whether two names are of one kind, so that one may stand for the other.

        Args:
            one: A name.
            other: Another.
            own: Whether a test's own request holds them, not one of a program.
        """
        return any(
            kind.fullmatch(one) is not None and kind.fullmatch(other) is not None
            for kind in (self._own if own else self._kinds)
        )


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"{pattern!r} is no pattern of names: {error}.") from error
    if found.groups:
        raise UsageError(f"{pattern!r} has a group; write (?:...) instead of (...).")
    return found
