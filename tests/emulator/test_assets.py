"""Environments, data, code and other assets: versions, containers, lists, pages."""

from __future__ import annotations

import json

import pytest

OLD, NEW = "2021-03-01-preview", "2024-04-01"
DATASTORE = "azureml://datastores/workspaceblobstore/paths/"


def put_image(client, name="env", version="1", **more):
    body = {"properties": {"image": "mcr.microsoft.com/base", **more}}
    return client.put(f"environments/{name}/versions/{version}", body)


def names(answer):
    return [item["name"] for item in answer.json()["value"]]


def test_an_environment_answers_201_also_when_it_was_there(client):
    first, second = put_image(client), put_image(client)
    assert (first.status_code, second.status_code) == (201, 201)
    created = [a.json()["systemData"]["createdAt"] for a in (first, second)]
    assert created[0] == created[1]
    assert first.headers["Location"].endswith("/versions/1?api-version=2024-04-01")


def test_a_conda_file_goes_in_as_yaml_and_comes_out_as_json(client):
    conda = "name: env\ndependencies:\n- python=3.8\n- pip:\n  - pandas\n"
    answer = put_image(client, condaFile=conda)
    text = answer.json()["properties"]["condaFile"]
    assert text.startswith('{\n  "name": "env",\n')
    assert json.loads(text)["dependencies"] == ["python=3.8", {"pip": ["pandas"]}]
    assert put_image(client, version="2").json()["properties"]["condaFile"] == ""


def test_a_conda_file_that_is_no_yaml_is_refused(client):
    answer = put_image(client, condaFile="a: [1")
    assert answer.status_code == 400
    assert "conda file is not valid YAML" in answer.json()["error"]["message"]


def test_the_first_version_makes_the_container(client):
    put_image(client, version="1")
    put_image(client, version="2")
    container = client.get("environments/env").json()
    assert container["type"].endswith("/workspaces/environments")
    assert container["properties"]["latestVersion"] == "2"
    assert container["properties"]["nextVersion"] == "3"
    assert names(client.get("environments")) == ["env"]


def test_the_newest_version_is_found_by_order_and_top(client):
    for version in ("1", "3", "2"):
        put_image(client, version=version)
    query = {"$orderBy": "createdtime desc", "$top": "1"}
    answer = client.get("environments/env/versions", **query)
    assert names(answer) == ["2"]
    assert "$skipToken=" in answer.json()["nextLink"]
    ascending = {"$orderBy": "createdtime asc"}
    assert names(client.get("environments/env/versions", **ascending)) == [
        "1",
        "3",
        "2",
    ]


def test_pages_are_followed_by_an_opaque_token_that_keeps_the_query(client):
    for version in range(7):
        put_image(client, version=str(version))
    query = {"$orderBy": "createdtime asc", "$top": "3"}
    seen, answer = [], client.get("environments/env/versions", **query)
    while True:
        seen.append(names(answer))
        link = answer.json().get("nextLink")
        if link is None:
            break
        assert "createdtime+asc" in link
        assert "api-version=2024-04-01" in link
        answer = client.get(link)
    assert seen == [["0", "1", "2"], ["3", "4", "5"], ["6"]]


@pytest.mark.parametrize("query", [{"$skipToken": "nonsense"}, {"$top": "many"}])
def test_a_bad_page_is_refused(client, query):
    put_image(client)
    assert client.get("environments/env/versions", **query).status_code == 400


def test_archived_versions_are_listed_only_when_asked_for(client):
    put_image(client, version="1", isArchived=True)
    put_image(client, version="2")
    path = "environments/env/versions"
    assert names(client.get(path)) == ["2"]
    assert names(client.get(path, listViewType="ArchivedOnly")) == ["1"]
    assert names(client.get(path, listViewType="All")) == ["1", "2"]


def test_deleting_the_last_version_deletes_the_container(client):
    put_image(client)
    assert client.delete("environments/env/versions/1").status_code == 200
    assert client.delete("environments/env/versions/1").status_code == 204
    assert client.get("environments/env").status_code == 404


def test_data_answers_201_then_200_and_its_uri_cannot_change(client):
    def put(uri, **more):
        body = {"properties": {"dataType": "uri_file", "dataUri": uri, **more}}
        return client.put("data/iris/versions/1", body)

    assert put("https://example.invalid/a.csv").status_code == 201
    again = put("https://example.invalid/a.csv", description="new")
    assert (again.status_code, again.json()["properties"]["description"]) == (
        200,
        "new",
    )
    other = put("https://example.invalid/b.csv")
    assert other.status_code == 400
    assert (
        "the existing asset's data uri cannot be changed"
        in (other.json()["error"]["message"])
    )


def test_a_short_uri_comes_back_long_and_a_folder_with_a_slash(client):
    def put(kind):
        body = {"properties": {"dataType": kind, "dataUri": DATASTORE + "iris"}}
        return client.put(f"data/{kind}/versions/1", body).json()["properties"][
            "dataUri"
        ]

    long = (
        "azureml://subscriptions/5f1b6c0e-3d57-4a8b-9c42-7e1d90a6f3b8"
        "/resourcegroups/rg-azml-demo/workspaces/ws-azml-demo"
        "/datastores/workspaceblobstore/paths/iris"
    )
    assert put("uri_file") == long
    assert put("uri_folder") == long + "/"


