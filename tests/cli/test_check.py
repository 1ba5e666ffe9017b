"""`azml-contract check` as a user meets it: what it finds, prints, and returns."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from azml_contract.cli import cli
from azml_contract.errors import AzmlContractError
from azml_contract.settings import PLACEHOLDERS

CASSETTES = Path(__file__).parents[2] / "cassettes"

ENVIRONMENT = "environments/lightgbm/versions/1"
JOB_URL = f"{PLACEHOLDERS.endpoint}{PLACEHOLDERS.workspace_id}/jobs/train-1"
GOOD = {"properties": {"image": "python:3.11"}}
MISCASED = '{\n  "properties": {\n    "Image": "python:3.11"\n  }\n}\n'
JOB = {
    "properties": {
        "jobType": "Command",
        "command": "python train.py",
        "environmentId": "azureml:lightgbm:1",
        "resources": {"instanceCount": "1"},
    }
}
ANSWER = {"id": "/x", "name": "train-1", "type": "t", "properties": JOB["properties"]}


class Check:
    """Runs the command on files of one folder."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.chdir(folder)

    def write(self, name: str, content: Any) -> str:
        """Write a file: bytes and text as they are, anything else as JSON."""
        if isinstance(content, bytes):
            (self.folder / name).write_bytes(content)
        else:
            text = content if isinstance(content, str) else json.dumps(content)
            (self.folder / name).write_text(text, "utf-8")
        return name

    def run(self, *arguments: str, stdin: str | bytes | None = None) -> Result:
        """Run `check`; an error of ours becomes the exit code 2, as in `main`."""
        runner = CliRunner()
        result = runner.invoke(cli, ["check", *arguments], input=stdin)
        if isinstance(result.exception, AzmlContractError):
            result.exit_code = 2
        return result


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """The command, in an empty folder."""
    return Check(tmp_path, monkeypatch)


def sent_to(path: str, version: str = "2024-04-01") -> list[str]:
    return ["--method", "PUT", "--url", path, "--api-version", version]


def proxy_recording(body: Any = JOB) -> dict[str, Any]:
    entry = {
        "RequestUri": f"{JOB_URL}?api-version=2024-04-01",
        "RequestMethod": "PUT",
        "RequestHeaders": {"Accept": ["application/json"]},
        "RequestBody": body,
        "StatusCode": 201,
        "ResponseHeaders": {"Location": JOB_URL},
        "ResponseBody": ANSWER,
    }
    return {"Entries": [entry], "Variables": {}}


def har(body: str, answer: str = "") -> dict[str, Any]:
    entry = {
        "request": {
            "method": "PUT",
            "url": f"{JOB_URL}?api-version=2024-04-01",
            "headers": [{"name": "Accept", "value": "*/*"}],
            "postData": {"mimeType": "application/json", "text": body},
        },
        "response": {
            "status": 201,
            "headers": [],
            "content": {"text": answer or json.dumps(ANSWER)},
        },
    }
    return {"log": {"version": "1.2", "entries": [entry]}}


def vcr(sent: Any, **response: Any) -> dict[str, Any]:
    answered = {
        "status": {"code": 201, "message": "Created"},
        "headers": {"Content-Type": ["application/json"]},
        "body": {"string": json.dumps(ANSWER)},
    }
    request = {
        "method": "PUT",
        "uri": f"{JOB_URL}?api-version=2024-04-01",
        "headers": {"Accept": ["*/*"]},
        "body": sent,
    }
    return {
        "version": 1,
        "interactions": [{"request": request, "response": answered | response}],
    }


def cassette(body: Any = JOB) -> dict[str, Any]:
    uri = f"{JOB_URL}?api-version=2024-04-01"
    interaction = {
        "request": {"method": "PUT", "uri": uri, "headers": {}, "body": {"json": body}},
        "response": {"status": 201, "headers": {}, "body": {"json": ANSWER}},
        "times": 1,
    }
    return {
        "format": 1,
        "scenario": "train/one",
        "api_version": "2024-04-01",
        "target": "emulator",
        "recorded_at": "2026-11-22T10:00:00Z",
        "recorder": "azml-contract 0.1.0",
        "variables": {},
        "reads": {},
        "interactions": [interaction],
    }


