"""`regress` by cause: how far recordings can move, and what breaks them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from recorded_stories import FIRST, WORKFLOW

from azml_contract.finding import Finding, Severity
from azml_contract.regression.outcome import Cell, Outcome, Row, Status, find_breaks
from azml_contract.report.causes_text import print_causes
from azml_contract.report.regressed import Broken, Regressed
from azml_contract.report.table import make_console

MODERN = WORKFLOW / "2024-04-01.json"


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Twenty scenarios of the first version and three of a modern one."""
    folder = tmp_path / "many"
    folder.mkdir()
    for source, count in ((FIRST, 20), (MODERN, 3)):
        text = source.read_text("utf-8")
        for number in range(count):
            name = f"story/{source.stem}_{number:02}"
            renamed = text.replace("train_and_sweep/asset_to_sweep", name, 1)
            (folder / f"{source.stem}_{number}.json").write_text(renamed, "utf-8")
    return folder


def test_the_answer_comes_first_then_causes_with_their_counts(run, many):
    done = run("regress", many)

    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[0] == "How far scenarios can move unchanged"
    assert [line.split() for line in lines[1:3]] == [
        ["2026-05-15-preview", "3", "of", "23"],
        ["2021-03-01-preview", "20", "of", "23"],
    ]
    text = " ".join(done.out.split())
    assert "ignored since 2022-02-01-preview /properties/docker" in text
    assert text.count("`docker` of EnvironmentVersion is `image` and `build`") == 1
    assert "20 calls in 20 recordings, such as story/2021-03-01-preview_00" in text


def test_ignored_comes_before_refused_and_refused_before_gone(run, many):
    out = run("regress", many, "--limit", "99").out
    heads = [
        line.split()[0]
        for line in out.splitlines()
        if line.startswith(("ignored ", "refused ", "gone "))
    ]

    assert heads == sorted(heads, key=["ignored", "refused", "gone"].index)
    assert len(heads) > 5


@pytest.mark.parametrize("columns", ["80", "40"])
def test_it_fits_the_terminal(run, many, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)

    lines = run("regress", many).out.splitlines()

    long = [line for line in lines if len(line) > int(columns)]
    assert all(len(line.split()) == 1 for line in long)  # a URL is never cut
    assert columns == "40" or not long
    assert not [line for line in lines if line != line.rstrip()]
    legend = next(n for n, line in enumerate(lines) if line.startswith("  ignored  "))
    under = lines[legend + 1]
    assert under.startswith("  refused  " if columns == "80" else " " * 11)


def test_what_is_left_out_is_counted_and_can_be_asked_for(run, many):
    few = run("regress", many, "--limit", "1").out
    told = next(line for line in few.splitlines() if line.startswith("... and "))

    assert told.endswith(f"breaks): --limit {int(told.split()[2]) + 1}")
    every = run("regress", many, "--limit", told.rpartition(" ")[2]).out
    assert "... and" not in every


def tell_reach(**counts: int) -> list[str]:
    """The lines that say how far scenarios can move, of a run without breaks."""
    newest = {
        f"{version}-{n}": f"{version[1:]}-01-01"
        for version, count in counts.items()
        for n in range(count)
    }
    file = io.StringIO()
    print_causes(make_console(file), Regressed((), 9, 9, newest=newest), limit=None)
    return file.getvalue().splitlines()[1:]


def test_of_many_versions_that_scenarios_can_move_to_the_newest_are_told():
    six = {f"v202{n}": 1 for n in range(6)}

    assert tell_reach(**six)[-1] == "  2020-01-01  1 of 6"
    assert tell_reach(v2019=2, **six)[4:] == [
        "  2021-01-01  1 of 8",
        "  older       3 of 8, at 2 versions",
    ]


def test_of_many_ranges_of_versions_the_first_are_told():
    finding = Finding("AZC101", Severity.ERROR, "It is missing.")
    places = ("2022-05-01", "2023-04-01 .. 2023-10-01", "2024-04-01", "2025-06-01")

    def when(*versions: str) -> str:
        broken = Broken("s", "", "PUT jobs", "refused", versions[0], versions, finding)
        return broken.when

    assert when(*places[:3]) == f"at {', '.join(places[:3])}"
    assert when(*places) == (
        "at 2022-05-01, 2023-04-01 .. 2023-10-01 and 2 more ranges up to 2025-06-01"
    )


