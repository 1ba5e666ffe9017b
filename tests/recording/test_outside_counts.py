"""What a recorder's gateway says of programs: who came, what it refused, what broke."""

from __future__ import annotations

import gzip
import json
import os
import socket
import threading
from contextlib import closing

import pytest
from asked_outside import describe, gateway

from azml_contract.errors import UsageError
from azml_contract.exchange import Request, Response
from azml_contract.gateway.certificates import Authority
from azml_contract.gateway.far_side import Answering, Ask
from azml_contract.gateway.proxy import Pass, Refuse
from azml_contract.gateway.upstream import Received
from azml_contract.recording.engine import Mode
from azml_contract.recording.outside import PlayedHosts, _place_of, _with_token
from azml_contract.redaction.shapes import REDACTED, TOKEN

HOST = "account.blob.core.windows.net"
JOB = "https://management.azure.com/subscriptions/s/jobs/j?api-version=2024-04-01"
BY = " (python" if os.path.exists("/proc/net/tcp") else ""  # noqa: PTH110


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority([HOST, "management.azure.com"])


def answer(request: Request) -> Received | Response:
    if request.path == "/unreachable":
        raise ConnectionRefusedError("nobody listens")
    if request.path == "/gzip":
        head = (("Content-Encoding", "gzip"),)
        return Received(200, head, iter([gzip.compress(b"plain text")]))
    return Response(201, (), b"made")


class Far:
    """Answers whoever asks."""

    def reach(self, host: str, port: int, *, secure: bool = True):
        return Ask(lambda: Answering(answer))


def test_who_opens_connections_is_counted(authority, tmp_path):
    with gateway(authority, tmp_path / "c.json", Mode.LIVE, Far()) as (_, out, session):
        assert describe(session, "GET", f"https://{HOST}/x")[0] == 201
        assert describe(session, "GET", "http://plain.example/x")[0] == 201

    assert sum(out.seen.programs.values()) == 2
    assert out.seen.defects == out.seen.misses == out.seen.guarded == []


def test_what_this_process_asks_is_answered_and_not_recorded(authority, tmp_path):
    path = tmp_path / "c.json"
    with gateway(authority, path, Mode.RECORD, Far()) as (recorder, out, session):
        out.is_own = lambda client: True
        assert describe(session, "GET", f"https://{HOST}/x")[0] == 201
        assert describe(session, "GET", f"https://{HOST}/unreachable")[0] == 502
        assert describe(session, "GET", f"https://{HOST}/gzip") == (200, b"plain text")

    assert recorder.exchanges == 0
    assert not out.seen.programs


class Refusing(Far):
    def reach(self, host, port, *, secure=True):
        return Refuse(f"{host} is not known", 451)


def test_hosts_that_nobody_needs_are_refused_without_a_word(authority, tmp_path):
    told = []
    path = tmp_path / "c.json"
    with gateway(authority, path, Mode.LIVE, Refusing()) as (_, out, session):
        out._refused = told.append
        status, body = describe(session, "GET", "http://169.254.169.254/metadata")
        assert describe(session, "GET", "http://far.example/x")[0] == 451

    assert (status, json.loads(body)["error"]["code"]) == (451, "GatewayRefused")
    assert "169.254.169.254 is not known." in json.loads(body)["error"]["message"]
    assert dict(out.seen.unasked) == {"169.254.169.254": 1}
    (name,) = out.seen.refused
    assert name.startswith(f"far.example{BY}")
    assert told == [name]


def test_what_is_passed_on_is_counted_and_wants_tls_where_it_was_asked_so(
    authority,
    tmp_path,
):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with closing(server.accept()[0]) as came:
                came.recv(65536)
                came.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

        class Passing(Far):
            def reach(self, host, port, *, secure=True):
                return Pass(lambda: socket.create_connection(server.getsockname()))

        thread = threading.Thread(target=serve)
        thread.start()
        path = tmp_path / "c.json"
        with gateway(authority, path, Mode.RECORD, Passing()) as (recorder, out, one):
            assert describe(one, "GET", "http://far.example/x") == (200, b"hi")
        thread.join()

    assert dict(out.seen.passed) == {"far.example": 1}
    assert recorder.exchanges == 0


