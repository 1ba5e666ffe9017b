"""`regress` by cause: how far recordings can move, and what breaks them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIRST = ROOT / "cassettes/train_and_sweep/asset_to_sweep/2021-03-01-preview.json"
MODERN = ROOT / "cassettes/train_and_sweep/asset_to_sweep/2024-04-01.json"


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

    out = run("regress", many).out

    assert max(map(len, out.splitlines())) <= int(columns)


def test_what_is_left_out_is_counted_and_can_be_asked_for(run, many):
    few = run("regress", many, "--limit", "1").out
    told = next(line for line in few.splitlines() if line.startswith("... and "))

    assert told.endswith(f"breaks): --limit {int(told.split()[2]) + 1}")
    every = run("regress", many, "--limit", told.rpartition(" ")[2]).out
    assert "... and" not in every


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
