"""Computes: they take a while to be made, to change and to go.

Facts: PUT answers 201 with ``Azure-AsyncOperation`` also when the compute was
there; GET of a missing one is 404 with an empty body; an answer has no
``systemData``; DELETE answers 202. Source: compute_crud_lro recording.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from azml_contract.emulator.clock import as_iso
from azml_contract.emulator.refusal import Refusal
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.generic import Kind, answers_with, merge
from azml_contract.emulator.resources.operations import (
    compute_headers,
    start_operation,
)
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import Call, World

_PROVISIONING_S = 45.0
_DELETING_S = 45.0
_CHANGING_S = 45.0
_MOST_NODES = 100
_STATES = {
    "start": ("Starting", "Running"),
    "stop": ("Stopping", "Stopped"),
    "restart": ("Restarting", "Running"),
}
_SETTINGS = {
    "resize": ("targetVMSize", "vmSize"),
    "updateidleshutdownsetting": ("idleTimeBeforeShutdown", "idleTimeBeforeShutdown"),
}
_NO_NODES = {
    "preparingNodeCount": 0,
    "runningNodeCount": 0,
    "idleNodeCount": 0,
    "unusableNodeCount": 0,
    "leavingNodeCount": 0,
    "preemptedNodeCount": 0,
}


class Computes(Kind):
    """``workspaces/computes``."""

    def get(self, call: Call) -> Reply:
        """One compute; a missing one is answered with nothing at all."""
        resource = self._find(call.path.id)
        if resource is None:
            return Reply(404)
        if not self.is_settled(resource):
            self.world.clock.note_poll()
        return Reply(200, self.render(call, resource))

    def need(self, call: Call) -> Resource:
        """The compute of the path."""
        resource = self._find(call.path.id)
        if resource is None:
            raise missing_compute(call.path.names[-1])
        return resource

    def members(self, call: Call) -> Iterable[Resource]:
        """Computes that are not gone."""
        listed = super().members(call)
        return (c for c in listed if self._find(c.id) is not None)

    def admit(self, call: Call, body: Body, existing: Resource | None) -> Resource:
        """A compute that is being made, or changed."""
        if not (body.get("properties") or {}).get("computeType"):
            raise Refusal(
                400,
                "UserError",
                "The compute has no properties.computeType.",
                "BadArgument",
                "ArgumentInvalid",
            )
        known = self._find(call.path.id)
        resource = super().admit(call, body, known)
        now = self.world.clock.now()
        facts = {"settled_s": now + _PROVISIONING_S, "is_known": known is not None}
        return replace(resource, facts=facts)

    def answer_put(self, call: Call, resource: Resource, *, is_new: bool) -> Reply:
        """201, whether it is new or not."""
        operation = start_operation(
            self.world, resource.id, "Creating", _PROVISIONING_S
        )
        headers = compute_headers(call, self.world, operation)
        return Reply(201, self.render(call, resource), headers)

    def patch(self, call: Call) -> Reply:
        """Change the scale settings of a cluster."""
        existing = self.need(call)
        sent = (call.body or {}).get("properties") or {}
        # Since 2022-01-01-preview the settings stand one level deeper.
        inner = {"properties": {"properties": sent.get("properties", sent)}}
        changed = replace(
            existing,
            body=merge(existing.body, inner),
            modified_s=self.world.clock.now(),
            facts={"settled_s": self.world.clock.now() + _PROVISIONING_S},
        )
        self.world.store.put(changed)
        return Reply(200, self.render(call, changed))

    def delete(self, call: Call) -> Reply:
        """202; the compute is gone when the operation is done."""
        existing = self._find(call.path.id)
        if existing is None:
            if call.is_from("2022-02-01-preview"):
                return Reply(204)
            raise missing_compute(call.path.names[-1])
        operation = start_operation(self.world, existing.id, "Deleting", _DELETING_S)
        gone_s = self.world.clock.now() + _DELETING_S
        facts = {**existing.facts, "gone_s": gone_s}
        self.world.store.put(replace(existing, facts=facts))
        return Reply(202, headers=compute_headers(call, self.world, operation))

    def act(self, call: Call, action: str) -> Reply:
        """Start, stop and restart; ``listNodes``; changes of size and shutdown."""
        name = action.lower()
        if name in _STATES:
            return self._change_state(call, name)
        if name == "listnodes":
            return self._list_nodes(call)
        if name in _SETTINGS:
            self._set(call, name)
        return super().act(call, action)

    def _change_state(self, call: Call, name: str) -> Reply:
        resource = self.need(call)
        on_way, end = _STATES[name]
        changed_s = self.world.clock.now() + _CHANGING_S
        course = {
            "on_way": on_way,
            "state": end,
            "state_s": changed_s,
            "last_operation": name.capitalize(),
        }
        facts = {**resource.facts, **course}
        self.world.store.put(replace(resource, facts=facts))
        if not answers_with(call, "202"):
            return Reply(200)
        operation = start_operation(self.world, resource.id, "Updating", _CHANGING_S)
        return Reply(202, headers=compute_headers(call, self.world, operation))

    def _list_nodes(self, call: Call) -> Reply:
        properties = self.need(call).body["properties"]
        nodes = [
            {
                "nodeId": f"tvmps_{number:032x}_d",
                "privateIpAddress": f"10.0.0.{4 + number}",
                "publicIpAddress": None,
                "port": 50000 + number,
                "nodeState": "idle",
                "runId": None,
            }
            for number in range(_least_nodes(properties.get("properties") or {}))
        ]
        body = {"computeType": properties["computeType"], "nodes": nodes}
        return Reply(200, call.shaper(self.world).shape(body, call.answer_type()))

    def _set(self, call: Call, name: str) -> None:
        resource = self.need(call)
        asked = call.body if isinstance(call.body, dict) else {}
        theirs, ours = _SETTINGS[name]
        if asked.get(theirs) is not None:
            inner = {"properties": {"properties": {ours: asked[theirs]}}}
            body = merge(resource.body, inner)
            self.world.store.put(replace(resource, body=body))

    def view(self, call: Call, resource: Resource) -> Body:
        """What the service adds to a compute."""
        body = dict(resource.body)
        properties = dict(body.get("properties") or {})
        properties |= {
            "createdOn": as_iso(resource.created_s),
            "modifiedOn": as_iso(resource.modified_s),
            "disableLocalAuth": bool(properties.get("disableLocalAuth") or False),
            "provisioningState": self.provisioning_state(resource),
            "isAttachedCompute": False,
        }
        settled = self.is_settled(resource)
        # A GET shows place and tags at once (1,489 of 1,489), a PUT when it is made.
        is_known = bool(resource.facts.get("is_known"))
        placed = settled or is_known or call.method == "GET"
        if placed:
            properties["computeLocation"] = body.get(
                "location", self.world.seed.location
            )
        if properties.get("computeType") == "AmlCompute":
            properties["properties"] = self._view_cluster(
                dict(properties.get("properties") or {}), resource, settled=settled
            )
        if properties.get("computeType") == "ComputeInstance":
            properties["properties"] = self._view_instance(
                dict(properties.get("properties") or {}), resource, settled=settled
            )
        body["properties"] = properties
        body.setdefault("location", self.world.seed.location)
        body.setdefault("tags", {} if placed else None)
        return body

    def finish(self, resource: Resource, body: Body) -> Body:
        """The account of a cluster's nodes, when they are there; no password."""
        inner = body["properties"].get("properties")
        said = (resource.body["properties"].get("properties") or {}).get(
            "userAccountCredentials"
        )
        if isinstance(inner, dict) and said and self.is_settled(resource):
            inner["userAccountCredentials"] = {
                "adminUserName": said.get("adminUserName"),
                "adminUserSshPublicKey": said.get("adminUserSshPublicKey"),
                "adminUserPassword": None,
            }
        elif isinstance(inner, dict):
            inner.pop("userAccountCredentials", None)
        if isinstance(inner, dict) and self.is_settled(resource) and "osType" in inner:
            inner["propertyBag"] = {}
        return body

    def _view_instance(
        self, instance: Body, resource: Resource, *, settled: bool
    ) -> Body:
        instance["vmSize"] = str(instance.get("vmSize", "STANDARD_DS3_V2")).upper()
        ssh = instance.pop("sshSettings", None) or {}
        policy = instance.pop("applicationSharingPolicy", None)
        if not settled:
            return instance
        facts = resource.facts
        done = self.world.clock.now() >= facts.get("state_s", 0.0)
        return instance | {
            "applicationSharingPolicy": policy or "Shared",
            "sshSettings": {
                "sshPublicAccess": ssh.get("sshPublicAccess") or "Disabled",
                "adminUserName": "azureuser",
                "sshPort": 4000,
            },
            "state": facts.get("state" if done else "on_way", "Running"),
            "lastOperation": {
                "operationName": facts.get("last_operation", "Create"),
                "operationTime": as_iso(resource.modified_s, digits=3),
                "operationStatus": "Succeeded" if done else "InProgress",
                "operationTrigger": "User",
            },
        }

    def _view_cluster(
        self, cluster: Body, resource: Resource, *, settled: bool
    ) -> Body:
        cluster["vmSize"] = str(cluster.get("vmSize", "STANDARD_DS3_V2")).upper()
        cluster.setdefault("vmPriority", "Dedicated")
        cluster.setdefault("remoteLoginPortPublicAccess", "NotSpecified")
        cluster.setdefault("osType", "Linux")
        cluster.setdefault("isolatedNetwork", False)
        if not settled:
            return cluster
        least = _least_nodes(cluster)
        settled_s = resource.facts.get("settled_s", resource.created_s)
        return cluster | {
            "currentNodeCount": least,
            "targetNodeCount": least,
            "nodeStateCounts": {**_NO_NODES, "idleNodeCount": least},
            "allocationState": "Steady",
            "allocationStateTransitionTime": as_iso(settled_s, digits=3),
        }

    def provisioning_state(self, resource: Resource) -> str:
        """``Creating``, ``Succeeded`` or ``Deleting``."""
        if "gone_s" in resource.facts:
            return "Deleting"
        return "Succeeded" if self.is_settled(resource) else "Creating"

    def is_settled(self, resource: Resource) -> bool:
        """Whether it has been made, and is not going away."""
        settled_s: float = resource.facts.get("settled_s", resource.created_s)
        return self.world.clock.now() >= settled_s and "gone_s" not in resource.facts

    def _find(self, resource_id: str) -> Resource | None:
        return find_compute(self.world, resource_id)


