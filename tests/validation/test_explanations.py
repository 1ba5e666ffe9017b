"""What is wrong with a body is said in one pass, with its place and its cure."""

from __future__ import annotations

import copy

import pytest
from findings import only

from azml_contract.finding import Evidence, Severity

ENVIRONMENT = "environments/lightgbm/versions/1"
JOB = "jobs/train-1"


def test_a_valid_body_has_no_finding(check, command_job):
    assert check("PUT", JOB, command_job, profile="strict") == []


def test_a_missing_required_property_is_named_with_its_type(check, command_job):
    del command_job["properties"]["command"]

    finding = only(check("PUT", JOB, command_job))

    assert (finding.code, finding.severity) == ("AZC101", "error")
    assert finding.pointer == "/properties/command"
    assert finding.message == "`command` is required in CommandJob and missing."
    assert finding.cure == 'Add "command": a string.'
    assert finding.operation == "Jobs_CreateOrUpdate"
    assert finding.api_version == "2024-04-01"


def test_a_typing_error_suggests_the_name_and_explains_the_missing_one(
    check, command_job
):
    properties = command_job["properties"]
    properties["comand"] = properties.pop("command")

    unknown, missing = check("PUT", JOB, command_job)

    assert (unknown.code, unknown.pointer) == ("AZC102", "/properties/comand")
    assert unknown.cure == "Did you mean `command`?"
    assert (missing.code, missing.pointer) == ("AZC101", "/properties/command")
    assert missing.cure == "`comand` seems to stand for it; see there."


def test_a_property_beside_properties_is_sent_inside(check, command_job):
    command_job["displayName"] = "train"

    finding = only(check("PUT", JOB, command_job))

    assert finding.code == "AZC102"
    assert finding.cure == "Move it below /properties."


def test_a_property_of_a_nested_object_is_looked_for_there(check, command_job):
    command_job["properties"]["instanceCount"] = 2

    finding = only(check("PUT", JOB, command_job))

    assert (finding.code, finding.pointer) == ("AZC102", "/properties/instanceCount")
    assert finding.cure == "/properties/resources has it already: remove it here."


def test_a_miscased_name_is_a_warning_in_service_and_an_error_in_strict(check):
    body = {"properties": {"Image": "python:3.11"}}

    lenient = only(check("PUT", ENVIRONMENT, body))
    written = only(check("PUT", ENVIRONMENT, body, profile="strict"))

    assert (lenient.code, lenient.severity) == ("AZC103", "warning")
    assert lenient.evidence == "unknown"
    assert lenient.expected == ("image",)
    assert lenient.seen == "Image"
    assert (written.severity, written.evidence) == ("error", "spec")
    assert written.cure == "Rename `Image` to `image`."


def test_the_walk_goes_on_below_miscased_names(check, command_job):
    properties = command_job["properties"]
    limits = properties.pop("limits")
    properties["Limits"] = limits | {"timeout": "2 hours", "Foo": 1}

    findings = check("PUT", JOB, command_job)

    assert [(f.code, f.pointer) for f in findings] == [
        ("AZC103", "/properties/Limits"),
        ("AZC119", "/properties/Limits/timeout"),
        ("AZC102", "/properties/Limits/Foo"),
    ]


def test_a_wrong_type_says_what_stands_there_and_how_to_write_it(check, command_job):
    command_job["properties"]["resources"]["instanceCount"] = "4"

    finding = only(check("PUT", JOB, command_job))

    assert finding.code == "AZC104"
    assert finding.message == (
        'JobResourceConfiguration.instanceCount must be an integer, not "4".'
    )
    assert finding.cure == "Remove the quotes: 4."
    assert (finding.expected, finding.seen) == (("integer",), "4")


