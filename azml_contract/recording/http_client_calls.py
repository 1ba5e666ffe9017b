"""Meet whatever is built on http.client at its connections: urllib, urllib3, httplib2.

In: an exchanger. Out: patches of `http.client.HTTPConnection`, so that a subclass is
met whenever it was defined. What a client sends is collected until it is whole; then
it goes out, or is looked up in a cassette. A live answer is read whole, noted, and
handed on as replay would hand it on. A connection that cannot be opened fails with
the request that it was opened for, not before: then there is something to record.
"""

from __future__ import annotations

import http.client
import io
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from urllib3 import HTTPHeaderDict

from azml_contract.exchange import (
    BODILESS,
    NO_ANSWER,
    Exchange,
    Failure,
    Headers,
    Request,
    Response,
    find_header,
    make_headers,
)
from azml_contract.recording import messages
from azml_contract.recording.failures import (
    describe,
    of_connecting,
    revive,
    revive_connecting,
)
from azml_contract.recording.player import Played

Patch = tuple[Any, str, Any]
_CALL, _ERROR = "_azml_call", "_azml_error"
"""Attributes of a connection: the call that is under way, why it did not connect."""
UNRECORDED = "is_unrecorded"
"""Attribute of a connection that is none of the client's under test."""
_CHUNK = 1 << 16
_passing = threading.local()


@contextmanager
def passing() -> Iterator[None]:
    """In this thread connections reach the network: what they say is noted above."""
    _passing.on = True
    try:
        yield
    finally:
        _passing.on = False


def _passes(conn: Any) -> bool:
    return getattr(_passing, "on", False) or getattr(conn, UNRECORDED, False)


class HttpClientCalls:
    """The calls that are under way, of all connections."""

    def __init__(self, exchanger: Any, sleepless: Any) -> None:
        self._exchanger = exchanger
        self._sleepless = sleepless
        base = http.client.HTTPConnection
        self._send, self._getresponse = base.send, base.getresponse
        self._close = base.close
        self._late: list[tuple[Any, Any]] = []

    def patches(self) -> list[Patch]:
        """What to patch; `release` undoes the rest."""
        base = http.client.HTTPConnection
        return [
            (base, "send", self._collecting()),
            (base, "getresponse", self._answering()),
            (base, "close", self._closing()),
            (base, "__init_subclass__", classmethod(self._welcome)),
            *(
                (one, "connect", self._connecting(vars(one)["connect"]))
                for one in _family(base)
                if "connect" in vars(one)
            ),
            *_urllib3_patches(self._exchanger),
        ]

    def _welcome(self, subclass: Any, /, **_: Any) -> None:
        """A subclass that is defined while this is in force."""
        own = vars(subclass).get("connect")
        if own is not None:
            subclass.connect = self._connecting(own)
            self._late.append((subclass, own))

    def release(self) -> None:
        """Make subclasses ordinary again that were defined meanwhile."""
        for subclass, own in self._late:
            subclass.connect = own

    # What connections do instead.

    def _connecting(self, original: Callable[[Any], None]) -> Callable[[Any], None]:
        def connect(conn: Any) -> None:
            if _passes(conn):
                return original(conn)
            if not self._exchanger.answering:
                return self._connect(conn, original)
            return _pretend(conn)

        return connect

    def _connect(self, conn: Any, original: Callable[[Any], None]) -> None:
        try:
            with passing():
                original(conn)
        except Exception as error:  # noqa: BLE001 - raised when the answer is asked for
            setattr(conn, _ERROR, error)
            _pretend(conn)

    def _collecting(self) -> Callable[[Any, Any], None]:
        def send(conn: Any, data: Any) -> None:
            if _passes(conn):
                return self._send(conn, data)
            if conn.sock is None:
                if not conn.auto_open:
                    raise http.client.NotConnected()
                conn.connect()
            call = vars(conn).get(_CALL)
            if call is None:
                call = vars(conn)[_CALL] = _Call()
            call.add(conn, data)
            if call.is_whole:
                self._depart(conn, call)
            return None

        return send

    def _answering(self) -> Callable[[Any], Any]:
        def getresponse(conn: Any) -> Any:
            call: _Call | None = vars(conn).get(_CALL)
            if _passes(conn) or call is None:
                return self._getresponse(conn)
            if call.request is None:  # shorter than it said it would be
                self._depart(conn, call)
            del vars(conn)[_CALL]
            if call.error is not None:  # the client has not minded
                raise call.error
            played = call.played
            if played is None:
                return self._hand_out(conn, *self._read(conn, call))
            if played.failure is not None and played.response.status == NO_ANSWER:
                conn.close()
                raise revive(played.failure, None)
            return self._hand_out(conn, played.response, played.failure)

        return getresponse

    def _closing(self) -> Callable[[Any], None]:
        def close(conn: Any) -> None:
            call: _Call | None = vars(conn).pop(_CALL, None)
            vars(conn).pop(_ERROR, None)
            self._close(conn)
            if call is not None and call.is_out:  # nobody wants the answer
                self._fail(call, http.client.RemoteDisconnected("nobody asked for it"))

        return close

    def _depart(self, conn: Any, call: _Call) -> None:
        """Look the call up, or send it."""
        self._sleepless.engage()
        call.request = call.read_request(conn)
        call.played = self._exchanger.answer(call.request)
        if call.played is None:
            self._go_out(conn, call)
            return
        failure = call.played.failure
        if failure is not None and failure.is_of_connecting:
            call.error = revive_connecting(failure, conn)
            raise call.error

    def _go_out(self, conn: Any, call: _Call) -> None:
        call.started, call.is_out = self._exchanger.start(), True
        connecting = True
        try:
            error = vars(conn).pop(_ERROR, None)
            if error is not None:
                raise error
            with passing():
                if isinstance(conn.sock, _Wire):
                    timeout, conn.sock = conn.sock.timeout, None
                    conn.connect()
                    if timeout is not None:
                        conn.sock.settimeout(timeout)
                connecting = False
                self._send(conn, call.wire)
        except Exception as error:
            self._fail(call, error, connecting=connecting)
            call.error = error
            conn.sock = None
            raise

    def _read(self, conn: Any, call: _Call) -> tuple[Response, Failure | None]:
        try:
            with passing():
                response, failure = _read_answer(self._getresponse(conn))
        except Exception as error:
            self._fail(call, error)
            conn.close()
            raise
        assert call.request is not None
        self._exchanger.record(Exchange(call.request, response, failure), call.started)
        return response, failure

    def _fail(self, call: _Call, error: Exception, *, connecting: bool = False) -> None:
        assert call.request is not None
        call.is_out = False
        failure = describe(error)
        if connecting:
            failure = of_connecting(failure)
        failed = Exchange(call.request, Response(NO_ANSWER), failure)
        self._exchanger.record(failed, call.started)

    def _hand_out(self, conn: Any, response: Response, failure: Failure | None) -> Any:
        plain = conn.response_class is http.client.HTTPResponse
        if plain and failure is None and isinstance(conn.sock, _Wire):
            return self._hand_out_plain(conn, response)
        wire = _Wire(_render(conn._method, response, failure), failure)
        if isinstance(conn.sock, _Wire):
            # The connection's own state must move on: it takes this for an answer.
            conn.sock = wire
            try:
                return self._getresponse(conn)
            finally:
                conn.sock = None
        answer = conn.response_class(wire, method=conn._method)
        answer.begin()
        return answer

    def _hand_out_plain(self, conn: Any, response: Response) -> Any:
        """The same without writing out a head that would be parsed again."""
        conn.sock = _Wire(response.body)
        conn.response_class = partial(_Ready, response)
        try:
            return self._getresponse(conn)
        finally:
            conn.sock = None
            del conn.response_class


