"""Stand between HTTP clients and the network, through vcrpy.

In: an `Exchanger`, which answers or observes. Out: a context in which every
client that vcrpy knows talks to it. Clients built on requests are met at
``HTTPAdapter.send``, all others at vcrpy's stubs.

vcrpy puts the real classes back for the whole process whenever one of its
stubs needs a real connection, and other threads escape through that gap. Here
nothing is put back: see `_reset_nothing`. What this relies on inside vcrpy is
held by tests/recording/test_vcrpy_canary.py.
"""

from __future__ import annotations

import http.client
import socket
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Protocol

import requests
import vcr
import vcr.cassette
import vcr.patch
import vcr.stubs
from requests.adapters import HTTPAdapter
from urllib3 import connectionpool

from azml_contract.exchange import NO_ANSWER, Exchange, Request, Response
from azml_contract.recording import messages
from azml_contract.recording.aiohttp_calls import aiohttp_patches
from azml_contract.recording.failures import describe, revive
from azml_contract.recording.httpx_calls import httpx_patches
from azml_contract.recording.player import Played
from azml_contract.recording.shut import outside_patches, sending_patches, shut
from azml_contract.recording.sleepless import Sleepless

NUMBER = "_azml_exchange"
"""Attribute of a `requests.Response` played: its number in the cassette."""
TAKE = "_azml_take"
"""Attribute of a live `requests.Response`: its number on the tape."""


class Exchanger(Protocol):
    """What is asked and told about every exchange; called from any thread."""

    replaying: bool

    def answer(self, request: Request) -> Played | None:
        """A recorded answer; None where the request must go out, never in replay."""

    def start(self) -> int:
        """Note that a live request goes out."""

    def record(self, exchange: Exchange, started: int) -> int:
        """Take a live exchange; returns its number."""

    def refuse(self, host: str) -> Exception:
        """The error for a connection that replay must not open."""


def intercept(exchanger: Exchanger, path: Path) -> AbstractContextManager[Any]:
    """A context in which `exchanger` sees and answers all HTTP.

    Args:
        exchanger: Answers in replay, observes otherwise.
        path: The cassette; vcrpy wants a name, and neither reads nor writes it.
    """
    patches: list[tuple[Any, str, Any]] = [
        (vcr.patch, "reset_patchers", _make_reset(vcr.patch.reset_patchers)),
        (http.client, "HTTPSConnection", _StubHTTPSConnection),
        (vcr.stubs.VCRConnection, "getresponse", _noting_failures(_GET_RESPONSE)),
    ]
    pools, sleepless = _LivePools(), Sleepless()
    patches += aiohttp_patches(exchanger, sleepless)
    patches += httpx_patches(exchanger, sleepless)
    if exchanger.replaying:
        patches.append((HTTPAdapter, "send", _make_replay(exchanger, sleepless)))
        patches += sending_patches(exchanger.refuse)
        patches += outside_patches(exchanger.refuse)
    else:
        patches.append((HTTPAdapter, "send", _make_live(exchanger, pools)))
        patches += pools.patches()
    # These two are met at their own seams, above.
    config = vcr.VCR(
        custom_patches=tuple(patches), skip_patchers=("aiohttp", "httpx", "httpx2")
    ).get_merged_config(path=str(path))
    cassette = _LiveCassette.use(exchanger=exchanger, sleepless=sleepless, **config)
    closed = shut(exchanger.refuse) if exchanger.replaying else nullcontext()
    return _Interception(cassette, pools, sleepless, closed)


class _Interception:
    """vcrpy's own context, and what has to be put back beside it."""

    def __init__(
        self,
        inner: AbstractContextManager[Any],
        pools: _LivePools,
        sleepless: Sleepless,
        network: AbstractContextManager[None],
    ) -> None:
        self._inner = inner
        self._network = network
        self._pools = pools
        self._sleepless = sleepless

    def __enter__(self) -> None:
        self._inner.__enter__()
        self._network.__enter__()

    def __exit__(self, *exc_info: Any) -> None:
        try:
            self._network.__exit__(*exc_info)
            self._inner.__exit__(*exc_info)
        finally:
            self._pools.release()
            self._sleepless.release()


# Clients on requests -------------------------------------------------------------


def _make_replay(
    exchanger: Exchanger, sleepless: Sleepless
) -> Callable[..., requests.Response]:
    def send(
        self: HTTPAdapter, request: requests.PreparedRequest, *_: Any, **__: Any
    ) -> requests.Response:
        sleepless.engage()
        played = exchanger.answer(messages.from_prepared(request))
        assert played is not None
        response = _hand_out(self, request, played)
        if played.index is not None:
            setattr(response, NUMBER, played.index)
        return response

    return send