@pytest.mark.parametrize(
    ("value", "cure"),
    [
        ("many", "Send an integer."),
        (True, "Send an integer."),
        (1.5, "Send an integer."),
        ({}, "Send an integer."),
    ],
)
def test_what_is_no_integer_is_refused(check, command_job, value, cure):
    command_job["properties"]["resources"]["instanceCount"] = value

    finding = only(check("PUT", JOB, command_job))

    assert (finding.code, finding.cure) == ("AZC104", cure)


def test_an_integer_may_be_written_with_a_point(check, command_job):
    command_job["properties"]["resources"]["instanceCount"] = 4.0

    assert check("PUT", JOB, command_job, profile="strict") == []


def test_an_unknown_enum_value_lists_and_suggests_values(check):
    body = {"properties": {"image": "python:3.11", "osType": "Linx"}}

    finding = only(check("PUT", ENVIRONMENT, body))

    assert (finding.code, finding.severity) == ("AZC106", "warning")
    assert finding.message == (
        '"Linx" is not a value of EnvironmentVersion.osType: Linux, Windows. '
        "It is not in the written contract; whether the service takes it is not known."
    )
    assert finding.cure == 'Did you mean "Linux"?'
    strict = only(check("PUT", ENVIRONMENT, body, profile="strict"))
    assert strict.severity == "error"


def test_an_enum_value_in_another_case_is_known_to_be_accepted(check):
    body = {"properties": {"image": "python:3.11", "osType": "linux"}}

    finding = only(check("PUT", ENVIRONMENT, body))

    assert (finding.code, finding.severity) == ("AZC107", "warning")
    assert finding.evidence == "live"
    assert finding.cure == 'Write "Linux".'


def test_an_unknown_discriminator_is_guessed_by_its_spelling(check, command_job):
    command_job["properties"]["jobType"] = "Comand"
    command_job["properties"]["commnd"] = "x"

    wrong, unknown = check("PUT", JOB, command_job)

    assert wrong.code == "AZC108"
    assert "AutoML, Command, Pipeline, Spark, Sweep" in wrong.message
    assert wrong.cure == 'Did you mean "Command"?'
    assert (unknown.code, unknown.pointer) == ("AZC102", "/properties/commnd")


def test_an_unknown_discriminator_is_guessed_by_the_other_properties(check, sweep_job):
    sweep_job["properties"]["jobType"] = "HyperDrive"
    sweep_job["properties"]["objective"]["goal"] = "lowest"

    wrong, below = check("PUT", JOB, sweep_job)

    assert wrong.cure == ('Send "jobType": "Sweep"; the other properties look like it.')
    assert (below.code, below.pointer) == ("AZC106", "/properties/objective/goal")


def test_a_discriminator_of_another_version_is_no_typing_error(check):
    body = {"properties": {"jobType": "AutoML", "outputs": {}, "taskDetails": {}}}

    finding = only(check("PUT", JOB, body, version="2022-05-01"))

    assert finding.message == (
        '"AutoML" is no JobBase.jobType: Command, Pipeline, Sweep; it exists in '
        "2022-10-01 to 2026-05-01 and 2022-02-01-preview to 2026-05-15-preview only. "
        "It is not in the written contract; whether the service takes it is not known."
    )
    assert finding.evidence is Evidence.UNKNOWN
    assert finding.cure == (
        'Send "jobType" with one of Command, Pipeline, Sweep. Or use 2022-10-01.'
    )


def test_a_renamed_discriminator_is_guessed_where_all_properties_fit(check):
    scale = {"scaleType": "Auto", "minInstances": 1, "maxInstances": 2}
    body = {
        "location": "westeurope",
        "properties": {"endpointComputeType": "Managed", "scaleSettings": scale},
    }
    path = "onlineEndpoints/e/deployments/d"

    finding = only(check("PUT", path, body, version="2022-05-01"))

    assert finding.code == "AZC108"
    assert finding.cure == (
        'Send "scaleType": "TargetUtilization"; the other properties look like it. '
        "Or use 2021-03-01-preview."
    )


