"""azure-mgmt-machinelearningservices 2.0.0b2, which speaks 2023-04-01."""

from __future__ import annotations

import os

from azure.identity import EnvironmentCredential
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient
from azure.mgmt.machinelearningservices import models as m
from steps import refused, step

PLACE = (os.environ["AZURE_RESOURCE_GROUP"], os.environ["AZML_WORKSPACE"])
client = MachineLearningServicesMgmtClient(
    EnvironmentCredential(), os.environ["AZURE_SUBSCRIPTION_ID"], polling_interval=0
)


def environment(image: str):
    body = m.EnvironmentVersion(properties=m.EnvironmentVersionProperties(image=image))
    return client.environment_versions.create_or_update(*PLACE, "e", "1", body)


def change_workspace():
    body = m.WorkspaceUpdateParameters(tags={"a": "b"}, description="d")
    return client.workspaces.begin_update(*PLACE, body).result()


def make_endpoint():
    body = m.OnlineEndpoint(
        location="westeurope", properties=m.OnlineEndpointProperties(auth_mode="Key")
    )
    return client.online_endpoints.begin_create_or_update(*PLACE, "ep", body).result()


def make_deployment():
    body = m.OnlineDeployment(
        location="westeurope",
        properties=m.ManagedOnlineDeployment(instance_type="Standard_DS3_v2"),
        sku=m.Sku(name="Default", capacity=1),
    )
    deployments = client.online_deployments
    return deployments.begin_create_or_update(*PLACE, "ep", "blue", body).result()


def make_connection():
    body = m.WorkspaceConnectionPropertiesV2BasicResource(
        properties=m.PATAuthTypeWorkspaceConnectionProperties(
            category="Git",
            target="https://example.org",
            credentials=m.WorkspaceConnectionPersonalAccessToken(pat="xx"),
        )
    )
    return client.workspace_connections.create(*PLACE, "git", body)


def make_schedule():
    job = m.CommandJob(command="echo", environment_id=known.id)
    body = m.Schedule(
        properties=m.ScheduleProperties(
            action=m.JobScheduleAction(job_definition=job),
            trigger=m.CronTrigger(expression="15 10 * * 1"),
        )
    )
    return client.schedules.begin_create_or_update(*PLACE, "s", body).result()


known = step("environment", lambda: environment("mcr.microsoft.com/a"))
step("the same again", lambda: environment("mcr.microsoft.com/a").name == "1")
step(
    "another image",
    lambda: refused(lambda: environment("x/b")),
    lambda e: "registered" in e,
)
step(
    "update", change_workspace, lambda w: w.tags == {"a": "b"} and w.description == "d"
)
step("diagnose", lambda: client.workspaces.begin_diagnose(*PLACE).result().value)
step("keys", lambda: client.workspaces.list_keys(*PLACE).user_storage_key)
step(
    "notebook",
    lambda: client.workspaces.list_notebook_access_token(*PLACE).access_token,
)
step("endpoint", make_endpoint, lambda e: e.properties.scoring_uri)
step("deployment", make_deployment, lambda d: d.properties.scale_settings.scale_type)
step("keys of it", lambda: client.online_endpoints.list_keys(*PLACE, "ep").primary_key)
step("token", lambda: client.online_endpoints.get_token(*PLACE, "ep").access_token)
step(
    "logs",
    lambda: (
        client.online_deployments.get_logs(
            *PLACE, "ep", "blue", m.DeploymentLogsRequest(tail=10)
        ).content
    ),
)
step("connection", make_connection, lambda c: c.properties.credentials is None)
step("connections", lambda: [c.name for c in client.workspace_connections.list(*PLACE)])
step(
    "schedule", make_schedule, lambda s: s.properties.provisioning_state == "Succeeded"
)
step("sizes", lambda: client.virtual_machine_sizes.list("westeurope").value)
step("usages", lambda: list(client.usages.list("westeurope")))
step("features", lambda: list(client.workspace_features.list(*PLACE)))
step("end", lambda: client.online_endpoints.begin_delete(*PLACE, "ep").result() or True)
