"""Stand between HTTP clients and the network.

In: an `Exchanger`, which answers or observes. Out: a context in which every client
talks to it. Each is met where it meets the network itself: requests at
``HTTPAdapter.send``, which is all that most calls need, aiohttp and httpx at their
own seams, whatever is built on http.client at its connections, and what is left
(tornado) at vcrpy's stubs. vcrpy puts the patches in place. What this relies on
inside vcrpy is held by tests/recording/test_vcrpy_canary.py.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol

import requests
import vcr
import vcr.cassette
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from azml_contract.exchange import NO_ANSWER, Exchange, Request, Response
from azml_contract.recording import messages
from azml_contract.recording.aiohttp_calls import aiohttp_patches
from azml_contract.recording.failures import describe, revive
from azml_contract.recording.http_client_calls import HttpClientCalls, passing
from azml_contract.recording.httpx_calls import httpx_patches
from azml_contract.recording.player import Played
from azml_contract.recording.shut import sending_patches, shut
from azml_contract.recording.sleepless import Sleepless

NUMBER = "_azml_exchange"
"""Attribute of a `requests.Response` played: its number in the cassette."""
TAKE = "_azml_take"
"""Attribute of a live `requests.Response`: its number on the tape."""
_MET_HERE = (
    "httplib",
    "requests",
    "boto3",
    "urllib3",
    "httplib2",
    "aiohttp",
    "httpx",
    "httpx2",
)
"""Clients that vcrpy knows too, and is not asked for."""


class Exchanger(Protocol):
    """What is asked and told about every exchange; called from any thread."""

    replaying: bool
    answering: bool
    """Whether a cassette answers, if only some of what is asked."""
    hurries: bool
    """Whether whatever answers takes no time, so that nobody needs to wait for it."""

    def answer(self, request: Request) -> Played | None:
        """A recorded answer; None where the request must go out, never in replay."""

    def start(self) -> int:
        """Note that a live request goes out."""

    def record(self, exchange: Exchange, started: int) -> int:
        """Take a live exchange; returns its number."""

    def note_header(self, name: str, insists: bool) -> None:
        """A header of a live answer was looked up, by whoever calls."""

    def refuse(self, host: str) -> Exception:
        """The error for a connection that replay must not open."""


def intercept(exchanger: Exchanger, path: Path) -> AbstractContextManager[Any]:
    """A context in which `exchanger` sees and answers all HTTP.

    Args:
        exchanger: Answers in replay, observes otherwise.
        path: The cassette; vcrpy wants a name, and neither reads nor writes it.
    """
    sleepless = Sleepless(hurries=exchanger.hurries)
    connections = HttpClientCalls(exchanger, sleepless)
    patches = connections.patches()
    patches += aiohttp_patches(exchanger, sleepless)
    patches += httpx_patches(exchanger, sleepless)
    if exchanger.replaying:
        patches.append((HTTPAdapter, "send", _make_replay(exchanger, sleepless)))
        patches += sending_patches(_raising(exchanger.refuse))
    else:
        patches.append((HTTPAdapter, "send", _make_live(exchanger, sleepless)))
    config = vcr.VCR(
        custom_patches=tuple(patches), skip_patchers=_MET_HERE
    ).get_merged_config(path=str(path))
    cassette = _LiveCassette.use(exchanger=exchanger, sleepless=sleepless, **config)
    closed = shut(exchanger.refuse) if exchanger.replaying else nullcontext()
    return _Interception(cassette, connections, sleepless, closed)


def _raising(refuse: Callable[[str], Exception]) -> Callable[[str], None]:
    def told(host: str) -> None:
        raise refuse(host)

    return told


class _Interception:
    """vcrpy's own context, and what has to be put back beside it."""

    def __init__(
        self,
        inner: AbstractContextManager[Any],
        connections: HttpClientCalls,
        sleepless: Sleepless,
        network: AbstractContextManager[None],
    ) -> None:
        self._inner = inner
        self._network = network
        self._connections = connections
        self._sleepless = sleepless

    def __enter__(self) -> None:
        self._inner.__enter__()
        self._network.__enter__()

    def __exit__(self, *exc_info: Any) -> None:
        try:
            self._network.__exit__(*exc_info)
            self._inner.__exit__(*exc_info)
        finally:
            self._connections.release()
            self._sleepless.release()


# Clients on requests -------------------------------------------------------------