def test_a_missing_discriminator_does_not_hide_unknown_properties(check):
    body = {"properties": {"dataUri": "https://example.com/a", "colour": "red"}}

    findings = check("PUT", "data/iris/versions/1", body)

    assert [(f.code, f.pointer) for f in findings] == [
        ("AZC109", "/properties/dataType"),
        ("AZC102", "/properties/colour"),
    ]
    assert findings[0].cure == (
        'Send "dataType" with one of mltable, uri_file, uri_folder.'
    )


def test_a_miscased_discriminator_still_chooses_the_variant(check):
    body = {"properties": {"DataType": "URI_FILE", "dataUri": 3}}

    findings = check("PUT", "data/iris/versions/1", body)

    assert [(f.code, f.pointer) for f in findings] == [
        ("AZC107", "/properties/DataType"),
        ("AZC103", "/properties/DataType"),
        ("AZC104", "/properties/dataUri"),
    ]


def test_a_discriminator_of_another_variant_is_told_from_an_unknown_one(
    check, command_job
):
    command_job["properties"]["limits"]["jobLimitsType"] = "Sweep"

    finding = only(check("PUT", JOB, command_job))

    assert finding.code == "AZC110"
    assert finding.message == (
        '`jobLimitsType` is "Sweep", which makes a SweepJobLimits; '
        "here only CommandJobLimits can stand."
    )
    assert finding.cure == 'Send "jobLimitsType": "Command".'


def test_a_property_of_a_sibling_variant_is_named_as_such(check, command_job):
    command_job["properties"]["searchSpace"] = {}

    finding = only(check("PUT", JOB, command_job))

    assert finding.code == "AZC112"
    assert finding.message == (
        "`searchSpace` is not a property of CommandJob; it belongs to Sweep."
    )
    assert finding.expected == ("Sweep",)


def test_a_renamed_property_is_named_with_the_version_that_renamed_it(
    check, command_job
):
    command_job["properties"]["compute"] = {"target": "cpu-cluster"}

    finding = only(check("PUT", JOB, command_job))

    assert finding.code == "AZC111"
    assert finding.message == (
        "`compute` of CommandJob is `computeId` and `resources` "
        "since 2022-02-01-preview."
    )
    assert finding.cure.startswith("compute.target is `computeId`")


@pytest.mark.parametrize(
    ("path", "properties", "message"),
    [
        (
            "models/m/versions/1",
            {"path": "model"},
            "`path` of ModelVersion is `modelUri` since 2022-02-01-preview.",
        ),
        (
            "onlineEndpoints/e",
            {"authMode": "Key", "target": "aks"},
            "`target` of OnlineEndpoint is `compute` since 2022-02-01-preview.",
        ),
        (
            "batchEndpoints/e",
            {"authMode": "Key", "traffic": {"blue": 100}},
            "`traffic` of BatchEndpoint is `defaults` since 2022-02-01-preview.",
        ),
    ],
)
def test_what_was_renamed_beside_jobs_is_known_too(check, path, properties, message):
    body = {"location": "westeurope", "properties": properties}
    found = check("PUT", path, body, version="2022-05-01")

    assert [f.message for f in found if f.code == "AZC111"] == [message]


def test_a_new_name_in_an_old_version_is_translated_back(check):
    body = {"properties": {"codeUri": "https://example.com/src", "path": "src"}}

    finding = only(
        check("PUT", "codes/train/versions/1", body, version="2021-03-01-preview")
    )

    assert finding.code == "AZC111"
    assert finding.message == (
        "`codeUri` of CodeVersion exists only since 2022-02-01-preview; "
        "2021-03-01-preview has `path`."
    )


def test_read_only_properties_are_ignored_by_the_service(check, command_job):
    command_job["properties"]["status"] = "Completed"

    finding = only(check("PUT", JOB, command_job))

    assert (finding.code, finding.severity) == ("AZC113", "warning")
    assert finding.cure == "Leave it out."
    strict = only(check("PUT", JOB, command_job, profile="strict"))
    assert strict.severity == "error"


