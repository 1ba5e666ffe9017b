"""Paths, verbs, queries, api-versions, statuses and headers of a call."""

from __future__ import annotations

import pytest
from findings import only

from azml_contract.exchange import Request, Response
from azml_contract.finding import Severity
from azml_contract.seen import Calls
from azml_contract.validation.calls import Scope
from azml_contract.validation.validator import Validator

STORAGE = (
    "/subscriptions/1/resourceGroups/rg/providers/Microsoft.Storage"
    "/storageAccounts/s/listKeys"
)
WORKSPACE = (
    "/subscriptions/1/resourceGroups/rg/providers/Microsoft.MachineLearningServices"
    "/workspaces/w"
)
OPERATIONS = (
    "/subscriptions/1/providers/Microsoft.MachineLearningServices/locations/westeurope"
)


@pytest.mark.parametrize(
    ("path", "places"),
    [
        (WORKSPACE.replace("/1/", "//") + "/jobs", "/subscriptions/"),
        (
            WORKSPACE.replace("/1/", "//").replace("/rg/", "//") + "/jobs/j",
            "/subscriptions/ and /resourceGroups/",
        ),
    ],
)
def test_a_name_that_is_empty_is_told_by_its_place(path, places):
    url = f"https://management.azure.com{path}?api-version=2024-04-01"
    (finding,) = Validator().check_request(Request("GET", url)).findings
    _, _, below = path.partition("/workspaces/w/")

    assert finding.code == "AZC150"
    assert finding.message == f"In .../{below} nothing is named after {places}."
    assert finding.seen == path


def test_a_path_with_two_slashes_that_is_none_without_them_is_told_as_before():
    url = f"https://management.azure.com{WORKSPACE}//jobz?api-version=2024-04-01"
    (finding,) = Validator().check_request(Request("GET", url)).findings

    assert finding.message == "No operation of 2024-04-01 has the path ...//jobz."


def test_an_api_version_must_be_sent(check):
    finding = only(check("GET", "jobs/j", version=""))

    assert finding.code == "AZC140"
    assert finding.cure == "Add ?api-version=2024-04-01."


def test_an_unknown_api_version_names_the_nearest(check):
    finding = only(check("GET", "jobs/j", version="2024-04-02"))

    assert finding.code == "AZC141"
    assert "2024-04-01" in finding.expected


def test_an_api_version_may_be_written_in_capitals(check):
    assert check("GET", "jobs/j", version="2021-03-01-PREVIEW") == []


def test_another_api_version_than_configured_is_an_error(check):
    scope = Scope(api_version="2023-10-01")

    finding = only(check("GET", "jobs/j", scope=scope))

    assert finding.code == "AZC142"
    assert finding.message == (
        "The call uses api-version 2024-04-01; configured is 2023-10-01."
    )


def test_another_workspace_than_configured_is_an_error(check):
    scope = Scope(workspace="production", subscription="1")

    found = check("GET", "jobs/j", scope=scope)

    assert [(f.code, f.expected) for f in found] == [
        ("AZC163", ("1",)),
        ("AZC163", ("production",)),
    ]


def test_query_parameters_are_known_in_any_case(check):
    assert check("GET", "jobs?LISTVIEWTYPE=All", profile="strict") == []


def test_the_opaque_token_of_a_next_link_is_no_unknown_parameter(check):
    assert check("GET", "jobs?$skipToken=H4sI", profile="strict") == []


def test_a_required_query_parameter_is_asked_for(check):
    finding = only(check("DELETE", "computes/cpu"))

    assert finding.code == "AZC144"
    assert finding.cure == "Add ?underlyingResourceAction=Delete."


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("isDefault=yes", "true or false"),
        ("count=many", "an integer"),
    ],
)
def test_values_of_query_parameters_are_of_their_type(check, query, wanted):
    finding = only(check("GET", f"datastores?{query}"))

    assert finding.code == "AZC145"
    assert finding.message.endswith(f"it must be {wanted}.")


