"""Resources of other providers: kept, shown and removed, without behaviour.

In: ARM paths of the types in ``stubs.toml``. Out: bodies as those providers
write them, roughly. A storage account also gives its keys.
"""

from __future__ import annotations

import re
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from azml_contract.emulator.clock import as_iso
from azml_contract.emulator.paths import ArmPath, parse_arm_path
from azml_contract.emulator.refusal import refuse_at_gateway, refuse_resource_not_found
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import World

_TABLE = Path(__file__).with_name("stubs.toml")
_SLOT = re.compile(r"\{\{(\w+)(?: (\w+))?\}\}")
_ENVELOPE = ("id", "name", "type", "apiVersion", "dependsOn", "condition")


@cache
def load_stubs() -> Mapping[str, Mapping[str, Any]]:
    """The table, by lower-case type."""
    return tomllib.loads(_TABLE.read_text("utf-8"))


def is_stub(path: ArmPath) -> bool:
    """Whether a path is about a resource, or a list, of one of these types."""
    return _type_of(path) in load_stubs()


def answer_stub(world: World, method: str, path: ArmPath, body: Any) -> Reply:
    """Carry out a call on a stub."""
    if path.tail and method == "GET":
        return Reply(200, {"value": [_show(world, r) for r in _members(world, path)]})
    if path.tail and method == "POST":
        return _act(world, path)
    existing = world.store.get(path.id)
    if method in ("PUT", "PATCH"):
        status = 201 if existing is None and method == "PUT" else 200
        return Reply(status, _show(world, put_stub(world, path, body or {})))
    if method == "DELETE":
        world.store.delete(path.id)
        return Reply(200 if existing else 204)
    return Reply(200, _show(world, existing or _missing(path)))


def put_stub(world: World, path: ArmPath, body: Body) -> Resource:
    """Keep a stub, as a PUT of it does."""
    kept = {name: value for name, value in body.items() if name not in _ENVELOPE}
    existing = world.store.get(path.id)
    if existing is not None:
        kept = {**existing.body, **kept}
        made = replace(existing, body=kept, modified_s=world.clock.now())
    else:
        made = world.new_resource(path.id, kept)
    world.store.put(made)
    return made


def seed_stubs(world: World) -> None:
    """What a workspace stands on: an account, a vault, insights."""
    group = world.workspace_id.partition("/providers/")[0]
    seed = world.seed
    for kind, name in (
        ("Microsoft.Storage/storageAccounts", seed.storage_account),
        ("Microsoft.KeyVault/vaults", f"kv-{seed.workspace}"),
        ("Microsoft.Insights/components", f"appi-{seed.workspace}"),
    ):
        path = parse_arm_path(f"{group}/providers/{kind}/{name}")
        put_stub(world, path, {"location": seed.location, "tags": {}})


def list_stubs(world: World, scope: str) -> list[Body]:
    """Every resource below a scope as ``/resources`` shows it, oldest first."""
    lowered = scope.lower() + "/"
    shown = []
    for resource in world.top_level():
        if resource.id.lower().startswith(lowered):
            location = resource.body.get("location", world.seed.location)
            shown.append(
                {
                    "id": resource.id,
                    "name": resource.name,
                    "type": _written_type(resource.id),
                    "location": location,
                }
            )
    return shown


def _type_of(path: ArmPath) -> str:
    kind = path.kind or path.tail.lower()
    return f"{path.provider.lower()}/{kind}"


def _written_type(resource_id: str) -> str:
    path = parse_arm_path(resource_id)
    known = load_stubs().get(_type_of(path), {})
    return str(known.get("type") or f"{path.provider}/{'/'.join(path.types)}")


def _members(world: World, path: ArmPath) -> list[Resource]:
    scopes = [path.scope] if path.resource_group else list(world.groups())
    return [
        resource
        for scope in scopes
        for resource in world.store.list(
            f"{scope}/providers/{path.provider}/{path.tail}"
        )
    ]


def _missing(path: ArmPath) -> Resource:
    written = load_stubs()[_type_of(path)]["type"]
    raise refuse_resource_not_found(written, path.names[-1], path.resource_group)


def _show(world: World, resource: Resource) -> Body:
    known = load_stubs().get(_type_of(parse_arm_path(resource.id)), {})
    location = str(resource.body.get("location") or world.seed.location)

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: fill(item) for key, item in value.items()}
        if not isinstance(value, str):
            return value
        return _SLOT.sub(lambda part: _slot(part[1], part[2]), value)

    def _slot(name: str, argument: str | None) -> str:
        if name == "guid":
            known_name = f"{resource.id.lower()}/{argument}"
            return str(uuid.uuid5(uuid.NAMESPACE_URL, known_name))
        facts = {"name": resource.name, "location": location}
        return {**facts, "tenant": world.seed.tenant}[name]

    shape = {k: fill(v) for k, v in known.items() if k not in ("type", "properties")}
    sent = resource.body.get("properties") or {}
    properties = {**fill(dict(known.get("properties") or {})), **sent}
    if "Identity" not in _written_type(resource.id):
        properties["provisioningState"] = "Succeeded"
    return {
        "id": resource.id,
        "name": resource.name,
        "type": _written_type(resource.id),
        "location": location,
        "tags": {},
        **shape,
        **resource.body,
        "properties": properties,
    }


def _act(world: World, path: ArmPath) -> Reply:
    if world.store.get(path.id) is None:
        _missing(path)
    if path.tail.lower() == "listkeys" and path.kind == "storageaccounts":
        return Reply(200, {"keys": [_key(world, 1), _key(world, 2)]})
    raise refuse_at_gateway(
        405,
        "MethodNotAllowed",
        f"The emulator keeps {path.provider} resources, and does not carry out "
        f"{path.tail}.",
    )


def _key(world: World, number: int) -> dict[str, object]:
    # Azurite takes one key for an account, so both keys are the same.
    return {
        "creationTime": as_iso(world.clock.now()),
        "keyName": f"key{number}",
        "value": world.seed.storage_key,
        "permissions": "FULL",
    }
