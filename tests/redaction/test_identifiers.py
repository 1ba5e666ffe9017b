"""Who and what was recorded: names, addresses and ids stand in no file."""

from __future__ import annotations

import uuid

import pytest
import requests
from everywhere import ENCODINGS, PLACES, decoded, forms_of, plant, read_all
from soak import sized

from azml_contract.cassette.cassette import load_cassette
from azml_contract.recording.engine import Mode
from azml_contract.redaction.rules import Identifier, RedactionRules

IDENTIFIERS = RedactionRules(
    identifiers=(
        Identifier(
            "subscription",
            "5D1F7B60-9E3A-4C2B-8F6D-1A2B3C4D5E6F",
            str(uuid.UUID(int=0)),
        ),
        Identifier("workspace", "contoso-ml-7", "workspace"),
        Identifier("resource_group", "data", "resource-group"),
        Identifier("storage_account", "contosostore", "storageaccount"),
        Identifier("email", "ada@contoso.com", "user@example.com"),
        Identifier("name", "Jörg O'Brien", "User"),
    )
)


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "value",
    [
        "5d1f7b60-9e3a-4c2b-8f6d-1a2b3c4d5e6f",
        "CONTOSO-ML-7",
        "ada@contoso.com",
        "Jörg O'Brien",
    ],
)
def test_no_identifier_reaches_a_file(service, make_recorder, tmp_path, place, value):
    cases = list(ENCODINGS.items())
    part = cases[PLACES.index(place) % sized(3, 1) :: sized(3, 1)]
    for number, (encoding, encode) in enumerate(part):
        path = tmp_path / str(number) / "c.json"
        with make_recorder(Mode.RECORD, path=path, rules=IDENTIFIERS) as recorder:
            plant(service, place, encode(value))
        recorder.save()
        text = decoded(read_all(path.parent)).casefold()
        for form in forms_of(value):
            assert form.casefold() not in text, (encoding, form)


def test_a_name_that_is_an_ordinary_word_is_replaced_by_position_only(
    service, record, cassette_path
):
    answer = {
        "id": "/subscriptions/s/resourceGroups/data/providers/x/workspaces/w/data/data",
        "properties": {
            "dataType": "data",
            "path": "azureml://datastores/d/paths/data/",
        },
        "resourceGroup": "data",
        "encoded": "wsid=%2Fsubscriptions%2Fs%2FresourceGroups%2Fdata%2Fpro",
        "message": "Resource group 'data' could not be found. Send data.",
    }
    service.on("GET", "/.*", lambda call: (404, {}, answer))
    url = f"{service.url}/subscriptions/s/resourcegroups/data/providers/x/data/data"

    record(
        lambda recorder: requests.get(url, verify=str(service.ca)), rules=IDENTIFIERS
    )

    (one,) = load_cassette(cassette_path).interactions
    assert one.url.endswith("/resourcegroups/resource-group/providers/x/data/data")
    assert one.response_json == {
        "id": "/subscriptions/s/resourceGroups/resource-group/providers/x"
        "/workspaces/w/data/data",
        "properties": {
            "dataType": "data",
            "path": "azureml://datastores/d/paths/data/",
        },
        "resourceGroup": "resource-group",
        "encoded": "wsid=%2Fsubscriptions%2Fs%2FresourceGroups%2Fresource-group%2Fpro",
        "message": "Resource group 'resource-group' could not be found. Send data.",
    }


def test_people_in_system_data_become_placeholders_everywhere(
    service, record, cassette_path
):
    answer = {
        "systemData": {
            "createdBy": "Ada Lovelace",
            "createdByType": "User",
            "lastModifiedBy": "9d3f6c1e-5b7a-4e2d-8c1f-0a1b2c3d4e5f",
        },
        "tags": {"owner": "ask Ada Lovelace"},
        "properties": {"user": {"userEmail": "someone@contoso.org"}},
    }
    service.on("GET", "/x", lambda call: (200, {}, answer))

    record(lambda recorder: requests.get(f"{service.url}/x", verify=str(service.ca)))

    (one,) = load_cassette(cassette_path).interactions
    assert one.response_json == {
        "systemData": {
            "createdBy": "User",
            "createdByType": "User",
            "lastModifiedBy": "00000000-0000-4000-8000-000000000001",
        },
        "tags": {"owner": "ask User"},
        "properties": {"user": {"userEmail": "user@example.com"}},
    }
