"""People get a placeholder, wherever they stand and whoever names them."""

from __future__ import annotations

import json

import pytest

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.recording.scrub import RedactionRules, Scrubber
from azml_contract.redaction.learn import learn
from azml_contract.redaction.people import find_addresses, replace_addresses

RULES = RedactionRules(identifiers=(), secrets=(), secret_properties=frozenset())
URL = "https://management.azure.com/subscriptions/s?api-version=2024-04-01"


def exchange(sent: object, answered: object) -> Exchange:
    request = Request("PUT", URL, (("content-type", "application/json"),), encode(sent))
    kind = ("content-type", "application/json; charset=utf-8")
    return Exchange(request, Response(200, (kind,), encode(answered)))


def encode(value: object) -> bytes:
    return json.dumps(value).encode()


def test_an_address_is_a_person_in_requests_and_answers_alike() -> None:
    body = {"tags": {"owner": "ask jane.doe@contoso.com, please"}}
    sent = Exchange(exchange(body, {}).request, exchange({}, body).response)
    written = json.dumps(Scrubber(RULES, [sent]).scrub(sent))
    assert "contoso" not in written
    assert written.count("ask user@example.com, please") == 2


def test_a_name_in_broken_json_is_found() -> None:
    broken = b'{"systemData": {"createdBy": "Jane Doe", "createdByType": "User"'
    one = exchange({}, {})
    one = Exchange(one.request, Response(200, one.response.headers, broken))
    assert learn([one], RULES).people == {"Jane Doe"}


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_name_in_json_in_a_text_is_found_and_replaced(times) -> None:
    held = {"systemData": {"createdBy": "Jane Doe"}}
    for _ in range(times):
        held = {"log": json.dumps(held)}
    one = exchange({}, held)
    assert learn([one], RULES).people == {"Jane Doe"}
    assert "Jane" not in json.dumps(Scrubber(RULES, [one]).scrub(one))


def test_people_are_replaced_wherever_they_stand() -> None:
    answered = {
        "systemData": {"createdBy": "Jane Doe"},
        "tags": {"owner": "jane.doe@contoso.com", "note": "by Jane Doe"},
    }
    one = exchange({}, answered)
    written = json.dumps(Scrubber(RULES, [one]).scrub(one))
    assert "contoso" not in written
    assert "Jane" not in written
    assert "user@example.com" in written


@pytest.mark.parametrize(
    "text",
    [
        "git+https://host/x@v1.2 torch@2.0 a@b",
        "git@github.com:org/repo.git",
        "https://$USER:$PAT@dev.azure.com/x",
        "r.io/image@sha256:0123",
        *("user@example.com", "ada@Example.ORG", "ada@example.net"),
        *("no-reply@corp.com", "NoReply@corp.com", "notification@corp.com"),
        *("of notifications@corp.com here", "x@y"),
    ],
)
def test_what_is_no_address_stays(text) -> None:
    assert replace_addresses(text) == text
    assert find_addresses(text) == []


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("ask ada@corp.com.", ["ada@corp.com"]),
        ("<ada.b+c@a.b.corp.io>, x@corp.de", ["ada.b+c@a.b.corp.io", "x@corp.de"]),
        ("of user@example.com and ada@examples.com", ["ada@examples.com"]),
        ("my-noreply@corp.com", ["my-noreply@corp.com"]),
    ],
)
def test_addresses_of_persons_are_listed(text, addresses) -> None:
    assert find_addresses(text) == addresses
    for one in addresses:
        assert one not in replace_addresses(text)