def test_a_place_that_is_dropped_and_later_refused_breaks_for_two_reasons():
    """What helps against the first helps not against the second."""

    def cell(status: Status, code: str) -> Cell:
        found = Finding(code, Severity.ERROR, f"{code}.", "/properties/expiryTime")
        return Cell(status, (found,))

    dropped = cell(Status.IGNORED, "AZC111")
    cells = {
        "2022-05-01": dropped,
        "2022-10-01": cell(Status.IGNORED, "AZC102"),
        "2023-04-01": cell(Status.REFUSED, "AZC118"),
        "2023-10-01": dropped,
        "2024-04-01": cell(Status.REFUSED, "AZC118"),
    }
    outcome = Outcome("Op", "PUT it", "2022-02-01-preview", Cell(Status.OK), cells)

    breaks = find_breaks([Row("s", 0, outcome)])

    assert [(str(one.status), one.finding.code, one.versions) for one in breaks] == [
        ("ignored", "AZC111", ("2022-05-01", "2022-10-01", "2023-10-01")),
        ("refused", "AZC118", ("2023-04-01", "2024-04-01")),
    ]


def test_a_call_that_was_wrong_when_it_was_recorded_is_named_and_no_break(
    run, tmp_path
):
    put = (
        "curl -X PUT 'https://management.azure.com/subscriptions/s/resourceGroups/g/"
        "providers/Microsoft.MachineLearningServices/workspaces/w/data/d/versions/1"
        '?api-version=2024-04-01\' -d \'{"properties": {"dataType": "uri_file"}}\'\n'
    )
    (tmp_path / "put.sh").write_text(put)

    done = run("regress", tmp_path / "put.sh")

    assert done.code == 0
    told = "Wrong as recorded, and so no break: PUT data. `check` tells why."
    assert told in done.out


def test_a_call_whose_version_a_script_does_not_tell_is_a_finding(run, tmp_path):
    get = (
        "curl https://management.azure.com/subscriptions/s/resourceGroups/g/providers/"
        "Microsoft.MachineLearningServices/workspaces/w/jobs?api-version=$WHICH\n"
    )
    (tmp_path / "get.sh").write_text(get)

    done = run("regress", tmp_path / "get.sh")

    assert done.code == 1
    text = " ".join(done.out.split())
    assert "error AZC507" in text
    assert "-> Set WHICH, or give `check` --api-version V." in text
    assert "1 not judged (1 its api-version is $WHICH, which the script does" in text


def test_older_versions_are_shown_when_they_are_asked_for(run):
    own = ("regress", MODERN, "--by", "scenario")

    assert "2021-03-01" not in run(*own).out
    assert "2021-03-01" in run(*own, "--all-versions").out
    assert "2021-03-01" in run(*own, "--to", "2021-03-01-preview").out


def test_a_version_that_lacks_jobs_for_a_while_is_no_reason(run, tmp_path):
    """2021-07-01 and 2022-01-01-preview have no jobs; later ones have."""
    cassette = json.loads(FIRST.read_text("utf-8"))
    cassette["interactions"] = [
        one
        for one in cassette["interactions"]
        if one["request"]["method"] == "GET" and "/jobs/" in one["request"]["uri"]
    ]
    cassette["reads"] = {}
    (tmp_path / "jobs.json").write_text(json.dumps(cassette), "utf-8")

    done = run("regress", tmp_path / "jobs.json")

    assert done.code == 0
    assert "Not through 2021-04-01 .. 2022-01-01-preview" in " ".join(done.out.split())
    asked = run("regress", tmp_path / "jobs.json", "--to", "2021-07-01")
    assert asked.code == 1


def test_a_baseline_shows_what_is_new_first(run, many, tmp_path):
    known = tmp_path / "known.json"
    run("regress", many, "--baseline", known, "--write-baseline")
    shape = json.loads(known.read_text("utf-8"))
    shape["breaks"] = [b for b in shape["breaks"] if b["call"] != "PUT data"]
    known.write_text(json.dumps(shape), "utf-8")

    out = run("regress", many, "--baseline", known).out
    causes = [line for line in out.splitlines() if line.startswith(("ignored", "refu"))]

    assert "in the baseline" not in causes[0]
    assert "PUT data" in out.partition("in the baseline")[0]
