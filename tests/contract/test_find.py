"""Which operation a verb and a path mean."""

from __future__ import annotations

import pytest

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.contract import NoRoute, Route
from azml_contract.contract.routes import Hit, Routes, Template
from azml_contract.exchange import Request, Response
from azml_contract.validation.validator import Validator

GROUP = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices"
WORKSPACE = f"{GROUP}/workspaces/w"


def _find(method: str, path: str, version: str = "2024-04-01") -> Route | NoRoute:
    return load_contract(version).find(method, path)


def test_a_path_gives_its_operation_and_values() -> None:
    found = _find("PUT", f"{WORKSPACE}/environments/e/versions/1")
    assert isinstance(found, Route)
    assert found.operation.id == "EnvironmentVersions_CreateOrUpdate"
    assert dict(found.values) == {
        "subscriptionId": "s",
        "resourceGroupName": "g",
        "workspaceName": "w",
        "name": "e",
        "version": "1",
    }


@pytest.mark.parametrize(
    "path",
    [
        f"{WORKSPACE}/jobs/a",
        f"{WORKSPACE}/jobs/a/",
        f"{WORKSPACE}/JOBS/a",
        f"{WORKSPACE.lower()}/jobs/a",
        f"{WORKSPACE}/%6aobs/a",
    ],
)
def test_literals_match_in_any_case_and_encoding(path: str) -> None:
    found = _find("get", path)
    assert isinstance(found, Route)
    assert (found.operation.id, found.values["id"]) == ("Jobs_Get", "a")


def test_values_keep_their_case_and_are_decoded() -> None:
    found = _find("GET", f"{WORKSPACE}/jobs/My%20Job%2F1")
    assert isinstance(found, Route)
    assert found.values["id"] == "My Job/1"


def test_another_verb_names_those_allowed() -> None:
    found = _find("POST", f"{WORKSPACE}/jobs/a")
    assert isinstance(found, NoRoute)
    assert found.allowed == ("DELETE", "GET", "PUT")
    assert found.nearest[0].endswith("/workspaces/{workspaceName}/jobs/{id}")


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/job/a", "/jobs/{id}"),
        ("/jobs/a/cancle", "/jobs/{id}/cancel"),
        ("/environments/e/version/1", "/environments/{name}/versions/{version}"),
        ("/environment/e/versions/1", "/environments/{name}/versions/{version}"),
        ("/datastore", "/datastores"),
        ("/compute/cpu", "/computes/{computeName}"),
    ],
)
def test_an_unknown_path_names_the_nearest_templates(path: str, nearest: str) -> None:
    found = _find("GET", f"{WORKSPACE}{path}")
    assert isinstance(found, NoRoute)
    assert found.allowed == ()
    assert found.nearest[0].partition("{workspaceName}")[2] == nearest
    assert 1 <= len(found.nearest) <= 3


@pytest.mark.parametrize(
    "path", ["", "/", "//", "/subscriptions", f"{WORKSPACE}/jobs//"]
)
def test_what_is_no_path_of_the_provider_is_no_route(path: str) -> None:
    found = _find("DELETE", path)
    assert isinstance(found, NoRoute)


def test_an_empty_segment_is_no_value() -> None:
    assert isinstance(_find("GET", f"{WORKSPACE}/jobs//cancel"), NoRoute)


def test_the_template_with_most_literals_wins() -> None:
    routes = Routes(
        [
            Template("GET", "/jobs/{id}", "one"),
            Template("GET", "/jobs/latest", "latest"),
            Template("GET", "/{kind}/latest", "kind"),
            Template("PUT", "/jobs/{id}", "put"),
        ]
    )
    assert routes.find("GET", "/jobs/latest") == Hit("latest", {})
    assert routes.find("GET", "/jobs/7") == Hit("one", {"id": "7"})
    assert routes.find("GET", "/models/latest") == Hit("kind", {"kind": "models"})
    assert routes.find("PUT", "/jobs/latest") == Hit("put", {"id": "latest"})
    assert routes.find("POST", "/jobs/latest") == ("GET", "PUT")


@pytest.mark.parametrize("version", known_versions())
def test_every_operation_is_found_by_its_own_template(version: str) -> None:
    contract = load_contract(version)
    for operation in contract.operations.values():
        path = operation.path.replace("{", "x").replace("}", "")
        found = contract.find(operation.method, path)
        assert isinstance(found, Route)
        assert found.operation is operation


def test_nearest_templates_are_looked_for_when_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    nearest = Routes.nearest

    def look(routes: Routes, method: str, path: str) -> tuple[str, ...]:
        asked.append(path)
        return nearest(routes, method, path)

    monkeypatch.setattr(Routes, "nearest", look)
    path = f"{WORKSPACE}/jobz/a"
    found = _find("GET", path)
    assert isinstance(found, NoRoute)
    url = f"https://management.azure.com{path}?api-version=2024-04-01"
    Validator().check_response(Request("GET", url), Response(404))
    assert asked == []
    assert found.nearest == found.nearest
    assert asked == [path]
    assert Validator().check_request(Request("GET", url)).findings[0].expected
    assert asked == [path, path]
