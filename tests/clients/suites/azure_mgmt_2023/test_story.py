"""A suite on azure-mgmt-machinelearningservices that knows nothing but the marker."""

import os

import pytest
from azure.identity import EnvironmentCredential
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient
from azure.mgmt.machinelearningservices import models as m

pytestmark = pytest.mark.azml(api_versions="client", compute=True)
ENDED = ("Completed", "Failed", "Canceled")
IMAGE = "registry.example.org/train:1"


@pytest.fixture
def client():
    with MachineLearningServicesMgmtClient(
        EnvironmentCredential(), os.environ["AZURE_SUBSCRIPTION_ID"]
    ) as client:
        yield client


@pytest.fixture
def place():
    return os.environ["AZURE_RESOURCE_GROUP"], os.environ["AZML_WORKSPACE"]


@pytest.fixture
def environment(client, place):
    body = m.EnvironmentVersion(properties=m.EnvironmentVersionProperties(image=IMAGE))
    return client.environment_versions.create_or_update(*place, "train", "1", body)


@pytest.fixture
def cluster(client, place):
    scale = m.ScaleSettings(max_node_count=2)
    sizes = m.AmlComputeProperties(vm_size="STANDARD_DS3_V2", scale_settings=scale)
    body = m.ComputeResource(
        location="westeurope", properties=m.AmlCompute(properties=sizes)
    )
    return client.compute.begin_create_or_update(*place, "cpu", body).result()


def run(client, place, name, properties):
    body = m.JobBase(properties=properties)
    client.jobs.create_or_update(*place, name, body)
    for _ in range(100):
        if client.jobs.get(*place, name).properties.status in ENDED:
            break
    return client.jobs.get(*place, name).properties.status


def test_assets(client, place, environment):
    data = m.DataVersionBase(
        properties=m.UriFileDataVersion(data_uri="https://example.org/iris.csv")
    )
    assert client.data_versions.create_or_update(*place, "iris", "1", data).name == "1"
    code = m.CodeVersion(
        properties=m.CodeVersionProperties(
            code_uri="https://storageaccount.blob.core.windows.net/code/src"
        )
    )
    client.code_versions.create_or_update(*place, "src", "1", code)
    model = m.ModelVersion(
        properties=m.ModelVersionProperties(
            model_uri="azureml://jobs/train-1/outputs/artifacts/model",
            model_type="custom_model",
        )
    )
    client.model_versions.create_or_update(*place, "m", "1", model)
    model.properties.is_archived = True
    client.model_versions.create_or_update(*place, "m", "1", model)
    component = m.ComponentVersion(
        properties=m.ComponentVersionProperties(
            component_spec={
                "name": "train",
                "version": "1",
                "type": "command",
                "command": "python main.py",
                "environment": f"azureml:{environment.id}",
            }
        )
    )
    client.component_versions.create_or_update(*place, "train", "1", component)
    assert [one.name for one in client.component_containers.list(*place)] == ["train"]


def test_jobs(client, place, environment, cluster):
    command = m.CommandJob(
        command="echo ${{inputs.lr}}",
        environment_id=environment.id,
        compute_id=cluster.id,
        inputs={"lr": m.LiteralJobInput(value="0.1")},
    )
    assert run(client, place, "train-1", command) == "Completed"
    archived = client.jobs.get(*place, "train-1")
    archived.properties.is_archived = True
    client.jobs.create_or_update(*place, "train-1", archived)
    client.jobs.create_or_update(*place, "train-2", m.JobBase(properties=command))
    client.jobs.begin_cancel(*place, "train-2").result()
    assert client.jobs.get(*place, "train-2").properties.status == "Canceled"


def test_sweep(client, place, environment, cluster):
    trial = m.TrialComponent(
        command="echo ${{search_space.lr}}", environment_id=environment.id
    )
    sweep = m.SweepJob(
        trial=trial,
        compute_id=cluster.id,
        objective=m.Objective(primary_metric="loss", goal="Minimize"),
        sampling_algorithm=m.RandomSamplingAlgorithm(),
        search_space={"lr": ["uniform", [0.01, 0.9]]},
        limits=m.SweepJobLimits(max_total_trials=3, max_concurrent_trials=2),
    )
    assert run(client, place, "sweep-1", sweep) == "Completed"
    for number in range(3):
        child = client.jobs.get(*place, f"sweep-1_{number}")
        assert child.properties.status == "Completed"


def test_pipeline_and_schedule(client, place, environment, cluster):
    step = {
        "type": "command",
        "command": "echo",
        "environmentId": environment.id,
        "computeId": cluster.id,
    }
    pipeline = m.PipelineJob(
        jobs={"first": {"name": "first", **step}, "second": {"name": "second", **step}}
    )
    assert run(client, place, "pipeline-1", pipeline) == "Completed"
    job = m.CommandJob(command="echo", environment_id=environment.id)
    schedule = m.Schedule(
        properties=m.ScheduleProperties(
            action=m.JobScheduleAction(job_definition=job),
            trigger=m.CronTrigger(expression="0 0 * * *"),
        )
    )
    client.schedules.begin_create_or_update(*place, "nightly", schedule).result()
    assert [one.name for one in client.schedules.list(*place)] == ["nightly"]


def test_endpoint(client, place):
    body = m.OnlineEndpoint(
        location="westeurope", properties=m.OnlineEndpointProperties(auth_mode="Key")
    )
    endpoints = client.online_endpoints
    endpoints.begin_create_or_update(*place, "scoring", body).result()
    assert endpoints.get(*place, "scoring").properties.provisioning_state == "Succeeded"
    endpoints.begin_delete(*place, "scoring").result()
