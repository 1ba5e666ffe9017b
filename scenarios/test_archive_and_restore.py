"""Archive what is no longer used, and bring it back.

What is archived stays, and is left out of lists unless they are asked for it. A model
and a job are archived and restored, by sending them again with `isArchived`.
"""

from __future__ import annotations

from uuid import uuid4

import pytest
from story import MODERN, draw_name, register_environment, register_model
from test_train_and_sweep import ensure_cluster

from azml_contract import Workspace


@pytest.mark.azml(api_versions=MODERN)
def test_model(azml: Workspace) -> None:
    name = draw_name(azml, "model")
    path = f"models/{name}/versions/1"
    uri = register_model(azml, name, "1").json["properties"]["modelUri"]
    body = azml.body("stories/model", uri=uri, note="weights of two lengths")
    for is_archived in (True, False):
        body["properties"]["isArchived"] = is_archived
        azml.put(path, body).expect(200)
        assert shown(azml, f"models/{name}/versions") == ([] if is_archived else ["1"])
        assert shown(azml, f"models/{name}/versions", view="All") == ["1"]


@pytest.mark.azml(api_versions=MODERN, compute=True)
def test_job(azml: Workspace) -> None:
    job = azml.var("job", lambda: str(uuid4()))
    slots = {
        "compute_id": ensure_cluster(azml),
        "environment_id": register_environment(azml),
        "command": "echo once",
    }
    body = azml.body("failing_job", **slots)
    azml.put(f"jobs/{job}", body).expect(200, 201)
    azml.wait(f"jobs/{job}")
    for is_archived in (True, False):
        body["properties"]["isArchived"] = is_archived
        azml.put(f"jobs/{job}", body).expect(200)
        assert (job in shown(azml, "jobs")) is not is_archived
        assert (job in shown(azml, "jobs", view="ArchivedOnly")) is is_archived


def shown(azml: Workspace, path: str, view: str | None = None) -> list[str]:
    """Names of what a list shows: by itself, or by a view."""
    params = {"listViewType": view} if view else None
    return [one["name"] for one in azml.list(path, params=params)]
