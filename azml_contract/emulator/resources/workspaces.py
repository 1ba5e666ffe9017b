"""Workspaces: the seeded one, and any that a client makes beside it."""

from __future__ import annotations

from collections.abc import Iterable

from azml_contract.emulator.refusal import Refusal, refuse_resource_not_found
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.accounts import Account
from azml_contract.emulator.resources.datastores import seed_datastores
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import Call, storage_account_id, workspace_guid_of
from azml_contract.settings import PROVIDER


class Workspaces(Account):
    """``Microsoft.MachineLearningServices/workspaces``."""

    status_kind = "workspaceOperationsStatus"

    def missing(self, call: Call) -> Refusal:
        """The error for a workspace that is not there."""
        return refuse_resource_not_found(
            f"{PROVIDER}/workspaces", call.path.names[-1], call.path.resource_group
        )

    def members(self, call: Call) -> Iterable[Resource]:
        """Workspaces of a resource group, or of the whole subscription."""
        if call.path.resource_group:
            return self.world.store.list(f"{call.path.id}/workspaces")
        return [
            resource
            for group in self.world.groups()
            for resource in self.world.store.list(
                f"{group}/providers/{PROVIDER}/workspaces"
            )
        ]

    def put(self, call: Call) -> Reply:
        """Create or change a workspace; a new one gets its datastores."""
        is_new = self.world.store.get(call.path.id) is None
        reply = super().put(call)
        made = self.world.store.get(call.path.id)
        if is_new and made is not None:
            self.world.blobs.promise_containers(seed_datastores(self.world, made.id))
        return reply

    def view(self, call: Call, resource: Resource) -> Body:
        """What the service adds: identifiers and addresses."""
        body = dict(resource.body)
        location = str(body.get("location", self.world.seed.location))
        properties = dict(body.get("properties") or {})
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
            "provisioningState": self.provisioning_state(resource),
            "workspaceId": workspace_guid_of(resource.id),
            "tenantId": self.world.seed.tenant,
            "discoveryUrl": f"https://{host}/discovery",
            "mlFlowTrackingUri": f"azureml://{host}/mlflow/v1.0{resource.id}",
            "storageHnsEnabled": False,
            "privateLinkCount": 0,
            "v1LegacyMode": False,
        }
        encryption = properties.get("encryption") or {}
        if str(encryption.get("status")).lower() == "disabled":
            properties.pop("encryption")
        said = {name: value for name, value in properties.items() if value is not None}
        body["properties"] = added | said
        body.setdefault("location", location)
        body["tags"] = body.get("tags") or {}
        body["sku"] = body.get("sku") or {"name": "Basic", "tier": "Basic"}
        body["identity"] = body.get("identity") or {"type": "SystemAssigned"}
        return body

    def patch(self, call: Call) -> Reply:
        """Change a workspace; where that takes a while, 202 and two addresses."""
        reply = super().patch(call)
        if not call.operation.long_running:
            return reply
        changed = self.need(call)
        # The id of an update is a token; those of PUT and DELETE are GUIDs.
        return self.begin(call, changed, "Updating", self.world.store.draw_token())

    def _account_id(self) -> str:
        return storage_account_id(
            self.world.workspace_id, self.world.seed.storage_account
        )

    def _neighbour(self, kind: str, prefix: str) -> str:
        group = self.world.workspace_id.partition("/providers/")[0]
        return f"{group}/providers/{kind}/{prefix}-{self.world.seed.workspace}"
