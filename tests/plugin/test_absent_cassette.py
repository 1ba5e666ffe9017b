"""The first run of somebody else's suite: no cassette, and clients that hide it."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

SUITE = """
import unittest

import pytest
import requests

URL = (
    "https://management.azure.com/subscriptions/s/resourceGroups/g"
    "/providers/Microsoft.MachineLearningServices/workspaces/w/jobs/a"
    "?api-version=2024-04-01"
)


class TokenRefused(Exception):
    pass


def log_in():
    try:
        requests.get(URL)
    except Exception as error:
        raise TokenRefused(f"Authentication failed: {error}") from error


@pytest.fixture
def token():
    return log_in()


@pytest.mark.azml(api_versions="client")
class TestCase(unittest.TestCase):
    def setUp(self):
        log_in()

    def test_case(self):
        pass


@pytest.mark.azml(api_versions="client")
class TestSkips(unittest.TestCase):
    def test_skips(self):
        self.skipTest("not on this machine")


@pytest.mark.azml(api_versions="client")
def test_function():
    log_in()


@pytest.mark.azml(api_versions="client")
def test_fixture(token):
    pass
"""


def run(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    pytester.path.joinpath("test_story.py").write_text(SUITE)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *words)


def test_a_cassette_that_is_missing_is_said_instead_of_what_a_client_made_of_it(
    pytester: pytest.Pytester,
) -> None:
    result = run(pytester)
    result.assert_outcomes(failed=2, errors=1, skipped=1)
    for name in ("TestCase.case", "function", "fixture"):
        result.stdout.fnmatch_lines(
            [
                f"There is no cassette for story/{name} under api-version client:",
                f"cassettes/story/{name}/client.json does not exist.",
            ]
        )
    result.stdout.no_fnmatch_line("*TokenRefused*")
    result.stdout.no_fnmatch_line("*_pytest*")


def test_the_summary_lists_what_is_missing_and_the_command_that_records_it_alone(
    pytester: pytest.Pytester,
) -> None:
    result = run(pytester)
    result.stdout.fnmatch_lines(
        [
            "mode replay: 4 scenarios, 0 interactions",
            "validated: 0 requests, 0 responses",
            "0 calls seen: 0 judged",
            "findings: none, nothing was validated",
            "ERROR no cassette cassettes/story/TestCase.case/client.json",
            "ERROR no cassette cassettes/story/function/client.json",
            "ERROR no cassette cassettes/story/fixture/client.json",
            "To record: pytest *-p no:cacheprovider --azml-mode=extend",
        ],
        consecutive=True,
    )


def test_one_that_is_missing_is_recorded_by_the_name_of_its_test(
    pytester: pytest.Pytester,
) -> None:
    result = run(pytester, "-k", "test_case")
    result.stdout.fnmatch_lines(
        [
            "ERROR no cassette cassettes/story/TestCase.case/client.json",
            "To record: pytest test_story.py::TestCase::test_case --azml-mode=record",
        ]
    )
