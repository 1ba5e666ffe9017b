"""Search spaces: their expressions are right, and what they vary is read."""

from __future__ import annotations

import pytest
from findings import only

from azml_contract.validation.search_space import DISTRIBUTIONS, find_fault


def test_search_space_parameters_are_declared_and_read(check, sweep_job):
    trial = sweep_job["properties"]["trial"]
    trial["command"] = "python train.py ${{search_space.learning_rate}}"

    undeclared, unread = check("PUT", "jobs/s", sweep_job)

    assert (undeclared.code, undeclared.severity) == ("AZC171", "warning")
    assert undeclared.pointer == "/properties/trial/command"
    assert (unread.code, unread.severity) == ("AZC172", "warning")
    assert unread.pointer == "/properties/searchSpace/lr"
    assert unread.cure == "Add ${{search_space.lr}} to the command."


def test_names_with_dashes_are_arguments_and_need_no_mention(check, sweep_job):
    sweep_job["properties"]["searchSpace"] = {"--lr": ["uniform", [0.05, 0.8]]}
    sweep_job["properties"]["trial"]["command"] = "python train.py"

    assert check("PUT", "jobs/s", sweep_job) == []


@pytest.mark.parametrize(
    "expression",
    [
        ["choice", [["gbdt", "dart"]]],
        ["choice", [[{"values": [1]}]]],
        ["randint", [16]],
        ["uniform", [0.05, 0.8]],
        ["quniform", [1, 10, 2]],
        ["loguniform", [-6, -1]],
        ["qloguniform", [-6, -1, 0.1]],
        ["normal", [0, 1]],
        ["qnormal", [0, 1, 2]],
        ["lognormal", [0, 1]],
        ["qlognormal", [0, 1, 2]],
    ],
)
def test_every_distribution_with_its_arguments_is_fine(expression):
    assert find_fault(expression) is None
    assert expression[0] in DISTRIBUTIONS


@pytest.mark.parametrize(
    ("expression", "message", "cure"),
    [
        (
            ["unifrom", [0, 1]],
            '"unifrom" is no distribution',
            'Did you mean "uniform"?',
        ),
        (
            ["Uniform", [0, 1]],
            '"Uniform" is no distribution',
            'Did you mean "uniform"?',
        ),
        (
            ["uniform", [0.8]],
            "uniform takes min, max, not 1 arguments",
            'Write ["uniform", [min, max]].',
        ),
        (["uniform", 3], "uniform takes min, max, not 0 arguments", None),
        (["uniform", [1, 0]], "min of uniform is not below max", None),
        (["uniform", ["0", "1"]], 'min of uniform is "0", not a number', None),
        (["quniform", [0, 1, 0]], "q of quniform must be above 0", None),
        (["normal", [0, -1]], "sigma of normal must be above 0", None),
        (["randint", [1.5]], "upper of randint must be whole", None),
        (
            ["choice", ["gbdt", "dart"]],
            "choice takes one argument, the list of values",
            'Write ["choice", [["a", "b"]]], the values in a list of their own.',
        ),
        (["choice", [[]]], "choice has no values", "Give it values."),
        (
            "uniform(0, 1)",
            '"uniform(0, 1)" is no distribution with its arguments',
            None,
        ),
        ([], "an array of 0 is no distribution with its arguments", None),
    ],
)
def test_a_bad_expression_says_what_it_takes(expression, message, cure):
    fault = find_fault(expression)

    assert fault is not None
    assert fault[0] == message
    assert cure is None or fault[1] == cure


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("randint", "upper"),
        ("uniform", "min, max"),
        ("quniform", "min, max, q"),
        ("loguniform", "min, max"),
        ("qloguniform", "min, max, q"),
        ("normal", "mu, sigma"),
        ("qnormal", "mu, sigma, q"),
        ("lognormal", "mu, sigma"),
        ("qlognormal", "mu, sigma, q"),
    ],
)
def test_each_distribution_names_its_arguments(name, wanted):
    cure = f'Write ["{name}", [{wanted}]].'

    assert find_fault([name, []]) == (f"{name} takes {wanted}, not 0 arguments", cure)
    texts = ["x"] * (wanted.count(",") + 1)
    first = wanted.split(",")[0]
    assert find_fault([name, texts]) == (
        f'{first} of {name} is "x", not a number',
        cure,
    )


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (["uniform", [1, 1]], "min of uniform is not below max"),
        (["randint", [0]], "upper of randint must be above 0"),
        (["normal", [True, 1]], "mu of normal is true, not a number"),
        (["choice", 3], "choice has no list of arguments"),
        (["choice", [["a"], ["b"]]], "choice takes one argument, the list of values"),
        ([3, [0, 1]], "3 is no distribution"),
        (["choice"], "an array of 1 is no distribution with its arguments"),
    ],
)
def test_what_is_nearly_right_is_not(expression, message):
    assert find_fault(expression)[0] == message
    assert find_fault(["randint", [1]]) is None
    assert find_fault(["normal", [-1, 0.5]]) is None


def test_expressions_are_checked_in_requests(check, sweep_job):
    sweep_job["properties"]["searchSpace"]["lr"] = ["uniform", [0.8]]

    finding = only(check("PUT", "jobs/s", sweep_job))

    assert (finding.code, finding.pointer) == ("AZC173", "/properties/searchSpace/lr")
