"""How the emulator says no: who says it, with which code, in which words."""

from __future__ import annotations

import pytest
import requests

CONDA_WITH_RAW_LINE_BREAKS = b"""{"properties": {"condaFile": "channels:
- conda-forge
dependencies:
- python=3.8", "image": "mcr.microsoft.com/base"}}"""


def error_of(answer: requests.Response) -> dict:
    return answer.json()["error"]


def inner_codes(answer: requests.Response) -> list[str]:
    """The chain of inner errors, outermost first."""
    infos = {i["type"]: i["info"]["value"] for i in error_of(answer)["additionalInfo"]}
    codes, inner = [], infos.get("InnerError")
    while inner:
        codes.append(inner["code"])
        inner = inner["innerError"]
    return codes


def test_an_endpoint_scores_nothing_where_nothing_is_executed(service, client):
    session = client.session
    session.proxies = {"https": service.gateway_url}
    host = f"mine.{service.seed.location}.inference.ml.azure.com"
    with pytest.raises(requests.exceptions.ProxyError) as caught:
        session.post(f"https://{host}/score", json={"data": [1]}, timeout=10)
    reason = f"The emulator does not stand for {host}: endpoints score with --execute"
    assert f"403 {reason} alone" in str(caught.value)


def test_a_call_without_a_token_is_refused_by_the_gateway(service, client):
    del client.session.headers["Authorization"]
    answer = client.get("computes")
    assert answer.status_code == 401
    assert error_of(answer) == {
        "code": "AuthenticationFailed",
        "message": "Authentication failed. The 'Authorization' header is missing.",
    }
    challenge = answer.headers["WWW-Authenticate"]
    assert f'authorization_uri="https://login.windows.net/{service.seed.tenant}"' in (
        challenge
    )
    assert answer.headers["x-ms-failure-cause"] == "gateway"
    assert "x-ms-response-type" not in answer.headers


def test_an_expired_token_is_named_as_such(service, client):
    token = service.issue_token(lifetime_s=-60)
    client.session.headers["Authorization"] = f"Bearer {token}"
    answer = client.get("computes")
    assert answer.status_code == 401
    assert error_of(answer)["code"] == "ExpiredAuthenticationToken"
    assert "is earlier than current UTC time" in error_of(answer)["message"]


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", ""])
def test_a_token_of_nobody_is_invalid(client, token):
    client.session.headers["Authorization"] = f"Bearer {token}"
    answer = client.get("computes")
    assert answer.status_code == 401
    assert error_of(answer)["code"] == "InvalidAuthenticationToken"


def test_a_token_of_another_tenant_is_from_the_wrong_issuer(client):
    import jwt

    foreign = jwt.encode(
        {"iss": "https://sts.windows.net/another/", "exp": 9999999999}, "k" * 32
    )
    client.session.headers["Authorization"] = f"Bearer {foreign}"
    answer = client.get("computes")
    assert error_of(answer)["code"] == "InvalidAuthenticationTokenTenant"
    assert "https://sts.windows.net/another/" in error_of(answer)["message"]


def test_a_token_that_fails_on_request_is_expired_once(service, client):
    service.faults.expire_token("GET", "*/computes")
    assert error_of(client.get("computes"))["code"] == "ExpiredAuthenticationToken"
    assert client.get("computes").status_code == 200


def test_without_an_api_version_nothing_is_looked_at(service, client):
    answer = client.session.get(f"{service.url}{client.workspace}/jobs", timeout=30)
    assert answer.status_code == 400
    assert error_of(answer)["code"] == "MissingApiVersionParameter"


def test_an_unknown_api_version_lists_the_known_ones(client):
    answer = client.at("2024-04-31").get("jobs")
    assert answer.status_code == 400
    assert error_of(answer)["code"] == "NoRegisteredProviderFound"
    message = error_of(answer)["message"]
    assert "API version '2024-04-31' for type 'workspaces'" in message
    assert "2021-03-01-preview" in message


