"""Any number of threads: nothing lost, nothing past the cassette."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial

import aiohttp
import httplib2
import httpx
import pytest
import requests
import urllib3
from soak import sized

from azml_contract.cassette.cassette import load_cassette, render_cassette
from azml_contract.recording.engine import Mode

THREADS, REQUESTS = 8, sized(20, 80)


@contextmanager
def by_requests(service):
    with requests.Session() as session:
        session.verify = str(service.ca)
        yield lambda path, body: session.put(f"{service.url}{path}", data=body).content


@contextmanager
def by_urllib3(service):
    with urllib3.PoolManager(ca_certs=str(service.ca), maxsize=THREADS) as pool:
        yield (
            lambda path, body: (
                pool.request("PUT", f"{service.url}{path}", body=body).data
            )
        )


@contextmanager
def by_http_client(service):
    host = service.url.removeprefix("https://")
    context = ssl.create_default_context(cafile=str(service.ca))
    with closing(http.client.HTTPSConnection(host, context=context)) as connection:

        def put(path, body):
            connection.request("PUT", path, body)
            return connection.getresponse().read()

        yield put


@contextmanager
def by_httplib2(service):
    with closing(httplib2.Http(ca_certs=str(service.ca))) as client:
        yield lambda path, body: client.request(f"{service.url}{path}", "PUT", body)[1]


@contextmanager
def by_httpx(service):
    context = ssl.create_default_context(cafile=str(service.ca))
    with httpx.Client(verify=context) as client:
        yield (
            lambda path, body: client.put(f"{service.url}{path}", content=body).content
        )


@contextmanager
def by_aiohttp(service):
    """A loop of its own in each thread."""
    context = ssl.create_default_context(cafile=str(service.ca))

    async def make_session():
        return aiohttp.ClientSession()

    async def put(path, body):
        async with session.put(f"{service.url}{path}", data=body, ssl=context) as got:
            return await got.read()

    with asyncio.Runner() as runner:
        session = runner.run(make_session())
        try:
            yield lambda path, body: runner.run(put(path, body))
        finally:
            runner.run(session.close())


CLIENTS = (by_requests, by_urllib3, by_http_client, by_httplib2, by_httpx, by_aiohttp)


def put_all(put, thread):
    """What one thread sends, one after the other, and is answered."""
    return [
        json.loads(put(f"/t/{thread}/{n}", json.dumps({"n": n}).encode()))["n"]
        for n in range(REQUESTS)
    ]


def put_alone(client, service, thread):
    """As `put_all`, over a client of its own."""
    with client(service) as put:
        return put_all(put, thread)


def run_threads(client, service):
    """What each thread is answered; the pool of urllib3 serves all of them."""
    with ThreadPoolExecutor(THREADS) as threads:
        if client is not by_urllib3:
            return [*threads.map(partial(put_alone, client, service), range(THREADS))]
        with client(service) as put:
            return [*threads.map(partial(put_all, put), range(THREADS))]


@pytest.mark.slow
def test_clients_of_different_kinds_at_once_never_escape(service, record, replay):
    """Making one client's connection must not unpatch another's."""
    service.on("PUT", "/t/.*", lambda call: (200, {}, json.loads(call.body)))

    def story(recorder):
        with ThreadPoolExecutor(len(CLIENTS)) as threads:
            done = [
                threads.submit(put_alone, client, service, n)
                for n, client in enumerate(CLIENTS)
            ]
            assert [one.result() for one in done] == [[*range(REQUESTS)]] * len(CLIENTS)

    recorded = record(story)
    replayed = replay(story)

    assert recorded.exchanges == len(service.calls) == replayed.exchanges


def test_parallel_requests_are_ordered_by_their_key(service, record, cassette_path):
    service.on("GET", "/.*", lambda call: (200, {}, {"path": call.path}))

    def get(path):
        requests.get(f"{service.url}{path}", verify=str(service.ca))

    def story(recorder):
        get("/z-first")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(get, [f"/p/{n}" for n in (3, 1, 2, 0)]))
        get("/a-last")

    record(story)

    paths = [one.request.path for one in load_cassette(cassette_path).interactions]
    assert paths == ["/z-first", "/p/0", "/p/1", "/p/2", "/p/3", "/a-last"]


def test_the_order_of_parallel_requests_does_not_depend_on_drawn_ids(
    service, record, tmp_path
):
    service.on("GET", "/.*", lambda call: (200, {}, {"kind": call.path[1]}))
    drawn = iter(["zzz-run", "aaa-run", "aaa-run", "zzz-run"])

    def story(recorder):
        first = recorder.var("first", lambda: next(drawn))
        second = recorder.var("second", lambda: next(drawn))

        def get(path):
            requests.get(f"{service.url}{path}", verify=str(service.ca))

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(get, [f"/runs/{second}/b", f"/runs/{first}/a"]))

    orders = []
    for name in ("one.json", "two.json"):
        record(story, path=tmp_path / name)
        interactions = load_cassette(tmp_path / name).interactions
        orders.append([one.url[-1] for one in interactions])

    assert orders == [["a", "b"], ["a", "b"]]


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("client", CLIENTS)
def test_nothing_is_lost_in_many_trials_of_each_kind(
    service, make_recorder, cassette_path, client
):
    """Races show in some trials only; the connections are new in each."""
    service.on("PUT", "/t/.*", lambda call: (200, {}, json.loads(call.body)))
    expected = [[*range(REQUESTS)]] * THREADS
    files = set()
    trials = sized(2, 50)

    for trial in range(1, trials + 1):
        with make_recorder(Mode.RECORD) as recorder:
            assert run_threads(client, service) == expected
        recorder.save()
        assert len(service.calls) == THREADS * REQUESTS * trial
        assert recorder.exchanges == THREADS * REQUESTS
        recorded = load_cassette(cassette_path)
        assert len(recorded.interactions) == THREADS * REQUESTS
        files.add(render_cassette(replace(recorded, recorded_at="")))
    for _ in range(trials):
        with make_recorder(Mode.REPLAY) as recorder:
            assert run_threads(client, service) == expected
        recorder.finish()
        assert recorder.exchanges == THREADS * REQUESTS

    assert len(service.calls) == THREADS * REQUESTS * trials
    assert len(files) == 1
