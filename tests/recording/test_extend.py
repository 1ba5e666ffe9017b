"""Extend: what is recorded answers in live names, what is missing is added."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from azure.identity import ClientSecretCredential

from azml_contract.cassette.cassette import load_cassette
from azml_contract.errors import CassetteError
from azml_contract.recording.engine import Mode
from azml_contract.recording.player import UnusedInteractions

JOB = "5f0c7a31-9f5e-4c7b-8f7e-3a2b1c0d9e8f"
OTHER = "7d1f0b42-1c2d-4e3f-9a8b-0c1d2e3f4a5b"
KEY = "c2VjcmV0LWtleS1vZi10aGUtYWNjb3VudC0wMTIzNDU2Nzg5"


@pytest.fixture
def arm(service, real):
    """A workspace whose jobs have ids, and whose datastore has a key."""

    def job(call):
        name = call.path.rpartition("/")[2]
        guid = JOB if name == "one" else OTHER
        body = {"id": call.path, "runId": guid, "workspaceName": real.workspace}
        return 200, {"Location": f"{service.url}{call.path}/result"}, body

    service.on("GET", f"{real.base}/jobs/.*", job)
    service.on("POST", ".*/listSecrets", lambda call: (200, {}, {"key": KEY}))
    return service


def get(service, names, *jobs):
    with requests.Session() as session:
        session.verify = str(service.ca)
        return [session.get(f"{service.url}{names.base}/jobs/{one}") for one in jobs]


@pytest.fixture
def extend(make_recorder):
    """Run a story in extend mode and save."""

    def run(story, **changes):
        with make_recorder(Mode.EXTEND, **changes) as recorder:
            story(recorder)
        recorder.finish()
        recorder.save()
        return recorder

    return run


def test_a_recorded_answer_comes_back_in_live_names_and_nothing_is_sent(
    arm, real, record, extend, cassette_path
):
    record(lambda recorder: get(arm, real, "one"))
    before, sent = cassette_path.read_bytes(), len(arm.calls)
    seen, answers = [], []

    recorder = extend(
        lambda recorder: answers.extend(get(arm, real, "one")), observe=seen.append
    )

    assert len(arm.calls) == sent
    assert cassette_path.read_bytes() == before
    body = answers[0].json()
    assert body["id"] == f"{real.base}/jobs/one"
    assert body["workspaceName"] == real.workspace
    assert real.subscription in answers[0].headers["location"]
    assert recorder.exchanges == 1
    assert real.subscription in seen[0].request.url


def test_what_is_missing_is_added_and_stand_ins_keep_their_meaning(
    arm, real, stand_ins, record, extend, replay, cassette_path
):
    record(lambda recorder: get(arm, real, "one"))
    first = load_cassette(cassette_path).interactions[0].response_json

    extend(lambda recorder: get(arm, real, "two", "one"))

    cassette = load_cassette(cassette_path)
    assert [one.url.rpartition("/")[2] for one in cassette.interactions] == [
        "one",
        "two",
    ]
    second = cassette.interactions[1].response_json
    assert first["runId"].endswith("0001")
    assert second["runId"].endswith("0002")
    assert real.subscription not in cassette_path.read_text("utf-8")
    replay(lambda recorder: get(arm, stand_ins, "two", "one"))


def test_side_files_of_what_was_recorded_before_stay(
    service, record, extend, replay, cassette_path
):
    large = bytes(range(256)) * 400
    service.on("GET", "/large", lambda call: (200, {}, large))
    service.on("GET", "/small", lambda call: (200, {}, b"small"))

    def get(*paths):
        def story(recorder):
            for path in paths:
                url = f"{service.url}/{path}"
                answer = requests.get(url, verify=str(service.ca))
                assert answer.content == (large if path == "large" else b"small")

        return story

    record(get("large"))
    proven: list[str] = []
    extend(
        get("large", "small"),
        rerun=lambda folder: proven.extend(f.name for f in folder.rglob("blobs/*")),
    )

    (first, second) = load_cassette(cassette_path).interactions
    assert first.named_files == {*proven}
    assert second.named_files == frozenset()
    replay(get("large", "small"))


def test_reads_of_both_parts_are_kept(
    arm, real, make_recorder, record, extend, cassette_path
):
    record(lambda recorder: get(arm, real, "one"))

    def story(recorder):
        one, two = get(arm, real, "one", "two")
        recorder.note_read(one, "/id")
        recorder.note_read(two, "/runId")

    extend(story)

    assert load_cassette(cassette_path).reads == {0: ("/id",), 1: ("/runId",)}


def test_a_list_of_keys_is_asked_for_anew_and_kept_once(
    arm, real, record, extend, cassette_path
):
    def story(recorder):
        url = f"{arm.url}{real.base}/datastores/d/listSecrets"
        answer = requests.post(url, verify=str(arm.ca))
        assert answer.json() == {"key": KEY}

    record(story)

    def longer(recorder):
        story(recorder)
        get(arm, real, "one")
        requests.put(f"{arm.url}/use", json={"note": KEY}, verify=str(arm.ca))

    extend(longer)

    text = cassette_path.read_text("utf-8")
    assert KEY not in text
    methods = [one.method for one in load_cassette(cassette_path).interactions]
    assert methods == ["POST", "GET", "PUT"]


def test_a_login_goes_out_and_is_kept_once(arm, real, record, extend, cassette_path):
    def story(*jobs):
        def run(recorder):
            credential = ClientSecretCredential(
                real.tenant,
                real.client,
                real.secret,
                authority=arm.url,
                disable_instance_discovery=True,
                connection_verify=str(arm.ca),
            )
            token = credential.get_token("https://management.azure.com/.default").token
            assert token != "REDACTED"
            for job in jobs:
                requests.get(
                    f"{arm.url}{real.base}/jobs/{job}",
                    headers={"Authorization": f"Bearer {token}"},
                    verify=str(arm.ca),
                )

        return run

    record(story("one"))
    logins = len(load_cassette(cassette_path).interactions) - 1
    extend(story("one", "two"))

    interactions = load_cassette(cassette_path).interactions
    assert len(interactions) == logins + 2
    assert interactions[-1].url.endswith("/jobs/two")


def test_nothing_is_written_while_something_recorded_is_not_asked_for(
    arm, real, record, extend, cassette_path
):
    record(lambda recorder: get(arm, real, "one"))
    before = cassette_path.read_bytes()

    with pytest.raises(UnusedInteractions, match="/jobs/one"):
        extend(lambda recorder: get(arm, real, "two"))

    assert cassette_path.read_bytes() == before


def test_a_cassette_of_another_target_is_not_extended(arm, real, record, make_recorder):
    record(lambda recorder: get(arm, real, "one"), target="emulator")
    recorder = make_recorder(Mode.EXTEND, target="azure")

    with pytest.raises(CassetteError, match="recorded from emulator"), recorder:
        pass


def test_variables_alone_make_a_cassette_longer(
    arm, real, record, extend, cassette_path
):
    record(lambda recorder: get(arm, real, "one"))

    def story(recorder):
        get(arm, real, "one")
        assert recorder.var("new", lambda: 5) == 5

    extend(story)

    assert load_cassette(cassette_path).variables == {"new": 5}


def test_what_was_only_played_is_named_so_that_no_cleaning_deletes_it(
    arm, real, record, make_recorder
):
    arm.on("PUT", f"{real.base}/computes/.*", lambda call: (201, {}, {}))

    def make(name):
        url = f"{arm.url}{real.base}/computes/{name}"
        assert requests.put(url, json={}, verify=str(arm.ca)).status_code == 201

    record(lambda recorder: make("shared%20cluster"))
    sent = len(arm.calls)
    with make_recorder(Mode.EXTEND) as recorder:
        make("shared%20cluster")
        make("new")
        assert len(arm.calls) == sent + 1
        played = recorder.stop()
        make("shared%20cluster")

    assert played == {f"{real.base}/computes/shared cluster"}
    assert len(arm.calls) == sent + 2


@pytest.mark.slow
def test_threads_extend_at_once(service, record, extend, replay, cassette_path):
    service.on("PUT", "/t/.*", lambda call: (200, {}, json.loads(call.body)))

    def send(count):
        def put(number):
            with requests.Session() as session:
                url = f"{service.url}/t/{number:03}"
                answer = session.put(url, json={"n": number}, verify=str(service.ca))
                return answer.json()["n"]

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(put, range(count))) == list(range(count))

    record(lambda recorder: send(100))
    sent = len(service.calls)
    extend(lambda recorder: send(200))

    assert len(service.calls) == sent + 100
    paths = [one.request.path for one in load_cassette(cassette_path).interactions]
    assert paths == [f"/t/{n:03}" for n in range(200)]
    replay(lambda recorder: send(200))


def test_an_account_that_no_settings_know_keeps_its_number(
    service, record, extend, replay, cassette_path
):
    service.on("PUT", "/stores/.*", lambda call: (200, {}, json.loads(call.body)))

    def story(*names):
        def run(recorder):
            for number, name in enumerate(names):
                body = {"accountName": name}
                url = f"{service.url}/stores/{number}"
                answer = requests.put(url, json=body, verify=str(service.ca))
                assert answer.json() == body

        return run

    record(story("contosolake07"))
    longer = story("contosolake07", "contosolake08", "contosolake07")
    extend(longer)

    kept = [one.request_json for one in load_cassette(cassette_path).interactions]
    names = ["storageaccount2", "storageaccount3", "storageaccount2"]
    assert kept == [{"accountName": name} for name in names]
    replay(longer)
