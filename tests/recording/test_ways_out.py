"""Ways out of the process: none passes in replay, none goes unsaid in a recording.

A way is a function that is given the port of a server on loopback. In replay it must
not reach it, and the scenario must fail. While recording it may, and then it must be
in the recording, or be told of as something that no cassette holds.
"""

from __future__ import annotations

import _socket
import asyncio
import concurrent.futures
import ctypes
import ftplib
import http.client
import http.server
import imaplib
import logging.handlers
import multiprocessing
import multiprocessing.connection
import os
import poplib
import pty
import queue
import shlex
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
import urllib.request
import xmlrpc.client
from contextlib import closing, suppress

import aiohttp
import grpc
import httplib2
import httpx
import httpx2
import pycurl
import pytest
import requests
import urllib3
import uvloop

from azml_contract.errors import CassetteError
from azml_contract.gateway.certificates import Authority
from azml_contract.recording.engine import Mode
from azml_contract.recording.outside import Outside, PlayedHosts


def raw_socket(port):
    _socket.socket().connect(("127.0.0.1", port))


def raw_connect_ex(port):
    _socket.socket().connect_ex(("127.0.0.1", port))


def named_as_the_exception(port):
    def socketpair():
        socket.create_connection(("127.0.0.1", port), 1)

    socketpair()


class OwnSocket(socket.socket):
    """A subclass of the caller's."""


def own_socket(port):
    with OwnSocket() as sock:
        sock.connect(("127.0.0.1", port))


def datagram(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"x", ("127.0.0.1", port))


def connected_datagram(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        sock.send(b"x")


def message(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendmsg([b"x"], [], 0, ("127.0.0.1", port))


def version_six(port):
    with socket.socket(socket.AF_INET6) as sock:
        sock.connect(("::1", port))


def in_a_thread(port):
    errors = []

    def run():
        try:
            raw_socket(port)
        except CassetteError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    raise errors[0]


async def stream(port):
    await asyncio.open_connection("127.0.0.1", port)


async def endpoint(port):
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=("127.0.0.1", port)
    )


async def low_level(port):
    with socket.socket() as sock:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))


async def by_aiohttp(port):
    async with aiohttp.ClientSession() as session:
        await session.get(f"http://127.0.0.1:{port}/x")


async def by_httpx_async(port):
    async with httpx.AsyncClient() as client:
        await client.get(f"http://127.0.0.1:{port}/x")


class Subclass(http.client.HTTPConnection):
    """Defined before any recorder is entered."""


def by_subclass(port):
    connection = Subclass("127.0.0.1", port)
    connection.request("GET", "/x")
    connection.getresponse()


def by_http_client(port):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/x")
    connection.getresponse()


def by_tls(port):
    context = ssl.create_default_context()
    with (
        socket.create_connection(("127.0.0.1", port)) as sock,
        context.wrap_socket(sock, server_hostname="localhost"),
    ):
        pass


def by_pool(port):
    with urllib3.HTTPConnectionPool("127.0.0.1", port, retries=False) as pool:
        pool.request("GET", "/x")


def by_session(port):
    with requests.Session() as session:
        session.get(f"http://127.0.0.1:{port}/x")


def by_opener(port):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(f"http://127.0.0.1:{port}/x")


def by_httplib2(port):
    with closing(httplib2.Http()) as client:
        client.request(f"http://127.0.0.1:{port}/x", "GET")


async def by_httpx2_async(port):
    async with httpx2.AsyncClient() as client:
        await client.get(f"http://127.0.0.1:{port}/x")


def by_azure_core(port):
    from azure.core import PipelineClient
    from azure.core.rest import HttpRequest

    base = f"http://127.0.0.1:{port}"
    with PipelineClient(base, policies=[]) as client:
        client.send_request(HttpRequest("GET", f"{base}/x"))


def by_log(port):
    handler = logging.handlers.DatagramHandler("127.0.0.1", port)
    with closing(handler):
        handler.send(b"x")


