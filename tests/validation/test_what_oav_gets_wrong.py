"""Ten faults of oav 4.0.3, each a case to get right.

oav is Microsoft's validator of Azure specifications and traffic. The numbers
are those of the list of its faults that this project keeps.
"""

from __future__ import annotations

import pytest
from findings import codes

from azml_contract.exchange import Request, Response
from azml_contract.validation.validator import Validator

DATASTORE = {
    "id": "/x",
    "name": "blob",
    "type": "t",
    "properties": {
        "datastoreType": "AzureBlob",
        "credentials": {"credentialsType": "AccountKey"},
    },
}
SECRETS = {"secretsType": "AccountKey", "key": "c2VjcmV0"}


def test_1_the_same_object_twice_gives_the_same_errors(make_request, command_job):
    del command_job["properties"]["command"]
    command_job["properties"]["resources"]["instanceCount"] = "1"
    request, validator = make_request("PUT", "jobs/j", command_job), Validator()

    first, second = (validator.check_request(request) for _ in range(2))

    assert len(first.findings) == 2
    assert first == second


@pytest.mark.parametrize("version", ["2022-05-01", "2023-10-01", "2024-04-01"])
def test_2_secrets_on_a_ref_may_not_come_back_and_need_not(check_answer, version):
    leaking = DATASTORE | {
        "properties": {
            "datastoreType": "AzureBlob",
            "credentials": {"credentialsType": "AccountKey", "secrets": SECRETS},
        }
    }

    found = check_answer("GET", "datastores/blob", 200, leaking, version=version)

    assert codes(found) == ["AZC213"]
    assert found[0].pointer == "/properties/credentials/secrets"
    assert "c2VjcmV0" not in str(found[0].to_json())
    assert check_answer("GET", "datastores/blob", 200, DATASTORE, version=version) == []


def test_2_the_action_that_lists_secrets_may_return_them(check_answer):
    path = "datastores/blob/listSecrets"

    assert check_answer("POST", path, 200, SECRETS, profile="strict") == []


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        # The enum stands behind a $ref in the specification,
        (
            "jobs/j",
            {"jobType": "Command", "command": "x", "environmentId": "e", "status": "x"},
            "/properties/status",
        ),
        # and here the property is declared in place.
        (
            "computes/c",
            {"computeType": "AmlCompute", "createdOn": "2026-01-01T00:00:00Z"},
            "/properties/createdOn",
        ),
    ],
)
def test_3_read_only_properties_are_told_wherever_they_are_declared(
    check, path, body, pointer
):
    found = check("PUT", path, {"properties": body})

    assert [(f.code, f.pointer) for f in found] == [("AZC113", pointer)]


def test_4_a_derived_type_checks_its_own_discriminator(check, command_job):
    command_job["properties"]["limits"]["jobLimitsType"] = "Sweep"

    assert codes(check("PUT", "jobs/j", command_job)) == ["AZC110"]


def test_5_optional_properties_are_nullable_only_where_the_contract_says_so(
    check, command_job
):
    command_job["properties"]["displayName"] = None  # x-nullable
    assert check("PUT", "jobs/j", command_job, profile="strict") == []

    command_job["properties"]["isArchived"] = None
    assert codes(check("PUT", "jobs/j", command_job)) == ["AZC105"]


def test_5_a_lone_p_is_no_duration(check, command_job):
    command_job["properties"]["limits"]["timeout"] = "P"

    assert codes(check("PUT", "jobs/j", command_job)) == ["AZC119"]


def test_5_unknown_query_parameters_are_told(check):
    found = check("GET", "jobs?listViewTyp=All")

    assert codes(found) == ["AZC143"]
    assert found[0].cure == "Did you mean listViewType?"


def test_6_an_unknown_value_of_an_open_enum_is_told(check):
    body = {"properties": {"image": "python:3.11", "osType": "Plan9"}}

    assert codes(check("PUT", "environments/e/versions/1", body)) == ["AZC106"]


def test_7_the_documented_environment_needs_one_round(check):
    body = {"properties": {"Docker": {"DockerSpecificationType": "Image"}}}

    found = check(
        "PUT", "environments/e/versions/1", body, version="2021-03-01-preview"
    )

    assert [(f.code, f.cure) for f in found] == [
        ("AZC103", "Rename `Docker` to `docker`."),
        ("AZC103", "Rename `DockerSpecificationType` to `dockerSpecificationType`."),
        ("AZC101", 'Add "dockerImageUri": a string.'),
    ]


def test_7_an_unset_discriminator_hides_no_unknown_property(check):
    body = {"properties": {"datasetType": "Simple", "path": "iris.csv", "x": 1}}

    found = check("PUT", "data/iris/versions/1", body)

    assert [f.pointer for f in found] == [
        "/properties/dataType",
        "/properties/datasetType",
        "/properties/path",
        "/properties/x",
        "/properties/dataUri",
    ]


def test_8_a_wrong_path_names_the_nearest_ones(check):
    found = check("GET", "job/train-1")

    assert codes(found) == ["AZC150"]
    assert found[0].expected[0].endswith("/workspaces/{workspaceName}/jobs/{id}")


def test_8_a_wrong_verb_names_the_right_ones(check):
    found = check("POST", "jobs/train-1", {})

    assert codes(found) == ["AZC151"]
    assert found[0].message.endswith("it knows DELETE, GET, PUT.")


def test_9_long_running_headers_are_checked_without_a_schema(check_answer):
    path = "jobs/train-1/cancel"
    headers = (("Location", "https://management.azure.com/x"),)

    assert codes(check_answer("POST", path, 202)) == ["AZC250"]
    assert check_answer("POST", path, 202, headers=headers) == []


def test_9_a_request_without_an_answer_counts_as_one_side(make_request, command_job):
    request = make_request("PUT", "jobs/j", command_job)

    alone = Validator().check_request(request)
    elsewhere = Validator().check_request(Request("GET", "https://example.com/"))

    assert (alone.requests, alone.responses) == (1, 0)
    assert (elsewhere.requests, elsewhere.responses) == (0, 0)


def test_10_a_whole_recording_is_checked_in_one_call(make_request, command_job):
    from azml_contract.exchange import Exchange

    request = make_request("PUT", "jobs/j", command_job)
    answer = Response(201, (), b'{"id": "/x", "name": "j", "type": "t"}')

    verdict = Validator().check(Exchange(request, answer))

    assert (verdict.requests, verdict.responses) == (1, 1)
    assert [(f.code, f.side, f.pointer) for f in verdict.findings] == [
        ("AZC201", "response", "/properties")
    ]
