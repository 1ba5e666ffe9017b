"""One of everything: what a client makes, looks at, lists, changes and removes.

In: a client of an emulator, at one api-version. Out: nothing; the client keeps its
exchanges. The variants are those that clients send most.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tests.emulator.conftest import ArmClient

IMAGE = {"image": "mcr.microsoft.com/x"}
SCALE = {"minNodeCount": 0, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT2M"}
TRIGGER = {"triggerType": "Cron", "expression": "15 10 * * 1"}
REGION = {
    "location": "westeurope",
    "acrDetails": [{"systemCreatedAcrAccount": {"acrAccountSku": "Premium"}}],
    "storageAccountDetails": [
        {"systemCreatedStorageAccount": {"storageAccountType": "standard_lrs"}}
    ],
}


def tell(client: ArmClient) -> None:
    """One of everything: made, looked at, listed, changed and removed."""
    workspace = client.workspace
    group = workspace.partition("/providers/")[0]
    registry = f"{group}/providers/Microsoft.MachineLearningServices/registries/r1"
    cluster = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": SCALE}
    pipeline = {"jobType": "Pipeline", "jobs": {}, "settings": {}}
    action = {"actionType": "CreateJob", "jobDefinition": pipeline}
    spec = {"name": "c", "version": "1", "type": "command", "command": "echo"}
    feature = {"entities": ["x:1"], "specification": {"path": "https://x/y"}}
    column = [{"columnName": "a", "dataType": "string"}]
    blobs = {
        "datastoreType": "AzureBlob",
        "accountName": "a",
        "containerName": "c",
        "credentials": {"credentialsType": "None"},
    }
    made: dict[str, dict[str, Any]] = {
        "environments/e/versions/1": IMAGE,
        "codes/c/versions/1": {
            "codeUri": "https://x.blob.core.windows.net/c/d",
            "properties": {"hash_sha256": "abc"},
        },
        "data/d/versions/1": {"dataType": "uri_file", "dataUri": "https://x/y"},
        "models/m/versions/1": {"modelUri": "https://x/y", "modelType": "custom_model"},
        "components/c/versions/1": {"componentSpec": spec},
        "datastores/d": blobs,
        "jobs/p": pipeline,
        "schedules/s": {"action": action, "trigger": TRIGGER},
        "connections/g": {"category": "Git", "target": "https://x", "authType": "PAT"},
        "featuresets/f/versions/1": feature,
        "featurestoreEntities/f/versions/1": {"indexColumns": column},
    }
    top: dict[str, dict[str, Any]] = {
        "computes/c": {
            "properties": {"computeType": "AmlCompute", "properties": cluster}
        },
        "batchEndpoints/b": {"properties": {"authMode": "AADToken"}},
        "batchEndpoints/b/deployments/d": {"properties": {"compute": "c"}},
        registry: {"properties": {"regionDetails": [REGION]}},
    }
    for _ in range(2):
        for path, properties in made.items():
            client.put(path, {"properties": properties})
    for path, body in top.items():
        client.put(path, {"location": "westeurope", **body})
    client.emulator.clock.advance(3600)
    for path in (*made, *top, ""):
        client.get(path)
    for path in ("data/d", "components/c", "environments/e", "models/m"):
        client.get(path)
        client.get(f"{path}/versions")
    for path in (
        "data",
        "components",
        "schedules",
        "connections",
        "jobs",
        "datastores",
    ):
        client.get(path)
    client.get("batchEndpoints/b/deployments")
    client.get("codes/c/versions", hash="abc")
    client.post("datastores/workspaceblobstore/listSecrets", {})
    client.post("codes/c/versions/1/startPendingUpload", {})
    client.post("featuresets/f/versions/1/backfill", {})
    client.post("featuresets/f/versions/1/listMaterializationJobs", {})
    client.put("components/c", {"properties": {"description": "d"}})
    client.put("jobs/q", {"properties": pipeline})
    client.post("jobs/q/cancel")
    client.delete("batchEndpoints/b")
    client.delete("schedules/s")


def tell_variants(client: ArmClient, without: Collection[str] = ()) -> None:
    """The kinds of jobs, assets, stores, computes and endpoints, one by one.

    `without` names paths of which nobody knows what they are at that version.
    """
    workspace = client.workspace
    environment = f"{workspace}/environments/e/versions/1"
    compute = f"{workspace}/computes/v"
    named: dict[str, Any] = {
        "description": "d",
        "tags": {"a": "b"},
        "properties": {},
    }
    said = {**named, "isArchived": False}
    job = {
        **said,
        "displayName": "n",
        "experimentName": "x",
        "computeId": compute,
        "inputs": {
            "i": {"jobInputType": "literal", "value": "1"},
            "u": {"jobInputType": "uri_file", "uri": "https://x/y"},
        },
        "outputs": {"o": {"jobOutputType": "uri_folder"}},
    }
    command = {"command": "echo", "environmentId": environment}
    sweep = {
        "jobType": "Sweep",
        "samplingAlgorithm": {"samplingAlgorithmType": "Random"},
        "searchSpace": {"rate": ["uniform", [0, 1]]},
        "objective": {"goal": "maximize", "primaryMetric": "m"},
        "limits": {"jobLimitsType": "Sweep", "maxTotalTrials": 2, "timeout": "PT1H"},
        "trial": {**command, "command": "echo ${{search_space.rate}}"},
    }
    node = {"type": "command", "componentId": f"{workspace}/components/c/versions/1"}
    pipeline = {
        "jobType": "Pipeline",
        "settings": {"default_compute": "v"},
        "jobs": {"n": node},
    }
    action = {"actionType": "CreateJob", "jobDefinition": {**job, **pipeline}}
    spec = {"name": "v", "version": "1", "type": "command", "command": "echo"}
    feed = {"category": "PythonFeed", "target": "x", "authType": "UsernamePassword"}
    registry = {"category": "ContainerRegistry", "target": "x"}
    role = {"authType": "ManagedIdentity", "credentials": {"clientId": "u"}}
    user = {"username": "u", "password": "p"}
    store = {"tags": {}, "accountName": "a", "protocol": "https", "endpoint": "x"}
    nobody = {"credentialsType": "None"}
    key = {"secretsType": "AccountKey", "key": "a2V5"}
    account = {"credentialsType": "AccountKey", "secrets": key}
    size = {"vmSize": "STANDARD_DS3_V2"}
    admin = {"adminUserName": "a", "adminUserSshPublicKey": "b"}
    recurring = {
        "triggerType": "Recurrence",
        "frequency": "Day",
        "interval": 1,
        "schedule": {"hours": [1], "minutes": [2]},
        "startTime": "2030-01-01T00:00:00",
        "timeZone": "UTC",
    }
    asset = {**said, "isAnonymous": False}
    path = "azureml://datastores/x/paths/y"
    top: dict[str, dict[str, Any]] = {
        "computes/v": {
            "computeType": "AmlCompute",
            "description": "d",
            "properties": {**size, "scaleSettings": SCALE},
        },
        "computes/w": {
            "computeType": "AmlCompute",
            "properties": {**size, "userAccountCredentials": admin},
        },
        "computes/i": {"computeType": "ComputeInstance", "properties": size},
        "batchEndpoints/v": {**named, "authMode": "AADToken"},
        "batchEndpoints/v/deployments/d": {
            "compute": compute,
            "environmentId": environment,
            "environmentVariables": {},
            "resources": {"instanceCount": 2, "properties": {}},
            "outputFileName": "p.csv",
        },
        "onlineEndpoints/v": {"authMode": "Key"},
        "onlineEndpoints/v/deployments/d": {
            "endpointComputeType": "Managed",
            "instanceType": "x",
            "environmentId": environment,
        },
        "environments/v/versions/1": {**asset, **IMAGE, "condaFile": "name: a"},
        "data/v/versions/1": {**asset, "dataType": "uri_folder", "dataUri": path},
        "data/w/versions/1": {**asset, "dataType": "uri_file", "dataUri": path},
        "models/v/versions/1": {**said, "modelUri": path, "modelType": "mlflow_model"},
        "components/v/versions/1": {**asset, "componentSpec": spec},
        "datastores/v": {
            **store,
            "datastoreType": "AzureBlob",
            "containerName": "c",
            "credentials": account,
        },
        "datastores/w": {
            **store,
            "datastoreType": "AzureFile",
            "fileShareName": "c",
            "credentials": account,
        },
        "datastores/x": {
            **store,
            "datastoreType": "AzureDataLakeGen2",
            "filesystem": "c",
            "credentials": nobody,
        },
        "connections/v": {**feed, "credentials": user},
        "connections/w": {**registry, **role},
        "jobs/c": {**job, **command, "jobType": "Command"},
        "jobs/s": {**job, **sweep},
        "jobs/v": {**job, **pipeline},
        "schedules/w": {"trigger": TRIGGER, "action": action},
        "schedules/v": {
            **named,
            "displayName": "n",
            "trigger": recurring,
            "action": action,
        },
    }
    for place, properties in top.items():
        if place in without:
            continue
        client.put(place, {"location": "westeurope", "properties": properties})
        client.get(place)
        client.emulator.clock.advance(3600)
        client.get(place)
    for kind in ("data", "components", "models", "environments"):
        client.get(f"{kind}/v")
        client.get(f"{kind}/v/versions")
        client.get(kind)
    for kind in (
        "connections",
        "schedules",
        "datastores",
        "batchEndpoints",
        "computes",
    ):
        client.get(kind)
    client.get("batchEndpoints/v/deployments")
    for name in ("v", "w"):
        client.post(f"datastores/{name}/listSecrets", {})
    client.delete("connections/v")
