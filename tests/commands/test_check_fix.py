"""`check --fix` and `--diff`: certain cures, followed in the file."""

from __future__ import annotations

import json

import pytest

BODY = """{
  "properties": {
    "JobType": "command",   "command": "python train.py
echo done",
    "environmentId": "azureml:lightgbm:1",
    "resources": { "instanceCount": "2" },
    "limits": {"jobLimitsType": "Comand"},
  },
  "displayName": "caf\u00e9"
}
"""
FIXED = """{
  "properties": {
    "jobType": "Command",   "command": "python train.py\\necho done",
    "environmentId": "azureml:lightgbm:1",
    "resources": { "instanceCount": 2 },
    "limits": {"jobLimitsType": "Comand"},
    "displayName": "caf\u00e9"
  }
}
"""
SENT = ("--url", "jobs/j", "--api-version", "2024-04-01")


def test_certain_cures_are_followed_and_the_layout_is_kept(check):
    name = check.write("job.json", BODY)

    done = check.run(name, *SENT, "--fix")

    assert (check.folder / name).read_text("utf-8") == FIXED
    assert "job.json: followed 6 cures." in done.stderr
    assert done.exit_code == 1  # what a person decides is left
    assert 'Send "jobLimitsType": "Command".' in done.stdout
    assert "1 error.\n" in done.stdout


def test_a_diff_is_shown_and_nothing_is_written(check):
    name = check.write("job.json", BODY)

    done = check.run(name, *SENT, "--fix", "--diff")

    assert (check.folder / name).read_text("utf-8") == BODY
    assert done.stdout.startswith("--- a/job.json\n+++ b/job.json\n")
    assert '-    "JobType": "command",   "command": "python train.py\n' in done.stdout
    assert '+    "displayName": "caf\u00e9"\n' in done.stdout


def test_a_body_without_a_certain_cure_is_left_alone(check):
    name = check.write("job.json", FIXED)
    before = (check.folder / name).stat().st_mtime_ns

    done = check.run(name, *SENT, "--fix")

    assert (check.folder / name).stat().st_mtime_ns == before
    assert "followed" not in done.stderr
    assert check.run(name, *SENT, "--diff").output == ""


def test_a_mark_of_utf_8_and_line_ends_stay(check):
    raw = b'\xef\xbb\xbf{"properties": {\r\n  "Image": "python:3.11"\r\n}}\r\n'
    name = check.write("env.json", raw)

    check.run(name, "--url", "environments/e/versions/1", *SENT[2:], "--fix")

    assert (check.folder / name).read_bytes() == raw.replace(b"Image", b"image")


def test_what_was_recorded_is_not_changed(check):
    entry = {
        "RequestUri": "https://management.azure.com/subscriptions/s/resourceGroups/r"
        "/providers/Microsoft.MachineLearningServices/workspaces/w/environments/e"
        "/versions/1?api-version=2024-04-01",
        "RequestMethod": "PUT",
        "RequestBody": {"properties": {"Image": "a"}},
        "StatusCode": 200,
    }
    name = check.write("recorded.json", {"Entries": [entry]})
    before = (check.folder / name).read_bytes()

    check.run(name, "--fix")

    assert (check.folder / name).read_bytes() == before


@pytest.mark.parametrize("name", ["AZC103", "azc103", "103"])
def test_a_code_is_explained(azml_contract, name):
    done = azml_contract("explain", name)

    assert done.code == 0
    assert done.out.startswith("## AZC103\n\n**Property name in another case.**")
    assert "Cure: Rename the property" in done.out


def test_every_code_is_listed_and_a_wrong_one_is_refused(azml_contract):
    from azml_contract.validation.codes import CODES

    listed = azml_contract("explain").out
    wrong = azml_contract("explain", "AZC999")

    assert [line.split()[0] for line in listed.splitlines()] == list(CODES)
    assert wrong.code == 2
    assert wrong.err == (
        "Error: AZC999 is no code of a finding. All of them: azml-contract explain\n"
    )


def test_findings_of_one_cause_are_one_entry_with_its_places(check):
    names = []
    for number in range(8):
        body = {"properties": {"image": "a", "x": 1, "osType": f"Lin{number}"}}
        names.append(check.write(f"env{number}.json", body))
    sent = ("--url", "environments/e/versions/1", *SENT[2:])

    done = check.run(*names, *sent)
    errors = check.run(*names, *sent, "--severity", "error")

    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("error ")] == [
        "error AZC102 /properties/x"
    ]
    told = " ".join(done.stdout.split())
    assert "The same at: env1.json:1:31, env2.json:1:31, env3.json:1:31," in told
    assert "and 2 more." in told
    first_error, first_warning = (
        next(at for at, line in enumerate(lines) if line.startswith(word))
        for word in ("error", "warning")
    )
    assert first_error < first_warning
    assert "warning AZC106" not in errors.stdout
    assert "8 errors, 8 warnings (8 not shown)." in errors.stdout


def test_a_name_of_the_body_writes_no_workflow_command(check):
    body = {"properties": {"image": "a", "b\n::error file=x::PWNED\n##[command]z": 1}}
    name = check.write("env.json", body)

    done = check.run(name, "--url", "environments/e/versions/1", *SENT[2:])

    starts = [line.strip()[:2] for line in done.stdout.splitlines()]
    assert "::" not in starts
    assert "##" not in starts


def test_a_har_says_what_it_left_out_and_its_preflights_are_no_calls(check):
    url = (
        "https://management.azure.com/subscriptions/s/resourceGroups/r/providers"
        "/Microsoft.MachineLearningServices/workspaces/w/data/d/versions/1"
        "?api-version=2024-04-01"
    )
    content = {"text": "", "size": 0}
    ok = {"status": 200, "headers": [], "content": content}

    def entry(method, response=ok, **request):
        return {
            "request": {"method": method, "url": url, "headers": [], **request},
            "response": response,
        }

    entries = [
        entry("OPTIONS"),
        entry("GET", {**ok, "status": 0}),
        entry("PUT", postData={"mimeType": "application/json", "params": []}),
        entry("PUT", bodySize=12),
        entry("DELETE"),
    ]
    name = check.write("trace.har", {"log": {"entries": entries}})

    done = check.run(name, "--format", "json")

    shown = json.loads(done.stdout)
    codes = [f["code"] for f in shown["findings"]]
    assert codes.count("AZC153") == 2
    assert "AZC121" not in codes
    assert shown["calls"]["skipped_to"] == {"preflight": 1, "no answer": 1}
    assert shown["calls"]["not_judged_because"] == {
        "its body is not in the recording": 2
    }
