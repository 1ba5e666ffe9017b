"""Secrets and identifiers: planted everywhere, found in no file and no message."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import uuid
from urllib.parse import quote

import pytest
import requests
from everywhere import ENCODINGS, PLACES, decoded, forms_of, plant, read_all
from soak import sized

from azml_contract.cassette.cassette import load_cassette
from azml_contract.recording.engine import Mode
from azml_contract.redaction.bodies import redact_listed
from azml_contract.redaction.rules import RedactionRules
from azml_contract.redaction.scan import SecretFound
from azml_contract.redaction.secret_fields import redact_field
from azml_contract.redaction.shapes import REDACTED

KEY = base64.b64encode(hashlib.sha512(b"a key").digest()).decode()
OTHER_KEY = base64.b64encode(hashlib.sha512(b"another key").digest()).decode()
SIGNATURE = base64.b64encode(hashlib.sha256(b"a signature").digest()).decode()
SIGNED = quote(SIGNATURE, safe="")
TOKEN = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"RS256","typ":"JWT"}', b'{"oid":"someone"}', b"x" * 40)
)
PEM = (
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\n-----END RSA PRIVATE KEY-----"
)
CLIENT_SECRET = "abc8Q~dEfGhIjKlMnOpQrStUvWxYz0123456789.-"
PASSWORD = "Tr0ub4dor&3 <x>"
RULES = RedactionRules(
    secrets=(CLIENT_SECRET, PASSWORD, KEY),
    secret_properties=frozenset({"adminuserpassword", "key", "secrets"}),
)
LIVE = {"client secret": CLIENT_SECRET, "password": PASSWORD, "account key": KEY}
SHAPED = {
    "token": TOKEN,
    "SAS": f"sv=2021&se=2026-11-22T10:00:00Z&sp=r&sig={SIGNED}",
    "SAS URL": f"https://a.blob.core.windows.net/c?sp=r&sig={SIGNED}",
    "connection string": "DefaultEndpointsProtocol=https;AccountName=a;"
    f"AccountKey={OTHER_KEY};EndpointSuffix=core.windows.net",
    "PEM": PEM,
    "bearer": f"Authorization: Bearer {TOKEN}",
}
NEEDLES = {
    "SAS": SIGNATURE,
    "SAS URL": SIGNATURE,
    "connection string": OTHER_KEY,
    "PEM": "MIIEowIBAAKCAQEA7",
    "bearer": TOKEN,
}


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("place", PLACES)
def test_no_planted_secret_reaches_a_file_or_a_message(
    service, make_recorder, tmp_path, place
):
    planted = written = 0
    cases = list(itertools.product((LIVE | SHAPED).items(), ENCODINGS.items()))
    # Another part at each place, so that every case has its turn somewhere.
    part = cases[PLACES.index(place) % sized(6, 1) :: sized(6, 1)]
    for number, ((kind, secret), (encoding, encode)) in enumerate(part):
        if place == "header" and "\n" in encode(secret):
            continue
        path = tmp_path / str(number) / "c.json"
        with make_recorder(Mode.RECORD, path=path, rules=RULES) as recorder:
            plant(service, place, encode(secret))
        planted += 1
        text = ""
        try:
            recorder.save()
            written += 1
            text = decoded(read_all(path.parent))
        except SecretFound as error:
            text = str(error)
        for form in forms_of(NEEDLES.get(kind, secret)):
            assert form not in text, (kind, encoding, form)
    assert planted > 0.8 * len(part)
    # Refusing to write is safe, but should be the exception.
    assert written > planted * 0.8


def test_why_keys_were_not_listed_is_told(service, record, cassette_path):
    why = {"error": {"code": "UserError", "message": "Could not find endpoint: e9."}}
    service.on("POST", ".*/listKeys", lambda call: (404, {}, why))

    def story(recorder):
        verify = str(service.ca)
        url = f"{service.url}/onlineEndpoints/e9/listKeys"
        assert requests.post(url, verify=verify).status_code == 404

    record(story, rules=RULES)

    (listed,) = load_cassette(cassette_path).interactions
    assert listed.response_json == why


def test_what_a_secret_is_the_key_of_is_no_secret(service, record, cassette_path):
    """The feed that a token opens is named by the connection, too, and stays."""
    told = {"category": "PythonFeed", "target": "https://feed.example.org/simple"}
    secret = {"properties": {**told, "credentials": {"pat": KEY}}}
    service.on("POST", ".*/listsecrets", lambda call: (200, {}, secret))
    service.on("GET", ".*/connections/c", lambda call: (200, {}, {"properties": told}))

    def story(recorder):
        for method, path in (("POST", "c/listsecrets"), ("GET", "c")):
            url = f"{service.url}/connections/{path}"
            requests.request(method, url, verify=str(service.ca))

    record(story, rules=RULES)

    listed, shown = load_cassette(cassette_path).interactions
    zero = base64.b64encode(bytes(64)).decode()
    held = {"properties": {**told, "credentials": {"pat": zero}}}
    assert listed.response_json == held
    assert shown.response_json == {"properties": told}


@pytest.mark.parametrize("name", ["location", "target", "category"])
def test_what_a_listed_secret_is_the_key_of_stays_in_such_an_answer_alone(name):
    """A secret of another place may have parts that are called so."""
    assert redact_listed(name, "Zk93hd02!x") == "Zk93hd02!x"
    assert redact_field({name: "Zk93hd02!x"}) == {name: REDACTED}
    assert redact_field({"keyName": "Zk93hd02!x"}) == {"keyName": "Zk93hd02!x"}


def test_secrets_under_known_names_are_redacted_with_their_shape(
    service, record, cassette_path
):
    keys = {
        "keys": [{"keyName": "key1", "permissions": "FULL", "value": OTHER_KEY}],
        "secretsType": "AccountKey",
        "key": KEY,
    }
    service.on("POST", ".*/listKeys", lambda call: (200, {}, keys))
    echo = {"note": "hunter2-of-the-contract", "again": OTHER_KEY}
    service.on("PUT", "/datastore", lambda call: (200, {}, echo))

    def story(recorder):
        session = requests.Session()
        session.verify = str(service.ca)
        session.post(f"{service.url}/storageAccounts/a/listKeys")
        session.put(
            f"{service.url}/datastore",
            json={
                "credentials": {
                    "credentialsType": "AccountKey",
                    "secrets": {"secretsType": "AccountKey", "key": OTHER_KEY},
                },
                "adminUserPassword": "hunter2-of-the-contract",
            },
        )

    record(story, rules=RULES)

    listed, put = load_cassette(cassette_path).interactions
    zero = base64.b64encode(bytes(64)).decode()
    assert listed.response_json == {
        "keys": [{"keyName": "key1", "permissions": "FULL", "value": zero}],
        "secretsType": "AccountKey",
        "key": zero,
    }
    assert put.request_json == {
        "credentials": {
            "credentialsType": "AccountKey",
            "secrets": {"secretsType": "AccountKey", "key": zero},
        },
        "adminUserPassword": "REDACTED",
    }
    # What was secret in one place is secret in every other.
    assert put.response_json == {"note": "REDACTED", "again": zero}


HARMLESS = {
    "sha256": hashlib.sha256(b"code").hexdigest(),
    "sha1": hashlib.sha1(b"code").hexdigest(),
    "contentMd5": base64.b64encode(hashlib.md5(b"x").digest()).decode(),
    "hash": base64.b64encode(hashlib.sha256(b"x").digest()).decode(),
    "condaFile": base64.b64encode(
        b"name: env\ndependencies:\n  - python=3.10\n  - pip:\n      - azureml-mlflow\n"
    ).decode(),
    "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04@sha256:"
    + "0123456789abcdef" * 4,
    "vmSize": "STANDARD_DS3_V2",
    "type": "Microsoft.MachineLearningServices/workspaces/environments/versions",
    "enum": "EarlyTerminationPolicyTypeMedianStopping2",
    "command": "python train.py --data ${{inputs.iris}} --rate ${{search_space.lr}}",
    "version": "2026-05-15-preview",
    "message": "Bearer tokens are accepted; Basic authentication: no. signature: none",
    "zero": base64.b64encode(bytes(64)).decode(),
    "job": "polite_garden_k3bz0v9q1x",
    "url": "https://ml.azure.com/runs/polite_garden_k3bz0v9q1x?flight=a",
    "null": None,
    "long": "azureml://datastores/workspaceblobstore/paths/LocalUpload/"
    + hashlib.md5(b"y").hexdigest()
    + "/src",
}


def test_benign_look_alikes_survive(service, record, replay, cassette_path):
    service.on("PUT", "/x", lambda call: (200, {}, json.loads(call.body)))

    def story(recorder):
        run_id = recorder.var("run_id", lambda: str(uuid.uuid4()))
        token = recorder.var("suffix", lambda: "8Zk3pQ9vT2xW7mN4bR6yH1cJ")
        body = HARMLESS | {"run": run_id, "suffix": token}
        url = f"{service.url}/x"
        answer = requests.put(url, json=body, verify=str(service.ca))
        assert answer.json() == body

    record(story)
    replay(story)

    (one,) = load_cassette(cassette_path).interactions
    assert {name: one.response_json[name] for name in HARMLESS} == HARMLESS


@pytest.mark.parametrize(
    "value",
    [
        "8Zk3pQ9vT2xW7mN4bR6yH1cJ",
        OTHER_KEY,
        f"use {CLIENT_SECRET[:3]}1Q~{CLIENT_SECRET[6:]}",
    ],
)
def test_what_looks_secret_is_replaced_rather_than_refused(
    service, record, replay, cassette_path, value
):
    service.on("PUT", "/x", lambda call: (200, {}, {"properties": {"note": value}}))

    def story(recorder):
        url = f"{service.url}/x"
        requests.put(url, json={"note": value}, verify=str(service.ca))

    record(story)
    replay(story)

    assert value not in cassette_path.read_text()


def test_a_projects_sanitizer_runs_before_all_others(service, record, cassette_path):
    from dataclasses import replace

    service.on(
        "GET", "/x", lambda call: (200, {}, {"ticket": "8Zk3pQ9vT2xW7mN4bR6yH1cJ"})
    )

    def sanitize(exchange):
        body = exchange.response.body.replace(b"8Zk3pQ9vT2xW7mN4bR6yH1cJ", b"TICKET")
        return replace(exchange, response=replace(exchange.response, body=body))

    record(
        lambda recorder: requests.get(f"{service.url}/x", verify=str(service.ca)),
        sanitizers=[sanitize],
    )

    assert load_cassette(cassette_path).interactions[0].response_json == {
        "ticket": "TICKET"
    }


def test_signed_operation_urls_lose_their_signature_and_still_play(
    service, record, replay, cassette_path
):
    signed = "t=638677&c=MIIHhzCCBm&s=RC7Qvmu_lIcU&h=Zm9vYmFy"
    url = f"{service.url}/operations-of-mine/1?api-version=1&{signed}"
    service.on("DELETE", "/x", lambda call: (202, {"Azure-AsyncOperation": url}, b""))
    service.on(
        "GET", "/operations-of-mine/1", lambda call: (200, {}, {"status": "Succeeded"})
    )

    def story(recorder):
        session = requests.Session()
        session.verify = str(service.ca)
        answer = session.delete(f"{service.url}/x")
        session.get(answer.headers["Azure-AsyncOperation"])

    record(story)
    replay(story)

    text = cassette_path.read_text()
    assert "t=REDACTED&c=REDACTED&s=REDACTED&h=REDACTED" in text
    assert "RC7Qvmu" not in text


@pytest.mark.parametrize("noise", [b"\x00\xff\x01", b"5.1,3.5,1.4,0.2,setosa\n"])
def test_large_content_is_searched_too(service, record, tmp_path, noise, real):
    """Side files: a known value is replaced in place, the rest is untouched."""
    path = tmp_path / "c.json"
    secret = f"AccountKey={OTHER_KEY};".encode()
    payload = noise * 40_000 + secret + CLIENT_SECRET.encode() + noise * 40_000

    def story(recorder):
        requests.put(
            f"{service.url}/{real.account}/container/x",
            data=payload,
            headers={"x-ms-blob-type": "BlockBlob"},
            verify=str(service.ca),
        )

    record(story, path=path, rules=RULES)

    (file,) = (tmp_path / "blobs").iterdir()
    raw = file.read_bytes()
    zero = base64.b64encode(bytes(64))
    assert raw == noise * 40_000 + b"AccountKey=" + zero + b";REDACTED" + noise * 40_000


def test_a_secret_in_base64_inside_large_content_is_replaced(
    service, record, tmp_path, real
):
    noise = b"\x00\xff" * 50_000
    told = base64.b64encode(f"user:{CLIENT_SECRET}".encode())
    payload = noise + told + noise

    def story(recorder):
        requests.put(
            f"{service.url}/{real.account}/container/x",
            data=payload,
            headers={"x-ms-blob-type": "BlockBlob"},
            verify=str(service.ca),
        )

    record(story, path=tmp_path / "c.json", rules=RULES)

    (file,) = (tmp_path / "blobs").iterdir()
    assert file.read_bytes() == noise + base64.b64encode(b"user:REDACTED") + noise
