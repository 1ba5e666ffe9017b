"""Any resource of any api-version: kept by id, answered as the contract says.

In: a `Call`. Out: a `Reply`. Kinds with behaviour of their own derive from
`Kind` and replace the steps in which they differ. The neutral form of a kind
without its own translation is the body as it was sent.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlsplit

from azml_contract.emulator.paging import cut_page
from azml_contract.emulator.refusal import Refusal, refuse_body
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.actions import (
    answer_action,
    answer_list,
    find_list,
    load_actions,
)
from azml_contract.emulator.resources.operations import (
    async_headers,
    draw_operation_id,
    put_headers,
    start_operation,
)
from azml_contract.emulator.resources.shapes import (
    apply_shapes,
    choose_system_data,
    has_shape,
    keep_held,
    put_system_data,
    shape_of,
)
from azml_contract.emulator.resources.slots import Slots
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import Call, World, system_data
from azml_contract.settings import PROVIDER

_HEAD = ("id", "name", "type")
_ENVELOPE = (*_HEAD, "systemData")
_STEPS = {
    "GET": "get",
    "HEAD": "get",
    "PUT": "put",
    "PATCH": "patch",
    "DELETE": "delete",
}


class Kind:
    """A resource type. One instance serves every api-version."""

    page_size = 100
    provisioning_s = 60.0
    provisioning_action = "Creating"
    lists_last = False
    """Whether its members never change by themselves."""

    def __init__(self, world: World, kind: str = "") -> None:
        self.world = world
        self.kind = kind
        self._has_shape = has_shape(kind)

    def answer(self, call: Call) -> Reply:
        """Carry out a call."""
        if call.path.tail:
            if call.method == "GET":
                return self.list(call)
            return self.act(call, call.path.tail)
        step = _STEPS.get(call.method)
        if step is None:
            return self.act(call, "")
        reply: Reply = getattr(self, step)(call)
        return reply

    # -- what a client asks for --------------------------------------------

    def get(self, call: Call) -> Reply:
        """One resource."""
        resource = self.need(call)
        lasts = self.is_settled(resource)
        if not lasts:
            self.world.clock.note_poll()
            lasts = self.is_settled(resource)
        return Reply(200, self.render(call, resource), lasts=lasts)

    def list(self, call: Call) -> Reply:
        """One page of a collection, or a list of the service's own."""
        own = find_list(call)
        if own is not None:
            return answer_list(call, self.world, own)
        members = self.members(call)
        page, token = cut_page(
            self.sort(call, members), call.query, page_size=self.page_size
        )
        rendered = [self.render(call, item) for item in page]
        declared = call.answer_type()
        if declared is not None and declared.kind == "array":
            return Reply(200, rendered)
        answer: Body = {"value": rendered}
        if token:
            answer["nextLink"] = next_link(call, token)
        return Reply(200, answer, lasts=self.lists_last)

    def put(self, call: Call) -> Reply:
        """Create a resource, or replace it."""
        existing = self.world.store.get(call.path.id)
        resource = self.admit(call, self.read(call, _said(call)), existing)
        self.world.store.put(resource)
        return self.answer_put(call, resource, is_new=existing is None)

    def patch(self, call: Call) -> Reply:
        """Merge a body into a resource (RFC 7396)."""
        existing = self.need(call)
        merged = merge(existing.body, self.read(call, _said(call)))
        resource = existing.modified(merged, self.world.clock.now())
        self.world.store.put(resource)
        return Reply(200, self.render(call, resource))

    def delete(self, call: Call) -> Reply:
        """Remove a resource; one that is not there is no error."""
        existed = self.world.store.delete(call.path.id)
        if not existed:
            return Reply(204)
        if call.operation.long_running:
            operation = start_operation(
                self.world,
                call.path.id,
                "Deleting",
                30.0,
                operation_id=draw_operation_id(self.world, prefix=self._prefix()),
            )
            # A body that says null, as 32 of 32 answers had.
            return Reply(202, None, async_headers(call, self.world, operation))
        return Reply(200)

    def act(self, call: Call, action: str) -> Reply:
        """A POST; a kind replaces it where it has effects of its own."""
        return answer_action(self, call, action)

    # -- steps that a kind may replace --------------------------------------

    def read(self, call: Call, body: Body) -> Body:
        """A request's body in the neutral form."""
        neutral = body.copy()
        for key in _ENVELOPE:
            neutral.pop(key, None)
        return neutral

    def write(self, call: Call, resource: Resource, body: Body) -> Body:
        """The neutral form in the words of the call's api-version."""
        return body

    def view(self, call: Call, resource: Resource) -> Body:
        """The neutral form as it is now, with what the service adds."""
        body = dict(resource.body)
        properties = body.get("properties")
        if isinstance(properties, dict):
            body["properties"] = {
                **properties,
                "provisioningState": self.provisioning_state(resource),
            }
        return body

    def admit(self, call: Call, body: Body, existing: Resource | None) -> Resource:
        """The resource that a PUT makes; refuses what the service would."""
        if existing is not None:
            changed = existing.modified(body, self.world.clock.now())
            return self._begin(call, changed)
        return self._begin(call, self.world.new_resource(canonical_id(call), body))

    def _begin(self, call: Call, resource: Resource) -> Resource:
        """The resource, with when it will be provisioned if that takes a while."""
        if not call.operation.long_running:
            return resource
        begun = {
            "settled_s": self.world.clock.now() + self.provisioning_s,
            "operation": draw_operation_id(self.world, prefix=self._prefix()),
        }
        return replace(resource, facts={**resource.facts, **begun})

    def _prefix(self) -> str:
        return str(shape_of(self.kind).get("operation", {}).get("prefix", ""))

    def answer_put(self, call: Call, resource: Resource, *, is_new: bool) -> Reply:
        """Status and headers of a PUT."""
        body = self.render(call, resource)
        if call.operation.long_running and answers_with(call, "201"):
            operation = start_operation(
                self.world,
                resource.id,
                self.provisioning_action,
                self.provisioning_s,
                operation_id=resource.facts.get("operation", ""),
            )
            headers = put_headers(call, self.world, operation)
            return Reply(201, body, headers)
        if is_new and answers_with(call, "201"):
            return Reply(201, body, (("Location", call.link(resource.id)),))
        return Reply(200, body)

    def missing(self, call: Call) -> Refusal:
        """The error for a resource that is not there."""
        return Refusal(
            404,
            "UserError",
            f"Could not find {call.path.types[-1]}: {call.path.names[-1]}.",
            "NotFoundError",
        )

    # -- building blocks ------------------------------------------------------

    def need(self, call: Call) -> Resource:
        """The resource of the path.

        Raises:
            Refusal: There is none.
        """
        resource = self.world.store.get(call.path.id)
        if resource is None:
            raise self.missing(call)
        return resource

    def members(self, call: Call) -> Iterable[Resource]:
        """The members of a collection that the query asks for."""
        return self.world.store.list(f"{call.path.id}/{call.path.tail}")

    def sort(self, call: Call, members: Iterable[Resource]) -> Iterable[Resource]:
        """Members in the order that ``$orderBy`` asks for; else as created."""
        field, _, direction = call.query.get("$orderby", "").strip().partition(" ")
        if not field:
            return members
        by_name = "name" in field.lower() or "version" in field.lower()
        modified = "modified" in field.lower() or "updated" in field.lower()

        def key(resource: Resource) -> Any:
            if by_name:
                return resource.name
            return resource.modified_s if modified else resource.created_s

        # Stable, and reversed as a whole: what was created in the same moment
        # comes newest first too.
        ordered = sorted(members, key=key)
        return ordered[::-1] if direction.lower().startswith("desc") else ordered

    def provisioning_state(self, resource: Resource) -> str:
        """``Creating`` for a while, then ``Succeeded``."""
        if self.is_settled(resource):
            return "Succeeded"
        return self.provisioning_action

    def is_settled(self, resource: Resource) -> bool:
        """Whether it is provisioned."""
        settled_s: float = resource.facts.get("settled_s", 0.0)
        return self.world.clock.now() >= settled_s

    def render(self, call: Call, resource: Resource) -> Body:
        """A resource as the call's api-version shows it."""
        body = self.write(call, resource, self.view(call, resource))
        above, _, name = resource.id.rpartition("/")
        answer: Body = {
            "id": resource.id,
            "name": name,
            "type": _type_below(above),
            **body,
            "systemData": system_data(resource),
        }
        if isinstance(answer.get("identity"), dict):
            answer["identity"] = self._identify(resource, answer["identity"])
        assert call.plan is not None
        shaped = call.plan.shaper.shape(answer, call.plan.resource)
        if not self._has_shape:
            if shaped.get("systemData") is None:
                shaped.pop("systemData", None)
            return self.finish(resource, _in_usual_order(shaped))
        self._give_usual_shape(call, resource, shaped)
        finished = self.finish(resource, _in_usual_order(shaped))
        return keep_held(finished, self.kind, call)

    def _give_usual_shape(self, call: Call, resource: Resource, body: Body) -> None:
        data = choose_system_data(body.get("systemData"), self.kind, call)
        put_system_data(body, data)
        apply_shapes(
            body,
            resource.body,
            self.kind,
            call,
            Slots(call, self.world, resource),
            settled=self.is_settled(resource),
        )

    def _identify(self, resource: Resource, identity: Body) -> Body:
        """An identity with the ids that the directory gave it."""
        kind = str(identity.get("type", "")).lower()
        users = identity.get("userAssignedIdentities") or {}
        shown = dict(identity)
        if users:
            shown["userAssignedIdentities"] = {
                name: {"principalId": _guid_of(name, 1), "clientId": _guid_of(name, 2)}
                for name in users
            }
        if "systemassigned" in kind or users:
            own = _guid_of(resource.id, 0) if "systemassigned" in kind else None
            shown |= {"principalId": own, "tenantId": self.world.seed.tenant}
        return shown

    def finish(self, resource: Resource, body: Body) -> Body:
        """The last word on an answer, after the contract has had its own."""
        return body


