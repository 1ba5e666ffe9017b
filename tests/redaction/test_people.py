"""People in answers get a placeholder; what a scenario itself sends stays."""

from __future__ import annotations

import json

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.recording.scrub import RedactionRules, Scrubber
from azml_contract.redaction.learn import find_people

RULES = RedactionRules(identifiers=(), secrets=(), secret_properties=frozenset())
URL = "https://management.azure.com/subscriptions/s?api-version=2024-04-01"


def exchange(sent: object, answered: object) -> Exchange:
    request = Request("PUT", URL, (("content-type", "application/json"),), encode(sent))
    kind = ("content-type", "application/json; charset=utf-8")
    return Exchange(request, Response(200, (kind,), encode(answered)))


def encode(value: object) -> bytes:
    return json.dumps(value).encode()


def test_addresses_in_any_property_of_an_answer_are_people() -> None:
    answered = {"tags": {"owner": "ask jane.doe@contoso.com, please"}}
    assert find_people([exchange({}, answered)]) == {"jane.doe@contoso.com"}


def test_an_address_that_the_scenario_sent_is_behaviour() -> None:
    body = {"properties": {"emails": ["team@example.org"]}}
    assert find_people([exchange(body, body)]) == frozenset()


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


def test_package_pins_are_no_addresses() -> None:
    answered = {"conda": "git+https://host/x@v1.2 torch@2.0 a@b"}
    assert find_people([exchange({}, answered)]) == frozenset()
