"""Run a job every night, then pause and remove its schedule.

A schedule holds the job that it makes. It is read back, paused by sending it again
with `isEnabled` false, and removed. Schedules are there since 2022-10-01.
"""

from __future__ import annotations

import pytest
from story import MODERN, done, draw_name, register_environment
from test_train_and_sweep import ensure_cluster

from azml_contract import Workspace


@pytest.mark.azml(api_versions=["2022-10-01", *MODERN[1:]], compute=True)
def test_every_night(azml: Workspace) -> None:
    slots = {
        "compute_id": ensure_cluster(azml),
        "environment_id": register_environment(azml),
    }
    name = draw_name(azml, "nightly")
    path = f"schedules/{name}"
    body = azml.body("stories/schedule", is_enabled=True, **slots)
    done(azml, azml.put(path, body))
    made = azml.get(path).expect(200).json
    assert made["properties"]["isEnabled"] is True
    assert made["properties"]["action"]["actionType"] == "CreateJob"

    body = azml.body("stories/schedule", is_enabled=False, **slots)
    done(azml, azml.put(path, body))
    assert azml.get(path).expect(200).json["properties"]["isEnabled"] is False
    listed = azml.list("schedules", params={"listViewType": "All"})
    assert name in [one["name"] for one in listed]

    done(azml, azml.delete(path), 200, 202, 204)
    assert azml.get(path).status == 404
