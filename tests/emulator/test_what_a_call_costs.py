"""A body is read once and judged once, and few functions take part in an answer."""

from __future__ import annotations

import json
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
        most = sized(20, 2000)
        for body in make_samples(contract.definitions, operation.body, lens, most=most):
            text = json.dumps(body).encode()
            route, sent = Route(operation, {}), read_body(text)
            request = Request(operation.method, url, body=text)
            try:
                as_it_stands = gate.pass_body(request, contract, route, sent)
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
        ("GET", "datastores/workspaceblobstore", None, 21),
        ("PUT", "environments/e/versions/{}", IMAGE, 130),
        ("PUT", "data/d/versions/{}", FILE, 152),
        ("PUT", "jobs/j{}", JOB, 230),
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
        for number in range(12)
    ]
    for request in asked[:-1]:
        assert service.answer(request).status < 300
    assert count_calls(lambda: service.answer(asked[-1])) <= most
