"""Which branch of a choice is taken in which reading of a program.

In: the branches of choices that only a run would make, of programs in any language, and
calls as they were read. Out: the branch of a turn, and the calls that are others than
those before. Knows no language.

A program is read once with all branches, where what the last one sets counts, and once
for each turn: in the first turn every choice takes its first branch, in the second its
second, or its last. So what any branch sets is looked at, and what one branch sets
together is not mixed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from azml_contract.scripts.calls import Request

_MOST_TURNS = 8
_Branch = TypeVar("_Branch")
Found = tuple[int, int, Request]
"""Where a call begins and ends, and what it is."""


@dataclass(slots=True)
class Turn:
    """One reading of a program; `number` is None where all branches are followed.

    `most` is how many branches the longest choice has.
    """

    number: int | None = None
    most: int = 1

    def take(self, branches: Sequence[_Branch]) -> _Branch | None:
        """The branch of this turn; None where all are followed, or there is none."""
        self.most = max(self.most, len(branches))
        if self.number is None or not branches:
            return None
        return branches[min(self.number, len(branches) - 1)]

    def others(self) -> Iterator[Turn]:
        """The turns to take after the reading of all branches."""
        if self.most > 1:
            yield from map(Turn, range(min(self.most, _MOST_TURNS)))

    @property
    def why_left(self) -> str:
        """Why calls that hang on branches are not all read; "" where they are."""
        if self.most <= _MOST_TURNS:
            return ""
        return f"a choice has {self.most} branches, of which {_MOST_TURNS} are followed"


class Seen:
    """Calls that were read already, by their places.

    A call without a body is none beside the same with one: which of them is sent
    often hangs on the verb, or on whether there is a body.
    """

    def __init__(self) -> None:
        self._said: set[tuple[object, ...]] = set()
        self._with_body: set[tuple[object, ...]] = set()

    def add(self, request: Request, *place: object) -> bool:
        """Note a call; whether it is another than those before."""
        said = (*place, request.said, request.unknown)
        is_less = request.body is None and not request.unknown
        if said in self._said or (is_less and place in self._with_body):
            return False
        self._said.add(said)
        if request.body is not None:
            self._with_body.add(place)
        return True


def find_others(
    main: Sequence[Found],
    turn: Turn,
    read: Callable[[Turn], tuple[Sequence[Found], Callable[[Request], bool]]],
) -> Iterator[Found]:
    """The calls of other turns that the reading of all branches does not have.

    Args:
        main: The calls of that reading.
        turn: That reading, which knows how many there are to be.
        read: Reads the calls of a turn; whether one hangs on what that does not set.
    """
    seen = Seen()
    for start, end, request in main:
        seen.add(request, start, end)
    others: dict[tuple[int, int], Request] = {}
    for one in turn.others():
        found, is_unset = read(one)
        for start, end, request in found:
            if not is_unset(request) and seen.add(request, start, end):
                request.is_turn = True
                others[start, end] = request
                yield start, end, request
    for place, request in others.items() if turn.why_left else ():
        yield *place, replace(request, unknown=turn.why_left)