def by_http_log(port):
    handler = logging.handlers.HTTPHandler(f"127.0.0.1:{port}", "/x")
    connection = handler.getConnection(f"127.0.0.1:{port}", secure=False)
    connection.request("GET", "/x")
    connection.getresponse()


def in_a_pool(port):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(raw_socket, port).result()


def in_a_timer(port):
    timer = threading.Timer(0, raw_socket, (port,))
    timer.run()


def without_blocking(port):
    with socket.socket() as sock:
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", port))


def by_uvloop(port):
    uvloop.run(stream(port))


def by_uvloop_lookup(port):
    async def look_up():
        await asyncio.get_running_loop().getaddrinfo("nothing.invalid", port)

    uvloop.run(look_up())


def by_pycurl(port):
    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, f"http://127.0.0.1:{port}/x")
    curl.setopt(pycurl.TIMEOUT, 2)
    with closing(curl):
        curl.perform()


def by_grpc(port):
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        grpc.channel_ready_future(channel).result(timeout=0.5)


async def by_sendto(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendto(sock, b"x", ("127.0.0.1", port))


async def by_tls_stream(port):
    await asyncio.open_connection("127.0.0.1", port, ssl=True)


async def by_lookup(port):
    await asyncio.get_running_loop().getaddrinfo("example.com", port)


async def in_another_thread(port):
    await asyncio.to_thread(raw_socket, port)


def by_duplicate(port):
    with socket.socket() as sock, sock.dup() as copy:
        copy.connect(("127.0.0.1", port))


def by_descriptor(port):
    with (
        socket.socket() as sock,
        socket.fromfd(sock.fileno(), socket.AF_INET, socket.SOCK_STREAM) as copy,
    ):
        copy.connect(("127.0.0.1", port))


def by_c(function):
    """What of C sends or looks up, found by ctypes."""

    def call(port):
        library = ctypes.CDLL(None, use_errno=True)
        with socket.socket() as sock:
            address = bytes([2, 0, *port.to_bytes(2, "big"), 127, 0, 0, 1, *bytes(8)])
            getattr(library, function)(sock.fileno(), address, len(address))

    return call


def in_an_interpreter(port):
    import _xxsubinterpreters as interpreters

    one = interpreters.create()
    code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 1)"
    try:
        interpreters.run_string(one, code)
    finally:
        interpreters.destroy(one)


def in_a_finalizer(port):
    class Last:
        def __del__(self):
            raw_socket(port)

    Last()
    raise ConnectionError("nobody hears of what is raised there")


def in_a_signal(port):
    before = signal.signal(signal.SIGUSR1, lambda *_: raw_socket(port))
    try:
        signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)


class EarlyThread:
    """A thread that was there before any recorder."""

    def __init__(self):
        self._asked = queue.Queue()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            port, told = self._asked.get()
            try:
                told.put(raw_socket(port))
            except CassetteError as error:
                told.put(error)

    def __call__(self, port):
        told = queue.Queue()
        self._asked.put((port, told))
        error = told.get()
        if error is not None:
            raise error


