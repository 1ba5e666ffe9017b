"""`check --fix` and `--diff`: certain cures, followed in the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FIRST = ROOT / "cassettes/train_and_sweep/asset_to_sweep/2021-03-01-preview.json"
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


def apply_fix(text: str, fix: dict[str, Any]) -> str:
    """The text after a fix of SARIF, as another program would follow it."""
    ((change,),) = [fix["artifactChanges"]]
    (replacement,) = change["replacements"]
    region = replacement["deletedRegion"]
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    start = starts[region["startLine"] - 1] + region["startColumn"] - 1
    end = starts[region["endLine"] - 1] + region["endColumn"] - 1
    return text[:start] + replacement["insertedContent"]["text"] + text[end:]


def test_sarif_has_the_fixes_that_are_certain_each_by_itself(check):
    text = json.dumps(
        {
            "properties": {
                "JobType": "command",
                "command": "café",
                "environmentId": "azureml:lightgbm:1",
                "resources": {"instanceCount": "2"},
                "limits": {"jobLimitsType": "Comand"},
            }
        },
        indent=2,
        ensure_ascii=False,
    )
    name = check.write("job.json", text)

    log = json.loads(check.run(name, *SENT, "--format", "sarif").stdout)

    (run,) = log["runs"]
    fixed = {
        one["ruleId"]: apply_fix(text, fix)
        for one in run["results"]
        for fix in one.get("fixes", ())
    }
    assert json.loads(fixed["AZC103"])["properties"]["jobType"] == "command"
    assert all(json.loads(one) != json.loads(text) for one in fixed.values())
    assert any('"instanceCount": 2\n' in one for one in fixed.values())
    others = [one for one in run["results"] if "fixes" not in one]
    assert any("Comand" in one["message"]["text"] for one in others)


def test_sarif_mends_broken_text_where_it_stands(check):
    text = '{"properties": {"jobType": "Command", "command": "x"},\n}'
    name = check.write("job.json", text)
    log = json.loads(check.run(name, *SENT, "--format", "sarif").stdout)
    fixes = [fix for one in log["runs"][0]["results"] for fix in one.get("fixes", ())]
    assert [apply_fix(text, fix) for fix in fixes] == [text.replace(",\n", "\n")]


def test_sarif_of_a_recording_has_no_fix_in_another_text(check):
    """A place in a body is none in the file that holds it."""
    shape = json.loads(FIRST.read_text("utf-8"))
    body = next(
        one["request"]["body"]
        for one in shape["interactions"]
        if "/jobs/" in one["request"]["uri"] and "body" in one["request"]
    )
    body["text"] = json.dumps(body.pop("json"))[:-1] + ",}"
    name = check.write("2021-03-01-preview.json", json.dumps(shape))
    log = json.loads(check.run(name, "--format", "sarif").stdout)
    assert any(one["ruleId"] == "AZC132" for one in log["runs"][0]["results"])
    assert not [one for one in log["runs"][0]["results"] if "fixes" in one]


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
