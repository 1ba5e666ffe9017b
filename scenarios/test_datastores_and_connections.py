"""Keep credentials in a workspace: a datastore with its key, a connection with its own.

What is sent as a secret never comes back with the resource, only where secrets are
asked for by name. No cassette keeps it: a placeholder stands in its place.
"""

from __future__ import annotations

import base64

import pytest
from story import MODERN, draw_name

from azml_contract import Workspace

KEY = base64.b64encode(bytes(range(64))).decode()
"""Of the form of an account's key; replaced in the cassette, as a true one would be."""


@pytest.mark.azml(api_versions=MODERN)
def test_datastore(azml: Workspace) -> None:
    name = draw_name(azml, "store").replace("-", "_")
    path = f"datastores/{name}"
    body = azml.body("stories/datastore", account="accountofours", key=KEY)
    azml.put(path, body, params={"skipValidation": True}).expect(200, 201)
    held = azml.get(path).expect(200).json["properties"]
    assert held["credentials"]["credentialsType"] == "AccountKey"
    assert "secrets" not in held["credentials"]
    assert azml.post(f"{path}/listSecrets").expect(200).json["key"]
    assert name in [one["name"] for one in azml.list("datastores")]
    azml.delete(path).expect(200, 204)
    assert azml.get(path).status == 404


@pytest.mark.azml(api_versions=MODERN)
def test_connection(azml: Workspace) -> None:
    path = f"connections/{draw_name(azml, 'feed')}"
    body = azml.body("stories/connection", pat=KEY)
    azml.put(path, body).expect(200, 201)
    held = azml.get(path).expect(200).json["properties"]
    assert held["authType"] == "PAT"
    assert not held.get("credentials")
    if azml.api_version >= "2024-04-01":
        asked = azml.post(f"{path}/listsecrets").expect(200).json
        assert asked["properties"]["authType"] == "PAT"
    assert azml.list("connections")
    azml.delete(path).expect(200, 204)
    assert azml.get(path).status == 404
