"""Bodies of job PUTs, of about 2 KB, each unlike all others.

In: a number. Out: a command or a sweep job, valid or with the same three faults
in each. Knows no validator.

The faults are ones that every contender can see, oav included: a property is
missing, one has the wrong type, and one is misspelt, in each body otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

VERSIONS = ("2021-03-01-preview", "2023-10-01")
FAULTS = 3
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
WORKSPACE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/resource-group/providers"
    "/Microsoft.MachineLearningServices/workspaces/workspace"
)
ENDPOINT = "https://management.azure.com"
OPERATION = "Jobs_CreateOrUpdate"


def job_url(name: str, api_version: str) -> str:
    """Where a job is put."""
    return f"{ENDPOINT}{WORKSPACE}/jobs/{name}?api-version={api_version}"


def make_jobs(
    kind: str, api_version: str, count: int, *, valid: bool, start: int = 0
) -> list[str]:
    """Bodies as JSON text.

    Args:
        kind: ``command`` or ``sweep``.
        api_version: One of `VERSIONS`.
        count: How many.
        valid: Or with `FAULTS` faults each.
        start: Number of the first; bodies of other numbers differ.
    """
    make = _MAKERS[kind, api_version]
    bodies = [_fill(make(number), number) for number in range(start, start + count)]
    if not valid:
        for number, body in enumerate(bodies):
            _spoil(body["properties"], _REQUIRED[api_version], number)
    return [json.dumps(body) for body in bodies]


def make_answer(text: str, name: str) -> Json:
    """What the service answers to a job PUT, or to a GET of that job."""
    return {
        "id": f"{WORKSPACE}/jobs/{name}",
        "name": name,
        "type": "Microsoft.MachineLearningServices/workspaces/jobs",
        "properties": {**json.loads(text)["properties"], "status": "Running"},
        "systemData": {
            "createdAt": "2000-01-01T00:00:00Z",
            "createdBy": "User",
            "createdByType": "User",
        },
    }


def _fill(properties: Json, number: int) -> Json:
    """Tags and variables, until the body has the size of a real one."""
    tags = {f"tag_{i}": f"value {number} of tag {i}" for i in range(12)}
    return {
        "properties": {
            "description": f"Run {number} of a series of runs that train a model "
            "on the iris data, one for each set of parameters under study.",
            "experimentName": "lightgbm-iris",
            "tags": tags,
            "properties": {f"note_{i}": f"{number}-{i}" for i in range(8)},
            **properties,
        }
    }


def _spoil(properties: Json, required: str, number: int) -> None:
    holder = properties if required in properties else properties["trial"]
    del holder[required]
    properties["description"] = number
    properties[_misspell("experimentName", number)] = properties.pop("experimentName")


def _misspell(name: str, number: int) -> str:
    """The name in letters of a wrong case, unlike that of any other small number."""
    made = "".join(
        letter.upper() if number >> place & 1 else letter.lower()
        for place, letter in enumerate(name)
    )
    return made if made != name else name.upper()


def _ids(number: int) -> Json:
    return {
        "codeId": f"{WORKSPACE}/codes/train/versions/{number}",
        "environmentId": f"{WORKSPACE}/environments/lightgbm/versions/{number}",
    }


def _variables(number: int) -> Json:
    return {f"SETTING_{i}": f"setting {i} of run {number}" for i in range(8)}


def _command_2021(number: int) -> Json:
    return {
        "jobType": "Command",
        **_ids(number),
        "command": "python train.py --iris-csv $AZURE_ML_INPUT_iris",
        "environmentVariables": _variables(number),
        "inputDataBindings": {
            "iris": {"dataId": f"{WORKSPACE}/data/iris/versions/{number}"}
        },
        "compute": {"target": f"{WORKSPACE}/computes/cpu-cluster", "instanceCount": 1},
        "timeout": "PT2H",
    }


def _sweep_2021(number: int) -> Json:
    return {
        "jobType": "Sweep",
        "algorithm": "Random",
        "searchSpace": {"--learning_rate": {}, "--boosting": {}},
        "objective": {"primaryMetric": "test-multi_logloss", "goal": "Minimize"},
        "trial": {
            **_ids(number),
            "command": "python train.py --iris-csv $AZURE_ML_INPUT_iris",
            "environmentVariables": _variables(number),
            "inputDataBindings": {
                "iris": {"dataId": f"{WORKSPACE}/data/iris/versions/{number}"}
            },
        },
        "maxTotalTrials": 4,
        "maxConcurrentTrials": 2,
        "timeout": "PT2H",
        "earlyTermination": _EARLY,
        "compute": {"target": f"{WORKSPACE}/computes/cpu-cluster", "instanceCount": 1},
    }


def _command_2023(number: int) -> Json:
    return {
        "jobType": "Command",
        **_ids(number),
        "command": "python train.py --iris-csv ${{inputs.iris}}",
        "environmentVariables": _variables(number),
        "inputs": _inputs(number),
        "computeId": f"{WORKSPACE}/computes/cpu-cluster",
        "resources": {"instanceCount": 1},
        "limits": {"jobLimitsType": "Command", "timeout": "PT2H"},
    }


def _sweep_2023(number: int) -> Json:
    return {
        "jobType": "Sweep",
        "samplingAlgorithm": {"samplingAlgorithmType": "Random"},
        "searchSpace": {
            "learning_rate": ["uniform", [0.05, 0.8]],
            "boosting": ["choice", [["gbdt", "dart"]]],
        },
        "objective": {"primaryMetric": "test-multi_logloss", "goal": "Minimize"},
        "trial": {
            **_ids(number),
            "command": "python train.py --iris-csv ${{inputs.iris}} "
            "--learning_rate ${{search_space.learning_rate}} "
            "--boosting ${{search_space.boosting}}",
            "environmentVariables": _variables(number),
        },
        "inputs": _inputs(number),
        "limits": {
            "jobLimitsType": "Sweep",
            "maxTotalTrials": 4,
            "maxConcurrentTrials": 2,
            "timeout": "PT2H",
        },
        "earlyTermination": _EARLY,
        "computeId": f"{WORKSPACE}/computes/cpu-cluster",
    }


def _inputs(number: int) -> Json:
    uri = f"{WORKSPACE}/data/iris/versions/{number}"
    return {"iris": {"jobInputType": "uri_file", "uri": uri}}


_REQUIRED = {"2021-03-01-preview": "compute", "2023-10-01": "environmentId"}
_EARLY = {
    "policyType": "MedianStopping",
    "delayEvaluation": 5,
    "evaluationInterval": 1,
}
_MAKERS: dict[tuple[str, str], Callable[[int], Json]] = {
    ("command", "2021-03-01-preview"): _command_2021,
    ("command", "2023-10-01"): _command_2023,
    ("sweep", "2021-03-01-preview"): _sweep_2021,
    ("sweep", "2023-10-01"): _sweep_2023,
}
