"""A path is taken apart once, a body read once and judged once; and nothing is lost."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from soak import sized

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.contract import Route
from azml_contract.contract.model import View
from azml_contract.contract.samples import make_samples
from azml_contract.contract.views import Lens
from azml_contract.emulator.bodies import Gate
from azml_contract.emulator.body_text import read_body
from azml_contract.emulator.refusal import Refusal
from azml_contract.emulator.sample import sample
from azml_contract.emulator.server import Emulator
from azml_contract.emulator.shaping import normalize
from azml_contract.exchange import Request

VERSION = "2024-04-01"
IMAGE = {"properties": {"image": "mcr.microsoft.com/x", "description": "d" * 1900}}
JOB = {
    "properties": {
        "jobType": "Command",
        "command": "echo ${{inputs.x}}",
        "environmentId": "azureml:AzureML-a:1",
        "inputs": {"x": {"jobInputType": "literal", "value": "1"}},
        "tags": {"a": "b"},
    }
}
FILE = {"properties": {"dataType": "uri_file", "dataUri": "https://example.org/x"}}


@pytest.mark.soak
@pytest.mark.parametrize("version", known_versions()[:: -sized(17, 1)])
def test_a_body_that_passes_as_it_stands_is_understood_as_it_stands(version):
    contract, gate, passed = load_contract(version), Gate(), 0
    for operation in contract.operations.values():
        if operation.body is None:
            continue
        lens = Lens(View.UPDATE if operation.method == "PATCH" else View.CREATE)
        path = operation.path.replace("{", "").replace("}", "")
        url = f"https://management.azure.com{path}?api-version={version}"
        most, expected = sized(20, 2000), gate.expect(contract, operation)
        for body in make_samples(contract.definitions, operation.body, lens, most=most):
            text = json.dumps(body).encode()
            route, sent = Route(operation, {}), read_body(text)
            request = Request(operation.method, url, body=text)
            try:
                as_it_stands = gate.pass_body(
                    request, contract, route, sent, expected, is_usual=True
                )
            except Refusal:
                continue
            if as_it_stands and b"null" not in text:
                known = normalize(body, operation.body, contract.definitions)
                assert known == body
                passed += 1
    assert passed > 100


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": "x\ny"}',
        b'\xef\xbb\xbf{"a": 1}',
    ],
)
def test_a_text_that_others_may_read_otherwise_is_not_called_good(text):
    # Enough good ones before, so that the quick reader is in use.
    assert all(read_body(b'{"a": 1}').is_good for _ in range(300))
    sent = read_body(text)
    assert "a" in sent.value
    assert not sent.is_good


@pytest.mark.parametrize("text", [b"", b" \r\n", b"\t"])
def test_no_body_is_none(text):
    assert read_body(text) == (None, False)


@pytest.mark.parametrize(
    "text", [b'{"a": 1e999}', b'{"a": NaN}', b'{"a": 1,}', b"{", b"\xff", b'"\\ud800"']
)
def test_what_json_cannot_hold_is_refused_by_either_reader(text):
    for _ in range(300):
        with pytest.raises(Refusal):
            read_body(text)
        read_body(b'{"a": 1e3}')


ODD = ("a!b", "x" * 300, "a%62c", "a%20b", "a%2Fb", "", "versions", "default", "b.C-d")


def tell(service: Emulator, method: str, path: str, text: bytes = b"") -> Any:
    """Status and body of an answer, without what is drawn for each."""
    token = (("Authorization", f"Bearer {service.issue_token()}"),)
    place = f"{service.settings.workspace_id}/{path}?api-version={VERSION}"
    answer = service.answer(Request(method, f"{service.url}{place}", token, text))
    body = re.sub(rb"[0-9a-f]{16,}|T\d\d:\d\d:\d\d", b"", answer.body)
    return answer.status, body


@pytest.mark.parametrize(
    ("path", "body"),
    [("environments/e/versions/", IMAGE), ("data/", FILE), ("datastores/", {})],
)
@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE", "PATCH"])
def test_an_odd_name_is_answered_alike_wherever_others_went_before(method, path, body):
    text = json.dumps(body).encode() if method in ("PUT", "PATCH") else b""
    with Emulator(azurite=False) as service:
        for number in range(3):
            tell(service, method, f"{path}{number}", text)
        visited = [tell(service, method, f"{path}{name}", text) for name in ODD]
    for name, told in zip(ODD, visited, strict=True):
        with Emulator(azurite=False) as service:
            assert tell(service, method, f"{path}{name}", text) == told, name


def test_where_calls_went_nothing_can_be_made_once_the_workspace_is_gone(service):
    text = json.dumps(IMAGE).encode()
    for number in range(3):
        tell(service, "PUT", f"environments/e/versions/{number}", text)
    workspace = service.settings.workspace_id
    assert service.store.delete(workspace)
    status, body = tell(service, "PUT", "environments/e/versions/9", text)
    assert (status, b"ParentResourceNotFound" in body) == (404, True)
    status, body = tell(service, "GET", "environments/e/versions/1")
    assert (status, b"ResourceNotFound" in body) == (404, True)


@pytest.mark.parametrize("text", [b"3", b'"x"', b"[1]"])
def test_a_body_that_is_no_object_is_refused_where_the_contract_leaves_it_open(
    service, text
):
    token = (("Authorization", f"Bearer {service.issue_token()}"),)
    contract = load_contract("2026-05-15-preview")
    pool = f"{service.settings.workspace_id}/inferencePools/p"
    for path in (pool, f"{pool}/endpoints/e"):
        url = f"{service.url}{path}?api-version={contract.api_version}"
        found = contract.find("PUT", path)
        assert isinstance(found, Route)
        wanted = found.operation.body
        assert wanted is not None
        body = json.dumps(sample(wanted, contract.definitions, Lens(View.CREATE)))
        made = service.answer(Request("PUT", url, token, body.encode()))
        assert made.status < 300
    answer = service.answer(Request("PATCH", url, token, text))
    assert answer.status == 400
    assert answer.parse_json()["error"]["message"].startswith("Request is invalid")


def count_calls(work: Callable[[], Any]) -> int:
    """How many functions written in Python are entered."""
    entered = 0

    def note(frame: FrameType, event: str, told: object) -> None:
        nonlocal entered
        entered += event == "call"

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return entered


@pytest.mark.parametrize(
    ("method", "path", "body", "most"),
    [
        ("GET", "datastores/workspaceblobstore", None, 14),
        ("PUT", "environments/e/versions/{}", IMAGE, 84),
        ("PUT", "data/d/versions/{}", FILE, 114),
        ("PUT", "jobs/j{}", JOB, 190),
    ],
)
def test_few_functions_take_part_in_an_answer(service, method, path, body, most):
    """Each one that is entered has to be fetched from memory: that is what costs."""
    text = b"" if body is None else json.dumps(body).encode()
    headers = (("Authorization", f"Bearer {service.issue_token()}"),)
    workspace = f"{service.url}{service.settings.workspace_id}"
    asked = [
        Request(
            method,
            f"{workspace}/{path.format(number)}?api-version={VERSION}",
            headers,
            text,
        )
        for number in range(15)
    ]
    for request in asked[:-3]:
        assert service.answer(request).status < 300
    # Now and then a second begins, which is told anew.
    counts = [count_calls(lambda: service.answer(one)) for one in asked[-3:]]  # noqa: B023
    assert min(counts) <= most