def test_a_type_that_a_version_does_not_have_is_an_invalid_resource_type(client):
    answer = client.at("2021-03-01-preview").get("components")
    assert answer.status_code == 404
    assert error_of(answer)["code"] == "InvalidResourceType"
    assert "for api version '2021-03-01-preview'" in error_of(answer)["message"]


def test_a_verb_that_a_path_does_not_have_names_those_it_has(client):
    answer = client.call("PATCH", "jobs/one", {})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "DELETE, GET, PUT"


@pytest.mark.parametrize(
    ("part", "other", "code"),
    [
        ("5f1b6c0e", "00000000", "SubscriptionNotFound"),
        ("rg-azml-demo", "nowhere", "ResourceGroupNotFound"),
        ("ws-azml-demo", "nowhere", "ResourceNotFound"),
    ],
)
def test_what_is_not_there_is_named_by_the_gateway(client, part, other, code):
    answer = client.get(f"{client.workspace}/jobs".replace(part, other, 1))
    assert answer.status_code == 404
    assert error_of(answer)["code"] == code
    assert answer.headers["x-ms-failure-cause"] == "gateway"


def test_a_missing_workspace_is_told_in_the_recorded_words(client):
    missing = client.workspace.replace("ws-azml-demo", "nowhere")
    assert error_of(client.get(missing))["message"] == (
        "The Resource 'Microsoft.MachineLearningServices/workspaces/nowhere' under "
        "resource group 'rg-azml-demo' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix"
    )


def test_a_child_of_a_missing_workspace_has_no_parent(client):
    missing = client.workspace.replace("ws-azml-demo", "nowhere")
    body = {"properties": {"image": "x"}}
    answer = client.put(f"{missing}/environments/e/versions/1", body)
    assert answer.status_code == 404
    assert error_of(answer)["code"] == "ParentResourceNotFound"


@pytest.mark.parametrize(
    ("path", "message", "inner"),
    [
        ("jobs/j", "Job j not found.", ["NotFound", "JobNotFound"]),
        (
            "environments/e",
            "No environment exists for name: e, version: , label: ",
            ["NotFoundError"],
        ),
        (
            "data/d/versions/1",
            "Data version d:1 (dataContainerName:version) not found.",
            ["NotFoundError"],
        ),
        ("data/d/versions", "d container was not found.", ["NotFoundError"]),
        ("datastores/d", "Could not find datastore: d.", ["NotFoundError"]),
    ],
)
def test_a_missing_resource_is_told_by_the_service(client, path, message, inner):
    answer = client.get(path)
    assert answer.status_code == 404
    assert error_of(answer)["code"] == "UserError"
    assert error_of(answer)["message"] == message
    assert inner_codes(answer) == inner
    assert answer.headers["x-ms-response-type"] == "error"
    infos = [i["type"] for i in error_of(answer)["additionalInfo"]]
    assert infos[:5] == [
        "ComponentName",
        "Correlation",
        "Environment",
        "Location",
        "Time",
    ]


def test_a_missing_compute_is_answered_with_nothing(client):
    answer = client.get("computes/nowhere")
    assert (answer.status_code, answer.content) == (404, b"")
    assert answer.headers["Content-Length"] == "0"


def test_malformed_json_is_refused_by_the_gateway(client):
    answer = client.call("PUT", "environments/e/versions/1", data=b'{"properties": ')
    assert answer.status_code == 400
    assert error_of(answer)["code"] == "InvalidRequestContent"


def test_line_breaks_within_a_string_are_taken(client):
    answer = client.call(
        "PUT", "environments/e/versions/1", data=CONDA_WITH_RAW_LINE_BREAKS
    )
    assert answer.status_code == 201
    assert "conda-forge" in answer.json()["properties"]["condaFile"]