class _Ready(http.client.HTTPResponse):
    """An answer that is here: its head need not be read."""

    def __init__(self, response: Response, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._response = response
        self._verb = str(getattr(self, "_method", None) or "")

    def begin(self) -> None:
        response, message = self._response, http.client.HTTPMessage()
        for name, value in messages.framed(self._verb, response):
            message[name] = value
        self.headers = self.msg = message
        self.code = self.status = response.status
        self.reason, self.version = messages.reason_of(response.status), 11
        self.chunked, self.chunk_left = False, None
        has_body = self._verb != "HEAD" and response.status not in BODILESS
        self.length = len(response.body) if has_body else 0
        self.will_close = "close" in message.get("connection", "").lower()


def _pretend(conn: Any) -> None:
    """Be connected, to nothing."""
    conn.sock = _Wire()
    if hasattr(conn, "is_verified"):  # urllib3's, which would warn
        conn.is_verified = True


def _family(kind: Any) -> Iterator[Any]:
    yield kind
    for below in kind.__subclasses__():
        yield from _family(below)


def _urllib3_patches(exchanger: Any) -> list[Patch]:
    """Its answers are read in chunks, whether they came so; headers tell, or note."""
    import urllib3.response

    if exchanger.replaying:
        headers = messages.make_telling(HTTPHeaderDict)
    else:
        headers = messages.make_noting(HTTPHeaderDict, exchanger.note_header)

    class Answer(messages.Answer):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.headers.__class__ = headers

    return [(urllib3.response, "HTTPResponse", Answer)]


def _pieces(data: Any) -> Iterator[bytes]:
    """What http.client takes as data: bytes, a file, or an iterable of bytes."""
    if hasattr(data, "read"):
        while block := data.read(_CHUNK):
            yield block.encode("iso-8859-1") if isinstance(block, str) else block
        return
    try:
        yield bytes(memoryview(data))
    except TypeError:
        if not isinstance(data, Iterable):
            raise TypeError(
                f"data should be a bytes-like object or an iterable, got {type(data)!r}"
            ) from None
        for one in data:
            yield bytes(one)


class _Call:
    """What a connection was given to send, until it has its answer."""

    def __init__(self) -> None:
        self.request: Request | None = None
        self.played: Played | None = None
        self.error: Exception | None = None
        self.started = 0
        self.is_out = False
        self._pieces: list[bytes] = []
        self._size = 0
        self._head: tuple[str, str, Headers] | None = None
        self._end = 0

    @property
    def wire(self) -> bytes:
        """All of it, as it goes over the wire."""
        return b"".join(self._pieces)

    @property
    def is_whole(self) -> bool:
        """Whether its head says that nothing follows."""
        if self._head is None or self.request is not None:
            return False
        if self._end < 0:
            return self._pieces[-1].endswith(b"0\r\n\r\n")
        return self._size >= self._end

    def add(self, conn: Any, data: Any) -> None:
        for piece in _pieces(data):
            if piece:
                self._pieces.append(piece)
                self._size += len(piece)
                if self._head is None and b"\r\n\r\n" in piece:
                    self._read_head()

    def _read_head(self) -> None:
        head = self.wire.partition(b"\r\n\r\n")[0]
        first, *lines = head.decode("latin-1").split("\r\n")
        method, _, rest = first.partition(" ")
        pairs = (line.partition(":") for line in lines)
        headers = tuple((name, value.strip()) for name, _, value in pairs)
        self._head = method, rest.rpartition(" ")[0], headers
        if (find_header(headers, "transfer-encoding") or "").lower() == "chunked":
            self._end = -1
        else:
            length = find_header(headers, "content-length") or ""
            self._end = len(head) + 4 + (int(length) if length.isdigit() else 0)

    def read_request(self, conn: Any) -> Request:
        """What is asked."""
        if self._head is None:
            raise http.client.CannotSendRequest("a request without an end of its head")
        method, target, headers = self._head
        body = self.wire.partition(b"\r\n\r\n")[2]
        if self._end < 0:
            body = b"".join(_unchunked(body))
        return Request(method, _url(conn, target), headers, body)


def _unchunked(body: bytes) -> Iterator[bytes]:
    stream = io.BytesIO(body)
    while size := int(stream.readline().partition(b";")[0].strip() or b"0", 16):
        yield stream.read(size)
        stream.readline()


def _url(conn: Any, target: str) -> str:
    if "://" in target.partition("?")[0]:  # as a proxy is asked
        return target
    host, port = conn._tunnel_host or conn.host, conn.port
    if conn._tunnel_host:
        port = conn._tunnel_port
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    scheme, usual = ("https", 443) if conn.default_port == 443 else ("http", 80)
    place = host if port in (None, usual) else f"{host}:{port}"
    return f"{scheme}://{place}{target}"


def _read_answer(live: Any) -> tuple[Response, Failure | None]:
    pieces: list[bytes] = []
    failure: Failure | None = None
    try:
        while piece := live.read1(_CHUNK):
            pieces.append(piece)
        if live.length:
            raise http.client.IncompleteRead(b"", live.length)
    except (OSError, http.client.HTTPException) as error:
        failure = describe(error, sum(map(len, pieces)))
    live.close()
    answer = Response(live.status, make_headers(live.getheaders()), b"".join(pieces))
    return messages.decoded(answer), failure


def _render(method: str, response: Response, failure: Failure | None) -> bytes:
    """An answer as it comes over the wire, or all but some bytes of it."""
    reason = messages.reason_of(response.status)
    lines = [f"HTTP/1.1 {response.status} {reason}"]
    for name, value in messages.framed(method, response, 0 if failure is None else 1):
        lines.append(f"{name}: {value}")
    head = "\r\n".join(lines) + "\r\n\r\n"
    return head.encode("latin-1", "replace") + response.body


class _Wire:
    """In place of a socket: takes everything, and holds one answer."""

    timeout: float | None = None

    def __init__(self, answer: bytes = b"", failure: Failure | None = None) -> None:
        self._answer = answer
        self._failure = failure

    def makefile(self, *_: Any, **__: Any) -> io.BufferedIOBase:
        failure = self._failure
        if failure is None or failure.kind == "dropped":
            return io.BytesIO(self._answer)
        return _Broken(self._answer, failure)

    def settimeout(self, timeout: float | None) -> None:
        self.timeout = timeout

    def gettimeout(self) -> float | None:
        return self.timeout

    def setsockopt(self, *_: Any) -> None: ...

    def shutdown(self, *_: Any) -> None: ...

    def close(self) -> None: ...


class _Broken(io.BytesIO):
    """What came of an answer, and then the failure."""

    def __init__(self, answer: bytes, failure: Failure) -> None:
        super().__init__(answer)
        self._failure = failure

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size) or self._fail()

    def read1(self, size: int | None = -1, /) -> bytes:
        return super().read1(size) or self._fail()

    def readinto(self, buffer: Any, /) -> int:
        return super().readinto(buffer) or len(self._fail())

    def _fail(self) -> bytes:
        raise revive(self._failure, None)
