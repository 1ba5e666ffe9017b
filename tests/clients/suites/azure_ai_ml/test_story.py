"""A suite on azure-ai-ml that knows nothing of the recorder but the marker."""

import os
from pathlib import Path

import pytest
from azure.ai.ml import Input, MLClient, command, dsl, load_component
from azure.ai.ml import entities as e
from azure.ai.ml.sweep import Uniform
from azure.identity import EnvironmentCredential

HERE = Path(__file__).parent
pytestmark = pytest.mark.azml(api_versions="client", compute=True)
IMAGE = "registry.example.org/train:1"


@pytest.fixture
def ml():
    return MLClient(
        EnvironmentCredential(),
        os.environ["AZURE_SUBSCRIPTION_ID"],
        os.environ["AZURE_RESOURCE_GROUP"],
        os.environ["AZML_WORKSPACE"],
    )


@pytest.fixture
def environment(ml):
    return ml.environments.create_or_update(
        e.Environment(
            name="train-env", version="1", image=IMAGE, conda_file=HERE / "conda.yml"
        )
    )


@pytest.fixture
def cluster(ml):
    cpu = e.AmlCompute(name="cpu", size="STANDARD_DS3_V2", max_instances=2)
    return ml.compute.begin_create_or_update(cpu).result()


def training(environment):
    return command(
        code=str(HERE / "src"),
        command="python main.py --lr ${{inputs.lr}}",
        inputs={"lr": 0.1},
        environment=environment.id,
        compute="cpu",
        experiment_name="story",
    )


def wait(ml, name):
    for _ in range(100):
        if ml.jobs.get(name).status in ("Completed", "Failed", "Canceled"):
            break
    return ml.jobs.get(name).status


def test_assets(ml, environment):
    data = ml.data.create_or_update(
        e.Data(name="iris", version="1", type="uri_file", path=str(HERE / "data/x.csv"))
    )
    assert data.path.endswith("x.csv")
    model = ml.models.create_or_update(
        e.Model(name="m", version="1", type="custom_model", path=str(HERE / "data"))
    )
    assert ml.models.get("m", "1").id == model.id
    assert [one.name for one in ml.data.list()] == ["iris"]
    component = ml.components.create_or_update(
        load_component(str(HERE / "component.yml"))
    )
    assert component.version == "1"
    ml.models.archive("m", "1")
    ml.models.restore("m", "1")


def test_command(ml, environment, cluster, tmp_path, capsys):
    job = ml.jobs.create_or_update(training(environment))
    ml.jobs.stream(job.name)
    assert wait(ml, job.name) == "Completed"
    ml.jobs.download(job.name, download_path=str(tmp_path / "d"), all=True)
    assert "std_log.txt" in [path.name for path in (tmp_path / "d").rglob("*.txt")]
    ml.jobs.archive(job.name)
    ml.jobs.restore(job.name)


def test_cancel(ml, environment, cluster):
    job = ml.jobs.create_or_update(training(environment))
    ml.jobs.begin_cancel(job.name).result()
    assert ml.jobs.get(job.name).status == "Canceled"


def test_sweep(ml, environment, cluster):
    sweep = training(environment)(lr=Uniform(0.01, 0.9)).sweep(
        primary_metric="loss", goal="Minimize", sampling_algorithm="random"
    )
    sweep.set_limits(max_total_trials=3, max_concurrent_trials=2)
    job = ml.jobs.create_or_update(sweep)
    assert wait(ml, job.name) == "Completed"
    assert len(list(ml.jobs.list(parent_job_name=job.name))) == 3


def pipeline():
    train = load_component(str(HERE / "component.yml"))

    @dsl.pipeline(default_compute="cpu")
    def two_steps(data: Input(type="uri_file")):
        train(data=data)
        train(data=data, lr=0.2)

    return two_steps(data=Input(type="uri_file", path="https://example.org/i.csv"))


def test_pipeline_and_schedule(ml, environment, cluster):
    job = ml.jobs.create_or_update(pipeline(), experiment_name="two-steps")
    assert wait(ml, job.name) == "Completed"
    schedule = e.JobSchedule(
        name="nightly",
        trigger=e.CronTrigger(expression="0 0 * * *"),
        create_job=pipeline(),
    )
    ml.schedules.begin_create_or_update(schedule).result()
    assert [one.name for one in ml.schedules.list()] == ["nightly"]
    ml.schedules.begin_disable("nightly").result()


def test_endpoint(ml):
    endpoint = e.ManagedOnlineEndpoint(name="scoring", auth_mode="key")
    ml.online_endpoints.begin_create_or_update(endpoint).result()
    assert ml.online_endpoints.get("scoring").provisioning_state == "Succeeded"
    ml.online_endpoints.begin_delete("scoring").result()
