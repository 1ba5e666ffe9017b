"""Sweeps that really run: trials as jobs, the best of them, those given up."""

from __future__ import annotations

import pytest

from azml_contract.emulator.execution.sampling import Sampler
from azml_contract.emulator.execution.stopping import Policy

SCRIPT = """
import os, sys, time, json, urllib.request
x = float(sys.argv[1])
for step in range(int(sys.argv[2])):
    body = json.dumps({"run_id": os.environ["MLFLOW_RUN_ID"], "key": "loss",
                       "value": (x - 0.3) ** 2, "step": step}).encode()
    url = os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-metric"
    head = {"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"],
            "Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(url, body, head)).read()
    time.sleep(float(sys.argv[3]))
"""


def sweep_body(bench, code, command, **more):
    trial = {"codeId": code, "environmentId": bench.environment, "command": command}
    return {
        "jobType": "Sweep",
        "trial": trial,
        "samplingAlgorithm": {"samplingAlgorithmType": "Random", "seed": 7},
        "searchSpace": {"x": ["uniform", [0.0, 1.0]]},
        "objective": {"primaryMetric": "loss", "goal": "Minimize"},
        "limits": {
            "jobLimitsType": "Sweep",
            "maxTotalTrials": 6,
            "maxConcurrentTrials": 2,
        },
        **more,
    }


@pytest.fixture(scope="module")
def code(bench):
    return bench.code("logs-a-loss", main=SCRIPT)


@pytest.mark.slow
def test_trials_differ_and_the_best_child_is_the_best(bench, code):
    command = "python main.py ${{search_space.x}} 2 0"
    bench.put("sweep", **sweep_body(bench, code, command))
    done = bench.wait("sweep")
    assert done["status"] == "Completed"
    trials = [
        bench.client.get(f"jobs/sweep_{n}").json()["properties"] for n in range(6)
    ]
    assert {one["status"] for one in trials} == {"Completed"}
    drawn = [float(one["tags"]["x"]) for one in trials]
    assert len(set(drawn)) == 6
    losses = [(x - 0.3) ** 2 for x in drawn]
    best = losses.index(min(losses))
    assert done["properties"]["best_child_run_id"] == f"sweep_{best}"
    assert float(done["properties"]["score"]) == pytest.approx(min(losses))
    assert bench.client.get("jobs/sweep_6").status_code == 404
    listed = [job["name"] for job in bench.client.get("jobs").json()["value"]]
    assert "sweep" in listed
    assert "sweep_0" not in listed


@pytest.mark.slow
def test_options_of_an_old_search_space_are_appended(bench, code):
    body = sweep_body(bench, code, "echo", searchSpace={"--x": ["choice", [["a"]]]})
    body["limits"] = {"jobLimitsType": "Sweep", "maxTotalTrials": 1}
    bench.put("old-sweep", **body)
    assert bench.wait("old-sweep")["status"] == "Completed"
    assert "--x a" in bench.log("old-sweep_0")


@pytest.mark.slow
def test_a_sweep_whose_trials_all_fail_has_failed(bench, code):
    bench.put("bad-sweep", **sweep_body(bench, code, "exit 1"))
    done = bench.wait("bad-sweep")
    assert done["status"] == "Failed"
    assert done["properties"]["azml-contract.error"].startswith("No trial")


@pytest.mark.slow
def test_a_cancelled_sweep_cancels_its_trials(bench, code):
    bench.put(
        "stopped", **sweep_body(bench, code, "sleep 73737; : ${{search_space.x}}")
    )
    bench.wait("stopped_0", until=("Running",))
    bench.client.post("jobs/stopped/cancel")
    assert bench.wait("stopped")["status"] == "Canceled"
    ended = bench.wait("stopped_0")
    told = ended["properties"].get("azml-contract.error")
    assert ended["status"] == "Canceled", (told, bench.log("stopped_0"))
    assert bench.client.get("jobs/stopped_3").status_code == 404


@pytest.mark.slow
def test_a_policy_cancels_trials_that_fall_behind(bench, code):
    policy = {"policyType": "Bandit", "slackAmount": 0.01, "evaluationInterval": 1}
    space = {"x": ["choice", [[0.3, 1.0]]]}
    sampling = {"samplingAlgorithmType": "Grid"}
    body = sweep_body(
        bench,
        code,
        "python main.py ${{search_space.x}} 40 0.1",
        earlyTermination=policy,
        searchSpace=space,
        samplingAlgorithm=sampling,
    )
    bench.put("racing", **body)
    assert bench.wait("racing")["status"] == "Completed"
    assert bench.wait("racing_0")["status"] == "Completed"
    assert bench.wait("racing_1")["status"] == "Canceled"


