"""Workspaces, computes, datastores, the storage account and the subscription."""

from __future__ import annotations

import pytest

CLUSTER = {
    "location": "westeurope",
    "properties": {
        "computeType": "AmlCompute",
        "properties": {"vmSize": "Standard_DS3_v2"},
    },
}


def states_of(client, url, *, polls=3):
    return [client.get(url).json()["status"] for _ in range(polls)]


def test_a_compute_is_being_made_for_a_while(client):
    made = client.put("computes/c", CLUSTER)
    assert made.status_code == 201
    properties = made.json()["properties"]
    assert properties["provisioningState"] == "Creating"
    assert properties["properties"]["vmSize"] == "STANDARD_DS3_V2"
    assert "systemData" not in made.json()
    url = made.headers["Azure-AsyncOperation"]
    assert "/locations/westeurope/computeOperationsStatus/" in url
    assert url.endswith("?api-version=2024-04-01&service=new")
    assert states_of(client, url) == ["InProgress", "Succeeded", "Succeeded"]
    settled = client.get("computes/c").json()["properties"]
    assert settled["provisioningState"] == "Succeeded"
    assert settled["properties"]["allocationState"] == "Steady"


def test_a_compute_that_is_only_looked_at_gets_ready_too(client):
    client.put("computes/c", CLUSTER)
    seen = [
        client.get("computes/c").json()["properties"]["provisioningState"]
        for _ in range(3)
    ]
    assert seen == ["Creating", "Succeeded", "Succeeded"]


def test_a_deleted_compute_is_there_until_the_operation_is_done(client):
    client.put("computes/c", CLUSTER)
    gone = client.delete("computes/c", underlyingResourceAction="Delete")
    assert (gone.status_code, gone.content) == (202, b"")
    state = client.get("computes/c").json()["properties"]["provisioningState"]
    assert state == "Deleting"
    url = gone.headers["Azure-AsyncOperation"]
    assert states_of(client, url)[-1] == "Succeeded"
    assert client.get("computes/c").status_code == 404
    assert client.get("computes").json() == {"value": []}


def test_deleting_needs_to_be_told_what_becomes_of_the_cluster(client):
    client.put("computes/c", CLUSTER)
    answer = client.delete("computes/c")
    assert answer.status_code == 400
    assert "underlyingResourceAction" in answer.json()["error"]["details"][0]["message"]


@pytest.mark.parametrize("version", ["2021-03-01-preview", "2024-04-01"])
def test_a_cluster_is_resized_by_a_patch(client, version):
    client.put("computes/c", CLUSTER)
    scale = {"scaleSettings": {"maxNodeCount": 9, "minNodeCount": 0}}
    inner = scale if version.startswith("2021") else {"properties": scale}
    answer = client.at(version).call("PATCH", "computes/c", {"properties": inner})
    assert answer.status_code == 200
    inner = answer.json()["properties"]["properties"]
    assert inner["scaleSettings"]["maxNodeCount"] == 9


def test_an_unknown_operation_is_not_found(client):
    path = client.workspace.partition("/resourceGroups")[0]
    status = f"{path}/providers/Microsoft.MachineLearningServices/locations/x"
    answer = client.get(f"{status}/computeOperationsStatus/nothing")
    assert answer.status_code == 404


def test_every_workspace_has_its_datastores(client):
    listed = client.get("datastores").json()["value"]
    assert {d["name"] for d in listed} == {
        "workspaceartifactstore",
        "workspacefilestore",
        "workspaceblobstore",
    }
    default = client.get("datastores", isDefault="true", count="30").json()
    assert [d["name"] for d in default["value"]] == ["workspaceblobstore"]
    assert "nextLink" not in default


def test_a_datastore_shows_no_secret_and_lists_it_when_asked(service, client):
    shown = client.get("datastores/workspaceblobstore")
    assert shown.json()["properties"]["credentials"] == {
        "credentialsType": "AccountKey"
    }
    secrets = client.post("datastores/workspaceblobstore/listSecrets").json()
    assert secrets == {"secretsType": "AccountKey", "key": service.seed.storage_key}
    for exchange in client.exchanges[:-1]:
        assert service.seed.storage_key.encode() not in exchange.response.body


def test_secrets_of_a_clients_own_datastore_come_back_only_when_asked(client):
    credentials = {
        "credentialsType": "Sas",
        "secrets": {"secretsType": "Sas", "sasToken": "?sv=planted"},
    }
    body = {
        "properties": {
            "datastoreType": "AzureBlob",
            "accountName": "a",
            "containerName": "c",
            "credentials": credentials,
        }
    }
    made = client.put("datastores/mine", body)
    assert made.status_code == 201
    assert b"planted" not in made.content + client.get("datastores/mine").content
    assert client.post("datastores/mine/listSecrets").json() == credentials["secrets"]