def test_a_clean_body_exits_0_and_says_what_was_validated(check):
    done = check.run(check.write("env.json", GOOD), *sent_to(ENVIRONMENT))

    assert done.exit_code == 0
    assert done.output == (
        "No findings. Validated 1 request and 0 responses of 1 input.\n"
    )


def test_findings_are_printed_with_place_and_cure(check):
    done = check.run(check.write("env.json", MISCASED), *sent_to(ENVIRONMENT))

    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "",
        "env.json: EnvironmentVersions_CreateOrUpdate request 2024-04-01",
        "  warning AZC103 /properties/Image (3:5)",
        "          `Image` is written `image` in EnvironmentVersion.",
        "          -> Rename `Image` to `image`.",
        "",
        "1 warning. Validated 1 request and 0 responses of 1 input.",
    ]


def test_an_error_exits_1_and_a_warning_too_where_asked_for(check):
    name = check.write("env.json", MISCASED)

    strict = check.run(name, *sent_to(ENVIRONMENT), "--profile", "strict")
    warned = check.run(name, *sent_to(ENVIRONMENT), "--fail-on", "warning")

    assert strict.exit_code == 1
    assert "  error   AZC103" in strict.output
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
    }


def test_github_annotations_point_into_the_file(check):
    name = check.write("env.json", MISCASED)

    done = check.run(name, *sent_to(ENVIRONMENT), "--format", "github")

    assert done.output == (
        "::warning file=env.json,line=3,col=5,title=AZC103::/properties/Image: "
        "`Image` is written `image` in EnvironmentVersion.%0A"
        "Rename `Image` to `image`.\n"
    )


def test_sarif_names_rules_and_places(check):
    name = check.write("env.json", MISCASED)

    done = check.run(name, *sent_to(ENVIRONMENT), "--format", "sarif")

    (run,) = json.loads(done.output)["runs"]
    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"] == [
        {
            "id": "AZC103",
            "shortDescription": {"text": "property name in another case"},
        }
    ]
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


def test_a_body_may_be_that_of_an_answer(check):
    name = check.write("job.json", ANSWER)

    done = check.run(name, "--method", "get", "--status", "200", "--url", "jobs/j",
                     "--api-version", "2024-04-01")  # fmt: skip

    assert done.exit_code == 1
    assert "Jobs_Get response 2024-04-01" in done.output


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("recording.json", proxy_recording()),
        ("trace.har", har(json.dumps(JOB))),
        ("vcr.json", vcr(json.dumps(JOB))),
        ("vcr.yaml", yaml.safe_dump(vcr(json.dumps(JOB)))),
        ("bytes.yaml", yaml.safe_dump(vcr(json.dumps(JOB).encode()))),
        ("cassette.json", cassette()),
        # Inputs are recognised by what they hold, whatever they are called.
        ("README.txt", proxy_recording()),
    ],
)
def test_recordings_of_every_kind_are_checked_on_both_sides(check, name, content):
    done = check.run(check.write(name, content), "--format", "json")

    shape = json.loads(done.output)
    assert done.exit_code == 1
    assert shape["validated"] == {"requests": 1, "responses": 1}
    assert [(f["code"], f["pointer"]) for f in shape["findings"]] == [
        ("AZC104", "/properties/resources/instanceCount"),
        ("AZC204", "/properties/resources/instanceCount"),
    ]


def test_findings_point_into_the_body_inside_a_recording(check):
    text = json.dumps(cassette(), indent=2)
    line = next(
        number
        for number, row in enumerate(text.splitlines(), start=1)
        if '"instanceCount"' in row
    )

    done = check.run(check.write("c.json", text), "--format", "json")

    assert json.loads(done.output)["findings"][0]["location"]["line"] == line


def test_compressed_and_encoded_answers_are_read(check):
    packed = gzip.compress(json.dumps(ANSWER).encode())
    headers = {"Content-Encoding": ["gzip"]}
    recorded = vcr("", headers=headers, body={"string": packed})
    name = check.write("gzip.yaml", yaml.safe_dump(recorded))

    shape = json.loads(check.run(name, "--format", "json").output)

    assert "AZC204" in [f["code"] for f in shape["findings"]]


