"""Which commands of a script were read.

In: where commands begin and end. Out: whether a place is in one of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from azml_contract.errors import InputError

_LONGEST = 10_000


class Covered:
    """The ranges of the commands of one script, in any order, each once.

    Args:
        length: How long the script is.
        deepest: How many commands may stand in one another.
    """

    def __init__(self, length: int, deepest: int) -> None:
        self._length = length
        self._deepest = deepest
        self._seen: set[tuple[int, int]] = set()
        self._order: list[tuple[int, int]] | None = None

    def add(self, start: int, end: int) -> None:
        """Note a command that was read.

        Raises:
            InputError: There are too many.
        """
        self._seen.add((start, end))
        if len(self._seen) > _LONGEST:
            raise InputError(f"it is a script of more than {_LONGEST} commands")

    def holds(self, place: int, lines: Sequence[int]) -> bool:
        """Whether a place is in a command that was read.

        A command ends with its line: where the grammar goes on in the next one, it has
        lost its way, and took whole commands for words.

        Args:
            place: In the script.
            lines: Where lines begin that are in no quotes.
        """
        if self._order is None or len(self._order) != len(self._seen):
            self._order = sorted(self._seen)
        at = bisect_right(self._order, (place, self._length))
        nested = self._order[max(at - self._deepest, 0) : at]
        at = bisect_right(lines, place)
        line = lines[at - 1] if at else 0
        return any(start <= place < end and start >= line for start, end in nested)
