"""Clients that vcrpy intercepts: httpx and aiohttp, plain and asynchronous."""

from __future__ import annotations

import asyncio
import json
import ssl

import aiohttp
import httpx
import pytest

from azml_contract.cassette.cassette import load_cassette
from azml_contract.recording.engine import Mode
from azml_contract.recording.miss import NoMatchingInteraction


@pytest.fixture
def trust(service):
    """The TLS settings that accept the recorded side."""
    return ssl.create_default_context(cafile=str(service.ca))


@pytest.fixture
def echo(service):
    service.on("POST", "/echo/.*", lambda call: (200, {}, json.loads(call.body)))
    return f"{service.url}/echo"


def recorded_paths(cassette_path):
    return [one.request.path for one in load_cassette(cassette_path).interactions]


def test_httpx_is_recorded_and_replayed(echo, trust, record, replay):
    def story(recorder):
        with httpx.Client(verify=trust) as client:
            answer = client.post(f"{echo}/1", json={"a": 1})
            assert (answer.status_code, answer.json()) == (200, {"a": 1})

    record(story)
    replay(story)


def test_httpx_in_parallel_is_recorded_in_the_order_of_its_keys(
    echo, trust, record, replay, cassette_path
):
    async def send():
        async with httpx.AsyncClient(verify=trust) as client:
            answers = await asyncio.gather(
                *(client.post(f"{echo}/{n}", json={"a": n}) for n in range(20))
            )
            assert [one.json()["a"] for one in answers] == list(range(20))

    record(lambda recorder: asyncio.run(send()))
    replay(lambda recorder: asyncio.run(send()))

    paths = recorded_paths(cassette_path)
    assert paths == sorted(paths)
    assert len(paths) == 20


def test_aiohttp_in_parallel_and_through_a_redirect(
    service, echo, trust, record, replay, cassette_path
):
    service.on("GET", "/old", lambda call: (302, {"Location": "/new"}, b""))
    service.on("GET", "/new", lambda call: (200, {}, {"here": 1}))

    async def post(client, number):
        url, body = f"{echo}/{number}", {"a": number}
        async with client.post(url, json=body, ssl=trust) as answer:
            return (await answer.json())["a"]

    async def send():
        async with aiohttp.ClientSession() as client:
            answers = await asyncio.gather(*(post(client, n) for n in range(20)))
            assert answers == list(range(20))
            async with client.get(f"{service.url}/old", ssl=trust) as answer:
                assert await answer.json() == {"here": 1}

    record(lambda recorder: asyncio.run(send()))
    replay(lambda recorder: asyncio.run(send()))

    paths = recorded_paths(cassette_path)
    assert set(paths) >= {"/old", "/new", "/echo/0", "/echo/19"}


@pytest.fixture
def replaying(service, trust, record, make_recorder):
    """A recorder whose cassette holds one GET of /x."""
    service.on("GET", "/x", lambda call: (200, {}, {}))
    record(lambda recorder: httpx.get(f"{service.url}/x", verify=trust))
    service.stop()
    return make_recorder(Mode.REPLAY)


def test_a_miss_in_httpx_names_what_is_there(replaying, service, trust):
    with replaying, pytest.raises(NoMatchingInteraction, match="/x"):
        httpx.get(f"{service.url}/y", verify=trust)


def test_a_miss_in_aiohttp_names_what_is_there(replaying, service):
    async def send():
        async with aiohttp.ClientSession() as client:
            await client.get(f"{service.url}/y")

    with replaying, pytest.raises(NoMatchingInteraction, match="/x"):
        asyncio.run(send())


def test_extend_plays_and_records_for_clients_on_vcrpys_stubs(
    echo, trust, record, replay, make_recorder, cassette_path, service
):
    def send(count):
        with httpx.Client(verify=trust) as client:
            for number in range(count):
                assert client.post(f"{echo}/{number}", json={}).json() == {}

    record(lambda recorder: send(2))
    before = len(service.calls)
    with make_recorder(Mode.EXTEND) as recorder:
        send(4)
    recorder.finish()
    recorder.save()

    assert [call.path for call in service.calls[before:]] == ["/echo/2", "/echo/3"]
    assert recorded_paths(cassette_path) == [f"/echo/{n}" for n in range(4)]
    replay(lambda recorder: send(4))