def test_a_query_value_in_another_case_is_a_warning(check):
    finding = only(check("GET", "jobs?listViewType=activeonly"))

    assert (finding.code, finding.severity) == ("AZC145", "warning")
    assert finding.cure == "Did you mean ActiveOnly?"


def test_rules_carried_over_from_another_version_are_no_errors(check, check_answer):
    version = "2025-12-01"

    query = only(check("GET", "jobs?all=1", version=version, profile="strict"))
    missing = only(check("DELETE", "computes/cpu", version=version))
    status = only(check_answer("GET", "jobs/j", 206, version=version))

    for finding in (query, missing, status):
        assert (finding.severity, finding.evidence) == ("warning", "unknown")
    assert query.message.endswith(
        "(Carried over from 2024-04-01; this version's source cannot say.)"
    )


def test_nothing_is_said_about_queries_that_no_source_tells(check):
    networks = "managedNetworks/default/outboundRules/r?whatever=1"

    assert check("GET", networks, version="2026-05-15-preview") == []


def test_a_path_of_other_versions_says_which(check, command_job):
    finding = only(check("PUT", "jobs/train-1", command_job, version="2021-07-01"))

    assert finding.code == "AZC150"
    assert finding.message.endswith(
        "/jobs/train-1; it exists in 2022-05-01 to 2026-05-01, 2021-03-01-preview "
        "and 2022-02-01-preview to 2026-05-15-preview."
    )
    assert finding.cure.startswith("Use 2022-05-01.\nNearest paths:\n")


@pytest.mark.parametrize(
    ("was", "now", "nearest"),
    [
        ("/jobs/", "/jobz/", ".../jobs/{id}"),
        ("/resourceGroups/", "/resourceGroup/", "/subscriptions/{subscriptionId}/res"),
        ("/workspaces/", "/workspace/", "/subscriptions/{subscriptionId}/resourceGr"),
    ],
)
def test_the_nearest_paths_are_short_where_the_way_to_the_workspace_is_right(
    was, now, nearest
):
    path = (
        "https://management.azure.com/subscriptions/s/resourceGroups/r/providers"
        "/Microsoft.MachineLearningServices/workspaces/w/jobs/j?api-version=2024-04-01"
    )

    (finding,) = (
        Validator().check_request(Request("GET", path.replace(was, now))).findings
    )

    assert finding.code == "AZC150"
    assert finding.cure.startswith(f"Nearest paths:\n  {nearest}")


def test_a_verb_of_other_versions_says_which(check):
    finding = only(check("PATCH", "jobs/train-1", {}, version="2024-04-01"))

    assert finding.code == "AZC151"
    assert finding.message.endswith(
        "/jobs/train-1; it knows DELETE, GET, PUT; "
        "PATCH exists in 2023-04-01-preview to 2024-04-01-preview."
    )
    assert finding.cure == "Send DELETE or GET or PUT, or use 2024-04-01-preview."


def test_names_are_checked_when_a_call_creates(check, command_job):
    finding = only(check("PUT", "jobs/_j", command_job))

    assert finding.code == "AZC146"
    assert finding.seen == "_j"
    assert check("GET", "jobs/_j") == []


def test_percent_encoded_names_are_read(check, command_job):
    assert only(check("PUT", "jobs/a%20b", command_job)).seen == "a b"


def test_a_body_that_is_missing_or_not_expected_is_told(check):
    assert only(check("PUT", "jobs/j", b"  ")).code == "AZC121"
    assert only(check("POST", "jobs/j/cancel", {"a": 1})).code == "AZC122"


def test_other_hosts_are_not_judged():
    blob = Request("PUT", "https://account.blob.core.windows.net/container/blob")
    verdict = Validator().check_request(blob)

    assert (verdict.operation, verdict.findings, verdict.requests) == ("", (), 0)


def test_other_providers_pass_for_information(check, check_answer):
    finding = only(check("POST", STORAGE, version="2023-01-01"))

    assert (finding.code, finding.severity) == ("AZC152", "info")
    assert "microsoft.storage" in finding.message
    assert check_answer("POST", STORAGE, 200, {"keys": []}) == []


