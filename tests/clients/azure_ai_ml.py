"""azure-ai-ml: assets with uploads, jobs and their files, endpoints, registries."""

import contextlib
import io
import logging
import os
import tempfile
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

from azure.ai.ml import Input, MLClient, command, dsl, load_component  # noqa: E402
from azure.ai.ml import entities as e  # noqa: E402
from azure.ai.ml.sweep import Uniform  # noqa: E402
from azure.identity import EnvironmentCredential  # noqa: E402
from steps import refused, step  # noqa: E402

SUBSCRIPTION = os.environ["AZURE_SUBSCRIPTION_ID"]
GROUP, NAME = os.environ["AZURE_RESOURCE_GROUP"], os.environ["AZML_WORKSPACE"]
ml = MLClient(EnvironmentCredential(), SUBSCRIPTION, GROUP, NAME)
folder = Path(tempfile.mkdtemp())
(folder / "src").mkdir()
(folder / "src" / "main.py").write_text("print('hello')\n")
(folder / "x.csv").write_text("a,b\n1,2\n")
(folder / "component.yml").write_text(
    "type: command\nname: train\nversion: '1'\ncode: src\n"
    "command: python main.py --data ${{inputs.data}}\n"
    "environment: azureml:env:1\ninputs:\n  data:\n    type: uri_file\n"
)


def environment(image: str):
    return ml.environments.create_or_update(e.Environment(name="auto", image=image))


def wait(name: str) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        status = ml.jobs.get(name).status
        if status in ("Completed", "Failed", "Canceled"):
            return str(getattr(status, "value", status))
        time.sleep(0.2)
    return "it does not end"


def quietly(do):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        do()
    return out.getvalue()


def download() -> list[str]:
    place = folder / "download"
    ml.jobs.download(job.name, download_path=str(place), all=True)
    return [path.name for path in place.rglob("*") if path.is_file()]


def make_pipeline():
    train = load_component(str(folder / "component.yml"))

    @dsl.pipeline(default_compute="cluster")
    def story(data: Input(type="uri_file")):
        train(data=data)

    data = Input(type="uri_file", path="https://example.org/i.csv")
    return ml.jobs.create_or_update(story(data=data), experiment_name="story")


def make_sweep():
    base = command(
        code=str(folder / "src"),
        command="python main.py --lr ${{inputs.lr}}",
        environment="azureml:env:1",
        inputs={"lr": 0.1},
        compute="cluster",
    )
    swept = base(lr=Uniform(0.01, 0.9)).sweep(
        sampling_algorithm="random", primary_metric="loss", goal="minimize"
    )
    swept.set_limits(max_total_trials=3, max_concurrent_trials=2)
    return ml.jobs.create_or_update(swept)


step("workspace", lambda: ml.workspaces.get(NAME).discovery_url)
step(
    "cluster",
    lambda: ml.compute.begin_create_or_update(
        e.AmlCompute(name="cluster", size="STANDARD_DS3_V2", max_instances=2)
    ).result(),
    lambda c: c.provisioning_state == "Succeeded",
)
step(
    "environment",
    lambda: (
        ml.environments.create_or_update(
            e.Environment(name="env", version="1", image="mcr.microsoft.com/x")
        ).id
    ),
)
step(
    "its first version", lambda: environment("mcr.microsoft.com/a").version, "1".__eq__
)
step("its next one", lambda: environment("mcr.microsoft.com/b").version, "2".__eq__)
step(
    "data",
    lambda: (
        ml.data.create_or_update(
            e.Data(name="d", version="1", type="uri_file", path=str(folder / "x.csv"))
        ).path
    ),
)
step(
    "model",
    lambda: (
        ml.models.create_or_update(
            e.Model(
                name="m", version="1", path=str(folder / "x.csv"), type="custom_model"
            )
        ).id
    ),
)
component = str(folder / "component.yml")
step("component", lambda: ml.components.create_or_update(load_component(component)).id)
step("the same", lambda: ml.components.create_or_update(load_component(component)).id)
job = step(
    "command",
    lambda: ml.jobs.create_or_update(
        command(
            code=str(folder / "src"),
            command="python main.py",
            environment="azureml:env:1",
            compute="cluster",
        )
    ),
)
step(
    "stream",
    lambda: quietly(lambda: ml.jobs.stream(job.name)),
    lambda t: "Nothing was" in t,
)
step("its end", lambda: wait(job.name), "Completed".__eq__)
step("download", download, lambda names: "std_log.txt" in names)
sweep = step("sweep", make_sweep)
step("the sweep's end", lambda: wait(sweep.name), "Completed".__eq__)
step("trials", lambda: len(list(ml.jobs.list(parent_job_name=sweep.name))), (3).__eq__)
pipeline = step("pipeline", make_pipeline)
step("the pipeline's end", lambda: wait(pipeline.name), "Completed".__eq__)
step(
    "its steps",
    lambda: len(list(ml.jobs.list(parent_job_name=pipeline.name))),
    (1).__eq__,
)
step(
    "endpoint",
    lambda: (
        ml.online_endpoints.begin_create_or_update(
            e.ManagedOnlineEndpoint(name="endpoint", auth_mode="key")
        )
        .result()
        .scoring_uri
    ),
)
step("its keys", lambda: ml.online_endpoints.get_keys("endpoint").primary_key)
step("endpoints", lambda: [p.name for p in ml.online_endpoints.list()])
step(
    "public registry",
    lambda: MLClient(EnvironmentCredential(), registry_name="azureml") is not None,
)
step(
    "no such registry",
    lambda: refused(lambda: MLClient(EnvironmentCredential(), registry_name="nope")),
)
