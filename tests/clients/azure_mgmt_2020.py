"""azure-mgmt-machinelearningservices 1.0.0, which speaks 2020-08-01."""

from __future__ import annotations

import os

import azure.mgmt.machinelearningservices as management
from azure.identity import EnvironmentCredential
from azure.mgmt.machinelearningservices import models as m
from steps import refused, step

GROUP, NAME = os.environ["AZURE_RESOURCE_GROUP"], os.environ["AZML_WORKSPACE"]
client = management.AzureMachineLearningWorkspaces(
    EnvironmentCredential(), os.environ["AZURE_SUBSCRIPTION_ID"], polling_interval=0
)
workspaces, computes = client.workspaces, client.machine_learning_compute
cluster = m.ComputeResource(
    location="westeurope",
    properties=m.AmlCompute(
        properties=m.AmlComputeProperties(
            vm_size="STANDARD_D2_V2",
            vm_priority="Dedicated",
            scale_settings=m.ScaleSettings(max_node_count=2, min_node_count=1),
        )
    ),
)
another = m.Workspace(
    location="westeurope",
    storage_account="/subscriptions/s/a",
    key_vault="/subscriptions/s/k",
    application_insights="/subscriptions/s/i",
    identity=m.Identity(type="SystemAssigned"),
)


def names(items):
    return [item.name for item in items]


step("get", lambda: workspaces.get(GROUP, NAME), lambda w: w.name == NAME)
step("list", lambda: names(workspaces.list_by_subscription()), lambda n: NAME in n)
step("keys", lambda: workspaces.list_keys(GROUP, NAME).user_storage_key)
step(
    "create",
    lambda: workspaces.begin_create_or_update(GROUP, "another", another).result(),
    lambda w: w.name == "another",
)
step("delete", lambda: workspaces.begin_delete(GROUP, "another").result() or True)
step("gone", lambda: refused(lambda: workspaces.get(GROUP, "another")))
step(
    "make a cluster",
    lambda: computes.begin_create_or_update(GROUP, NAME, "c1", cluster).result(),
    lambda c: c.properties.provisioning_state == "Succeeded",
)
step(
    "nodes", lambda: computes.list_nodes(GROUP, NAME, "c1").nodes, lambda n: len(n) == 1
)
step("computes", lambda: names(computes.list_by_workspace(GROUP, NAME)))
step(
    "delete it",
    lambda: computes.begin_delete(GROUP, NAME, "c1", "Delete").result() or True,
)
step("usages", lambda: list(client.usages.list("westeurope")))
step("quotas", lambda: list(client.quotas.list("westeurope")))
step("sizes", lambda: client.virtual_machine_sizes.list("westeurope").aml_compute)
step("features", lambda: list(client.workspace_features.list(GROUP, NAME)))
step("notebook", lambda: client.notebooks.begin_prepare(GROUP, NAME).result().fqdn)
step("operations", lambda: list(client.operations.list()))
