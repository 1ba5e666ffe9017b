"""What CI reads: foreign readers read it, and it keeps to what GitHub shows."""

from __future__ import annotations

import json
import re
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from junitparser import Failure, JUnitXml, Skipped
from recorded_stories import FIRST
from rich.console import Console

from azml_contract.cli import cli
from azml_contract.commands.regress_fixes import compare_texts
from azml_contract.contract.catalog import known_versions
from azml_contract.finding import Finding, Severity
from azml_contract.report.causes import find_causes
from azml_contract.report.regressed import Broken, Regressed, Scenario
from azml_contract.report.regressed_ci import render_junit
from azml_contract.report.regressed_text import print_regressed

ROOT = Path(__file__).parents[2]
PORT = ROOT / "tests/scripts/inputs/howto_port.sh"
COMMAND = re.compile(
    r"::(error|warning|notice) (?:file=[^,:]+,line=\d+(?:,col=\d+)?,)?title="
)


def run(*arguments: object, env: dict[str, str] | None = None) -> str:
    done = CliRunner().invoke(cli, [str(one) for one in arguments], env=env)
    assert done.exit_code in (0, 1), done.output
    return done.stdout


def copies(folder: Path, count: int) -> Path:
    """Recordings that fare alike, under names of their own."""
    text = FIRST.read_text("utf-8")
    for number in range(count):
        renamed = text.replace("train_and_sweep/asset_to_sweep", f"story/n{number}", 1)
        (folder / f"{number}.json").write_text(renamed)
    return folder


def test_junit_has_one_failure_a_cause_and_a_case_for_each_recording(tmp_path):
    text = run(
        "regress", copies(tmp_path, 5), "--to", "2022-05-01", "--format", "junit"
    )
    suites = {suite.name: list(suite) for suite in JUnitXml.fromstring(text.encode())}

    assert list(suites) == ["what breaks", "recordings"]
    causes = suites["what breaks"]
    assert all(isinstance(case.result[0], Failure) for case in causes)
    assert all("5 calls in 5 recordings" in case.result[0].text for case in causes)
    assert len(suites["recordings"]) == 5
    assert all(isinstance(case.result[0], Skipped) for case in suites["recordings"])
    names = [(case.classname, case.name) for cases in suites.values() for case in cases]
    assert len(set(names)) == len(names)


def test_junit_of_check_has_a_suite_for_each_input():
    text = run("check", PORT, FIRST, "--format", "junit")
    port, first = JUnitXml.fromstring(text.encode())

    assert (port.tests, port.failures) == (7, 7)
    assert (first.tests, first.failures) == (1, 0)
    assert "27 calls seen" in next(iter(first)).name


def test_github_gets_ten_of_a_level_and_the_rest_in_the_summary(tmp_path):
    summary = tmp_path / "summary.md"
    env = {"GITHUB_STEP_SUMMARY": str(summary)}
    text = run("regress", FIRST, "--format", "github", env=env)
    lines = text.splitlines()

    assert all(COMMAND.match(line) for line in lines)
    levels = Counter(line[2:].partition(" ")[0] for line in lines)
    assert levels["error"] == 10
    assert re.search(r"\d+ more of this level: see the summary", lines[-2])
    assert summary.read_text().count("| ignored since") >= 5
    assert len(summary.read_bytes()) < 2**20


def test_many_findings_of_check_are_told_by_cause(tmp_path):
    bodies = {f"n{number}": 1 for number in range(40)}
    (tmp_path / "body.json").write_text(json.dumps({"properties": bodies}))
    asked = ("--url", "data/d/versions/1", "--api-version", "2024-04-01")
    summary = tmp_path / "summary.md"
    env = {"GITHUB_STEP_SUMMARY": str(summary)}

    text = run("check", tmp_path / "body.json", *asked, "--format", "github", env=env)

    assert 2 <= len(text.splitlines()) <= 21
    assert summary.read_text().startswith("### Calls and their contract")


def test_what_the_baseline_knows_is_one_line_everywhere(tmp_path):
    known = tmp_path / "known.json"
    run("regress", FIRST, "--baseline", known, "--write-baseline")
    asked = ("regress", FIRST, "--baseline", known, "--by", "cause", "--format")

    for form in ("text", "github", "markdown"):
        text = run(*asked, form)
        told = re.findall(r"\d+ known breaks of \d+ causes in the baseline\.", text)
        assert len(told) == 1, form
        assert "/properties/docker" not in text
    tables = run("regress", FIRST, "--baseline", known)
    assert len(re.findall(r"known breaks of \d+ causes in the baseline\.", tables)) == 1
    assert "/properties/docker" not in tables
    assert "To move to" not in tables
    assert JUnitXml.fromstring(run(*asked, "junit").encode()).failures == 0


