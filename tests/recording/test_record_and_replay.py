"""Real clients, recorded against a real TLS server, replayed without it."""

from __future__ import annotations

import http.client
import io
import json
import ssl
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import pytest
import requests
import urllib3
from azure.core.exceptions import ResourceNotFoundError
from azure.core.pipeline import Pipeline
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from azure.identity import ClientSecretCredential

from azml_contract.cassette.cassette import load_cassette
from azml_contract.errors import CassetteError
from azml_contract.exchange import Exchange
from azml_contract.recording.engine import Mode, Recorder
from azml_contract.redaction.shapes import TOKEN


def test_requests_session_gets_the_same_answers_in_replay(
    service, record, replay, real, stand_ins
):
    def put(call):
        return (
            201,
            {"Location": f"{service.url}{call.path}?api-version=2024-04-01"},
            {
                "id": call.path,
                "properties": json.loads(call.body)["properties"],
            },
        )

    service.on("PUT", r".*/environments/.*", put)
    answers = []

    def story(names):
        def run(recorder):
            session = requests.Session()
            session.verify = str(service.ca)
            answer = session.put(
                f"{service.url}{names.base}/environments/e/versions/1",
                params={"api-version": "2024-04-01"},
                json={"properties": {"image": "ubuntu:22.04"}},
            )
            answers.append((answer.status_code, answer.reason, answer.json()))
            assert answer.headers["Location"].startswith(f"{service.url}{names.base}")

        return run

    record(story(real))
    recorder = replay(story(stand_ins))

    live, played = answers
    assert live[:2] == played[:2] == (201, "Created")
    assert live[2]["id"] == f"{real.base}/environments/e/versions/1"
    assert played[2]["id"] == f"{stand_ins.base}/environments/e/versions/1"
    assert played[2]["properties"] == {"image": "ubuntu:22.04"}
    assert recorder.exchanges == 1


def test_no_identifier_of_the_recorded_side_is_in_the_file(
    service, record, cassette_path, real
):
    service.on("GET", r"/subscriptions/.*", lambda call: (200, {}, {"id": call.path}))

    def story(recorder):
        requests.get(f"{service.url}{real.base}", verify=str(service.ca))

    record(story)

    text = cassette_path.read_text().lower()
    for name in (real.subscription, real.group, real.workspace):
        assert name not in text


def test_generators_files_and_text_are_sent_and_recorded_whole(
    service, record, replay, tmp_path, cassette_path
):
    received = []

    def put(call):
        received.append(call.body)
        return 200, {}, {"bytes": len(call.body)}

    service.on("PUT", "/upload/.*", put)
    file = tmp_path / "body.bin"
    file.write_bytes(b"\x00\x01" * 500)

    def parts() -> Iterator[bytes]:
        yield b"one,"
        yield b"two"

    def story(recorder):
        session = requests.Session()
        session.verify = str(service.ca)
        for name, body in (
            ("generator", parts()),
            ("text", "text"),
            ("stream", io.BytesIO(b"stream")),
        ):
            answer = session.put(f"{service.url}/upload/{name}", data=body)
            assert answer.json()["bytes"] > 0
        with file.open("rb") as opened:
            session.put(f"{service.url}/upload/file", data=opened)

    record(story)
    replay(story)

    assert received == [b"one,two", b"text", b"stream", b"\x00\x01" * 500]
    bodies = [one.request.body for one in load_cassette(cassette_path).interactions]
    assert bodies == received


