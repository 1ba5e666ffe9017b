"""What replay says when it has no answer, and when it has too many."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys

import pytest
import requests

from azml_contract.errors import CassetteError
from azml_contract.recording.engine import Mode, NetworkRefused
from azml_contract.recording.miss import NoMatchingInteraction, UnusedInteractions

BODY = {"properties": {"command": "python train.py", "compute": {"target": "cpu"}}}


@pytest.fixture
def recorded(service, record, real):
    """One PUT and two GETs, as a scenario would send them."""
    service.on("PUT", ".*", lambda call: (201, {}, {"id": call.path}))
    service.on("GET", ".*", lambda call: (200, {}, {"id": call.path}))

    def story(recorder):
        session = requests.Session()
        session.verify = str(service.ca)
        url = f"{service.url}{real.base}"
        query = {"api-version": "2024-04-01"}
        session.put(f"{url}/codes/train-1", params=query, json=BODY)
        session.get(f"{url}/codes/train-1", params=query)
        session.get(f"{url}/datastores?count=30", params=query)

    record(story)


@pytest.fixture
def ask(service, make_recorder, stand_ins, recorded):
    """Ask once in replay, after the recorded story; gives the error's text."""

    def run(method, path, version="2024-04-01", **options) -> str:
        service.stop()
        url = f"{service.url}{stand_ins.base}{path}"
        with (
            make_recorder(Mode.REPLAY),
            pytest.raises(NoMatchingInteraction) as caught,
        ):
            requests.request(method, url, params={"api-version": version}, **options)
        return str(caught.value)

    return run


def test_a_changed_body_names_the_json_path_and_both_values(ask):
    changed = json.loads(json.dumps(BODY))
    changed["properties"]["compute"]["target"] = "gpu"
    changed["properties"]["limits"] = {"timeout": "PT1H"}

    message = ask("PUT", "/codes/train-1", json=changed)

    assert 'body /properties/compute/target: sent "gpu", recorded "cpu"' in message
    assert 'body /properties/limits: sent {"timeout": "PT1H"}, not recorded' in message
    assert "Closest recording, interaction 0:" in message
    assert "It was not played yet." in message
    assert "pytest --azml-mode=record" in message


def test_another_api_version_names_both(ask):
    message = ask("PUT", "/codes/train-1", "2024-10-01", json=BODY)

    assert "api-version 2024-10-01 was asked for, 2024-04-01 is recorded" in message


def test_another_verb_and_another_path_are_named(ask):
    message = ask("DELETE", "/codes/train-2")

    assert "verb: sent DELETE, recorded" in message
    assert "/codes/train-2, recorded" in message


def test_another_query_is_named(ask):
    message = ask("GET", "/datastores?count=10&isDefault=true")

    assert 'query count: sent "10", recorded "30"' in message
    assert 'query isDefault: sent "true", not recorded' in message


def test_json_order_and_spacing_do_not_matter(
    service, recorded, make_recorder, stand_ins
):
    service.stop()
    text = json.dumps(
        {"properties": dict(reversed(BODY["properties"].items()))}, indent=3
    )
    url = f"{service.url}{stand_ins.base}/codes/train-1?api-version=2024-04-01"

    with make_recorder(Mode.REPLAY) as recorder:
        answer = requests.put(url, data=text)

    assert answer.status_code == 201
    assert recorder.exchanges == 1


def test_asking_more_often_than_recorded_says_so(
    service, recorded, make_recorder, stand_ins
):
    service.stop()
    url = f"{service.url}{stand_ins.base}/codes/train-1?api-version=2024-04-01"

    with make_recorder(Mode.REPLAY):
        requests.put(url, json=BODY)
        with pytest.raises(NoMatchingInteraction) as caught:
            requests.put(url, json=BODY)

    message = str(caught.value)
    assert "It was already played 1 of 1 times" in message
    assert "asks for it more often than when recorded" in message


def test_a_miss_that_a_client_swallows_fails_the_scenario(
    service, recorded, make_recorder, stand_ins
):
    service.stop()

    with make_recorder(Mode.REPLAY) as recorder:
        with pytest.raises(NoMatchingInteraction):
            requests.get(f"{service.url}{stand_ins.base}/other")
        url = f"{service.url}{stand_ins.base}"
        query = {"api-version": "2024-04-01"}
        requests.put(f"{url}/codes/train-1", params=query, json=BODY)
        requests.get(f"{url}/codes/train-1", params=query)
        requests.get(f"{url}/datastores?count=30", params=query)

    with pytest.raises(NoMatchingInteraction):
        recorder.finish()


