"""A recording that would not replay is not written, and says why."""

from __future__ import annotations

import itertools
import stat
import threading

import pytest
import requests

from azml_contract.cassette.cassette import load_cassette
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.recording.engine import Mode
from azml_contract.recording.proof import ProofFailed, _Answers
from azml_contract.redaction.scan import SecretFound

PERSON = "Ada Example-Lovelace"


@pytest.fixture
def get(service):
    service.on("GET", "/ok/.*", lambda call: (200, {}, {"path": call.path}))
    with requests.Session() as session:
        session.verify = str(service.ca)
        yield lambda path, **more: session.get(f"{service.url}{path}", **more)


def test_a_constant_that_was_levelled_as_a_name_would_miss_and_is_refused(
    service, get, make_recorder, cassette_path
):
    """The name is learned from a later answer; replay will not know it."""
    who = {"systemData": {"createdBy": PERSON}}
    service.on("PUT", "/env", lambda call: (201, {}, who))
    with make_recorder(Mode.RECORD) as recorder:
        get("/ok/1")
        sent = {"note": f"owned by {PERSON}"}
        requests.put(f"{service.url}/env", json=sent, verify=str(service.ca))
    recorder.finish()
    with pytest.raises(ProofFailed, match="would not replay") as caught:
        recorder.save()
    assert "/note" in str(caught.value)
    assert PERSON not in str(caught.value)
    assert "azml_matchers" in str(caught.value)
    assert not cassette_path.exists()
    kept = cassette_path.with_suffix(".unproven")
    assert str(kept.name) in str(caught.value)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert len(load_cassette(kept).interactions) == 2
    assert "*.unproven" in kept.with_name(".gitignore").read_text()


def test_a_secret_that_a_later_call_tells_is_refused_where_replay_cannot_know_it(
    service, get, make_recorder
):
    word = "kT4vXq9!Zm7"
    service.on("PUT", "/env", lambda call: (201, {}, {}))
    with make_recorder(Mode.RECORD) as recorder:
        for body in ({"note": f"it is {word}"}, {"password": word}):
            requests.put(f"{service.url}/env", json=body, verify=str(service.ca))
    recorder.finish()
    with pytest.raises(ProofFailed, match="the request of interaction 0") as caught:
        recorder.save()
    assert "a secret that only a later call tells" in str(caught.value)
    assert "secrets of [tool.azml-contract.redact]" in str(caught.value)
    assert word not in str(caught.value)


def test_what_an_earlier_answer_brought_up_may_differ_from_run_to_run(
    service, get, record, replay
):
    tokens = itertools.count()

    def listed(call):
        if "$skipToken" in call.query:
            return 200, {}, {"value": [2]}
        mark = f"{service.url}/list?$skipToken=page-{next(tokens)}-of-this-run"
        return 200, {}, {"value": [1], "nextLink": mark}

    service.on("GET", "/list", listed)

    def story(recorder):
        first = get("/list").json()
        assert requests.get(first["nextLink"], verify=str(service.ca)).json()["value"]

    record(story)
    replay(story)


def test_what_an_answer_brought_up_may_come_back_quoted():
    """As signatures do: the service writes them bare, and clients quote them."""
    body = b'{"signature": "ab/cdefgh/ijkl+mnop="}'
    answers = _Answers(
        [Exchange(Request("POST", "https://h/sas"), Response(200, (), body))]
    )
    quoted = Request("GET", "https://h/blob?sig=ab%2Fcdefgh%2Fijkl%2Bmnop%3D")
    other = Request("GET", "https://h/blob?sig=ab%2Fcdefgh%2Fijkl%2Bmnop%3D&at=here")
    written = Request("GET", "https://h/blob?sig=REDACTED")

    assert answers.brought_up(quoted, written)
    assert not answers.brought_up(other, written)


def test_equal_parallel_requests_with_different_answers_are_refused(
    service, make_recorder, cassette_path
):
    numbers, together = itertools.count(), threading.Barrier(2)

    def count(call):
        together.wait(5)
        return 200, {}, {"n": next(numbers)}

    service.on("GET", "/count", count)
    with make_recorder(Mode.RECORD) as recorder:
        threads = [
            threading.Thread(
                target=requests.get,
                args=(f"{service.url}/count",),
                kwargs={"verify": str(service.ca)},
            )
            for _ in range(2)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    recorder.finish()
    with pytest.raises(ProofFailed, match="at the same time were equal"):
        recorder.save()
    assert not cassette_path.exists()


def test_polling_in_a_thread_of_its_own_is_no_such_thing(service, get, record, replay):
    numbers = itertools.count()
    states = {"now": ("Running", "Running", "Completed")}
    service.on(
        "GET", "/jobs/a", lambda call: (200, {}, {"s": states["now"][next(numbers)]})
    )

    def poll():
        while get("/jobs/a").json()["s"] != "Completed":
            pass

    def story(recorder):
        thread = threading.Thread(target=poll)
        thread.start()
        thread.join()

    record(story)
    replay(story)


def test_with_a_secret_in_it_nothing_is_kept(
    service, get, make_recorder, cassette_path
):
    secret = "abc8Q~dEfGhIjKlMnOpQrStUvWxYz0123456789.-"
    leak = {"note": "\0\0\0".join(secret)}  # read by nobody but the scanner
    service.on("GET", "/leak", lambda call: (200, {}, leak))
    with make_recorder(Mode.RECORD) as recorder:
        get("/leak")
    with pytest.raises(SecretFound):
        recorder.save()
    assert not list(cassette_path.parent.glob("*"))


def test_an_old_cassette_stays_as_it_was(service, get, make_recorder, record):
    recorder = record(lambda recorder: get("/ok/1"))
    path = recorder.settings.path
    before = path.read_bytes()
    service.on(
        "GET", "/who", lambda call: (200, {}, {"systemData": {"createdBy": PERSON}})
    )
    with make_recorder(Mode.RECORD) as recorder:
        get("/ok/1", params={"by": PERSON})
        get("/who")
    with pytest.raises(ProofFailed):
        recorder.save()
    assert path.read_bytes() == before
