"""The training code of the scenarios runs for real and logs what a sweep optimises."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCENARIOS = Path(__file__).parents[2] / "scenarios"
TRAINING = SCENARIOS / "training"


def train(tmp_path: Path, *options: str, iris: Path = TRAINING / "iris.csv") -> str:
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": (tmp_path / "runs").as_uri(),
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, TRAINING / "src" / "train.py", "--iris-csv", iris, *options],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def logged_losses(tmp_path: Path, metric: str) -> list[float]:
    (file,) = (tmp_path / "runs").rglob(metric)
    return [float(line.split()[1]) for line in file.read_text().splitlines()]


def swept_metric() -> str:
    body = json.loads((SCENARIOS / "bodies/2022-05-01/sweep_job.json").read_text())
    return str(body["properties"]["objective"]["primaryMetric"])


@pytest.mark.slow
def test_training_logs_the_metric_that_the_sweep_optimises(tmp_path: Path) -> None:
    printed = train(tmp_path, "--output", "model", "--num_boost_round", "20")
    losses = logged_losses(tmp_path, swept_metric())
    assert len(losses) == 20
    assert losses[-1] < losses[0] / 2
    assert f"{swept_metric()}={losses[-1]:.6f}" in printed
    assert (tmp_path / "model" / "model.txt").stat().st_size > 0


@pytest.mark.slow
def test_hyperparameters_of_the_sweep_change_the_loss(tmp_path: Path) -> None:
    results = {
        train(tmp_path / name, "--boosting", boosting, "--learning_rate", rate)
        for name, boosting, rate in [("a", "gbdt", "0.05"), ("b", "dart", "0.8")]
        if (tmp_path / name).mkdir() is None
    }
    assert len(results) == 2


@pytest.mark.slow
def test_training_takes_a_folder_as_the_data_path(tmp_path: Path) -> None:
    assert "multi_logloss" in train(tmp_path, iris=TRAINING)


def test_iris_csv_is_what_its_script_writes_from_scikit_learn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(TRAINING))
    import make_iris

    assert (TRAINING / "iris.csv").read_text("utf-8") == make_iris.render_iris()
