"""``--azml-target azure``: what is spent, what is removed, and what is only said.

Azure is a running emulator that the settings of the environment name.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from azml_contract.emulator.server import Emulator

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

AZURE = ("--azml-mode", "live", "--azml-target", "azure")
SCENARIO = """
import pytest

CLUSTER = {
    "location": "westeurope",
    "properties": {
        "computeType": "AmlCompute",
        "properties": {
            "vmSize": "STANDARD_DS3_V2", "scaleSettings": {"maxNodeCount": 1}
        },
    },
}

@pytest.mark.azml(api_versions=["2024-04-01"]MARK)
def test_cluster(azml):
    azml.put("computes/shared", CLUSTER).expect(201)

@pytest.mark.azml(api_versions=["2024-04-01"])
def test_reading(azml):
    azml.get("computes").expect(200)
"""


@pytest.fixture(scope="module")
def service() -> Iterator[Emulator]:
    with Emulator(azurite=False) as emulator:
        yield emulator


@pytest.fixture
def project(
    pytester: pytest.Pytester, service: Emulator, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    service.reset()
    for name, value in service.environ.items():
        monkeypatch.setenv(name, value)
    return pytester


def run(project: pytest.Pytester, mark: str, *options: str) -> pytest.RunResult:
    source = SCENARIO.replace("MARK", mark)
    project.path.joinpath("test_story.py").write_text(source)
    return project.runpytest_subprocess("-p", "no:cacheprovider", *options)


def test_what_may_cost_money_is_not_sent_unless_somebody_said_so(
    project: pytest.Pytester, service: Emulator
) -> None:
    result = run(project, "", *AZURE)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*PUT computes may start what Azure bills, and was not sent.*compute=True*"]
    )
    assert not [one for one in service.store if "/computes/" in one.id]


@pytest.mark.parametrize("mark", ["", ", compute=True"])
def test_with_leave_it_is_sent(project: pytest.Pytester, mark: str) -> None:
    run(project, mark, *AZURE, "--azml-allow-compute").assert_outcomes(passed=2)


def test_what_was_not_run_for_its_cost_is_said(project: pytest.Pytester) -> None:
    result = run(project, ", compute=True", *AZURE)
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(
        ["1 scenario not run, as what costs money is not allowed: *-allow-compute"]
    )


def test_a_scenario_can_say_that_it_costs_nothing(project: pytest.Pytester) -> None:
    run(project, ", compute=False", *AZURE).assert_outcomes(passed=2)


def test_a_cluster_that_was_there_is_there_afterwards(
    project: pytest.Pytester, service: Emulator
) -> None:
    for options in (("--azml-keep",), ()):
        result = run(project, "", *AZURE, "--azml-allow-compute", *options)
        result.assert_outcomes(passed=2)
    assert [one for one in service.store if one.id.endswith("/computes/shared")]


def test_replay_says_that_it_asks_nobody(project: pytest.Pytester) -> None:
    run(project, "", "--azml-mode", "record").assert_outcomes(passed=2)
    result = run(project, "", "--azml-target", "azure")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*replay asks nobody: --azml-target azure needs --azml-mode live*"]
    )
