"""`azml-contract check` of one body: where it is sent, what is printed, exit codes."""

from __future__ import annotations

import json

import pytest
from checked_bodies import ENVIRONMENT, GOOD, JOB, MISCASED, sent_to

from azml_contract.settings import PLACEHOLDERS


def test_a_clean_body_exits_0_and_says_what_was_validated(check):
    done = check.run(check.write("env.json", GOOD), *sent_to(ENVIRONMENT))

    assert done.exit_code == 0
    assert done.output == (
        "No findings.\n1 call seen: 1 judged.\n"
        "Validated 1 request and 0 responses of 1 input.\n"
    )


def test_findings_are_printed_with_place_and_cure(check):
    done = check.run(check.write("env.json", MISCASED), *sent_to(ENVIRONMENT))

    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "warning AZC103 /properties/Image",
        "  env.json:3:5 EnvironmentVersions_CreateOrUpdate request 2024-04-01",
        "  `Image` is written `image` in EnvironmentVersion.",
        '  3 | "Image": "python:3.11"',
        "    | ^^^^^^^",
        "  -> Rename `Image` to `image`.",
        "",
        "1 warning.",
        "1 call seen: 1 judged.",
        "Validated 1 request and 0 responses of 1 input.",
    ]


def test_an_error_exits_1_and_a_warning_too_where_asked_for(check):
    name = check.write("env.json", MISCASED)

    strict = check.run(name, *sent_to(ENVIRONMENT), "--profile", "strict")
    warned = check.run(name, *sent_to(ENVIRONMENT), "--fail-on", "warning")

    assert strict.exit_code == 1
    assert "error AZC103" in strict.output
    assert warned.exit_code == 1


def test_json_has_the_published_shape(check):
    name = check.write("env.json", MISCASED)

    done = check.run(name, *sent_to(ENVIRONMENT), "--format", "json")

    assert json.loads(done.output) == {
        "format": 1,
        "findings": [
            {
                "code": "AZC103",
                "severity": "warning",
                "message": "`Image` is written `image` in EnvironmentVersion.",
                "cure": "Rename `Image` to `image`.",
                "pointer": "/properties/Image",
                "operation": "EnvironmentVersions_CreateOrUpdate",
                "api_version": "2024-04-01",
                "side": "request",
                "expected": ["image"],
                "seen": "Image",
                "evidence": "unknown",
                "location": {"file": "env.json", "line": 3, "column": 5},
            }
        ],
        "validated": {"requests": 1, "responses": 0},
        "calls": {
            "seen": 1,
            "judged": 1,
            "skipped": 0,
            "not_judged": 0,
            "skipped_to": {},
            "not_judged_because": {},
        },
    }


def test_github_annotations_point_into_the_file(check):
    name = check.write("env.json", MISCASED)

    done = check.run(name, *sent_to(ENVIRONMENT), "--format", "github")

    assert done.output == (
        "::warning file=env.json,line=3,col=5,title=AZC103::/properties/Image: "
        "`Image` is written `image` in EnvironmentVersion.%0A"
        "Rename `Image` to `image`.\n"
        "::notice title=azml-contract::1 call seen: 1 judged\n"
    )


