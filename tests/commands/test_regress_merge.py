"""`azml-contract regress --merge`: reports of several jobs are one report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from recorded_stories import CASSETTES, FAILURES, FIRST, MODERN

from azml_contract.documents.find import choose_shard
from azml_contract.report import html

ROOT = Path(__file__).parents[2]
STORIES = (CASSETTES / "failures" / "cancel", CASSETTES / "train_and_sweep")


def test_reports_of_two_jobs_are_joined(run, tmp_path):
    one, other, whole = (tmp_path / name for name in ("a.json", "b.json", "c.json"))
    run("regress", FIRST, "--format", "json2", "-o", one)
    run("regress", MODERN, "--format", "json2", "-o", other)
    run("regress", FIRST, MODERN, "--format", "json2", "-o", whole)

    joined = run("regress", "--merge", one, other, "--format", "json2")

    assert json.loads(joined.out) == json.loads(whole.read_text("utf-8"))
    assert joined.code == 1
    text = run("regress", "--merge", one, other, "--by", "scenario")
    assert "recorded at 2022-05-01" in text.out


def test_findings_that_hold_lists_are_joined_each_once(run, tmp_path):
    shape = {
        "code": "AZC404",
        "severity": "error",
        "message": "a.json: it cannot be read.",
        "cure": "",
        "pointer": "",
        "operation": "",
        "api_version": "",
        "side": "request",
        "expected": [["a"]],
        "seen": {"b": [1]},
        "evidence": "spec",
    }
    for name in ("a", "b"):
        report = write_report(run, tmp_path / f"{name}.json", MODERN)
        told = json.loads(report.read_text("utf-8")) | {"findings": [shape]}
        report.write_text(json.dumps(told), "utf-8")

    reports = (tmp_path / "a.json", tmp_path / "b.json")
    joined = run("regress", "--merge", *reports, "--format", "json2")

    assert json.loads(joined.out)["findings"] == [shape]


def test_joining_what_is_no_report_is_an_input_error(run, tmp_path):
    file = tmp_path / "x.json"
    file.write_text("{}")

    done = run("regress", "--merge", file)

    assert done.code == 2
    assert "x.json is no regression report of format 1 or 2" in done.err


def write_report(
    run: Callable[..., Any], file: Path, *arguments: object, form: str = "json2"
) -> Path:
    run("regress", *arguments, "--format", form, "-o", file)
    return file


def test_joined_reports_name_calls_as_one_run_does(run, tmp_path):
    report = write_report(run, tmp_path / "a.json", FIRST, "--to", "2022-05-01")

    joined = run("regress", "--merge", report)

    assert "PUT jobs Command: ignored since 2022-05-01" in joined.out
    assert "Jobs_CreateOrUpdate" not in joined.out


def test_a_baseline_of_one_run_knows_the_breaks_of_joined_reports(run, tmp_path):
    known = tmp_path / "known.json"
    run("regress", FAILURES, "--baseline", known, "--write-baseline")
    parts = [
        write_report(run, tmp_path / f"{folder.name}.json", folder)
        for folder in sorted(FAILURES.iterdir())
    ]

    assert run("regress", "--merge", *parts, "--baseline", known).code == 0
    again = tmp_path / "again.json"
    run("regress", "--merge", *parts, "--baseline", again, "--write-baseline")
    assert again.read_bytes() == known.read_bytes()


def test_what_was_wrong_from_the_beginning_is_no_break_of_a_joined_report(
    run, tmp_path
):
    cassette = json.loads(MODERN.read_text("utf-8"))
    body = next(
        one["request"]["body"]["json"]["properties"]
        for one in cassette["interactions"]
        if "image" in str(one["request"].get("body"))
    )
    body["image"] = 5
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(cassette))
    assert run("regress", file, "--to", "2024-04-01").code == 0

    report = write_report(run, tmp_path / "a.json", file, "--to", "2024-04-01")

    assert run("regress", "--merge", report).code == 0


def test_joined_reports_are_narrowed_as_a_run_is(run, tmp_path):
    report = write_report(run, tmp_path / "a.json", FIRST, MODERN)
    asked = ("--to", "2024-04-01", "--from", "2022-05-01")

    joined = run("regress", "--merge", report, *asked)
    alone = run("regress", FIRST, MODERN, *asked)

    assert joined.out == alone.out
    stable = run("regress", "--merge", report, "--stable-only", "--format", "json")
    versions = {v for row in json.loads(stable.out)["rows"] for v in row["versions"]}
    assert not [version for version in versions if "preview" in version]


def test_reports_that_did_not_judge_at_a_version_cannot_tell_of_it(run, tmp_path):
    report = write_report(run, tmp_path / "a.json", MODERN, "--to", "2024-04-01")

    done = run("regress", "--merge", report, "--to", "2022-10-01")

    assert done.code == 2
    assert "None of these reports judged at 2022-10-01" in done.err


def test_reports_that_judged_at_different_versions_are_put_together(run, tmp_path):
    one = write_report(run, tmp_path / "a.json", FIRST, "--to", "2022-05-01")
    other = write_report(run, tmp_path / "b.json", FIRST, "--to", "2024-04-01")
    asked = ("--to", "2022-05-01", "--to", "2024-04-01", "--format", "json2")

    joined = run("regress", "--merge", other, one, "--format", "json2")

    assert json.loads(joined.out) == json.loads(run("regress", FIRST, *asked).out)


def test_of_runs_that_contradict_each_other_no_break_is_lost(run, tmp_path):
    """Two parts of a monorepo may have a scenario of one name."""
    cassette = json.loads(FIRST.read_text("utf-8"))
    (tmp_path / "broken").mkdir()
    (tmp_path / "whole").mkdir()
    broken, whole = tmp_path / "broken" / "c.json", tmp_path / "whole" / "c.json"
    broken.write_text(json.dumps(cassette))
    cassette["interactions"][7]["request"]["body"] = {
        "json": {"properties": {"condaFile": "name: x"}}
    }
    whole.write_text(json.dumps(cassette))
    first = write_report(run, tmp_path / "a.json", broken, "--to", "2022-05-01")
    second = write_report(run, tmp_path / "b.json", whole, "--to", "2022-05-01")

    for order in ((first, second), (second, first)):
        assert "/properties/docker" in run("regress", "--merge", *order).out


def test_calls_of_one_scenario_judged_at_other_versions_leave_gaps(run, tmp_path):
    """As where a cassette was recorded anew between two runs."""
    asked = (FIRST, "--to", "2022-05-01")
    report = write_report(run, tmp_path / "a.json", *asked, form="json")
    shape = json.loads(report.read_text("utf-8"))
    moved = shape["rows"][-1]
    moved["versions"]["2024-04-01"] = moved["versions"].pop("2022-05-01")
    report.write_text(json.dumps(shape))

    done = run("regress", "--merge", report)

    assert done.code == 1
    assert "GET codes         -           ok" in done.out


@pytest.mark.parametrize("form", ["json", "json2"])
def test_a_report_of_any_layout_is_read_and_one_that_is_cut_off_is_not(
    run, tmp_path, form
):
    asked = (FIRST, "--to", "2022-05-01")
    report = write_report(run, tmp_path / "a.json", *asked, form=form)
    text = report.read_text("utf-8")
    pretty, cut = tmp_path / "pretty.json", tmp_path / "cut.json"
    pretty.write_text(json.dumps(json.loads(text), indent=1))
    cut.write_text("\n".join(text.splitlines()[:-1]))

    merged = run("regress", "--merge", report, "--format", "json2").out
    assert run("regress", "--merge", pretty, "--format", "json2").out == merged
    done = run("regress", "--merge", report, cut)
    assert done.code == 2
    assert "cut.json is no regression report: it is cut off." in done.err


def test_parts_of_a_folder_join_to_the_whole(run, tmp_path):
    whole = json.loads(run("regress", FAILURES, "--format", "json").out)
    parts = [
        write_report(run, tmp_path / f"{n}.json", FAILURES, "--shard", f"{n}/3")
        for n in (1, 2, 3)
    ]

    joined = json.loads(run("regress", "--merge", *parts, "--format", "json").out)

    def order(row: dict[str, Any]) -> tuple[Any, ...]:
        return row["scenario"], row["recorded"], row["step"]

    assert sorted(joined["rows"], key=order) == sorted(whole["rows"], key=order)
    assert joined["newest_unchanged"] == whole["newest_unchanged"]
    assert joined["calls"] == whole["calls"]


def test_parts_of_the_newest_recordings_count_the_calls_of_all(run, tmp_path):
    """With `--latest` a call that does not break there has no row, and was judged."""
    whole = json.loads(run("regress", FAILURES, "--latest", "--format", "json2").out)
    parts = [
        write_report(
            run, tmp_path / f"{n}.json", FAILURES, "--latest", "--shard", f"{n}/3"
        )
        for n in (1, 2, 3)
    ]

    joined = run("regress", "--merge", *parts, "--latest", "--format", "json2")

    assert json.loads(joined.out)["calls"] == whole["calls"]
    again = run("regress", "--merge", *parts, *parts, "--latest", "--format", "json2")
    assert json.loads(again.out)["calls"] == whole["calls"]


def test_joined_parts_say_what_one_run_says_byte_for_byte(run, tmp_path):
    """The order of the calls, and the lines that made them, among other things."""
    story = STORIES[0]
    parts = [
        write_report(run, tmp_path / f"{n}.json", story, "--shard", f"{n}/3")
        for n in (3, 1, 2)
    ]
    calls = "json2", "--with-calls"
    for form, *more in (("text",), calls, ("junit",), ("sarif",)):
        asked = ("--format", form, *more)
        joined = run("regress", "--merge", *parts, *asked)
        whole = run("regress", story, *asked)
        assert (joined.code, joined.out) == (whole.code, whole.out), form
        assert "scenarios/test_" in joined.out


def test_parts_of_scripts_keep_their_places_and_say_so_in_their_schema(run, tmp_path):
    put = (
        "\ncurl -X PUT 'https://management.azure.com/subscriptions/s/resourceGroups/g/"
        "providers/Microsoft.MachineLearningServices/workspaces/team/environments/e/"
        'versions/1?api-version=2021-03-01-preview\' -d \'{"properties": {"docker": '
        '{"dockerImageUri": "a"}}}\'\n'
    )
    for name in ("a:b.sh", "c.sh"):
        (tmp_path / name).write_text(put)
    files = [(tmp_path / name).as_posix() for name in ("a:b.sh", "c.sh")]
    report = write_report(run, tmp_path / "r.json", *files, "--with-calls")
    told = json.loads(report.read_text("utf-8"))["pages"]["recordings"]
    places = [(Path(one["file"]).name, one["calls"][0]["at"]) for one in told]
    assert [name for name, _ in places] == ["a:b.sh", "c.sh"]
    assert all(at.endswith(f"{name}:2") for name, at in places)
    schema = ROOT / "docs" / "regression-report-2.schema.json"
    valid = Draft202012Validator(json.loads(schema.read_text("utf-8")))
    assert valid.is_valid(json.loads(report.read_text("utf-8")))

    sarif = json.loads(run("regress", "--merge", report, "--format", "sarif").out)

    places = [
        one["locations"][0]["physicalLocation"] for one in sarif["runs"][0]["results"]
    ]
    assert [one["region"]["startLine"] for one in places] == [2, 2]
    # A script that is there is mended as in one run.
    assert all("fixes" in one for one in sarif["runs"][0]["results"])


@pytest.fixture
def page(run, monkeypatch):
    """What the page of a run is made of: its rows, its recordings, its coverage."""

    def made(*arguments: object) -> tuple[Any, ...]:
        shown: list[Any] = []
        monkeypatch.setattr(
            html, "render_html", lambda *given: shown.extend(given) or ""
        )
        run("regress", *arguments, "--format", "html")
        report, coverage, _ = shown
        rows, recordings = (
            sorted(json.dumps(one, sort_keys=True) for one in report[name])
            for name in ("rows", "recordings")
        )
        return rows, recordings, coverage

    return made


def test_a_page_of_joined_parts_is_the_page_of_the_whole(run, page, tmp_path):
    """Requests, answers that findings speak of, coverage, edits, targets."""
    parts = [
        write_report(run, tmp_path / f"{n}.json", *STORIES, "--shard", f"{n}/3")
        for n in (1, 2, 3)
    ]

    rows, recordings, coverage = page("--merge", *parts)

    assert (rows, recordings, coverage) == page(*STORIES)
    assert any('"response": {' in row for row in rows)
    assert any('"edits": ["' in one for one in recordings)
    again = run("regress", "--merge", *parts, "--format", "json2").out
    assert len(json.loads(again)["pages"]["recordings"]) == len(recordings)
    schema = ROOT / "docs" / "regression-report-2.schema.json"
    valid = Draft202012Validator(json.loads(schema.read_text("utf-8")))
    assert valid.is_valid(json.loads(again))


def test_reports_of_the_same_recordings_cover_their_calls_once(run, page, tmp_path):
    asked = (FIRST, "--with-calls")
    one = write_report(run, tmp_path / "a.json", *asked, "--to", "2022-05-01")
    other = write_report(run, tmp_path / "b.json", *asked, "--to", "2024-04-01")
    assert page("--merge", one, other)[2] == page(FIRST)[2]


def test_parts_at_several_versions_join_to_the_whole(run, page, tmp_path):
    versions = ("2024-04-01", "2025-09-01")
    parts = [
        write_report(
            run, tmp_path / f"{to}{n}", *STORIES, "--to", to, "--shard", f"{n}/2"
        )
        for to in versions
        for n in (1, 2)
    ]
    whole = (*STORIES, *(word for to in versions for word in ("--to", to)))

    assert page("--merge", *parts)[2] == page(*whole)[2]
    joined = json.loads(run("regress", "--merge", *parts, "--format", "json").out)
    asked = json.loads(run("regress", *whole, "--format", "json").out)
    assert joined["calls"] == asked["calls"]


def test_a_page_of_reports_of_which_some_hold_no_calls_shows_none(run, tmp_path):
    one = write_report(run, tmp_path / "a.json", FIRST, "--with-calls")
    other = write_report(run, tmp_path / "b.json", MODERN)
    done = run("regress", "--merge", one, other, "--format", "html")
    assert "Note: 1 of 2 reports hold no calls (--with-calls)" in done.err


def test_pages_that_are_malformed_are_an_input_error(run, tmp_path):
    report = write_report(run, tmp_path / "a.json", FIRST, "--with-calls")
    told = json.loads(report.read_text("utf-8"))
    told["pages"]["recordings"][0]["calls"][0]["request"] = 10_000
    report.write_text(json.dumps(told), "utf-8")
    done = run("regress", "--merge", report, "--format", "html")
    assert done.code == 2
    assert "A report has malformed pages: IndexError" in done.err


def test_calls_are_kept_in_reports_that_can_be_joined(run):
    done = run("regress", FIRST, "--with-calls")
    assert done.code == 2
    assert "--with-calls is for reports that are joined: --format json2." in done.err


def test_parts_are_even_and_always_the_same():
    files = [Path(f"folder/{number:04}.json") for number in range(100)]

    parts = [choose_shard(files, which, 7) for which in range(1, 8)]

    assert sorted(file for part in parts for file in part) == files
    assert {len(part) for part in parts} == {14, 15}
    assert parts == [choose_shard(files, which, 7) for which in range(1, 8)]
    assert choose_shard(files, 1, 1) == files


@pytest.mark.parametrize("part", ["0/3", "4/3", "3", "x/y", "1/0", "-1/2"])
def test_a_part_that_is_none_is_wrong_usage(run, part):
    done = run("regress", FIRST, f"--shard={part}")

    assert done.code == 2
    assert f"--shard {part} is no part, such as 3/10" in done.err