@pytest.mark.parametrize("asked", [("check", PORT), ("regress", FIRST)])
def test_sarif_has_places_prints_and_rules_with_their_meaning(asked, monkeypatch):
    monkeypatch.chdir(ROOT)
    command, path = asked
    log = json.loads(run(command, path.relative_to(ROOT), "--format", "sarif"))

    (ran,) = log["runs"]
    rules = ran["tool"]["driver"]["rules"]
    assert all(rule["help"]["text"] for rule in rules)
    prints = [one["partialFingerprints"]["azmlContract/v1"] for one in ran["results"]]
    assert len(set(prints)) == len(prints)
    for result in ran["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert not place["artifactLocation"]["uri"].startswith(("/", "file:"))
        assert place["region"]["startLine"] >= 1


SCRIPT = """\
WHICH=2021-03-01-preview
AT="$ARM/subscriptions/$S/resourceGroups/$G/providers/Microsoft.MachineLearningServices"
curl -X PUT "$AT/workspaces/team/environments/e/versions/1?api-version=$WHICH" \\
  -d @body.json
"""
BODY = """{
  "properties": {
    "description": "é",
    "docker": {
      "dockerSpecificationType": "Image",
      "dockerImageUri": "ubuntu:22.04"
    }
  }
}
"""


def apply_fix(log: str, folder: Path) -> None:
    """Do to the files what the one fix of a log says, as an editor does."""
    results = json.loads(log)["runs"][0]["results"]
    (fix,) = {json.dumps(one["fixes"]) for one in results}
    for change in json.loads(fix)[0]["artifactChanges"]:
        file = folder / change["artifactLocation"]["uri"]
        text = file.read_text("utf-8")
        starts = [0, *(found.end() for found in re.finditer("\n", text))]
        for one in reversed(change["replacements"]):
            region = one["deletedRegion"]
            start, end = (
                starts[region[f"{edge}Line"] - 1] + region[f"{edge}Column"] - 1
                for edge in ("start", "end")
            )
            text = text[:start] + one["insertedContent"]["text"] + text[end:]
        file.write_text(text, "utf-8")


@pytest.mark.parametrize("to", [(), ("--to", "2023-10-01")])
def test_a_script_that_upgrade_takes_along_has_its_edits_as_a_fix(
    tmp_path, monkeypatch, to
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "put.sh").write_text(SCRIPT)
    (tmp_path / "body.json").write_text(BODY, "utf-8")

    apply_fix(run("regress", "put.sh", *to, "--format", "sarif"), tmp_path)

    version = to[1] if to else known_versions()[-1]
    assert f"WHICH={version}\n" in (tmp_path / "put.sh").read_text()
    assert json.loads((tmp_path / "body.json").read_text("utf-8")) == {
        "properties": {"description": "é", "image": "ubuntu:22.04"}
    }
    assert "No breaks" in run("regress", "put.sh")


@pytest.mark.parametrize("odd", ["\f", "\u2028", "\x85", "\r", "\v"])
def test_lines_of_a_fix_are_counted_as_editors_count_them(odd):
    before = f"a{odd}b\r\nsame\r\nold\r\n"
    (piece,) = compare_texts(before, before.replace("old", "new"))

    assert piece == (3, 1, "old", "new")


def test_what_breaks_at_other_versions_is_another_cause_though_it_reads_alike():
    """Of many ranges the first and the last are told."""
    ends = [("a", "b", n, "d", "e") for n in ("c1", "c2")]
    finding = Finding("AZC301", Severity.ERROR, "It is gone.")
    broken = [
        Broken("s", "2023-10-01", "GET jobs", "gone", "a", versions, finding)
        for versions in ends
    ]
    scenario = Scenario("s", "2023-10-01", ("GET jobs",), (), tuple(broken), "")
    found = Regressed((scenario,), 1, 1)

    assert broken[0].when == broken[1].when
    assert len(find_causes(found)) == 2
    assert 'message="breaks by 2 causes"' in render_junit(found)
    written = StringIO()
    print_regressed(Console(file=written, width=80), found)
    assert written.getvalue().count("No such operation at a, b") == 2


def test_what_leaves_something_to_decide_has_no_fix():
    for path in (PORT, FIRST):
        (ran,) = json.loads(run("regress", path, "--format", "sarif"))["runs"]
        assert ran["results"]
        assert not any("fixes" in one for one in ran["results"])


def test_a_name_that_is_refused_is_no_operation_that_is_gone(tmp_path):
    """Both are about the whole call, at versions of their own."""
    (tmp_path / "put.sh").write_text(SCRIPT.replace("team", "w"))
    (tmp_path / "body.json").write_text(BODY, "utf-8")

    text = run("regress", tmp_path / "put.sh")

    assert "PUT environments: refused since 2023-02-01-preview" in text
    assert "2021-04-01 .." not in text.partition("PUT environments: ")[2]


def test_markdown_is_a_table_of_causes():
    text = run("check", PORT, "--format", "markdown")

    assert "| error | AZC512 The script ends here" in text
    assert "7 calls seen: 7 judged" in text
