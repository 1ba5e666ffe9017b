"""Every client of this process that is recorded, and a service that they may ask.

`CLIENTS` take a URL, and give what a user of them sees: status, bytes, and the text
where the client decodes it.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import http.client
import json
import socket
import struct
import urllib.error
import urllib.request
import zlib
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import aiohttp
import brotli
import httplib2
import httpx
import httpx2
import pytest
import requests
import urllib3
import zstandard
from serving import serving

from azml_contract.recording.engine import Mode

PAGES = {
    "/latin1": ("text/plain; charset=iso-8859-1", "gr\xfc\xdfe".encode("latin-1")),
    "/utf16": ("application/json; charset=utf-16", '{"a":"\xfc"}'.encode("utf-16")),
    "/bom": ("application/json", b'\xef\xbb\xbf{"a":1}'),
    "/spaces": ("application/json", b'{ "a" : 1.50,\r\n "b":[ ], "u":"\\u00fc" }\n'),
    "/twice": ("application/json", b'{"a":1,"a":2}'),
    "/bytes": ("application/octet-stream", bytes(range(256)) * 5),
    "/large": ("application/octet-stream", bytes(range(256)) * 1200),
    "/empty": ("text/plain", b""),
}
PACKED = b'{"z": true, "many": "%s"}' % (b"z" * 3000)
PACKERS = {
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": lambda body: zstandard.ZstdCompressor(level=3).compress(body),
}
CHUNKS = (b"one\n", b"\x00two\n", bytes(range(256)))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Silent."""

    def answer(self):
        sent = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("transfer-encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                sent += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        if self.path in PAGES:
            kind, body = PAGES[self.path]
            return self.send(200, body, {"Content-Type": kind})
        if self.path == "/chunked":
            return self.send_chunks()
        coding = self.path[1:]
        if coding in PACKERS:
            body = PACKERS[coding](PACKED)
            return self.send(200, body, {"Content-Encoding": coding})
        if self.path == "/not-gzip":
            return self.send(200, b"plain", {"Content-Encoding": "gzip"})
        if self.path in ("/307", "/308"):
            return self.send(int(self.path[1:]), b"", {"Location": "/echo"})
        if self.path == "/cookies":
            return self.send(200, b"{}", {"Set-Cookie": "a=1; Path=/"})
        if self.path == "/quota":
            return self.send(200, b"{}", {"X-Quota": "7"})
        if self.path == "/drop":
            self.close_connection = True
            return self.connection.shutdown(2)
        if self.path == "/reset":
            self.close_connection = True
            # Closed at once, which the other side is told as an error.
            self.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            return self.rfile.close() or self.wfile.close() or self.connection.close()
        if self.path == "/short":
            self.close_connection = True
            return self.send(200, b"part", {"Content-Length": "100"})
        echo = {"method": self.command, "sha": hashlib.sha256(sent).hexdigest()}
        return self.send(200, json.dumps(echo).encode())

    def send(self, status, body, headers=()):
        self.send_response(status)
        headers = {"Content-Length": str(len(body)), **dict(headers)}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def send_chunks(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for one in CHUNKS:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(one), one))
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = answer  # noqa: N815


@pytest.fixture(scope="module")
def base():
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def same(make_recorder):
    """Run a story live, recorded and replayed; it must return the same."""

    def run(story):
        live = story()
        with make_recorder(Mode.RECORD) as recorder:
            assert story() == live
        recorder.finish()
        recorder.save()
        with make_recorder(Mode.REPLAY) as recorder:
            assert story() == live
        recorder.finish()
        return live

    return run


def by_requests(url, **more):
    answer = requests.get(url, **more)
    return answer.status_code, answer.content, answer.text


def by_urllib3(url):
    with urllib3.PoolManager() as pool:
        answer = pool.request("GET", url)
        return answer.status, answer.data


def by_http_client(url):
    return by_connection(http.client.HTTPConnection, url)


def by_urllib(url):
    with urllib.request.urlopen(url) as answer:
        return answer.status, answer.read()


def by_httpx(url, library=httpx):
    answer = library.get(url, verify=False)  # to load authorities takes longest
    return answer.status_code, answer.content, answer.text


def by_httpx_async(url, library=httpx):
    async def get():
        async with library.AsyncClient(verify=False) as client:
            answer = await client.get(url)
            return answer.status_code, answer.content, answer.text

    return asyncio.run(get())


def by_aiohttp(url):
    async def get():
        async with aiohttp.ClientSession() as client, client.get(url) as answer:
            return answer.status, await answer.read(), answer.charset

    return asyncio.run(get())


def by_httplib2(url):
    with closing(httplib2.Http()) as client:
        answer, content = client.request(url, "GET")
        return answer.status, content


def by_httpx2(url):
    return by_httpx(url, httpx2)


def by_httpx2_async(url):
    return by_httpx_async(url, httpx2)


class Early(http.client.HTTPConnection):
    """Defined before any recorder is entered, with a `connect` of its own."""

    def connect(self):
        super().connect()
        self.sock.settimeout(20)


def by_early_subclass(url):
    return by_connection(Early, url)


def by_late_subclass(url):
    class Late(Early):
        def connect(self):
            super().connect()

    return by_connection(Late, url)


def by_connection(kind, url):
    host, _, path = url.removeprefix("http://").partition("/")
    with closing(kind(host)) as connection:
        connection.request("GET", f"/{path}")
        with connection.getresponse() as answer:
            return answer.status, answer.read()


CLIENTS = [
    by_requests,
    by_urllib3,
    by_http_client,
    by_urllib,
    by_httpx,
    by_httpx_async,
    by_aiohttp,
    by_httplib2,
    by_httpx2,
    by_httpx2_async,
    by_early_subclass,
    by_late_subclass,
]
