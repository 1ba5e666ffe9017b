"""Cassette files: what is refused, what survives a kill, what stays the same."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
import uuid

import pytest
import requests
from soak import sized

from azml_contract.cassette.cassette import Cassette, load_cassette, render_cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.errors import CassetteError
from azml_contract.exchange import Failure

GOOD = {
    "format": 2,
    "scenario": "story/test",
    "api_version": "2024-04-01",
    "target": "emulator",
    "recorded_at": "2026-11-22T10:00:00Z",
    "recorder": "azml-contract 0.1.0",
    "variables": {"run_id": "a"},
    "reads": {"0": ["/name"]},
    "interactions": [
        {
            "request": {"method": "GET", "uri": "https://x/y", "headers": {}},
            "response": {"status": 200, "headers": {}, "body": {"json": {"name": "é"}}},
            "times": 1,
        }
    ],
}
TEXT = json.dumps(GOOD, indent=2)


def with_change(**changes):
    return json.dumps(GOOD | changes)


def with_interaction(**changes):
    return json.dumps(GOOD | {"interactions": [GOOD["interactions"][0] | changes]})


CORRUPT = {
    "empty": ("", "it is empty"),
    "truncated": (TEXT[:-40], "it seems cut off"),
    "not-json": ("{'a': 1}", "not JSON at line 1 column 2. "),
    "cut-before-the-last-brace": ('{\n"a": {"b": 1}', "it seems cut off"),
    "not-json-at-the-end": ('{"a": }', "line 1 column 7; it seems cut off"),
    "not-utf8": (b'{"a": "\xff"}', "not JSON in UTF-8"),
    "merge-line": ("{\r\n=======\r\n}", "merge markers"),
    "merge": ("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> x\n", "merge markers"),
    "yaml": ("interactions:\n- request: {}\n", "it is YAML, as vcrpy writes it"),
    "yaml-late": ("{" + " " * 4096 + "!!python", "not JSON at line 1"),
    "yaml-tags": ("!!python/object/apply:os.system ['true']", "it is YAML"),
    "list": ("[]", "it must hold an object, not a list"),
    "format": (
        with_change(format=3),
        "format is 3; this version reads formats",
    ),
    "no-format": ("{}", "it does not say its format"),
    "scenario": (with_change(scenario=None), "/scenario must be text, not null"),
    "variables": (
        with_change(variables=[]),
        "/variables must be an object, not a list",
    ),
    "interactions": (with_change(interactions={}), "/interactions must be a list"),
    "reads-index": (
        with_change(reads={"x": []}),
        "/reads/x is not the number of an interaction",
    ),
    "reads-value": (with_change(reads={"0": "x"}), "/reads/0 must be a list"),
    "null": (with_change(interactions=[None]), "/interactions/0 is malformed"),
    "reads": (with_change(reads=[]), "/reads must be an object, not a list"),
    "tests": (with_change(tests="a"), "/tests must be a list of names of tests"),
    "tests-kind": (with_change(tests=[1]), "/tests must be a list of names of tests"),
    "format-true": (with_change(format=True), "format is True"),
    "request": (with_interaction(request={}), "'method' is missing"),
    "url": (
        with_interaction(request=GOOD["interactions"][0]["request"] | {"uri": "//[x"}),
        "its URL cannot be read",
    ),
    "method": (
        with_interaction(request=GOOD["interactions"][0]["request"] | {"method": 1}),
        "it needs request.method and request.uri as text",
    ),
    "uri": (
        with_interaction(request=GOOD["interactions"][0]["request"] | {"uri": 1}),
        "it needs request.method and request.uri as text",
    ),
    "no-response": (with_interaction(response=None), "'response' is missing"),
    "times-true": (with_interaction(times=True), "times as whole numbers"),
    "failure-kind": (
        with_interaction(failure={"kind": "odd"}),
        "a failure is of a kind: ",
    ),
    "failure-none": (with_interaction(failure=[]), "a failure is of a kind: "),
    "failure-bytes": (
        with_interaction(failure={"kind": "timeout", "after_bytes": -1}),
        "a failure's after_bytes is a whole number",
    ),
    "failure-raised": (
        with_interaction(failure={"kind": "timeout", "raised": 1}),
        "a failure's raised is the name of an exception",
    ),
    "at": (with_interaction(at=1), "at is text, a file and a line"),
    "process": (with_interaction(process=[]), "process is an object of texts"),
    "process-value": (
        with_interaction(process={"program": 1}),
        "process is an object of texts",
    ),
    "headers-kind": (
        with_interaction(response={"status": 200, "headers": []}),
        "headers must be an object",
    ),
    "two-bodies": (
        with_interaction(
            response={"status": 200, "headers": {}, "body": {"text": "", "json": 1}}
        ),
        "a body is an object with one key",
    ),
    "body-value": (
        with_interaction(response={"status": 200, "headers": {}, "body": {"text": 1}}),
        "a body is one of json, text, base64 or file",
    ),
    "status": (
        with_interaction(response={"status": "200", "headers": {}}),
        "response.status and times as whole numbers",
    ),
    "times": (with_interaction(times=0), "times as whole numbers"),
    "headers": (
        with_interaction(response={"status": 200, "headers": {"a": 1}}),
        "header values must be text",
    ),
    "body-kind": (
        with_interaction(response={"status": 200, "headers": {}, "body": {"xml": ""}}),
        "a body is one of json, text, base64 or file",
    ),
    "base64": (
        with_interaction(
            response={"status": 200, "headers": {}, "body": {"base64": "!"}}
        ),
        "base64 body",
    ),
    "side-file-name": (
        with_interaction(
            response={
                "status": 200,
                "headers": {},
                "body": {"file": "../../etc/passwd"},
            }
        ),
        "a side file is named by its sha256",
    ),
    "side-file-missing": (
        with_interaction(
            response={"status": 200, "headers": {}, "body": {"file": "0" * 64}}
        ),
        "is missing",
    ),
    "nesting": ("[" * 100_000, "not JSON"),
}


@pytest.mark.parametrize("name", CORRUPT)
def test_a_corrupt_file_gives_one_clear_error(tmp_path, name):
    raw, reason = CORRUPT[name]
    path = tmp_path / "c.json"
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())

    with pytest.raises(CassetteError) as caught:
        load_cassette(path)

    message = str(caught.value)
    assert message.startswith(f"{path} is not a cassette that can be played: ")
    assert reason in message
    assert "record it: pytest --azml-mode=record" in message


def test_the_tests_that_share_a_cassette_stand_in_it(tmp_path):
    path = tmp_path / "c.json"
    path.write_text(with_change(tests=["t.py::a", "t.py::b"]))
    rendered = json.loads(render_cassette(load_cassette(path)))
    assert rendered["tests"] == ["t.py::a", "t.py::b"]
    assert list(rendered)[6:8] == ["tests", "variables"]


def test_what_is_just_allowed_is_read(tmp_path):
    """The most polls, no bytes before a failure, an answer that never began."""
    path = tmp_path / "c.json"
    whole = GOOD["interactions"][0] | {"times": 1_000_000}
    cut = {
        "request": whole["request"],
        "failure": {"kind": "timeout", "after_bytes": 0, "raised": "Timeout"},
    }
    path.write_text(
        with_change(interactions=[whole, cut], tests=["a"], reads={"2": []})
    )

    loaded = load_cassette(path)

    first, second = loaded.interactions
    assert (first.times, second.times) == (1_000_000, 1)
    assert second.failure == Failure("timeout", 0, "Timeout")
    assert second.exchange.failure == second.failure
    assert (second.status, second.response.body, second.response_body) == (0, b"", None)
    assert (first.failure, first.exchange.failure) == (None, None)
    assert str(first) == "GET https://x/y"
    assert loaded.tests == ("a",)
    assert loaded.reads == {}  # of an interaction that is not there


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    with pytest.raises(CassetteError, match=r"There is no cassette .*c\.json\. Record"):
        load_cassette(tmp_path / "c.json")
    with pytest.raises(CassetteError, match=r"cannot be read: Is a directory"):
        load_cassette(tmp_path)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "c.json"
    with path.open("wb") as file:
        file.truncate(200 * 1024 * 1024)

    with pytest.raises(CassetteError, match="is no cassette: large bodies"):
        load_cassette(path)


def test_a_side_file_with_other_content_is_refused(tmp_path):
    name = "0" * 64
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / name).write_bytes(b"other")
    path = tmp_path / "c.json"
    body = {"file": name}
    path.write_text(
        with_interaction(response={"status": 1, "headers": {}, "body": body})
    )

    with pytest.raises(CassetteError, match="does not have the sha256 it is named by"):
        load_cassette(path)


def test_rendering_and_loading_are_each_others_inverse(tmp_path):
    path = tmp_path / "c.json"
    path.write_text(TEXT)
    loaded = load_cassette(path)

    rendered = render_cassette(loaded)

    assert rendered.decode() == json.dumps(GOOD, indent=2, ensure_ascii=False) + "\n"
    assert list(json.loads(rendered)) == list(GOOD)


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (b'{"b":1,"a":[1.5,null]}', {"json": {"b": 1, "a": [1.5, None]}}),
        (b"null", {"json": None}),
        (b'{"a": 1, "a": 2}', {"text": '{"a": 1, "a": 2}'}),
        (b'{"condaFile": "a\nb"}', {"text": '{"condaFile": "a\nb"}'}),
        (b'{"a": NaN}', {"text": '{"a": NaN}'}),
        (b'{"a": "\\ud800"}', {"text": '{"a": "\\ud800"}'}),
        ("naïve".encode(), {"text": "naïve"}),
        (b"\x00\xff\x10", {"base64": "AP8Q"}),
    ],
)
def test_bodies_are_stored_as_what_they_are(
    service, record, replay, cassette_path, sent, stored
):
    headers = {"Content-Type": "application/json"}
    service.on("PUT", "/x", lambda call: (200, dict(headers), call.body))
    answers = []

    def story(recorder):
        url = f"{service.url}/x"
        answer = requests.put(url, data=sent, headers=headers, verify=str(service.ca))
        answers.append(answer.content)

    record(story)
    replay(story)

    (one,) = load_cassette(cassette_path).interactions
    assert one.request_body == stored
    assert one.response_body == stored
    if "json" in stored:
        assert json.loads(answers[0]) == json.loads(answers[1])
    else:
        assert answers[0] == answers[1]


def test_no_body_is_absent(service, record, cassette_path):
    service.on("GET", "/x", lambda call: (404, {}, b""))

    record(lambda recorder: requests.get(f"{service.url}/x", verify=str(service.ca)))

    raw = json.loads(cassette_path.read_text())["interactions"][0]
    assert "body" not in raw["request"]
    assert "body" not in raw["response"]


def test_two_recordings_differ_only_in_time_and_variables(service, record, tmp_path):
    """Everything that a service changes by nature, in one answer."""

    def put(call):
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(random.randrange(2**31)))
        operation = (
            f"{service.url}/mfeOperationResults/jc:{uuid.uuid4()}:x?api-version=1"
        )
        answer = {
            "name": call.path.rpartition("/")[2],
            "systemData": {
                "createdAt": f"{now}.{random.randrange(10**7):07d}+00:00",
                "createdBy": str(uuid.uuid4()),
            },
            "properties": {
                "snapshot": str(uuid.uuid4()),
                "start": now.replace("T", " "),
                "echo": "2026-01-01T08:00:00Z",
            },
            "additionalInfo": [
                {
                    "type": "Correlation",
                    "info": {
                        "value": {
                            "operation": uuid.uuid4().hex,
                            "request": uuid.uuid4().hex[:16],
                        }
                    },
                },
                {"type": "Time", "info": {"value": f"{now}.1234567+00:00"}},
            ],
            "nextLink": f"{service.url}/list?$skipToken={uuid.uuid4().hex}&a=1",
        }
        headers = {
            "Location": operation,
            "ETag": f'"0x{random.randrange(16**15):015X}"',
            "x-ms-correlation-request-id": str(uuid.uuid4()),
            "Date": "x",
        }
        return 201, headers, answer

    service.on("PUT", "/.*", put)
    service.on("GET", "/.*", lambda call: (200, {}, {"at": call.path}))

    def story(recorder):
        run_id = recorder.var("run_id", lambda: str(uuid.uuid4()))
        session = requests.Session()
        session.verify = str(service.ca)
        body = {"schedule": "2026-01-01T08:00:00Z"}
        answer = session.put(f"{service.url}/jobs/{run_id}", json=body)
        session.get(answer.headers["Location"])
        session.get(f"{service.url}/codes/{answer.json()['properties']['snapshot']}")
        session.get(answer.json()["nextLink"])

    paths = [tmp_path / "first.json", tmp_path / "second.json"]
    for path in paths:
        record(story, path=path)

    files = [json.loads(path.read_text()) for path in paths]
    run_ids = [one.pop("variables")["run_id"] for one in files]
    for one in files:
        del one["recorded_at"]
    texts = [
        json.dumps(one).replace(run_id, "RUN")
        for one, run_id in zip(files, run_ids, strict=True)
    ]
    assert texts[0] == texts[1]
    assert run_ids[0] != run_ids[1]
    (put_answer, *_) = files[0]["interactions"]
    properties = put_answer["response"]["body"]["json"]["properties"]
    assert properties["echo"] == "2026-01-01T08:00:00Z"
    assert properties["start"] == "2000-01-01 00:00:00"
    snapshot = properties["snapshot"]
    assert snapshot.startswith("00000000-0000-4000-8000-")
    assert snapshot in files[0]["interactions"][2]["request"]["uri"]


def test_two_recordings_of_a_variable_guid_replay(service, record, replay):
    service.on("PUT", "/.*", lambda call: (200, {}, {"name": call.path}))

    def story(recorder):
        run_id = recorder.var("run_id", lambda: str(uuid.uuid4()))
        answer = requests.put(f"{service.url}/jobs/{run_id}", verify=str(service.ca))
        assert answer.json()["name"] == f"/jobs/{run_id}"

    record(story)
    replay(story)


def test_guids_that_a_client_draws_itself_replay(service, record, replay):
    """No variable: the cassette numbers them, replay binds them by place."""
    service.on("PUT", "/.*", lambda call: (200, {}, {}))
    service.on("GET", "/.*", lambda call: (200, {}, {"n": call.path[-1]}))

    def story(recorder):
        first, second = str(uuid.uuid4()), str(uuid.uuid4())
        session = requests.Session()
        session.verify = str(service.ca)
        session.put(f"{service.url}/codes/{first}", json={"id": first})
        session.put(
            f"{service.url}/codes/{second}", json={"id": second, "after": first}
        )
        session.get(f"{service.url}/codes/{first}")

    record(story)
    replay(story)


def cassette_of(size):
    one = GOOD["interactions"][0]
    return Cassette(
        "s",
        "v",
        "emulator",
        "t",
        "r",
        tuple(
            Interaction(one | {"request": one["request"] | {"uri": f"https://x/{n}"}})
            for n in range(size)
        ),
    )


@pytest.mark.slow
@pytest.mark.soak
def test_kills_while_saving_leave_the_old_cassette_or_the_new_one(tmp_path):
    """A program forks children that save without end, and kills each."""
    script = """
