"""Meet httpx at its transports, its own seam between client and network.

In: an exchanger. Out: patches. Redirects, cookies, timeouts' exceptions and streams
above are httpx's own; a live answer is read whole, noted, and handed on.
"""

from __future__ import annotations

import asyncio
import importlib
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


def httpx_patches(exchanger: Any, sleepless: Any) -> list[Patch]:
    """What to patch in httpx and httpx2; nothing where they are not installed."""
    found: list[Patch] = []
    for name in ("httpx", "httpx2"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        found += _Calls(exchanger, sleepless, module).patches()
    return found


class _Calls:
    def __init__(self, exchanger: Any, sleepless: Any, httpx: Any) -> None:
        self._exchanger = exchanger
        self._sleepless = sleepless
        self._httpx = httpx
        self._telling = messages.make_telling(httpx.Headers)
        self._noting = messages.make_noting(httpx.Headers, exchanger.note_header)

    def patches(self) -> list[Patch]:
        sync, other = self._httpx.HTTPTransport, self._httpx.AsyncHTTPTransport
        return [
            (sync, "handle_request", self._make(sync.handle_request)),
            (
                other,
                "handle_async_request",
                self._make_async(other.handle_async_request),
            ),
        ]

    def _make(self, original: Any) -> Any:
        def handle_request(transport: Any, request: Any) -> Any:
            request.read()
            asked, played, started = self._ask(request)
            if played is not None:
                return self._render(request.method, played)
            pieces: list[bytes] = []
            live = None
            try:
                live = original(transport, request)
                pieces += live.stream
                live.close()
            except self._httpx.TransportError as error:
                return self._note_failure(asked, live, pieces, error, started)
            return self._note(asked, live, pieces, started)

        return handle_request

    def _make_async(self, original: Any) -> Any:
        async def handle_async_request(transport: Any, request: Any) -> Any:
            await request.aread()
            asked, played, started = self._ask(request)
            if played is not None:
                await wait_for_client(played.failure)
                return self._render(request.method, played)
            pieces: list[bytes] = []
            live = None
            try:
                with in_call():
                    live = await original(transport, request)
                async for piece in live.stream:
                    pieces.append(piece)
                await live.aclose()
            except (self._httpx.TransportError, asyncio.CancelledError) as error:
                return self._note_failure(asked, live, pieces, error, started)
            return self._note(asked, live, pieces, started)

        return handle_async_request

    def _ask(self, request: Any) -> tuple[Request, Played | None, int]:
        self._sleepless.engage()
        headers = make_headers(request.headers.multi_items())
        url = str(request.url.copy_with(fragment=None))
        asked = Request(request.method, url, headers, request.content)
        played = self._exchanger.answer(asked)
        return asked, played, 0 if played else self._exchanger.start()

    def _render(self, method: str, played: Played) -> Any:
        failure, response = played.failure, played.response
        if failure is not None and response.status == NO_ANSWER:
            raise revive(failure, self._httpx)
        answer = self._answer(method, response, failure)
        answer.headers.__class__ = self._telling
        return answer

    def _answer(
        self, method: str, response: Response, failure: Failure | None = None
    ) -> Any:
        broken = None if failure is None else revive(failure, self._httpx)
        return self._httpx.Response(
            response.status,
            headers=[(n, v.encode()) for n, v in messages.framed(method, response)],
            stream=self._make_stream(response.body, broken),
        )

    def _make_stream(self, body: bytes, error: Exception | None) -> Any:
        """A stream for clients of either kind, which may end in an error.

        Content would be read by the answer itself, and its user could not stream it.
        """

        def pieces(_: Any) -> Any:
            if body:
                yield body
            if error is not None:
                raise error

        async def pieces_async(_: Any) -> Any:
            for piece in pieces(_):
                yield piece

        kinds = (self._httpx.SyncByteStream, self._httpx.AsyncByteStream)
        steps = {"__iter__": pieces, "__aiter__": pieces_async}
        return type("Told", kinds, steps)()

    def _note(
        self, asked: Request, live: Any, pieces: list[bytes], started: int
    ) -> Any:
        answer = _read_answer(live, pieces)
        self._exchanger.record(Exchange(asked, answer), started)
        handed = self._answer(asked.method, answer)
        handed.headers.__class__ = self._noting
        return handed

    def _note_failure(
        self,
        asked: Request,
        live: Any,
        pieces: list[bytes],
        error: BaseException,
        started: int,
    ) -> Any:
        came = None if live is None else sum(map(len, pieces))
        failure = describe(error, came)
        answer = Response(NO_ANSWER) if live is None else _read_answer(live, pieces)
        self._exchanger.record(Exchange(asked, answer, failure), started)
        if live is None or isinstance(error, asyncio.CancelledError):
            raise error
        return self._answer(asked.method, answer, failure)


def _read_answer(live: Any, pieces: list[bytes]) -> Response:
    headers = make_headers(live.headers.multi_items())
    return messages.decoded(Response(live.status_code, headers, b"".join(pieces)))