def test_broken_json_in_a_recorded_body_is_a_finding_not_an_error(check):
    done = check.run(check.write("trace.har", har('{"properties": {},}')))

    assert done.exit_code == 1
    assert "AZC132" in done.output


def test_calls_must_use_the_api_version_that_is_asked_for(check):
    name = check.write("recording.json", proxy_recording())

    done = check.run(name, "--api-version", "2023-10-01")

    assert "AZC142" in done.output


def test_an_input_without_a_call_of_the_provider_validates_nothing(check):
    recording = proxy_recording()
    recording["Entries"][0]["RequestUri"] = "https://example.com/"

    done = check.run(check.write("other.json", recording))

    assert done.exit_code == 2
    assert "nothing was validated" in done.output


def test_an_empty_recording_validates_nothing(check):
    assert check.run(check.write("none.json", {"Entries": []})).exit_code == 2


def test_the_other_inputs_are_checked_when_one_cannot_be_read(check):
    good = check.write("recording.json", proxy_recording())

    done = check.run("missing.json", good)

    assert done.exit_code == 2
    assert "Error: missing.json: there is no such file" in done.output
    assert "AZC104" in done.output


def test_no_input_is_wrong_usage(check):
    assert check.run().exit_code == 2


def test_a_url_and_an_operation_are_too_much(check):
    name = check.write("env.json", GOOD)

    done = check.run(name, "--url", "jobs/j", "--operation", "Jobs_Get")

    assert isinstance(done.exception, AzmlContractError)
    assert str(done.exception) == "Give --url or --operation, not both."
    alone = check.run(name, "--operation", "Jobs_Get")
    assert "--operation needs --api-version" in str(alone.exception)


def vcr_without_status() -> dict[str, Any]:
    broken = vcr("")
    del broken["interactions"][0]["response"]["status"]
    return broken


MALFORMED: list[tuple[str, Any, str]] = [
    ("empty.json", "", "it is empty"),
    ("blank.json", " \n\t", "it is empty"),
    ("image.png", b"\x89PNG\r\n\x1a\n\x00\x00", "it is no text in UTF-8 (byte 0)"),
    ("null.txt", b'{"a": "\x00"}', "it is binary, not text"),
    ("utf16.json", '{"a": 1}'.encode("utf-16"), "it is UTF-16; save it as UTF-8"),
    ("page.html", "<!doctype html>", "it looks like HTML or XML, not like JSON"),
    ("run.sh", "#!/bin/sh\ncurl x", "nothing was validated"),
    ("call.sh", "curl -X PUT https://x", "nothing was validated"),
    ("notes.md", "hello", "it is neither a JSON body nor a recording"),
    ("number.json", "42", "it is neither a JSON body nor a recording"),
    ("body.json", GOOD, "it is a JSON body; say where it is sent"),
    ("cut.json", '{"Entries": [{"RequestUri"', "it is a JSON body; say where"),
    ("entries.json", {"Entries": {}}, "recording has no list of exchanges"),
    ("entry.json", {"Entries": [{}]}, "exchange 0 of the Azure test-proxy recording"),
    ("text.json", {"Entries": ["x"]}, "is malformed"),
    ("har.json", {"log": {"entries": [{}]}}, "exchange 0 of the HAR lacks 'request'"),
    ("har2.json", {"log": {"entries": 3}}, "the HAR has no list of exchanges"),
    ("vcr.json", vcr_without_status(), "of the vcrpy cassette lacks 'status'"),
    ("other.yaml", "version: 2\njobs: []\n", "it is YAML, and no recording of vcrpy"),
    ("bad.yaml", "interactions: [\n", "it is no YAML: while parsing"),
    (
        "evil.yaml",
        "interactions: !!python/object/apply:os.system ['true']\n",
        "it is no YAML: could not determine a constructor",
    ),
    ("bomb.yaml", "version: 1\n" + "- [" * 2000, "it is no YAML"),
    ("gzip.yaml", yaml.safe_dump(vcr("", headers={"content-encoding": ["gzip"]},
        body={"string": b"\x1f\x8bnope"})), "its body is no gzip"),
    ("cassette.json", {"format": 9, "interactions": []}, "this version reads format 1"),
    ("cassette2.json", {"format": 1, "interactions": 3}, "must be text, not null"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "message"), MALFORMED, ids=[name for name, _, _ in MALFORMED]
)
def test_a_malformed_input_is_one_clear_error(check, name, content, message):
    done = check.run(check.write(name, content))

    assert done.exit_code == 2
    (line,) = done.output.splitlines()
    assert line.startswith(f"Error: {name}: ")
    assert message in line


