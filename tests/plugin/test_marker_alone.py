"""The marker is enough: suites that have clients of their own become scenarios."""

from __future__ import annotations

import json
import sys

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

SUITE = """
import os
import unittest
import pytest
import requests

def get(path, version):
    # What a suite of plain requests does: who and where is in its environment.
    from azure.identity import EnvironmentCredential
    token = EnvironmentCredential(disable_instance_discovery=True).get_token(
        "https://management.azure.com/.default"
    )
    group = (
        f"https://management.azure.com/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}"
        f"/resourceGroups/{os.environ['AZURE_RESOURCE_GROUP']}/providers/"
        f"Microsoft.MachineLearningServices/workspaces/{os.environ['AZML_WORKSPACE']}"
    )
    answer = requests.get(
        f"{group}/{path}",
        params={"api-version": version},
        headers={"Authorization": f"Bearer {token.token}"},
    )
    answer.raise_for_status()
    return answer.json()

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_function():
    assert get("computes", "2024-04-01")["value"] == []

@pytest.mark.azml(api_versions="client")
class TestClass:
    def test_method(self):
        get("computes", "2023-10-01")
        get("datastores", "2024-10-01")

@pytest.mark.azml(api_versions=["2024-04-01"])
class Case(unittest.TestCase):
    def setUp(self):
        get("environments", "2024-04-01")

    def test_case(self):
        get("computes", "2024-04-01")
        self.azml.get("computes").expect(200)

    def test_of_nothing(self):
        assert True

@pytest.mark.azml(api_versions=["2024-04-01", "2024-10-01"])
class Several(unittest.TestCase):
    def test_case(self):
        pass

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_another_version(azml):
    azml.get("computes").expect(200)
    get("computes", "2023-10-01")
"""


def run(project: pytest.Pytester, mode: str, *options: str) -> pytest.RunResult:
    return project.runpytest_subprocess(
        "-p", "no:cacheprovider", "--azml-mode", mode, *options
    )


def test_functions_methods_and_cases_of_unittest_are_recorded_and_replayed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZML_WORKSPACE", "somebody-else")
    pytester.path.joinpath("test_story.py").write_text(SUITE)
    for mode in ("live", "record", "replay", "verify"):
        result = run(pytester, mode)
        result.assert_outcomes(passed=5, errors=1)
        result.stdout.fnmatch_lines(
            ["*a test of unittest.TestCase runs at one api-version, not at 2024-04-01*"]
        )
    made = sorted(
        path.relative_to(pytester.path / "cassettes/story").as_posix()
        for path in pytester.path.glob("cassettes/**/*.json")
    )
    assert made == [
        "Case.case/2024-04-01.json",
        "Case.of_nothing/2024-04-01.json",
        "TestClass.method/client.json",
        "another_version/2024-04-01.json",
        "function/2024-04-01.json",
    ]
    case = json.loads((pytester.path / "cassettes/story" / made[0]).read_text())
    uris = [one["request"]["uri"] for one in case["interactions"]]
    assert sum("/environments?" in uri for uri in uris) == 1  # setUp belongs to it
    text = (pytester.path / "cassettes/story" / made[2]).read_text()
    assert "2023-10-01" in text
    assert "2024-10-01" in text
    result = run(pytester, "replay", "-k", "another")
    result.stdout.fnmatch_lines(["info*AZC142 x1*"])


def test_a_story_without_a_cassette_is_missed_and_reaches_nothing(
    pytester: pytest.Pytester,
) -> None:
    pytester.path.joinpath("test_story.py").write_text(SUITE)
    result = run(pytester, "replay", "-k", "test_function")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["There is no cassette for story/function*"])


def test_commands_take_a_cassette_of_many_versions(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("test_story.py").write_text(SUITE)
    run(pytester, "record", "-k", "test_method").assert_outcomes(passed=1)
    for words in (
        ["cassette", "lint", "cassettes"],
        ["check", "cassettes"],
        ["cassette", "ls", "cassettes"],
        ["regress", "cassettes"],
    ):
        done = pytester.run(sys.executable, "-m", "azml_contract", *words)
        assert done.ret == 0, done.stdout.str() + done.stderr.str()
