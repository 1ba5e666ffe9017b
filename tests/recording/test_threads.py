"""Any number of threads: nothing lost, nothing past the cassette."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import requests
import urllib3
from soak import sized

from azml_contract.cassette.cassette import load_cassette, render_cassette
from azml_contract.recording.engine import Mode

THREADS, REQUESTS = 8, 80


def run_threads(work):
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, range(THREADS)))


def with_requests(service):
    def work(thread):
        with requests.Session() as session:
            session.verify = str(service.ca)
            return [
                session.put(f"{service.url}/t/{thread}/{n}", json={"n": n}).json()["n"]
                for n in range(REQUESTS)
            ]

    return work


def with_urllib3(service):
    pool = urllib3.PoolManager(ca_certs=str(service.ca), maxsize=THREADS)

    def work(thread):
        return [
            pool.request("PUT", f"{service.url}/t/{thread}/{n}", json={"n": n}).json()[
                "n"
            ]
            for n in range(REQUESTS)
        ]

    return work


def with_http_client(service):
    def work(thread):
        numbers = []
        context = ssl.create_default_context(cafile=str(service.ca))
        for n in range(REQUESTS // 8):
            host = service.url.removeprefix("https://")
            connection = http.client.HTTPSConnection(host, context=context)
            connection.request("PUT", f"/t/{thread}/{n}", json.dumps({"n": n}))
            numbers.append(json.loads(connection.getresponse().read())["n"])
            connection.close()
        return numbers

    return work


@pytest.mark.slow
@pytest.mark.parametrize("client", [with_requests, with_urllib3, with_http_client])
def test_eight_threads_lose_nothing_and_leak_nothing(
    service, record, replay, cassette_path, client
):
    service.on("PUT", "/t/.*", lambda call: (200, {}, json.loads(call.body)))
    answers = []

    def story(recorder):
        answers.append(run_threads(client(service)))

    recorded = record(story)
    replayed = replay(story)

    sent = len(service.calls)
    assert recorded.exchanges == replayed.exchanges == sent
    assert len(load_cassette(cassette_path).interactions) == sent
    assert answers[0] == answers[1]


@pytest.mark.slow
def test_clients_of_different_kinds_at_once_never_escape(service, record, replay):
    """Making one client's connection must not unpatch another's."""
    service.on("PUT", "/t/.*", lambda call: (200, {}, json.loads(call.body)))
    kinds = [with_requests, with_urllib3, with_http_client]

    def story(recorder):
        threads = [
            threading.Thread(target=kinds[n % 3](service), args=(n,)) for n in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

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
@pytest.mark.parametrize("client", [with_requests, with_urllib3])
def test_nothing_is_lost_in_many_trials_of_each_kind(
    service, make_recorder, cassette_path, client
):
    """Races show in some trials only; the connections are new in each."""
    service.on("PUT", "/t/.*", lambda call: (200, {}, json.loads(call.body)))
    expected = [list(range(REQUESTS))] * THREADS
    files = set()
    trials = sized(3, 50)

    for trial in range(1, trials + 1):
        with make_recorder(Mode.RECORD) as recorder:
            assert run_threads(client(service)) == expected
        recorder.save()
        assert len(service.calls) == THREADS * REQUESTS * trial
        assert recorder.exchanges == THREADS * REQUESTS
        files.add(
            render_cassette(replace(load_cassette(cassette_path), recorded_at=""))
        )
    for _ in range(trials):
        with make_recorder(Mode.REPLAY) as recorder:
            assert run_threads(client(service)) == expected
        recorder.finish()
        assert recorder.exchanges == THREADS * REQUESTS

    assert len(service.calls) == THREADS * REQUESTS * trials
    assert len(files) == 1
