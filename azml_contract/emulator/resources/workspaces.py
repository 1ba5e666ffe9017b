"""Workspaces: the seeded one, and any that a client makes beside it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from azml_contract.emulator.refusal import Refusal
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.generic import Kind, refuse_resource_not_found
from azml_contract.emulator.resources.operations import operation_url, start_operation
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import Call
from azml_contract.settings import PROVIDER

_PROVISIONING_S = 60.0


class Workspaces(Kind):
    """``Microsoft.MachineLearningServices/workspaces``."""

    def missing(self, call: Call) -> Refusal:
        """The error for a workspace that is not there."""
        return refuse_resource_not_found(
            f"{PROVIDER}/workspaces", call.path.names[-1], call.path.resource_group
        )

    def members(self, call: Call) -> Sequence[Resource]:
        """Workspaces of a resource group, or of the whole subscription."""
        if call.path.resource_group:
            return self.world.store.list(f"{call.path.id}/workspaces")
        prefix = f"/subscriptions/{call.path.subscription}/".lower()
        return [
            resource
            for resource in self.world.store
            if resource.id.lower().startswith(prefix)
            and "/" not in resource.id.lower().rpartition("/workspaces/")[2]
            and "/workspaces/" in resource.id.lower()
        ]

    def view(self, call: Call, resource: Resource) -> Body:
        """What the service adds: identifiers and addresses."""
        body = dict(resource.body)
        location = str(body.get("location", self.world.seed.location))
        properties = dict(body.get("properties") or {})
        workspace_guid = workspace_guid_of(resource.id)
        host = f"{location}.api.azureml.ms"
        added: Body = {
            "friendlyName": resource.name,
            "description": "",
            "storageAccount": self._account_id(),
            "keyVault": self._neighbour("Microsoft.KeyVault/vaults", "kv"),
            "applicationInsights": self._neighbour(
                "Microsoft.Insights/components", "appi"
            ),
            "hbiWorkspace": False,
            "publicNetworkAccess": "Enabled",
            "provisioningState": "Succeeded",
            "workspaceId": workspace_guid,
            "tenantId": self.world.seed.tenant,
            "discoveryUrl": f"https://{host}/discovery",
            "mlFlowTrackingUri": f"azureml://{host}/mlflow/v1.0{resource.id}",
            "storageHnsEnabled": False,
            "privateLinkCount": 0,
            "v1LegacyMode": False,
        }
        body["properties"] = added | properties
        body.setdefault("location", location)
        body.setdefault("tags", {})
        body.setdefault("kind", "Default")
        body.setdefault("sku", {"name": "Basic", "tier": "Basic"})
        body["identity"] = {
            **(body.get("identity") or {"type": "SystemAssigned"}),
            "principalId": str(uuid.uuid5(uuid.NAMESPACE_URL, resource.id)),
            "tenantId": self.world.seed.tenant,
        }
        return body

    def answer_put(self, call: Call, resource: Resource, *, is_new: bool) -> Reply:
        """202, and two addresses where the state can be asked for."""
        operation = start_operation(
            self.world, resource.id, "Creating", _PROVISIONING_S
        )
        url = operation_url(call, self.world, operation, "workspaceOperationsStatus")
        headers = (
            ("Location", f"{url}&type=location"),
            ("Azure-AsyncOperation", f"{url}&type=async"),
        )
        return Reply(202, headers=headers)

    def _account_id(self) -> str:
        return storage_account_id(
            self.world.workspace_id, self.world.seed.storage_account
        )

    def _neighbour(self, kind: str, prefix: str) -> str:
        group = self.world.workspace_id.partition("/providers/")[0]
        return f"{group}/providers/{kind}/{prefix}-{self.world.seed.workspace}"


def storage_account_id(workspace_id: str, account: str) -> str:
    """ARM id of a storage account beside a workspace."""
    group = workspace_id.partition("/providers/")[0]
    return f"{group}/providers/Microsoft.Storage/storageAccounts/{account}"


def workspace_guid_of(workspace_id: str) -> str:
    """The GUID by which the service knows a workspace; always the same one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, workspace_id.lower()))
