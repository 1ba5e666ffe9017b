"""Online and batch endpoints, and their deployments.

An endpoint takes traffic only to deployments that are there, and a deployment
needs its endpoint. Whether ``scoringUri`` leads anywhere is
up to `execution`.
"""

from __future__ import annotations

from azml_contract.emulator.execution.places import log_of
from azml_contract.emulator.refusal import Refusal
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.generic import Kind
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import Call

_COMPONENT = "ComponentDeployment.ComponentId"


class Endpoints(Kind):
    """``workspaces/onlineEndpoints`` and ``workspaces/batchEndpoints``."""

    def admit(self, call: Call, body: Body, existing: Resource | None) -> Resource:
        """An endpoint whose traffic goes to what is there."""
        self._check_traffic(call, body)
        return super().admit(call, body, existing)

    def patch(self, call: Call) -> Reply:
        """Change an endpoint, its traffic included."""
        self.need(call)
        self._check_traffic(call, call.body or {})
        return super().patch(call)

    def _check_traffic(self, call: Call, body: Body) -> None:
        properties = body.get("properties") or {}
        for field in ("traffic", "mirrorTraffic"):
            for name in properties.get(field) or {}:
                self._need_deployment(call, name, field)
        default = (properties.get("defaults") or {}).get("deploymentName")
        if default:
            self._need_deployment(call, default, "defaults")

    def _need_deployment(self, call: Call, name: str, field: str) -> None:
        if self.world.store.get(f"{call.path.id}/deployments/{name}") is None:
            raise Refusal(
                400,
                "UserError",
                f"The {field} of endpoint {call.path.names[-1]} names deployment "
                f"{name}, which does not exist.",
                "BadArgument",
                "ArgumentInvalid",
            )


class Deployments(Kind):
    """``.../deployments`` of an endpoint."""

    def admit(self, call: Call, body: Body, existing: Resource | None) -> Resource:
        """A deployment of an endpoint that is there."""
        self._need_endpoint(call)
        return super().admit(call, body, existing)

    def list(self, call: Call) -> Reply:
        """The deployments of an endpoint that is there."""
        self._need_endpoint(call)
        return super().list(call)

    def _need_endpoint(self, call: Call) -> None:
        names = call.path.names
        name = names[1]
        endpoint_id = call.path.id
        if not call.path.tail:
            endpoint_id = endpoint_id.rsplit("/deployments/", 1)[0]
        if self.world.store.get(endpoint_id) is None:
            raise Refusal(
                404,
                "UserError",
                f"Could not find endpoint: {name}.",
                "NotFoundError",
            )


class BatchDeployments(Deployments):
    """Deployments of a batch endpoint; one of a component is tagged with it."""

    def view(self, call: Call, resource: Resource) -> Body:
        """With the tag that the service writes."""
        body = super().view(call, resource)
        component = ((body.get("properties") or {}).get("properties") or {}).get(
            _COMPONENT
        )
        if component:
            body["tags"] = {**(body.get("tags") or {}), _COMPONENT: component}
        return body


class OnlineDeployments(Deployments):
    """Deployments of an online endpoint, which are updated, not created."""

    provisioning_action = "Updating"

    def act(self, call: Call, action: str) -> Reply:
        """``getLogs``: what the deployment's script said, where it really runs."""
        storage = self.world.blobs.storage
        if action.lower() != "getlogs" or not self.world.executor or not storage:
            return super().act(call, action)
        place = log_of(self.need(call))
        said = storage.get(place.container, place.path) or b""
        lines = said.decode("utf-8", "replace").splitlines(keepends=True)
        tail = int((call.body or {}).get("tail") or len(lines) or 1)
        return Reply(200, {"content": "".join(lines[-tail:])})