def test_every_broken_rule_of_a_body_is_told_at_once(client):
    body = {"properties": {"dataType": "uri_file", "isAnonymous": "yes"}}
    answer = client.put("data/d/versions/1", body)
    assert answer.status_code == 400
    assert error_of(answer)["message"] == "Request is invalid and/or missing fields."
    told = {d["target"]: d["message"] for d in error_of(answer)["details"]}
    assert set(told) == {"/properties/dataUri", "/properties/isAnonymous"}
    assert "required" in told["/properties/dataUri"]


def test_a_value_that_is_in_no_enum_is_told_with_those_that_are(client):
    body = {"properties": {"image": "x", "osType": "Solaris"}}
    answer = client.put("environments/e/versions/1", body)
    assert answer.status_code == 400
    assert error_of(answer)["details"][0]["message"] == (
        "The value provided is not a valid enum value. Field: osType. "
        "Allowed values: Linux,Windows."
    )


def test_unknown_properties_are_dropped_and_names_and_values_get_their_case(client):
    body = {"Properties": {"IMAGE": "x", "osType": "windows", "colour": "red"}}
    answer = client.put("environments/e/versions/1", body)
    properties = answer.json()["properties"]
    assert answer.status_code == 201
    assert (properties["image"], properties["osType"]) == ("x", "Windows")
    assert "colour" not in properties


def test_the_documented_environment_of_2021_is_taken_as_printed(client):
    body = {
        "properties": {
            "Docker": {"DockerSpecificationType": "Image", "DockerImageUri": "x"}
        }
    }
    answer = client.at("2021-03-01-preview").put("environments/e/versions/1", body)
    assert answer.json()["properties"]["docker"] == {
        "dockerSpecificationType": "Image",
        "dockerImageUri": "x",
    }


def test_another_provider_is_no_part_of_the_emulator(client):
    group = client.workspace.partition("/providers/")[0]
    path = f"{group}/providers/Microsoft.Compute/virtualMachines/vm"
    assert error_of(client.get(path))["code"] == "InvalidResourceType"


def test_headers_of_the_service_and_its_counters(client):
    first, second = client.get("jobs"), client.get("jobs")
    headers = first.headers
    assert headers["Cache-Control"] == "no-cache"
    assert headers["x-ms-response-type"] == "standard"
    assert headers["x-ms-request-id"] == headers["x-ms-correlation-request-id"]
    assert headers["x-ms-routing-request-id"].startswith("WESTEUROPE:2026")
    counter = "x-ms-ratelimit-remaining-subscription-reads"
    assert (headers[counter], second.headers[counter]) == ("249", "248")
    written = client.put("environments/e/versions/1", {"properties": {"image": "x"}})
    assert written.headers["x-ms-ratelimit-remaining-subscription-writes"] == "199"
    assert "ETag" not in headers


@pytest.mark.parametrize("body", ["[]", '"x"', "5", "[1]", "true", "null"])
@pytest.mark.parametrize("api_version", ["2021-03-01-preview", "2024-04-01"])
def test_a_body_that_is_no_object_is_refused(client, body, api_version):
    for verb, path in (
        ("PUT", "computes/cpu-cluster"),
        ("PUT", "environments/e/versions/1"),
        ("PUT", "data/d/versions/1"),
        ("PUT", "codes/c/versions/1"),
        ("PUT", "datastores/d"),
        ("PUT", "jobs/j"),
        ("PATCH", "computes/cpu-cluster"),
    ):
        answer = client.at(api_version).call(
            verb,
            path,
            data=body.encode(),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 400, (verb, path, answer.text)
        assert error_of(answer)["code"] in ("UserError", "InvalidRequestContent")


@pytest.mark.parametrize("api_version", ["2021-03-01-preview", "2026-05-01"])
def test_a_job_of_no_type_is_refused(client, api_version):
    for properties in (None, {}):
        answer = client.at(api_version).put("jobs/j", {"properties": properties})
        assert answer.status_code == 400, answer.text
        assert error_of(answer)["code"] == "UserError"


def test_a_name_with_a_slash_is_refused(client):
    answer = client.get("environments/a%2Fb/versions/1")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "InvalidResourceName"
    assert "'a/b'" in answer.json()["error"]["message"]
