"""Ways out of the process: in replay every one is refused, and fails the scenario."""

from __future__ import annotations

import asyncio
import http.client
import multiprocessing
import os
import random
import shutil
import socket
import tempfile
import threading
import urllib.request
from contextlib import suppress

import aiohttp
import httpx
import pytest
import requests
import urllib3
from serving import serving
from soak import sized

from azml_contract.errors import CassetteError
from azml_contract.recording.engine import Mode


@pytest.fixture
def replaying(make_recorder, service, record):
    service.on("GET", "/a", lambda call: (200, {}, {}))
    record(lambda recorder: requests.get(f"{service.url}/a", verify=str(service.ca)))
    return make_recorder(Mode.REPLAY)


def _send_file(sock):
    with tempfile.TemporaryFile() as file:
        file.write(b"out")
        file.seek(0)
        sock.sendfile(file)


def _send_file_by_descriptor(sock):
    with tempfile.TemporaryFile() as file:
        file.write(b"out")
        file.flush()
        os.sendfile(sock.fileno(), file.fileno(), 0, 3)


def _write_to_file(sock):
    with sock.makefile("wb", buffering=0) as file:
        file.write(b"out")


def _send_by_duplicate(sock):
    with sock.dup() as copy:
        copy.send(b"out")


async def _send_by_loop(sock):
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_sendall(sock, b"out")


async def _send_by_transport(sock):
    _, writer = await asyncio.open_connection(sock=sock.dup())
    writer.write(b"out")
    await asyncio.sleep(0)
    writer.close()
    await writer.wait_closed()


SENDS = {
    "send": lambda sock: sock.send(b"out"),
    "sendall": lambda sock: sock.sendall(b"out"),
    "sendmsg": lambda sock: sock.sendmsg([b"out"]),
    "sendfile": _send_file,
    "makefile": _write_to_file,
    "dup": _send_by_duplicate,
    "os.write": lambda sock: os.write(sock.fileno(), b"out"),
    "os.writev": lambda sock: os.writev(sock.fileno(), [b"out"]),
    "os.sendfile": _send_file_by_descriptor,
    "asyncio": lambda sock: asyncio.run(_send_by_loop(sock)),
    "a transport": lambda sock: asyncio.run(_send_by_transport(sock)),
}


@pytest.mark.parametrize("way", SENDS)
def test_connections_from_before_send_nothing(replaying, way):
    server = socket.create_server(("127.0.0.1", 0))
    with server, socket.create_connection(server.getsockname()) as before:
        peer, _ = server.accept()
        with peer:
            peer.setblocking(False)
            with replaying, suppress(CassetteError):  # asyncio keeps it to itself
                SENDS[way](before)
            with pytest.raises(CassetteError, match="opens no connection"):
                replaying.finish()
            with pytest.raises(BlockingIOError):
                peer.recv(10)
        before.setblocking(True)
        before.sendall(b"again")


@pytest.mark.parametrize("way", SENDS)
def test_what_they_send_while_recording_is_told_of(make_recorder, way):
    server = socket.create_server(("127.0.0.1", 0))
    with server, socket.create_connection(server.getsockname()) as before:
        peer, _ = server.accept()
        with peer:
            with make_recorder(Mode.RECORD) as recorder:
                SENDS[way](before)
            assert peer.recv(10) == b"out"
    (said,) = recorder.unseen
    assert "connected before" in said


def test_files_and_pipes_are_written_to_as_ever(replaying, tmp_path):
    source, copy = tmp_path / "source", tmp_path / "copy"
    with replaying:
        source.write_bytes(b"x" * 100_000)
        shutil.copyfile(source, copy)
        reading, writing = os.pipe()
        assert os.write(writing, b"x") == 1
        os.close(reading)
        os.close(writing)
    assert copy.stat().st_size == 100_000


def test_pairs_and_local_sockets_work(replaying):
    with replaying:
        here, there = socket.socketpair()
        with here, there:
            here.sendall(b"x")
            assert there.recv(1) == b"x"
        assert socket.getaddrinfo("localhost", 80)
        assert asyncio.run(asyncio.sleep(0, "loops too")) == "loops too"


def test_afterwards_the_network_is_open(replaying):
    with replaying:
        pass
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("mode", [Mode.REPLAY, Mode.RECORD])
def test_a_call_of_a_forked_child_fails_the_scenario(
    make_recorder, service, replaying, mode
):
    service.on("GET", "/b", lambda call: (200, {}, {}))
    with make_recorder(mode) as recorder:
        requests.get(f"{service.url}/a", verify=str(service.ca))
        child = multiprocessing.get_context("fork").Process(
            target=_call, args=(f"{service.url}/b", str(service.ca))
        )
        child.start()
        child.join()
    with pytest.raises(CassetteError, match=r"forked by the test.*/b"):
        recorder.finish()


def _call(url, ca):
    try:
        requests.get(url, verify=ca)
    finally:
        os._exit(0)


# --- many threads -----------------------------------------------------------------


_PATIENCE_S = 120


def _stress_aiohttp(url, numbers):
    async def get_all():
        async with aiohttp.ClientSession() as session:
            for n in numbers:
                async with session.get(f"{url}/n/{n}") as answer:
                    assert await answer.json(content_type=None) == {"n": str(n)}

    asyncio.run(get_all())


def _stress_http_client(url, numbers):
    host = url.removeprefix("http://")
    for n in numbers:
        connection = http.client.HTTPConnection(host)
        connection.request("GET", f"/n/{n}")
        assert connection.getresponse().read() == b'{"n": "%d"}' % n
        connection.close()


def _make_stress(get):
    def stress(url, numbers):
        for n in numbers:
            assert get(f"{url}/n/{n}").json() == {"n": str(n)}

    return stress


def _stress_httpx(url, numbers):
    """With patience: its own is 5 seconds, which a busy machine may take."""
    with httpx.Client(timeout=_PATIENCE_S, verify=False) as client:
        for n in numbers:
            assert client.get(f"{url}/n/{n}").json() == {"n": str(n)}


STRESSED = {
    "requests": _make_stress(requests.get),
    "httpx": _stress_httpx,
    "urllib3": _make_stress(lambda url: urllib3.request("GET", url)),
    "aiohttp": _stress_aiohttp,
    "http.client": _stress_http_client,
    "urllib": lambda url, numbers: [
        urllib.request.urlopen(f"{url}/n/{n}").close() for n in numbers
    ],
}


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("client", STRESSED)
def test_of_many_threads_no_request_is_lost(make_recorder, plain_server, client):
    """8 threads x 80 requests x 50 trials at full size."""
    requested = sized(5, 80)
    draw = random.Random(client)
    for _ in range(sized(1, 50)):
        numbers = draw.sample(range(10_000), 8 * requested)
        shares = [numbers[i::8] for i in range(8)]
        for mode in (Mode.RECORD, Mode.REPLAY):
            with make_recorder(mode) as recorder:
                failures = _run(STRESSED[client], plain_server, shares)
            assert not failures
            recorder.finish()
            recorder.save()
            assert recorder.exchanges == len(numbers)


def _run(stress, url, shares):
    failures = []

    def work(share):
        try:
            stress(url, share)
        except Exception as error:  # noqa: BLE001 - whatever it is fails the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=(share,)) for share in shares]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return failures


@pytest.fixture
def plain_server():
    """Answers GET /n/7 with {"n": "7"}."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            """Silent."""

        def do_GET(self):
            body = b'{"n": "%s"}' % self.path.rpartition("/")[2].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    with serving(Server(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}"