def test_a_code_that_exists_keeps_its_uri_and_answers_200(client):
    def put(uri):
        body = {"properties": {"codeUri": uri, "isAnonymous": True}}
        return client.put("codes/train/versions/1", body)

    assert put("https://a.invalid/c/one").status_code == 201
    again = put("https://a.invalid/c/two")
    assert again.status_code == 200
    assert again.json()["properties"]["codeUri"] == "https://a.invalid/c/one"
    assert again.json()["properties"]["isAnonymous"] is False


def test_a_code_is_found_by_the_hash_of_its_content(client):
    query = {"hash": "abc", "hashVersion": "202208"}
    assert client.get("codes/train/versions", **query).json() == {"value": []}
    for version, digest in (("1", "abc"), ("2", "def")):
        kept = {"hash_sha256": digest, "hash_version": "202208"}
        body = {"properties": {"codeUri": "https://a.invalid/c", "properties": kept}}
        client.put(f"codes/train/versions/{version}", body)
    assert names(client.get("codes/train/versions", **query)) == ["1"]


def test_a_number_in_a_map_of_texts_is_taken_as_text(client):
    # azure-ai-ml 1.35.2 sends it so with every code.
    body = {"properties": {"codeUri": "https://a.invalid/c"}}
    body["properties"]["properties"] = {"hash_version": 202208}
    answer = client.put("codes/train/versions/1", body)
    assert answer.status_code == 201
    assert answer.json()["properties"]["properties"] == {"hash_version": "202208"}


def test_an_upload_without_blob_storage_is_an_error_that_says_so(client):
    body = {"pendingUploadType": "TemporaryBlobReference"}
    answer = client.post("codes/train/versions/1/startPendingUpload", body)
    assert answer.status_code == 503
    message = answer.json()["error"]["message"]
    assert "started without Azurite" in message
    assert "`azml-contract doctor --install`" in message


def test_components_and_models_are_kept_as_they_are(client):
    body = {"properties": {"componentSpec": {"name": "c", "inputs": {"a": 1}}}}
    made = client.put("components/c/versions/1", body)
    assert made.status_code == 201
    got = client.get("components/c/versions/1").json()
    assert got["properties"]["componentSpec"] == {"name": "c", "inputs": {"a": 1}}


# -- one store for all api-versions ---------------------------------------------


def test_an_environment_of_2021_reads_as_an_image_in_2024_and_back(client):
    old, new = client.at(OLD), client.at(NEW)
    docker = {"dockerSpecificationType": "Image", "dockerImageUri": "base:1"}
    old.put("environments/a/versions/1", {"properties": {"docker": docker}})
    put_image(new, name="b")
    assert (
        new.get("environments/a/versions/1").json()["properties"]["image"] == "base:1"
    )
    read = old.get("environments/b/versions/1").json()["properties"]
    assert read["docker"] == {
        "dockerSpecificationType": "Image",
        "dockerImageUri": "mcr.microsoft.com/base",
    }
    assert "image" not in read
    assert read["environmentSpecificationType"] == "UserCreated"


def test_data_of_2021_reads_as_a_uri_in_2024_and_back(client):
    old, new = client.at(OLD), client.at(NEW)
    store = f"{client.workspace}/datastores/workspaceblobstore"
    body = {"datasetType": "Simple", "datastoreId": store, "path": "a/iris.csv"}
    old.put("data/a/versions/1", {"properties": body})
    read = new.get("data/a/versions/1").json()["properties"]
    assert read["dataType"] == "uri_file"
    assert read["dataUri"].endswith("/datastores/workspaceblobstore/paths/a/iris.csv")

    body = {"dataType": "mltable", "dataUri": DATASTORE + "table"}
    new.put("data/b/versions/1", {"properties": body})
    read = old.get("data/b/versions/1").json()["properties"]
    assert (read["datasetType"], read["path"]) == ("Dataflow", "table/")
    assert read["datastoreId"] == store


def test_code_of_2021_reads_as_a_uri_in_2024_and_back(client):
    old, new = client.at(OLD), client.at(NEW)
    store = f"{client.workspace}/datastores/workspaceblobstore"
    old.put(
        "codes/a/versions/1", {"properties": {"datastoreId": store, "path": "up/src"}}
    )
    uri = new.get("codes/a/versions/1").json()["properties"]["codeUri"]
    assert uri.startswith("https://stazmldemo4711.blob.core.windows.net/azureml-blob")
    assert uri.endswith("/up/src")
    new.put("codes/b/versions/1", {"properties": {"codeUri": uri}})
    read = old.get("codes/b/versions/1").json()["properties"]
    assert (read["datastoreId"], read["path"]) == (store, "up/src")


def test_data_types_are_in_pascal_case_at_2022_02_01_only(client):
    before, after = client.at("2022-02-01-preview"), client.at("2022-05-01")
    body = {"properties": {"dataType": "UriFile", "dataUri": "https://a.invalid/x"}}
    before.put("data/a/versions/1", body)
    assert after.get("data/a/versions/1").json()["properties"]["dataType"] == "uri_file"
    assert before.get("data/a/versions/1").json()["properties"]["dataType"] == "UriFile"


@pytest.mark.parametrize(
    ("version", "told"), [("2022-10-01", None), ("2023-04-01", "1")]
)
def test_components_tell_their_latest_version_since_2023(client, version, told):
    older = client.at(version)
    spec = {"name": "c", "version": "1", "type": "command", "command": "echo"}
    older.put("components/c/versions/1", {"properties": {"componentSpec": spec}})
    container = older.get("components/c").json()["properties"]
    assert (container["latestVersion"], container["nextVersion"]) == (told, "2")
