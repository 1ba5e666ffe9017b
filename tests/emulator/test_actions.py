"""Actions answer, and always the same secrets until they are regenerated."""

from __future__ import annotations

import pytest

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.emulator.resources.actions import load_actions

ENDPOINT = {"location": "westeurope", "properties": {"authMode": "Key"}}


def test_keys_of_an_endpoint_stay_until_one_is_regenerated(client):
    client.put("onlineEndpoints/e1", ENDPOINT)
    first = client.post("onlineEndpoints/e1/listKeys").json()
    assert client.post("onlineEndpoints/e1/listKeys").json() == first
    body = {"keyType": "Primary"}
    changed = client.post("onlineEndpoints/e1/regenerateKeys", body)
    assert changed.status_code == 202
    assert client.get(changed.headers["Location"]).status_code in (200, 202)
    second = client.post("onlineEndpoints/e1/listKeys").json()
    assert second["secondaryKey"] == first["secondaryKey"]
    assert second["primaryKey"] != first["primaryKey"]


def test_an_action_on_what_is_not_there_is_not_found(client):
    answer = client.post("onlineEndpoints/absent/listKeys")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "UserError"


def test_a_long_action_shows_its_result_where_location_points(client):
    begun = client.post("diagnose", {})
    assert begun.status_code == 202
    answers = [client.get(begun.headers["Location"]) for _ in range(3)]
    assert answers[0].status_code == 202
    assert answers[-1].json()["value"]["keyVaultResults"] == []


@pytest.mark.parametrize("name", ["usages", "quotas", "vmSizes"])
def test_the_lists_of_a_region_are_not_empty(client, name):
    place = client.workspace.partition("/resourceGroups/")[0]
    provider = "Microsoft.MachineLearningServices"
    path = f"{place}/providers/{provider}/locations/westeurope/{name}"
    assert client.get(path).json()["value"]


def test_every_entry_of_the_table_is_an_operation_of_some_version():
    words = {
        operation.path.rpartition("/")[2].lower()
        for version in known_versions()
        for operation in load_contract(version).operations.values()
    }
    unknown = {
        key
        for key in load_actions()
        if key.rpartition(" ")[2] not in words and "datareferences" not in key
    }
    assert unknown == set()
