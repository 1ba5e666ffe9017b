"""Other processes of a run: what they ask goes through a gateway of the recorder.

In: a recorder, and what lies behind the gateway. Out: a proxy that clients of any
language use, their calls recorded or answered from the cassette, and notes of what
was refused, missed and passed by. Knows neither emulators nor Azure.
"""

from __future__ import annotations

import base64
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
    NO_ANSWER,
    Exchange,
    Failure,
    Headers,
    Request,
    Response,
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
from azml_contract.gateway.sockets import Connections
from azml_contract.gateway.spool import Intake, Spooler, make_response
from azml_contract.gateway.upstream import Received, Upstream
from azml_contract.recording.failures import describe
from azml_contract.recording.identity import is_token_request
from azml_contract.recording.messages import decoded, framed
from azml_contract.recording.miss import NoMatchingInteraction
from azml_contract.recording.player import Played
from azml_contract.recording.polls import announced_urls, is_poll_path
from azml_contract.recording.sources import Lanes, Source
from azml_contract.redaction.shapes import REDACTED

MISS_STATUS = 400
"""No client tries again after it."""
_NEVER_REACHED = ("refused", "name", "tls")
_NO_WAIT: Headers = (("Retry-After", "0"), ("x-ms-retry-after-ms", "1"))
_SPOOLER = Spooler()


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

    `refused` and `passed` count tunnels by host; `misses` has who asked, and the
    error; `distrusting` counts clients that do not trust the gateway, by host;
    `guarded` has what was not sent, `defects` what broke in the gateway itself.
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
        host: str = "127.0.0.1",
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
        self._lock = threading.Lock()
        self._announced: set[str] = set()
        self._connections = Connections()
        self._gateway = Gateway(self._find, plain=self._plain, host=host, port=port)

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
        asker = reach.open()
        try:
            with self._lanes.on(peer.pid, host) as lane:
                source = Source(lane, peer.program, peer.script)
                if is_own:
                    yield lambda request: _pass_by(asker, request)
                    return
                self._count(self.seen.programs, str(source))
                yield lambda request: self._answer_safely(request, asker, source)
        finally:
            asker.close()

    def _plain(self, client: socket.socket) -> None:
        """HTTP without TLS, sent to the proxy whole; a forked child asks all so."""
        peer = self._peer(client)
        askers: dict[str, Asker] = {}

        def handle(request: Request) -> Answer:
            parts = urlsplit(request.url)
            host = parts.hostname or ""
            if request.url.startswith(f"{self.url}/"):
                told = self._control(request) if self._control else None
                return told or make_problem(
                    404, "NotFound", "This is a proxy; name it in HTTPS_PROXY."
                )
            secure = parts.scheme == "https"
            port = parts.port or (443 if secure else 80)
            reach = self._far.reach(host, port, secure=secure)
            if isinstance(reach, Refuse):
                self._note_refused(host, peer)
                return make_problem(reach.status, "GatewayRefused", reason_of(reach))
            if isinstance(reach, Pass) and secure:
                return make_problem(502, "GatewayRefused", f"{host} wants TLS.")
            if isinstance(reach, Pass):
                self._count(self.seen.passed, host)
                asker = askers.setdefault(host, Upstream(reach.open, host))
                return _pass_by(asker, request)
            asker = askers.setdefault(host, reach.open())
            with self._lanes.on(peer.pid, host) as lane:
                source = Source(lane, peer.program, peer.script)
                self._count(self.seen.programs, str(source))
                return self._answer_safely(request, asker, source)

        try:
            serve_http(
                client, handle, scheme="http", authority=urlsplit(self.url).netloc
            )
        finally:
            for asker in askers.values():
                asker.close()

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

    def _answer_safely(self, request: Request, asker: Asker, source: Source) -> Answer:
        """An answer in every case: what breaks in here is told, not thrown."""
        try:
            return self._answer(request, asker, source)
        except Exception as error:  # noqa: BLE001 - else the client sees no answer
            told = f"{type(error).__name__}: {error}"
            where = f"{request.method} {request.host}{request.path}"
            self.seen.defects.append(f"{where} met a defect of the gateway: {told}")
            return make_problem(500, "GatewayDefect", f"{told}.")

    def _answer(self, request: Request, asker: Asker, source: Source) -> Answer:
        try:
            played = self._recorder.answer(request)
        except CassetteError as error:
            if isinstance(error, NoMatchingInteraction):
                by = f"It was asked by {source}, a program of its own."
                error.args = (f"{error}\n{by}",)
            self.seen.misses.append((source, error))
            return make_problem(MISS_STATUS, "NoRecordedAnswer", str(error))
        if played is not None:
            return self._hand_out(request, played)
        if self._guard is not None:
            try:
                self._guard(request)
            except AzmlContractError as error:
                self.seen.guarded.append(str(error))
                return make_problem(403, "NotAllowed", str(error))
        call = _Call(request, self._take, self._recorder.start(), source)
        try:
            received = asker.ask(request)
        except OSError as error:
            return call.fail(describe(error))
        if received is None:
            return call.fail(Failure("dropped"))
        if isinstance(received, Response):
            return call.keep(received)
        return call.read(received)

    def _take(self, exchange: Exchange, call: _Call) -> None:
        self._recorder.record(exchange, call.started, call.source)
        if self._observe is not None:
            self._observe(exchange, time.monotonic() - call.began)

    # -- replay -----------------------------------------------------------------

    def _hand_out(self, request: Request, played: Played) -> Answer:
        response, failure = played.response, played.failure
        if failure is not None and response.status == NO_ANSWER:
            return _break(failure)
        if is_token_request(request):
            response = _with_token(response)
        headers = tuple(framed(request.method, response, 1 if failure else 0))
        if self._is_about_operation(request, response):
            headers = _without(headers, "retry-after") + _NO_WAIT
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