def test_compressed_answers_are_stored_readable(service, record, replay, cassette_path):
    import gzip

    packed = gzip.compress(json.dumps({"value": ["a", "b"]}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    service.on("GET", "/packed", lambda call: (200, dict(headers), packed))

    def story(recorder):
        url = f"{service.url}/packed"
        for _ in range(2):
            got = requests.get(url, verify=str(service.ca))
            assert got.json() == {"value": ["a", "b"]}
        pool = urllib3.PoolManager(ca_certs=str(service.ca))
        got = pool.request("GET", url, headers={"accept-encoding": "gzip"})
        assert got.json() == {"value": ["a", "b"]}

    record(story)
    replay(story)

    first = load_cassette(cassette_path).interactions[0]
    assert first.response_json == {"value": ["a", "b"]}
    assert first.response.header("content-encoding") is None


def test_streamed_answers_stream_in_both_modes(service, record, replay):
    service.on("GET", "/large", lambda call: (200, {}, bytes(range(256)) * 4096))

    def story(recorder):
        answer = requests.get(
            f"{service.url}/large", stream=True, verify=str(service.ca)
        )
        read = b"".join(answer.iter_content(10_000))
        assert read == bytes(range(256)) * 4096

    record(story)
    replay(story)


def test_cookies_work_while_recording_and_are_not_kept(
    service, record, replay, cassette_path
):
    headers = {"Set-Cookie": "session=c00kie-value-314159; Path=/"}
    service.on("GET", "/login", lambda call: (200, dict(headers), {}))
    service.on(
        "GET", "/after", lambda call: (200, {}, {"cookie": "cookie" in call.headers})
    )
    seen = []

    def story(recorder):
        session = requests.Session()
        session.verify = str(service.ca)
        session.get(f"{service.url}/login")
        seen.append(session.get(f"{service.url}/after").json()["cookie"])

    record(story)
    replay(story)

    assert seen == [True, True]
    assert "c00kie" not in cassette_path.read_text()


def test_what_replay_was_asked_is_taken_out_of_what_is_said_of_it(
    service, record, replay
):
    """A client may send other secrets than those that were recorded."""
    service.on("GET", "/list", lambda call: (200, {}, {}))

    def story(secret):
        def run(recorder):
            headers = {"Authorization": f"Bearer {secret}"}
            url = f"{service.url}/list"
            requests.get(url, headers=headers, verify=str(service.ca))

        return run

    record(story("recorded-Xk8uVw3"))
    recorder = replay(story("replayed-dR5tYb7"))

    assert recorder.redact("it sent replayed-dR5tYb7") == "it sent REDACTED"


def test_a_recording_that_is_not_there_is_missed_at_the_end_too(service, make_recorder):
    """Unless the scenario ended early, or asked for nothing."""
    with make_recorder(Mode.REPLAY) as recorder, suppress(CassetteError):
        requests.get(f"{service.url}/list", verify=str(service.ca))

    recorder.finish(partly=True)
    with pytest.raises(CassetteError, match="There is no cassette"):
        recorder.finish()


def test_redirects_are_recorded_hop_by_hop(service, record, replay, cassette_path):
    service.on("GET", "/old", lambda call: (302, {"Location": "/new"}, b""))
    service.on("GET", "/new", lambda call: (200, {}, {"here": True}))

    def story(recorder):
        answer = requests.get(f"{service.url}/old", verify=str(service.ca))
        assert answer.json() == {"here": True}
        assert [hop.status_code for hop in answer.history] == [302]

    record(story)
    replay(story)

    assert [one.status for one in load_cassette(cassette_path).interactions] == [
        302,
        200,
    ]


def test_head_keeps_the_length_of_what_it_does_not_send(service, record, replay):
    service.on("HEAD", "/blob", lambda call: (200, {"Content-Length": "12345"}, b""))

    def story(recorder):
        answer = requests.head(f"{service.url}/blob", verify=str(service.ca))
        assert answer.headers["Content-Length"] == "12345"
        assert answer.content == b""
        host, trust = service.url.removeprefix("https://"), str(service.ca)
        context = ssl.create_default_context(cafile=trust)
        with closing(http.client.HTTPSConnection(host, context=context)) as plain:
            plain.request("HEAD", "/blob")
            answer = plain.getresponse()
            assert answer.getheader("Content-Length") == "12345"
            assert (answer.length, answer.read()) == (0, b"")

    record(story)
    replay(story)


def test_azure_identity_and_an_azure_core_pipeline(
    service, record, replay, real, stand_ins, cassette_path
):
    service.on("GET", "/ping", lambda call: (200, {}, {"ok": True}))

    def story(names):
        def run(recorder):
            with _credential(service, names) as credential:
                token = credential.get_token("https://management.azure.com/.default")
                request = HttpRequest(
                    "GET",
                    f"{service.url}/ping",
                    headers={"Authorization": f"Bearer {token.token}"},
                )
                transport = RequestsTransport(connection_verify=str(service.ca))
                with Pipeline(transport) as pipeline:
                    answer = pipeline.run(request).http_response
                assert json.loads(answer.body()) == {"ok": True}

        return run

    record(story(real))
    replay(story(stand_ins))

    text = cassette_path.read_text()
    assert real.tenant not in text
    assert real.secret not in text
    assert "eyJ" not in text.replace(TOKEN, "")
    token = load_cassette(cassette_path).interactions[1].response_json
    assert token == {
        "token_type": "Bearer",
        "expires_in": 3599,
        "ext_expires_in": 3599,
        "access_token": TOKEN,
    }


def _credential(service, names):
    return ClientSecretCredential(
        names.tenant,
        names.client,
        names.secret,
        authority=service.url,
        disable_instance_discovery=True,
        connection_verify=str(service.ca),
    )


def test_a_shared_credential_is_recorded_once_in_each_cassette(
    service, record, replay, real, stand_ins, tmp_path
):
    service.on("GET", "/ping", lambda call: (200, {}, {"ok": True}))
    first, second = tmp_path / "first.json", tmp_path / "second.json"

    def story(credential):
        def run(recorder):
            for _ in range(2):
                token = credential.get_token("https://management.azure.com/.default")
                headers = {"Authorization": f"Bearer {token.token}"}
                url = f"{service.url}/ping"
                requests.get(url, headers=headers, verify=str(service.ca))

        return run

    with _credential(service, real) as shared:
        record(story(shared), path=first)
        record(story(shared), path=second)
    for path in (second, first):
        with _credential(service, stand_ins) as fresh:
            replay(story(fresh), path=path)

    for path in (first, second):
        logins = [str(one) for one in load_cassette(path).interactions][:2]
        assert "openid-configuration" in logins[0]
        assert logins[1].startswith("POST")


def test_a_cassette_without_a_login_answers_one(service, record, replay, stand_ins):
    service.on("GET", "/ping", lambda call: (200, {}, {"ok": True}))

    def with_cli_token(recorder):
        headers = {"Authorization": "Bearer a.token.of.the.azure-cli.99"}
        requests.get(f"{service.url}/ping", headers=headers, verify=str(service.ca))

    def with_secret(recorder):
        with _credential(service, stand_ins) as credential:
            assert credential.get_token("https://management.azure.com/.default").token
        requests.get(f"{service.url}/ping", verify=str(service.ca))

    record(with_cli_token)
    recorder = replay(with_secret)

    assert recorder.exchanges == 1


def test_urllib3_is_recorded_and_replayed(service, record, replay):
    service.on("POST", "/echo", lambda call: (200, {}, json.loads(call.body)))

    def story(recorder):
        pool = urllib3.PoolManager(ca_certs=str(service.ca))
        answer = pool.request("POST", f"{service.url}/echo", json={"a": [1, 2]})
        assert (answer.status, answer.json()) == (200, {"a": [1, 2]})

    record(story)
    replay(story)


def test_http_client_and_urllib_are_recorded_and_replayed(service, record, replay):
    service.on("GET", "/x", lambda call: (200, {}, {"path": call.path}))

    def story(recorder):
        context = ssl.create_default_context(cafile=str(service.ca))
        host = service.url.removeprefix("https://")
        connection = http.client.HTTPSConnection(host, context=context)
        with closing(connection):
            connection.request("GET", "/x")
            assert json.loads(connection.getresponse().read()) == {"path": "/x"}
        with urllib.request.urlopen(f"{service.url}/x", context=context) as answer:
            assert json.loads(answer.read()) == {"path": "/x"}

    record(story)
    replay(story)


def test_a_call_through_requests_is_recorded_once(service, record, cassette_path):
    service.on("GET", "/x", lambda call: (200, {}, {}))

    record(lambda r: requests.get(f"{service.url}/x", verify=str(service.ca)))

    assert len(load_cassette(cassette_path).interactions) == 1


def test_a_session_made_before_recording_works_in_it_and_after_it(service, record):
    service.on("GET", "/x", lambda call: (200, {}, {}))
    session = requests.Session()
    session.verify = str(service.ca)
    session.get(f"{service.url}/x")

    recorder = record(lambda r: session.get(f"{service.url}/x"))
    session.get(f"{service.url}/x")

    assert recorder.exchanges == 1
    assert len(service.calls) == 3


def test_live_mode_passes_through_observes_and_writes_nothing(
    service, make_recorder, cassette_path
):
    service.on("GET", "/x", lambda call: (200, {}, {"live": True}))
    seen: list[Exchange] = []

    with make_recorder(Mode.LIVE, observe=seen.append) as recorder:
        answer = requests.get(f"{service.url}/x", verify=str(service.ca))
        drawn = recorder.var("n", lambda: 7)
    recorder.save()
    recorder.finish()

    assert answer.json() == {"live": True}
    assert drawn == 7
    assert [(one.request.url, one.response.status) for one in seen] == [
        (f"{service.url}/x", 200)
    ]
    assert not cassette_path.exists()


def test_observers_see_raw_exchanges_live_and_recorded_ones_in_replay(
    service, record, replay, real, stand_ins
):
    service.on("GET", "/subscriptions/.*", lambda call: (200, {}, {"id": call.path}))
    seen: list[Exchange] = []

    def story(names):
        url = f"{service.url}{names.base}"
        return lambda recorder: requests.get(url, verify=str(service.ca))

    record(story(real), observe=seen.append)
    replay(story(stand_ins), observe=seen.append)

    raw, recorded = seen
    assert raw.response.parse_json() == {"id": real.base}
    assert recorded.request.url == f"{service.url}{stand_ins.base}"
    assert recorded.response.parse_json() == {"id": stand_ins.base}


def test_an_error_answer_reaches_an_azure_client_as_its_own_error(
    service, record, replay, real, stand_ins
):
    from azure.storage.blob import BlobClient

    def story(names):
        def run(recorder):
            with (
                BlobClient(
                    f"{service.url}/{names.account}",
                    "container",
                    "missing",
                    credential={
                        "account_name": names.account,
                        "account_key": names.key,
                    },
                    connection_verify=str(service.ca),
                ) as client,
                pytest.raises(ResourceNotFoundError),
            ):
                client.download_blob()

        return run

    record(story(real))
    replay(story(stand_ins))


def test_a_second_recorder_of_another_thread_is_refused_by_name(make_recorder):
    with make_recorder(Mode.LIVE), ThreadPoolExecutor(1) as pool:
        second = make_recorder(Mode.LIVE, scenario="story/other")
        failure = pool.submit(second.__enter__).exception()

    assert isinstance(failure, CassetteError)
    assert "story/other cannot be recorded or replayed while story/test is" in str(
        failure
    )


def test_nor_may_it_go_on_where_one_of_another_thread_came_meanwhile(make_recorder):
    with ThreadPoolExecutor(1) as pool:
        second = make_recorder(Mode.LIVE, scenario="story/other")
        pool.submit(lambda: (second.__enter__(), second.rest())).result()
        with make_recorder(Mode.LIVE) as first:
            failure = pool.submit(second.wake).exception()
            assert Recorder.innermost() is first
    assert Recorder.innermost() is None
    assert "story/other cannot be recorded or replayed" in str(failure)


def test_nothing_recorded_is_an_error_and_writes_nothing(make_recorder, cassette_path):
    with make_recorder(Mode.RECORD) as recorder:
        pass

    with pytest.raises(CassetteError) as caught:
        recorder.save()
    assert "sent nothing that could be recorded" in str(caught.value)
    assert not cassette_path.exists()
