"""Which trials a sweep makes, and the small parts that it is made of."""

from __future__ import annotations

import math

import pytest

from azml_contract.emulator.courses import command_course, does_fail, other_course
from azml_contract.emulator.paths import parse_arm_path, split_asset_id
from azml_contract.emulator.sweeps import duration_s, plan_sweep


def plan(space, *, kind="Random", seed=None, **limits):
    algorithm = {"samplingAlgorithmType": kind, "seed": seed}
    return plan_sweep(
        {"searchSpace": space, "samplingAlgorithm": algorithm, "limits": limits}
    )


def values(space, name="x", *, total=50, **more):
    trials = plan({name: space}, maxTotalTrials=total, **more).trials
    return [trial.parameters[name] for trial in trials]


def test_distributions_stay_within_their_bounds():
    assert all(0.1 <= v <= 0.5 for v in values(["uniform", [0.1, 0.5]]))
    assert all(math.exp(-3) <= v <= 1 for v in values(["loguniform", [-3, 0]]))
    assert set(values(["choice", [[2, 5, 7]]])) == {2, 5, 7}
    assert set(values(["randint", [3]])) == {0, 1, 2}
    assert all(v % 5 == 0 for v in values(["quniform", [0, 100, 5]]))
    assert len(set(values(["normal", [0, 1]]))) == 50
    assert all(v > 0 for v in values(["lognormal", [0, 1]]))


@pytest.mark.parametrize(
    "expression", [["magic", [1]], ["uniform", []], ["choice", []], {"type": "x"}, None]
)
def test_what_is_not_known_samples_to_nothing(expression):
    assert values(expression, total=2) == [None, None]


def test_a_grid_is_every_combination_once():
    space = {"a": ["choice", [[1, 2]]], "b": ["choice", [["x", "y"]]]}
    trials = plan(space, kind="Grid", maxTotalTrials=10).trials
    assert [tuple(t.parameters.values()) for t in trials] == [
        (1, "x"),
        (1, "y"),
        (2, "x"),
        (2, "y"),
    ]


def test_the_same_space_and_seed_give_the_same_trials():
    space = ["uniform", [0, 1]]
    assert values(space, seed=1) == values(space, seed=1)
    assert values(space, seed=1) != values(space, seed=2)


def test_trials_run_in_waves():
    sweep = plan({}, maxTotalTrials=5, maxConcurrentTrials=2)
    assert [t.starts_s for t in sweep.trials] == [30.0, 30.0, 90.0, 90.0, 150.0]
    assert sweep.course.end_s == 210.0
    assert len(sweep.started(100.0)) == 4


def test_many_trials_take_no_longer_than_ten_minutes():
    assert plan({}, maxTotalTrials=1000, maxConcurrentTrials=1).course.end_s <= 631.0


def test_a_timeout_keeps_later_trials_from_starting():
    sweep = plan({}, maxTotalTrials=9, maxConcurrentTrials=1, timeout="PT2M")
    assert len(sweep.trials) == 2
    assert sweep.course.end_s == 120.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT2H", 7200),
        ("P1DT1S", 86401),
        ("PT1.5M", None),
        ("P1W", 604800),
        ("P", None),
        ("PT", None),
        (120, None),
        (None, None),
    ],
)
def test_durations_are_read_or_are_none(text, seconds):
    assert duration_s(text) == seconds


def test_a_cancelled_course_ends_cancelled_unless_it_was_over():
    course = command_course({"command": "train"})
    assert course.state_at(70.0, cancelled_s=65.0) == "CancelRequested"
    assert course.state_at(500.0, cancelled_s=65.0) == "Canceled"
    assert course.state_at(500.0, cancelled_s=400.0) == "Completed"
    assert course.state_at(0.0, cancelled_s=65.0) == "Starting"
    assert other_course({"jobType": "AutoML"}).state_at(0.0) == "NotStarted"


@pytest.mark.parametrize(
    ("command", "fails"),
    [
        ("exit 1", True),
        ("exit(2)", True),
        ("a; exit  127", True),
        ("exit 0", False),
        ("exit", False),
        ("my_exit 3", False),
        ("", False),
    ],
)
def test_commands_that_fail_are_told_by_their_exit(command, fails):
    assert does_fail({"command": command}) is fails


def test_paths_are_taken_apart():
    path = parse_arm_path(
        "/subscriptions/s/resourceGroups/g/providers/P.Q/workspaces/w/jobs/j/cancel"
    )
    assert (path.subscription, path.resource_group, path.provider) == ("s", "g", "P.Q")
    assert (path.kind, path.names, path.tail) == (
        "workspaces/jobs",
        ("w", "j"),
        "cancel",
    )
    assert path.id.endswith("/providers/P.Q/workspaces/w/jobs/j")
    assert parse_arm_path("/subscriptions").tail == "subscriptions"


def test_ids_of_assets_are_told_from_others():
    start = (
        "/subscriptions/s/resourceGroups/g"
        "/providers/Microsoft.MachineLearningServices/workspaces/w"
    )
    assert split_asset_id(f"{start}/data/iris/versions/1") == ("data", "iris", "1")
    assert split_asset_id(f"{start}/jobs/j") is None
    assert split_asset_id("azureml:iris:1") is None
