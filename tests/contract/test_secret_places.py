"""The contract tells where secrets stand in a body, and where none do."""

from __future__ import annotations

from typing import Any

import pytest

from azml_contract.contract import secret_places
from azml_contract.contract.contract import make_contract
from azml_contract.contract.secret_places import find_secret_places
from azml_contract.exchange import Request

LIST_OF_SELF = {"type": "array", "items": {"$ref": "#/definitions/Job"}}
WORKSPACE = (
    "https://management.azure.com/subscriptions/s/resourceGroups/g/providers"
    "/Microsoft.MachineLearningServices/workspaces/team"
)


def find(method: str, path: str, body: Any, *, answer: bool = False) -> set[str]:
    request = Request(method, f"{WORKSPACE}/{path}?api-version=2024-04-01")
    found = find_secret_places(request, body, answer=answer)
    return {"/".join(map(str, one)) for one in found}


def connection(kind: str, credentials: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"authType": kind, "credentials": credentials}}


@pytest.mark.parametrize(
    ("path", "body", "places"),
    [
        (
            "connections/c",
            connection("CustomKeys", {"keys": {"a": "x", "b": "y"}}),
            {"properties/credentials/keys/a", "properties/credentials/keys/b"},
        ),
        (
            "connections/c",
            connection("ApiKey", {"key": "x"}),
            {"properties/credentials/key"},
        ),
        (
            "connections/c",
            connection("PAT", {"pat": "x"}),
            {"properties/credentials/pat"},
        ),
        ("connections/c", connection("None", {}), set()),
        ("jobs/j", {"properties": {"jobType": "Command", "command": "x"}}, set()),
        ("nowhere/j", connection("ApiKey", {"key": "x"}), set()),
    ],
)
def test_what_is_sent(path, body, places):
    assert find("PUT", path, body) == places


def test_what_is_answered():
    keys = {"primaryKey": "x", "secondaryKey": "y"}
    assert find("POST", "onlineEndpoints/e/listKeys", keys, answer=True) == set(keys)
    assert find("POST", "onlineEndpoints/e/listKeys", keys) == set()


def test_another_host_has_none():
    request = Request("POST", "https://example.com/listKeys?api-version=2024-04-01")
    assert find_secret_places(request, {"key": "x"}, answer=True) == []


def test_what_an_answer_is_not_told_to_be_is_as_what_was_sent(swaggers, monkeypatch):
    secret = {"type": "string", "x-ms-secret": True}
    sent = {"name": "b", "in": "body", "schema": {"$ref": "#/definitions/Job"}}
    put = swaggers.operation(operationId="Jobs_Put", parameters=[sent])
    made = swaggers.define(
        {"Job": {"properties": {"password": secret, "list": LIST_OF_SELF}}},
        paths=swaggers.job_path(put=put, get=swaggers.operation()),
    )
    contract = make_contract(made)
    monkeypatch.setattr(secret_places, "load_contract", lambda version: contract)
    url = "https://management.azure.com/providers/Microsoft.MachineLearningServices"
    body = {"Password": "x", "list": [{"password": "y"}, 1], "other": "z"}

    def places(method):
        request = Request(method, f"{url}/jobs/self-made?api-version=2024-04-01")
        return find_secret_places(request, body, answer=True)

    assert set(places("PUT")) == {("Password",), ("list", 0, "password")}
    assert list(places("GET")) == []
