"""Register a model, then a second version of it, and find the newest.

A container is described first; two versions go into it, whose files are uploaded.
Versions are listed, described anew, and removed, the container last.
"""

from __future__ import annotations

import pytest
from story import MODERN, draw_name, register_model

from azml_contract import Workspace


@pytest.mark.azml(api_versions=MODERN)
def test_two_versions(azml: Workspace) -> None:
    name = draw_name(azml, "model")
    path = f"models/{name}"
    described = azml.body("stories/model_container", note="weights of two lengths")
    azml.put(path, described).expect(200, 201)
    first = register_model(azml, name, "1").json
    assert first["properties"]["modelType"] == "custom_model"
    register_model(azml, name, "2")

    container = azml.get(path).expect(200).json
    assert container["properties"]["latestVersion"] == "2"
    newest = azml.list(
        f"{path}/versions", params={"$orderBy": "createdtime desc", "$top": "1"}
    )
    assert newest[0]["name"] == "2"
    body = azml.body(
        "stories/model", uri=first["properties"]["modelUri"], note="the one in use"
    )
    azml.put(f"{path}/versions/1", body).expect(200)
    now = azml.get(f"{path}/versions/1").expect(200).json
    assert now["properties"]["description"] == "the one in use"
    assert name in [one["name"] for one in azml.list("models")]

    for version in ("1", "2"):
        azml.delete(f"{path}/versions/{version}").expect(200, 204)
    azml.delete(path).expect(200, 202, 204)
    assert azml.get(path).status == 404
