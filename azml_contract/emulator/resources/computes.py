"""Computes: they take a while to be made, to change and to go.

Facts: PUT answers 201 with ``Azure-AsyncOperation`` also when the compute was
there; GET of a missing one is 404 with an empty body; an answer has no
``systemData``; DELETE answers 202. Source: compute_crud_lro recording.
"""

from __future__ import annotations

from collections.abc import Sequence
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
        if not self._is_settled(resource):
            self.world.clock.note_poll()
        return Reply(200, self.render(call, resource))

    def need(self, call: Call) -> Resource:
        """The compute of the path."""
        resource = self._find(call.path.id)
        if resource is None:
            raise missing_compute(call.path.names[-1])
        return resource

    def members(self, call: Call) -> Sequence[Resource]:
        """Computes that are not gone."""
        listed = super().members(call)
        return [c for c in listed if self._find(c.id) is not None]

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
        """Start, stop and restart are taken as done; nodes are listed as none."""
        name = action.lower()
        if name in ("start", "stop", "restart"):
            resource = self.need(call)
            if not answers_with(call, "202"):
                return Reply(200)
            operation = start_operation(self.world, resource.id, "Updating", 30.0)
            return Reply(202, headers=compute_headers(call, self.world, operation))
        if name == "listnodes":
            compute = self.need(call).body["properties"]
            nodes = {"computeType": compute["computeType"], "nodes": []}
            return Reply(200, call.shaper(self.world).shape(nodes, call.answer_type()))
        return super().act(call, action)

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
        settled = self._is_settled(resource)
        placed = settled or bool(resource.facts.get("is_known"))
        if placed:
            properties["computeLocation"] = body.get(
                "location", self.world.seed.location
            )
        if properties.get("computeType") == "AmlCompute":
            properties["properties"] = self._view_cluster(
                dict(properties.get("properties") or {}), resource, settled=settled
            )
        body["properties"] = properties
        body.setdefault("location", self.world.seed.location)
        body.setdefault("tags", {} if placed else None)
        return body

    def finish(self, resource: Resource, body: Body) -> Body:
        """Without what the service leaves out where others would say null."""
        inner = body["properties"].get("properties")
        unsaid = [(body, "sku"), (body, "identity")]
        if isinstance(inner, dict):
            unsaid += [(inner, "userAccountCredentials"), (inner, "propertyBag")]
        for holder, name in unsaid:
            if name in holder and holder[name] is None:
                del holder[name]
        return body

    def _view_cluster(
        self, cluster: Body, resource: Resource, *, settled: bool
    ) -> Body:
        cluster["vmSize"] = str(cluster.get("vmSize", "STANDARD_DS3_V2")).upper()
        cluster.setdefault("vmPriority", "Dedicated")
        cluster.setdefault("remoteLoginPortPublicAccess", "NotSpecified")
        cluster.setdefault("osType", "Linux")
        cluster.setdefault("isolatedNetwork", False)
        cluster.setdefault("enableNodePublicIp", True)
        account = cluster.get("userAccountCredentials")
        if not settled:
            cluster.pop("userAccountCredentials", None)
            return cluster
        if account:
            cluster["userAccountCredentials"] = {**account, "adminUserPassword": None}
        settled_s = resource.facts.get("settled_s", resource.created_s)
        return cluster | {
            "currentNodeCount": 0,
            "targetNodeCount": 0,
            "nodeStateCounts": _NO_NODES,
            "allocationState": "Steady",
            "allocationStateTransitionTime": as_iso(settled_s, digits=3),
            "propertyBag": {},
        }

    def provisioning_state(self, resource: Resource) -> str:
        """``Creating``, ``Succeeded`` or ``Deleting``."""
        if "gone_s" in resource.facts:
            return "Deleting"
        return "Succeeded" if self._is_settled(resource) else "Creating"

    def system_data(self, resource: Resource) -> Body | None:
        """A compute has none."""
        return None

    def _is_settled(self, resource: Resource) -> bool:
        settled_s: float = resource.facts.get("settled_s", resource.created_s)
        return self.world.clock.now() >= settled_s and "gone_s" not in resource.facts

    def _find(self, resource_id: str) -> Resource | None:
        return find_compute(self.world, resource_id)


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
