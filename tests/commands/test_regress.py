"""`azml-contract regress` as a user and a CI job meet it: formats and inputs."""

from __future__ import annotations

import io
import json
import os
import sys
import xml.etree.ElementTree as ElementTree
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from recorded_stories import CASSETTES, FAILURES, FIRST, MODERN, WORKFLOW

from azml_contract.cli import main
from azml_contract.commands.regress_options import FORMATS
from azml_contract.contract.catalog import known_versions
from azml_contract.regression.report_file import Tail, read_report

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
SCHEMAS = {
    "json": "regression-report.schema.json",
    "json2": "regression-report-2.schema.json",
}


@dataclass
class Done:
    """How a command ended; it ran in this process, so that contracts load once."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: object, env: dict[str, str] | None = None, at: Path = ROOT) -> Done:
    out, err = io.StringIO(), io.StringIO()
    patch = pytest.MonkeyPatch()
    with patch.context() as session, redirect_stdout(out), redirect_stderr(err):
        session.chdir(at)
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
    assert "2021-04-01" in done.stdout
    assert "2026-05-15" in done.stdout
    assert "2023-04-01" not in done.stdout.partition("PUT environments: ")[0]


def test_each_break_is_told_once_with_its_place_its_reason_and_its_cure():
    text = flat(run("regress", FIRST).stdout)

    assert "PUT environments: ignored since 2022-02-01-preview" in text
    assert text.count("`docker` of EnvironmentVersion is `image` and `build`") == 1
    assert "Send docker.dockerImageUri as `image`" in text
    assert "No such operation" not in text  # the versions between lead nowhere
    assert "/value/0/properties/contents of the answer" in text


def test_the_edits_to_the_newest_version_are_listed():
    text = flat(run("regress", FIRST).stdout)

    assert "To move to 2026-05-15-preview:" in text
    assert "PUT jobs Command: /compute/target -> /computeId" in text
    assert "PUT jobs Sweep: /algorithm -> /samplingAlgorithm/" in text
    assert "PUT jobs Sweep: decide /inputs/iris/jobInputType" in text


def test_how_far_a_scenario_can_move_is_told_with_what_lies_between():
    text = flat(run("regress", CASSETTES / "failures" / "missing_compute").stdout)

    assert "How far scenarios can move unchanged 2026-05-15-preview 1 of 1" in text
    story = ("--by", "scenario", CASSETTES / "failures" / "missing_compute")
    text = flat(run("regress", *story).stdout)
    assert "Newest version it can move to unchanged: 2026-05-15-preview" in text


@pytest.mark.parametrize(
    ("asked", "newest"),
    [((), "none but its own"), (("--to", "2024-04-01"), "none of these")],
)
def test_a_scenario_that_can_move_nowhere_is_told_so_at_any_versions(asked, newest):
    told = run("regress", FIRST, *asked).stdout

    assert f"Newest version it can move to unchanged: {newest}\n" in told


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


@pytest.mark.parametrize("form", SCHEMAS)
def test_json_keeps_to_its_published_schema(tmp_path, form):
    file = tmp_path / "report.json"
    done = run("regress", FAILURES, "--format", form, "-o", file)
    shape = json.loads(file.read_text("utf-8"))

    assert done.stdout == ""
    schema = json.loads((ROOT / "docs" / SCHEMAS[form]).read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(shape)
    assert len(shape["rows"]) > 100


def test_what_repeats_stands_once_and_nothing_is_lost(tmp_path):
    """Both formats of a report are read to the same rows and the same account."""
    files = {form: tmp_path / f"{form}.json" for form in SCHEMAS}
    for form, file in files.items():
        run("regress", FAILURES, "--format", form, "-o", file)

    tails: list[Tail] = []
    rows = {form: list(read_report(file, tails)) for form, file in files.items()}

    assert rows["json2"] == rows["json"]
    assert tails[0] == tails[1]
    assert files["json2"].stat().st_size * 10 < files["json"].stat().st_size


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
    assert all(line.startswith("::error ") for line in lines[:-1])
    assert lines[-1].startswith("::notice title=azml-contract::27 calls seen: 19 ")
    assert "file=scenarios/test_train_and_sweep.py,line=34,title=ignored" in lines[0]
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

    assert done.returncode == 1
    assert done.stderr == ""
    told = flat(done.stdout)
    assert told.count("error AZC404") == 2
    assert "a.json:1:1 This file cannot be read: not JSON at line 1" in told
    assert "e.json:1:1 This file cannot be read: there is no such file" in told
    assert "2031-05-01 is newer than every api-version known here" in told
    assert "6 skipped" in told or "skipped (" in told  # those of c.json among them


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
    if not (SHARED / "recordings31").is_dir():
        pytest.skip("the recordings are not on this machine")
    files = sorted((SHARED / "recordings31").glob("*__*.json"))

    done = run("regress", *files, "--format", "json")
    shape = json.loads(done.stdout)

    assert len(files) == 31
    assert len({row["scenario"] for row in shape["rows"]}) == 31
    assert len(shape["rows"]) == 163
    for row in shape["rows"]:
        was_refused = "job_400_binding" in row["scenario"]
        allowed = ("ok", "warns", "refused") if was_refused else ("ok", "warns")
        assert len(row["versions"]) == len(known_versions())
        assert row["versions"][row["recorded"]]["status"] in allowed


@pytest.mark.slow
def test_many_recordings_are_judged_by_processes_to_the_same_result(tmp_path):
    text = (FAILURES / "throttling" / MODERN.name).read_text("utf-8")
    for number in range(520):
        renamed = text.replace('throttling"', f'throttling{number:03}"', 1)
        (tmp_path / f"{number:03}.json").write_text(renamed)
    alone, apart = tmp_path / "1.out", tmp_path / "2.out"

    common = ("--to", "2024-04-01", "--format", "json", "-o")
    assert run("regress", tmp_path, "--jobs", 1, *common, alone).returncode == 0
    assert run("regress", tmp_path, "--jobs", 2, *common, apart).returncode == 0

    assert alone.read_bytes() == apart.read_bytes()
    common = ("--jobs", 2, "--to", "2024-04-01", "--by", "scenario")
    told = run("regress", tmp_path, *common).stdout
    assert "(and 519 more that fare alike)" in flat(told)


@pytest.mark.parametrize("arguments", [[FIRST], [MODERN]])
def test_no_line_of_the_report_ends_in_blanks(arguments):
    lines = run("regress", *arguments).stdout.splitlines()
    assert [line for line in lines if line != line.rstrip()] == []


def test_calls_at_unknown_versions_are_named_and_the_others_judged(tmp_path):
    text = MODERN.read_text("utf-8")
    calls = json.loads(text)["interactions"]
    known = [one for one in calls if one["request"]["method"] == "PUT"][:2]
    future = json.loads(json.dumps(known).replace("2022-05-01", "2031-05-01"))
    silent = json.loads(json.dumps(known[:1]).replace("?api-version=2022-05-01", ""))
    file = write_har(tmp_path / "mixed.har", [*future, *known, *silent])

    done = run("regress", file, "--to", "2024-04-01", "--format", "json")

    assert done.returncode == 1
    shape = json.loads(done.stdout)
    assert [row["step"] for row in shape["rows"]] == [0, 1, 2, 3]
    assert [one["code"] for one in shape["findings"]] == ["AZC148", "AZC148", "AZC140"]
    assert shape["calls"]["not_judged_because"] == {"no known api-version": 1}
    assert min(one["location"]["column"] for one in shape["findings"]) > 1
    assert done.stderr == ""


def test_folders_and_pipes_named_like_recordings_are_passed_over(tmp_path):
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "link.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "one.json").write_text(MODERN.read_text("utf-8"))

    done = run("regress", tmp_path, "--to", "2024-04-01")

    assert done.returncode == 1
    assert done.stdout.count("error AZC404") == 1
    assert "link.json:1:1" in flat(done.stdout)


def test_a_recording_has_one_name_however_its_path_is_written(tmp_path):
    calls = json.loads(FIRST.read_text("utf-8"))["interactions"]
    (tmp_path / "har").mkdir()
    write_har(tmp_path / "har" / "a.har", calls)
    names = set()
    for path in ("har", "./har/a.har", tmp_path / "har", f"../{tmp_path.name}/har"):
        done = run(
            "regress", path, "--to", "2022-05-01", "--format", "json", at=tmp_path
        )
        names |= {row["scenario"] for row in json.loads(done.stdout)["rows"]}

    assert names == {"har/a"}


def test_a_page_of_recordings_here_and_elsewhere_has_a_title(tmp_path):
    (tmp_path / "one.json").write_text(MODERN.read_text("utf-8"))

    done = run("regress", tmp_path, FIRST.relative_to(ROOT), "--format", "html")

    assert done.returncode == 1
    here = FIRST.relative_to(ROOT).as_posix()
    assert f"<title>{tmp_path}, {here} - azml-contract</title>" in done.stdout
    several = [tmp_path / f"{name}.json" for name in "abc"]
    for file in several:
        text = MODERN.read_text("utf-8")
        file.write_text(text.replace("asset_to_sweep", file.stem, 1))
    done = run("regress", *several, FIRST.relative_to(ROOT), "--format", "html")
    assert "<title>4 recordings - azml-contract</title>" in done.stdout


def test_every_recording_is_in_a_report_for_machines(tmp_path):
    """In the table recordings that fare alike are one, and counted."""
    text = FIRST.read_text("utf-8")
    for name in ("one", "two"):
        renamed = text.replace("train_and_sweep/asset_to_sweep", f"story/{name}", 1)
        (tmp_path / f"{name}.json").write_text(renamed)

    table = run("regress", tmp_path).stdout
    suites = ElementTree.fromstring(
        run("regress", tmp_path, "--format", "junit").stdout
    )
    (ran,) = json.loads(run("regress", tmp_path, "--format", "sarif").stdout)["runs"]

    assert "36 breaks; 38 calls of 2 recordings judged" in table
    (recordings,) = (one for one in suites if one.get("name") == "recordings")
    assert {case.get("name") for case in recordings} == {
        "story/one (2021-03-01-preview)",
        "story/two (2021-03-01-preview)",
    }
    assert len(ran["results"]) == 36
    annotated = run("regress", tmp_path, "--format", "github").stdout
    assert all("in 2 recordings" in line for line in annotated.splitlines()[:-2])


HOSTILE = "</script><b>|`x`,:%\n::error::\x01\u2028\ud800"


@pytest.mark.parametrize("form", FORMATS)
def test_names_of_any_kind_stay_text_in_every_format(tmp_path, form):
    cassette = json.loads(FIRST.read_text("utf-8"))
    cassette["scenario"] = HOSTILE
    for one in cassette["interactions"]:
        body = one["request"].get("body", {}).get("json", {})
        if "compute" in body.get("properties", {}):
            body["properties"][HOSTILE] = HOSTILE
    file, output, summary = (tmp_path / name for name in ("c.json", "out", "summary"))
    file.write_text(json.dumps(cassette))
    env = {"GITHUB_STEP_SUMMARY": str(summary)}

    done = run("regress", file, "--format", form, "-o", output, env=env)

    assert (done.returncode, done.stderr) == (1, "")
    written = output.read_text("utf-8")
    if form in ("json", "json2", "sarif"):
        json.loads(written)
    elif form == "junit":
        ElementTree.fromstring(written)
    elif form == "html":
        assert "<b>|" not in written
    elif form == "github":
        *lines, last = written.splitlines()
        assert all(line.startswith("::error ") for line in lines)
        assert last.startswith("::notice title=azml-contract::")
        assert "<b>" not in summary.read_text("utf-8")


def test_a_page_says_in_one_line_what_was_not_judged(tmp_path):
    (tmp_path / "good.json").write_text(MODERN.read_text("utf-8"))
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text("{")

    page = tmp_path / "page.html"
    done = run("regress", tmp_path, "--format", "html", "-o", page)

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: AZC404 ")
    assert line.endswith("(And 1 more: --format text.)")
