"""The documented training job by azure-ai-ml: trained, followed, fetched, swept.

In: a folder with iris.csv and src/, a folder for the model. Knows nothing of the
emulator.
"""

import contextlib
import io
import logging
import os
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

from azure.ai.ml import Input, MLClient, command  # noqa: E402
from azure.ai.ml.entities import AmlCompute, Data, Environment  # noqa: E402
from azure.ai.ml.sweep import Uniform  # noqa: E402
from azure.identity import EnvironmentCredential  # noqa: E402
from steps import step  # noqa: E402

SOURCE, TARGET = map(Path, sys.argv[1:])
METRIC = "test-multi_logloss"
ml = MLClient(
    EnvironmentCredential(),
    os.environ["AZURE_SUBSCRIPTION_ID"],
    os.environ["AZURE_RESOURCE_GROUP"],
    os.environ["AZML_WORKSPACE"],
)


def follow(name: str) -> str:
    """What streaming a job prints until the job is over."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        ml.jobs.stream(name)
    return out.getvalue()


def fetch(name: str, folder: str) -> list[Path]:
    ml.jobs.download(name, download_path=str(TARGET / folder), all=True)
    return list((TARGET / folder).rglob("model.txt"))


def best_of(name: str) -> tuple[str, float]:
    told = ml.jobs.get(name).properties
    return told["best_child_run_id"], float(told["score"])


def make_job(**more):
    return command(
        code=str(SOURCE / "src"),
        command="python train.py --iris-csv ${{inputs.iris}} "
        "--learning_rate ${{inputs.rate}} --output outputs/model",
        environment="azureml:lightgbm:1",
        inputs={"iris": Input(type="uri_file", path=data.id), "rate": 0.1},
        compute="cpu-cluster",
        **more,
    )


def make_sweep():
    swept = make_job()(
        iris=Input(type="uri_file", path=data.id), rate=Uniform(0.05, 0.8)
    )
    sweep = swept.sweep(
        sampling_algorithm="random", primary_metric=METRIC, goal="minimize"
    )
    sweep.set_limits(max_total_trials=4, max_concurrent_trials=2)
    sweep.experiment_name = "by-sdk"
    return ml.jobs.create_or_update(sweep)


step(
    "cluster",
    lambda: ml.compute.begin_create_or_update(AmlCompute(name="cpu-cluster")).result(),
)
step(
    "environment",
    lambda: ml.environments.create_or_update(
        Environment(name="lightgbm", version="1", image="mcr.microsoft.com/x")
    ),
)
data = step(
    "data",
    lambda: ml.data.create_or_update(
        Data(name="iris", type="uri_file", path=str(SOURCE / "iris.csv"))
    ),
)
job = step("job", lambda: ml.jobs.create_or_update(make_job(experiment_name="by-sdk")))
step("its log", lambda: follow(job.name), lambda text: f"{METRIC}=0." in text)
step("its end", lambda: ml.jobs.get(job.name).status == "Completed")
step("its model", lambda: fetch(job.name, "job"), lambda found: len(found) == 1)
sweep = step("sweep", make_sweep)
step("its log", lambda: follow(sweep.name), lambda text: sweep.name in text)
step("its end", lambda: ml.jobs.get(sweep.name).status == "Completed")
best = step("the best", lambda: best_of(sweep.name), lambda told: 0 < told[1] < 1)
step("the best one's model", lambda: fetch(best[0], "best"), lambda f: len(f) == 1)
