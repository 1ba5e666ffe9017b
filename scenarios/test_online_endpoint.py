"""Deploy a model to an online endpoint, and invoke it.

Model, code and environment are registered; an endpoint with keys gets one deployment
and all traffic. It is asked with its key, with one that was renewed, and in vain with
the one from before. A second endpoint hands out tokens. Both are removed.
"""

from __future__ import annotations

import pytest
import requests
from story import MODERN, done, draw_name, location_of, register_scoring

from azml_contract import Workspace


@pytest.mark.azml(api_versions=MODERN, compute=True, execute=True)
def test_deploy_and_invoke(azml: Workspace) -> None:
    assets = register_scoring(azml)
    location = location_of(azml)
    name = draw_name(azml, "scores")
    endpoint, deployment = f"onlineEndpoints/{name}", "deployments/blue"
    body = azml.body("stories/online_endpoint", location=location, traffic={})
    done(azml, azml.put(endpoint, body))

    parts = azml.body("stories/online_deployment", location=location, **assets)
    done(azml, azml.put(f"{endpoint}/{deployment}", parts))
    body = azml.body(
        "stories/online_endpoint", location=location, traffic={"blue": 100}
    )
    done(azml, azml.put(endpoint, body))
    uri = azml.get(endpoint).expect(200).json["properties"]["scoringUri"]

    keys = azml.post(f"{endpoint}/listKeys").expect(200).json
    assert ask(uri, keys["primaryKey"]).json() == {"score": 2.5}
    renew = {"keyType": "Secondary"}
    done(azml, azml.post(f"{endpoint}/regenerateKeys", renew))
    assert ask(uri, keys["secondaryKey"]).status_code == 401
    renewed = azml.post(f"{endpoint}/listKeys").expect(200).json["secondaryKey"]
    assert ask(uri, renewed).status_code == 200

    skus = azml.list(f"{endpoint}/{deployment}/skus")
    assert [one["sku"]["name"] for one in skus] == ["Default"]
    sku = {"sku": {"name": "Default", "capacity": 2}}
    done(azml, azml.patch(f"{endpoint}/{deployment}", sku))
    now = azml.get(f"{endpoint}/{deployment}").expect(200).json
    assert now["sku"]["capacity"] == 2
    assert [one["name"] for one in azml.list(f"{endpoint}/deployments")] == ["blue"]

    log = azml.post(f"{endpoint}/{deployment}/getLogs", {"tail": 5}).expect(200)
    assert isinstance(log.json["content"], str)

    done(azml, azml.patch(endpoint, {"tags": {"stage": "retired"}}))
    assert name in [one["name"] for one in azml.list("onlineEndpoints")]
    done(azml, azml.delete(f"{endpoint}/{deployment}"), 200, 202, 204)
    done(azml, azml.delete(endpoint), 200, 202, 204)
    assert azml.get(endpoint).status == 404


@pytest.mark.azml(api_versions=MODERN, compute=True)
def test_token(azml: Workspace) -> None:
    endpoint = f"onlineEndpoints/{draw_name(azml, 'tokens')}"
    body = azml.body("stories/token_endpoint", location=location_of(azml))
    done(azml, azml.put(endpoint, body))
    given = azml.post(f"{endpoint}/token").expect(200).json
    assert given["expiryTimeUtc"] >= given["refreshAfterTimeUtc"]
    done(azml, azml.delete(endpoint), 200, 202, 204)


def ask(uri: str, key: str) -> requests.Response:
    """One call of the endpoint itself, as its users make it."""
    return requests.post(
        uri,
        json={"length": 1, "width": 1},
        headers={"Authorization": f"Bearer {key}"},
        timeout=60,
    )
