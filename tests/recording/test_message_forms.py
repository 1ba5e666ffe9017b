"""Every form in which a library holds a body or headers, and back."""

from __future__ import annotations

import gzip
import http.client
import io
from types import SimpleNamespace

import pytest
import requests
from requests.adapters import HTTPAdapter

from azml_contract.exchange import Failure, Request, Response
from azml_contract.recording import http_client_calls as parts
from azml_contract.recording.messages import (
    HeaderNotKept,
    decoded,
    framed,
    from_prepared,
    from_vcr,
    from_vcr_answer,
    make_noting,
    make_telling,
    reason_of,
    to_requests,
    to_vcr,
)

URL = "https://host.example/a"
PACKED = gzip.compress(b"plain", mtime=0)


class ReadOnce:
    """Can be read, and cannot tell where it is."""

    def __init__(self, *parts):
        self._parts = list(parts)

    def read(self, size=-1):
        return self._parts.pop(0) if self._parts else b""


@pytest.mark.parametrize(
    ("make", "raw", "again"),
    [
        (lambda: None, b"", None),
        (lambda: b"x", b"x", b"x"),
        (lambda: "\u00fc", "\u00fc".encode(), "\u00fc"),
        (lambda: iter([b"a", "b", bytearray(b"c")]), b"abc", b"abc"),
        (lambda: ReadOnce(b"a", "b"), b"ab", b"ab"),
    ],
)
def test_a_body_is_read_and_what_can_be_read_once_is_replaced(make, raw, again):
    prepared = requests.Request("PUT", URL).prepare()
    prepared.body = make()

    assert from_prepared(prepared).body == raw
    assert prepared.body == again


def test_a_file_is_left_where_it_was():
    prepared = requests.Request("PUT", URL).prepare()
    prepared.body = file = io.BytesIO(b"abcdef")
    file.seek(2)

    assert from_prepared(prepared).body == b"cdef"
    assert prepared.body is file
    assert file.tell() == 2
    prepared.method = prepared.url = None
    assert (from_prepared(prepared).method, from_prepared(prepared).url) == ("GET", "")


@pytest.mark.parametrize(
    ("body", "raw"),
    [
        (None, b""),
        (b"x", b"x"),
        (bytearray(b"x"), b"x"),
        (memoryview(b"x"), b"x"),
        ("\u00fc", "\u00fc".encode()),
        (io.BytesIO(b"x"), b"x"),
        ({"a": 1}, b'{"a": 1}'),
        ([b"a", "b"], b"ab"),
    ],
)
def test_what_vcrpys_stubs_hold_is_read(body, raw):
    headers = {"A": "1", "B": ["2", b"3"], "C": b"4", "D": ("5",)}
    asked = SimpleNamespace(method="PUT", uri=URL, body=body, headers=headers)

    assert from_vcr(asked) == Request(
        "PUT", URL, (("A", "1"), ("B", "2, 3"), ("C", "4"), ("D", "5")), raw
    )


@pytest.mark.parametrize(
    ("headers", "body", "kept", "opened"),
    [
        ((("Content-Encoding", "gzip"),), PACKED, (), b"plain"),
        ((("content-encoding", "gzip"), ("etag", "a")), b"", (("etag", "a"),), b""),
        ((("Transfer-Encoding", "chunked"),), b"x", (), b"x"),
        (
            (("content-encoding", "gzip"), ("content-range", "bytes 0-1/9")),
            PACKED,
            (("content-encoding", "gzip"), ("content-range", "bytes 0-1/9")),
            PACKED,
        ),
        (
            (("content-encoding", "gzip"), ("transfer-encoding", "chunked")),
            b"no gzip",
            (("content-encoding", "gzip"),),
            b"no gzip",
        ),
    ],
)
def test_an_answer_is_opened_where_it_is_whole(headers, body, kept, opened):
    answer = decoded(Response(200, headers, body))

    assert (answer.headers, answer.body) == (kept, opened)
    stub = {
        "status": {"code": 200},
        "headers": [(name, [value]) for name, value in headers],
        "body": {"string": body or None},
    }
    assert from_vcr_answer(stub) == answer


@pytest.mark.parametrize(
    ("method", "status", "missing", "length"),
    [
        ("GET", 200, 0, ["3"]),
        ("GET", 200, 1, ["4"]),
        ("HEAD", 200, 0, ["99"]),
        ("GET", 204, 0, ["99"]),
        ("GET", 304, 0, ["99"]),
        ("GET", 404, 0, ["3"]),
    ],
)
def test_the_length_is_that_of_the_body_where_there_is_one(
    method, status, missing, length
):
    answer = Response(status, (("content-length", "99"), ("a", "b")), b"abc")
    headers = framed(method, answer, missing)

    assert [
        value for name, value in headers if name.lower() == "content-length"
    ] == length
    assert ("a", "b") in headers