class _Call:
    """A live call on its way: what came of it is taken once, whatever that is."""

    def __init__(
        self,
        request: Request,
        take: Callable[[Exchange, _Call], None],
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
        return _break(failure)

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
        intake = Intake(_SPOOLER)
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
            headers = _without(received.headers, "content-length") + cut
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


def reason_of(refused: Refuse) -> str:
    """Why a host is refused, as a sentence."""
    return f"{refused.reason}."


def _pass_by(asker: Asker, request: Request) -> Answer:
    """Ask, and keep nothing."""
    try:
        received = asker.ask(request)
    except OSError as error:
        return make_problem(502, "NoAnswer", f"{error}")
    if isinstance(received, Received):
        return Streamed(received.status, received.headers, received.chunks)
    return received


def _break(failure: Failure) -> Answer:
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


def _without(headers: Headers, name: str) -> Headers:
    return tuple(pair for pair in headers if pair[0].lower() != name)


def _part(value: object) -> str:
    raw = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


_NOBODY = "00000000-0000-4000-8000-00000000a0"
_CLAIMS = {
    "aud": "https://management.azure.com",
    "iss": f"https://sts.windows.net/{_NOBODY}01/",
    "iat": 946684800,
    "nbf": 946684800,
    "exp": 4102444800,
    "appid": f"{_NOBODY}02",
    "oid": f"{_NOBODY}03",
    "sub": f"{_NOBODY}03",
    "tid": f"{_NOBODY}01",
    "ver": "1.0",
}
# Some clients read their token: who they are, and until when.
_TOKEN = ".".join((_part({"alg": "none", "typ": "JWT"}), _part(_CLAIMS), REDACTED))


def _with_token(response: Response) -> Response:
    """A login's answer with tokens that can be read, in place of their stand-ins."""
    try:
        told = response.parse_json()
    except ValueError:
        return response
    if not isinstance(told, dict):
        return response
    held = {
        name: _TOKEN
        for name in ("access_token", "id_token")
        if isinstance(told.get(name), str) and told[name].startswith(REDACTED)
    }
    if not held:
        return response
    return replace(response, body=json.dumps({**told, **held}).encode())
