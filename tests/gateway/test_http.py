"""HTTP as clients really speak it: odd framing, early ends, many at a time."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import httpx
import pytest

from azml_contract.exchange import Request, Response
from azml_contract.gateway.certificates import Authority
from azml_contract.gateway.http1 import Streamed
from azml_contract.gateway.https import TlsServer, serve_tls
from azml_contract.gateway.proxy import Gateway, Refuse, Serve
from azml_contract.gateway.sockets import Connections
from azml_contract.gateway.spool import is_large, pieces_of, size_of

HOST = "management.azure.com"


def answer(request: Request):
    """Says what came; a few paths do more."""
    if request.path == "/stream":
        return Streamed(200, (), iter([b"one,", b"two,", b"three"]))
    if request.path == "/cut":
        return Streamed(200, (("Content-Length", "100"),), _breaking())
    if request.path == "/digest":
        digest = hashlib.sha256()
        for piece in pieces_of(request):
            digest.update(piece)
        told = {"size": size_of(request), "large": is_large(request)}
        body = json.dumps({**told, "sha256": digest.hexdigest()})
        return Response(200, (), body.encode())
    if request.path == "/empty":
        return Response(204, (("X-A", "b"),))
    return Response(200, (), f"{request.method} {request.url} ".encode() + request.body)


def _breaking() -> Iterator[bytes]:
    yield b"part"
    raise ConnectionResetError


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority([HOST])


@pytest.fixture(scope="module")
def gateway(authority) -> Iterator[Gateway]:
    connections = Connections()

    def find(host, port, client):
        if host != HOST:
            return Refuse(f"{host} is not known")
        return Serve(
            lambda connection: serve_tls(
                connection, authority.context(host), answer, connections, authority=host
            )
        )

    gateway = Gateway(find)
    gateway.start()
    yield gateway
    gateway.close()


@pytest.fixture
def open_tls(gateway, authority) -> Iterator[Callable[[], ssl.SSLSocket]]:
    """Tunnels to the server, opened by hand."""
    context = ssl.create_default_context(cadata=authority.pem.decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    opened: list[socket.socket] = []

    def open_one() -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", gateway.port), timeout=10)
        plain.sendall(f"CONNECT {HOST}:443 HTTP/1.1\r\n\r\n".encode())
        assert plain.recv(100).startswith(b"HTTP/1.1 200 ")
        secure = context.wrap_socket(
            plain, server_hostname=HOST, suppress_ragged_eofs=False
        )
        opened.append(secure)
        return secure

    yield open_one
    for one in opened:
        one.close()


def read_all(connection: ssl.SSLSocket) -> bytes:
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except (ConnectionResetError, ssl.SSLEOFError):
        received += b"<cut>"
    return received


def ask(open_tls, sent: bytes) -> bytes:
    """What comes for some bytes until the server has said all."""
    connection = open_tls()
    connection.sendall(sent)
    connection.settimeout(10)
    return read_all(connection)


LAST = b"Host: h\r\nConnection: close\r\n"


def test_a_client_that_expects_100_is_told_to_go_on(open_tls):
    connection = open_tls()
    head = b"PUT /x HTTP/1.1\r\n" + LAST + b"Expect: 100-continue\r\n"
    connection.sendall(head + b"Content-Length: 4\r\n\r\n")
    assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
    connection.sendall(b"body")
    assert read_all(connection).endswith(b"PUT https://h/x body")


def test_a_body_too_large_is_refused_before_it_is_sent(open_tls):
    connection = open_tls()
    head = b"PUT /x HTTP/1.1\r\n" + LAST + b"Expect: 100-continue\r\n"
    connection.sendall(head + b"Content-Length: 999999999999\r\n\r\n")
    assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_chunks_with_extensions_and_trailers_are_put_together(open_tls):
    head = b"POST /x HTTP/1.1\r\n" + LAST + b"Transfer-Encoding: chunked\r\n\r\n"
    chunks = b"3;a=b\r\none\r\n4\r\n two\r\n0\r\nX-Trailer: y\r\n\r\n"
    assert ask(open_tls, head + chunks).endswith(b"POST https://h/x one two")


def test_requests_sent_together_are_answered_in_their_order(open_tls):
    first = b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
    second = b"PUT /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
    last = b"GET /3 HTTP/1.1\r\n" + LAST + b"\r\n"
    said = ask(open_tls, first + second + last)
    places = [said.index(text) for text in (b"h/1 ", b"h/2 abc", b"h/3 ")]
    assert places == sorted(places)
    assert said.count(b"HTTP/1.1 200 ") == 3


def test_a_head_has_the_length_and_not_the_body(open_tls):
    said = ask(open_tls, b"HEAD /x HTTP/1.1\r\n" + LAST + b"\r\n")
    assert b"Content-Length: 17\r\n" in said
    assert said.endswith(b"\r\n\r\n")


def test_an_answer_without_content_has_no_length(open_tls):
    said = ask(open_tls, b"GET /empty HTTP/1.1\r\n" + LAST + b"\r\n")
    assert said.startswith(b"HTTP/1.1 204 ")
    assert b"Content-Length" not in said


def test_an_answer_of_unknown_length_comes_in_chunks(open_tls):
    said = ask(open_tls, b"GET /stream HTTP/1.1\r\n" + LAST + b"\r\n")
    assert said.endswith(b"4\r\none,\r\n4\r\ntwo,\r\n5\r\nthree\r\n0\r\n\r\n")


def test_an_old_client_reads_such_an_answer_to_the_end_of_the_connection(open_tls):
    said = ask(open_tls, b"GET /stream HTTP/1.0\r\nHost: h\r\n\r\n")
    assert said.endswith(b"\r\n\r\none,two,three")


def test_an_answer_that_breaks_off_is_cut_and_not_ended(open_tls):
    said = ask(open_tls, b"GET /cut HTTP/1.1\r\nHost: h\r\n\r\n")
    assert said.endswith(b"part<cut>")


def test_a_client_that_leaves_early_harms_nobody(open_tls):
    connection = open_tls()
    connection.sendall(b"PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf")
    connection.close()
    assert b" 200 " in ask(open_tls, b"GET /x HTTP/1.1\r\n" + LAST + b"\r\n")


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 3\r\nContent-Length: 3\r\n",
        b"Content-Length: 3\r\ncontent-length: 4\r\n",
        b"Content-Length: 3, 3\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: +3\r\n",
        b"Content-Length: 0x3\r\n",
    ],
)
def test_a_length_that_can_be_read_in_two_ways_is_refused(open_tls, framing):
    said = ask(open_tls, b"POST /x HTTP/1.1\r\nHost: h\r\n" + framing + b"\r\nabc")
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.split()[1] in (b"400", b"501")
    assert json.loads(body)["error"]["message"]


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01nonsense\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET /x HTTP/1.1\r\nHost: h\r\nbad header\r\n\r\n",
        b"GET /x HTTP/1.1\r\nHost: h\r\nX: " + b"x" * 140000 + b"\r\n\r\n",
        b"PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n",
    ],
)
def test_what_is_no_request_is_told_as_json(open_tls, sent):
    said = ask(open_tls, sent)
    head, _, body = said.partition(b"\r\n\r\n")
    assert int(head.split()[1]) in (400, 405, 431, 501)
    assert set(json.loads(body)["error"]) == {"code", "message"}


def test_what_is_no_request_is_told_after_a_head_too(open_tls):
    said = ask(open_tls, b"HEAD /x HTTP/1.1\r\nHost: h\r\n\r\nGARBAGE\r\n\r\n")
    head, _, rest = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    refusal, _, body = rest.partition(b"\r\n\r\n")
    assert refusal.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["error"]["code"] == "BadRequest"


def test_the_first_bytes_of_tls_in_the_packet_of_connect_are_kept(gateway, authority):
    context = ssl.create_default_context(cadata=authority.pem.decode())
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(into, out, server_hostname=HOST)
    with pytest.raises(ssl.SSLWantReadError):
        session.do_handshake()
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as plain:
        plain.sendall(f"CONNECT {HOST}:443 HTTP/1.1\r\n\r\n".encode() + out.read())
        received = plain.recv(65536)
        while not received.partition(b"\r\n\r\n")[2]:
            received += plain.recv(65536)
        into.write(received.partition(b"\r\n\r\n")[2])
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                into.write(plain.recv(65536))
    assert session.version()


def test_the_head_of_a_tunnel_may_come_in_pieces(gateway):
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as plain:
        for piece in (
            b"CONN",
            b"ECT management.azure",
            b".com:443 HTTP/1.1\r",
            b"\n\r",
        ):
            plain.sendall(piece)
        plain.sendall(b"\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "target", ["", "host", "host:x", ":443", "a/b:443", "\xe4.de:443"]
)
def test_a_tunnel_to_nowhere_is_refused_as_json(gateway, target):
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as plain:
        plain.sendall(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode("latin-1"))
        said = b""
        while piece := plain.recv(4096):
            said += piece
    assert said.startswith(b"HTTP/1.1 400 ")
    assert json.loads(said.partition(b"\r\n\r\n")[2])["error"]["code"]


def test_http_2_alone_is_refused_by_name(gateway):
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as plain:
        plain.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 505 ")


@pytest.fixture
def http2(gateway, authority) -> Iterator[httpx.Client]:
    """A client that speaks HTTP/2 and nothing else."""
    trusted = ssl.create_default_context(cadata=authority.pem.decode())
    with httpx.Client(
        http1=False, http2=True, proxy=gateway.url, verify=trusted, trust_env=False
    ) as client:
        yield client


def test_a_client_of_http_2_alone_is_answered(http2):
    said = http2.put(f"https://{HOST}/x?a=b", content=b"body")
    assert (said.http_version, said.text) == (
        "HTTP/2",
        f"PUT https://{HOST}/x?a=b body",
    )
    assert http2.get(f"https://{HOST}/stream").text == "one,two,three"
    empty = http2.get(f"https://{HOST}/empty")
    assert (empty.status_code, empty.headers["x-a"]) == (204, "b")
    head = http2.head(f"https://{HOST}/x")
    assert (head.status_code, head.content) == (200, b"")
    with pytest.raises(httpx.RemoteProtocolError):
        http2.get(f"https://{HOST}/cut")
    # Of a connection one request alone is cut off.
    assert http2.get(f"https://{HOST}/x").status_code == 200


def test_large_bodies_pass_in_http_2_both_ways(http2):
    block = bytes(range(256)) * 4096
    told = http2.put(f"https://{HOST}/digest", content=block * 3).json()
    digest = hashlib.sha256(block * 3).hexdigest()
    assert told == {"size": 3 * len(block), "large": True, "sha256": digest}
    back = http2.put(f"https://{HOST}/back", content=block * 3)
    assert back.content.endswith(block * 3)


def test_requests_at_once_on_one_connection_are_all_answered(http2):
    said: dict[int, str] = {}

    def send(number: int) -> None:
        said[number] = http2.get(f"https://{HOST}/{number}").text

    threads = [threading.Thread(target=send, args=(n,)) for n in range(20)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert said == {n: f"GET https://{HOST}/{n} " for n in range(20)}


def test_who_offers_both_gets_http_1(gateway, authority):
    trusted = ssl.create_default_context(cadata=authority.pem.decode())
    with httpx.Client(
        http2=True, proxy=gateway.url, verify=trusted, trust_env=False
    ) as client:
        assert client.get(f"https://{HOST}/x").http_version == "HTTP/1.1"


def test_a_large_body_waits_on_disk_and_is_whole(open_tls):
    block = bytes(range(256)) * 4096
    head = b"PUT /digest HTTP/1.1\r\n" + LAST + b"Content-Length: %d\r\n\r\n"
    connection = open_tls()
    connection.sendall(head % (3 * len(block)) + block * 3)
    told = json.loads(read_all(connection).partition(b"\r\n\r\n")[2])
    digest = hashlib.sha256(block * 3).hexdigest()
    assert told == {"size": 3 * len(block), "large": True, "sha256": digest}


def test_many_large_bodies_at_a_time_do_not_mix(open_tls):
    told: dict[int, str] = {}

    def send(number: int) -> None:
        body = bytes([number]) * (1024 * 1024 + 7)
        connection = open_tls()
        head = b"PUT /digest HTTP/1.1\r\n" + LAST
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 65536):
            connection.sendall(body[start : start + 65536])
        answered = json.loads(read_all(connection).partition(b"\r\n\r\n")[2])
        told[number] = answered["sha256"]

    threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert told == {
        n: hashlib.sha256(bytes([n]) * (1024 * 1024 + 7)).hexdigest() for n in range(8)
    }


def test_an_authority_speaks_for_its_domains_alone(authority):
    """Clients hold it to what its certificate says."""
    server = TlsServer(answer, authority.context("evil.example"), host="127.0.0.1")
    server.start()
    context = ssl.create_default_context(cadata=authority.pem.decode())
    with (
        socket.create_connection((server.host, server.port), timeout=10) as plain,
        pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"),
    ):
        context.wrap_socket(plain, server_hostname="evil.example")
    server.close()


def test_a_kept_authority_is_the_same_and_private(tmp_path):
    kept = tmp_path / "authority.pem"
    first = Authority([HOST], kept=kept)
    assert Authority([HOST], kept=kept).pem == first.pem
    assert kept.stat().st_mode & 0o077 == 0
    assert Authority(["other.example"], kept=kept).pem != first.pem


def test_an_authority_leaves_no_key_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    Authority([HOST]).context(HOST)
    assert list(tmp_path.iterdir()) == []
