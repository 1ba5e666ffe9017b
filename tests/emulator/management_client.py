"""The workflow with azure-mgmt-machinelearningservices 2.0.0b2 (2023-04-01).

A program that knows nothing of the emulator: it takes all from the environment
and writes what became of each step.
"""

import json
import os
import sys
import time

from azure.core.exceptions import ResourceNotFoundError
from azure.identity import EnvironmentCredential
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient
from azure.mgmt.machinelearningservices import models as m

place = (os.environ["AZURE_RESOURCE_GROUP"], os.environ["AZML_WORKSPACE"])
client = MachineLearningServicesMgmtClient(
    EnvironmentCredential(), os.environ["AZURE_SUBSCRIPTION_ID"], polling_interval=0
)
seen = {}

cluster = m.AmlCompute(
    properties=m.AmlComputeProperties(
        vm_size="STANDARD_DS3_V2",
        scale_settings=m.ScaleSettings(max_node_count=4, min_node_count=0),
    )
)
compute = client.compute.begin_create_or_update(
    *place, "cpu-cluster", m.ComputeResource(location="westeurope", properties=cluster)
).result()
compute = client.compute.get(*place, "cpu-cluster")
seen["compute"] = compute.properties.provisioning_state
assert [c.name for c in client.compute.list(*place)] == ["cpu-cluster"]

environment = client.environment_versions.create_or_update(
    *place,
    "lightgbm",
    "1",
    m.EnvironmentVersion(
        properties=m.EnvironmentVersionProperties(
            image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04",
            conda_file="dependencies:\n- python=3.8\n",
        )
    ),
)
store = next(iter(client.datastores.list(*place, is_default=True)))
assert store.properties.account_name == os.environ["AZML_STORAGE_ACCOUNT"]
assert client.datastores.list_secrets(*place, store.name).key
data = client.data_versions.create_or_update(
    *place,
    "iris",
    "1",
    m.DataVersionBase(
        properties=m.UriFileDataVersion(
            data_uri="azureml://datastores/workspaceblobstore/paths/iris.csv"
        )
    ),
)
code = client.code_versions.create_or_update(
    *place,
    "train",
    "1",
    m.CodeVersion(
        properties=m.CodeVersionProperties(code_uri="https://example.invalid/src")
    ),
)


def finish(name):
    for _ in range(50):
        status = client.jobs.get(*place, name).properties.status
        if status in ("Completed", "Failed", "Canceled"):
            return status
        time.sleep(0.01)
    return "never"


def submit(name, properties):
    made = client.jobs.create_or_update(*place, name, m.JobBase(properties=properties))
    assert made.name == name
    return made


inputs = {"iris": m.UriFileJobInput(uri=data.id)}
command = m.CommandJob(
    command="python train.py",
    environment_id=environment.id,
    code_id=code.id,
    compute_id=compute.id,
    inputs=inputs,
)
submit("command", command)
seen["command"] = finish("command")

submit(
    "sweep",
    m.SweepJob(
        objective=m.Objective(primary_metric="loss", goal="Minimize"),
        sampling_algorithm=m.RandomSamplingAlgorithm(),
        search_space={"rate": ["uniform", [0.1, 0.5]]},
        trial=m.TrialComponent(
            command="train ${{search_space.rate}}", environment_id=environment.id
        ),
        limits=m.SweepJobLimits(max_total_trials=3, max_concurrent_trials=2),
        compute_id=compute.id,
    ),
)
seen["sweep"] = finish("sweep")

submit("cancelled", command)
client.jobs.begin_cancel(*place, "cancelled").result()
seen["cancelled"] = finish("cancelled")

try:
    client.jobs.get(*place, "nowhere")
except ResourceNotFoundError as error:
    seen["missing"] = type(error).__name__
sys.stdout.write(json.dumps(seen))
