"""Live names become placeholders and come back; fields are secret by their names."""

from __future__ import annotations

import json

import pytest

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import Identifier, RedactionRules
from azml_contract.redaction.scan import Scanner
from azml_contract.redaction.secret_fields import is_secret_field, secret_form_fields
from azml_contract.redaction.sides import Sides

RULES = RedactionRules(
    identifiers=(Identifier("workspace", "prod-west-7", "workspace"),),
)
LIVE = "https://management.azure.com/workspaces/prod-west-7/jobs/a"


def test_a_request_goes_to_the_recorded_side_and_back() -> None:
    sides = Sides(RULES)
    body = json.dumps({"list": ["/workspaces/prod-west-7/b", 3]}).encode()

    recorded = sides.as_recorded(Request("PUT", LIVE, (), body))
    back = sides.as_live(Exchange(recorded, Response(200, (), recorded.body)))

    assert recorded.url == LIVE.replace("prod-west-7", "workspace")
    assert b"prod-west-7" not in recorded.body
    assert back.request.url == LIVE
    assert json.loads(back.request.body) == json.loads(body)
    assert json.loads(back.response.body) == json.loads(body)


@pytest.mark.parametrize(
    ("name", "secret"),
    [("adminPw", True), ("Authorization", True), ("colour", False)],
)
def test_a_field_is_secret_by_either_list(name: str, secret: bool) -> None:
    assert is_secret_field(name, frozenset({"adminpw"}), "") is secret


@pytest.mark.parametrize(
    ("text", "names"),
    [("no form", []), ("client_secret=abc&a=b", ["client_secret"]), ("a=b", [])],
)
def test_secret_fields_of_a_form(text: str, names: list[str]) -> None:
    assert secret_form_fields(text) == names


def test_side_files_are_scanned_as_well() -> None:
    scanner = Scanner(Redactor(RedactionRules(secrets=("Zq8-tR4w-Lm2x-Vb7n",))))

    found = scanner.scan(b"{}", {"0ab": b"key: Zq8-tR4w-Lm2x-Vb7n"})

    assert [one.place for one in found] == ["blobs/0ab"]
    assert scanner.scan(b"{}", {"0ab": b"nothing"}) == ()