def test_a_folder_without_recordings_is_told(check):
    done = check.run(".")

    assert done.exit_code == 2
    assert done.output == "Error: . holds no cassette (*.json, *.yaml, *.har).\n"


def test_a_folder_stands_for_the_recordings_below_it(check):
    done = check.run(str(CASSETTES / "failures" / "throttling"))

    assert done.exit_code == 0
    assert done.output.endswith("of 5 inputs.\n")


def test_yaml_that_we_export_is_read(check):
    target = check.folder / "exported.yaml"
    source = CASSETTES / "failures" / "throttling" / "2024-04-01.json"
    made = CliRunner().invoke(
        cli,
        ["cassette", "export", str(source), "--format", "vcrpy", "-o", str(target)],
    )
    assert made.exit_code == 0, made.output

    done = check.run(str(target))

    assert done.exit_code == 0
    assert "Validated" in done.output


def test_a_template_with_bare_slots_is_no_broken_json(check):
    file = check.folder / "body.json"
    file.write_text('{"properties": {"maxNodeCount": {{ nodes }} }}')

    done = check.run(str(file), "--url", "computes/c", "--api-version", "2024-04-01")

    assert done.exit_code == 2
    assert "it is a template, {{ nodes }} is filled when a scenario sends it" in (
        done.output
    )


@pytest.mark.slow
def test_a_huge_input_is_refused_before_it_is_read(check):
    with (check.folder / "huge.json").open("wb") as file:
        file.truncate(200 * 1024 * 1024)

    done = check.run("huge.json")

    assert done.exit_code == 2
    assert "more than 157286400" in done.output


def test_a_deeply_nested_body_is_a_finding(check):
    name = check.write("deep.json", '{"properties":' * 5000 + "1" + "}" * 5000)

    done = check.run(name, *sent_to(ENVIRONMENT))

    assert done.exit_code == 1
    assert "nested deeper than 100 levels" in done.output


# --- usage ------------------------------------------------------------------------


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


@pytest.mark.parametrize("columns", [60, 120])
def test_findings_are_wrapped_at_the_width_of_the_terminal(
    azml_contract, tmp_path, monkeypatch, columns
):
    monkeypatch.setenv("COLUMNS", str(columns))
    (tmp_path / "body.json").write_text(json.dumps(JOB))
    done = azml_contract("check", "body.json", *sent_to("jobs/j"))
    first, *rest = [one for one in done.out.splitlines() if "AZC104" in one]
    assert rest == []
    lines = done.out.splitlines()
    told = lines[lines.index(first) + 1 : -2]
    assert max(len(line) for line in told) <= columns
    assert all(line.startswith(" " * 10) for line in told)
    assert (len(told) > 2) == (columns < 120)


def test_an_input_that_validates_nothing_fails_beside_one_that_does(check):
    empty = check.write("empty.json", {"log": {"entries": []}})
    good = check.write("good.json", proxy_recording())

    done = check.run(good, empty)

    assert done.exit_code == 2
    assert "Error: empty.json: nothing was validated" in done.stderr


def test_calls_of_other_providers_alone_validate_nothing(check):
    recording = proxy_recording()
    uri = "https://management.azure.com/providers/Microsoft.Storage/x?api-version=1"
    recording["Entries"][0]["RequestUri"] = uri

    done = check.run(check.write("other.json", recording))

    assert done.exit_code == 2
    assert "AZC152" in done.stdout


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

    assert check.run(name, *sent).exit_code == 2
    assert check.run(name, *sent, "--contracts", str(tmp_path)).exit_code == 0
