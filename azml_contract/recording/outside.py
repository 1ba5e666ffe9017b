"""Other processes of a run: what they ask goes through a gateway of the recorder.

In: a recorder, and what lies behind the gateway. Out: a proxy that clients of any
language use, their calls recorded or answered from the cassette, and notes of what
was refused, missed and passed by. Knows neither emulators nor Azure.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol
from urllib.parse import urlsplit

from azml_contract.errors import AzmlContractError, CassetteError
from azml_contract.exchange import (
    CLIENT_LEFT,
    NO_ANSWER,
    Exchange,
    Failure,
    Headers,
    Request,
    Response,
    without_headers,
)
from azml_contract.gateway.certificates import Authority
from azml_contract.gateway.far_side import Answering, Ask, Asker, FarSide, Reach
from azml_contract.gateway.hosts import CLOUDS, UNASKED, matches
from azml_contract.gateway.http1 import (
    LARGEST_BODY,
    Answer,
    Streamed,
    make_problem,
    serve_http,
)
from azml_contract.gateway.https import serve_tls
from azml_contract.gateway.peers import Peer, find_peer
from azml_contract.gateway.proxy import Gateway, Pass, Refuse, Route, Serve
from azml_contract.gateway.sockets import Connections, Watch
from azml_contract.gateway.upstream import Received, Upstream
from azml_contract.recording.failures import describe
from azml_contract.recording.identity import is_token_request
from azml_contract.recording.live_call import Caller, LiveCall, OnTheirWay, break_off
from azml_contract.recording.messages import framed
from azml_contract.recording.miss import NoMatchingInteraction
from azml_contract.recording.player import Played
from azml_contract.recording.polls import announced_urls, is_poll_path
from azml_contract.recording.sources import Lanes, Source
from azml_contract.redaction.shapes import REDACTED, TOKEN

MISS_STATUS = 400
"""No client tries again after it."""
LONGEST_SILENCE_S = 60.0
"""How long replay waits for a client to leave that did not wait for its answer."""
_Place = tuple[str, str, int]
_NO_WAIT: Headers = (("Retry-After", "0"), ("x-ms-retry-after-ms", "1"))


class Takes(Protocol):
    """What is asked and told about every call; called from any thread."""

    def answer(self, request: Request) -> Played | None:
        """A recorded answer; None where the request must go out."""

    def start(self) -> int:
        """Note that a live request goes out."""

    def record(
        self, exchange: Exchange, started: int, source: Source | None = None
    ) -> int:
        """Take a live exchange; returns its number."""


@dataclass(slots=True)
class Seen:
    """What became of the calls of other processes, besides recording and playing.

    `refused`, `unasked` and `passed` count tunnels by host: `unasked` those whose
    refusal is no fault. `distrusting` counts clients that do not trust the gateway, by
    host, `programs` connections by who opened them. `misses` has who asked, and the
    error, `guarded` what was not sent, `defects` what broke in the gateway itself.
    """

    refused: Counter[str] = field(default_factory=Counter)
    unasked: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    distrusting: Counter[str] = field(default_factory=Counter)
    misses: list[tuple[Source, CassetteError]] = field(default_factory=list)
    guarded: list[str] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    programs: Counter[str] = field(default_factory=Counter)


class Outside:
    """A recorder's gateway, from `start` until `close`.

    `is_own` tells of a connection whether it comes from this process, whose calls
    are met elsewhere and are not recorded here; None where none of them are.

    Args:
        recorder: Records or answers.
        far: What lies behind.
        authority: Speaks for the hosts that are asked.
        guard: Raises for a live request that must not be sent.
        port: 0 picks a free one.
        observe: Called after each live call with the exchange and the seconds it
            took.
        control: Answers what is asked of the gateway itself.
        refused: Told of each host that is refused and was not to be asked.
    """

    def __init__(
        self,
        recorder: Takes,
        far: FarSide,
        authority: Authority,
        *,
        guard: Callable[[Request], None] | None = None,
        port: int = 0,
        observe: Callable[[Exchange, float], None] | None = None,
        control: Callable[[Request], Response | None] | None = None,
        refused: Callable[[str], object] | None = None,
    ) -> None:
        self._refused = refused
        self.seen = Seen()
        self._observe = observe
        self._control = control
        self._recorder = recorder
        self._far = far
        self._authority = authority
        self._guard = guard
        self.is_own: Callable[[socket.socket], bool] | None = None
        self._lanes = Lanes()
        self._on_way = OnTheirWay()
        self._lock = threading.Lock()
        self._announced: set[str] = set()
        self._connections = Connections()
        self._gateway = Gateway(self._find, plain=self._plain, port=port)

    @property
    def url(self) -> str:
        """What goes into ``HTTPS_PROXY``."""
        return self._gateway.url

    @property
    def port(self) -> int:
        """That of the gateway."""
        return self._gateway.port

    def start(self) -> None:
        """Accept connections from now on."""
        self._gateway.start()

    def settle(self) -> None:
        """Take what clients that have left were not answered yet as it is."""
        self._on_way.give_up()

    def close(self) -> None:
        """End every connection."""
        self._gateway.close()
        self._connections.close_all()

    # -- connections ------------------------------------------------------------

    def _find(self, host: str, port: int, client: socket.socket) -> Route:
        reach = self._far.reach(host, port)
        if isinstance(reach, Refuse):
            self._note_refused(host, self._peer(client))
        elif isinstance(reach, Pass):
            self._count(self.seen.passed, host)
        else:
            return Serve(partial(self._serve, host, port, reach))
        return reach

    def _peer(self, client: socket.socket) -> Peer:
        return find_peer(client, ours=os.getpid())

    def _serve(self, host: str, port: int, reach: Ask, client: socket.socket) -> None:
        with self._speaking(reach, client, host) as handle:
            try:
                serve_tls(
                    client,
                    self._authority.context(host),
                    handle,
                    self._connections,
                    authority=host if port == 443 else f"{host}:{port}",
                    largest=LARGEST_BODY,
                )
            except ssl.SSLError as error:
                if "ALERT" in (error.reason or ""):
                    self._count(self.seen.distrusting, host)

    @contextlib.contextmanager
    def _speaking(
        self, reach: Ask, client: socket.socket, host: str
    ) -> Iterator[Callable[[Request], Answer]]:
        peer = self._peer(client)
        is_own = self.is_own is not None and (
            peer.pid == os.getpid() or self.is_own(client)
        )
        asker, watch = reach.open(), Watch(client)
        try:
            self.settle()  # whoever left is not beside this one
            with self._lanes.on(peer.pid, host) as (lane, leave):
                source = Source(lane, peer.program, peer.script)
                if is_own:
                    yield lambda request: _pass_by(asker, request)
                    return
                self._count(self.seen.programs, str(source))
                by = Caller(source, watch, leave)
                yield lambda request: self._answer_safely(request, asker, by)
        finally:
            watch.close()
            asker.close()

    def _plain(self, client: socket.socket) -> None:
        """HTTP without TLS, sent to the proxy whole; a forked child asks all so."""
        peer, askers, watch = self._peer(client), _Askers(), Watch(client)
        with contextlib.closing(askers), contextlib.closing(watch):
            serve_http(
                client,
                lambda request: self._answer_plain(request, peer, askers, watch),
                scheme="http",
                authority=urlsplit(self.url).netloc,
            )

    def _answer_plain(
        self, request: Request, peer: Peer, askers: _Askers, watch: Watch
    ) -> Answer:
        if request.url.startswith(f"{self.url}/"):
            told = self._control(request) if self._control else None
            return told or make_problem(
                404, "NotFound", "This is a proxy; name it in HTTPS_PROXY."
            )
        try:
            place = scheme, host, port = _place_of(request.url)
        except ValueError as error:
            return make_problem(400, "BadRequest", f"{error}.")
        secure = scheme == "https"
        reach = self._far.reach(host, port, secure=secure)
        if isinstance(reach, Refuse):
            self._note_refused(host, peer)
            return make_problem(reach.status, "GatewayRefused", f"{reach.reason}.")
        if isinstance(reach, Pass):
            if secure:
                return make_problem(502, "GatewayRefused", f"{host} wants TLS.")
            self._count(self.seen.passed, host)
            connect = reach.open
            asker = askers.find(place, lambda: Upstream(connect, host))
            return _pass_by(asker, request)
        asker = askers.find(place, reach.open)
        self.settle()
        with self._lanes.on(peer.pid, host) as (lane, leave):
            source = Source(lane, peer.program, peer.script)
            self._count(self.seen.programs, str(source))
            return self._answer_safely(request, asker, Caller(source, watch, leave))

    def _note_refused(self, host: str, peer: Peer) -> None:
        if matches(host, UNASKED):
            self._count(self.seen.unasked, host)
        else:
            by = f" ({peer.program})" if peer.program else ""
            self._count(self.seen.refused, f"{host}{by}")
            if self._refused is not None:
                self._refused(f"{host}{by}")

    def _count(self, counter: Counter[str], name: str) -> None:
        with self._lock:
            counter[name] += 1

    # -- calls ------------------------------------------------------------------

    def _answer_safely(self, request: Request, asker: Asker, by: Caller) -> Answer:
        """An answer in every case: what breaks in here is told, not thrown."""
        try:
            return self._answer(request, asker, by)
        except Exception as error:  # noqa: BLE001 - else the client sees no answer
            told = f"{type(error).__name__}: {error}"
            where = f"{request.method} {request.host}{request.path}"
            self.seen.defects.append(f"{where} met a defect of the gateway: {told}")
            return make_problem(500, "GatewayDefect", f"{told}.")

    def _answer(self, request: Request, asker: Asker, caller: Caller) -> Answer:
        source = caller.source
        try:
            played = self._recorder.answer(request)
        except CassetteError as error:
            if isinstance(error, NoMatchingInteraction):
                by = f"It was asked by {source}, a program of its own."
                error.args = (f"{error}\n{by}",)
            self.seen.misses.append((source, error))
            return make_problem(MISS_STATUS, "NoRecordedAnswer", str(error))
        if played is not None:
            return self._hand_out(request, played, caller.watch)
        if self._guard is not None:
            try:
                self._guard(request)
            except AzmlContractError as error:
                self.seen.guarded.append(str(error))
                return make_problem(403, "NotAllowed", str(error))
        self.settle()
        call = LiveCall(request, self._take, self._recorder.start(), caller)
        with self._on_way.holding(call):
            try:
                received = asker.ask(request)
            except OSError as error:
                return call.fail(describe(error))
            if received is None:
                return call.fail(Failure("dropped"))
            if isinstance(received, Response):
                return call.keep(received)
            return call.read(received)

    def _take(self, exchange: Exchange, call: LiveCall) -> None:
        self._recorder.record(exchange, call.started, call.source)
        if self._observe is not None:
            self._observe(exchange, time.monotonic() - call.began)

    # -- replay -----------------------------------------------------------------

    def _hand_out(self, request: Request, played: Played, watch: Watch) -> Answer:
        response, failure = played.response, played.failure
        if failure is not None and failure.raised == CLIENT_LEFT:
            # It is its own limit that ends the call, as it did.
            watch.await_leaving(LONGEST_SILENCE_S)
        if failure is not None and response.status == NO_ANSWER:
            return break_off(failure)
        if is_token_request(request):
            response = _with_token(response)
        headers = tuple(framed(request.method, response, 1 if failure else 0))
        if self._is_about_operation(request, response):
            headers = without_headers(headers, "retry-after") + _NO_WAIT
        return replace(response, headers=headers)

    def _is_about_operation(self, request: Request, response: Response) -> bool:
        """Whether a client would wait before it asks again."""
        urls = list(announced_urls(response.status, response.headers))
        self._announced.update(urls)
        return (
            bool(urls)
            or is_poll_path(request.method, request.url)
            or request.url in self._announced
            or response.header("retry-after") is not None
        )


class _Askers:
    """Who answers one connection without TLS, by scheme, host and port."""

    def __init__(self) -> None:
        self._open: dict[_Place, Asker] = {}

    def find(self, place: _Place, open_one: Callable[[], Asker]) -> Asker:
        """The one of a place, opened if it is the first request there."""
        if place not in self._open:
            self._open[place] = open_one()
        return self._open[place]

    def close(self) -> None:
        """End them all."""
        for asker in self._open.values():
            asker.close()


def _place_of(url: str) -> _Place:
    """Scheme, host and port of a URL.

    Raises:
        ValueError: Its port is none.
    """
    parts = urlsplit(url)
    usual = 443 if parts.scheme == "https" else 80
    return parts.scheme, parts.hostname or "", parts.port or usual


@dataclass(frozen=True, slots=True)
class PlayedHosts:
    """The far side of a replay: hosts that cassettes know, and Azure's; no other."""

    hosts: frozenset[str]

    def reach(self, host: str, port: int, *, secure: bool = True) -> Reach:
        """A host whose calls are answered from cassettes, or missed there."""
        known = host in self.hosts or any(
            matches(host, patterns) for patterns in CLOUDS.values()
        )
        if not known:
            return Refuse(f"Replay opens no connection, and no cassette knows {host}")
        return Ask(lambda: Answering(lambda _: None))


def _pass_by(asker: Asker, request: Request) -> Answer:
    """Ask, and keep nothing."""
    try:
        received = asker.ask(request)
    except OSError as error:
        return make_problem(502, "NoAnswer", f"{error}")
    if isinstance(received, Received):
        return Streamed(received.status, received.headers, received.chunks)
    return received


def _with_token(response: Response) -> Response:
    """A login's answer with tokens that can be read, in place of their stand-ins."""
    try:
        told = response.parse_json()
    except ValueError:
        return response
    if not isinstance(told, dict):
        return response
    held = {
        name: TOKEN
        for name in ("access_token", "id_token")
        if isinstance(told.get(name), str) and told[name].startswith(REDACTED)
    }
    if not held:
        return response
    return replace(response, body=json.dumps({**told, **held}).encode())
