"""Subscriptions and resource groups, as far as clients look for them.

ARM's own resources, for which no contract is held: bodies are written by hand.
"""

from __future__ import annotations

from azml_contract.emulator.paths import ArmPath
from azml_contract.emulator.refusal import refuse_at_gateway
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.world import World


def answer_own(world: World, method: str, path: ArmPath) -> Reply:
    """GET of subscriptions, of tenants, and of resource groups."""
    if method not in ("GET", "HEAD"):
        raise refuse_at_gateway(
            405, "MethodNotAllowed", f"The emulator does not carry out {method} here."
        )
    tail = path.tail.lower()
    if not path.subscription and tail == "subscriptions":
        return Reply(200, {"value": [_subscription(world)]})
    if not path.subscription and tail == "tenants":
        return Reply(200, {"value": [_tenant(world)]})
    if path.resource_group and not path.types and not tail:
        return Reply(200, _group(world))
    if path.subscription and tail in ("resourcegroups", "resourcegroup"):
        return Reply(200, {"value": [_group(world)]})
    if path.subscription and not path.types and not tail:
        return Reply(200, _subscription(world))
    raise refuse_at_gateway(
        404,
        "InvalidResourceType",
        "The emulator holds subscriptions, resource groups, one storage account and "
        "Microsoft.MachineLearningServices.",
    )


def _subscription(world: World) -> dict[str, object]:
    subscription = world.seed.subscription
    return {
        "id": f"/subscriptions/{subscription}",
        "authorizationSource": "RoleBased",
        "subscriptionId": subscription,
        "tenantId": world.seed.tenant,
        "displayName": "azml-contract emulator",
        "state": "Enabled",
    }


def _tenant(world: World) -> dict[str, object]:
    return {"id": f"/tenants/{world.seed.tenant}", "tenantId": world.seed.tenant}


def _group(world: World) -> dict[str, object]:
    seed = world.seed
    return {
        "id": world.workspace_id.partition("/providers/")[0],
        "name": seed.resource_group,
        "type": "Microsoft.Resources/resourceGroups",
        "location": seed.location,
        "properties": {"provisioningState": "Succeeded"},
    }
