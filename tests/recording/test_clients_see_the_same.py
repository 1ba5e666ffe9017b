"""What a client sees in replay is what it saw live, byte for byte."""

from __future__ import annotations

import asyncio
import http.client
import io

import aiohttp
import httpx
import httpx2
import pytest
import requests
import urllib3
from each_client import (
    CHUNKS,
    CLIENTS,
    PACKED,
    PACKERS,
    PAGES,
    by_early_subclass,
    by_http_client,
    by_httplib2,
    by_late_subclass,
    by_urllib,
    by_urllib3,
)

from azml_contract.cassette.cassette import load_cassette
from azml_contract.recording.engine import Mode


@pytest.mark.parametrize("client", CLIENTS)
def test_bytes_and_charsets_are_those_of_the_service(base, same, client):
    same(lambda: [client(f"{base}{path}") for path in PAGES])


JSON, PARTED = "application/json", "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b'\n {"a": 1}'),
        (PARTED, b'{"a": [1.50, "\\u00e9"]}'),
        ("application/x-www-form-urlencoded", b'{"a": [1.50, "b=c&d"]}'),
        (JSON, '{"a": "\xe9"}'.encode("utf-16")),
        *((JSON, b'{"a":' * deep + b"1" + b"}" * deep) for deep in (199, 480, 950)),
        *((JSON, b"[" * deep + b'"a"' + b"]" * deep) for deep in (199, 480, 950)),
    ],
)
def test_a_body_is_found_again_however_it_is_spelt_and_called(base, same, kind, body):
    def story():
        bodies = (body, body.replace(b"1", b"2").replace(b"a", b"b"), body)
        headers = {"Content-Type": kind}
        return [
            requests.post(f"{base}/echo", data=one, headers=headers).content
            for one in bodies
        ]

    assert len(set(same(story))) == 2


@pytest.mark.parametrize(
    "told",
    [
        {"data": {"client_secret": "Zq8vN3kLp0sXw7RtYb2M"}},
        {"json": {"password": "Zq8vN3kLp0sXw7RtYb2M"}},
        {"params": {"sv": "1", "sig": "Zq8vN3kLp0sXw7RtYb2M"}},
        {"headers": {"Authorization": "Bearer Zq8vN3kLp0sXw7RtYb2M"}},
        {"headers": {"X-Vault-Token": "Zq8vN3kLp0sXw7RtYb2M"}},
        {"data": "a: 1\npassword: Zq8vN3kLp0sXw7RtYb2M\n"},
        {"files": {"password": (None, "Zq8vN3kLp0sXw7RtYb2M")}},
        {"json": {"to": "postgres://u:Zq8vN3kLp0sXw7RtYb2M@db/x"}},
    ],
    ids=["form", "json", "sas", "bearer", "header", "yaml", "parts", "address"],
)
def test_a_secret_that_was_told_is_known_where_nothing_says_that_it_is_one(
    base, same, cassette_path, told
):
    def story():
        requests.post(f"{base}/told", **told)
        return [
            requests.post(f"{base}/used", json={"note": "Zq8vN3kLp0sXw7RtYb2M"}).json(),
            requests.get(f"{base}/used?x=Zq8vN3kLp0sXw7RtYb2M").json(),
        ]

    same(story)
    assert "Zq8vN3" not in cassette_path.read_text()


@pytest.mark.parametrize("client", CLIENTS)
def test_chunks_come_whole(base, same, client):
    assert same(lambda: client(f"{base}/chunked"))[1] == b"".join(CHUNKS)


PLAIN = (by_http_client, by_urllib, by_early_subclass, by_late_subclass)
"""Clients that leave it to their user to open what comes."""
INFLATING = [one for one in CLIENTS if one not in PLAIN]


@pytest.mark.parametrize("client", INFLATING)
def test_what_was_compressed_comes_inflated(base, same, client):
    codings = ["gzip", "deflate"]
    if client is not by_httplib2:
        codings += ["br", "zstd"]
    seen = same(lambda: [client(f"{base}/{coding}")[1] for coding in codings])
    assert seen == [PACKED] * len(codings)


@pytest.mark.parametrize("client", PLAIN)
@pytest.mark.parametrize("coding", PACKERS)
def test_a_cassette_holds_what_was_compressed_in_the_open(
    base, make_recorder, client, coding, cassette_path
):
    for mode in (Mode.RECORD, Mode.REPLAY):
        with make_recorder(mode) as recorder:
            assert client(f"{base}/{coding}")[1] == PACKED
        recorder.finish()
        recorder.save()
    (one,) = load_cassette(cassette_path).interactions
    assert one.exchange.response.body == PACKED