def _guid_of(name: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name.lower()}/{number}"))


class OwnLists(Kind):
    """A list that looks like a resource, as ``workspaces/skus`` of a subscription."""

    def get(self, call: Call) -> Reply:
        """What the table says of it."""
        return answer_list(call, self.world, load_actions()["workspaces skus"])


class LabelingJobs(Kind):
    """``workspaces/labelingJobs``, which is ``InProgress`` until it is made."""

    provisioning_action = "InProgress"


def _in_usual_order(body: Body) -> Body:
    """ARM's order, whatever the order of the specification."""
    ordered: Body = {}
    for key in _HEAD:
        if key in body:
            ordered[key] = body[key]
    for key, value in body.items():
        if key not in _ENVELOPE:
            ordered[key] = value
    if "systemData" in body:
        ordered["systemData"] = body["systemData"]
    return ordered


def _said(call: Call) -> Body:
    """The body of a call, which few contracts leave open.

    Raises:
        Refusal: It is no object.
    """
    body = call.body or {}
    if isinstance(body, dict):
        return body
    raise refuse_body()


def canonical_id(call: Call) -> str:
    """Id for a new resource: the types in the specification's case."""
    path = call.path
    assert call.plan is not None
    types = call.plan.types[: len(path.types)]
    if path.provider == PROVIDER and path.types == types:
        return path.id
    pairs = [f"/{t}/{n}" for t, n in zip(types, path.names, strict=True)]
    return f"{path.scope}/providers/{PROVIDER}{''.join(pairs)}"


@lru_cache(maxsize=256)
def _type_below(collection_id: str) -> str:
    """ARM type of what a collection holds: ``Microsoft.../workspaces/jobs``."""
    provider, *rest = collection_id.rpartition("/providers/")[2].split("/")
    return "/".join([provider, *rest[::2]])


def answers_with(call: Call, status: str) -> bool:
    """Whether the operation may answer so; yes where the contract cannot say."""
    responses = call.operation.responses
    return responses is None or status in responses


def next_link(call: Call, token: str) -> str:
    """The URL of the next page: the same query, and an opaque token."""
    kept = [
        (name, value)
        for name, value in parse_qsl(urlsplit(call.url).query, keep_blank_values=True)
        if name.lower() not in ("$skiptoken", "$skip")
    ]
    query = "&".join(f"{name}={quote_plus(value, safe=':/')}" for name, value in kept)
    path = urlsplit(call.url).path
    return f"{call.base}{path}?{query}&$skipToken={quote_plus(token)}"


def merge(target: Any, change: Any) -> Any:
    """A JSON merge patch (RFC 7396)."""
    if not isinstance(change, dict) or not isinstance(target, dict):
        return change
    result = dict(target)
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key, {}), value)
    return result
