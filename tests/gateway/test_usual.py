"""Requests of the usual form are read without h11, and mean what they mean to it."""

from __future__ import annotations

import contextlib
import random
import socket
import threading

import h11
import pytest
from soak import sized

from azml_contract.exchange import Request, Response
from azml_contract.gateway.http1 import Streamed, serve_http
from azml_contract.gateway.usual import Written, read_usual, write_lines, write_usual

GET = b"GET /a?b=c%20d HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n"
PUT = (
    b"PUT /jobs/j HTTP/1.1\r\nhost: h:444\r\nConnection: Keep-Alive\r\n"
    b"Authorization: Bearer a.b-c\r\nContent-Length: 3\r\n\r\nabc"
)
TO_PROXY = b"HEAD http://h:80/x HTTP/1.1\r\nHost: h\r\nX:\r\nY:  two  words \r\n\r\n"


def read_by_h11(raw: bytes):
    """What h11 understands: the request, and the body that follows it."""
    http = h11.Connection(h11.SERVER)
    http.receive_data(raw)
    asked = http.next_event()
    body = b""
    while isinstance(event := http.next_event(), h11.Data):
        body += bytes(event.data)
    assert isinstance(event, h11.EndOfMessage)
    return asked, body


def assert_same(raw: bytes) -> bool:
    """Whether bytes are usual; if so, h11 understands the same."""
    head = read_usual(raw)
    if head is None:
        return False
    raw = raw.ljust(head.end + head.length, b".")
    asked, body = read_by_h11(raw)
    assert isinstance(asked, h11.Request)
    assert (head.method, head.target) == (asked.method.decode(), asked.target.decode())
    assert head.headers == tuple(
        (name.decode(), value.decode()) for name, value in asked.headers.raw_items()
    )
    assert [head.host.encode()] == [v for n, v in asked.headers if n == b"host"]
    assert body == raw[head.end : head.end + head.length]
    return True


@pytest.mark.parametrize("raw", [GET, PUT, TO_PROXY])
def test_what_clients_send_is_usual_and_means_what_h11_reads(raw):
    assert assert_same(raw)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"Host: h\r\nHost: h\r\n",
        b"Host: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
        b"Host: h\r\nContent-Length: 1, 1\r\n",
        b"Host: h\r\nContent-Length: +1\r\n",
        b"Host: h\r\nContent-Length: \r\n",
        b"Host: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n",
        b"Host: h\r\nTransfer-Encoding : chunked\r\n",
        b"Host: h\r\nExpect: 100-continue\r\n",
        b"Host: h\r\nConnection: close\r\n",
        b"Host: h\r\nConnection: upgrade\r\n",
        b"Host: h\r\nX: a\r\n folded\r\n",
        b"Host: h\r\nX: a\nContent-Length: 1\r\n",
        b"Host: h\r\nX: a\rContent-Length: 1\r\n",
        b"Host: h\r\nX: tab\tbed\r\n",
        b"Host: h\r\nX: \xe9\r\n",
        b"Host: h\r\nno colon\r\n",
        b"Host: h\r\n: no name\r\n",
        b"Host: h\r\nnoend: ",
    ],
)
def test_what_is_not_quite_usual_is_left_to_h11(head):
    assert read_usual(b"GET / HTTP/1.1\r\n" + head + b"\r\n") is None


@pytest.mark.parametrize(
    "line",
    [b"GET / HTTP/1.0", b"CONNECT h:1 HTTP/1.1", b"GET  / HTTP/1.1", b"get / HTTP/1.1"],
)
def test_so_is_a_line_that_asks_in_another_way(line):
    assert read_usual(line + b"\r\nHost: h\r\n\r\n") is None


def test_whatever_bytes_are_taken_h11_understands_them_alike():
    draw = random.Random(16)
    marks = b"\r \n \r\n : \t \0 \x7f \xff , X / HTTP/1.1".split(b" ")
    parts = (b" ", b"Host: h\r\n", b"Content-Length: 2\r\n", *marks)
    usual = 0
    for _ in range(sized(4_000, 400_000)):
        raw = bytearray(draw.choice((GET, PUT, TO_PROXY)))
        for _ in range(draw.randint(1, 3)):
            at = draw.randrange(len(raw))
            cut = draw.choice((0, 0, 1, 2))
            raw[at : at + cut] = draw.choice(parts)
        usual += assert_same(bytes(raw))
    assert usual > 100


ANSWERS = {
    "/plain": Response(200, (("X-A", "b"), ("Content-Length", "2")), b"ok"),
    "/dated": Response(201, (("date", "Thu, 01 Jan 2026 00:00:00 GMT"),), b"{}"),
    "/none": Response(204, (("X-A", "b"),)),
    "/same": Response(304, (("ETag", '"a"'), ("Content-Length", "9"))),
    "/empty": Response(202, (("Location", "https://h/x"),)),
    "/odd": Response(200, (("X-A", "a\nb\u00e9"), ("X-B", "\u20ac")), b"ok"),
    "/code": Response(499, (), b"odd"),
    "/large": Response(200, (), b"x" * (1 << 20)),
}


def answer(request: Request):
    """What is listed, or what came."""
    if request.path == "/stream":
        return Streamed(200, (("X-A", "b"),), iter([b"one,", b"two"]))
    if request.path == "/length":
        return Streamed(200, (("Content-Length", "3"),), iter([b"a", b"bc"]))
    told = f"{request.method} {request.url} ".encode() + request.body
    return ANSWERS.get(request.path) or Response(200, (), told)