def _hand_out(
    adapter: HTTPAdapter, request: requests.PreparedRequest, played: Played
) -> requests.Response:
    failure = played.failure
    if failure is not None and played.response.status == NO_ANSWER:
        error = revive(failure, requests.exceptions)
        if isinstance(error, requests.RequestException):
            error.request = request
        raise error
    return messages.to_requests(adapter, request, played.response, None, failure)


def _make_live(exchanger: Exchanger, pools: _LivePools) -> Callable[..., Any]:
    original = HTTPAdapter.send

    def send(
        self: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        asked = messages.from_prepared(request)
        played = exchanger.answer(asked)
        if played is not None:
            known = _hand_out(self, request, played)
            setattr(known, NUMBER, played.index)
            return known
        started = exchanger.start()
        try:
            with pools.passing():
                live = original(self, request, *args, **kwargs)
                response, failure = messages.from_live(live)
        except requests.RequestException as error:
            failed = Exchange(asked, Response(NO_ANSWER), describe(error))
            exchanger.record(failed, started)
            raise
        number = exchanger.record(Exchange(asked, response, failure), started)
        rebuilt = messages.to_requests(self, request, response, live, failure)
        setattr(rebuilt, TAKE, number)
        return rebuilt

    return send


class _LivePools:
    """Lets requests reach the network past vcrpy's urllib3 stubs.

    A pool used by an adapter gets urllib3's own connection class for itself,
    so that nothing is seen twice and nothing is buffered in between.
    """

    def __init__(self) -> None:
        self._local = threading.local()
        self._own_classes: dict[type, Any] = {
            pool: pool.ConnectionCls
            for pool in (
                connectionpool.HTTPConnectionPool,
                connectionpool.HTTPSConnectionPool,
            )
        }
        self._touched: weakref.WeakSet[Any] = weakref.WeakSet()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """In this thread, adapters reach the network directly."""
        self._local.passing = True
        try:
            yield
        finally:
            self._local.passing = False

    @property
    def is_passing(self) -> bool:
        """Whether an adapter is sending in this thread."""
        return getattr(self._local, "passing", False)

    def patches(self) -> list[tuple[Any, str, Any]]:
        """What to patch so that adapters get such pools."""
        original = HTTPAdapter.get_connection_with_tls_context

        def get_connection(self_: HTTPAdapter, *args: Any, **kwargs: Any) -> Any:
            pool: Any = original(self_, *args, **kwargs)
            own = self._own_classes.get(type(pool))
            if (
                own is not None
                and self.is_passing
                and "ConnectionCls" not in vars(pool)
            ):
                pool.ConnectionCls = own
                self._touched.add(pool)
            return pool

        return [(HTTPAdapter, "get_connection_with_tls_context", get_connection)]

    def release(self) -> None:
        """Make the pools ordinary again."""
        for pool in list(self._touched):
            vars(pool).pop("ConnectionCls", None)
        self._touched.clear()


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


_GET_RESPONSE = vcr.stubs.VCRConnection.getresponse


def _noting_failures(original: Any) -> Any:
    def getresponse(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(self, *args, **kwargs)
        except (OSError, http.client.HTTPException) as error:
            self.cassette.fail(self._vcr_request, error)
            raise

    return getresponse


def _make_reset(original: Callable[[], Iterator[Any]]) -> Callable[[], Iterator[Any]]:
    def reset() -> Iterator[Any]:
        # httplib2's constructors name its own patched classes, and fail
        # without this; urllib3's and http.client's (below) do not.
        if "httplib2" in sys.modules:
            yield from (one for one in original() if _is_httplib2(one))

    return reset


def _is_httplib2(patcher: Any) -> bool:
    return getattr(patcher.getter(), "__name__", "") == "httplib2"


_HTTPConnection = http.client.HTTPConnection


class _PlainHTTPSConnection(http.client.HTTPSConnection):
    """http.client's connection, built without looking up its own patched name."""

    def __init__(
        self,
        host: str,
        port: int | None = None,
        key_file: str | None = None,
        cert_file: str | None = None,
        timeout: Any = socket._GLOBAL_DEFAULT_TIMEOUT,  # type: ignore[attr-defined]
        source_address: Any = None,
        *,
        context: Any = None,
        check_hostname: bool | None = None,
        blocksize: int = 8192,
    ) -> None:
        import ssl

        _HTTPConnection.__init__(
            self, host, port, timeout, source_address, blocksize=blocksize
        )
        if context is None:
            context = ssl.create_default_context()
            context.set_alpn_protocols(["http/1.1"])
        if cert_file:
            context.load_cert_chain(cert_file, key_file)
        if check_hostname is not None:
            context.check_hostname = check_hostname
        self._context = context


class _StubHTTPSConnection(vcr.stubs.VCRHTTPSConnection):  # type: ignore[misc]
    """vcrpy's stub over a connection that needs no reset."""

    _baseclass = _PlainHTTPSConnection
