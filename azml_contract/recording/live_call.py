"""A live call on its way through a gateway: handed on to the client, and taken once.

In: what came of it: an answer, its pieces as they come, or a failure. Out: what the
client gets, and the exchange. Knows neither connections nor cassettes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

from azml_contract.exchange import (
    NO_ANSWER,
    Exchange,
    Failure,
    Request,
    Response,
    without_headers,
)
from azml_contract.gateway.http1 import Answer, Streamed, make_problem
from azml_contract.gateway.spool import Intake, make_response
from azml_contract.gateway.upstream import Received
from azml_contract.recording.failures import describe
from azml_contract.recording.messages import decoded
from azml_contract.recording.sources import Source

_NEVER_REACHED = ("refused", "name", "tls")


class LiveCall:
    """A live call on its way: what came of it is taken once, whatever that is."""

    def __init__(
        self,
        request: Request,
        take: Callable[[Exchange, LiveCall], None],
        started: int,
        source: Source,
    ) -> None:
        self.request = request
        self.started = started
        self.source = source
        self.began = time.monotonic()
        self._take = take

    def fail(self, failure: Failure) -> Answer:
        """Nothing of an answer came."""
        self._take(Exchange(self.request, Response(NO_ANSWER), failure), self)
        return break_off(failure)

    def keep(self, response: Response) -> Answer:
        """The answer is here, or the part of it that the client shall get."""
        promised = response.header("content-length") or ""
        size = len(response.body)
        is_cut = promised.isdigit() and int(promised) > size
        failure = Failure("dropped", size) if is_cut else None
        if self.request.method == "HEAD":
            failure = None
        self._take(Exchange(self.request, response, failure), self)
        return response

    def read(self, received: Received) -> Answer:
        """Read a small answer whole; hand on a large one while it comes."""
        intake = Intake()
        record = partial(self._record, received, intake)
        try:
            for piece in received.chunks:
                intake.take(piece)
                if intake.is_large:
                    stream = _stream(received.chunks, intake, record)
                    return Streamed(received.status, received.headers, stream)
        except OSError as error:
            record(describe(error, intake.size))
            cut = (("Content-Length", str(intake.size + 1)),)
            headers = without_headers(received.headers, "content-length") + cut
            return make_response(received.status, headers, intake.body())
        record(None)
        return make_response(received.status, received.headers, intake.body())

    def _record(
        self, received: Received, intake: Intake, failure: Failure | None
    ) -> None:
        response = make_response(received.status, received.headers, intake.body())
        if not intake.is_large or response.header("content-encoding"):
            response = decoded(response)
        self._take(Exchange(self.request, response, failure), self)


def break_off(failure: Failure) -> Answer:
    """What a client gets where the host gave nothing, in recording and in replay."""
    if failure.kind in _NEVER_REACHED:
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