class Unix(http.client.HTTPConnection):
    """HTTP over a socket of the file system, as Docker's clients speak it."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(f"/tmp/azml-no-such-socket-{self.port}")


def by_unix(port):
    connection = Unix("localhost", port)
    connection.request("GET", "/x")
    connection.getresponse()


def by_unix_httpx(port):
    transport = httpx.HTTPTransport(uds=f"/tmp/azml-no-such-socket-{port}")
    with httpx.Client(transport=transport) as client:
        client.get("http://localhost/x")


async def by_unix_aiohttp(port):
    connector = aiohttp.UnixConnector(f"/tmp/azml-no-such-socket-{port}")
    async with aiohttp.ClientSession(connector=connector) as session:
        await session.get("http://localhost/x")


def by_socket_log(port):
    handler = logging.handlers.SocketHandler("127.0.0.1", port)
    with closing(handler):
        handler.createSocket()


def by_system_log(port):
    with closing(logging.handlers.SysLogHandler(("127.0.0.1", port))) as handler:
        handler.handle(logging.makeLogRecord({"msg": "x"}))


def by_mail_log(port):
    handler = logging.handlers.SMTPHandler(("127.0.0.1", port), "a@b", ["c@d"], "x")
    with closing(handler):
        handler.emit(logging.makeLogRecord({"msg": "x"}))


CALL = (
    "import os, urllib.request as r;"
    "r.build_opener(r.ProxyHandler({{'http': os.environ['http_proxy']}}) "
    "if 'http_proxy' in os.environ else r.ProxyHandler({{}}))"
    ".open('http://127.0.0.1:{port}/x', timeout=5)"
)


def program(port):
    return [sys.executable, "-c", CALL.format(port=port)]


async def by_asyncio_program(port):
    child = await asyncio.create_subprocess_exec(
        *program(port), stderr=asyncio.subprocess.DEVNULL
    )
    await child.wait()


def by_posix_spawn(port):
    words = program(port)
    os.waitpid(os.posix_spawn(words[0], words, os.environ), 0)


def by_multiprocessing(kind):
    def start(port):
        context = multiprocessing.get_context(kind)
        child = context.Process(target=raw_http, args=(port,))
        child.start()
        child.join()

    return start


def raw_http(port):
    exec(CALL.format(port=port))


def by_process_pool(port):
    with concurrent.futures.ProcessPoolExecutor(1) as pool, suppress(Exception):
        pool.submit(raw_http, port).result()


def by_exec(port):
    child = os.fork()
    if not child:
        words = program(port)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.execv(words[0], words)
    os.waitpid(child, 0)


def by_forked_socket(port):
    child = os.fork()
    if not child:
        with suppress(Exception):
            raw_socket(port)
        os._exit(0)
    os.waitpid(child, 0)


async def by_asyncio_shell(port):
    line = shlex.join(program(port)) + " 2>/dev/null"
    child = await asyncio.create_subprocess_shell(line)
    await child.wait()


def by_pty(port):
    words = [*program(port)]
    pty.spawn(words, lambda fd: os.read(fd, 1024) and b" ", lambda fd: b"")


WAYS = {
    "_socket": raw_socket,
    "_socket connect_ex": raw_connect_ex,
    "a function called socketpair": named_as_the_exception,
    "a subclass of socket": own_socket,
    "create_connection": lambda p: socket.create_connection(("127.0.0.1", p), 1),
    "IPv6": version_six,
    "sendto": datagram,
    "a connected datagram": connected_datagram,
    "sendmsg": message,
    "a thread": in_a_thread,
    "getaddrinfo": lambda p: socket.getaddrinfo("example.com", p),
    "_socket.getaddrinfo": lambda p: _socket.getaddrinfo("example.com", p),
    "gethostbyname": lambda p: socket.gethostbyname("example.com"),
    "gethostbyname_ex": lambda p: socket.gethostbyname_ex("example.com"),
    "gethostbyaddr": lambda p: socket.gethostbyaddr("example.com"),
    "getnameinfo": lambda p: socket.getnameinfo(("192.0.2.7", p), 0),
    "getfqdn": lambda p: socket.getfqdn("example.com"),
    "asyncio stream": lambda p: asyncio.run(stream(p)),
    "asyncio datagram": lambda p: asyncio.run(endpoint(p)),
    "asyncio sock_connect": lambda p: asyncio.run(low_level(p)),
    "TLS": by_tls,
    "ftplib": lambda p: ftplib.FTP().connect("127.0.0.1", p),
    "smtplib": lambda p: smtplib.SMTP("127.0.0.1", p),
    "xmlrpc": lambda p: xmlrpc.client.ServerProxy(f"http://127.0.0.1:{p}").f(),
    "urllib": lambda p: urllib.request.urlopen(f"http://127.0.0.1:{p}/x"),
    "urllib ftp": lambda p: urllib.request.urlopen(f"ftp://127.0.0.1:{p}/x"),
    "http.client": by_http_client,
    "a subclass of http.client": by_subclass,
    "urllib3": lambda p: urllib3.request("GET", f"http://127.0.0.1:{p}/x"),
    "a pool of urllib3": by_pool,
    "requests": lambda p: requests.get(f"http://127.0.0.1:{p}/x"),
    "a session": by_session,
    "httpx": lambda p: httpx.get(f"http://127.0.0.1:{p}/x"),
    "httpx asynchronous": lambda p: asyncio.run(by_httpx_async(p)),
    "aiohttp": lambda p: asyncio.run(by_aiohttp(p)),
    "an opener of urllib": by_opener,
    "httplib2": by_httplib2,
    "httpx2": lambda p: httpx2.get(f"http://127.0.0.1:{p}/x"),
    "httpx2 asynchronous": lambda p: asyncio.run(by_httpx2_async(p)),
    "azure-core": by_azure_core,
    "a log by datagram": by_log,
    "a log by HTTP": by_http_log,
    "imaplib": lambda p: imaplib.IMAP4("127.0.0.1", p, timeout=2),
    "poplib": lambda p: poplib.POP3("127.0.0.1", p, timeout=2),
    "multiprocessing's client": lambda p: multiprocessing.connection.Client(
        ("127.0.0.1", p)
    ),
    "a pool of threads": in_a_pool,
    "a timer": in_a_timer,
    "a socket that does not block": without_blocking,
    "uvloop": by_uvloop,
    "uvloop's look-up": by_uvloop_lookup,
    "pycurl": by_pycurl,
    "grpc": by_grpc,
    "asyncio sock_sendto": lambda p: asyncio.run(by_sendto(p)),
    "asyncio over TLS": lambda p: asyncio.run(by_tls_stream(p)),
    "asyncio's look-up": lambda p: asyncio.run(by_lookup(p)),
    "asyncio's threads": lambda p: asyncio.run(in_another_thread(p)),
    "a duplicate of a socket": by_duplicate,
    "a socket of a descriptor": by_descriptor,
    "a certificate": lambda p: ssl.get_server_certificate(("127.0.0.1", p), timeout=1),
    "urlretrieve": lambda p: urllib.request.urlretrieve(f"http://127.0.0.1:{p}/x"),
    "FTP over TLS": lambda p: ftplib.FTP_TLS(
        "127.0.0.1", timeout=1, source_address=None
    ),
    "SMTP over TLS": lambda p: smtplib.SMTP_SSL("127.0.0.1", p, timeout=1),
    "ctypes' connect": by_c("connect"),
    "ctypes' getaddrinfo": lambda p: ctypes.CDLL(None).getaddrinfo(b"h", b"1", 0, 0),
    "another interpreter": in_an_interpreter,
    "a finalizer": in_a_finalizer,
    "a signal": in_a_signal,
    "a thread from before": EarlyThread(),
    "http.client over a UNIX socket": by_unix,
    "httpx over a UNIX socket": by_unix_httpx,
    "aiohttp over a UNIX socket": lambda p: asyncio.run(by_unix_aiohttp(p)),
    "a log by socket": by_socket_log,
    "a log of the system": by_system_log,
    "a log by mail": by_mail_log,
}
PROGRAMS = {
    "subprocess": lambda p: subprocess.run(program(p), capture_output=True),
    "a shell": lambda p: os.system(shlex.join(program(p)) + " 2>/dev/null"),
    "posix_spawn": by_posix_spawn,
    "asyncio's program": lambda p: asyncio.run(by_asyncio_program(p)),
    "multiprocessing by fork": by_multiprocessing("fork"),
    "multiprocessing by spawn": by_multiprocessing("spawn"),
    "multiprocessing by a server of forks": by_multiprocessing("forkserver"),
    "a pool of processes": by_process_pool,
    "popen": lambda p: os.popen(shlex.join(program(p)) + " 2>/dev/null").close(),
    "spawnv": lambda p: os.spawnv(os.P_WAIT, program(p)[0], program(p)),
    "fork and exec": by_exec,
    "a socket of a forked copy": by_forked_socket,
    "asyncio's shell": lambda p: asyncio.run(by_asyncio_shell(p)),
    "pty": by_pty,
}
"""In replay, their environment leads them to a proxy that refuses."""

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
