"""`azml-contract regress` and `upgrade` as a user and a CI job meet them."""

from __future__ import annotations

import io
import json
import sys
import xml.etree.ElementTree as ElementTree
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from azml_contract.cli import main

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
CASSETTES = ROOT / "cassettes"
WORKFLOW = CASSETTES / "train_and_sweep" / "asset_to_sweep"
FIRST = WORKFLOW / "2021-03-01-preview.json"
MODERN = WORKFLOW / "2022-05-01.json"
DOCUMENTED = ROOT / "scenarios" / "bodies" / "2021-03-01-preview" / "documented"
SCHEMA = json.loads((ROOT / "docs" / "regression-report.schema.json").read_text())


@dataclass
class Done:
    """How a command ended; it ran in this process, so that contracts load once."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: object, env: dict[str, str] | None = None) -> Done:
    out, err = io.StringIO(), io.StringIO()
    patch = pytest.MonkeyPatch()
    with patch.context() as session, redirect_stdout(out), redirect_stderr(err):
        session.chdir(ROOT)
        session.delenv("GITHUB_STEP_SUMMARY", raising=False)
        session.setenv("COLUMNS", "80")
        for name, value in (env or {}).items():
            session.setenv(name, value)
        session.setattr(sys, "argv", ["azml-contract", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
    return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def flat(text: str) -> str:
    return " ".join(text.split())


# --- text ------------------------------------------------------------------------


def test_the_table_folds_versions_that_are_alike_and_fits_80_columns():
    done = run("regress", FIRST)

    assert done.returncode == 1
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    assert "2021-07-01" in done.stdout
    assert "2026-05-15" in done.stdout
    assert "2023-04-01" not in done.stdout.partition("PUT environments: ")[0]


def test_each_break_is_told_once_with_its_place_its_reason_and_its_cure():
    text = flat(run("regress", FIRST).stdout)

    assert "PUT environments: ignored since 2022-02-01-preview" in text
    assert text.count("`docker` of EnvironmentVersion is `image` and `build`") == 1
    assert "Send docker.dockerImageUri as `image`" in text
    assert "No such operation at 2021-07-01 .. 2022-01-01-preview: PUT env" in text
    assert "/value/0/properties/contents of the answer" in text


def test_the_edits_to_the_newest_version_are_listed():
    text = flat(run("regress", FIRST).stdout)

    assert "To move to 2026-05-15-preview:" in text
    assert "PUT jobs Command: /compute/target -> /computeId" in text
    assert "PUT jobs Sweep: /algorithm -> /samplingAlgorithm/" in text
    assert "PUT jobs Sweep: decide /inputs/iris/jobInputType" in text


def test_how_far_a_scenario_can_move_is_told_with_what_lies_between():
    text = flat(run("regress", CASSETTES / "failures" / "missing_compute").stdout)

    assert "Newest version it can move to unchanged: 2026-05-15-preview" in text


def test_an_unknown_call_is_a_caution_not_a_break():
    done = run("regress", CASSETTES / "failures" / "cancel" / "2024-04-01.json")

    assert done.returncode == 0
    assert "Its source does not tell about POST cancel" in flat(done.stdout)


def test_older_versions_break_nothing_unless_they_are_asked_about():
    assert run("regress", MODERN).returncode == 0
    assert run("regress", MODERN, "--to", "2021-03-01-preview").returncode == 1


def test_stable_only_leaves_previews_out():
    done = run("regress", MODERN, "--stable-only")

    assert "Newest version it can move to unchanged: 2026-05-01" in done.stdout
    assert "preview" not in done.stdout.replace("-preview.json", "")


def test_from_takes_only_what_was_recorded_at_that_version():
    done = run("regress", WORKFLOW, "--from", "2022-05-01", "--format", "json")

    assert {row["recorded"] for row in json.loads(done.stdout)["rows"]} == {
        "2022-05-01"
    }
    nothing = run("regress", MODERN, "--from", "2024-04-01")
    assert nothing.returncode == 2
    assert "Nothing was recorded at 2024-04-01, so --from 2024-04-01 leaves" in (
        nothing.stderr
    )


# --- other formats ---------------------------------------------------------------


def test_json_keeps_to_its_published_schema(tmp_path):
    file = tmp_path / "report.json"
    done = run("regress", CASSETTES, "--format", "json", "-o", file)
    shape = json.loads(file.read_text("utf-8"))

    assert done.stdout == ""
    jsonschema.Draft202012Validator(SCHEMA).validate(shape)
    assert len(shape["rows"]) > 100
    assert all(len(row["versions"]) == 34 for row in shape["rows"])


def test_junit_has_a_case_for_each_call_and_a_failure_for_each_break():
    done = run("regress", FIRST, "--format", "junit")
    suites = ElementTree.fromstring(done.stdout)
    failed = {
        case.get("name"): case.find("failure").get("message")
        for case in suites.iter("testcase")
        if case.find("failure") is not None
    }

    assert int(suites.get("tests")) == len(list(suites.iter("testcase")))
    assert int(suites.get("failures")) == len(failed)
    assert "PUT environments" in failed
    assert "GET computes" not in failed


def test_github_gets_annotations_and_a_summary(tmp_path):
    summary = tmp_path / "summary.md"
    done = run(
        "regress",
        FIRST,
        *("--format", "github"),
        env={"GITHUB_STEP_SUMMARY": str(summary)},
    )

    lines = done.stdout.splitlines()
    assert lines
    assert all(line.startswith("::error file=") for line in lines)
    assert "asset_to_sweep/2021-03-01-preview.json,title=PUT environments" in lines[0]
    assert "| scenario | recorded | newest unchanged | breaks |" in summary.read_text()


def test_sarif_has_a_result_for_each_break():
    done = run("regress", FIRST, "--to", "2022-05-01", "--format", "sarif")
    (ran,) = json.loads(done.stdout)["runs"]
    places = {
        result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
        for result in ran["results"]
    }

    assert "/properties/docker" in places
    assert {rule["id"] for rule in ran["tool"]["driver"]["rules"]} == {
        result["ruleId"] for result in ran["results"]
    }


def test_reports_of_two_jobs_are_joined(tmp_path):
    one, other, whole = (tmp_path / name for name in ("a.json", "b.json", "c.json"))
    run("regress", FIRST, "--format", "json", "-o", one)
    run("regress", MODERN, "--format", "json", "-o", other)
    run("regress", FIRST, MODERN, "--format", "json", "-o", whole)

    joined = run("regress", "--merge", one, other, "--format", "json")

    assert json.loads(joined.stdout) == json.loads(whole.read_text("utf-8"))
    assert joined.returncode == 1
    text = run("regress", "--merge", one, other)
    assert "recorded at 2022-05-01" in text.stdout


def test_joining_what_is_no_report_is_an_input_error(tmp_path):
    file = tmp_path / "x.json"
    file.write_text("{}")

    done = run("regress", "--merge", file)

    assert done.returncode == 2
    assert "x.json is no regression report of format 1" in done.stderr


# --- the gate --------------------------------------------------------------------


def test_a_baseline_lets_known_breaks_pass_and_new_ones_fail(tmp_path):
    known = tmp_path / "known.json"
    written = run("regress", FIRST, "--baseline", known, "--write-baseline")
    assert written.returncode == 0
    assert "0 new breaks" in written.stdout

    assert run("regress", FIRST, "--baseline", known).returncode == 0
    shape = json.loads(known.read_text("utf-8"))
    shape["breaks"] = [b for b in shape["breaks"] if b["call"] != "PUT environments"]
    known.write_text(json.dumps(shape))
    done = run("regress", FIRST, "--baseline", known, "--format", "github")

    assert done.returncode == 1
    errors = [line for line in done.stdout.splitlines() if line.startswith("::error")]
    assert len(errors) == 2
    assert all("PUT environments" in line for line in errors)


def test_a_baseline_reads_well_in_review(tmp_path):
    known = tmp_path / "known.json"
    run("regress", FIRST, "--baseline", known, "--write-baseline")
    first = known.read_text("utf-8")
    run("regress", FIRST, "--baseline", known, "--write-baseline")

    assert known.read_text("utf-8") == first
    entries = json.loads(first)["breaks"]
    keys = [(e["scenario"], e["recorded"], e["call"], e["status"]) for e in entries]
    assert keys == sorted(keys)
    docker = next(e for e in entries if e["pointer"] == "/properties/docker")
    assert docker["versions"] == ["2022-02-01-preview and later"]
    assert "`image` and `build`" in docker["reason"]


def test_a_baseline_that_is_missing_says_how_to_make_it(tmp_path):
    done = run("regress", FIRST, "--baseline", tmp_path / "none.json")

    assert done.returncode == 2
    assert "--write-baseline" in done.stderr
    assert run("regress", FIRST, "--write-baseline").returncode == 2


def test_latest_judges_at_the_newest_version_alone():
    broken = run("regress", FIRST, "--latest", "--stable-only", "--format", "json")
    rows = json.loads(broken.stdout)["rows"]

    assert broken.returncode == 1
    assert {version for row in rows for version in row["versions"]} == {"2026-05-01"}
    assert run("regress", MODERN, "--latest").returncode == 0
    assert run("regress", MODERN, "--latest", "--to", "2024-04-01").returncode == 2


def test_a_version_older_than_allowed_fails():
    done = run("regress", MODERN, "--to", "2024-04-01", "--max-age-days", "365")

    assert done.returncode == 1
    assert "asset_to_sweep is at 2022-05-01, which is" in flat(done.stdout)
    young = run("regress", MODERN, "--to", "2024-04-01", "--max-age-days", "99999")
    assert young.returncode == 0


# --- inputs ----------------------------------------------------------------------


def test_what_cannot_be_judged_is_named_and_the_rest_goes_on(tmp_path):
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text(MODERN.read_text("utf-8"))
    other = json.loads(MODERN.read_text("utf-8"))
    other["interactions"] = other["interactions"][:2]
    other["reads"] = {}
    (tmp_path / "c.json").write_text(json.dumps(other))
    future = MODERN.read_text("utf-8").replace("2022-05-01", "2031-05-01")
    (tmp_path / "d.json").write_text(future)

    done = run("regress", tmp_path, tmp_path / "e.json", "--to", "2024-04-01")

    assert done.returncode == 2
    assert "train_and_sweep/asset_to_sweep" in done.stdout
    assert "Traceback" not in done.stderr
    assert done.stderr.count("Error: ") == 4
    assert "a.json" in done.stderr
    assert "c.json: it holds no call of Microsoft.MachineLearning" in done.stderr
    assert "No contract for api-version '2031-05-01'" in done.stderr
    assert "e.json does not exist" in done.stderr


def test_nothing_named_is_wrong_usage():
    done = run("regress")

    assert done.returncode == 2
    assert "Name cassettes, or folders of them" in done.stderr


def write_har(file: Path, calls: list[dict[str, Any]]) -> Path:
    entries = [
        {
            "request": {
                "method": one["request"]["method"],
                "url": one["request"]["uri"],
                "headers": [],
                "postData": {
                    "text": json.dumps(one["request"].get("body", {}).get("json"))
                },
            },
            "response": {
                "status": one["response"]["status"],
                "headers": [],
                "content": {
                    "text": json.dumps(one["response"].get("body", {}).get("json"))
                },
            },
        }
        for one in calls
    ]
    file.write_text(json.dumps({"log": {"entries": entries}}))
    return file


def write_vcrpy(file: Path, calls: list[dict[str, Any]]) -> Path:
    interactions = [
        {
            "request": {
                "method": one["request"]["method"],
                "uri": one["request"]["uri"],
                "headers": {},
                "body": json.dumps(one["request"].get("body", {}).get("json")),
            },
            "response": {
                "status": {"code": one["response"]["status"], "message": ""},
                "headers": {},
                "body": {
                    "string": json.dumps(one["response"].get("body", {}).get("json"))
                },
            },
        }
        for one in calls
    ]
    file.write_text(json.dumps({"version": 1, "interactions": interactions}))
    return file


@pytest.mark.parametrize("write", [write_har, write_vcrpy])
def test_recordings_of_other_tools_get_the_same_requests_judged(tmp_path, write):
    ours = json.loads(FIRST.read_text("utf-8"))["interactions"]
    calls = [one for one in ours if one["request"]["method"] == "PUT"][1:2]
    file = write(tmp_path / "foreign.json", calls)

    done = run("regress", file, "--to", "2022-05-01", "--format", "json")
    (row,) = json.loads(done.stdout)["rows"]

    assert done.returncode == 1
    assert row["scenario"].endswith("foreign")
    assert row["recorded"] == "2021-03-01-preview"
    cell = row["versions"]["2022-05-01"]
    assert cell["status"] == "ignored"
    answers = [f for f in cell["findings"] if f["side"] == "response"]
    assert {f["severity"] for f in answers} <= {"warning", "info"}


def test_the_recordings_of_the_live_service_get_a_matrix():
    if not (SHARED / "recordings").is_dir():
        pytest.skip("the recordings are not on this machine")
    files = sorted((SHARED / "recordings").glob("*__*.json"))

    done = run("regress", *files, "--format", "json")
    shape = json.loads(done.stdout)

    assert len(files) == 14
    assert len({row["scenario"] for row in shape["rows"]}) == 14
    assert len(shape["rows"]) == 65
    for row in shape["rows"]:
        assert len(row["versions"]) == 34
        assert row["versions"][row["recorded"]]["status"] in ("ok", "warns")


@pytest.mark.slow
def test_many_recordings_are_judged_by_processes_to_the_same_result(tmp_path):
    text = MODERN.read_text("utf-8")
    for number in range(520):
        renamed = text.replace('asset_to_sweep"', f'asset_to_sweep{number:03}"', 1)
        (tmp_path / f"{number:03}.json").write_text(renamed)
    alone, apart = tmp_path / "1.out", tmp_path / "2.out"

    common = ("--to", "2024-04-01", "--format", "json", "-o")
    assert run("regress", tmp_path, "--jobs", 1, *common, alone).returncode == 0
    assert run("regress", tmp_path, "--jobs", 2, *common, apart).returncode == 0

    assert alone.read_bytes() == apart.read_bytes()
    told = run("regress", tmp_path, "--jobs", 2, "--to", "2024-04-01").stdout
    assert "(and 519 more that fare alike)" in flat(told)


# --- upgrade ---------------------------------------------------------------------


def test_upgrade_prints_a_diff_with_marks_for_a_person():
    done = run("upgrade", FIRST, "--to", "2026-05-01")

    assert done.returncode == 0
    assert '+    "image": "mcr.microsoft.com/' in done.stdout
    assert "# DECIDE /properties/inputs/iris/jobInputType: Is this" in done.stdout
    assert "/interactions/15/request/body/json" in done.stdout


def test_upgrade_prints_operations_of_rfc_6902():
    body = DOCUMENTED / "command_job.json"
    done = run(
        "upgrade",
        body,
        *("--from", "2021-03-01-preview", "--to", "2026-05-01", "--format", "json"),
    )
    (shape,) = json.loads(done.stdout)["bodies"]

    assert shape["operation"] == "Jobs_CreateOrUpdate"
    assert {"op": "remove", "path": "/properties/compute"} in shape["patch"]
    assert shape["findings"] == []
    decide = next(op for op in shape["patch"] if "decide" in op)
    assert decide["path"] == "/properties/inputs"


def test_upgrade_prints_the_new_body():
    done = run(
        "upgrade",
        DOCUMENTED / "environment.txt",
        *("--from", "2021-03-01-preview", "--to", "2026-05-01", "--format", "body"),
    )

    assert set(json.loads(done.stdout)["properties"]) == {"condaFile", "image"}


def test_upgrade_exits_1_where_something_is_left_to_do(tmp_path):
    file = tmp_path / "job.json"
    file.write_text('{"properties": {"jobType": "Command", "command": "x"}}')

    done = run("upgrade", file, "--from", "2021-03-01-preview", "--to", "2026-05-01")

    assert done.returncode == 1
    assert "# DECIDE /properties/environmentId" in done.stdout


def test_upgrade_needs_to_know_what_a_body_was_written_for(tmp_path):
    done = run("upgrade", DOCUMENTED / "data.json", "--to", "2026-05-01")
    assert done.returncode == 2
    assert "--from V" in done.stderr

    unknown = run("upgrade", FIRST, "--to", "2026-05-02")
    assert unknown.returncode == 2
    assert "2026-05-01" in unknown.stderr

    missing = run("upgrade", tmp_path / "none.json", "--to", "2026-05-01")
    assert missing.returncode == 2
    assert "none.json" in missing.stderr
    assert "Traceback" not in missing.stderr


def test_upgrade_of_a_folder_names_it(tmp_path):
    # The name is a part of the message: it must be told nevertheless.
    (tmp_path / "d").mkdir()
    done = run("upgrade", tmp_path / "d", "--to", "2024-04-01")
    assert done.returncode == 2
    assert f"Error: {tmp_path / 'd'}: it is a folder; name its files" in done.stderr


@pytest.mark.parametrize("arguments", [[FIRST], [MODERN]])
def test_no_line_of_the_report_ends_in_blanks(arguments):
    lines = run("regress", *arguments).stdout.splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
