"""A scenario is the whole test: what its fixtures send, and however it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

CONFTEST = """
import pytest

BODY = {"properties": {"image": "python:3.11"}}

@pytest.fixture(autouse=True)
def looked_up_before_all_else(request):
    if "azml" in request.fixturenames:
        import requests
        azml = request.getfixturevalue("azml")
        azml.get("computes").expect(200)

@pytest.fixture
def environment(azml):
    azml.put("environments/e/versions/1", BODY).expect(201)
    yield "e"
    azml.delete("environments/e/versions/1").expect(200, 202, 204)
"""
STORY = """
import unittest
import pytest
pytestmark = pytest.mark.azml(api_versions=["2024-04-01"])
BODY = {"properties": {"image": "python:3.11"}}

def test_fixture(azml, environment):
    assert azml.get("environments/e/versions/1").json["name"] == "1"

def test_finalizer(azml, request):
    azml.put("environments/f/versions/1", BODY).expect(201)
    request.addfinalizer(
        lambda: azml.delete("environments/f/versions/1").expect(200, 202, 204)
    )

class TestSetup:
    @pytest.fixture(autouse=True)
    def keep(self, azml):
        self.azml = azml

    def setup_method(self):
        self.name = "g"

    def teardown_method(self):
        self.azml.delete("environments/g/versions/1").expect(200, 202, 204)

    def test_method(self):
        self.azml.put(f"environments/{self.name}/versions/1", BODY).expect(201)

def test_skips_itself(azml):
    if not azml.get("computes").json["value"]:
        pytest.skip("no compute here")

def test_skips_before_any_call(azml_settings, request):
    pytest.skip("not today")

@pytest.mark.xfail(strict=True)
def test_expected_failure(azml):
    assert azml.get("jobs/none").status == 200

@pytest.mark.xfail(raises=ZeroDivisionError, strict=True)
def test_expected_exception(azml):
    azml.get("jobs/none").status
    1 / 0

def test_expects_to_fail_at_a_point(azml):
    azml.get("jobs/none").status
    pytest.xfail("known")
"""
WITHIN = "/workspaces/workspace/"
ENDS = {"passed": 3, "skipped": 2, "xfailed": 3}


def run(project: pytest.Pytester, mode: str, *options: str) -> pytest.RunResult:
    return project.runpytest_subprocess(
        "-p", "no:cacheprovider", "--azml-mode", mode, *options
    )


def calls(file: Path) -> list[str]:
    cassette = json.loads(file.read_text("utf-8"))
    asked = (one["request"] for one in cassette["interactions"])
    return [
        f"{one['method']} {one['uri'].partition('?')[0].partition(WITHIN)[2]}"
        for one in asked
        if WITHIN in one["uri"]
    ]


def test_every_kind_of_ending_is_the_same_in_every_mode(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.path.joinpath("test_story.py").write_text(STORY)
    folder = pytester.path / "cassettes" / "story"
    run(pytester, "live").assert_outcomes(**ENDS)
    assert not folder.exists()
    run(pytester, "record").assert_outcomes(**ENDS)
    recorded = {file: file.read_bytes() for file in folder.glob("*/*.json")}
    assert calls(folder / "fixture" / "2024-04-01.json") == [
        "GET computes",
        "PUT environments/e/versions/1",
        "GET environments/e/versions/1",
        "DELETE environments/e/versions/1",
    ]
    assert calls(folder / "finalizer" / "2024-04-01.json")[-1].startswith("DELETE")
    method = folder / "TestSetup.method" / "2024-04-01.json"
    assert calls(method)[-1] == "DELETE environments/g/versions/1"
    run(pytester, "replay").assert_outcomes(**ENDS)
    run(pytester, "verify").assert_outcomes(**ENDS)
    assert {file: file.read_bytes() for file in folder.glob("*/*.json")} == recorded


FAILING = """
import pytest
pytestmark = pytest.mark.azml(api_versions=["2024-04-01"])

@pytest.fixture
def cleaned(azml):
    yield
    azml.get("computes").expect(200)
    {late}

def test_a(azml, cleaned):
    azml.get("datastores").expect(200)
    {early}