def test_the_envelope_of_a_resource_that_was_read_is_only_information(
    check, command_job
):
    body = command_job | {"id": "/x", "name": "train-1", "type": "t"}

    findings = check("PUT", JOB, body)

    assert {(f.code, f.severity) for f in findings} == {("AZC113", "info")}
    assert len(findings) == 3


@pytest.mark.parametrize("timeout", [120, "120"])
def test_minutes_as_a_number_are_cured(check, command_job, timeout):
    command_job["properties"]["limits"]["timeout"] = timeout

    finding = only(check("PUT", JOB, command_job))

    assert finding.code == "AZC119"
    assert finding.cure == 'Write "PT120M" for minutes, "PT120S" for seconds.'


@pytest.mark.parametrize("timeout", ["P", "PT", "P1DT", "1H", "P1H", "PT1D", "PT1.5H"])
def test_what_is_no_duration_is_refused(check, command_job, timeout):
    command_job["properties"]["limits"]["timeout"] = timeout

    assert only(check("PUT", JOB, command_job)).code == "AZC119"


@pytest.mark.parametrize(
    "timeout", ["PT2H", "P1D", "P1DT2H", "P2W", "PT0.5S", "P1Y2M3DT4H5M6S", "PT1H30S"]
)
def test_durations_of_iso_8601_are_fine(check, command_job, timeout):
    command_job["properties"]["limits"]["timeout"] = timeout

    assert check("PUT", JOB, command_job, profile="strict") == []


def test_what_a_renamed_property_stands_for_is_missing_and_its_old_name_is_told(check):
    """Only its new name is required: to add it beside the old one would be wrong."""
    body = {"properties": {"dataType": "uri_file", "path": "azureml://a/b"}}

    renamed, missing = check("PUT", "data/d/versions/1", body, version="2022-05-01")

    assert (renamed.code, missing.code) == ("AZC111", "AZC101")
    assert missing.message.startswith("`dataUri` is required")
    assert missing.cure == "`path` seems to stand for it; see there."


def test_null_is_refused_where_the_contract_allows_none(check, command_job):
    command_job["properties"]["command"] = None

    finding = only(check("PUT", JOB, command_job))

    assert (finding.code, finding.severity) == ("AZC105", "error")
    assert finding.message == "CommandJob.command may not be null."


def test_null_in_place_of_what_is_required_is_not_to_be_left_out(check):
    finding = only(check("PUT", JOB, {"properties": None}))

    assert (finding.code, finding.cure) == ("AZC105", "Send an object (JobBase).")


def test_null_is_never_refused_where_nullability_is_carried_over(check, command_job):
    command_job["properties"]["command"] = None

    finding = only(check("PUT", JOB, command_job, version="2025-06-01"))

    assert (finding.code, finding.severity) == ("AZC105", Severity.WARNING)
    assert "(Carried over from 2024-04-01;" in finding.message


def test_null_is_no_finding_where_nullability_is_unknown(check, command_job):
    command_job["properties"]["resources"] = {"dockerArgsList": None}

    assert check("PUT", JOB, command_job, version="2025-12-01") == []


@pytest.mark.parametrize("version", ["2024-04-01", "2024-10-01", "2026-05-01"])
def test_a_duration_is_looked_at_at_every_version(check, command_job, version):
    limits = {"jobLimitsType": "Command", "timeout": "120"}
    command_job["properties"]["limits"] = limits

    finding = only(check("PUT", JOB, command_job, version=version))

    assert (finding.code, finding.severity) == ("AZC119", Severity.ERROR)
    carried = "(Carried over from 2024-04-01;" in finding.message
    assert carried == (version != "2024-04-01")


