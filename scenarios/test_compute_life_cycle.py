"""Make, change, stop, start and remove computes.

A cluster is scaled and asked for its nodes; an instance is stopped, started and started
anew. Both are removed: by the story, and by the harness where it failed halfway, since
each was looked for in vain. Keys are asked of a cluster of Kubernetes that is attached,
which is never deleted.
"""

from __future__ import annotations

import pytest
from story import MODERN, done, draw_name, location_of

from azml_contract import Workspace

REMOVED = {"underlyingResourceAction": "Delete"}


@pytest.mark.azml(api_versions=MODERN, compute=True)
def test_cluster(azml: Workspace) -> None:
    path = f"computes/{draw_name(azml, 'cpus')}"
    assert azml.get(path).status == 404
    done(azml, azml.put(path, azml.body("compute", location=location_of(azml))))
    done(azml, azml.patch(path, azml.body("stories/compute_scale", nodes=8)))
    now = azml.get(path).expect(200).json["properties"]["properties"]
    assert now["scaleSettings"]["maxNodeCount"] == 8
    nodes = azml.post(f"{path}/listNodes").expect(200).json
    assert nodes["nodes"] == []
    assert azml.get("computes").expect(200).json["value"]
    done(azml, azml.delete(path, params=REMOVED), 200, 202)
    assert azml.get(path).status == 404


@pytest.mark.azml(api_versions=MODERN, compute=True)
def test_instance(azml: Workspace) -> None:
    path = f"computes/{draw_name(azml, 'desk')}"
    assert azml.get(path).status == 404
    body = azml.body("stories/compute_instance", location=location_of(azml))
    done(azml, azml.put(path, body))
    for action, state in (("stop", "Stopped"), ("start", "Running")):
        done(azml, azml.post(f"{path}/{action}"), 200, 202)
        now = azml.get(path).expect(200).json["properties"]["properties"]
        assert now["state"] == state
    done(azml, azml.post(f"{path}/restart"), 200, 202)
    done(azml, azml.delete(path, params=REMOVED), 200, 202)


@pytest.mark.azml(api_versions=MODERN, compute=True)
def test_attached(azml: Workspace) -> None:
    path = f"computes/{draw_name(azml, 'kube')}"
    body = azml.body("stories/compute_attached", location=location_of(azml))
    done(azml, azml.put(path, body))
    keys = azml.post(f"{path}/listKeys").expect(200).json
    assert keys["computeType"] == "AKS"
    done(azml, azml.delete(path, params={"underlyingResourceAction": "Detach"}))
