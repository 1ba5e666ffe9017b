"""Clients on azure-core poll a recorded operation without sleeping."""

from __future__ import annotations

import asyncio
import inspect
import time

import pytest
from azure.core import AsyncPipelineClient, PipelineClient
from azure.core.pipeline.policies import RequestIdPolicy, RetryPolicy
from azure.core.pipeline.transport import (
    AsyncHttpTransport,
    AsyncioRequestsTransport,
    HttpTransport,
)
from azure.core.polling import LROPoller
from azure.core.polling.base_polling import LROBasePolling
from azure.core.rest import HttpRequest

from azml_contract.recording.engine import Mode


@pytest.fixture
def slept(monkeypatch):
    """What azure-core asked the clock for."""
    asked = []

    async def sleep(seconds):
        asked.append(seconds)

    monkeypatch.setattr(time, "sleep", asked.append)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    return asked


@pytest.fixture
def operation(service):
    """An operation that ends at the third poll."""
    states = iter(["Running", "Running", "Succeeded"])

    def start(call):
        return 201, {"Operation-Location": f"{service.url}/operations/o"}, {}

    def poll(call):
        return 200, {"Retry-After": "30"}, {"status": next(states)}

    service.on("PUT", "/jobs/j", start)
    service.on("GET", "/operations/o", poll)
    service.on("GET", "/jobs/j", lambda call: (200, {}, {"name": "j"}))
    return service


def follow(service):
    with PipelineClient(
        service.url, policies=[RequestIdPolicy()], connection_verify=str(service.ca)
    ) as client:
        request = HttpRequest("PUT", f"{service.url}/jobs/j", json={})
        first = client._pipeline.run(request)
        poller = LROPoller(
            client, first, lambda done: done.http_response.json(), LROBasePolling(30)
        )
        assert poller.result() == {"name": "j"}


def test_a_replayed_operation_is_polled_without_sleeping(
    operation, record, replay, slept
):
    record(lambda recorder: follow(operation))
    assert sum(one for one in slept if one >= 1) == 60
    slept.clear()

    replay(lambda recorder: follow(operation))

    assert [one for one in slept if one >= 1] == []


class OwnSleep(AsyncioRequestsTransport):
    """Like that of trio, which brings a sleep of its own."""

    async def sleep(self, duration):
        await asyncio.sleep(duration)


@pytest.mark.parametrize("transport", [AsyncioRequestsTransport, OwnSleep])
def test_async_transports_do_not_sleep_either(
    service, make_recorder, record, slept, transport
):
    service.on("GET", "/x", lambda call: (200, {}, {}))

    async def get():
        async with AsyncPipelineClient(
            service.url,
            policies=[],
            transport=transport(connection_verify=str(service.ca)),
        ) as client:
            await client.send_request(HttpRequest("GET", f"{service.url}/x"))
            await client._pipeline._transport.sleep(30)

    record(lambda recorder: asyncio.run(get()))
    assert 30 in slept
    slept.clear()

    with make_recorder(Mode.REPLAY):
        asyncio.run(get())

    assert 30 not in slept


def test_afterwards_azure_core_sleeps_again(service, record, replay):
    transports = (HttpTransport, AsyncHttpTransport, AsyncioRequestsTransport, OwnSleep)
    before = [one.sleep for one in transports]
    service.on("GET", "/x", lambda call: (200, {}, {}))

    def get(recorder):
        with PipelineClient(
            service.url, policies=[], connection_verify=str(service.ca)
        ) as client:
            client.send_request(HttpRequest("GET", f"{service.url}/x"))
            changes.append([one.sleep for one in transports] != before)

    changes = []
    record(get)
    replay(get)

    assert changes == [False, True]
    assert [one.sleep for one in transports] == before


def test_azure_core_still_sleeps_through_its_transports():
    """`Sleepless` patches `sleep` of these; a poller must ask them."""
    assert "self._transport.sleep(" in inspect.getsource(LROBasePolling._sleep)
    assert "transport.sleep(" in inspect.getsource(RetryPolicy._sleep_backoff)
    assert "sleep" in vars(AsyncioRequestsTransport)