def test_sarif_names_rules_and_places(check):
    name = check.write("env.json", MISCASED)

    done = check.run(name, *sent_to(ENVIRONMENT), "--format", "sarif")

    (run,) = json.loads(done.output)["runs"]
    (result,) = run["results"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["id"] == "AZC103"
    assert rule["shortDescription"] == {"text": "Property name in another case."}
    assert (result["ruleId"], result["level"]) == ("AZC103", "warning")
    place = result["locations"][0]
    assert place["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 5}
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "/properties/Image"


def test_a_body_may_come_from_the_standard_input(check):
    done = check.run("-", *sent_to(ENVIRONMENT), stdin=json.dumps(GOOD))

    assert done.exit_code == 0
    assert "Validated 1 request" in done.output


def test_a_body_may_be_sent_to_an_operation_instead_of_a_url(check):
    name = check.write("env.json", GOOD)
    target = ["--operation", "EnvironmentVersions_CreateOrUpdate"]

    assert check.run(name, *target, "--api-version", "2024-04-01").exit_code == 0
    unknown = check.run(name, "--operation", "Nope", "--api-version", "2024-04-01")
    assert unknown.exit_code == 2
    assert "2024-04-01 has no operation 'Nope'." in unknown.output


@pytest.mark.parametrize(
    "url",
    [
        ENVIRONMENT,
        f"{PLACEHOLDERS.workspace_id}/{ENVIRONMENT}",
        f"{PLACEHOLDERS.endpoint}{PLACEHOLDERS.workspace_id}/{ENVIRONMENT}",
    ],
)
def test_a_url_may_be_whole_a_path_or_below_the_workspace(check, url):
    name = check.write("env.json", GOOD)

    assert check.run(name, *sent_to(url)).exit_code == 0
    assert check.run(name, "--url", f"{url}?api-version=2024-04-01").exit_code == 0


def test_an_unknown_operation_leads_to_the_list_of_operations(azml_contract, tmp_path):
    (tmp_path / "body.json").write_text("{}")
    done = azml_contract(
        *("check", "body.json", "--operation", "Env_Create"),
        *("--api-version", "2024-04-01"),
    )
    assert done.code == 2
    assert "has no operation 'Env_Create'" in done.err
    assert "Did you mean EnvironmentVersions_CreateOrUpdate or " in done.err
    assert "azml-contract contract show --api-version 2024-04-01" in done.err
    assert "contract list" not in done.err


def test_an_unknown_api_version_is_wrong_usage(azml_contract, tmp_path):
    (tmp_path / "body.json").write_text("{}")
    done = azml_contract("check", "body.json", *sent_to("jobs/j", "2024-04-02"))
    assert (done.code, done.out) == (2, "")
    assert "No contract for api-version '2024-04-02'" in done.err
    assert "Nearest known: 2024-04-01" in done.err


@pytest.mark.parametrize("status", ["0", "99", "600", "999"])
def test_a_status_that_http_does_not_have_is_refused(azml_contract, tmp_path, status):
    (tmp_path / "body.json").write_text("{}")
    sent = sent_to("jobs/j")
    done = azml_contract("check", "body.json", *sent, "--status", status)
    assert done.code == 2
    assert f"{status} is not in the range 100<=x<=599" in done.err


@pytest.mark.parametrize("columns", [40, 60, 120])
def test_findings_are_wrapped_at_the_width_of_the_terminal(
    azml_contract, tmp_path, monkeypatch, columns
):
    monkeypatch.setenv("COLUMNS", str(columns))
    (tmp_path / "body.json").write_text(json.dumps(JOB))
    done = azml_contract("check", "body.json", *sent_to("jobs/j"))
    first, *rest = [one for one in done.out.splitlines() if "AZC104" in one]
    assert rest == []
    lines = done.out.splitlines()
    told = lines[lines.index(first) + 1 :]
    assert max(len(line) for line in told) <= columns
    assert (len(told) > 9) == (columns < 120)


def test_a_body_that_does_not_begin_like_one_is_judged_where_it_is_sent(check):
    comment = check.write("body.json", '// mine\n{"properties": {"image": "a"}}')
    text = check.write("text.json", "null")

    done = check.run(comment, text, "--url", ENVIRONMENT, "--api-version", "2024-04-01")

    assert "JSON knows no comments" in done.stdout
    assert "The body may not be null" in done.stdout
    assert done.exit_code == 1


def test_names_in_a_body_do_not_steer_the_terminal(check):
    name = check.write("job.json", {"properties": {"\x1b[31m\nx": 1}})

    done = check.run(name, "--url", ENVIRONMENT, "--api-version", "2024-04-01")

    assert "\x1b" not in done.stdout
    assert "/properties/\\u001b[31m\\nx" in done.stdout


def test_an_imported_contract_can_be_checked_against(check, tmp_path):
    from azml_contract.contract.catalog import DATA

    for file in DATA.iterdir():
        text = file.read_text("utf-8")
        text = text.replace('"2026-05-01"', '"2027-01-01"')
        (tmp_path / file.name).write_text(text.replace("2026-05-01", "2027-01-01"))
    name = check.write("good.json", GOOD)
    sent = ("--url", ENVIRONMENT, "--api-version", "2027-01-01")

    assert "AZC148" in check.run(name, *sent).stdout
    known = check.run(name, *sent, "--contracts", str(tmp_path))
    assert (known.exit_code, "AZC148" in known.stdout) == (0, False)


def test_the_workspace_that_stands_in_is_not_held_against_ids(check):
    theirs = PLACEHOLDERS.workspace_id.replace("workspaces/workspace", "workspaces/a")
    body = {
        "properties": {
            "jobType": "Command",
            "command": "python train.py",
            "environmentId": f"{theirs}/environments/e/versions/1",
        }
    }
    name = check.write("job.json", body)

    assert check.run(name, *sent_to("jobs/NAME")).output.startswith("No findings")
    whole = check.run(name, *sent_to(f"{PLACEHOLDERS.workspace_id}/jobs/NAME"))
    assert "AZC160" in whole.output


@pytest.mark.parametrize(
    ("url", "version", "body", "pointer", "cure"),
    [
        (
            "datastores/d",
            "2021-03-01-preview",
            {"properties": {"contents": {"type": "AzureBlob", "accountName": 1}}},
            "/properties/contents/contentsType",
            '`type` holds "AzureBlob": rename it to `contentsType`.',
        ),
        (
            "computes/c1",
            "2022-05-01",
            {
                "location": "eastus",
                "properties": {"computeType": "AmlCompute", "properties": {}},
                "scaleSettings": {"maxNodeCount": 1},
            },
            "/scaleSettings",
            "Move it below /properties/properties.",
        ),
        (
            "jobs/j",
            "2022-02-01-preview",
            {
                "properties": {
                    "jobType": "Command",
                    "command": "a",
                    "environmentId": "e",
                    "inputDataBindings": {},
                }
            },
            "/properties/inputDataBindings",
            (
                'Send "inputs": {NAME: {"jobInputType": "UriFile", "uri": <dataId>}} '
                "and read ${{inputs.NAME}} in the command."
            ),
        ),
        (
            "jobs/j",
            "2024-04-01",
            {
                "properties": {
                    "jobType": "Command",
                    "command": "a",
                    "environmentId": "e",
                    "location": "eastus",
                    "limits": {"jobLimitsType": "Comand"},
                }
            },
            "/properties/limits/jobLimitsType",
            'Send "jobLimitsType": "Command".',
        ),
    ],
)
def test_a_cure_says_what_to_do(check, url, version, body, pointer, cure):
    arguments = (*sent_to(url, version), "--format", "json")
    done = check.run(check.write("body.json", body), *arguments)

    cures = {f["pointer"]: f["cure"] for f in json.loads(done.output)["findings"]}
    assert cures[pointer] == cure
