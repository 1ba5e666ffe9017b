"""Bound the work that one script may cost, whatever stands in it.

In: a clock. Out: an error where a text takes far longer to read than scripts that
people write; grammars and shells both have texts that grow without end.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from azml_contract.errors import InputError

_MOST_S = 1.0
"""Work of this thread; a script of 300 lines takes a fiftieth of it."""


class Effort:
    """What is left of the work for one script.

    Args:
        most_s: Seconds of work.
        clock: Tells how much this thread has worked, in seconds.
    """

    def __init__(
        self, most_s: float = _MOST_S, clock: Callable[[], float] = time.thread_time
    ) -> None:
        self._clock = clock
        self._end = clock() + most_s

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self._clock() > self._end

    def require(self) -> None:
        """Go on only while something is left.

        Raises:
            InputError: Nothing is.
        """
        if self.is_spent:
            raise InputError(
                "it takes more work to read than any script that people write, so "
                "none of its calls was judged"
            )