def space_of(kind, *arguments, **algorithm):
    return {
        "searchSpace": {"a": [kind, list(arguments)], "b": ["choice", [["u", "v"]]]},
        "samplingAlgorithm": algorithm,
        "objective": {"goal": "Minimize"},
    }


def drawn(properties, total):
    sampler = Sampler(properties, total)
    return [sampler.ask(number) for number in range(total)]


def test_random_trials_are_the_same_for_the_same_seed():
    given = space_of("uniform", 0, 1, samplingAlgorithmType="Random", seed=3)
    assert drawn(given, 5) == drawn(given, 5)
    other = space_of("uniform", 0, 1, samplingAlgorithmType="Random", seed=4)
    assert drawn(given, 5) != drawn(other, 5)


def test_a_grid_ends_when_it_is_through():
    given = space_of("choice", [1, 2], samplingAlgorithmType="Grid")
    found = drawn(given, 6)
    assert len([one for one in found if one]) == 4
    assert found[4:] == [None, None]


def test_sobol_trials_spread_evenly():
    pytest.importorskip("scipy")
    given = space_of("uniform", 0, 8, samplingAlgorithmType="Random", rule="Sobol")
    found = drawn(given, 8)
    assert sorted(int(one["a"]) for one in found) == list(range(8))


def test_without_optuna_a_bayesian_sweep_says_so(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "optuna", None)
    given = space_of("uniform", 0, 1, samplingAlgorithmType="Bayesian")
    sampler = Sampler(given, 3)
    assert sampler.note == "Optuna is not installed: the trials are drawn at random."
    assert sampler.ask(0) is not None


def test_bayesian_trials_come_closer_to_the_best():
    pytest.importorskip("optuna")
    given = space_of("uniform", 0, 1, samplingAlgorithmType="Bayesian", seed=1)
    sampler = Sampler(given, 40)
    losses = []
    for number in range(40):
        asked = sampler.ask(number)
        losses.append((asked["a"] - 0.3) ** 2)
        sampler.tell(number, losses[-1])
    assert sum(losses[20:]) < sum(losses[:20])


@pytest.mark.parametrize("arguments", [[], [1], ["a", "b"], [None, 2]])
def test_a_distribution_that_makes_no_sense_gives_nothing(arguments):
    pytest.importorskip("scipy")
    given = space_of(
        "uniform", *arguments, samplingAlgorithmType="Random", rule="sobol"
    )
    assert drawn(given, 2)[0]["a"] is None
    assert drawn(space_of("uniform", *arguments), 1)[0]["a"] is None


POLICIES = [
    # policy, goal, what this trial logged, what others logged, given up?
    ({"policyType": "Bandit", "slackFactor": 0.2}, False, [1.3], {1: [1.0]}, True),
    ({"policyType": "Bandit", "slackFactor": 0.2}, False, [1.1], {1: [1.0]}, False),
    ({"policyType": "Bandit", "slackFactor": 0.2}, True, [0.7], {1: [0.9]}, True),
    ({"policyType": "Bandit", "slackFactor": 0.2}, True, [0.8], {1: [0.9]}, False),
    ({"policyType": "Bandit", "slackAmount": 0.2}, True, [0.8], {1: [0.9]}, False),
    ({"policyType": "Bandit", "slackAmount": 0.05}, True, [0.8], {1: [0.9]}, True),
    (
        {"policyType": "Bandit", "slackAmount": 0.05, "delayEvaluation": 2},
        True,
        [0.8],
        {1: [0.9]},
        False,
    ),
    ({"policyType": "MedianStopping"}, False, [3.0], {1: [1.0], 2: [2.0]}, True),
    ({"policyType": "MedianStopping"}, False, [1.2], {1: [1.0], 2: [2.0]}, False),
    (
        {"policyType": "TruncationSelection", "truncationPercentage": 40},
        False,
        [9.0],
        {1: [1.0], 2: [2.0], 3: [3.0], 4: [4.0]},
        True,
    ),
    (
        {"policyType": "TruncationSelection", "truncationPercentage": 40},
        False,
        [2.5],
        {1: [1.0], 2: [2.0], 3: [3.0], 4: [4.0]},
        False,
    ),
    ({}, False, [99.0], {1: [1.0]}, False),
]


@pytest.mark.parametrize(("policy", "most", "mine", "others", "given_up"), POLICIES)
def test_policies_give_up_as_documented(policy, most, mine, others, given_up):
    made = Policy(policy, wants_most=most)
    assert made.gives_up(0, {0: mine, **others}) is given_up
