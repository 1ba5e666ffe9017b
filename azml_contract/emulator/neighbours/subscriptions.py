"""ARM's own: subscriptions, tenants, groups, resource lists, providers, locations.

No contract is held for them: bodies are written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from azml_contract.emulator.neighbours.stubs import list_stubs, load_stubs
from azml_contract.emulator.paths import ArmPath
from azml_contract.emulator.refusal import refuse_at_gateway
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.world import World
from azml_contract.settings import PROVIDER

_TYPES = (
    "workspaces",
    "workspaces/computes",
    "workspaces/jobs",
    "workspaces/onlineEndpoints",
    "workspaces/batchEndpoints",
    "registries",
)


def answer_own(
    world: World, method: str, path: ArmPath, query: Mapping[str, str], body: Any
) -> Reply:
    """A call that no provider answers."""
    tail = path.tail.lower()
    if path.resource_group and not path.types and not tail and not path.provider:
        return _answer_group(world, method, path, body)
    if path.subscription and _names_provider(path):
        return Reply(200, _provider(world, path.provider))
    if method not in ("GET", "HEAD"):
        raise refuse_at_gateway(
            405, "MethodNotAllowed", f"The emulator does not carry out {method} here."
        )
    answers: dict[str, Callable[[], dict[str, Any]]] = {
        "subscriptions": lambda: {"value": [_subscription(world)]},
        "tenants": lambda: {"value": [_tenant(world)]},
        "resourcegroups": lambda: {"value": [_group(world, g) for g in world.groups()]},
        "resources": lambda: {"value": _resources(world, path, query)},
        "providers": lambda: {"value": [_provider(world, n) for n in _namespaces()]},
        "locations": lambda: {"value": [_location(world)]},
    }
    if tail in answers and not path.types and not path.provider:
        return Reply(200, answers[tail]())
    if path.subscription and not path.types and not tail and not path.provider:
        return Reply(200, _subscription(world))
    raise refuse_at_gateway(
        404,
        "InvalidResourceType",
        "The emulator holds subscriptions, resource groups, deployments, "
        "Microsoft.MachineLearningServices, and stubs of what a workspace needs: "
        f"{', '.join(_namespaces()[1:])}.",
    )


def _names_provider(path: ArmPath) -> bool:
    wanted = path.provider.lower()
    is_bare = not path.types and path.tail.lower() in ("", "register")
    return is_bare and wanted in (name.lower() for name in _namespaces())


def _answer_group(world: World, method: str, path: ArmPath, body: Any) -> Reply:
    known = {group.lower() for group in world.groups()}
    is_there = path.scope.lower() in known
    if method == "PUT":
        if not is_there:
            sent = body if isinstance(body, dict) else {}
            world.store.put(world.new_resource(path.scope, sent))
        return Reply(200 if is_there else 201, _group(world, path.scope))
    if not is_there:
        raise refuse_group(path.resource_group)
    if method == "HEAD":
        return Reply(204)
    if method == "DELETE":
        world.store.delete(path.scope)
        return Reply(200)
    return Reply(200, _group(world, path.scope))


def refuse_group(name: str) -> Exception:
    """ARM's error for a group that is not there."""
    return refuse_at_gateway(
        404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found."
    )


def _resources(world: World, path: ArmPath, query: Mapping[str, str]) -> list[Any]:
    wanted = query.get("$filter", "")
    listed = list_stubs(world, path.scope)
    kind = re.search(r"resourceType eq '([^']+)'", wanted, re.IGNORECASE)
    name = re.search(r"\bname eq '([^']+)'", wanted, re.IGNORECASE)
    part = re.search(r"substringof\('([^']+)', *name\)", wanted, re.IGNORECASE)
    return [
        r
        for r in listed
        if (not kind or r["type"].lower() == kind[1].lower())
        and (not name or r["name"].lower() == name[1].lower())
        and (not part or part[1].lower() in r["name"].lower())
    ]


def _namespaces() -> list[str]:
    known = {entry["type"].partition("/")[0] for entry in load_stubs().values()}
    return [PROVIDER, "Microsoft.Resources", *sorted(known)]


def _provider(world: World, namespace: str) -> dict[str, object]:
    written = next(n for n in _namespaces() if n.lower() == namespace.lower())
    kinds: dict[str, list[str]] = {kind: ["2024-04-01"] for kind in _TYPES}
    if written != PROVIDER:
        kinds = {
            entry["type"].partition("/")[2]: ["2023-01-01"]
            for entry in load_stubs().values()
            if entry["type"].startswith(f"{written}/")
        }
    location = world.seed.location
    return {
        "id": f"/subscriptions/{world.seed.subscription}/providers/{written}",
        "namespace": written,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [
            {"resourceType": kind, "locations": [location], "apiVersions": versions}
            for kind, versions in kinds.items()
        ],
    }


def _location(world: World) -> dict[str, object]:
    name = world.seed.location
    return {
        "id": f"/subscriptions/{world.seed.subscription}/locations/{name}",
        "name": name,
        "type": "Region",
        "displayName": name,
        "regionalDisplayName": name,
        "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
    }


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


def _group(world: World, group_id: str) -> dict[str, object]:
    made = world.store.get(group_id)
    body = made.body if made else {}
    return {
        "id": group_id,
        "name": group_id.rpartition("/")[2],
        "type": "Microsoft.Resources/resourceGroups",
        "location": body.get("location", world.seed.location),
        "properties": {"provisioningState": "Succeeded"},
    }


def describe_cloud() -> list[dict[str, Any]]:
    """What ``GET /metadata/endpoints`` says of the public cloud."""
    login = "https://login.microsoftonline.com/"
    arm = "https://management.azure.com/"
    return [
        {
            "name": "AzureCloud",
            "portal": "https://portal.azure.com",
            "authentication": {
                "loginEndpoint": login,
                "audiences": ["https://management.core.windows.net/", arm],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "graph": "https://graph.windows.net/",
            "graphAudience": "https://graph.windows.net/",
            "media": "https://rest.media.azure.net",
            "batch": "https://batch.core.windows.net/",
            "resourceManager": arm,
            "sqlManagement": "https://management.core.windows.net:8443/",
            "gallery": "https://gallery.azure.com/",
            "suffixes": {
                "storage": "core.windows.net",
                "keyVaultDns": "vault.azure.net",
                "acrLoginServer": "azurecr.io",
                "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
                "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
                "sqlServerHostname": "database.windows.net",
            },
        }
    ]
