"""Replaying a recording for another api-version, and the gate, in real sessions."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from junitparser import Failure, JUnitXml

pytest_plugins = ["pytester"]

REPOSITORY = Path(__file__).parents[2]
STORY = "train_and_sweep"
TEST = "asset_to_sweep"

pytestmark = pytest.mark.slow


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """The committed workflow with two of its cassettes."""
    for name in ("bodies", "training"):
        shutil.copytree(REPOSITORY / "scenarios" / name, pytester.path / name)
    shutil.copy(REPOSITORY / "scenarios" / f"test_{STORY}.py", pytester.path)
    for version in ("2021-03-01-preview", "2022-05-01"):
        source = REPOSITORY / "cassettes" / STORY / TEST / f"{version}.json"
        target = pytester.path / "cassettes" / STORY / TEST / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    return pytester


def run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "no:cacheprovider", *options)


def say(result: pytest.RunResult) -> str:
    return " ".join(result.stdout.str().split())


def test_an_unchanged_recording_replays_for_another_version(project):
    result = run(project, "--azml-api-version", "2022-10-01")

    result.assert_outcomes(passed=1)
    assert "mode replay, recorded from emulator: 1 scenario," in say(result)
    left = project.path / "cassettes" / STORY / TEST / "2022-10-01.json"
    assert not left.exists()


def test_what_was_only_upgraded_stands_in_for_no_version(project):
    folder = project.path / "cassettes" / STORY / TEST
    text = (folder / "2022-05-01.json").read_text("utf-8")
    shape = json.loads(text.replace("2022-05-01", "2022-06-01-preview"))
    shape["recorder"] += ", upgraded from 2021-03-01-preview"
    upgraded = folder / "2022-06-01-preview.json"
    upgraded.write_text(json.dumps(shape), "utf-8")

    result = run(project, "--azml-api-version", "2022-10-01")
    result.assert_outcomes(passed=1)  # by that of 2022-05-01

    (folder / "2022-05-01.json").unlink()
    (folder / "2021-03-01-preview.json").unlink()
    result = run(project, "--azml-api-version", "2022-10-01")
    result.assert_outcomes(errors=1)
    assert "upgraded from 2021-03-01-preview and not recorded" in say(result)


def test_a_changed_one_fails_and_names_the_path_and_the_rename(project):
    result = run(project, "--azml-api-version", "2022-02-01-preview")

    result.assert_outcomes(errors=1)
    text = say(result)
    assert "at 2021-03-01-preview does not play for 2022-02-01-preview" in text
    assert "PUT environments /properties/docker: `docker` of" in text
    assert "is `image` and `build` since 2022-02-01-preview" in text
    assert "2021-03-01-preview.json --to 2022-02-01-preview" in text
    assert "--azml-mode=record --azml-api-version 2022-02-01-preview" in text


def test_the_recorded_version_can_be_chosen(project):
    chosen = ("--azml-api-version", "2024-04-01", "--azml-from")

    assert "at 2021-03-01-preview does not play" in say(
        run(project, *chosen, "2021-03-01-preview")
    )
    text = say(run(project, *chosen, "2023-10-01"))
    assert "2023-10-01.json to replay for 2024-04-01" in text
    assert "recorded: 2021-03-01-preview, 2022-05-01" in text
    refused = run(project, *chosen, "2023-10-02")
    assert "2023-10-02" in refused.stderr.str()
    assert "2023-10-01" in refused.stderr.str()


def test_without_any_older_recording_the_command_that_records_is_named(project):
    shutil.rmtree(project.path / "cassettes")

    result = run(project, "--azml-api-version", "2024-04-01")

    result.assert_outcomes(failed=1)
    assert "There is no cassette for" in say(result)
    assert "--azml-mode=record" in say(result)


def test_the_gate_fails_on_breaks_and_passes_on_those_of_the_baseline(project):
    options = ("--azml-regress", "--azml-api-version", "2021-03-01-preview")

    failed = run(project, *options)

    assert failed.ret == 1
    assert "breaks: train_and_sweep/asset_to_sweep 2021-03-01-preview" in say(failed)
    written = project.run(
        sys.executable,
        *("-m", "azml_contract", "regress", "cassettes"),
        *("--baseline", "known.json", "--write-baseline", "-o", "report.txt"),
    )
    assert written.ret == 0
    known = json.loads((project.path / "known.json").read_text("utf-8"))
    assert known["format"] == 1
    passed = run(project, *options, "--azml-baseline", "known.json")
    assert passed.ret == 0
    assert "breaks:" not in passed.stdout.str()


def test_junit_shows_a_failure_for_each_recording_that_breaks(project):
    options = ("--azml-regress", "--azml-api-version", "2021-03-01-preview")
    failed = run(project, *options, "--junitxml", "report.xml")
    assert failed.ret == 1

    report = JUnitXml.fromfile(str(project.path / "report.xml"))

    (suite,) = report
    cases = {case.name: case for case in suite}
    assert (suite.tests, suite.failures, suite.errors) == (2, 1, 0)
    case = cases["train_and_sweep/asset_to_sweep 2021-03-01-preview"]
    assert case.classname == "azml-contract"
    (failure,) = case.result
    assert isinstance(failure, Failure)
    lines = [line for line in failed.outlines if line.startswith("breaks: ")]
    assert failure.text.splitlines() == [one.removeprefix("breaks: ") for one in lines]
    assert [name for name, one in cases.items() if not one.is_passed] == [case.name]

    passed = ("--azml-regress", "--azml-api-version", "2022-05-01")
    assert run(project, *passed, "--junitxml", "report.xml").ret == 0
    assert JUnitXml.fromfile(str(project.path / "report.xml")).failures == 0


def test_a_newest_recording_passes_the_gate(project):
    options = ("--azml-regress", "--azml-api-version", "2022-05-01")

    assert run(project, *options).ret == 0


def test_a_baseline_alone_is_wrong_usage(project):
    result = run(project, "--azml-baseline", "known.json")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--azml-baseline needs --azml-regress" in result.stderr.str()


def test_a_baseline_that_is_missing_is_wrong_usage_before_any_test_runs(project):
    result = run(project, "--azml-regress", "--azml-baseline", "known.json")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "There is no baseline" in result.stderr.str()
    assert "--write-baseline" in result.stderr.str()


def test_a_report_that_cannot_be_written_fails_the_run_in_one_line(project):
    (project.path / "file").write_text("")
    options = ("--azml-api-version", "2022-05-01", "--azml-report")

    refused = run(project, *options, "file/page.html")
    assert refused.ret == 1
    refused.assert_outcomes(passed=1)
    assert "page.html is not written:" in say(refused)

    (project.path / "folder.html").mkdir()
    assert run(project, *options, "folder.html").ret == pytest.ExitCode.USAGE_ERROR


def test_a_report_may_be_asked_for_from_a_folder_of_the_project(project, monkeypatch):
    below = project.path / "cassettes" / STORY
    monkeypatch.chdir(below)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")  # as no tool writes it
    options = ("--azml-cassettes", str(project.path / "cassettes"))
    options += ("--azml-api-version", "2022-05-01", "--azml-report", "page.html")
    done = run(project, str(project.path), *options)
    assert done.ret == 0, done.stdout.str()
    assert (below / "page.html").stat().st_size > 10_000


def test_breaks_are_counted_at_the_end(project):
    failed = run(project, "--azml-regress", "--azml-api-version", "2021-03-01-preview")

    lines = [line for line in failed.outlines if line.startswith("breaks: ")]
    assert f"ERROR {len(lines)} breaks at newer api-versions" in say(failed)


def test_the_command_that_records_names_the_version_once(project):
    text = say(run(project, "--azml-api-version", "2022-02-01-preview"))

    command = text.partition("When the scenario sends them: ")[2].partition("=====")[0]
    assert command.count("--azml-api-version 2022-02-01-preview") == 1
