"""Answer requests from a cassette: by key, in constant time, from any thread.

In: a cassette and requests. Out: the recorded interaction for each request, or
`NoMatchingInteraction`. Keys of recorded requests are computed when a request
for the same place first comes, so that a large cassette is ready at once.

Each interaction answers once (a poll `times` times), in the order recorded.
After the last, a poll repeats its last answer, a login too; any other request
is a miss.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from azml_contract.cassette.cassette import REMEDY, Cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.errors import CassetteError
from azml_contract.exchange import Exchange, Failure, Request, Response
from azml_contract.recording.blocks import BlockLedger
from azml_contract.recording.bound import Bindings
from azml_contract.recording.identity import is_identity, synthesise
from azml_contract.recording.match import (
    Content,
    Matcher,
    Place,
    Site,
    exact_content,
    level_boundary,
    site_of,
)
from azml_contract.recording.miss import (
    NoMatchingInteraction,
    UnusedInteractions,
)
from azml_contract.recording.names_drawn import DrawnNames
from azml_contract.recording.polls import announced_by, is_poll_path, was_polled
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules

_NO_ANSWER = Response(0, (), b"")


@dataclass(slots=True)
class _Queue:
    """The interactions of one request, and how far they are played."""

    content: Content
    indices: list[int]
    position: int = 0
    served: int = 0


class _Counter:
    """The queues of one place, told apart by body."""

    def __init__(self) -> None:
        self._queues: list[_Queue] = []
        self._by_key: dict[str, _Queue] | None = None

    def add(self, content: Content, index: int) -> None:
        """Queue an interaction."""
        queue = self.find(content)
        if queue is not None:
            queue.indices.append(index)
            return
        queue = _Queue(content, [index])
        self._queues.append(queue)
        if self._by_key is not None:
            self._by_key[content.key] = queue

    def find(self, content: Content) -> _Queue | None:
        """The queue of a body; None where none was recorded."""
        if self._by_key is None:
            if not self._queues:
                return None
            first = self._queues[0]
            if len(self._queues) == 1 and first.content.equals(content):
                first.content.settle()
                return first
            self._by_key = {queue.content.key: queue for queue in self._queues}
        return self._by_key.get(content.key)


@dataclass(frozen=True, slots=True)
class Played:
    """An answer.

    `index` and `interaction` are None for a login that the cassette does not
    hold. `exchange` is set where what is handed out is not what was recorded.
    """

    response: Response
    index: int | None = None
    interaction: Interaction | None = None
    exchange: Exchange | None = None

    @property
    def failure(self) -> Failure | None:
        """How the network failed instead of answering, or before it ended."""
        return None if self.interaction is None else self.interaction.failure


class Player:
    """Plays one cassette once."""

    def __init__(
        self,
        cassette: Cassette,
        path: Path,
        matcher: Matcher,
        redactor: Redactor,
        record_command: str = REMEDY,
        *,
        rules: RedactionRules | None = None,
        names: DrawnNames | None = None,
    ) -> None:
        """Prepare.

        Args:
            cassette: What to play.
            path: Where it came from, for messages.
            matcher: Decides which requests are the same.
            redactor: Sanitises messages.
            record_command: What a reader should run to record again.
            rules: What is redacted of requests before they are compared; None:
                what `redactor` knows.
            names: Further names that clients draw for themselves.
        """
        self.cassette = cassette
        self._path = path
        self._matcher = matcher
        self._redactor = redactor
        self._redacts = redactor if rules is None else Redactor(rules)
        self._record_command = record_command
        self._lock = threading.Lock()
        self._ledger = BlockLedger()
        self._plays = [0] * len(cassette.interactions)
        self._counters: dict[Place, _Counter] = {}
        self._unkeyed: dict[tuple[str, str], list[int]] = {}
        self._sites: dict[Site, list[tuple[str, str]]] | None = None
        self._announced: set[str] | None = None
        self._unlearned: list[Request] = []
        self._bindings = Bindings(matcher, cassette.interactions, names)
        self.misses: list[CassetteError] = []
        for index, one in enumerate(cassette.interactions):
            self._unkeyed.setdefault(_address(one.method, one.url), []).append(index)

    @property
    def exchanges(self) -> int:
        """How many answers came from the cassette."""
        return sum(self._plays)

    @property
    def plays(self) -> tuple[int, ...]:
        """How often each interaction was played."""
        return tuple(self._plays)

    @property
    def bound_names(self) -> Mapping[str, str]:
        """The placeholder of each account's name that requests brought up."""
        return self._bindings.names

    def play(self, request: Request) -> Played:
        """Answer a request.

        Raises:
            NoMatchingInteraction: The cassette has no answer (left) for it.
        """
        played = self.answer(request)
        if played is None:
            miss = self.explain(request)
            self.misses.append(miss)
            raise miss
        return played

    def answer(self, request: Request) -> Played | None:
        """Answer a request; None, and no miss is noted, where `play` would raise."""
        request = self._matcher.prepare(request)
        place = self._matcher.place(request)
        content = self._matcher.content(request, self._ledger)
        with self._lock:
            self._unlearned.append(request)
            index = self._find(request, place, content)
            if index is None and not self._is_free_login(request):
                return None
        if index is None:
            return Played(synthesise(request))
        one = self.cassette.interactions[index]
        return Played(self._bindings.restore(one.response), index, one)

    def _find(self, request: Request, place: Place, content: Content) -> int | None:
        index = self._take(request, place, content)
        if index is None and self._fill_site(request, place):
            index = self._take(request, place, content)
        if index is None and content.is_json:
            index = self._take(request, place, exact_content(request.body))
        return self._find_redacted(request) if index is None else index

    def _take(self, request: Request, place: Place, content: Content) -> int | None:
        """Play the next answer to a request; None where none is left."""
        unkeyed = self._unkeyed.pop(_address(request.method, request.url), None)
        if unkeyed is not None:
            self._enqueue(unkeyed, request, place)
        counter = self._counters.get(place)
        queue = None if counter is None else counter.find(content)
        return None if queue is None else self._advance(queue, request)

    def _enqueue(self, indices: Sequence[int], asked: Request, at: Place) -> None:
        for index in indices:
            one = self.cassette.interactions[index]
            place, content = self._matcher.recorded(one, asked, at)
            counter = self._counters.get(place)
            if counter is None:
                counter = self._counters[place] = _Counter()
            counter.add(content, index)

    def _fill_site(self, asked: Request, place: Place) -> bool:
        """Queue recordings whose URL is spelt in another way.

        Returns:
            Whether there were any.
        """
        if self._sites is None:
            self._sites = {}
            for address in self._unkeyed:
                self._sites.setdefault(site_of(*address), []).append(address)
        same = self._sites.pop(Site(*place[:3]), [])
        found = [address for address in same if address in self._unkeyed]
        for address in found:
            self._enqueue(self._unkeyed.pop(address), asked, place)
        return bool(found)

    def _is_free_login(self, request: Request) -> bool:
        """Whether this is a login, and the cassette holds none at all."""
        return is_identity(request) and not any(
            is_identity(one.request) for one in self.cassette.interactions
        )

    def _advance(self, queue: _Queue, request: Request) -> int | None:
        if queue.position < len(queue.indices):
            index = queue.indices[queue.position]
            queue.served += 1
            if queue.served >= self.cassette.interactions[index].times:
                queue.position += 1
                queue.served = 0
        elif self._may_repeat(queue, request):
            index = queue.indices[-1]
        else:
            return None
        self._plays[index] += 1
        return index

    def _may_repeat(self, queue: _Queue, request: Request) -> bool:
        if is_identity(request):
            return True
        if request.method != "GET":
            return False
        if is_poll_path(request.method, request.url):
            return True
        interactions = self.cassette.interactions
        times = [interactions[index].times for index in queue.indices]
        if was_polled(queue.indices, times):
            return True
        if self._announced is None:
            self._announced = announced_by(interactions)
        return interactions[queue.indices[-1]].url in self._announced

    def _find_redacted(self, request: Request) -> int | None:
        """Match a request as the recorder would have written it.

        What is secret in it is replaced by the function that replaced it in the
        cassette; what its client drew is bound to what stands in its place. A secret
        may have been sent before, where it was no difference.
        """
        kind = request.header("content-type") or ""
        request = replace(request, body=level_boundary(kind, request.body))
        unlearned, self._unlearned = self._unlearned, []
        for one in unlearned:
            self._redacts = self._redacts.learning(Exchange(one, _NO_ANSWER))
        clean = self._redacts.request(request)
        for index, binding in self._bindings.find(clean, self._plays):
            recorded = self._matcher.prepare(self.cassette.interactions[index].request)
            place = self._matcher.place(recorded)
            found = self._take(recorded, place, self._matcher.content(recorded))
            if found is not None:
                self._bindings.bind(binding)
                return found
        return None

    def is_as_written(self, request: Request, written: Request) -> bool:
        """Whether a request is a recorded one once all secrets of it are known."""
        one, other = map(
            self._matcher.prepare, (self._redactor.request(request), written)
        )
        matcher = self._matcher
        return (
            matcher.place(one) == matcher.place(other)
            and matcher.content(one).key == matcher.content(other).key
        )

    def explain(self, request: Request) -> NoMatchingInteraction:
        """Why `answer` has none for a request; it looks at the whole cassette."""
        request = self._matcher.prepare(request)
        with self._lock:
            return NoMatchingInteraction(
                request,
                self._path,
                cassette=self.cassette,
                plays=self._plays,
                matcher=self._matcher,
                redactor=self._redactor,
                compared=self._redacts.request(request),
                record_command=self._record_command,
            )

    def describe_fault(self) -> str:
        """What is wrong with what was played; ``""`` where nothing is.

        Answers of a large cassette are handed out as their text stands in the file,
        which nobody reads while all goes well.
        """
        for plays, one in zip(self._plays, self.cassette.interactions, strict=True):
            try:
                _ = plays and one.data
            except CassetteError as error:
                return str(error)
        return ""

    def finish(self, *, partly: bool = False) -> None:
        """Check that everything recorded was played; `partly`, only for misses.

        Raises:
            NoMatchingInteraction: A miss that the client swallowed.
            UnusedInteractions: Interactions that no request asked for. Logins
                do not count.
        """
        if self.misses:
            raise self.misses[0]
        if partly:
            return
        unused = [
            (index, one)
            for index, one in enumerate(self.cassette.interactions)
            if not self._plays[index] and not is_identity(one.request)
        ]
        if unused:
            raise UnusedInteractions(
                unused,
                self._path,
                redactor=self._redactor,
                record_command=self._record_command,
            )


def _address(method: str, url: str) -> tuple[str, str]:
    return method, url.partition("?")[0]