def test_what_says_it_is_compressed_and_is_not_fails_as_it_did(base, same):
    def story():
        with pytest.raises(requests.exceptions.ContentDecodingError):
            requests.get(f"{base}/not-gzip")
        with pytest.raises(httpx.DecodingError):
            httpx.get(f"{base}/not-gzip")
        return by_http_client(f"{base}/not-gzip")

    assert same(story) == (200, b"plain")


def test_chunks_can_be_asked_for_whatever_client_reads(base, same):
    def story():
        with urllib3.PoolManager() as pool:
            answer = pool.request("GET", f"{base}/chunked", preload_content=False)
            return b"".join(answer.read_chunked())

    assert same(story) == b"".join(CHUNKS)


def test_a_connection_is_used_again(base, same):
    def story():
        connection = http.client.HTTPConnection(base.removeprefix("http://"))
        seen = []
        for path in ("/bytes", "/empty", "/chunked", "/echo"):
            connection.request("GET", path)
            seen.append(connection.getresponse().read())
        connection.request("POST", "/echo", body=iter([b"a", b"bc"]))
        seen.append(connection.getresponse().read())
        connection.request("POST", "/echo", body=io.BytesIO(b"file"))
        seen.append(connection.getresponse().read())
        connection.putrequest("POST", "/echo")
        connection.putheader("Content-Length", "3")
        connection.endheaders()
        connection.send(b"abc")
        seen.append(connection.getresponse().read())
        connection.close()
        return seen

    assert len(same(story)) == 7


def test_a_connection_that_tells_what_it_does_is_answered(base, same, capsys):
    def story():
        connection = http.client.HTTPConnection(base.removeprefix("http://"))
        connection.set_debuglevel(1)
        seen = []
        for verb in ("HEAD", "GET"):
            connection.request(verb, "/bytes")
            seen.append(connection.getresponse().read())
        connection.close()
        return seen

    nothing, body = same(story)
    assert not nothing
    assert body
    assert "send: b'GET /bytes" in capsys.readouterr().out


def test_extend_answers_what_it_has_and_sends_the_rest(base, make_recorder):
    for count, mode in enumerate((Mode.RECORD, Mode.EXTEND, Mode.REPLAY)):
        with make_recorder(mode) as recorder:
            seen = [by_early_subclass(f"{base}/bytes")]
            seen += [by_urllib3(f"{base}/spaces")] if count else []
        assert [body for _, body in seen] == [
            PAGES[path][1] for path in ("/bytes", "/spaces")[: len(seen)]
        ]
        recorder.finish()
        recorder.save()


def test_a_request_whose_answer_nobody_reads_goes_out_and_is_noted(base, same):
    def story():
        connection = http.client.HTTPConnection(base.removeprefix("http://"))
        connection.request("POST", "/echo", b"abc")
        connection.close()
        return by_http_client(f"{base}/empty")

    assert same(story) == (200, b"")


def test_requests_streams_to_the_end_however_it_is_read(base, same):
    def story():
        ways = [None, 1, 7, 4096]
        found = []
        for size in ways:
            answer = requests.get(f"{base}/bytes", stream=True)
            found.append(b"".join(answer.iter_content(size)))
        answer = requests.get(f"{base}/chunked", stream=True)
        found.append(b"".join(answer.raw.read_chunked()))
        answer = requests.get(f"{base}/empty", stream=True)
        return [*found, list(answer.iter_content(None))]

    whole = PAGES["/bytes"][1]
    assert same(story) == [whole] * 4 + [b"".join(CHUNKS), []]


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_httpx_streams_what_comes_as_it_comes(base, same, library):
    async def later():
        async with (
            library.AsyncClient(verify=False) as client,
            client.stream("GET", f"{base}/bytes") as answer,
        ):
            return [piece async for piece in answer.aiter_raw()]

    def story():
        with library.stream("GET", f"{base}/chunked", verify=False) as answer:
            return [b"".join(answer.iter_raw()), b"".join(asyncio.run(later()))]

    assert same(story) == [b"".join(CHUNKS), PAGES["/bytes"][1]]


def multipart():
    writer = aiohttp.MultipartWriter("mixed", boundary="fixed")
    writer.append("hello")
    return writer


def form():
    made = aiohttp.FormData()
    made.add_field("field", "value")
    return made


AIOHTTP_BODIES = {
    "form": form,
    "bytes": lambda: b"abc",
    "payload": lambda: aiohttp.payload.BytesPayload(b"abc"),
    "file": lambda: io.BytesIO(b"abc" * 1000),
    "multipart": multipart,
    "dictionary": lambda: {"a": "1"},
}


