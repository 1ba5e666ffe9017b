"""Score many files at once with a batch endpoint.

A deployment on a cluster is made the endpoint's default, files are uploaded, and the
endpoint is asked to score their folder: a job that is waited for. Deployment and
endpoint are changed, listed and removed.
"""

from __future__ import annotations

import pytest
import requests
from story import MODERN, SCORING, done, draw_name, location_of, register_scoring
from test_train_and_sweep import ensure_cluster

from azml_contract import Workspace


@pytest.mark.azml(api_versions=MODERN, compute=True, execute=True)
def test_score_a_folder(azml: Workspace) -> None:
    assets = register_scoring(azml)
    compute = ensure_cluster(azml)
    location = location_of(azml)
    name = draw_name(azml, "many")
    endpoint, deployment = f"batchEndpoints/{name}", "deployments/first"
    body = azml.body("stories/batch_endpoint", location=location, default=None)
    done(azml, azml.put(endpoint, body))

    parts = azml.body(
        "stories/batch_deployment", location=location, compute_id=compute, **assets
    )
    done(azml, azml.put(f"{endpoint}/{deployment}", parts))
    body = azml.body("stories/batch_endpoint", location=location, default="first")
    done(azml, azml.put(endpoint, body))

    folder = azml.upload(SCORING / "batch")
    uri = azml.get(endpoint).expect(200).json["properties"]["scoringUri"]
    token = azml.get_credential().get_token("https://ml.azure.com/.default").token
    begun = requests.post(
        uri,
        json=azml.body("stories/batch_invocation", uri=folder.uri),
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    assert begun.status_code == 201, begun.text
    job = azml.wait(f"jobs/{begun.json()['name']}").json
    assert job["properties"]["status"] == "Completed"

    assert azml.post(f"{endpoint}/listkeys").expect(200).json["primaryKey"]
    done(azml, azml.patch(f"{endpoint}/{deployment}", {"tags": {"stage": "old"}}))
    assert azml.get(f"{endpoint}/{deployment}").expect(200).json["name"] == "first"
    assert [one["name"] for one in azml.list(f"{endpoint}/deployments")] == ["first"]
    done(azml, azml.patch(endpoint, {"tags": {"stage": "retired"}}))
    assert name in [one["name"] for one in azml.list("batchEndpoints")]
    done(azml, azml.delete(f"{endpoint}/{deployment}"), 200, 202, 204)
    done(azml, azml.delete(endpoint), 200, 202, 204)
