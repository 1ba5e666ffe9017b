"""`azml-contract check` as a user meets it: what it finds, prints, and returns."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from checked_bodies import ANSWER, ENVIRONMENT, GOOD, JOB, JOB_URL, sent_to
from click.testing import CliRunner

from azml_contract.cli import cli
from azml_contract.errors import AzmlContractError

CASSETTES = Path(__file__).parents[2] / "cassettes"

GOOD_JOB = {
    "properties": {
        "jobType": "Command",
        "command": "python train.py",
        "environmentId": "azureml:lightgbm:1",
    }
}
GOOD_ANSWER = {**ANSWER, **GOOD_JOB}


def proxy_recording(body: Any = JOB, answer: Any = ANSWER) -> dict[str, Any]:
    entry = {
        "RequestUri": f"{JOB_URL}?api-version=2024-04-01",
        "RequestMethod": "PUT",
        "RequestHeaders": {"Accept": ["application/json"]},
        "RequestBody": body,
        "StatusCode": 201,
        "ResponseHeaders": {"Location": JOB_URL},
        "ResponseBody": answer,
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
    assert done.output == (
        "Error: nothing was judged; 1 call seen: 0 judged, 1 skipped "
        "(1 another host).\n"
    )


def test_an_empty_recording_validates_nothing(check):
    assert check.run(check.write("none.json", {"Entries": []})).exit_code == 2


def test_the_other_inputs_are_checked_when_one_cannot_be_read(check):
    good = check.write("recording.json", proxy_recording())

    done = check.run("missing.json", good)

    assert done.exit_code == 1
    assert "This file cannot be read: there is no such file." in done.output
    assert "AZC404" in done.output
    assert "AZC104" in done.output


def test_a_file_that_cannot_be_read_is_the_only_finding_among_good_ones(check):
    good = check.write("good.json", proxy_recording(GOOD_JOB, GOOD_ANSWER))

    done = check.run(good, check.write("bad.json", "["), "--format", "json")

    (finding,) = json.loads(done.output)["findings"]
    assert (finding["code"], finding["severity"]) == ("AZC404", "error")
    assert finding["location"] == {"file": "bad.json", "line": 1, "column": 1}
    assert done.exit_code == 1


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
    ("utf16.json", '{"a": 1}'.encode("utf-16"), "it is UTF-16. Save it as UTF-8."),
    ("page.html", "<!doctype html>", "it looks like HTML or XML, not like JSON"),
    ("notes.md", "hello\nyou", "no script that makes calls; it starts with 'hello'."),
    ("plain.sh", "make all", "Scripts call curl, wget, xh, az rest or a client of"),
    ("empty.sh", "", "empty.sh: it is empty. It makes no call."),
    ("number.json", "42", "it is no JSON body, no recording and no script that"),
    ("body.json", GOOD, "it is a JSON body; say where it is sent"),
    ("cut.json", '{"Entries": [{"RequestUri"', "not JSON at line 1 column 27; it"),
    ("entries.json", {"Entries": {}}, "recording has no list of exchanges"),
    ("entry.json", {"Entries": [{}]}, "exchange 0 of the Azure test-proxy recording"),
    ("text.json", {"Entries": ["x"]}, "is malformed"),
    ("har.json", {"log": {"entries": [{}]}}, "exchange 0 of the HAR lacks 'request'"),
    ("har2.json", {"log": {"entries": 3}}, "the HAR has no list of exchanges"),
    ("vcr.json", vcr_without_status(), "of the vcrpy cassette lacks 'status'"),
    ("other.yaml", "version: 2\njobs: []\n", "it is no recording"),
    ("bad.yaml", "interactions: [\n", "it is no YAML: while parsing"),
    (
        "evil.yaml",
        "interactions: !!python/object/apply:os.system ['true']\n",
        "it is YAML that names Python objects; nothing of it was run",
    ),
    ("bomb.yaml", "version: 1\n" + "- [" * 2000, "it is no YAML"),
    ("gzip.yaml", yaml.safe_dump(vcr("", headers={"content-encoding": ["gzip"]},
        body={"string": b"\x1f\x8bnope"})), "it is no gzip"),
    ("cassette.json", {"format": 9, "interactions": []}, "this version reads formats"),
    ("cassette2.json", {"format": 1, "interactions": 3}, "must be text, not null"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "message"), MALFORMED, ids=[name for name, _, _ in MALFORMED]
)
def test_a_malformed_input_is_one_clear_error(check, name, content, message):
    done = check.run(check.write(name, content))

    assert done.exit_code == 2
    (line,) = done.output.splitlines()
    assert line.startswith((f"Error: {name}: ", f"Error: {name} is not a cassette"))
    assert message in line


def test_a_folder_without_recordings_is_told(check):
    done = check.run(".")

    assert done.exit_code == 2
    told = "Error: .: the folder holds no script and no recording (*.bash, "
    assert done.output.startswith(told)


def test_bodies_of_a_folder_are_counted_and_say_what_judges_them(check):
    (check.folder / "bodies").mkdir()
    check.write("bodies/job.json", '{"properties": {"description": "{{ it }}"}}')
    check.write("bodies/cluster.json", '{"properties": {"maxNodeCount": {{ nodes }}}}')
    check.write("bodies/other.json", '{"$schema": "x", "properties": {}}')

    done = check.run("bodies")

    assert done.exit_code == 2
    told = "2 JSON bodies were not judged: name one, and say where it is sent, with "
    assert told + "--operation ID --api-version V" in done.output
    check.write("bodies/train.sh", f"curl '{JOB_URL}?api-version=2024-04-01'\n")
    among = check.run("bodies")
    assert among.exit_code == 0
    assert told in " ".join(among.output.split())


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
    assert "209715200 bytes is more than any recording has" in done.output


def test_a_deeply_nested_body_is_a_finding(check):
    name = check.write("deep.json", '{"properties":' * 5000 + "1" + "}" * 5000)

    done = check.run(name, *sent_to(ENVIRONMENT))

    assert done.exit_code == 1
    assert "nested deeper than 100 levels" in done.output


def test_an_input_without_calls_is_skipped_beside_one_with_some(check):
    empty = check.write("empty.json", {"log": {"entries": []}})
    good = check.write("good.json", proxy_recording(GOOD_JOB, GOOD_ANSWER))

    done = check.run(good, empty)

    assert done.exit_code == 0
    assert done.output == (
        "No findings.\n1 call seen: 1 judged.\n"
        "Validated 1 request and 1 response of 2 inputs.\n"
    )


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("https://login.microsoftonline.com/t/oauth2/v2.0/token", "login"),
        ("https://a.blob.core.windows.net/c/b?sig=x", "blob storage"),
        ("http://127.0.0.1:10000/devstoreaccount1/c/b", "blob storage"),
        ("https://eastus.api.azureml.ms/mlflow/v1.0/subscriptions/s/x", "data plane"),
        ("https://ml.azure.com/api/eastus/history/v1.0/subscriptions/s", "data plane"),
        ("https://x.westus2.inference.ml.azure.com/score", "data plane"),
        ("https://example.com/subscriptions/s/", "another resource provider"),
        ("https://example.com/", "another host"),
    ],
)
def test_what_is_no_call_of_the_provider_is_skipped_and_counted(check, url, where):
    recording = proxy_recording(GOOD_JOB, GOOD_ANSWER)
    recording["Entries"].append({**recording["Entries"][0], "RequestUri": url})

    done = check.run(check.write("one.json", recording), "--format", "json")

    assert json.loads(done.output)["calls"] == {
        "seen": 2,
        "judged": 1,
        "skipped": 1,
        "not_judged": 0,
        "skipped_to": {where: 1},
        "not_judged_because": {},
    }
    assert done.exit_code == 0


def test_a_call_with_a_malformed_url_is_not_judged_and_the_others_are(check):
    recording = proxy_recording(GOOD_JOB, GOOD_ANSWER)
    bad = {**recording["Entries"][0], "RequestUri": JOB_URL.replace("m/", "m]/", 1)}
    recording["Entries"].append(bad)
    name = check.write("one.json", recording)

    done = check.run(name, "--format", "json")
    allowed = check.run(name, "--allow-unjudged")

    shown = json.loads(done.output)
    assert [f["code"] for f in shown["findings"]] == ["AZC153"]
    assert (shown["calls"]["judged"], shown["calls"]["not_judged"]) == (1, 1)
    assert done.exit_code == 1
    assert allowed.exit_code == 0
    assert "warning AZC153" in allowed.output


def test_polls_of_operations_are_judged_by_the_protocol(check):
    recording = proxy_recording(GOOD_JOB, GOOD_ANSWER)
    root = JOB_URL[: JOB_URL.index("/workspaces/")]
    poll = {
        "RequestUri": f"{root}/locations/eastus/mfeOperationsStatus/o:1",
        "RequestMethod": "GET",
        "StatusCode": 200,
    }
    states = [{"status": "Succeeded"}, {}, {"status": 3}]
    recording["Entries"] += [{**poll, "ResponseBody": state} for state in states]

    done = check.run(check.write("one.json", recording), "--format", "json")

    shown = json.loads(done.output)
    assert [f["code"] for f in shown["findings"]] == ["AZC201", "AZC204"]
    assert shown["calls"]["judged"] == 4


@pytest.mark.parametrize(
    ("host", "right"),
    [
        ("management.azure.co", "management.azure.com"),
        ("managment.azure.com", "management.azure.com"),
        ("management.usgovcloudapi.com", "management.usgovcloudapi.net"),
        ("westus.management.azure.com", ""),
        ("127.0.0.1:8443", ""),
        ("arm.private.example", ""),
    ],
)
def test_a_host_that_is_nearly_azures_is_told(check, host, right):
    recording = proxy_recording(GOOD_JOB, GOOD_ANSWER)
    uri = recording["Entries"][0]["RequestUri"].replace("management.azure.com", host)
    recording["Entries"][0]["RequestUri"] = uri

    done = check.run(check.write("one.json", recording), "--format", "json")

    found = [(f["code"], f["cure"]) for f in json.loads(done.output)["findings"]]
    assert found == ([("AZC147", f"Did you mean {right}?")] if right else [])


def test_calls_of_other_providers_alone_validate_nothing(check):
    recording = proxy_recording()
    uri = "https://management.azure.com/providers/Microsoft.Storage/x?api-version=1"
    recording["Entries"][0]["RequestUri"] = uri

    done = check.run(check.write("other.json", recording))

    assert done.exit_code == 2
    assert "AZC152" in done.stdout
