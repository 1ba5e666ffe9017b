"""The recorder's gateway: what programs get through it, live and from a cassette."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import requests
from asked_outside import describe, gateway

from azml_contract.exchange import Request, Response
from azml_contract.gateway.certificates import Authority
from azml_contract.gateway.far_side import Answering, Ask
from azml_contract.gateway.proxy import Refuse
from azml_contract.gateway.sockets import Watch
from azml_contract.gateway.upstream import Received
from azml_contract.recording import outside as outside_module
from azml_contract.recording.engine import Mode
from azml_contract.recording.outside import Outside, PlayedHosts

HOST = "account.blob.core.windows.net"
LARGE = bytes(range(256)) * 12_000  # 3 MB
SLOW, ASKED = threading.Event(), threading.Event()
"""Until the first is set, nothing slow is answered; the second is set by a request."""
JOB = "https://management.azure.com/subscriptions/s/jobs/j?api-version=2024-04-01"
LOGIN = "https://login.microsoftonline.com/t/oauth2/v2.0/token"


def pieces() -> Iterator[bytes]:
    for start in range(0, len(LARGE), 100_000):
        yield LARGE[start : start + 100_000]


def breaking() -> Iterator[bytes]:
    yield b"the first part"
    raise ConnectionResetError("cut")


def answer(request: Request) -> Received | Response | None:
    if request.host == "login.microsoftonline.com":
        token = {"access_token": "a.b.c" * 20, "token_type": "Bearer", "expires_in": 9}
        return Response(200, (("Content-Type", "application/json"),),
                        json.dumps(token).encode())  # fmt: skip
    if request.path.endswith("/jobs/j"):
        head = (("Content-Type", "application/json"), ("Retry-After", "30"))
        return Response(200, head, b'{"properties": {"status": "Running"}}')
    if request.path == "/drop":
        return None
    if request.path.startswith("/slow"):
        ASKED.set()
        SLOW.wait(10)
        body = LARGE if request.path == "/slow/large" else b"late"
        return Received(200, (("Content-Length", str(len(body))),), iter([body, b""]))
    if request.path == "/unreachable":
        raise ConnectionRefusedError("nobody listens")
    if request.path == "/cut":
        return Received(200, (("Content-Length", "100"),), breaking())
    if request.path == "/large":
        return Received(200, (("Content-Length", str(len(LARGE))),), pieces())
    if request.path == "/gzip":
        head = (("Content-Encoding", "gzip"), ("Content-Type", "text/plain"))
        return Received(200, head, iter([gzip.compress(b"plain text")]))
    digest = hashlib.sha256(request.body).hexdigest()
    return Response(201, (("x-ms-version", "1"),), digest.encode())


class Far:
    def reach(self, host: str, port: int, *, secure: bool = True):
        if host == "example.com":
            return Refuse("example.com is not known")
        return Ask(lambda: Answering(answer))


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority([HOST, "management.azure.com", "login.microsoftonline.com"])


def record(authority, tmp_path, *calls):
    """What a client got of each call, recorded."""
    path = tmp_path / "c.json"
    with gateway(authority, path, Mode.RECORD, Far()) as (recorder, _, session):
        got = [describe(session, *call) for call in calls]
        recorder.save()
    return got, json.loads(path.read_text())["interactions"]


def replay(authority, tmp_path, *calls):
    path = tmp_path / "c.json"
    hosts = PlayedHosts(frozenset())
    with gateway(authority, path, Mode.REPLAY, hosts) as (recorder, outside, session):
        got = [describe(session, *call) for call in calls]
        recorder.finish()
    return got, outside


@pytest.mark.parametrize(
    "call",
    [
        ("GET", f"https://{HOST}/large"),
        ("GET", f"https://{HOST}/gzip"),
        ("GET", f"https://{HOST}/drop"),
        ("GET", f"https://{HOST}/unreachable"),
        ("GET", f"https://{HOST}/cut"),
        ("HEAD", f"https://{HOST}/x"),
        ("PUT", f"https://{HOST}/container/blob?comp=block&blockid=1", LARGE),
        ("DELETE", f"https://{HOST}/x"),
        ("POST", f"https://{HOST}/x", b"a=b"),
    ],
    ids=lambda call: f"{call[0]} {call[1].rpartition('/')[2]}",
)
def test_a_program_gets_in_replay_what_it_got(authority, tmp_path, call):
    live, _ = record(authority, tmp_path, call)
    played, _ = replay(authority, tmp_path, call)
    assert played == live


def test_a_large_body_is_a_side_file_and_whole(authority, tmp_path):
    call = ("PUT", f"https://{HOST}/container/blob?comp=block&blockid=1", LARGE)
    ((status, said),), interactions = record(authority, tmp_path, call)
    digest = hashlib.sha256(LARGE).hexdigest()
    assert (status, said.decode()) == (201, digest)
    name = interactions[0]["request"]["body"]["file"]
    assert (tmp_path / "blobs" / name).read_bytes() == LARGE


def test_no_poll_waits_in_replay(authority, tmp_path):
    record(authority, tmp_path, ("GET", JOB))
    path, hosts = tmp_path / "c.json", PlayedHosts(frozenset())
    with gateway(authority, path, Mode.REPLAY, hosts) as (_, _, session):
        for _ in range(3):
            given = session.get(JOB, timeout=30)
            assert given.headers["Retry-After"] == "0"
            assert float(given.headers["x-ms-retry-after-ms"]) <= 1


def test_a_token_of_replay_can_be_read(authority, tmp_path):
    """Some clients look into theirs."""
    import jwt

    login = ("POST", LOGIN, {"grant_type": "client_credentials"})
    record(authority, tmp_path, login, ("GET", JOB))
    path, hosts = tmp_path / "c.json", PlayedHosts(frozenset())
    with gateway(authority, path, Mode.REPLAY, hosts) as (_, _, session):
        given = session.post(LOGIN, data=login[2], timeout=30).json()
    claims = jwt.decode(given["access_token"], options={"verify_signature": False})
    assert claims["tid"].startswith("00000000-")
    assert "a.b.c" not in path.read_text()


def test_a_miss_is_answered_as_json_that_no_client_tries_again(authority, tmp_path):
    record(authority, tmp_path, ("GET", JOB))
    path, hosts = tmp_path / "c.json", PlayedHosts(frozenset())
    with gateway(authority, path, Mode.REPLAY, hosts) as (_, outside, session):
        given = session.get(JOB.replace("jobs/j", "jobs/k"), timeout=30)
    assert given.status_code == 400
    assert given.json()["error"]["code"] == "NoRecordedAnswer"
    assert len(outside.seen.misses) == 1


def test_hosts_that_are_refused_are_counted(authority, tmp_path):
    with gateway(authority, tmp_path / "c.json", Mode.LIVE, Far()) as (_, out, session):
        for _ in range(2):
            assert describe(session, "GET", "https://example.com/") == "ProxyError"
        assert describe(session, "GET", "http://example.com/")[0] == 403
    assert sum(out.seen.refused.values()) == 3
    assert all(name.startswith("example.com") for name in out.seen.refused)


def test_without_tls_each_port_of_a_host_has_somebody_to_ask(authority, tmp_path):
    class Ports(Far):
        def reach(self, host, port, *, secure=True):
            said = Response(200, (), str(port).encode())
            return Ask(lambda: Answering(lambda _: said))

    path = tmp_path / "c.json"
    with gateway(authority, path, Mode.LIVE, Ports()) as (_, _, session):
        ports = (8001, 8002, 8001)
        got = [describe(session, "GET", f"http://a.example:{port}/") for port in ports]
    assert got == [(200, str(port).encode()) for port in ports]


def test_a_port_that_is_none_is_refused(authority, tmp_path):
    with (
        gateway(authority, tmp_path / "c.json", Mode.LIVE, Far()) as (_, outside, _),
        socket.create_connection(("127.0.0.1", outside.port), timeout=10) as plain,
    ):
        plain.sendall(b"GET http://a.example:99999/ HTTP/1.1\r\nHost: a\r\n\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_does_not_trust_us_is_counted(authority, tmp_path):
    with gateway(authority, tmp_path / "c.json", Mode.LIVE, Far()) as (_, out, session):
        session.verify = True
        assert describe(session, "GET", JOB) == "SSLError"
        for _ in range(100):
            if out.seen.distrusting:
                break
            time.sleep(0.02)
    assert dict(out.seen.distrusting) == {"management.azure.com": 1}


def test_a_process_is_told_by_its_connection(authority, tmp_path):
    _, interactions = record(authority, tmp_path, ("GET", JOB))
    if os.path.exists("/proc/net/tcp"):  # noqa: PTH110
        assert interactions[0]["process"]["program"].startswith("python")


def test_a_defect_is_an_answer_and_told(authority, tmp_path):
    class Broken(Far):
        def reach(self, host, port, *, secure=True):
            return Ask(lambda: Answering(lambda request: 1 / 0))

    with gateway(authority, tmp_path / "c.json", Mode.LIVE, Broken()) as (_, out, one):
        given = one.get(JOB, timeout=30)
    assert given.status_code == 500
    assert "ZeroDivisionError" in given.json()["error"]["message"]
    assert len(out.seen.defects) == 1


def test_a_connection_that_cannot_be_served_holds_nothing_open(
    authority, tmp_path, monkeypatch
):
    closed = []

    class Noting(Watch):
        def close(self):
            super().close()
            closed.append(self)

    def fail(outside):
        raise OSError("no space left")

    monkeypatch.setattr(outside_module, "Watch", Noting)
    monkeypatch.setattr(Outside, "settle", fail)
    with gateway(authority, tmp_path / "c.json", Mode.LIVE, Far()) as (_, _, one):
        with pytest.raises(requests.RequestException):
            one.get(JOB, timeout=30)
        assert len(closed) == 1


IMPATIENT = {
    "requests": lambda one, url, _: one.get(url, timeout=(10, 0.3)),
    "a socket that is reset": lambda one, url, asked: reset(one, url, asked),
}


def reset(session, url, is_asked):
    """Ask without TLS, and end the connection hard once the request was taken."""
    place = session.proxies["http"].removeprefix("http://").split(":")
    with socket.create_connection((place[0], int(place[1]))) as plain:
        url = url.replace("https:", "http:")
        plain.sendall(f"GET {url} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        while not is_asked():
            time.sleep(0.01)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + [0] * 7))
    raise requests.ConnectionError


@pytest.mark.parametrize("path", ["/slow", "/slow/large"])
@pytest.mark.parametrize("impatient", IMPATIENT)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone tells")
def test_who_leaves_before_the_answer_comes_has_none_in_replay_either(
    authority, tmp_path, impatient, path
):
    """It asks again at once, while the first call is still on its way."""
    call, url = IMPATIENT[impatient], f"https://{HOST}{path}"

    def ask(session, is_asked) -> tuple[str, bytes]:
        with pytest.raises(requests.RequestException) as caught:
            call(session, url, is_asked)
        answering = threading.Timer(0.2, SLOW.set)
        answering.start()
        again = url if impatient == "requests" else url.replace("https:", "http:")
        got = session.get(again, timeout=10).content
        answering.join()
        return type(caught.value).__name__, got

    SLOW.clear()
    ASKED.clear()
    path_ = tmp_path / "c.json"
    with gateway(authority, path_, Mode.RECORD, Far()) as (recorder, _, session):
        live = ask(session, ASKED.is_set)
        until = time.monotonic() + 10  # who left may be noted after who stayed
        while recorder.exchanges < 2 and time.monotonic() < until:
            time.sleep(0.01)
        recorder.save()
    assert live[1] == (LARGE if path == "/slow/large" else b"late")
    first, second = json.loads(path_.read_text())["interactions"]
    assert first["failure"] == {"kind": "timeout", "raised": "ClientLeft"}
    assert "response" not in first
    assert second["response"]["status"] == 200
    hosts = PlayedHosts(frozenset())
    with gateway(authority, path_, Mode.REPLAY, hosts) as (recorder, _, session):
        assert ask(session, lambda: any(recorder.plays)) == live
        recorder.finish()


def test_many_threads_may_ask_at_once_whether_a_client_is_there():
    ours, theirs = socket.socketpair()
    with ours, theirs, closing(Watch(ours)) as watch:
        threads = [
            threading.Thread(target=watch.await_leaving, args=(10,)) for _ in range(8)
        ]
        for one in threads:
            one.start()
        assert not watch.has_left()
        theirs.close()
        for one in threads:
            one.join(5)
        assert not any(one.is_alive() for one in threads)
        assert watch.has_left()
    assert watch.has_left()


@pytest.mark.parametrize("mode", [Mode.RECORD, Mode.LIVE])
def test_who_sends_no_more_and_goes_on_to_read_is_answered(authority, tmp_path, mode):
    SLOW.clear()
    ASKED.clear()
    path = tmp_path / "c.json"
    with gateway(authority, path, mode, Far()) as (recorder, outside, _):
        place = ("127.0.0.1", outside.port)
        with socket.create_connection(place, timeout=10) as plain:
            asked = f"GET http://{HOST}/slow HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
            plain.sendall(asked.encode())
            plain.shutdown(socket.SHUT_WR)
            assert ASKED.wait(10)
            outside.settle()  # as another call does that starts meanwhile
            SLOW.set()
            with plain.makefile("rb") as answered:
                said = answered.read()
        recorder.save()
    assert said.startswith(b"HTTP/1.1 200 ")
    assert said.endswith(b"late")
    if mode is Mode.RECORD:
        (only,) = json.loads(path.read_text())["interactions"]
        assert "failure" not in only
        assert only["response"]["status"] == 200


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone tells")
def test_who_sends_no_more_has_left_when_it_closes_the_rest():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    with ours, closing(Watch(ours)) as watch:
        theirs.shutdown(socket.SHUT_WR)
        assert not watch.has_left()
        closing_it = threading.Timer(0.05, theirs.close)
        closing_it.start()
        assert watch.await_leaving(10)
        closing_it.join()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone tells")
def test_what_is_on_its_way_when_a_program_has_ended_was_not_answered(
    authority, tmp_path
):
    path = tmp_path / "c.json"
    SLOW.clear()
    with gateway(authority, path, Mode.RECORD, Far()) as (recorder, outside, session):
        with pytest.raises(requests.RequestException):
            session.get(f"https://{HOST}/slow", timeout=(10, 0.3))
        outside.settle()
        recorder.save()
        SLOW.set()
    (only,) = json.loads(path.read_text())["interactions"]
    assert only["failure"]["raised"] == "ClientLeft"


def test_who_waits_longer_than_a_minute_in_replay_is_cut_off(
    authority, tmp_path, monkeypatch
):
    SLOW.clear()
    monkeypatch.setattr(outside_module, "LONGEST_SILENCE_S", 0.05)
    path = tmp_path / "c.json"
    url = f"https://{HOST}/slow"
    with gateway(authority, path, Mode.RECORD, Far()) as (recorder, outside, session):
        with pytest.raises(requests.RequestException):
            session.get(url, timeout=(10, 0.3))
        outside.settle()
        recorder.save()
        SLOW.set()
    got, _ = replay(authority, tmp_path, ("GET", url))
    assert got[0] in ("ConnectionError", "ProxyError")  # and no timeout