@pytest.mark.parametrize(
    "tail",
    [
        "computeOperationsStatus/1",
        "mfeOperationsStatus/jc:1:train",
        "mfeOperationResults/jc:1:train",
        "workspaceOperationsStatus/1",
    ],
)
def test_paths_that_poll_an_operation_pass(check, check_answer, tail):
    path = f"{OPERATIONS}/{tail}"

    assert check("GET", path) == []
    assert check_answer("GET", path, 200, {"status": "Succeeded"}) == []


def test_an_undocumented_success_is_told(check_answer):
    finding = only(check_answer("GET", "jobs/j", 206))

    assert (finding.code, finding.severity) == ("AZC240", "warning")
    assert finding.message == "Jobs_Get answered 206; documented: 200."


def test_errors_are_judged_by_the_default_answer(check_answer):
    good = {"error": {"code": "UserError", "message": "no", "details": []}}

    assert check_answer("GET", "jobs/j", 404, good, profile="strict") == []
    finding = only(check_answer("GET", "jobs/j", 404, {"error": "no"}))
    assert (finding.code, finding.pointer) == ("AZC204", "/error")


def test_the_older_shape_of_errors_is_known(check_answer):
    body = {"error": {"code": "UserError", "message": "no", "referenceCode": "x"}}

    finding = only(check_answer("GET", "jobs/j", 404, body))

    assert (finding.code, finding.severity) == ("AZC202", "info")


def test_a_missing_compute_is_known_to_have_no_body(check_answer):
    finding = only(check_answer("GET", "computes/cpu", 404))

    assert (finding.code, finding.severity) == ("AZC221", "warning")
    assert "compute-not-found-without-body" in finding.message
    assert only(check_answer("GET", "jobs/j", 404)).severity == "error"


def test_a_gateway_that_answers_html_is_known(make_request):
    request = make_request("GET", "jobs/j")

    def findings(status):
        response = Response(status, (), b"<html>Bad gateway</html>")
        return Validator().check_response(request, response).findings

    assert [(f.code, f.severity) for f in findings(502)] == [("AZC230", "warning")]
    assert [(f.code, f.severity) for f in findings(404)] == [("AZC230", "error")]


@pytest.mark.parametrize("body", [None, {}])
def test_an_answer_without_a_documented_body_may_be_null_or_empty(check_answer, body):
    assert check_answer("DELETE", "data/iris/versions/1", 204, body) == []


def test_a_201_that_tells_its_state_needs_no_header(check_answer):
    body = {"properties": {"provisioningState": "Creating", "authMode": "Key"}}
    path = "onlineEndpoints/scoring"

    without = check_answer("PUT", path, 201, body | {"location": "x"})
    bare = check_answer("PUT", path, 201, {"properties": {"authMode": "Key"}})

    assert "AZC250" not in [f.code for f in without]
    assert [f.severity for f in bare if f.code == "AZC250"] == ["warning"]


def test_the_envelope_is_asked_for_in_resources_and_in_lists(check_answer):
    body = {"value": [{"id": "/x", "properties": {"image": "python:3.11"}}]}

    found = check_answer("GET", "environments/e/versions", 200, body)

    assert [(f.code, f.pointer) for f in found] == [
        ("AZC251", "/value/0/name"),
        ("AZC251", "/value/0/type"),
    ]


def test_answers_are_not_told_how_to_mend_themselves(check_answer):
    body = {"id": "/x", "name": "1", "type": "t", "properties": {"image": 3}}

    assert only(check_answer("GET", "environments/e/versions/1", 200, body)).cure == ""


