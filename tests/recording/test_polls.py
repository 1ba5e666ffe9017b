"""Polls: folded when recorded, repeated in replay, never slept on."""

from __future__ import annotations

import pytest
import requests

from azml_contract.cassette.cassette import load_cassette
from azml_contract.recording.engine import Mode
from azml_contract.recording.miss import NoMatchingInteraction

V = "?api-version=2024-04-01"
STATES = ["Starting", "Running", "Running", "Running", "Completed"]


@pytest.fixture
def job_service(service):
    """A job that runs, an operation that finishes, and an ordinary resource."""
    job, operation = iter(STATES), iter(["InProgress", "InProgress", "Succeeded"])

    def status(call):
        answer = {"properties": {"status": next(job)}}
        return 200, {"Retry-After": "30"}, answer

    def put(call):
        url = f"{service.url}/operations-of-mine/1{V}"
        return 201, {"Azure-AsyncOperation": url}, {}

    service.on("GET", ".*/jobs/.*", status)
    service.on("PUT", ".*/computes/.*", put)
    service.on(
        "GET",
        "/operations-of-mine/1",
        lambda call: (200, {}, {"status": next(operation)}),
    )
    service.on("GET", ".*/codes/.*", lambda call: (200, {}, {}))
    return service


def get(service, path):
    return requests.get(f"{service.url}{path}{V}", verify=str(service.ca))


def test_identical_polls_fold_and_state_changes_do_not(
    job_service, record, replay, cassette_path
):
    seen = []

    def story(recorder):
        for _ in STATES:
            answer = get(job_service, "/jobs/train-1")
            seen.append(answer.json()["properties"]["status"])

    record(story)
    replay(story)

    folded = [
        (one.response_json["properties"]["status"], one.times)
        for one in load_cassette(cassette_path).interactions
    ]
    assert folded == [("Starting", 1), ("Running", 3), ("Completed", 1)]
    assert seen == STATES * 2


def test_the_last_state_repeats_however_often_it_is_asked(job_service, record, replay):
    def story(polls):
        def run(recorder):
            for _ in range(polls):
                last = get(job_service, "/jobs/train-1").json()
            assert last["properties"]["status"] == "Completed"

        return run

    record(story(5))
    replay(story(12))


def test_retry_after_is_zero_in_replay(job_service, record, replay):
    waits = []

    def story(recorder):
        waits.append(get(job_service, "/jobs/train-1").headers["Retry-After"])

    record(story)
    replay(story)

    assert waits == ["30", "0"]


def test_announced_urls_are_polls(job_service, record, replay, cassette_path):
    def story(recorder):
        url = f"{job_service.url}/computes/cpu{V}"
        answer = requests.put(url, json={}, verify=str(job_service.ca))
        status = answer.headers["Azure-AsyncOperation"]
        polls = 3 if recorder.replaying is False else 6
        for _ in range(polls):
            last = requests.get(status, verify=str(job_service.ca)).json()["status"]
        assert last == "Succeeded"

    record(story)
    replay(story)

    counts = [one.times for one in load_cassette(cassette_path).interactions]
    assert counts == [1, 2, 1]


def test_anything_but_a_poll_does_not_repeat(job_service, record, replay):
    record(lambda recorder: get(job_service, "/codes/a"))

    def twice(recorder):
        get(job_service, "/codes/a")
        get(job_service, "/codes/a")

    with pytest.raises(NoMatchingInteraction):
        replay(twice)


def test_polls_of_two_jobs_in_turn_fold_by_job(service, record, replay, cassette_path):
    service.on("GET", ".*/jobs/.*", lambda call: (200, {}, {"id": call.path}))

    def story(recorder):
        for _ in range(3):
            get(service, "/jobs/a")
            get(service, "/jobs/b")

    record(story)
    replay(story)

    counts = [(one.url, one.times) for one in load_cassette(cassette_path).interactions]
    assert [times for _, times in counts] == [3, 3]


def test_a_poll_after_another_call_is_not_folded_into_one_before(
    job_service, record, cassette_path
):
    def story(recorder):
        for _ in range(2):
            get(job_service, "/jobs/train-1")
        get(job_service, "/codes/a")
        get(job_service, "/jobs/train-1")

    record(story)

    kinds = [
        (one.url.split("/")[3], one.times)
        for one in load_cassette(cassette_path).interactions
    ]
    assert kinds == [("jobs", 1), ("jobs", 1), ("codes", 1), ("jobs", 1)]


def test_states_that_were_never_asked_for_are_unused(
    job_service, record, make_recorder
):
    from azml_contract.recording.miss import UnusedInteractions

    record(lambda recorder: [get(job_service, "/jobs/train-1") for _ in STATES])
    job_service.stop()

    with make_recorder(Mode.REPLAY) as recorder:
        get(job_service, "/jobs/train-1")
    with pytest.raises(UnusedInteractions) as caught:
        recorder.finish()

    assert "holds 2 interactions" in str(caught.value)
