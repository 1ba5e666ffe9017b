"""Connections of a workspace: credentials go in, and never come out of a GET.

Facts: PUT answers 200, credentials are null in 80 of 80 answers, and what is
missing is told by another part of the service in an envelope of its own.
``listsecrets`` is the only way to see a credential again.
"""

from __future__ import annotations

from dataclasses import replace

from azml_contract.contract.model import View
from azml_contract.contract.views import Lens
from azml_contract.emulator.refusal import Refusal
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.generic import Kind
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import Call

_REVEALING = Lens(View.RESPONSE, reveals=True)


class Connections(Kind):
    """``workspaces/connections``."""

    def admit(self, call: Call, body: Body, existing: Resource | None) -> Resource:
        """A connection whose credentials are set apart."""
        properties = dict(body.get("properties") or {})
        credentials = properties.pop("credentials", None)
        made = super().admit(call, {**body, "properties": properties}, existing)
        facts = {**made.facts}
        if credentials is not None:
            facts["credentials"] = credentials
        return replace(made, facts=facts)

    def patch(self, call: Call) -> Reply:
        """Change a connection; its credentials stay apart."""
        reply = super().patch(call)
        changed = self.need(call)
        properties = dict(changed.body.get("properties") or {})
        credentials = properties.pop("credentials", None)
        if credentials is not None:
            facts = {**changed.facts, "credentials": credentials}
            body = {**changed.body, "properties": properties}
            changed = replace(changed, body=body, facts=facts)
            self.world.store.put(changed)
            return Reply(200, self.render(call, changed))
        return reply

    def view(self, call: Call, resource: Resource) -> Body:
        """As it was sent, without its credentials."""
        body = dict(resource.body)
        # Live answers say null whatever was sent (46 of 46).
        body["properties"] = {**body.get("properties", {}), "expiryTime": None}
        return body

    def answer_put(self, call: Call, resource: Resource, *, is_new: bool) -> Reply:
        """200, new or not."""
        return Reply(200, self.render(call, resource))

    def act(self, call: Call, action: str) -> Reply:
        """``listsecrets``."""
        if action.lower() != "listsecrets":
            return super().act(call, action)
        resource = self.need(call)
        rendered = self.render(call, resource)
        secrets = {"credentials": resource.facts.get("credentials")}
        body = {
            **resource.body,
            "properties": {**resource.body["properties"], **secrets},
        }
        shown = call.shaper(self.world, _REVEALING).shape(body, call.resource_type())
        return Reply(200, {**rendered, "properties": shown["properties"]})

    def missing(self, call: Call) -> Refusal:
        """The error for a connection that is not there."""
        return Refusal(
            404,
            "UserError",
            f"Connection {call.path.names[-1]} can't be found in this workspace",
            "NotFoundError",
            by="account-rp",
        )