def test_cookies_of_a_cassette_are_given_back_one_by_one():
    answer = Response(200, (("set-cookie", "a=1, b=2"), ("Set-Cookie", "c=3, d")), b"")

    assert framed("GET", answer)[:3] == [
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Set-Cookie", "c=3, d"),
    ]
    assert to_vcr("GET", answer) == {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Set-Cookie": ["a=1", "b=2", "c=3, d"], "Content-Length": ["0"]},
        "body": {"string": b""},
    }
    assert reason_of(404) == "Not Found"
    assert reason_of(299) == ""


def make_answer(response, failure=None, **options):
    prepared = requests.Request("GET", URL).prepare()
    return to_requests(HTTPAdapter(), prepared, response, None, failure, **options)


@pytest.mark.parametrize("is_read", [False, True])
def test_an_answer_is_as_a_session_expects_it(is_read):
    headers = (("X-Own", "a"), ("set-cookie", "c=1; Path=/"))
    answer = make_answer(Response(201, headers, b"abc"), is_read=is_read)

    assert (answer.status_code, answer.reason, answer.url) == (201, "Created", URL)
    assert answer.raw.version == 11
    assert answer.content == b"abc"
    assert answer.cookies.get_dict() == {"c": "1"}
    assert answer.headers["x-own"] == "a"
    assert answer.headers.get("absent") is None
    with pytest.raises(
        HeaderNotKept, match="holds no header 'X-Absent' of this answer"
    ):
        answer.headers["X-Absent"]


def test_an_answer_that_still_is_packed_is_opened_by_the_session():
    headers = (("content-encoding", "gzip"),)
    answer = make_answer(Response(200, headers, PACKED), is_read=True)

    assert answer.content == b"plain"


def test_an_answer_whose_connection_failed_fails_after_what_had_come():
    answer = make_answer(Response(200, (), b"abc"), Failure("dropped", 3), is_read=True)

    assert answer.raw.read(3) == b"abc"
    with pytest.raises(http.client.RemoteDisconnected):
        answer.raw._fp.read(1)


def test_chunks_are_read_though_it_did_not_come_in_chunks():
    answer = make_answer(Response(200, (), b"abcde"))

    assert answer.raw.supports_chunked_reads()
    assert list(answer.raw.read_chunked(2)) == [b"ab", b"cd", b"e"]
    assert list(make_answer(Response(200, (), b"abc")).raw.read_chunked()) == [b"abc"]


def test_headers_tell_what_is_looked_up_and_whether_it_must_be_there():
    noted = []
    made = make_noting(dict, lambda *one: noted.append(one))(a="1")

    assert (made["a"], made.get("a"), "a" in made) == ("1", "1", True)
    assert (made.get("b"), made.get("b", 2), "b" in made) == (None, 2, False)
    with pytest.raises(KeyError):
        made["b"]
    assert noted == [("a", True), ("a", False), ("a", False)]
    telling = make_telling(dict)(a="1")
    assert telling["a"] == "1"
    assert telling.get("b") is None
    with pytest.raises(HeaderNotKept):
        telling["b"]
    assert type(telling).__name__ == "dict"


# --- http.client ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "pieces"),
    [
        (b"ab", [b"ab"]),
        (bytearray(b"ab"), [b"ab"]),
        (io.BytesIO(b"ab"), [b"ab"]),
        (io.StringIO("\u00fc"), [b"\xfc"]),
        (iter([b"a", bytearray(b"b")]), [b"a", b"b"]),
    ],
)
def test_whatever_http_client_takes_as_data_is_taken(data, pieces):
    assert list(parts._pieces(data)) == pieces


def test_what_is_no_data_is_refused_as_http_client_does():
    with pytest.raises(TypeError, match="data should be a bytes-like object"):
        list(parts._pieces(5))


def make_call(*pieces):
    call = parts._Call()
    whole = []
    for piece in pieces:
        call.add(None, piece)
        whole.append(call.is_whole)
    return call, whole


HEAD = b"PUT /a?b=c HTTP/1.1\r\nHost: h\r\nX: 1 : 2\r\n"
CONN = SimpleNamespace(_tunnel_host=None, host="h", port=443, default_port=443)


