"""Which program a call came from, and which calls ran beside each other.

In: takes of a tape, some of them from other processes. Out: what a cassette says of
each one's process, and which neighbours in time belong to one run of parallel calls.
A lane is a sequence of calls each of which follows the one before: a connection of a
process to a host, or one that took its place.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, pairwise

Lane = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Source:
    """Another process that called. `script` is empty where none is known."""

    lane: Lane
    program: str = ""
    script: str = ""

    @property
    def pid(self) -> int:
        """The process; 0 where unknown."""
        return self.lane[0]

    def __str__(self) -> str:
        if not self.program:
            return "a program"
        return f"{self.program} ({self.script})" if self.script else self.program


class Lanes:
    """Gives each open connection its lane. Safe to use from any thread.

    A client that sends one call after another needs one connection to a host at a
    time, whatever it is called: it stays on one lane.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[tuple[int, str], dict[int, object]] = {}

    @contextmanager
    def on(self, pid: int, host: str) -> Iterator[tuple[Lane, Callable[[], None]]]:
        """A lane, while a connection is open, and what leaves it before."""
        mark, key = object(), (pid, host)
        with self._lock:
            taken = self._taken.setdefault(key, {})
            number = next(n for n in range(len(taken) + 1) if n not in taken)
            taken[number] = mark

        def leave() -> None:
            with self._lock:
                here = self._taken.get(key, {})
                if here.get(number) is mark:
                    del here[number]
                if not here:
                    self._taken.pop(key, None)

        try:
            yield (pid, number), leave
        finally:
            leave()


def find_joined(lanes: Sequence[Hashable]) -> list[bool]:
    """For each of some calls, by start, whether it is of one run with that before.

    Between two calls of a lane, others may call: if each of those begins and ends
    there, the lane waited for them. If not, they ran beside each other, and all that
    they called is one run: who came first is chance.
    """
    places: dict[Hashable, list[int]] = {}
    for place, lane in enumerate(lanes):
        places.setdefault(lane, []).append(place)
    beside: dict[Hashable, Hashable] = {lane: lane for lane in places}

    def find(lane: Hashable) -> Hashable:
        while beside[lane] != lane:
            beside[lane] = beside[beside[lane]]
            lane = beside[lane]
        return lane

    for lane, found in places.items():
        for before, after in pairwise(found):
            for one in set(lanes[before + 1 : after]):
                if places[one][0] < before or places[one][-1] > after:
                    beside[find(one)] = find(lane)
    spans: dict[Hashable, tuple[int, int]] = {}
    sizes: dict[Hashable, int] = {}
    for lane, found in places.items():
        group = find(lane)
        first, last = spans.get(group, (found[0], found[-1]))
        spans[group] = (min(first, found[0]), max(last, found[-1]))
        sizes[group] = sizes.get(group, 0) + 1
    steps = [0] * (len(lanes) + 1)
    for group, (first, last) in spans.items():
        if sizes[group] > 1:
            steps[first + 1] += 1
            steps[last + 1] -= 1
    return [depth > 0 for depth in accumulate(steps[:-1])]


def describe_sources(
    sources: Sequence[Source | None], clean: Callable[[str], str]
) -> list[dict[str, str] | None]:
    """What a cassette says of each call's process; None for our own.

    Args:
        sources: In the order of the file.
        clean: Takes out what must not be kept.
    """
    numbers: dict[int, int] = {}
    counts: dict[str, int] = {}
    described: list[dict[str, str] | None] = []
    for one in sources:
        if one is None:
            described.append(None)
            continue
        program = clean(one.program) or "unknown"
        if one.pid not in numbers:
            counts[program] = counts.get(program, 0) + 1
            numbers[one.pid] = counts[program]
        label = clean(one.script) or f"{program} {numbers[one.pid]}"
        described.append({"program": program, "label": label})
    return described