import hashlib, os, random, signal, sys, time
from pathlib import Path
from azml_contract.cassette.cassette import *
from azml_contract.cassette.store import write_cassette

path = Path(sys.argv[1])

def make(number):
    blob = f"{number:010}".encode() * 7000
    digest = hashlib.sha256(blob).hexdigest()
    request = {"method": "GET", "uri": f"https://x/{number}", "headers": {}}
    response = {"status": 200, "headers": {}, "body": {"file": digest}}
    one = {"request": request, "response": response, "times": 1}
    cassette = Cassette("s", "v", "emulator", "t", "r", (Interaction(one),) * 300)
    return render_cassette(cassette), {digest: blob}

def save_forever(number):
    while True:
        number += 1
        write_cassette(path, *make(number))

started = time.perf_counter()
for number in range(5):
    write_cassette(path, *make(number))
one_save = (time.perf_counter() - started) / 5
seen = set()
for trial in range(1, 1 + int(sys.argv[2])):
    child = os.fork()
    if not child:
        save_forever(1000 * trial)
    time.sleep(random.uniform(0, 6 * one_save))  # others may take the processor
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    cassette = load_cassette(path)
    (url,) = {one.url for one in cassette.interactions}
    assert len(cassette.interactions) == 300
    seen.add(url)
