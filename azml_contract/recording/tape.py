"""Collect exchanges while recording, from any thread, and put them in order.

In: raw exchanges as they end. Out: a cassette, scrubbed. Exchanges of parallel
requests are ordered by their key, identical polls in a row become one.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.exchange import Exchange, Json, Request
from azml_contract.recording.identity import LOGINS, Logins, is_identity
from azml_contract.recording.match import Matcher, canonical_form
from azml_contract.recording.polls import announced_in, is_poll_path
from azml_contract.recording.proof import Sent
from azml_contract.recording.scrub import Scrubber
from azml_contract.recording.sources import Source, describe_sources, find_joined


@dataclass(frozen=True, slots=True)
class Take:
    """One exchange on the tape. `started` and `ended` count events, not seconds.

    `source` is the process that called, where it is another one; `thread` then is
    its lane.
    """

    exchange: Exchange
    started: int
    ended: int
    parallel: bool
    thread: Hashable
    source: Source | None = None
    at: str = ""


class Tape:
    """Keeps exchanges until they are saved. Safe to use from any thread."""

    def __init__(self, logins: Logins = LOGINS, *, copies_logins: bool = True) -> None:
        """Start; the calling thread is the scenario's own until `adopt`.

        Args:
            logins: Those of this process.
            copies_logins: Whether a login made elsewhere becomes a part of
                this tape when its token is used.
        """
        self.copies_logins = copies_logins
        self._lock = threading.Lock()
        self._owner = threading.get_ident()
        self._logins = logins
        self._events = 0
        self._takes: list[Take] = []
        self._present: set[int] = set()
        self._reads: dict[int, set[str]] = {}
        self._places: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._takes)

    def adopt(self) -> None:
        """The calling thread is the scenario's own; others run in parallel to it."""
        self._owner = threading.get_ident()

    def start(self) -> int:
        """Note that a request goes out; give what is returned to `add`."""
        with self._lock:
            self._events += 1
            return self._events

    def add(
        self,
        exchange: Exchange,
        started: int,
        source: Source | None = None,
        at: str = "",
    ) -> int:
        """Keep an exchange.

        Args:
            exchange: Raw.
            started: From `start`.
            source: The process that called, if it is another one.
            at: The file and line that made the call, where known.

        Returns:
            Its number on this tape, for `read`.
        """
        with self._lock:
            if is_identity(exchange.request):
                self._logins.note(exchange)
            elif self.copies_logins:
                self._copy_login(exchange)
            return self._append(exchange, started, source, at)

    def _copy_login(self, exchange: Exchange) -> None:
        """A shared credential logged in elsewhere: this cassette needs it too."""
        for login in self._logins.origin(exchange.request):
            if id(login) not in self._present:
                self._append(login, self._events)

    def _append(
        self,
        exchange: Exchange,
        started: int,
        source: Source | None = None,
        at: str = "",
    ) -> int:
        self._events += 1
        self._present.add(id(exchange))
        thread: Hashable = threading.get_ident()
        parallel = source is None and thread != self._owner
        if source is not None:
            thread = source.lane
        take = Take(exchange, started, self._events, parallel, thread, source, at)
        self._takes.append(take)
        return len(self._takes) - 1

    def read(self, number: int, pointer: str) -> None:
        """Note that a part of an answer was looked at."""
        with self._lock:
            self._reads.setdefault(number, set()).add(pointer)

    def exchanges(self) -> list[Exchange]:
        """All exchanges as they ended."""
        with self._lock:
            return [take.exchange for take in self._takes]

    def to_cassette(
        self, header: Cassette, scrubber: Scrubber, variables: Mapping[str, Json]
    ) -> Cassette:
        """The finished cassette; large bodies are in ``scrubber.side_files``.

        Args:
            header: Everything but variables, reads and interactions.
            scrubber: Built from this tape's exchanges.
            variables: What the scenario drew.
        """
        with self._lock:
            takes, reads = list(self._takes), dict(self._reads)
        order = _logins(takes, scrubber) + arrange(takes, scrubber)
        scrubbed = [_scrub(takes[number], scrubber) for number in order]
        sources = describe_sources(
            [takes[number].source for number in order], scrubber.redactor.text
        )
        for one, process in zip(scrubbed, sources, strict=True):
            if process is not None:
                one["process"] = process
        announced = announced_in(take.exchange for take in takes)
        polls = [_is_poll(takes[number].exchange, announced) for number in order]
        folded, places = fold(scrubbed, polls)
        self._places = dict(zip(order, places, strict=True))
        final: dict[int, set[str]] = {}
        for position, number in enumerate(order):
            if number in reads:
                pointers = map(scrubber.pointer, sorted(reads[number]))
                final.setdefault(places[position], set()).update(pointers)
        return replace(
            header,
            variables=scrubber.variables(variables),
            reads={index: tuple(sorted(found)) for index, found in final.items()},
            interactions=tuple(Interaction(one, scrubber.side_files) for one in folded),
        )

    def sent(self) -> list[Sent]:
        """What went out, in the order sent, with its place in the cassette.

        Logins are left out: how often one is made depends on other scenarios.
        """
        with self._lock:
            takes = list(self._takes)
        found: list[Sent] = []
        for run in split_runs(takes):
            first = len(found)
            others = {number: place for place, number in enumerate(reorder(run, takes))}
            found += (
                Sent(takes[n].exchange, self._places[n], first + others[n]) for n in run
            )
        return found


def _scrub(take: Take, scrubber: Scrubber) -> dict[str, Any]:
    interaction = scrubber.scrub(take.exchange)
    if take.at and not is_identity(take.exchange.request):
        interaction["at"] = scrubber.redactor.text(take.at)
    return interaction


