"""Jobs that really run: a sweep of the documented training, two trials at a time.

LightGBM on the iris data, as the scenarios train it, by an emulator with `--execute`.
Seconds of the wall count here; what the jobs took of the processor is beside them.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from typing import Any

import requests
from measure import Row, Target, make_parser, show

from azml_contract.emulator.clock import RunningClock
from azml_contract.emulator.execution.keeping import Limits
from azml_contract.emulator.server import Emulator

ROOT = Path(__file__).parents[1]
TRAINING = ROOT / "scenarios" / "training"
VERSION = "2024-04-01"
METRIC = "test-multi_logloss"
TERMINAL = ("Completed", "Failed", "Canceled")


class Client:
    """Puts and gets resources of the workspace."""

    def __init__(self, emulator: Emulator) -> None:
        self._base = f"{emulator.url}{emulator.settings.workspace_id}"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(emulator.ca_bundle)
        self._session.headers["Authorization"] = f"Bearer {emulator.issue_token()}"

    def ask(self, verb: str, path: str, **properties: Any) -> dict[str, Any]:
        """The answer to one call."""
        body = {"properties": properties} if verb == "PUT" else None
        url = f"{self._base}/{path}?api-version={VERSION}"
        answer = self._session.request(verb, url, json=body)
        answer.raise_for_status()
        return dict(answer.json())


def sweep(emulator: Emulator, trials: int) -> dict[str, Any]:
    """The properties of a sweep at its end."""
    client = Client(emulator)
    store = client.ask("GET", "datastores/workspaceblobstore")["properties"]
    storage = emulator.blobs.storage
    assert storage is not None
    container = store["containerName"]
    storage.store(TRAINING / "src", container, "bench/src")
    storage.store(TRAINING / "iris.csv", container, "bench/iris.csv")
    base = "azureml://datastores/workspaceblobstore/paths/bench"
    image = client.ask("PUT", "environments/e/versions/1", image="mcr.microsoft.com/x")
    code = client.ask("PUT", "codes/c/versions/1", codeUri=f"{base}/src")
    client.ask(
        "PUT",
        "jobs/bench",
        jobType="Sweep",
        trial={
            "codeId": code["id"],
            "environmentId": image["id"],
            "command": "python train.py --iris-csv ${{inputs.iris}} "
            "--learning_rate ${{search_space.rate}}",
        },
        inputs={"iris": {"jobInputType": "uri_file", "uri": f"{base}/iris.csv"}},
        samplingAlgorithm={"samplingAlgorithmType": "Random", "seed": 7},
        searchSpace={"rate": ["uniform", [0.05, 0.8]]},
        objective={"primaryMetric": METRIC, "goal": "Minimize"},
        limits={
            "jobLimitsType": "Sweep",
            "maxTotalTrials": trials,
            "maxConcurrentTrials": 2,
        },
    )
    while True:
        found = client.ask("GET", "jobs/bench")["properties"]
        if found["status"] in TERMINAL:
            return dict(found)
        time.sleep(0.2)


def used_s() -> float:
    """Seconds of the processor that ended children took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = make_parser(__doc__ or "")
    parser.add_argument(
        "--job-python",
        default=str(ROOT / ".venv" / "bin" / "python"),
        help="a Python that has the training packages",
    )
    args = parser.parse_args()
    trials = 2 if args.quick else 12
    limits = Limits(python=args.job_python)
    with Emulator(clock=RunningClock(30), execute=limits) as emulator:
        emulator.wait_ready()
        before, started = used_s(), time.perf_counter()
        found = sweep(emulator, trials)
        took, used = time.perf_counter() - started, used_s() - before
    if found["status"] != "Completed" or "score" not in found["properties"]:
        sys.exit(f"The sweep is {found['status']}: {found['properties']}")
    contender = f"{trials} trials, 2 at a time"
    row: Row = {"contender": contender, "seconds": took, "processor_s": used}
    show(
        "execution", [row], [Target("seconds of a sweep", took, 60)], as_json=args.json
    )


if __name__ == "__main__":
    main()
