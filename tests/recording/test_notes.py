"""What a scenario draws and reads is noted in the cassette, and given back."""

from __future__ import annotations

import http.client

import pytest
import requests

from azml_contract.cassette.cassette import load_cassette
from azml_contract.errors import CassetteError
from azml_contract.recording.engine import Mode, Recorder


def test_variables_are_drawn_once_and_repeated(service, record, replay):
    service.on("GET", "/x", lambda call: (200, {}, {}))
    drawn = iter(["train-1", "never"])
    seen = []

    def story(recorder):
        seen.append(recorder.var("run_id", lambda: next(drawn)))
        seen.append(recorder.var("run_id", lambda: next(drawn)))
        seen.append(recorder.var("parts", lambda: [1, {"a": None}]))
        requests.get(f"{service.url}/x", verify=str(service.ca))

    record(story)
    replay(story)

    assert seen == ["train-1", "train-1", [1, {"a": None}]] * 2


def test_an_unknown_variable_in_replay_names_the_known_ones(service, record, replay):
    service.on("GET", "/x", lambda call: (200, {}, {}))

    def story(recorder):
        recorder.var("run_id", lambda: "a")
        requests.get(f"{service.url}/x", verify=str(service.ca))

    record(story)

    with pytest.raises(CassetteError) as caught:
        replay(lambda recorder: recorder.var("other", lambda: "b"))
    assert "no variable 'other'; it has: run_id" in str(caught.value)
    assert "pytest --azml-mode=record" in str(caught.value)


def test_a_variable_that_is_no_json_is_refused_when_drawn(make_recorder):
    with make_recorder(Mode.LIVE) as recorder, pytest.raises(CassetteError) as caught:
        recorder.var("when", lambda: object())

    assert "The variable 'when' is a object" in str(caught.value)


def test_reads_are_kept_by_interaction(service, record, cassette_path):
    service.on("GET", "/x/.*", lambda call: (200, {}, {"name": "a", "value": [1]}))

    def story(recorder: Recorder):
        session = requests.Session()
        session.verify = str(service.ca)
        session.get(f"{service.url}/x/1")
        second = session.get(f"{service.url}/x/2")
        recorder.note_read(second, "/value/0")
        recorder.note_read(second, "/name")
        recorder.note_read(second, "/name")
        recorder.note_read(requests.Response(), "/not-ours")

    record(story)

    assert load_cassette(cassette_path).reads == {1: ("/name", "/value/0")}


def look_from(file, text):
    """A function that looks an answer's headers up on line 2 of a file."""
    within = {}
    exec(compile(f"def look(headers):\n    return {text}", str(file), "exec"), within)
    return within["look"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("headers.get('x-own')", ["asked for the header x-own at look.py:2"]),
        ("headers.get('X-Own')", ["asked for the header X-Own at look.py:2"]),
        ("headers.get('etag')", []),
        ("headers.get('x-ms-meta-a')", []),
        ("headers.get('content-length')", []),
    ],
)
def test_a_header_that_no_cassette_keeps_is_told_where_the_project_asks(
    service, make_recorder, tmp_path, text, told
):
    service.on("GET", "/x", lambda call: (200, {"x-own": "a", "etag": "b"}, {}))
    inside = look_from(tmp_path / "look.py", text)
    outside = look_from(tmp_path.parent / "look.py", text)

    with make_recorder(Mode.RECORD, source_root=tmp_path) as recorder:
        answer = requests.get(f"{service.url}/x", verify=str(service.ca))
        assert outside(answer.headers) == inside(answer.headers)

    assert list(recorder.unseen) == told


class Slow(http.client.HTTPConnection):
    """Never gets its connection."""

    def connect(self):
        raise TimeoutError


def test_a_connection_that_does_not_come_fails_with_the_request_in_replay_too(
    make_recorder, cassette_path
):
    for mode in (Mode.RECORD, Mode.REPLAY):
        with make_recorder(mode) as recorder:
            connection = Slow("slow.example")
            with pytest.raises(TimeoutError):
                connection.request("GET", "/x")
        if mode is Mode.RECORD:
            recorder.save()

    (one,) = load_cassette(cassette_path).interactions
    assert one.failure is not None
    assert (one.failure.kind, one.failure.raised) == ("timeout", "ConnectTimeout")


@pytest.mark.parametrize("mode", [Mode.RECORD, Mode.REPLAY])
def test_a_request_that_is_given_up_before_it_is_whole_is_none(
    service, record, make_recorder, mode
):
    service.on("GET", "/x", lambda call: (200, {}, {}))
    record(lambda _: requests.get(f"{service.url}/x", verify=str(service.ca)))
    with make_recorder(mode) as recorder:
        host = service.url.removeprefix("https://")
        connection = http.client.HTTPConnection(host)
        connection.putrequest("POST", "/y")
        connection.putheader("Content-Length", "3")
        connection.endheaders()
        connection.close()

    assert recorder.exchanges == 0


def test_a_connection_that_may_not_open_itself_says_so(make_recorder):
    connection = http.client.HTTPConnection("127.0.0.1", 9)
    connection.auto_open = 0
    with make_recorder(Mode.RECORD), pytest.raises(http.client.NotConnected):
        connection.request("GET", "/x")
