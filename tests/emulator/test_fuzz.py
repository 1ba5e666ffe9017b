"""No request breaks the emulator, and what it refuses it does not keep."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from soak import sized

from azml_contract.contract.catalog import load_contract
from azml_contract.contract.model import Operation
from azml_contract.emulator.sample import sample
from azml_contract.exchange import Request

VERSIONS = ("2021-03-01-preview", "2022-10-01", "2024-04-01", "2026-05-15-preview")
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, "", "x" * 5000, "\ud800", "${{parent.x}}", [], [[]], {},
    {"": None}, [None], "\x00", "../..", 10**30, {"a": {"b": {"c": []}}},
)  # fmt: skip
BYTES = (
    b"\xff\xfe{", b"{", b"[" * 100_000, b'{"a":' * 100_000, b'"\\ud800"', b"null",
    b"NaN", b'{"a":1,"a":2}', b"\xef\xbb\xbf{}", b"1e999", b'{"properties":"\\udfff"}',
)  # fmt: skip


class Fuzzer:
    """Requests of every operation of a version, spoilt in one place or more."""

    def __init__(self, service: Any, version: str, seed: int) -> None:
        self._random = random.Random(seed)
        self._service = service
        self._contract = load_contract(version)
        self._version = version
        self._operations = list(self._contract.operations.values())
        token = service.issue_token()
        self._headers = (("Authorization", f"Bearer {token}"),)

    def draw(self) -> Request:
        operation = self._random.choice(self._operations)
        url = f"{self._service.url}{self._path(operation)}?api-version={self._version}"
        if self._random.random() < 0.3:
            name = self._random.choice(("$top", "$skip", "$skipToken", "count", "hash"))
            value = self._random.choice(("-1", "x", "99999999999999999999", "", "²"))
            url += f"&{name}={value}"
        return Request(operation.method, url, self._headers, self._body(operation))

    def _path(self, operation: Operation) -> str:
        settings = self._service.settings
        known = {
            "subscriptionId": settings.subscription,
            "resourceGroupName": settings.resource_group,
            "workspaceName": settings.workspace,
        }
        parts = []
        for part in operation.path.split("/"):
            name = part.strip("{}")
            if part.startswith("{"):
                odd = (
                    "a",
                    "1",
                    "a1b2",
                    "%ED%A0%80",
                    "%00",
                    "ü",
                    "..",
                    "a" * 300,
                    "%2F",
                )
                chosen = self._random.choice(
                    odd[:3] if self._random.random() < 0.8 else odd
                )
                part = known.get(name, chosen)
            parts.append(part)
        return "/".join(parts)

    def _body(self, operation: Operation) -> bytes:
        if self._random.random() < 0.1:
            return self._random.choice(BYTES)
        if operation.body is None:
            return b""
        whole = sample(operation.body, self._contract.definitions)
        return json.dumps(self._spoil(whole)).encode()

    def _spoil(self, value: Any) -> Any:
        if self._random.random() < 0.12:
            return self._random.choice(ODD)
        if isinstance(value, dict):
            kept = {key: self._spoil(item) for key, item in value.items()}
            if self._random.random() < 0.2:
                kept[self._random.choice(("x", "properties", "type", "\ud800"))] = (
                    self._random.choice(ODD)
                )
            return kept
        return [self._spoil(v) for v in value] if isinstance(value, list) else value


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("version", VERSIONS)
def test_no_request_breaks_the_emulator(service, version):
    fuzzer = Fuzzer(service, version, seed=VERSIONS.index(version))
    for _ in range(sized(150, 5500)):
        request = fuzzer.draw()
        answer = service.answer(request)
        assert answer is not None
        assert answer.status != 500, (request, service.bugs[-1:])
        if answer.body:
            json.loads(answer.body)


@pytest.mark.parametrize("body", BYTES[:7], ids=lambda b: repr(b[:12]))
def test_a_body_that_is_no_json_is_refused_and_not_kept(client, body):
    answer = client.call("PUT", "jobs/odd", data=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"]
    assert client.get("jobs/odd").status_code == 404


def test_a_lone_surrogate_is_refused_and_not_kept(client):
    body = b'{"properties":{"image":"\\ud800"}}'
    answer = client.call("PUT", "environments/e/versions/1", data=body)
    assert answer.status_code == 400
    assert client.get("environments/e/versions/1").status_code == 404


@pytest.mark.parametrize(
    ("path", "properties"),
    [
        ("jobs/odd", {"jobType": "Quantum"}),
        ("computes/odd", {"computeType": "Abacus"}),
        ("datastores/odd", {"datastoreType": "Shoebox"}),
    ],
)
def test_an_unknown_discriminator_is_refused_and_not_kept(client, path, properties):
    answer = client.put(path, {"properties": properties})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "UserError"
    assert client.get(path).status_code == 404
