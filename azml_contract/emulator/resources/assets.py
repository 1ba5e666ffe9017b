"""Versioned assets: a container for each name, versions below it.

In: calls on ``{kind}/{name}`` and ``{kind}/{name}/versions/{version}``. Out:
replies; a PUT of a version makes its container. Environments, codes and data
derive from these; models and components use them as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from azml_contract.emulator.refusal import Refusal
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.generic import Kind
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import Call, World

_WRITABLE_CONTAINER = ("description", "properties", "tags", "isArchived", "dataType")


class AssetContainers(Kind):
    """The containers of one kind of asset."""

    noun = "asset"
    lists_last = True

    def view(self, call: Call, resource: Resource) -> Body:
        """What the service adds: the latest version, and the next."""
        properties = dict(resource.body.get("properties") or {})
        versions = f"{resource.id}/versions"
        newest = self.world.store.newest(versions)
        properties |= {
            "latestVersion": newest.name if newest else None,
            "nextVersion": str(self.world.store.highest(versions) + 1),
            "provisioningState": "Succeeded",
        }
        properties.setdefault("tags", {})
        properties.setdefault("properties", {})
        return {"properties": properties}

    def members(self, call: Call) -> Iterable[Resource]:
        """Containers that the query asks for."""
        return filter_archived(call, super().members(call))

    def missing(self, call: Call) -> Refusal:
        """The error for a container that is not there."""
        return missing_container(call.path.names[-1])


class AssetVersions(Kind):
    """The versions of one kind of asset."""

    default_tags: ClassVar[Body | None] = {}
    lists_last = True

    def read(self, call: Call, body: Body) -> Body:
        """The neutral form."""
        neutral = super().read(call, body)
        neutral["properties"] = self.read_properties(
            call, dict(neutral.get("properties") or {})
        )
        return neutral

    def read_properties(self, call: Call, properties: Body) -> Body:
        """The neutral form of ``properties``."""
        return properties

    def admit(self, call: Call, body: Body, existing: Resource | None) -> Resource:
        """A version, whose container is made with it."""
        resource = super().admit(call, body, existing)
        ensure_container(self.world, resource, self.container_properties(resource))
        return resource

    def container_properties(self, version: Resource) -> Body:
        """Properties of the container that a first version makes."""
        return {"isArchived": False}

    def view(self, call: Call, resource: Resource) -> Body:
        """What the service adds."""
        properties = dict(resource.body.get("properties") or ())
        properties["provisioningState"] = "Succeeded"
        for name in ("tags", "properties"):
            if properties.get(name) is None:
                properties[name] = self.default_tags
        return {"properties": properties}

    def list(self, call: Call) -> Reply:
        """The versions of a container that is there."""
        if self.world.store.get(call.path.id) is None:
            return self.answer_missing_container(call)
        return super().list(call)

    def answer_missing_container(self, call: Call) -> Reply:
        """A list of versions of nothing."""
        raise missing_container(call.path.names[-1])

    def members(self, call: Call) -> Iterable[Resource]:
        """Versions that the query asks for."""
        return filter_archived(call, super().members(call))

    def delete(self, call: Call) -> Reply:
        """Remove a version; its container goes with the last one."""
        reply = super().delete(call)
        container_id = call.path.id.rsplit("/versions/", 1)[0]
        if self.world.store.newest(f"{container_id}/versions") is None:
            self.world.store.delete(container_id)
        return reply

    def missing(self, call: Call) -> Refusal:
        """The error for a version that is not there."""
        name, version = call.path.names[-2:]
        return Refusal(
            404,
            "UserError",
            f"{call.path.types[-2]} version {name}:{version} not found.",
            "NotFoundError",
        )


class FeatureVersions(Kind):
    """Versions of a feature set or an entity of a feature store."""

    def admit(self, call: Call, body: Body, existing: Resource | None) -> Resource:
        """A version, whose container is made with it."""
        resource = super().admit(call, body, existing)
        ensure_container(self.world, resource, {"isArchived": False})
        return resource


def ensure_container(world: World, version: Resource, properties: Body) -> None:
    """Make the container of a version; one that exists was modified now."""
    container_id = version.id.rsplit("/versions/", 1)[0]
    existing = world.store.get(container_id)
    if existing is not None:
        world.store.put(existing.modified(existing.body, world.clock.now()))
        return
    world.store.put(world.new_resource(container_id, {"properties": properties}))


def missing_container(name: str) -> Refusal:
    """The error for a container that is not there."""
    return Refusal(
        404, "UserError", f"{name} container was not found.", "NotFoundError"
    )


def filter_archived(call: Call, members: Iterable[Resource]) -> Iterable[Resource]:
    """What ``listViewType`` asks for; what is active, when it is absent."""
    wanted = call.query.get("listviewtype", "ActiveOnly").lower()
    if wanted == "all":
        return members
    archived = wanted == "archivedonly"
    return (
        member
        for member in members
        if bool((member.body.get("properties") or {}).get("isArchived")) is archived
    )
