"""A live call on its way through a gateway: handed on to the client, and taken once.

In: what came of it: an answer, its pieces as they come, or a failure; and whether the
client still waits. Out: what the client gets, and the exchange. Knows no cassettes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from azml_contract.exchange import (
    CLIENT_LEFT,
    NO_ANSWER,
    Exchange,
    Failure,
    Request,
    Response,
    without_headers,
)
from azml_contract.gateway.http1 import Answer, Streamed, make_problem
from azml_contract.gateway.sockets import Watch
from azml_contract.gateway.spool import Intake, make_response
from azml_contract.gateway.upstream import Received
from azml_contract.recording.failures import describe
from azml_contract.recording.messages import decoded
from azml_contract.recording.sources import Source

_LEFT = Failure("timeout", None, CLIENT_LEFT)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: what tells that it does not wait any more, and ends its lane then."""

    source: Source
    watch: Watch
    leave_lane: Callable[[], None]


class LiveCall:
    """A live call on its way: what came of it is taken once, whatever that is."""

    def __init__(
        self,
        request: Request,
        take: Callable[[Exchange, LiveCall], None],
        started: int,
        caller: Caller,
    ) -> None:
        self.request = request
        self.started = started
        self.source = caller.source
        self.began = time.monotonic()
        self._caller = caller
        self._take = take
        self._lock = threading.Lock()
        self._is_taken = False

    def _end(self, response: Response, failure: Failure | None) -> None:
        with self._lock:
            if self._is_taken:
                return
            self._is_taken = True
        self._take(Exchange(self.request, response, failure), self)

    def give_up(self) -> bool:
        """If its client has left, that is what came of it, whatever still comes.

        Returns:
            Whether it has left.
        """
        if not self._caller.watch.has_left():
            return False
        self._end(Response(NO_ANSWER), _LEFT)
        self._caller.leave_lane()
        return True

    def _hand_on(
        self, response: Response, failure: Failure | None, shown: Response
    ) -> Answer:
        """Take what came of it, and show it to the client, if that still waits."""
        if self.give_up():
            return None
        self._end(response, failure)
        return shown

    def fail(self, failure: Failure) -> Answer:
        """Nothing of an answer came."""
        if self.give_up():
            return None
        self._end(Response(NO_ANSWER), failure)
        return break_off(failure)

    def keep(self, response: Response) -> Answer:
        """The answer is here, or the part of it that the client shall get."""
        promised = response.header("content-length") or ""
        size = len(response.body)
        is_cut = promised.isdigit() and int(promised) > size
        failure = Failure("dropped", size) if is_cut else None
        if self.request.method == "HEAD":
            failure = None
        return self._hand_on(response, failure, response)

    def read(self, received: Received) -> Answer:
        """Read a small answer whole; hand on a large one while it comes.

        A client that leaves in the middle of a large one has what it wanted of it.
        """
        intake, headers = Intake(), received.headers
        failure = None
        try:
            for piece in received.chunks:
                intake.take(piece)
                if intake.is_large and not self.give_up():
                    record = partial(self._record, received, intake)
                    stream = _stream(received.chunks, intake, record)
                    return Streamed(received.status, headers, stream)
        except OSError as error:
            failure = describe(error, intake.size)
            cut = (("Content-Length", str(intake.size + 1)),)
            headers = without_headers(headers, "content-length") + cut
        shown = make_response(received.status, headers, intake.body())
        return self._hand_on(_make_kept(received, intake), failure, shown)

    def _record(
        self, received: Received, intake: Intake, failure: Failure | None
    ) -> None:
        self._end(_make_kept(received, intake), failure)


def _make_kept(received: Received, intake: Intake) -> Response:
    """What is recorded of an answer: as its client reads it, if that fits in memory."""
    response = make_response(received.status, received.headers, intake.body())
    if not intake.is_large or response.header("content-encoding"):
        return decoded(response)
    return response


class OnTheirWay:
    """The live calls that are not answered yet. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: set[LiveCall] = set()

    @contextmanager
    def holding(self, call: LiveCall) -> Iterator[None]:
        """Count a call within the block."""
        with self._lock:
            self._calls.add(call)
        try:
            yield
        finally:
            with self._lock:
                self._calls.discard(call)

    def give_up(self) -> None:
        """Take those whose clients have left as they are: nobody saw an answer."""
        with self._lock:
            calls = sorted(self._calls, key=lambda one: one.started)
        for call in calls:
            call.give_up()


def break_off(failure: Failure) -> Answer:
    """What a client gets where the host gave nothing, in recording and in replay."""
    if failure.is_of_connecting:
        return make_problem(
            502, "HostNotReached", f"The host could not be reached: {failure.kind}."
        )
    return None


def _stream(
    chunks: Iterator[bytes], intake: Intake, record: Callable[[Failure | None], None]
) -> Iterator[bytes]:
    """What came so far and what still comes; recorded before its last piece is sent.

    Whoever has an answer whole may ask for something that follows from it.
    """
    first = intake.body()
    assert not isinstance(first, bytes)
    yield from list(first)
    held = b""
    try:
        for piece in chunks:
            if held:
                yield held
            intake.take(piece)
            held = piece
    except OSError as error:
        record(describe(error, intake.size))
        raise
    record(None)
    if held:
        yield held
