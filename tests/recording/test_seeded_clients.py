"""Clients that draw their own names draw the same ones in replay."""

from __future__ import annotations

import os
import random
import string
import threading
import uuid
from uuid import uuid4

import pytest
import requests

from azml_contract.cassette.cassette import load_cassette
from azml_contract.errors import CassetteError
from azml_contract.recording.engine import Mode
from azml_contract.recording.seed import SEED_VARIABLE, seeded


def submit(service, names):
    """As azure-ai-ml does: names of its own, and ids from a function it holds."""
    short = "".join(random.choices(string.ascii_lowercase, k=10))
    with requests.Session() as session:
        session.verify = str(service.ca)
        for name in (short, str(uuid4()), uuid4().hex):
            body = {"name": name, "run": str(uuid4())}
            answer = session.put(f"{service.url}/jobs/{name}", json=body).json()
            assert answer == {"id": f"/jobs/{name}"}
            names.append(name)


@pytest.fixture
def jobs(service):
    service.on("PUT", "/jobs/.*", lambda call: (201, {}, {"id": call.path}))
    return service


def test_names_that_a_client_draws_are_the_same_in_replay(
    jobs, record, replay, cassette_path
):
    recorded, replayed = [], []

    record(lambda recorder: submit(jobs, recorded), seed_random=True)
    replay(lambda recorder: submit(jobs, replayed), seed_random=True)

    assert recorded == replayed
    cassette = load_cassette(cassette_path)
    assert set(cassette.variables) == {SEED_VARIABLE}
    assert [one.response_json["id"] for one in cassette.interactions] == [
        f"/jobs/{name}" for name in recorded
    ]


def test_two_recordings_draw_different_names(jobs, record):
    first, second = [], []

    record(lambda recorder: submit(jobs, first), seed_random=True)
    record(lambda recorder: submit(jobs, second), seed_random=True)

    assert not set(first) & set(second)


def test_what_other_functions_draw_does_not_shift_a_clients_names():
    def draw():
        return uuid.uuid4()

    def another():
        return uuid.uuid4()

    with seeded(7):
        alone = [draw(), draw()]
    with seeded(7):
        another()
        mixed = [draw(), another(), draw()]

    assert [mixed[0], mixed[2]] == alone
    assert alone[0] != alone[1]
    assert {one.version for one in mixed} == {4}


def test_afterwards_random_and_uuid_are_as_they_were():
    random.seed(3)
    expected = random.random()
    random.seed(3)

    def fail():
        with seeded(7):
            random.random()
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    assert random.random() == expected
    assert uuid.os is os
    assert uuid4() != uuid4()


def test_threads_may_draw_at_once():
    def draw():
        found.extend(uuid4() for _ in range(200))

    def run():
        threads = [threading.Thread(target=draw) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return set(found)

    results = []
    for _ in range(2):
        found = []
        with seeded(7):
            results.append(run())

    assert results[0] == results[1]
    assert len(results[0]) == 800


def test_a_recording_made_without_a_seed_says_that_one_is_missing(
    jobs, record, make_recorder
):
    record(lambda recorder: submit(jobs, []))

    with (
        pytest.raises(CassetteError, match=f"has no variable '{SEED_VARIABLE}'"),
        make_recorder(Mode.REPLAY, seed_random=True),
    ):
        pass
    with make_recorder(Mode.REPLAY):
        pass


def test_a_run_without_the_option_draws_as_ever(jobs, record, cassette_path):
    state = random.getstate()
    record(lambda recorder: recorder.var("one", lambda: 1) and submit(jobs, []))
    assert SEED_VARIABLE not in load_cassette(cassette_path).variables
    random.setstate(state)