def _is_poll(exchange: Exchange, announced: set[str]) -> bool:
    request = exchange.request
    return request.method == "GET" and (
        is_poll_path(request.method, request.url) or request.url in announced
    )


def _logins(takes: Sequence[Take], scrubber: Scrubber) -> list[int]:
    """Numbers of the logins, sorted, each kept once.

    They come first: when a credential asks for a token, and how often, depends
    on what other scenarios and threads did before.
    """
    found: dict[tuple[object, ...], int] = {}
    for number, take in enumerate(takes):
        request, response = take.exchange.request, take.exchange.response
        if is_identity(request):
            order = _order_key(take.exchange, scrubber)
            key = (request.method, *order, response.status)
            found.setdefault(key, number)
    return [found[key] for key in sorted(found, key=str)]


def arrange(takes: Sequence[Take], scrubber: Scrubber) -> list[int]:
    """Numbers of the takes in the order of the file, logins left out.

    A run of takes off the scenario's own thread, or overlapping in time, is
    sorted by key; all else stays as it ended.
    """
    runs = split_runs(takes)
    return [number for run in runs for number in _sort_run(run, takes, scrubber)]


def split_runs(takes: Sequence[Take]) -> Iterator[list[int]]:
    """Numbers of takes that ran beside each other, by their start; most stand alone."""
    run: list[int] = []
    running_until = 0
    order = [
        number
        for number in sorted(range(len(takes)), key=lambda i: takes[i].started)
        if not is_identity(takes[number].exchange.request)
    ]
    joined = _find_joined([takes[number] for number in order])
    for number, is_joined in zip(order, joined, strict=True):
        take = takes[number]
        if run and not (
            is_joined
            or take.started < running_until
            or (take.parallel and takes[run[-1]].parallel)
        ):
            yield run
            run = []
        run.append(number)
        running_until = max(running_until, take.ended)
    if run:
        yield run


def _find_joined(takes: Sequence[Take]) -> list[bool]:
    if all(take.source is None for take in takes):
        return [False] * len(takes)
    return find_joined([take.thread for take in takes])


def reorder(run: Sequence[int], takes: Sequence[Take]) -> list[int]:
    """A run in the order that is furthest from its own, and as possible.

    What one thread sent after it had an answer stays after that. Threads that were
    not at work at the same time stay in their order.
    """
    threads: dict[Hashable, list[int]] = {}
    for number in run:
        threads.setdefault(takes[number].thread, []).append(number)
    order: list[int] = []
    together: list[list[int]] = []
    until = 0
    for numbers in threads.values():
        if together and takes[numbers[0]].started > until:
            order += _reversed(together, takes)
            together = []
        together.append(numbers)
        until = max(until, max(takes[number].ended for number in numbers))
    return order + _reversed(together, takes)


def _reversed(threads: Sequence[Sequence[int]], takes: Sequence[Take]) -> list[int]:
    order: list[int] = []
    for numbers in reversed(threads):
        beside: list[int] = []
        until = 0
        for number in numbers:
            if beside and takes[number].started > until:
                order += reversed(beside)
                beside = []
            beside.append(number)
            until = max(until, takes[number].ended)
        order += reversed(beside)
    return order


def _sort_run(
    run: Sequence[int], takes: Sequence[Take], scrubber: Scrubber
) -> list[int]:
    if len(run) < 2:
        return list(run)
    return sorted(run, key=lambda number: _order_key(takes[number].exchange, scrubber))


def _order_key(exchange: Exchange, scrubber: Scrubber) -> tuple[str, ...]:
    """A key that is the same in every recording: what was drawn is levelled."""
    request = exchange.request
    matcher = Matcher(scrubber.redactor.secret_names)
    url = scrubber.without_drawn(scrubber.redactor.url(request.url))
    level = replace(request, url=url, body=b"")
    body = hashlib.sha256(_level_body(request, scrubber)).hexdigest()
    place = matcher.place(level)
    return (place.origin, place.path, place.method, place.query, place.range, body)


def _level_body(request: Request, scrubber: Scrubber) -> bytes:
    if "x-www-form-urlencoded" in (request.header("content-type") or ""):
        text = canonical_form(request.body)
    elif request.body[:1] in (b"{", b"["):
        text = request.body.decode("utf-8", "replace")
    else:
        return request.body
    return scrubber.without_drawn(scrubber.redactor.text(text)).encode(
        "utf-8", "replace"
    )


def fold(
    interactions: Sequence[dict[str, Any]], polls: Sequence[bool]
) -> tuple[list[dict[str, Any]], list[int]]:
    """Join identical polls in a row into one with `times`.

    In a row means that nothing but other polls came between.

    Args:
        interactions: Scrubbed, in order.
        polls: For each, whether it polls by path or announcement.

    Returns:
        The interactions left, and for each given one the index it went to.
    """
    kept: list[dict[str, Any]] = []
    places: list[int] = []
    latest: dict[tuple[str, str], int] = {}
    for one, poll in zip(interactions, polls, strict=True):
        request = one["request"]
        place = (request["method"], request["uri"])
        before = latest.get(place)
        if (
            request["method"] == "GET"
            and before is not None
            and _same(kept[before], one)
            and (poll or before == len(kept) - 1)
        ):
            kept[before]["times"] += 1
            places.append(before)
            continue
        if not poll:
            latest.clear()
        kept.append({**one, "times": 1})
        places.append(len(kept) - 1)
        latest[place] = len(kept) - 1
    return kept, places


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    parts = ("request", "response", "failure")
    return all(bool(one.get(part) == other.get(part)) for part in parts)