@pytest.mark.parametrize("body", AIOHTTP_BODIES)
def test_aiohttp_sends_bodies_of_every_kind(base, same, body):
    async def post():
        data = AIOHTTP_BODIES[body]()
        async with (
            aiohttp.ClientSession() as client,
            client.post(f"{base}/echo", data=data) as answer,
        ):
            return await answer.json(content_type=None)

    assert same(lambda: asyncio.run(post()))["method"] == "POST"


def test_aiohttp_sends_files_as_forms(base, same):
    async def post():
        made = aiohttp.FormData()
        made.add_field("f", b"abc", filename="a.bin")
        async with (
            aiohttp.ClientSession() as client,
            client.post(f"{base}/echo", data=made) as answer,
        ):
            return answer.status

    assert same(lambda: asyncio.run(post())) == 200


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_keeps_the_verb_keeps_it(base, same, status):
    async def by_aiohttp():
        async with (
            aiohttp.ClientSession() as client,
            client.post(f"{base}/{status}", data=b"abc") as answer,
        ):
            return (await answer.json(content_type=None))["method"]

    def story():
        by_httpx = httpx.post(f"{base}/{status}", content=b"x", follow_redirects=True)
        by_requests = requests.post(f"{base}/{status}", data=b"y")
        methods = [one.json()["method"] for one in (by_httpx, by_requests)]
        return [*methods, asyncio.run(by_aiohttp())]

    assert same(story) == ["POST"] * 3


def test_aiohttp_traces_every_step(base, same):
    async def get():
        seen = []
        config = aiohttp.TraceConfig()

        async def note(session, context, parameters):
            seen.append(type(parameters).__name__)

        config.on_request_start.append(note)
        config.on_request_end.append(note)
        config.on_response_chunk_received.append(note)
        async with (
            aiohttp.ClientSession(trace_configs=[config]) as client,
            client.get(f"{base}/bytes") as answer,
        ):
            await answer.read()
        return seen

    assert "TraceRequestEndParams" in same(lambda: asyncio.run(get()))


def test_azure_core_sends_files_in_both_worlds(base, same):
    from azure.core import AsyncPipelineClient, PipelineClient
    from azure.core.rest import HttpRequest

    def make():
        files = {"f": ("a.bin", b"abc")}
        return HttpRequest("POST", f"{base}/echo", files=files, data={"k": "v"})

    async def post():
        async with AsyncPipelineClient(base, policies=[]) as client:
            return (await client.send_request(make())).status_code

    def story():
        with PipelineClient(base, policies=[]) as client:
            return client.send_request(make()).status_code, asyncio.run(post())

    assert same(story) == (200, 200)


def test_cookies_come_by_name(base, same, cassette_path):
    def story():
        by_requests = [*requests.get(f"{base}/cookies").cookies.keys()]
        return by_requests, [*httpx.get(f"{base}/cookies").cookies]

    assert same(story) == (["a"], ["a"])
    (one,) = load_cassette(cassette_path).interactions
    assert one.answer["headers"]["set-cookie"] == "a=REDACTED; Path=/"


def test_a_header_that_was_not_kept_is_told_of(make_recorder, service, record, replay):
    service.on("GET", "/quota", lambda call: (200, {"X-Quota": "7"}, {}))
    url, ca = f"{service.url}/quota", str(service.ca)
    record(lambda recorder: requests.get(url, verify=ca))
    with make_recorder(Mode.REPLAY):
        headers = requests.get(url, verify=ca).headers
        assert headers.get("X-Quota") is None
        with pytest.raises(KeyError, match="holds no header 'X-Quota'"):
            headers["X-Quota"]
    keep = {"keep_headers": frozenset({"x-quota"})}
    with make_recorder(Mode.RECORD, **keep) as recorder:
        requests.get(url, verify=ca)
    recorder.save()
    with make_recorder(Mode.REPLAY):
        assert requests.get(url, verify=ca).headers["X-Quota"] == "7"


def get_by_aiohttp(url):
    async def get():
        async with aiohttp.ClientSession() as client, client.get(url) as answer:
            return answer

    return asyncio.run(get())


@pytest.mark.parametrize(
    "get",
    [
        requests.get,
        httpx.get,
        httpx2.get,
        lambda url: urllib3.request("GET", url),
        get_by_aiohttp,
    ],
    ids=["requests", "httpx", "httpx2", "urllib3", "aiohttp"],
)
def test_so_it_is_by_every_client_that_says_what_is_missing(base, make_recorder, get):
    for mode in (Mode.RECORD, Mode.REPLAY):
        with make_recorder(mode) as recorder:
            headers = get(f"{base}/quota").headers
            if mode is Mode.RECORD:
                assert headers["X-Quota"] == "7"
            else:
                assert headers.get("X-Quota") is None
                assert "X-Quota" not in headers
                with pytest.raises(KeyError, match="holds no header 'X-Quota'"):
                    headers["X-Quota"]
        recorder.save()
