"""Make a workspace beside the configured one, look at all that it tells, remove it.

Its keys, its notebooks, its network and its state are asked for, each by the call that
Azure has for it; it is described anew, and its keys are read again from where they are
kept.
"""

from __future__ import annotations

import pytest
from story import MODERN, done, draw_name, location_of

from azml_contract import Workspace

PROVIDER = "providers/Microsoft.MachineLearningServices/workspaces"


# Calls to another workspace than the configured one are a finding; here they are meant.
@pytest.mark.azml(api_versions=MODERN, expect=[("AZC163", "")])
def test_from_first_to_last(azml: Workspace) -> None:
    name = draw_name(azml, "second")
    own = azml.settings.workspace_id
    group, subscription = own.rpartition("/providers/")[0], own.split("/")[2]
    path = f"{group}/{PROVIDER}/{name}"
    built_on = azml.arm("GET", own).expect(200).json["properties"]
    body = azml.body(
        "stories/workspace",
        location=location_of(azml),
        storage=built_on["storageAccount"],
        vault=built_on["keyVault"],
        insights=built_on["applicationInsights"],
    )
    done(azml, azml.arm("PUT", path, body))
    made = azml.arm("GET", path).expect(200).json
    assert made["properties"]["provisioningState"] == "Succeeded"
    for above in (group, f"/subscriptions/{subscription}"):
        listed = azml.list(f"{above}/{PROVIDER}")
        assert name in [one["name"] for one in listed]

    described = {"properties": {"description": "for trials"}}
    done(azml, azml.arm("PATCH", path, described))
    assert azml.arm("POST", f"{path}/listKeys").expect(200).json["userStorageKey"]
    keys = azml.arm("POST", f"{path}/listStorageAccountKeys").expect(200).json
    assert keys["userStorageKey"]
    notebooks = done(azml, azml.arm("POST", f"{path}/prepareNotebook"))
    assert notebooks.json["fqdn"]
    keys = azml.arm("POST", f"{path}/listNotebookKeys").expect(200).json
    assert keys["primaryAccessKey"]
    token = azml.arm("POST", f"{path}/listNotebookAccessToken").expect(200).json
    assert token["tokenType"] == "Bearer"
    leaving = azml.arm("GET", f"{path}/outboundNetworkDependenciesEndpoints")
    assert leaving.expect(200).json["value"] is not None
    state = done(azml, azml.arm("POST", f"{path}/diagnose", {"value": {}}))
    assert state.json["value"]["storageAccountResults"] == []
    done(azml, azml.arm("POST", f"{path}/resyncKeys"))

    done(azml, azml.arm("DELETE", path), 200, 202, 204)
    assert azml.arm("GET", path).status == 404