def test_what_is_asked_of_the_gateway_itself_is_its_own(authority, tmp_path):
    with gateway(authority, tmp_path / "c.json", Mode.LIVE, Far()) as (_, out, session):
        none = describe(session, "GET", f"{out.url}/state")
        out._control = lambda request: (
            Response(200, (), b"fine") if request.path == "/state" else None
        )
        some = describe(session, "GET", f"{out.url}/state")
        other = describe(session, "GET", f"{out.url}/other")

    assert none[0] == other[0] == 404
    assert b"This is a proxy; name it in HTTPS_PROXY." in none[1]
    assert some == (200, b"fine")


def test_a_call_that_may_not_be_sent_is_answered_and_told(authority, tmp_path):
    def forbid(request: Request) -> None:
        raise UsageError("not here")

    asked = []

    class Noting(Far):
        def reach(self, host, port, *, secure=True):
            return Ask(lambda: Answering(asked.append))

    with gateway(authority, tmp_path / "c.json", Mode.LIVE, Noting()) as (_, out, one):
        out._guard = forbid
        status, body = describe(one, "GET", JOB)

    assert (status, json.loads(body)["error"]["code"]) == (403, "NotAllowed")
    assert out.seen.guarded == ["not here"]
    assert asked == []


def test_each_live_call_is_told_with_its_seconds(authority, tmp_path):
    told = []
    with gateway(authority, tmp_path / "c.json", Mode.LIVE, Far()) as (_, out, session):
        out._observe = lambda exchange, seconds: told.append((exchange, seconds))
        describe(session, "GET", JOB)

    ((exchange, seconds),) = told
    assert (exchange.request.url, exchange.response.status) == (JOB, 201)
    assert 0 <= seconds < 60


def test_a_miss_names_the_program_that_asked(authority, tmp_path):
    path = tmp_path / "c.json"
    with gateway(authority, path, Mode.RECORD, Far()) as (recorder, _, session):
        describe(session, "GET", JOB)
        recorder.save()
    hosts = PlayedHosts(frozenset())
    with gateway(authority, path, Mode.REPLAY, hosts) as (_, out, session):
        describe(session, "GET", JOB.replace("jobs/j", "jobs/k"))

    ((source, error),) = out.seen.misses
    assert str(error).endswith(f"It was asked by {source}, a program of its own.")


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("management.azure.com", True),
        ("a.blob.core.windows.net", True),
        ("management.chinacloudapi.cn", True),
        ("mine.example", True),
        ("other.example", False),
    ],
)
def test_replay_knows_the_hosts_of_cassettes_and_azures(host, known):
    reach = PlayedHosts(frozenset({"mine.example"})).reach(host, 443)

    if known:
        assert isinstance(reach, Ask)
        assert reach.open().ask(Request("GET", f"https://{host}/x")) is None
    else:
        assert isinstance(reach, Refuse)
        assert reach.reason == (
            "Replay opens no connection, and no cassette knows other.example"
        )


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://H.example/x", ("https", "h.example", 443)),
        ("http://h.example/x", ("http", "h.example", 80)),
        ("http://h.example:81", ("http", "h.example", 81)),
        ("/x", ("", "", 80)),
    ],
)
def test_a_place_has_the_usual_port_where_it_names_none(url, place):
    assert _place_of(url) == place


def test_stand_ins_of_tokens_are_such_as_can_be_read():
    def give(body):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return _with_token(Response(200, (), raw))

    held = {"access_token": f"{REDACTED}-1", "id_token": REDACTED, "scope": REDACTED}
    given = give(held).parse_json()

    assert given == {"access_token": TOKEN, "id_token": TOKEN, "scope": REDACTED}
    for plain in (b"no json", [1], {"access_token": "real"}, {"id_token": 5}, {}):
        same = give(plain)
        assert same.body == (
            plain if isinstance(plain, bytes) else json.dumps(plain).encode()
        )