def test_of_formats_the_types_of_bicep_can_tell_a_uuid_and_no_time(check):
    """A uuid that was carried over is a rule of this version nevertheless."""
    store = {
        "datastoreType": "AzureBlob",
        "accountName": "a",
        "containerName": "c",
        "credentials": {
            "credentialsType": "ServicePrincipal",
            "clientId": "x",
            "tenantId": "12345678-1234-1234-1234-123456789abc",
            "secrets": {"secretsType": "ServicePrincipal"},
        },
    }
    connection = {
        "authType": "None",
        "category": "Git",
        "target": "x",
        "expiryTime": "x",
    }
    bodies = {"datastores/d": store, "connections/abc": connection}
    uuid, time = (
        only(check("PUT", path, {"properties": properties}, version="2024-10-01"))
        for path, properties in bodies.items()
    )

    assert (uuid.code, time.code) == ("AZC118", "AZC118")
    assert uuid.message.endswith("clientId is not a uuid.")
    assert (
        "expiryTime is not a date-time. (Carried over from 2024-04-01;" in time.message
    )


def test_values_that_look_like_secrets_are_not_repeated(check):
    body = {
        "properties": {
            "datastoreType": "AzureBlob",
            "credentials": {
                "credentialsType": "ServicePrincipal",
                "clientId": "not-a-uuid-but-maybe-a-secret",
                "tenantId": "12345678-1234-1234-1234-123456789abc",
                "secrets": {"secretsType": "ServicePrincipal"},
            },
        }
    }

    finding = only(check("PUT", "datastores/blob", body))

    assert (finding.code, finding.seen) == ("AZC118", "(hidden)")
    assert "maybe-a-secret" not in finding.message


def test_a_number_in_place_of_a_secret_is_not_repeated(check):
    body = {
        "properties": {
            "category": "Git",
            "target": "t",
            "authType": "PAT",
            "credentials": {"pat": 12345678},
        }
    }

    finding = only(check("PUT", "connections/git", body))

    assert finding.code == "AZC104"
    assert "12345678" not in str(finding.to_json())


def test_the_signature_of_a_url_is_not_repeated(check, command_job):
    signed = "https://a.blob.core.windows.net/c?sv=1&SIG=abcdef&se=2"
    for value, seen in ((signed, signed.replace("abcdef", "(hidden)")), ("a=b", "a=b")):
        body = copy.deepcopy(command_job)
        body["properties"]["inputs"] = {"a": {"jobInputType": value}}
        found = check("PUT", "jobs/j", body)
        assert [one.seen for one in found if one.code == "AZC108"] == [seen]


def test_no_sentence_repeats_a_signature(check, command_job):
    short = "https://a.io/c?sig=abcdef"
    command_job["properties"]["inputs"] = {"a": {"jobInputType": short}}

    (found,) = (f for f in check("PUT", "jobs/j", command_job) if f.code == "AZC108")

    assert "abcdef" not in found.message + found.cure
    assert "sig=(hidden)" in found.message


def test_a_body_that_is_no_object_is_one_finding(check):
    finding = only(check("PUT", JOB, [1, 2]))

    assert (finding.code, finding.pointer) == ("AZC104", "")
    assert finding.message == (
        "The body must be an object (JobBaseResource), not an array of 2."
    )


def test_map_values_are_named_by_their_key(check, command_job):
    command_job["properties"]["environmentVariables"] = {"OMP/THREADS": 1}

    finding = only(check("PUT", JOB, command_job))

    assert finding.pointer == "/properties/environmentVariables/OMP~1THREADS"
    assert 'environmentVariables["OMP/THREADS"] must be a string' in finding.message
    assert finding.cure == 'Put it in quotes: "1".'


def test_the_same_body_a_thousand_times_gives_the_same_findings(
    make_request, command_job
):
    from azml_contract.validation.validator import Validator

    command_job["properties"] |= {"Compute": {"target": "x"}, "jobType": "command"}
    request = make_request("PUT", JOB, command_job)
    validator = Validator()
    first = validator.check_request(request)

    assert len(first.findings) == 2
    assert all(validator.check_request(request) == first for _ in range(1000))