@pytest.mark.parametrize(
    ("pieces", "whole", "body"),
    [
        ([HEAD + b"\r\n"], [True], b""),
        (
            [HEAD + b"Content-Length: 3\r\n\r\n", b"ab", b"c"],
            [False, False, True],
            b"abc",
        ),
        ([HEAD + b"Content-Length: 3\r\n\r\nabc"], [True], b"abc"),
        ([HEAD, b"\r\n"], [False, False], None),
        ([HEAD + b"Content-Length: x\r\n\r\n"], [True], b""),
        (
            [
                HEAD + b"Transfer-Encoding: Chunked\r\n\r\n",
                b"3;x=y\r\nabc\r\n",
                b"0\r\n\r\n",
            ],
            [False, False, True],
            b"abc",
        ),
        (
            [
                HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
                b"1\r\na\r\nA\r\n0123456789\r\n0\r\n\r\n",
            ],
            [False, True],
            b"a0123456789",
        ),
        ([b"", HEAD + b"\r\n"], [False, True], b""),
    ],
)
def test_a_call_is_whole_when_its_head_says_so(pieces, whole, body):
    call, seen = make_call(*pieces)

    assert seen == whole
    if body is None:
        with pytest.raises(http.client.CannotSendRequest):
            call.read_request(CONN)
        return
    request = call.read_request(CONN)
    assert (request.method, request.url) == ("PUT", "https://h/a?b=c")
    assert request.headers[:2] == (("Host", "h"), ("X", "1 : 2"))
    assert request.body == body
    assert call.wire == b"".join(pieces)
    call.request = request
    assert not call.is_whole


@pytest.mark.parametrize(
    ("changes", "target", "url"),
    [
        ({}, "/a", "https://h/a"),
        ({"port": 8443}, "/a", "https://h:8443/a"),
        ({"port": None}, "/a", "https://h/a"),
        ({"port": 80, "default_port": 80}, "/a", "http://h/a"),
        ({"port": 443, "default_port": 80}, "/a", "http://h:443/a"),
        ({"host": "::1"}, "/a", "https://[::1]/a"),
        ({"host": "[::1]"}, "/a", "https://[::1]/a"),
        (
            {"_tunnel_host": "far", "_tunnel_port": 444, "host": "proxy"},
            "/a",
            "https://far:444/a",
        ),
        ({"host": "proxy"}, "http://far/a?x=://", "http://far/a?x=://"),
        ({}, "/a?x=http://far", "https://h/a?x=http://far"),
    ],
)
def test_where_a_connection_asks_is_read_off_it(changes, target, url):
    assert parts._url(SimpleNamespace(**(vars(CONN) | changes)), target) == url


def test_an_answer_is_written_as_it_comes_over_the_wire():
    answer = Response(404, (("A", "\u20ac"),), b"abc")

    assert parts._render("GET", answer, None) == (
        b"HTTP/1.1 404 Not Found\r\nA: ?\r\nContent-Length: 3\r\n\r\nabc"
    )
    cut = parts._render("GET", answer, Failure("dropped", 3))
    assert b"Content-Length: 4\r\n" in cut


def test_what_stands_for_a_socket_ends_or_fails_as_the_network_did():
    timeout = Failure("timeout", 3)
    plain = parts._Wire(b"abc").makefile("rb")
    dropped = parts._Wire(b"abc", Failure("dropped", 3)).makefile("rb")

    assert plain.read() == dropped.read() == b"abc"
    assert plain.read() == dropped.read() == b""
    for read in (
        lambda file: file.read(2),
        lambda file: file.read1(2),
        lambda file: file.readinto(bytearray(2)),
    ):
        broken = parts._Wire(b"abc", timeout).makefile("rb")
        assert read(broken) in (b"ab", 2)
        assert read(broken) in (b"c", 1)
        with pytest.raises(TimeoutError):
            read(broken)
    wire = parts._Wire()
    assert wire.gettimeout() is None
    wire.settimeout(3)
    assert wire.gettimeout() == 3


@pytest.mark.parametrize("verb", ["GET", "HEAD", "PUT"])
@pytest.mark.parametrize("status", [200, 204, 304, 404])
@pytest.mark.parametrize("headers", [(), (("Connection", "Close"),)])
def test_an_answer_that_is_here_is_what_its_head_would_be_read_as(
    verb, status, headers
):
    answer = Response(status, headers, b"abc")
    read = http.client.HTTPResponse(
        parts._Wire(parts._render(verb, answer, None)), method=verb
    )
    here = parts._Ready(answer, parts._Wire(answer.body), method=verb)
    for one in (read, here):
        one.begin()

    fields = ("status", "reason", "version", "length", "chunked", "will_close")
    assert [getattr(here, name) for name in fields] == [
        getattr(read, name) for name in fields
    ]
    assert here.getheaders() == read.getheaders()
    assert here.read() == read.read()