def _least_nodes(cluster: Body) -> int:
    """How many nodes of a cluster are always there."""
    asked = (cluster.get("scaleSettings") or {}).get("minNodeCount") or 0
    return min(int(asked), _MOST_NODES)


def seed_compute(world: World, name: str) -> None:
    """Create a cluster that is ready from the start."""
    scale = {
        "minNodeCount": 0,
        "maxNodeCount": 4,
        "nodeIdleTimeBeforeScaleDown": "PT2M",
    }
    inner = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": scale}
    body = {
        "location": world.seed.location,
        "properties": {"computeType": "AmlCompute", "properties": inner},
    }
    now = world.clock.now()
    world.store.put(Resource(f"{world.workspace_id}/computes/{name}", body, now, now))


def find_compute(world: World, resource_id: str) -> Resource | None:
    """A compute that is there now; one whose deletion is over is removed."""
    resource = world.store.get(resource_id)
    gone_s: Any = resource.facts.get("gone_s") if resource else None
    if gone_s is not None and world.clock.now() >= gone_s:
        world.store.delete(resource_id)
        return None
    return resource


def missing_compute(name: str) -> Refusal:
    """The error of a change to a compute that is not there."""
    return Refusal(
        404, "UserError", f"Compute with name {name} was not found.", "NotFoundError"
    )
