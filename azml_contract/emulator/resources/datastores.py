"""Datastores: the three that every workspace has, and those that a client adds.

Neutral form: the flat one of 2022-02-01-preview and later. At
2021-03-01-preview the type's own properties stand under ``contents``. Secrets
are kept as facts of the resource; no GET shows them, ``listSecrets`` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from azml_contract.emulator.refusal import Refusal
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.generic import Kind
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.versions import LEGACY_ENDS
from azml_contract.emulator.world import Call, World

DEFAULT_STORE = "workspaceblobstore"
ARTIFACT_STORE = "workspaceartifactstore"
FILE_STORE = "workspacefilestore"
_SHARED = ("description", "properties", "tags", "isDefault")
# What the flat form calls differently from ``contents``.
_FILE_SHARE = {"AzureFile": "fileShareName"}
_FILE_SYSTEM = {"AzureDataLakeGen2": "filesystem"}


class Datastores(Kind):
    """``workspaces/datastores``."""

    lists_last = True

    def read(self, call: Call, body: Body) -> Body:
        """The flat form; secrets stay in ``credentials`` until `admit`."""
        neutral = super().read(call, body)
        properties = dict(neutral.get("properties") or {})
        if call.is_before(LEGACY_ENDS):
            properties = _flatten(properties)
        neutral["properties"] = properties
        return neutral

    def write(self, call: Call, resource: Resource, body: Body) -> Body:
        """The shape of the call's api-version."""
        if call.is_before(LEGACY_ENDS):
            return {**body, "properties": _wrap(body["properties"])}
        return body

    def view(self, call: Call, resource: Resource) -> Body:
        """What the service adds; never a secret."""
        properties = dict(resource.body.get("properties") or {})
        properties["isDefault"] = bool(resource.facts.get("is_default", False))
        properties.setdefault("tags", None)
        return {"properties": properties}

    def admit(self, call: Call, body: Body, existing: Resource | None) -> Resource:
        """A datastore whose secrets are set apart."""
        properties = dict(body["properties"])
        credentials = dict(properties.get("credentials") or {"credentialsType": "None"})
        secrets = credentials.pop("secrets", None) or {}
        properties["credentials"] = credentials
        asked_default = bool(properties.pop("isDefault", False))
        resource = super().admit(call, {"properties": properties}, existing)
        facts: dict[str, Any] = {**resource.facts}
        if secrets:
            facts["secrets"] = secrets
        if asked_default and call.is_before(LEGACY_ENDS):
            facts["is_default"] = True
            self._demote_others(resource)
        return replace(resource, facts=facts)

    def _demote_others(self, resource: Resource) -> None:
        collection = resource.id.rpartition("/")[0]
        for other in self.world.store.list(collection):
            if other.id != resource.id and other.facts.get("is_default"):
                facts = {**other.facts, "is_default": False}
                self.world.store.put(replace(other, facts=facts))

    def members(self, call: Call) -> Iterable[Resource]:
        """Datastores that the query asks for."""
        listed = super().members(call)
        wanted = call.query.get("isdefault", "").lower()
        if wanted in ("true", "false"):
            is_default = wanted == "true"
            listed = (
                d for d in listed if bool(d.facts.get("is_default")) is is_default
            )
        names = [n for n in call.query.get("names", "").split(",") if n]
        if names:
            listed = (d for d in listed if d.name in names)
        text = call.query.get("searchtext", "").lower()
        return (d for d in listed if text in d.name.lower()) if text else listed

    def sort(self, call: Call, members: Iterable[Resource]) -> Iterable[Resource]:
        """By name; ``orderByAsc=false`` turns the order of creation round."""
        if call.query.get("orderbyasc", "").lower() == "false":
            return tuple(members)[::-1]
        return members

    def act(self, call: Call, action: str) -> Reply:
        """``listSecrets``: the account key, or what the client once gave."""
        if action.lower() != "listsecrets":
            return super().act(call, action)
        resource = self.need(call)
        secrets = resource.facts.get("secrets")
        if not secrets:
            raise Refusal(
                400,
                "UserError",
                f"Datastore {resource.name} has no secrets: its credentials are of "
                "type None.",
                "BadArgument",
            )
        return Reply(200, dict(secrets))

    def delete(self, call: Call) -> Reply:
        """200, also at versions whose specification knows 204."""
        self.need(call)
        self.world.store.delete(call.path.id)
        return Reply(200)

    def missing(self, call: Call) -> Refusal:
        """The error for a datastore that is not there."""
        return Refusal(
            404,
            "UserError",
            f"Could not find datastore: {call.path.names[-1]}.",
            "NotFoundError",
        )


def _flatten(properties: Mapping[str, Any]) -> Body:
    contents = dict(properties.get("contents") or {})
    kind = contents.pop("contentsType", "AzureBlob")
    renamed = _FILE_SHARE.get(kind) or _FILE_SYSTEM.get(kind)
    if renamed and "containerName" in contents:
        contents[renamed] = contents.pop("containerName")
    shared = {k: v for k, v in properties.items() if k in _SHARED}
    return {**shared, "datastoreType": kind, **contents}


def _wrap(properties: Mapping[str, Any]) -> Body:
    kind = properties.get("datastoreType", "AzureBlob")
    contents = {
        key: value
        for key, value in properties.items()
        if key not in (*_SHARED, "datastoreType")
    }
    renamed = _FILE_SHARE.get(kind) or _FILE_SYSTEM.get(kind)
    if renamed and renamed in contents:
        contents["containerName"] = contents.pop(renamed)
    shared = {k: v for k, v in properties.items() if k in _SHARED}
    return {
        **shared,
        "hasBeenValidated": False,
        "contents": {"contentsType": kind, **contents},
    }


def seed_datastores(world: World, workspace_id: str) -> list[str]:
    """Create the datastores of a new workspace.

    Args:
        world: What there is.
        workspace_id: ARM id of the workspace.

    Returns:
        Names of the blob containers that they stand on.
    """
    guid = world.store.draw_guid()
    blobs, artifacts = f"azureml-blobstore-{guid}", "azureml"
    share = {"fileShareName": f"azureml-filestore-{guid}"}
    identity = {"serviceDataAccessAuthIdentity": "WorkspaceSystemAssignedIdentity"}
    _seed(
        world, workspace_id, ARTIFACT_STORE, "AzureBlob", {"containerName": artifacts}
    )
    _seed(world, workspace_id, FILE_STORE, "AzureFile", share)
    default = {"containerName": blobs, **identity}
    _seed(world, workspace_id, DEFAULT_STORE, "AzureBlob", default, is_default=True)
    return [artifacts, blobs]


def _seed(
    world: World,
    workspace_id: str,
    name: str,
    kind: str,
    place: Body,
    *,
    is_default: bool = False,
) -> None:
    properties = {
        "credentials": {"credentialsType": "AccountKey"},
        "datastoreType": kind,
        "accountName": world.seed.storage_account,
        **place,
        "endpoint": "core.windows.net",
        "protocol": "https",
    }
    key = {"secretsType": "AccountKey", "key": world.seed.storage_key}
    now = world.clock.now()
    world.store.put(
        Resource(
            f"{workspace_id}/datastores/{name}",
            {"properties": properties},
            now,
            now,
            # The service itself made it, so a GUID stands for its creator.
            world.seed.client_id,
            "Application",
            {"secrets": key, "is_default": is_default},
        )
    )