def test_a_body_can_be_checked_for_an_operation_alone(command_job):
    import json

    from azml_contract.errors import ContractError

    raw = json.dumps(command_job).encode()
    verdict = Validator().check_body("2024-04-01", "Jobs_CreateOrUpdate", raw)

    assert (verdict.findings, verdict.requests) == ((), 1)
    with pytest.raises(ContractError, match="Did you mean Jobs_CreateOrUpdate"):
        Validator().check_body("2024-04-01", "Jobs_CreatOrUpdate", raw)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("azure-deprecating", "2021-03-01-preview ends; see https://x", "ends; see"),
        ("Deprecation", "@1688169599", "Deprecation: @1688169599 (2023-06-30)"),
        ("deprecation", "true", "Deprecation: true"),
        ("Sunset", "Wed, 31 Dec 2036 23:59:59 GMT", "Sunset: Wed, 31 Dec 2036"),
    ],
)
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("jobs/train", 404),
        ("jobs/train", 200),
        ("nowhere/at/all", 200),
    ],
)
def test_an_announced_end_is_told_with_what_it_says(name, value, said, path, status):
    url = (
        "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/"
        f"Microsoft.MachineLearningServices/workspaces/wrk/{path}"
        "?api-version=2024-04-01"
    )
    answer = Response(status, ((name, value),), b"{}")
    found = Validator().check_response(Request("GET", url, (), b""), answer).findings

    (told,) = [one for one in found if one.code == "AZC252"]
    assert told.severity is Severity.WARNING
    assert said in told.message


def test_what_only_other_versions_have_is_unknown_where_the_source_tells_few(check):
    """Bicep types tell resources, and few operations: that one lacks is no news."""
    (untold,) = check("PUT", "labelingJobs/l", {}, version="2026-05-01")
    (told,) = check("PUT", "labelingJobs/l", {}, version="2023-10-01")
    (nowhere,) = check("PUT", "labellingJobs/l", {}, version="2026-05-01")

    assert (untold.code, untold.severity) == ("AZC307", "info")
    assert "does not tell whether PUT" in untold.message
    assert untold.cure == "Try the call, or use 2024-04-01-preview."
    assert (told.code, nowhere.code) == ("AZC150", "AZC150")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"{OPERATIONS}/unheard?api-version=2024-04-01", "no known operation"),
        (
            f"{WORKSPACE}/labelingJobs/l?api-version=2026-05-01",
            "its api-version's source cannot tell",
        ),
        (f"{WORKSPACE}/labelingJobs/l?api-version=2023-10-01", "no known operation"),
        (f"{OPERATIONS}/unheard?api-version=tomorrow", "no known api-version"),
        (f"{OPERATIONS}/unheard", "no known api-version"),
    ],
)
def test_a_call_that_cannot_be_judged_says_why_in_its_account(url, why):
    request = Request("PUT", f"https://management.azure.com{url}", (), b"{}")
    verdict = Validator().check_request(request)

    assert verdict.not_judged == why
    assert verdict.calls == Calls(not_judged={why: 1})
    assert (verdict.operation, verdict.requests, verdict.skipped) == ("", 0, "")


def test_a_call_of_another_provider_is_skipped_in_its_account():
    request = Request("POST", f"https://management.azure.com{STORAGE}?api-version=1")
    verdict = Validator().check_request(request)

    assert verdict.skipped == "another resource provider"
    assert verdict.calls == Calls(skipped={"another resource provider": 1})
    assert verdict.not_judged == ""


def test_a_call_that_is_judged_is_counted_with_what_its_contract_leaves_open():
    def judge(version):
        url = f"https://management.azure.com{WORKSPACE}/jobs/j?api-version={version}"
        return Validator().check_request(Request("GET", url))

    whole, few = judge("2024-04-01"), judge("2026-05-01")

    assert (whole.operation, whole.requests, whole.responses) == ("Jobs_Get", 1, 0)
    assert whole.calls == Calls(1)
    strength = few.calls.contracts["2026-05-01"]
    assert strength.known < strength.possible
    assert few.calls == Calls(1, contracts={"2026-05-01": strength})


def test_an_operation_that_is_carried_over_says_so(check):
    (found,) = check("POST", "jobs/j/cancel", version="2026-05-01")

    assert (found.code, found.severity) == ("AZC307", "info")
    assert found.message.endswith("it is judged as carried over from 2024-04-01.")
    assert check("POST", "jobs/j/cancel", version="2024-04-01") == []