def talk(pieces: list[bytes]) -> bytes:
    """All that is answered to what comes in some pieces."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with theirs, contextlib.suppress(OSError):
            serve_http(theirs, answer, scheme="https", authority="own")

    def send() -> None:
        with contextlib.suppress(OSError):  # all may have been said before
            for piece in pieces:
                ours.sendall(piece)
            ours.shutdown(socket.SHUT_WR)

    with ours:
        ours.settimeout(10)
        for work in (serve, send):
            threading.Thread(target=work, daemon=True).start()
        received = b""
        while piece := ours.recv(1 << 16):
            received += piece
        return received


@pytest.mark.parametrize("path", [*ANSWERS, "/stream", "/length"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_is_the_same_to_a_usual_request_and_to_another(path, method):
    start = f"{method} {path} HTTP/1.1\r\nHost: h\r\n".encode()
    usual, other = start + b"\r\n", start + b"TE: trailers\r\n\r\n"
    assert read_usual(usual)
    assert read_usual(other) is None

    def parted(raw: bytes) -> tuple[set[bytes], bytes]:
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        return {line for line in lines if not line.startswith(b"Date: ")}, body

    assert parted(talk([usual])) == parted(talk([other]))


def test_a_usual_answer_is_written_without_h11():
    for path in ("/plain", "/dated", "/none", "/empty", "/code", "/large"):
        whole = write_usual(ANSWERS[path], is_head=False)
        assert whole is not None, path
        http = h11.Connection(h11.CLIENT)
        http.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
        http.send(h11.EndOfMessage())
        http.receive_data(whole)
        head = http.next_event()
        assert isinstance(head, h11.Response)
        assert head.status_code == ANSWERS[path].status
        assert any(name == b"date" for name, _ in head.headers)
    assert write_usual(ANSWERS["/odd"], is_head=False) is None


@pytest.mark.parametrize(
    "answered",
    [
        Response(200, (("Connection", "close"),), b""),
        Response(200, (("Transfer-Encoding", "chunked"),), b""),
        Response(200, (("Content-Length", "3"),), b"ab"),
        Response(200, (("X Y", "b"),), b""),
        Response(200, (("X", "a\r\nSet-Cookie: b"),), b""),
        Response(100),
    ],
)
def test_an_answer_that_says_something_of_the_connection_is_left_to_h11(answered):
    assert write_usual(answered, is_head=False) is None


@pytest.mark.parametrize("is_head", [False, True])
@pytest.mark.parametrize("status", [200, 201, 204, 404])
def test_headers_that_are_text_already_are_sent_as_others_are(status, is_head):
    headers = (("Date", "Sun, 22 Nov 2026 10:00:00 GMT"), ("X-a", "b: c"), ("E", ""))
    lines = write_lines(headers)
    assert lines is not None
    written = Written(status, lines, b"{}")
    plain = Response(status, headers, b"{}")

    assert (written.headers, written.header("x-A")) == (headers, "b: c")
    assert write_usual(written, is_head=is_head) == write_usual(plain, is_head=is_head)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X", "a\r\nSet-Cookie: b"),
        ("X", "a\nb"),
        ("X", "\xe9"),
        ("X Y", "b"),
        ("Connection", "close"),
        ("Content-Length", "3"),
    ],
)
def test_no_lines_are_written_of_headers_that_could_be_read_otherwise(name, value):
    assert write_lines((("A", "b"), (name, value))) is None


def make_request(draw: random.Random, number: int) -> tuple[bytes, bytes]:
    """A request in one of several forms, and what is to be answered."""
    body = bytes(draw.choices(range(256), k=draw.choice((0, 1, 50, 70_000))))
    chunked = b"Transfer-Encoding: chunked\r\n\r\n"
    for piece in (body[:7], body[7:]):
        chunked += b"%x\r\n%s\r\n" % (len(piece), piece) if piece else b""
    length = b"Content-Length: %d\r\n" % len(body)
    rest = draw.choice(
        (
            length + b"\r\n" + body,
            b"TE: trailers\r\n" + length + b"\r\n" + body,
            chunked + b"0\r\n\r\n",
            b"X: a\tb\r\n" + length + b"\r\n" + body,
        )
    )
    start = b"PUT /%d HTTP/1.1\r\nHost: h\r\n" % number
    return start + rest, b"PUT https://h/%d " % number + body


def test_requests_of_all_forms_one_after_the_other_in_any_pieces_are_answered():
    for seed in range(sized(8, 400)):
        draw = random.Random(seed)
        made = [make_request(draw, number) for number in range(12)]
        sent = b"".join(one for one, _ in made)
        cuts = sorted(draw.sample(range(len(sent)), min(20, len(sent) - 1)))
        pieces = [sent[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
        http = h11.Connection(h11.CLIENT)
        received = talk(pieces)
        for _, expected in made:
            http.send(h11.Request(method="PUT", target="/", headers=[("Host", "h")]))
            http.send(h11.EndOfMessage())
            http.receive_data(received)
            received = b""
            assert isinstance(http.next_event(), h11.Response)
            body = b""
            while isinstance(event := http.next_event(), h11.Data):
                body += bytes(event.data)
            assert isinstance(event, h11.EndOfMessage)
            assert body == expected, seed
            http.start_next_cycle()


def test_half_a_body_is_no_request():
    assert talk([b"PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf"]) == b""


def test_a_usual_request_with_too_large_a_body_is_refused_before_it_is_read():
    said = talk([b"PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n"])
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"Connection: close\r\n" in said
