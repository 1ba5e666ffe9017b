"""Ways out of a process that stay in it: sockets, clients, look-ups, other threads.

In: the port of a server on loopback. Out: an attempt to reach it, or to have a name
looked up; whatever comes of it is raised. Nothing here knows who listens, or forbids.
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
import importlib
import logging.handlers
import multiprocessing
import multiprocessing.connection
import poplib
import queue
import signal
import smtplib
import socket
import ssl
import tempfile
import threading
import urllib.request
import xmlrpc.client
from contextlib import closing
from pathlib import Path

import aiohttp
import grpc
import httplib2
import httpx
import httpx2
import pycurl
import requests
import urllib3
import uvloop


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
        except Exception as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    for error in errors:
        raise error


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
    """Of the module that the standard library itself uses, which had two names."""
    try:
        interpreters = importlib.import_module("_interpreters")
    except ImportError:  # Python 3.11 and 3.12
        interpreters = importlib.import_module("_xxsubinterpreters")
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
            except Exception as error:  # noqa: BLE001 - raised by who asks
                told.put(error)

    def __call__(self, port):
        told = queue.Queue()
        self._asked.put((port, told))
        error = told.get()
        if error is not None:
            raise error


def nobodys_socket(port):
    """A place in the file system where nobody listens."""
    return str(Path(tempfile.gettempdir(), f"azml-no-such-socket-{port}"))


class Unix(http.client.HTTPConnection):
    """HTTP over a socket of the file system, as Docker's clients speak it."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(nobodys_socket(self.port))


def by_unix(port):
    connection = Unix("localhost", port)
    connection.request("GET", "/x")
    connection.getresponse()


def by_unix_httpx(port):
    transport = httpx.HTTPTransport(uds=nobodys_socket(port))
    with httpx.Client(transport=transport) as client:
        client.get("http://localhost/x")


async def by_unix_aiohttp(port):
    connector = aiohttp.UnixConnector(nobodys_socket(port))
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