def _make_replay(
    exchanger: Exchanger, sleepless: Sleepless
) -> Callable[..., requests.Response]:
    def send(
        self: HTTPAdapter,
        request: requests.PreparedRequest,
        stream: bool = False,
        *_: Any,
        **__: Any,
    ) -> requests.Response:
        sleepless.engage()
        played = exchanger.answer(messages.from_prepared(request))
        assert played is not None
        response = _hand_out(self, request, played, is_read=not stream)
        if played.index is not None:
            setattr(response, NUMBER, played.index)
        return response

    return send


def _hand_out(
    adapter: HTTPAdapter,
    request: requests.PreparedRequest,
    played: Played,
    *,
    is_read: bool = False,
) -> requests.Response:
    failure = played.failure
    if failure is not None and played.response.status == NO_ANSWER:
        error = revive(failure, requests.exceptions)
        if isinstance(error, requests.RequestException):
            error.request = request
        raise error
    return messages.to_requests(
        adapter, request, played.response, None, failure, is_read=is_read
    )


def _make_live(exchanger: Exchanger, sleepless: Sleepless) -> Callable[..., Any]:
    original = HTTPAdapter.send
    noting = messages.make_noting(CaseInsensitiveDict, exchanger.note_header)

    def send(
        self: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        sleepless.engage()
        asked = messages.from_prepared(request)
        played = exchanger.answer(asked)
        if played is not None:
            known = _hand_out(self, request, played)
            setattr(known, NUMBER, played.index)
            return known
        started = exchanger.start()
        try:
            with passing():
                live = original(self, request, *args, **kwargs)
                response, failure = messages.from_live(live)
        except requests.RequestException as error:
            failed = Exchange(asked, Response(NO_ANSWER), describe(error))
            exchanger.record(failed, started)
            raise
        number = exchanger.record(Exchange(asked, response, failure), started)
        rebuilt = messages.to_requests(self, request, response, live, failure)
        rebuilt.headers.__class__ = noting
        setattr(rebuilt, TAKE, number)
        return rebuilt

    return send


# All other clients ---------------------------------------------------------------


class _LiveCassette(vcr.cassette.Cassette):  # type: ignore[misc]
    """vcrpy's cassette without a file: asks the exchanger, and keeps nothing."""

    def __init__(
        self, exchanger: Exchanger, sleepless: Sleepless, **config: Any
    ) -> None:
        super().__init__(**config)
        self._exchanger = exchanger
        self._sleepless = sleepless
        self._started: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._decided: weakref.WeakKeyDictionary[Any, Played | None]
        self._decided = weakref.WeakKeyDictionary()

    def _load(self) -> None:
        """There is no file."""

    def _save(self, force: bool = False) -> None:
        """There is no file."""

    @property
    def write_protected(self) -> bool:
        """Never: a request without an answer is the exchanger's to refuse."""
        return False

    def filter_request(self, request: Any) -> Any:
        """Every request counts."""
        return request

    def can_play_response_for(self, request: Any) -> bool:
        """In replay always: a miss must raise, not reach the network."""
        if self._exchanger.replaying or request is None:
            return self._exchanger.replaying
        if self._decide(request) is not None:
            return True
        self._started.setdefault(request, self._exchanger.start())
        return False

    def _decide(self, request: Any) -> Played | None:
        """Stubs may ask more than once about one request; it is played once."""
        if request not in self._decided:
            self._decided[request] = self._exchanger.answer(messages.from_vcr(request))
        return self._decided[request]

    def play_response(self, request: Any) -> dict[str, Any]:
        """The recorded answer, or the exchanger's error."""
        self._sleepless.engage()
        played = self._decided.get(request)
        if played is None:
            played = self._exchanger.answer(messages.from_vcr(request))
            assert played is not None
        if played.failure is not None:
            raise revive(played.failure, None)
        return messages.to_vcr(request.method, played.response)

    def append(self, request: Any, response: Any) -> None:
        """Hand a live exchange to the exchanger."""
        started = self._started.pop(request, None)
        exchange = Exchange(
            messages.from_vcr(request), messages.from_vcr_answer(response)
        )
        self._exchanger.record(
            exchange, self._exchanger.start() if started is None else started
        )

    def fail(self, request: Any, error: Exception) -> None:
        """Hand a request that the network failed to the exchanger."""
        started = self._started.pop(request, None)
        if started is not None:
            asked = messages.from_vcr(request)
            failed = Exchange(asked, Response(NO_ANSWER), describe(error))
            self._exchanger.record(failed, started)
