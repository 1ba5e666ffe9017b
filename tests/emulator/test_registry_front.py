"""A registry's own front, as azure-ai-ml asks there; what its templates send."""

from __future__ import annotations

import pytest

from azml_contract.emulator.server import Emulator
from tests.emulator.conftest import ArmClient

FRONT = "https://westeurope.api.azureml.ms/mferp/managementfrontend"
VERSION = "2021-10-01-dataplanepreview"


@pytest.fixture
def client(service):
    return ArmClient(service, "2023-10-01")


@pytest.fixture
def registry(client):
    group = client.workspace.partition("/providers/")[0]
    place = f"{group}/providers/Microsoft.MachineLearningServices/registries/reg"
    body = {"location": "westeurope", "properties": {"regionDetails": []}}
    assert client.put(place, body).status_code == 202
    return place


def at_front(client, method, path, body=None):
    client.session.proxies = {"https": client.emulator.gateway_url}
    url = f"{FRONT}{path}?api-version={VERSION}"
    return client.session.request(method, url, json=body, timeout=30)


def test_assets_of_a_registry_have_short_ids_at_its_front(client, registry):
    body = {"properties": {"image": "mcr.microsoft.com/x"}}
    place = f"{registry}/environments/e/versions/1"
    made = at_front(client, "PUT", place, body)
    assert made.status_code in (201, 202)
    short = "azureml://registries/reg/environments/e/versions/1"
    assert at_front(client, "GET", place).json()["id"] == short
    assert client.get(place).json()["id"] == place


def test_what_a_front_began_is_polled_at_its_own_host(client, registry):
    body = {"properties": {"image": "mcr.microsoft.com/x"}}
    made = at_front(client, "PUT", f"{registry}/environments/e/versions/1", body)
    status = made.headers["Azure-AsyncOperation"]
    assert status.startswith("https://westeurope.api.azureml.ms/")
    found = client.session.get(status, timeout=30)
    assert found.status_code == 200
    assert found.json()["status"] in ("InProgress", "Succeeded", "Creating")


@pytest.mark.slow
def test_a_front_gives_a_place_for_uploads():
    with Emulator() as emulator:
        client = ArmClient(emulator, "2023-10-01")
        group = client.workspace.partition("/providers/")[0]
        base = f"{group}/providers/Microsoft.MachineLearningServices/registries/reg"
        asked = {"temporaryDataReferenceType": "TemporaryBlobReference"}
        place = f"{base}/tempdatarefs/m/versions/1"
        found = at_front(client, "PUT", place, asked)
        assert found.status_code == 200
        reference = found.json()["blobReferenceForConsumption"]
        assert "sig=" in reference["credential"]["sasUri"]


@pytest.mark.parametrize("category", ["AzureDataLakeGen2", "Redis"])
def test_a_connection_may_be_of_a_category_of_later_versions(client, category):
    # azure-ai-ml's template for feature stores sends both at 2022-05-01.
    body = {"properties": {"category": category, "target": "x", "authType": "None"}}
    made = client.at("2022-05-01").put("connections/c", body)
    assert made.status_code in (200, 201), made.text


def test_a_key_of_an_encryption_that_is_off_may_be_empty(client):
    group = client.workspace.partition("/providers/")[0]
    place = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/other"
    keys = {"keyVaultArmId": "", "keyIdentifier": ""}
    encryption = {"status": "Disabled", "keyVaultProperties": keys}
    body = {"location": "westeurope", "properties": {"encryption": encryption}}
    made = client.at("2024-10-01-preview").put(place, body)
    assert made.status_code in (200, 201, 202), made.text


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        (
            "azureml://jobs/j/outputs/out/paths/m",
            "datastores/workspaceblobstore/paths/azureml/j/out/m",
        ),
        (
            "azureml://jobs/j/outputs/artifacts/paths/outputs/model",
            "datastores/workspaceartifactstore/paths/ExperimentRun/dcid.j/outputs/model",
        ),
        ("runs:/j/model", "workspaceartifactstore/paths/ExperimentRun/dcid.j/model"),
    ],
)
def test_a_model_of_a_jobs_output_points_to_where_that_is(client, uri, place):
    body = {"properties": {"modelUri": uri, "modelType": "custom_model"}}
    made = client.put("models/m/versions/1", body).json()["properties"]["modelUri"]
    assert made.startswith("azureml://subscriptions/")
    assert made.endswith(place)


@pytest.mark.parametrize(
    "uri", ["azureml://jobs/j", "runs:/", "azureml://jobs//outputs"]
)
def test_a_model_of_no_output_is_kept_as_it_is(client, uri):
    body = {"properties": {"modelUri": uri, "modelType": "custom_model"}}
    assert (
        client.put("models/m/versions/1", body).json()["properties"]["modelUri"] == uri
    )


@pytest.mark.parametrize("kind", ["featuresets", "featurestoreEntities"])
def test_a_version_of_a_feature_makes_its_container(client, kind):
    entities = {"entities": ["x:1"], "specification": {"path": "https://x/y"}}
    columns = {"indexColumns": [{"columnName": "a", "dataType": "string"}]}
    body = {"properties": entities if kind == "featuresets" else columns}
    made = client.put(f"{kind}/f/versions/1", body)
    assert made.status_code in (200, 201), made.text
    listed = client.get(kind, listViewType="ActiveOnly").json()["value"]
    assert [one["name"] for one in listed] == ["f"]


def test_a_model_of_a_registry_has_flavors_though_it_has_none(client, registry):
    client.emulator.clock.advance(3600)
    path = f"{registry}/models/m/versions/1"
    body = {"properties": {"modelUri": "https://x/y", "modelType": "custom_model"}}
    assert client.put(path, body).status_code in (201, 202)
    client.emulator.clock.advance(3600)
    assert client.get(path).json()["properties"]["flavors"] == {}