"""


def write(pytester: pytest.Pytester, early: str = "pass", late: str = "pass") -> Path:
    text = FAILING.format(early=early, late=late)
    pytester.path.joinpath("test_story.py").write_text(text)
    return pytester.path / "cassettes" / "story" / "a" / "2024-04-01.json"


def test_a_failing_teardown_leaves_the_cassette_alone(
    pytester: pytest.Pytester,
) -> None:
    file = write(pytester, late="assert False, 'at the very end'")
    result = run(pytester, "record")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*at the very end*"])
    assert not file.exists()


def test_what_is_unused_never_hides_the_failure_of_the_test(
    pytester: pytest.Pytester,
) -> None:
    write(pytester, early="azml.get('codes').expect(200)")
    run(pytester, "record").assert_outcomes(passed=1)
    write(pytester, early="assert False, 'its own'")
    result = run(pytester, "replay")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*its own*"])
    result.stdout.no_fnmatch_line("*no request asked for*")
    write(pytester)
    result = run(pytester, "replay")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*no request asked for*", "*GET*codes*"])


def test_a_skip_leaves_a_fuller_cassette_alone(pytester: pytest.Pytester) -> None:
    file = write(pytester)
    run(pytester, "record").assert_outcomes(passed=1)
    before = file.read_bytes()
    write(pytester, early="pytest.skip('no quota today')")
    for mode in ("record", "replay"):
        run(pytester, mode).assert_outcomes(skipped=1)
        assert file.read_bytes() == before


def test_a_miss_that_a_skip_would_hide_fails(pytester: pytest.Pytester) -> None:
    write(pytester)
    run(pytester, "record").assert_outcomes(passed=1)
    hides = "\n    ".join(
        [
            "try:",
            "    azml.get('codes')",
            "except Exception:",
            "    pytest.skip('no codes')",
        ]
    )
    write(pytester, early=hides)
    result = run(pytester, "replay")
    result.assert_outcomes(skipped=1, errors=1)
    result.stdout.fnmatch_lines(["*has no answer for this request*"])


READS_ITS_ENVIRONMENT = """
import os
import pytest

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_a(azml):
    azml.get("computes").expect(200)
    assert os.environ["AZURE_OF_THE_RECORDING"]
"""


def test_a_rerun_finds_what_only_the_recording_had(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_OF_THE_RECORDING", "1")
    file = write(pytester)
    result = run(pytester, "record", "--azml-prove=rerun")
    result.assert_outcomes(passed=1)
    assert file.exists()
    file.unlink()
    pytester.path.joinpath("test_story.py").write_text(READS_ITS_ENVIRONMENT)
    result = run(pytester, "record", "--azml-prove=rerun")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*process of its own*", "*AZURE_OF_THE_RECORDING*"])
    assert not file.exists()
    assert file.with_suffix(".unproven").exists()


STARTS_A_PROGRAM = """
import subprocess
import sys
import pytest

@pytest.fixture
def computes(azml):
    return azml.get("computes").expect(200)

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_a(azml, computes):
    subprocess.run([sys.executable, "-c", ""])
    azml.get(
        "datastores"
    ).expect(200)
"""


def test_a_recording_says_where_calls_were_made_and_what_it_lacks(
    pytester: pytest.Pytester,
) -> None:
    file = write(pytester)
    pytester.path.joinpath("test_story.py").write_text(STARTS_A_PROGRAM)
    result = run(pytester, "record")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["Note: story/a started python*no call of it was seen*"]
    )
    made = json.loads(file.read_text())["interactions"]
    assert [one["at"] for one in made if "at" in one] == [
        "test_story.py:8",
        "test_story.py:13",
    ]
    result = run(pytester, "replay")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*started python*")


LOOKS_AT_HEADERS = """
import pytest
import requests

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_a(azml):
    token = azml.get_credential().get_token("https://management.azure.com/.default")
    sent = {{"Authorization": f"Bearer {{token.token}}"}}
    headers = requests.get(azml.url_of("computes"), headers=sent).headers
    assert headers["Content-Type"]
    {look}
"""


def test_a_header_that_replay_would_not_have_fails_the_recording(
    pytester: pytest.Pytester,
) -> None:
    file = write(pytester)
    story = pytester.path.joinpath("test_story.py")
    story.write_text(LOOKS_AT_HEADERS.format(look='headers["Date"]'))
    result = run(pytester, "record")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*leave out: 'date' (at test_story.py:11).*"])
    assert not file.exists()
    story.write_text(LOOKS_AT_HEADERS.format(look='headers.get("Date")'))
    result = run(pytester, "record")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["WARNING*the header Date at test_story.py:11*"])
    run(pytester, "replay").assert_outcomes(passed=1)
