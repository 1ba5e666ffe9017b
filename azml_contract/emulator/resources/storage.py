"""The storage account beside the workspace, as far as the workflow asks for it.

Another provider, for which no contract is held: bodies are written by hand.
"""

from __future__ import annotations

from azml_contract.emulator.clock import as_iso
from azml_contract.emulator.paths import ArmPath
from azml_contract.emulator.refusal import refuse_at_gateway
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.generic import refuse_resource_not_found
from azml_contract.emulator.resources.workspaces import storage_account_id
from azml_contract.emulator.world import World

PROVIDER = "microsoft.storage"


def answer_storage(world: World, method: str, path: ArmPath) -> Reply:
    """GET of the account, of the accounts, and POST of ``listKeys``."""
    if path.kind == "" and path.tail.lower() == "storageaccounts" and method == "GET":
        return Reply(200, {"value": [_account(world)]})
    if path.kind != "storageaccounts":
        raise refuse_at_gateway(
            404,
            "InvalidResourceType",
            "The resource type could not be found in the namespace "
            "'Microsoft.Storage': the emulator has storage accounts only.",
        )
    if path.names[-1].lower() != world.seed.storage_account.lower():
        raise refuse_resource_not_found(
            "Microsoft.Storage/storageAccounts", path.names[-1], path.resource_group
        )
    if method == "POST" and path.tail.lower() == "listkeys":
        return Reply(200, {"keys": [_key(world, 1), _key(world, 2)]})
    if method == "GET" and not path.tail:
        return Reply(200, _account(world))
    raise refuse_at_gateway(
        405,
        "MethodNotAllowed",
        f"The emulator does not carry out {method} {path.tail} of a storage account.",
    )


def _account(world: World) -> dict[str, object]:
    name = world.seed.storage_account
    return {
        "sku": {"name": "Standard_LRS", "tier": "Standard"},
        "kind": "StorageV2",
        "id": storage_account_id(world.workspace_id, name),
        "name": name,
        "type": "Microsoft.Storage/storageAccounts",
        "location": world.seed.location,
        "tags": {},
        "properties": {
            "primaryEndpoints": {"blob": f"https://{name}.blob.core.windows.net/"},
            "primaryLocation": world.seed.location,
            "provisioningState": "Succeeded",
            "statusOfPrimary": "available",
            "supportsHttpsTrafficOnly": True,
        },
    }


def _key(world: World, number: int) -> dict[str, object]:
    # Azurite takes one key for an account, so both keys are the same.
    return {
        "creationTime": as_iso(world.clock.now()),
        "keyName": f"key{number}",
        "value": world.seed.storage_key,
        "permissions": "FULL",
    }
