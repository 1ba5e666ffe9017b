"""What looks drawn is numbered, the same on both sides, and what follows replays."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import random
import string
import uuid
from urllib.parse import quote

import pytest
import requests
from in_memory import answer
from in_memory import record as record_in_memory
from in_memory import replay as replay_in_memory
from planted import HOST, PLACES

from azml_contract.cassette.cassette import load_cassette
from azml_contract.exchange import Exchange, Request
from azml_contract.recording.miss import NoMatchingInteraction
from azml_contract.redaction.drawn import find_drawn, numbered_drawn, sub_drawn
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules

RULES = RedactionRules()
URL_SAFE = string.ascii_letters + string.digits + "-_"


def multipart(text):
    """A form with a file; its boundary is drawn."""
    kind = "multipart/form-data; boundary=b0d2"
    body = f'--b0d2\r\nContent-Disposition: form-data; name="f"\r\n\r\n{text}\r\n'
    sent = Request(
        "POST", f"{HOST}/m", (("content-type", kind),), f"{body}--b0d2--\r\n".encode()
    )
    return Exchange(sent, answer({}))


_seeds = itertools.count(1)


def draw(length=43, seed=None):
    """Another value at each call; the same ones in each run."""
    dice = random.Random(next(_seeds) if seed is None else seed)
    return "".join(dice.choice(URL_SAFE) for _ in range(length))


@pytest.mark.parametrize(
    "written",
    [
        "DeployPrivateEndpoint-k7wq3zb9x2mfd",
        "Contoso_ABC_Core_XyZ_481516",
        "Meta-Llama-3-1-8B-Instruct-2407",
        "bloomz-7b1-mt-Q4_K_M-GGUF-2024",
        "STANDARD_NC96ads_A100_v4",
        "EarlyTerminationPolicyTypeMedianStopping2",
        "azureml://datastores/workspaceblobstore/paths/LocalUpload/"
        + hashlib.md5(b"y").hexdigest()
        + "/Src2",
        "ssh-rsa " + base64.b64encode(b"\0\0\0\x07ssh-rsa" + bytes(range(90))).decode(),
        str(uuid.UUID(int=5)),
        numbered_drawn("x" * 43, 7),
        *(
            text
            for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
            for digest in [hashlib.new(name, b"data").digest()]
            for text in (
                digest.hex(),
                digest.hex().upper(),
                f"{name}: {base64.b64encode(digest).decode()}",
                f"hash%3D{quote(base64.b64encode(digest).decode(), safe='')}",
                f"{name}-{base64.b64encode(digest).decode()}",
                f"mcr.example/image@{name}:{digest.hex()}",
            )
        ),
    ],
)
def test_names_and_digests_do_not_look_drawn(written):
    assert find_drawn(written) == []


@pytest.mark.parametrize("length", [32, 43, 64])
def test_nearly_every_random_value_looks_drawn_whatever_stands_around_it(length):
    values = [draw(length, seed) for seed in range(300)]

    seen = [value for value in values if find_drawn(value) == [value]]

    assert len(seen) >= 290
    for value in seen:
        number = numbered_drawn(value, 3)
        assert len(number) == len(value)
        assert sub_drawn(f"a=%2F{value}&b", lambda _, n=number: n) == f"a=%2F{number}&b"
        assert sub_drawn(number, lambda _: "twice") == number


def operation(service, token):
    return f"{service.url}/status/s:{uuid.uuid4()}:{token}?api-version=1"


def test_an_operation_of_the_service_replays_and_two_recordings_are_equal(
    service, record, replay, tmp_path
):
    """The service draws such an id for every schedule and every update."""
    place = {}

    def begin(call):
        place["url"] = operation(service, draw())
        return 202, {"Azure-AsyncOperation": place["url"]}, {"follow": place["url"]}

    service.on("PUT", "/schedules/x", begin)
    service.on("GET", "/status/.*", lambda call: (200, {}, {"status": "Succeeded"}))

    def story(recorder):
        session = requests.Session()
        session.verify = str(service.ca)
        answer = session.put(f"{service.url}/schedules/x", json={"a": 1})
        assert answer.json()["follow"] == answer.headers["Azure-AsyncOperation"]
        assert session.get(answer.json()["follow"]).json()["status"] == "Succeeded"

    texts = []
    for name in ("one", "two"):
        path = tmp_path / name / "c.json"
        record(story, path=path)
        data = json.loads(path.read_text())
        texts.append(json.dumps(data["interactions"]))
    replay(story, path=path)
    assert texts[0] == texts[1]
    assert "drawn-1xxx" in texts[0]


def test_what_the_client_draws_is_bound_by_its_place_and_comes_back(
    service, record, replay, cassette_path
):
    service.on("PUT", "/x/.*", lambda call: (200, {}, json.loads(call.body)))
    service.on("POST", "/y", lambda call: (200, {}, {}))

    def story(recorder):
        session = requests.Session()
        session.verify = str(service.ca)
        names = [draw(), draw(), str(uuid.uuid4())]
        for name in names:
            answer = session.put(f"{service.url}/x/{name}", json={"item": name})
            assert answer.json() == {"item": name}
        for name in reversed(names):
            session.post(f"{service.url}/y", data={"name": name})

    record(story)
    replay(story)

    assert len(load_cassette(cassette_path).interactions) == 6


def test_two_values_at_one_place_stay_two(service, record, replay, cassette_path):
    service.on("PUT", "/x", lambda call: (200, {}, {}))

    def story(first, second):
        def run(recorder):
            for name in (first, second):
                requests.put(
                    f"{service.url}/x", json={"v": name}, verify=str(service.ca)
                )

        return run

    record(story(draw(), draw()))
    replay(story(draw(), draw()))
    one = draw()
    with pytest.raises(NoMatchingInteraction):
        replay(story(one, one))


def test_a_secret_that_only_its_shape_tells_replays(service, record, replay):
    """Replay redacts what is sent with the function that made the cassette."""
    service.on("PUT", "/x", lambda call: (200, {}, {}))
    body = {"command": "run --db 'Server=x;Password=Sup3rS3cret!;'"}

    def story(recorder):
        requests.put(f"{service.url}/x", json=body, verify=str(service.ca))

    record(story)
    replay(story)


def test_bytes_that_are_no_text_stay_whatever_a_rule_would_read_in_them():
    redactor = Redactor(RedactionRules())
    noise = b"\xf8\x00sig=\x01\xf8-P\x02\x9c\xf00\xa8\xcd\xe1 \x00-p\xff"
    told = noise + b"\x00?sv=2024&sig=aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ%3D\x00"

    assert redactor.binary(noise) == noise
    assert b"aGVsbG8" not in redactor.binary(told)
    assert redactor.binary(told).startswith(noise)


@pytest.mark.parametrize(
    "before", ["", " ", "a ", "a\n", "a\t", 'a "', "é", "a/", "a=\n"]
)
@pytest.mark.parametrize("place", ["query", "form", "tag", "text", "multipart"])
def test_what_stands_before_a_drawn_value_is_no_part_of_it(place, before):
    """A blank is a plus in a query, and a line break ends in a letter in JSON."""
    text = f"{before}{draw(seed=5)}"
    exchange = multipart(text) if place == "multipart" else PLACES[place](text)
    recorded = record_in_memory([exchange], RULES)

    assert "drawn-1xxx" in recorded.text
    assert draw(seed=5) not in recorded.text
    replay_in_memory(recorded, [exchange.request], RULES)


def test_a_multipart_body_with_a_secret_replays():
    exchange = multipart("PGPASSWORD=kT4vXq9Zm7 psql")
    recorded = record_in_memory([exchange], RULES)

    assert "kT4vXq9Zm7" not in recorded.text
    replay_in_memory(recorded, [exchange.request], RULES)
