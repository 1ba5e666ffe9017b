"""What goes past a recorder is told in words, each once, and nothing else is."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio import BaseEventLoop
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

import pytest

import azml_contract
from azml_contract.recording.audit import in_call
from azml_contract.recording.shut import permitted, sending_patches, shut
from azml_contract.recording.unseen import noting_unseen

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends as POSIX does")


@pytest.fixture
def noted():
    """What is told while the test runs."""
    said = []
    with noting_unseen(said.append):
        yield said


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def place(sock):
    host, port = sock.getsockname()[:2]
    return f"{host}:{port}"


def test_a_connection_is_told_and_what_it_sends_is_no_news(noted, server):
    with socket.create_connection(server.getsockname()) as client:
        client.sendall(b"x")
        client.send(b"y")

    assert noted == [f"connected to {place(server)}"]


def test_a_datagram_is_told(noted):
    kinds = (socket.AF_INET, socket.SOCK_DGRAM)
    with socket.socket(*kinds) as taker, socket.socket(*kinds) as sender:
        taker.bind(("127.0.0.1", 0))
        sender.sendto(b"x", taker.getsockname())
        sender.sendmsg([b"x"], [], 0, taker.getsockname())

        assert noted == [f"sent a datagram to {place(taker)}"] * 2


def test_a_connection_from_before_is_told_once_when_it_sends(server):
    said = []
    with socket.create_connection(server.getsockname()) as client:
        with noting_unseen(said.append):
            client.sendall(b"x")
            os.write(client.fileno(), b"y")
        client.sendall(b"z")

    assert said == [f"sent to {place(server)}, to which it was connected before"]


def test_what_a_server_of_the_test_itself_answers_is_not_told(server):
    said = []
    with socket.socket() as client, noting_unseen(said.append):
        client.connect(server.getsockname())
        accepted, _ = server.accept()
        with accepted:
            accepted.sendall(b"x")

    assert said == [f"connected to {place(server)}"]


def test_what_stays_in_the_machine_is_not_told(noted, tmp_path):
    with socket.socket(socket.AF_UNIX) as taker, socket.socket(socket.AF_UNIX) as one:
        taker.bind(os.fsencode(os.path.relpath(tmp_path / "s")))
        taker.listen()
        one.connect(taker.getsockname())
        one.sendall(b"x")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sys.audit("socket.sendmsg", sock, None)
    tmp_path.joinpath("file").write_bytes(b"x")

    assert noted == []


@pytest.mark.parametrize(
    "event", ["socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"]
)
@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("login.example", ["looked up login.example"]),
        (b"login.example", ["looked up login.example"]),
        ("node7a", ["looked up node7a"]),
        *(("", []), (None, []), ("localhost", []), (socket.gethostname(), [])),
        *(("127.0.0.1", []), ("::1", []), ("fe80::a", [])),
    ],
)
def test_a_name_that_is_looked_up_is_told_and_no_address(noted, event, host, said):
    sys.audit(event, host, 443)

    assert noted == said


def test_the_name_of_an_address_is_looked_up_too(noted):
    sys.audit("socket.getnameinfo", ("192.0.2.7", 443))
    sys.audit("socket.gethostname")

    assert noted == ["looked up 192.0.2.7:443"]


def test_what_a_recorded_call_does_is_not_told(server):
    said = []
    before = socket.create_connection(server.getsockname())
    with before, noting_unseen(said.append), in_call():
        sys.audit("socket.getaddrinfo", "login.example", 443)
        with socket.create_connection(server.getsockname()):
            before.sendall(b"x")

    assert said == []


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("azml_contract/emulator/blobs.py", False),
        ("azml_contract/recording/messages.py", False),
        ("azml_contract/plugin/hooks.py", True),
        ("elsewhere/emulator.py", True),
        ("concurrent/futures/thread.py", False),
    ],
)
def test_what_we_do_ourselves_is_not_told_but_what_pytest_runs_is(noted, module, told):
    root = Path(azml_contract.__file__).parents[1]
    code = compile("def start(run): return run()", str(root / module), "exec")
    within = {}
    exec(code, within)

    within["start"](lambda: sys.audit("socket.getaddrinfo", "login.example", 443))

    assert noted == ["looked up login.example"] * told


def test_a_pool_of_threads_connects_for_itself(noted, server):
    root = Path(azml_contract.__file__).parents[1]
    file = root / "concurrent" / "futures" / "thread.py"
    within = {}
    exec(compile("def start(run): return run()", str(file), "exec"), within)

    within["start"](lambda: socket.create_connection(server.getsockname())).close()

    assert noted == [f"connected to {place(server)}"]


def test_an_event_loop_that_looks_up_is_told_of_once(monkeypatch):
    async def look_up(self, host, port, **_):
        return [host, port]

    monkeypatch.setattr(BaseEventLoop, "getaddrinfo", look_up)
    said = []

    async def ask():
        loop = asyncio.get_running_loop()
        found = [await loop.getaddrinfo("login.example", 443)]
        found.append(await loop.getaddrinfo("localhost", 80))
        with in_call():
            found.append(await loop.getaddrinfo("other.example", 443))
        return found

    with noting_unseen(said.append):
        found = asyncio.run(ask())

    assert said == ["looked up login.example"]
    assert found == [["login.example", 443], ["localhost", 80], ["other.example", 443]]


@pytest.fixture
def guarded():
    """What is told of sending, while the test runs."""
    told = []
    with ExitStack() as patched:
        for holder, name, guard in sending_patches(told.append):
            patched.enter_context(mock.patch.object(holder, name, guard))
        yield told


def send_file(sock, path):
    with path.open("rb") as file:
        sock.sendfile(file)


def send_by_descriptor(sock, path):
    with path.open("rb") as file:
        os.sendfile(sock.fileno(), file.fileno(), 0, 1)


WAYS = {
    "send": lambda sock, _: sock.send(b"x"),
    "sendall": lambda sock, _: sock.sendall(b"x"),
    "sendmsg": lambda sock, _: sock.sendmsg([b"x"]),
    "sendfile": send_file,
    "os.write": lambda sock, _: os.write(sock.fileno(), b"x"),
    "os.writev": lambda sock, _: os.writev(sock.fileno(), [b"x"]),
    "os.sendfile": send_by_descriptor,
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_sends_over_a_connection_is_told_where_to(
    guarded, server, tmp_path, way
):
    path = tmp_path / "file"
    path.write_bytes(b"x")
    with socket.create_connection(server.getsockname()) as client:
        WAYS[way](client, path)
        assert set(guarded) == {place(server)}
        guarded.clear()
        with permitted():
            WAYS[way](client, path)
        WAYS["os.write"](client, path)
        assert guarded == [place(server)]


def test_a_library_with_connections_of_its_own_is_told(noted):
    sys.audit("ctypes.dlsym", None, "connect")
    sys.audit("ctypes.dlsym", None, "strlen")

    assert noted == ["used ctypes' connect"]


def test_what_sends_nowhere_is_not_told(guarded, tmp_path):
    one, other = socket.socketpair()
    with one, other:
        one.sendall(b"x")
        os.write(one.fileno(), b"x")
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        pytest.raises(OSError, match="address"),
    ):
        sock.send(b"x")
    descriptor = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    os.write(descriptor, b"x")
    os.close(descriptor)
    with pytest.raises(OSError, match="descriptor"):
        os.write(descriptor, b"x")

    assert guarded == []


class Refused(Exception):
    """What a test refuses with."""


def test_a_socket_that_may_not_connect_is_closed_and_one_that_may_not_send_is_not(
    server,
):
    with socket.socket() as sock, shut(Refused):
        with pytest.raises(Refused, match=place(server)):
            sock.connect(server.getsockname())
        assert sock.fileno() == -1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, shut(Refused):
        with pytest.raises(Refused, match=place(server)):
            sock.sendto(b"x", server.getsockname())
        with pytest.raises(Refused, match=place(server)):
            sock.sendmsg([b"x"], [], 0, server.getsockname())
        assert sock.fileno() > 0
        with permitted():
            sock.sendto(b"x", server.getsockname())


def test_what_stays_in_the_machine_is_not_refused(tmp_path):
    here, there = socket.socketpair()
    with here, there, shut(Refused):
        here.sendmsg([b"x"])
        assert there.recv(1) == b"x"
        with socket.socket(socket.AF_UNIX) as sock, pytest.raises(FileNotFoundError):
            sock.connect(os.fsencode(os.path.relpath(tmp_path / "none")))


def test_a_connection_from_before_may_not_send_a_message_further(server):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(server.getsockname())
        with shut(Refused), pytest.raises(Refused, match=place(server)):
            sock.sendmsg([b"x"])


@pytest.mark.parametrize(
    "name", ["", None, "localhost", socket.gethostname(), b"localhost", "10.1", "0"]
)
def test_names_of_this_machine_and_addresses_need_nobody(name):
    with shut(Refused):
        sys.audit("socket.getaddrinfo", name, 80)
        sys.audit("socket.gethostbyname", name)
    with shut(Refused), pytest.raises(Refused, match="a name"):
        sys.audit("socket.gethostbyname", "a name")
    with shut(Refused), pytest.raises(Refused, match=r"^10\.1 x$"):
        sys.audit("socket.getaddrinfo", "10.1 x", 80)