def test_a_datastore_of_2021_wraps_its_contents(client):
    old = client.at("2021-03-01-preview")
    shown = old.get("datastores/workspacefilestore").json()["properties"]
    assert shown["contents"]["contentsType"] == "AzureFile"
    assert shown["contents"]["containerName"].startswith("azureml-filestore-")
    contents = {
        "contentsType": "AzureFile",
        "accountName": "a",
        "containerName": "share",
        "endpoint": "core.windows.net",
        "protocol": "https",
        "credentials": {
            "credentialsType": "AccountKey",
            "secrets": {"secretsType": "AccountKey", "key": "planted"},
        },
    }
    made = old.put("datastores/mine", {"properties": {"contents": contents}})
    assert made.status_code == 201, made.text
    assert (
        client.get("datastores/mine").json()["properties"]["fileShareName"] == "share"
    )


def test_a_datastore_of_2021_can_become_the_default(client):
    old = client.at("2021-03-01-preview")
    body = old.get("datastores/workspaceartifactstore").json()
    body["properties"]["isDefault"] = True
    body["properties"]["contents"]["credentials"] = {"credentialsType": "None"}
    assert old.put("datastores/workspaceartifactstore", body).status_code == 200
    listed = old.get("datastores", isDefault="true").json()["value"]
    assert [d["name"] for d in listed] == ["workspaceartifactstore"]


def test_a_workspace_is_made_and_followed_at_two_addresses(client):
    path = client.workspace.replace("ws-azml-demo", "second")
    made = client.put(path, {"location": "westeurope", "properties": {}})
    assert made.status_code == 202
    assert made.headers["Location"].endswith("&type=location")
    url = made.headers["Azure-AsyncOperation"]
    assert url.endswith("&type=async")
    assert states_of(client, url)[-1] == "Succeeded"
    assert client.get(path).json()["name"] == "second"
    collection = path.rpartition("/")[0]
    listed = [w["name"] for w in client.get(collection).json()["value"]]
    assert listed == ["ws-azml-demo", "second"]
    subscription = collection.partition("/resourceGroups")[0]
    provider = "/providers/Microsoft.MachineLearningServices/workspaces"
    listed = client.get(subscription + provider).json()["value"]
    assert len(listed) == 2


def test_the_workspace_names_the_addresses_of_its_services(service, client):
    properties = client.get("").json()["properties"]
    assert properties["discoveryUrl"] == "https://westeurope.api.azureml.ms/discovery"
    assert properties["storageAccount"].endswith("/storageAccounts/stazmldemo4711")
    found = client.session.get(f"{service.url}/discovery", timeout=30).json()
    assert found["history"] == "https://westeurope.api.azureml.ms"


def test_the_studio_says_that_it_is_not_emulated(service, client):
    client.session.headers["Host"] = "westeurope.api.azureml.ms"
    answer = client.session.get(f"{service.url}/artifact/v2.0", timeout=30)
    assert answer.status_code == 404
    assert "artifacts, metrics and the studio are not emulated" in answer.text


def test_the_storage_account_gives_its_keys(service, client):
    group = client.workspace.partition("/providers/")[0]
    accounts = f"{group}/providers/Microsoft.Storage/storageAccounts"
    storage = client.at("2023-01-01")
    keys = storage.post(f"{accounts}/stazmldemo4711/listKeys").json()["keys"]
    assert keys[0]["value"] == service.seed.storage_key
    assert storage.get(f"{accounts}/stazmldemo4711").json()["kind"] == "StorageV2"
    assert len(storage.get(accounts).json()["value"]) == 1
    missing = storage.post(f"{accounts}/other/listKeys")
    assert missing.json()["error"]["code"] == "ResourceNotFound"


def test_the_subscription_and_its_group_are_there(service, client):
    own = client.at("2022-12-01")
    base, subscription = service.url, f"/subscriptions/{service.seed.subscription}"
    listed = own.get(f"{base}/subscriptions").json()["value"]
    assert [s["id"] for s in listed] == [subscription]
    assert own.get(subscription).json()["state"] == "Enabled"
    group = f"{subscription}/resourceGroups/rg-azml-demo"
    assert own.get(group).json()["name"] == "rg-azml-demo"
    assert own.get(f"{subscription}/resourceGroups").json()["value"][0]["id"] == group
    missing = own.get(f"{subscription}/resourceGroups/nowhere")
    assert missing.json()["error"]["code"] == "ResourceGroupNotFound"


def test_what_arm_owns_wants_a_date_for_a_version(client):
    answer = client.at("latest").get(client.workspace.partition("/resource")[0])
    assert answer.json()["error"]["code"] == "InvalidApiVersionParameter"


@pytest.mark.parametrize("base", ["https://localhost", "https://127.0.0.1"])
def test_links_lead_to_the_host_that_was_asked(service, client, base):
    port = service.url.rpartition(":")[2]
    path = f"{base}:{port}{client.workspace}/environments/e/versions/1"
    made = client.put(path, {"properties": {"image": "x"}})
    assert made.headers["Location"].startswith(f"{base}:{port}/subscriptions/")
