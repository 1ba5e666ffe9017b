"""`azml-contract regress` as a gate: baselines, `--latest`, `--max-age-days`."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from recorded_stories import FAILURES, FIRST, MODERN, WORKFLOW


def flat(text: str) -> str:
    return " ".join(text.split())


def test_a_baseline_lets_known_breaks_pass_and_new_ones_fail(run, tmp_path):
    known = tmp_path / "known.json"
    written = run("regress", FIRST, "--baseline", known, "--write-baseline")
    assert written.code == 0
    assert "0 new breaks" in written.out

    assert run("regress", FIRST, "--baseline", known).code == 0
    shape = json.loads(known.read_text("utf-8"))
    shape["breaks"] = [b for b in shape["breaks"] if b["call"] != "PUT environments"]
    known.write_text(json.dumps(shape))
    done = run("regress", FIRST, "--baseline", known, "--format", "github")

    assert done.code == 1
    errors = [line for line in done.out.splitlines() if line.startswith("::error")]
    assert len(errors) == 1
    assert all("PUT environments" in line for line in errors)


def test_a_baseline_reads_well_in_review(run, tmp_path):
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


def test_a_baseline_that_is_missing_says_how_to_make_it(run, tmp_path):
    done = run("regress", FIRST, "--baseline", tmp_path / "none.json")

    assert done.code == 2
    assert "--write-baseline" in done.err
    assert run("regress", FIRST, "--write-baseline").code == 2


def test_latest_judges_at_the_newest_version_alone(run):
    broken = run("regress", FIRST, "--latest", "--stable-only", "--format", "json")
    rows = json.loads(broken.out)["rows"]

    assert broken.code == 1
    assert {version for row in rows for version in row["versions"]} == {"2026-05-01"}
    assert run("regress", MODERN, "--latest").code == 0
    assert run("regress", MODERN, "--latest", "--to", "2024-04-01").code == 2


def test_a_version_older_than_allowed_fails(run):
    done = run("regress", MODERN, "--to", "2024-04-01", "--max-age-days", "365")

    assert done.code == 1
    assert "asset_to_sweep is at 2022-05-01, which is" in flat(done.out)
    young = run("regress", MODERN, "--to", "2024-04-01", "--max-age-days", "99999")
    assert young.code == 0


def test_the_newest_recording_of_a_scenario_is_what_latest_judges(run):
    """A scenario that has moved on is not held back by what it once sent."""
    done = run("regress", WORKFLOW, "--latest", "--format", "json")
    rows = json.loads(done.out)["rows"]

    assert done.code == 0
    assert {row["recorded"] for row in rows} == {"2026-05-01"}


def test_what_was_only_upgraded_is_not_judged_and_hides_no_recording(run, tmp_path):
    folder = tmp_path / "cassettes/train_and_sweep/asset_to_sweep"
    folder.mkdir(parents=True)
    shutil.copy(FIRST, folder)
    cassettes = folder.parents[1].relative_to(tmp_path)
    asked = ("regress", cassettes, "--latest", "--format")
    before = run(*asked, "json")
    assert before.code == 1

    assert run("upgrade", cassettes, "--to", "2024-04-01", "--write").code == 0
    done = run(*asked, "json")
    told = json.loads(done.out)
    assert (done.code, told["rows"]) == (1, json.loads(before.out)["rows"])
    [finding] = told["findings"]
    assert (finding["code"], finding["severity"]) == ("AZC153", "warning")
    assert finding["location"]["file"].endswith("asset_to_sweep/2024-04-01.json")
    assert "answers are still those of 2021-03-01-preview" in finding["message"]
    assert "--azml-api-version 2024-04-01" in finding["cure"]
    assert told["calls"]["judged"] == len(told["rows"])

    file = folder / "2024-04-01.json"
    alone = run("regress", file)
    assert (alone.code, "No breaks" in alone.out) == (1, False)
    recorded = folder / "2021-03-01-preview.json"
    recorded.rename(tmp_path / "elsewhere.json")
    (finding,) = json.loads(run(*asked, "json").out)["findings"]
    assert finding["severity"] == "error"
    (tmp_path / "elsewhere.json").rename(recorded)
    shutil.copy(WORKFLOW / file.name, folder)  # it was recorded
    assert run(*asked, "text").code == 0


def write_mixed(folder: Path) -> Path:
    """One recording of another tool whose calls name two api-versions."""
    entries = []
    for file in (FIRST, MODERN):
        calls = json.loads(file.read_text("utf-8"))["interactions"]
        for one in [one for one in calls if one["request"]["method"] == "PUT"][1:2]:
            text = json.dumps(one["request"]["body"]["json"])
            sent = {"method": "PUT", "url": one["request"]["uri"], "headers": []}
            answered = {"status": 201, "headers": [], "content": {"text": "{}"}}
            sent["postData"] = {"text": text}
            entries.append({"request": sent, "response": answered})
    har = folder / "mixed.har"
    har.write_text(json.dumps({"log": {"entries": entries}}))
    return har


def test_every_version_of_a_recording_that_mixes_them_is_current(run, tmp_path):
    har = write_mixed(tmp_path)

    latest = run("regress", har, "--latest", "--by", "scenario")
    assert latest.code == 1
    assert "PUT environments: ignored" in latest.out

    old = run("regress", har, "--to", "2022-05-01", "--max-age-days", "365")
    assert "mixed is at 2021-03-01-preview" in flat(old.out)
    assert "mixed is at 2022-05-01" in flat(old.out)
    newest = run("regress", har, "--format", "json").out
    assert json.loads(newest)["newest_unchanged"] == {"mixed": ""}


def test_each_version_of_a_mixed_recording_knows_its_file(run, tmp_path):
    lines = run("regress", write_mixed(tmp_path), "--format", "github").out.splitlines()

    assert lines
    told = [line for line in lines[:-1] if "more of this level" not in line]
    assert all(line.startswith("::error file=mixed.har,") for line in told)


@pytest.mark.parametrize("form", ["json", "json2", "html", "sarif"])
def test_a_report_that_does_not_show_ages_leaves_them_to_the_terminal(run, form):
    done = run("regress", MODERN, *("--max-age-days", 1), "--format", form)

    assert done.code == 1
    assert "asset_to_sweep is at 2022-05-01, which is" in done.err


def test_junit_has_a_case_that_fails_for_each_version_that_is_too_old(run):
    done = run("regress", MODERN, *("--max-age-days", 1), "--format", "junit")
    suites = ElementTree.fromstring(done.out)

    assert suites.get("failures") == "1"
    (failure,) = suites.iter("failure")
    assert "which is" in failure.get("message")


def test_entries_about_breaks_that_are_gone_are_named(run, tmp_path):
    known = tmp_path / "known.json"
    run("regress", FIRST, "--baseline", known, "--write-baseline")
    cassette = json.loads(FIRST.read_text("utf-8"))
    body = next(
        one["request"]["body"]["json"]["properties"]
        for one in cassette["interactions"]
        if "dockerImageUri" in str(one["request"].get("body"))
    )
    del body["docker"]
    mended = tmp_path / "mended.json"
    mended.write_text(json.dumps(cassette))

    done = run("regress", mended, "--baseline", known)

    assert done.code == 0
    assert "1 entry of" in done.err
    assert "PUT environments ignored request /properties/docker" in done.err
    whole = run("regress", FIRST, "--baseline", known)
    assert whole.err == ""


def test_entries_that_a_run_does_not_judge_are_not_called_gone(run, tmp_path):
    known = tmp_path / "known.json"
    run("regress", FAILURES, "--baseline", known, "--write-baseline")

    assert run("regress", FIRST, "--baseline", known).err == ""
    assert run("regress", FIRST, "--to", "2021-07-01", "--baseline", known).err == ""
    assert run("regress", MODERN, "--baseline", known).err == ""


def test_recordings_that_fare_alike_share_a_table_with_a_baseline_too(run, tmp_path):
    text = FIRST.read_text("utf-8")
    for name in ("one", "two"):
        renamed = text.replace("train_and_sweep/asset_to_sweep", f"story/{name}", 1)
        (tmp_path / f"{name}.json").write_text(renamed)
    known = tmp_path / "b" / "known.json"
    known.parent.mkdir()
    files = (tmp_path / "one.json", tmp_path / "two.json", "--baseline", known)
    run("regress", *files, "--write-baseline")

    done = run("regress", *files, "--by", "scenario")
    assert done.code == 0
    assert "story/one, recorded at 2021-03-01-preview (and 1 more" in done.out

    shape = json.loads(known.read_text("utf-8"))
    shape["breaks"] = [b for b in shape["breaks"] if b["scenario"] == "story/one"]
    known.write_text(json.dumps(shape))
    done = run("regress", *files, "--by", "scenario")
    assert done.code == 1
    assert "story/one, recorded at 2021-03-01-preview\n" in done.out
    assert "story/two, recorded at 2021-03-01-preview\n" in done.out
    assert "18 new breaks, 18 known; 38 calls of 2 recordings" in done.out


ENTRY = {
    "scenario": "s",
    "recorded": "2021-03-01-preview",
    "call": "PUT jobs",
    "status": "ignored",
    "side": "request",
    "pointer": "/properties",
    "versions": ["2022-05-01 and later"],
}


@pytest.mark.parametrize(
    ("breaks", "message"),
    [
        (None, "it has no list of breaks"),
        ([1], "entry 1 is no object"),
        ([ENTRY, {**ENTRY, "versions": "2022-05-01"}], "versions of entry 2"),
        ([{**ENTRY, "versions": ["newest"]}], "'newest' is not an api-version"),
        ([{k: v for k, v in ENTRY.items() if k != "call"}], "entry 1 lacks 'call'"),
    ],
)
def test_a_baseline_that_was_edited_wrongly_says_where(run, tmp_path, breaks, message):
    known = tmp_path / "known.json"
    known.write_text(json.dumps({"format": 1, "breaks": breaks}))

    done = run("regress", MODERN, "--baseline", known)

    assert done.code == 2
    assert message in done.err
