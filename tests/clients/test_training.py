"""The documented training job really runs, whoever drives it.

By curl, by azure-ai-ml and by the scenario, each against an emulator of its own; the
model that comes back is loaded and predicts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import lightgbm
import pandas
import pytest
import requests
from programs import own_environ

from azml_contract.emulator.clock import RunningClock
from azml_contract.emulator.execution.keeping import Limits
from azml_contract.emulator.server import Emulator

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TRAINING = ROOT / "scenarios" / "training"
METRIC = "test-multi_logloss"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(clock=RunningClock(120), execute=Limits(time_s=120)) as emulator:
        emulator.wait_ready()
        yield emulator
        assert emulator.bugs == []


def run(emulator: Emulator, *words: object) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        env=own_environ() | emulator.environ,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return done.stdout


def share_told_right(model: Path) -> float:
    """How many of the flowers a model knows, as a share."""
    iris = pandas.read_csv(TRAINING / "iris.csv")
    species = iris.pop("species").astype("category").cat.codes
    predicted = lightgbm.Booster(model_file=str(model)).predict(iris)
    return float((predicted.argmax(axis=1) == species).mean())


def losses_of(emulator: Emulator, sweep: str, count: int) -> dict[str, float]:
    """The least loss that each trial of a sweep logged, as MLflow's REST has it."""
    session = requests.Session()
    session.trust_env = False
    session.proxies = {"https": emulator.gateway_url}
    session.verify = str(emulator.ca_bundle)
    session.headers["Authorization"] = f"Bearer {emulator.issue_token()}"
    region = f"{emulator.seed.location}.api.azureml.ms"
    workspace = f"https://{region}/mlflow/v1.0{emulator.settings.workspace_id}"
    found = {}
    for name in (f"{sweep}_{number}" for number in range(count)):
        asked = {"run_id": name, "metric_key": METRIC}
        answer = session.get(
            f"{workspace}/api/2.0/mlflow/metrics/get-history", params=asked
        )
        found[name] = min(point["value"] for point in answer.json()["metrics"])
    return found


def train(folder: Path, parameters: dict[str, object]) -> float:
    """The least loss of the training script, run by hand."""
    words = [f"--{name}={value}" for name, value in parameters.items()]
    environ = {
        "MLFLOW_TRACKING_URI": folder.as_uri(),
        "MLFLOW_ALLOW_FILE_STORE": "true",
    }
    script, iris = TRAINING / "src" / "train.py", TRAINING / "iris.csv"
    subprocess.run(
        [sys.executable, script, "--iris-csv", iris, *words],
        env={**os.environ, **environ},
        capture_output=True,
        check=True,
    )
    (logged,) = folder.rglob(METRIC)
    return min(float(line.split()[1]) for line in logged.read_text().splitlines())


def test_by_curl(emulator, tmp_path):
    said = run(emulator, "bash", HERE / "training.sh", TRAINING, tmp_path).splitlines()
    job, loss, sweep, best, score = said
    assert (job, sweep) == ("the job is Completed", "the sweep is Completed")
    assert 0 < float(loss.partition(f"{METRIC}=")[2]) < 1
    assert share_told_right(tmp_path / "model.txt") > 0.9
    losses = losses_of(emulator, "swept", 4)
    assert len(set(losses.values())) == 4
    assert best == min(losses, key=losses.__getitem__)
    assert float(score) == pytest.approx(losses[best])


def test_by_azure_ai_ml(emulator, tmp_path):
    python = ROOT / ".clients" / "azure-ai-ml" / "bin" / "python"
    said = run(emulator, python, HERE / "azure_ai_ml_training.py", TRAINING, tmp_path)
    steps = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [one for one in steps if one["wrong"]] == []
    assert len(steps) == 12
    for folder in ("job", "best"):
        (model,) = (tmp_path / folder).rglob("model.txt")
        assert share_told_right(model) > 0.9


def test_by_the_scenario(tmp_path):
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    story = ROOT / "scenarios" / "test_train_and_sweep.py"
    options = ["--azml-mode", "record", "--azml-execute", "--azml-prove=memory"]
    options += ["--azml-api-version", "2024-04-01", "--azml-cassettes", str(tmp_path)]
    done = subprocess.run(
        [*words, str(story), *options], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    (cassette,) = tmp_path.rglob("*.json")
    answers = [
        one["response"]["body"]["json"]["properties"]
        for one in json.loads(cassette.read_text())["interactions"]
        if "/jobs/" in one["request"]["uri"]
    ]
    sweep = next(a for a in reversed(answers) if a.get("jobType") == "Sweep")
    told = {
        int(name.rpartition("_")[2]): json.loads(text)
        for name, text in sweep["tags"].items()
        if name.startswith("_aml_system_") and name.rpartition("_")[2].isdigit()
    }
    losses = {n: train(tmp_path / f"{n}", told[n]) for n in told}
    assert len(set(losses.values())) == 4
    properties = sweep["properties"]
    best = int(properties["best_child_run_id"].rpartition("_")[2])
    assert losses[best] == min(losses.values())
    assert float(properties["score"]) == pytest.approx(losses[best])