write_cassette(path, *make(7))
print(len(seen), len(list(path.parent.rglob("*.tmp"))))
"""
    path = tmp_path / "c.json"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path), str(sized(40, 400))],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    different, left_over = map(int, done.stdout.split())
    assert different > 5
    assert left_over == 0


def test_a_failed_save_keeps_the_old_file(
    service, record, make_recorder, cassette_path
):
    from azml_contract.recording.engine import Mode
    from azml_contract.redaction.scan import SecretFound

    service.on("GET", "/x", lambda call: (200, {}, {"a": 1}))
    secret = "abc8Q~dEfGhIjKlMnOpQrStUvWxYz0123456789.-"
    hidden = "\0\0\0".join(secret)  # read by nobody but the scanner
    service.on("GET", "/leak", lambda call: (200, {}, {"note": hidden}))
    record(lambda recorder: requests.get(f"{service.url}/x", verify=str(service.ca)))
    before = cassette_path.read_bytes()

    with make_recorder(Mode.RECORD) as recorder:
        requests.get(f"{service.url}/leak", verify=str(service.ca))
    with pytest.raises(SecretFound):
        recorder.save()

    assert cassette_path.read_bytes() == before
    assert [one.name for one in cassette_path.parent.iterdir()] == [cassette_path.name]


@pytest.mark.parametrize("library", ["vcr", "requests", "urllib3"])
def test_reading_a_cassette_imports_no_http_library(library):
    script = (
        "import sys, azml_contract.cassette.cassette\n"
        f"print({library!r} in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"