def test_unused_interactions_are_listed(service, recorded, make_recorder, stand_ins):
    service.stop()
    url = f"{service.url}{stand_ins.base}/codes/train-1?api-version=2024-04-01"

    with make_recorder(Mode.REPLAY) as recorder:
        requests.put(url, json=BODY)

    with pytest.raises(UnusedInteractions) as caught:
        recorder.finish()
    message = str(caught.value)
    assert "holds 2 interactions that no request asked for" in message
    assert "1: GET" in message
    assert "2: GET" in message
    assert "pytest --azml-mode=record" in message


def test_a_deleted_interaction_is_a_miss(
    service, recorded, make_recorder, stand_ins, cassette_path
):
    service.stop()
    cassette = json.loads(cassette_path.read_text())
    del cassette["interactions"][0]
    cassette_path.write_text(json.dumps(cassette))
    url = f"{service.url}{stand_ins.base}/codes/train-1?api-version=2024-04-01"

    with make_recorder(Mode.REPLAY), pytest.raises(NoMatchingInteraction) as caught:
        requests.put(url, json=BODY)

    assert "verb: sent PUT, recorded GET" in str(caught.value)


def test_messages_show_no_secret(ask):
    body = {"properties": {"secrets": {"key": "hunter2-hunter2-hunter2"}}}

    message = ask("PUT", "/datastores/x?sig=c2VjcmV0LXNpZ25hdHVyZQ%3D%3D", json=body)

    assert "hunter2" not in message
    assert "c2VjcmV0" not in message


def test_an_empty_cassette_says_so(service, recorded, make_recorder, cassette_path):
    service.stop()
    cassette = json.loads(cassette_path.read_text())
    cassette["interactions"] = []
    cassette_path.write_text(json.dumps(cassette))

    with make_recorder(Mode.REPLAY), pytest.raises(NoMatchingInteraction) as caught:
        requests.get(f"{service.url}/x")

    assert "Closest recording: none, the cassette is empty." in str(caught.value)


def test_a_missing_cassette_names_the_command_that_records_it(make_recorder):
    recorder = make_recorder(
        Mode.REPLAY, record_command="pytest scenarios/test_x.py --azml-mode=record"
    )

    with recorder, pytest.raises(CassetteError) as caught:
        requests.get("https://management.azure.com/x")

    message = str(caught.value)
    assert "There is no cassette for story/test under api-version 2024-04-01" in message
    assert "Record it: pytest scenarios/test_x.py --azml-mode=record" in message


@pytest.mark.parametrize(
    ("reach", "host"),
    [
        (lambda: socket.create_connection(("192.0.2.7", 443), 1), "192.0.2.7:443"),
        (lambda: socket.create_connection(("example.com", 443), 1), "example.com"),
        (lambda: socket.socket().connect_ex(("192.0.2.7", 80)), "192.0.2.7:80"),
        (lambda: asyncio.run(asyncio.open_connection("192.0.2.7", 80)), "192.0.2.7:80"),
    ],
)
def test_replay_refuses_sockets_and_names_host_and_scenario(
    recorded, service, make_recorder, reach, host
):
    service.stop()

    with (
        make_recorder(Mode.REPLAY) as recorder,
        pytest.raises(NetworkRefused) as caught,
    ):
        reach()

    assert host in str(caught.value)
    assert "story/test" in str(caught.value)
    with pytest.raises(NetworkRefused):
        recorder.finish()


def test_sockets_work_again_after_replay(recorded, service, make_recorder):
    with make_recorder(Mode.REPLAY):
        pass

    host, port = "127.0.0.1", int(service.url.rpartition(":")[2])
    socket.create_connection((host, port), 5).close()


@pytest.mark.slow
def test_replay_ignores_proxy_and_ca_settings(
    recorded, service, cassette_path, stand_ins
):
    """A process of its own: clients read these settings when they start."""
    service.stop()
    script = f"""
import requests, urllib3
from pathlib import Path
from azml_contract.recording.engine import Mode, Recorder, RecorderSettings
from azml_contract.redaction.rules import RedactionRules
url = "{service.url}{stand_ins.base}"
settings = RecorderSettings(
    Path({str(cassette_path)!r}), mode=Mode.REPLAY, scenario="s",
    api_version="2024-04-01", target="emulator", rules=RedactionRules())
with Recorder(settings) as recorder:
    got = requests.get(url + "/codes/train-1?api-version=2024-04-01")
    pool = urllib3.ProxyManager("http://192.0.2.9:3128")
    listed = pool.request("GET", url + "/datastores?count=30&api-version=2024-04-01")
print(got.status_code, listed.status, recorder.exchanges)
"""
    environment = os.environ | {
        "HTTPS_PROXY": "http://192.0.2.1:1",
        "HTTP_PROXY": "http://192.0.2.1:1",
        "REQUESTS_CA_BUNDLE": "/nonexistent",
        "CURL_CA_BUNDLE": "/nonexistent",
        "SSL_CERT_FILE": "/nonexistent",
    }

    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("200 200 2\n", "")
