"""A failure of the network that a client met is raised again in replay."""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
import urllib.error
import urllib.request

import aiohttp
import httpx
import httpx2
import pytest
import requests
import urllib3
from each_client import by_early_subclass, by_http_client, by_httplib2, by_urllib

from azml_contract.cassette.cassette import load_cassette
from azml_contract.recording.engine import Mode


@pytest.fixture
def fails(make_recorder, cassette_path):
    """Record a call that fails, and see it fail in the same way in replay."""

    def run(call, expected, kind):
        for mode in (Mode.LIVE, Mode.RECORD, Mode.REPLAY):
            with make_recorder(mode) as recorder, pytest.raises(expected):
                call()
            recorder.finish()
            recorder.save()
        (one,) = load_cassette(cassette_path).interactions
        assert one.failure.kind == kind
        return one

    return run


def aiohttp_get(url, **more):
    async def get():
        async with aiohttp.ClientSession() as client, client.get(url, **more) as answer:
            return await answer.read()

    return asyncio.run(get())


def by_urllib3_once(url):
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request("GET", url)


REFUSED = "http://127.0.0.1:9"
UNKNOWN = "http://nothing.invalid"


@pytest.mark.parametrize(
    ("call", "url", "expected", "kind"),
    [
        (requests.get, "/drop", requests.ConnectionError, "dropped"),
        (requests.get, REFUSED, requests.ConnectionError, "refused"),
        (requests.get, UNKNOWN, requests.ConnectionError, "name"),
        (httpx.get, "/drop", httpx.RemoteProtocolError, "dropped"),
        (httpx.get, REFUSED, httpx.ConnectError, "refused"),
        (aiohttp_get, "/drop", aiohttp.ServerDisconnectedError, "dropped"),
        (aiohttp_get, REFUSED, aiohttp.ClientConnectorError, "refused"),
        (httpx2.get, "/drop", httpx2.RemoteProtocolError, "dropped"),
        (by_urllib3_once, "/drop", urllib3.exceptions.ProtocolError, "dropped"),
        (by_urllib3_once, REFUSED, urllib3.exceptions.NewConnectionError, "refused"),
        (by_urllib3_once, UNKNOWN, urllib3.exceptions.NameResolutionError, "name"),
        (by_urllib, "/drop", http.client.RemoteDisconnected, "dropped"),
        (by_urllib, REFUSED, urllib.error.URLError, "refused"),
        (by_httplib2, REFUSED, ConnectionRefusedError, "refused"),
        (by_early_subclass, "/drop", http.client.RemoteDisconnected, "dropped"),
        (by_http_client, "/drop", http.client.RemoteDisconnected, "dropped"),
        (by_http_client, REFUSED, ConnectionRefusedError, "refused"),
        (by_urllib, "/reset", ConnectionResetError, "dropped"),
        (by_http_client, "/reset", ConnectionResetError, "dropped"),
        (requests.get, "/reset", requests.ConnectionError, "dropped"),
        (httpx.get, "/reset", httpx.TransportError, "dropped"),
    ],
)
def test_a_failure_of_the_network_is_raised_again(
    base, fails, call, url, expected, kind
):
    address = url if url.startswith("http") else base + url
    fails(lambda: call(address), expected, kind)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (requests.get, requests.exceptions.ChunkedEncodingError),
        (httpx.get, httpx.RemoteProtocolError),
        (aiohttp_get, aiohttp.ClientPayloadError),
        (by_urllib3_once, urllib3.exceptions.ProtocolError),
        (by_http_client, http.client.IncompleteRead),
        (by_urllib, http.client.IncompleteRead),
    ],
)
def test_so_is_one_after_a_part_of_the_answer(base, fails, call, expected):
    one = fails(lambda: call(f"{base}/short"), expected, "dropped")
    assert (one.status, one.failure.after_bytes) == (200, 4)


def test_tls_that_is_not_trusted_is_raised_again(service, fails):
    url = f"{service.url}/x"
    fails(lambda: requests.get(url), requests.exceptions.SSLError, "tls")
    fails(lambda: by_urllib3_once(url), urllib3.exceptions.SSLError, "tls")
    strict = ssl.create_default_context()
    fails(lambda: httpx.get(url, verify=strict), httpx.ConnectError, "tls")


@pytest.fixture
def silent():
    """An address where somebody listens, and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


async def ask_aiohttp(url):
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        return await answer.read()


async def ask_httpx(url, library=httpx):
    async with library.AsyncClient(verify=False) as client:
        return (await client.get(url)).content


async def ask_httpx2(url):
    return await ask_httpx(url, httpx2)


@pytest.mark.parametrize("ask", [ask_aiohttp, ask_httpx, ask_httpx2])
def test_who_asks_twice_and_takes_the_first_answer_does_so_again(
    base, silent, same, ask, cassette_path
):
    async def story():
        both = [asyncio.create_task(ask(url)) for url in (silent, f"{base}/bom")]
        done, left = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for one in left:
            one.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        return [one.result() for one in done], [one.cancelled() for one in left]

    assert same(lambda: asyncio.run(story()))[1] == [True]
    failures = [one.failure for one in load_cassette(cassette_path).interactions]
    assert [one.raised for one in failures if one] == ["CancelledError"]


def test_a_limit_of_aiohttps_own_is_over_at_once_in_replay(silent, fails):
    limit = aiohttp.ClientTimeout(total=0.01)
    one = fails(lambda: aiohttp_get(silent, timeout=limit), TimeoutError, "timeout")
    assert one.failure.raised == "TimeoutError"
