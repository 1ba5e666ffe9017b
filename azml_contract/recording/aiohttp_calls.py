"""Meet aiohttp where it connects: all above that is its own.

In: an exchanger. Out: patches. A request that is answered from a cassette gets a
connection that leads nowhere and whose answer is there already; redirects, cookies,
charsets, streams and traces are aiohttp's own. A live answer is read whole, noted,
and handed on. Built lazily: nothing here imports aiohttp before a client has.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from azml_contract.exchange import (
    NO_ANSWER,
    Exchange,
    Failure,
    Request,
    Response,
    make_headers,
)
from azml_contract.recording import messages
from azml_contract.recording.audit import in_call
from azml_contract.recording.failures import describe, revive, wait_for_client
from azml_contract.recording.player import Played

Patch = tuple[Any, str, Any]


def aiohttp_patches(exchanger: Any, sleepless: Any) -> list[Patch]:
    """What to patch in aiohttp; nothing where it is not installed."""
    try:
        import aiohttp
    except ImportError:
        return []
    calls = _Calls(exchanger, sleepless, aiohttp)
    return calls.patches()


class _Calls:
    """The calls that are under way."""

    def __init__(self, exchanger: Any, sleepless: Any, aiohttp: Any) -> None:
        self._exchanger = exchanger
        self._sleepless = sleepless
        self._aiohttp = aiohttp
        # A timeout of the whole call cancels what runs below it.
        self._network = (aiohttp.ClientError, OSError, asyncio.CancelledError)
        self._played: weakref.WeakKeyDictionary[Any, Played]
        self._played = weakref.WeakKeyDictionary()
        self._told: weakref.WeakSet[Any] = weakref.WeakSet()
        self._live: weakref.WeakKeyDictionary[Any, tuple[Request, int]]
        self._live = weakref.WeakKeyDictionary()

    def patches(self) -> list[Patch]:
        from aiohttp.client_reqrep import ClientRequest, ClientResponse
        from aiohttp.connector import BaseConnector

        return [
            (BaseConnector, "connect", self._make_connect(BaseConnector.connect)),
            (ClientRequest, "send", self._make_send(ClientRequest.send)),
            (ClientResponse, "start", self._make_start(ClientResponse.start)),
        ]

    def _make_connect(self, original: Any) -> Any:
        async def connect(connector: Any, req: Any, traces: Any, timeout: Any) -> Any:
            self._sleepless.engage()
            asked = await _read_request(req, self._aiohttp)
            played = self._exchanger.answer(asked)
            if played is not None:
                await wait_for_client(played.failure)
                self._played[req] = played
                return self._open_nothing(connector, req)
            self._live[req] = (asked, self._exchanger.start())
            try:
                with in_call():
                    return await original(connector, req, traces, timeout)
            except self._network as error:
                self._fail(req, _describe(req, error))
                raise

        return connect

    def _open_nothing(self, connector: Any, req: Any) -> Any:
        from aiohttp.client_proto import ResponseHandler
        from aiohttp.connector import Connection

        loop = asyncio.get_running_loop()
        protocol = ResponseHandler(loop=loop)
        protocol.connection_made(_Nowhere())
        protocol.force_close()
        return Connection(connector, req.connection_key, protocol, loop)

    def _make_send(self, original: Any) -> Any:
        async def send(req: Any, conn: Any) -> Any:
            played = self._played.pop(req, None)
            if played is None:
                with in_call():
                    response = await original(req, conn)
                if req in self._live:
                    self._live[response] = self._live.pop(req)
                return response
            failure = played.failure
            if failure is not None and played.response.status == NO_ANSWER:
                raise revive(failure, self._aiohttp)
            response = await original(req, conn)
            self._told.add(response)
            missing = 0 if failure is None else 1
            wire = _wire(req.method, played.response, missing)
            conn.protocol.data_received(wire)
            if failure is not None:
                conn.protocol.connection_lost(None)
            return response

        return send

    def _make_start(self, original: Any) -> Any:
        async def start(response: Any, connection: Any) -> Any:
            try:
                result = await original(response, connection)
                if response in self._told:
                    _give(response, messages.make_telling)
                if response in self._live and response.status != 101:
                    await self._note(response)
            except self._network as error:
                self._fail(response, _describe(response, error))
                raise
            return result

        return start

    async def _note(self, response: Any) -> None:
        pieces: list[bytes] = []
        failure: Failure | None = None
        error: BaseException | None = None
        try:
            async for piece in response.content.iter_any():
                pieces.append(piece)
        except self._network as caught:
            error = caught
            failure = _describe(response, caught, sum(map(len, pieces)))
        body = b"".join(pieces)
        asked, started = self._live.pop(response)
        headers = make_headers(
            (name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))
            for name, value in response.raw_headers
        )
        answer = Response(response.status, headers, body)
        opened = getattr(response._session, "_auto_decompress", True)
        answer = (messages.inflated if opened else messages.decoded)(answer)
        self._exchanger.record(Exchange(asked, answer, failure), started)
        if isinstance(error, asyncio.CancelledError):
            raise error
        response.content = _refill(body, error)
        note = self._exchanger.note_header
        _give(response, lambda headers: messages.make_noting(headers, note))

    def _fail(self, call: Any, failure: Failure) -> None:
        asked, started = self._live.pop(call, (None, 0))
        if asked is not None:
            nothing = Response(NO_ANSWER)
            self._exchanger.record(Exchange(asked, nothing, failure), started)


def _describe(call: Any, error: BaseException, came: int | None = None) -> Failure:
    """What an exception says; one of aiohttp's own limits is no cancelling.

    Args:
        call: A request or an answer, which both know the timer of the whole call.
        error: As it came from below aiohttp's timer, which turns it into another.
        came: How much of the answer's body had come before.
    """
    failure = describe(error, came)
    if getattr(call._timer, "_cancelled", False):
        return replace(failure, raised=TimeoutError.__name__)
    return failure


def _give(response: Any, make: Callable[[Any], Any]) -> None:
    """Give an answer headers of another class, made of that which it has."""
    from multidict import CIMultiDict, CIMultiDictProxy

    response._headers = make(CIMultiDictProxy)(CIMultiDict(response._headers))
    response._cache.pop("headers", None)


def _refill(body: bytes, error: BaseException | None) -> Any:
    """A stream that gives a body again, and ends as the first did."""
    from aiohttp.base_protocol import BaseProtocol
    from aiohttp.streams import StreamReader

    loop = asyncio.get_running_loop()
    # Above its limit it would have the protocol wait, which has nobody to read from.
    stream = StreamReader(BaseProtocol(loop=loop), max(len(body), 1), loop=loop)
    if body:
        stream.feed_data(body)
    if error is None:
        stream.feed_eof()
    else:
        stream.set_exception(error)
    return stream


async def _read_request(req: Any, aiohttp: Any) -> Request:
    """The request with its whole body, which stays to be sent."""
    headers = tuple((str(name), str(value)) for name, value in req.headers.items())
    body = req.body
    if isinstance(body, aiohttp.payload.Payload):
        if not isinstance(body, aiohttp.payload.BytesPayload):
            raw = await _collect(body)
            kept = aiohttp.payload.BytesPayload(raw, content_type=body.content_type)
            req._body = kept
        else:
            raw = bytes(body._value)
    else:
        raw = bytes(body or b"")
    url = str(req.url.with_fragment(None))
    return Request(req.method, url, headers, raw)


async def _collect(body: Any) -> bytes:
    from aiohttp.abc import AbstractStreamWriter

    pieces: list[bytes] = []

    class Collector(AbstractStreamWriter):
        async def write(self, chunk: Any) -> None:
            pieces.append(bytes(chunk))

        async def write_eof(self, chunk: bytes = b"") -> None:
            pieces.append(bytes(chunk))

        async def drain(self) -> None: ...

        def enable_compression(self, *args: Any, **kwargs: Any) -> None: ...

        def enable_chunking(self) -> None: ...

        async def write_headers(self, status_line: str, headers: Any) -> None: ...

    await body.write(Collector())
    return b"".join(pieces)


class _Nowhere(asyncio.Transport):
    """A transport that takes everything and sends nothing."""

    def write(self, data: Any) -> None: ...

    def writelines(self, list_of_data: Any) -> None: ...

    def is_closing(self) -> bool:
        return False

    def close(self) -> None: ...

    def abort(self) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


def _wire(method: str, response: Response, missing: int = 0) -> bytes:
    """An answer as it comes over the wire, or all but some bytes of it."""
    reason = messages.reason_of(response.status)
    lines = [f"HTTP/1.1 {response.status} {reason}"]
    for name, value in messages.framed(method, response, missing):
        lines.append(f"{name}: {value}")
    head = "\r\n".join(lines) + "\r\n\r\n"
    body = b"" if method == "HEAD" else response.body
    return head.encode("utf-8", "surrogateescape") + body
