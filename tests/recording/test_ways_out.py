"""Ways out of the process: none passes in replay, none goes unsaid in a recording.

A way (`ways_out`, `programs_out`) is a function that is given the port of a server on
loopback. In replay it must not reach it, and the scenario must fail. While recording it
may, and then it must be in the recording, or be told of as something that no cassette
holds.
"""

from __future__ import annotations

import asyncio
import http.client
import http.server
import os
import socket
import threading
from contextlib import closing, suppress

import pytest
import requests
from programs_out import PROGRAMS
from ways_out import WAYS

from azml_contract.errors import CassetteError
from azml_contract.gateway.certificates import Authority
from azml_contract.recording.engine import Mode
from azml_contract.recording.outside import Outside, PlayedHosts

quiet = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
pytestmark = [pytest.mark.slow, *quiet]


class Canary:
    """A server that counts who came, and sends each away."""

    def __init__(self):
        self.came = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.port = self._server.getsockname()[1]
        self._datagrams.bind(("127.0.0.1", self.port))
        self._datagrams.settimeout(0)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        with suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                self.came += 1
                with connection, suppress(OSError):
                    connection.settimeout(0.2)
                    with suppress(TimeoutError):
                        connection.recv(65536)
                    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                    answer += b"Connection: close\r\n\r\n"
                    socket.SocketType.sendall(connection, answer)

    def close(self):
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()
        with suppress(OSError):  # nothing came, or it is closed already
            self._datagrams.recv(100)
            self.came += 1
        self._datagrams.close()


@pytest.fixture
def canary():
    one = Canary()
    yield one
    one.close()


@pytest.fixture
def replaying(make_recorder, service, record):
    service.on("GET", "/a", lambda call: (200, {}, {}))
    record(lambda recorder: requests.get(f"{service.url}/a", verify=str(service.ca)))
    return make_recorder(Mode.REPLAY)


def test_there_are_enough_ways():
    assert len(WAYS) + len(PROGRAMS) >= 50


@pytest.mark.parametrize("way", WAYS)
def test_no_way_out_of_the_process_in_replay(canary, replaying, way):
    with replaying, suppress(Exception):  # clients wrap it, or keep it to themselves
        WAYS[way](canary.port)
    with pytest.raises(CassetteError):
        replaying.finish()
    canary.close()
    assert not canary.came


@pytest.mark.skipif(os.name != "posix", reason="starts programs as POSIX does")
@pytest.mark.parametrize("way", PROGRAMS)
def test_no_program_gets_out_in_replay(canary, replaying, way, monkeypatch):
    authority = Authority(["management.azure.com"])
    outside = Outside(
        replaying, PlayedHosts(frozenset()), authority, refused=replaying.refuse
    )
    outside.start()
    with replaying, closing(outside):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, outside.url)
            monkeypatch.setenv(name.lower(), outside.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        PROGRAMS[way](canary.port)
    with pytest.raises(CassetteError):
        replaying.finish()
    canary.close()
    assert not canary.came


@pytest.mark.skipif(os.name != "posix", reason="starts programs as POSIX does")
@pytest.mark.parametrize("way", [*WAYS, *PROGRAMS])
def test_while_recording_no_way_is_unseen_and_unsaid(canary, make_recorder, way):
    with make_recorder(Mode.RECORD) as recorder, suppress(Exception):
        (WAYS | PROGRAMS)[way](canary.port)
    said = [*recorder.unseen, *recorder.programs]
    try:
        recorder.finish()
    except CassetteError as error:
        said.append(str(error))
    assert recorder.exchanges or said, "unseen and unsaid"
    assert not (recorder.exchanges and recorder.unseen), "a call that is told of twice"


def test_what_stays_in_the_machine_is_not_told_of(make_recorder, tmp_path):
    here, there = socket.socketpair()
    with here, there, make_recorder(Mode.RECORD) as recorder:
        here.sendall(b"x")
        asyncio.run(asyncio.sleep(0))
        socket.getaddrinfo("localhost", 80)
        threading.Thread(target=socket.gethostname).start()
    assert not recorder.unseen


def test_answers_of_a_server_in_the_test_itself_are_none(make_recorder):
    server = http.server.HTTPServer(
        ("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler
    )
    server.RequestHandlerClass.log_message = lambda *_: None
    thread = threading.Thread(target=server.handle_request)
    with server, make_recorder(Mode.RECORD) as recorder:
        thread.start()
        requests.get(f"http://127.0.0.1:{server.server_port}/none")
        thread.join()
    assert recorder.exchanges == 1
    assert not recorder.unseen
