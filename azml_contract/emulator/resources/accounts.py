"""What workspaces and registries share: changes that take a while, answered 202.

A PUT, a PATCH and a DELETE have no body in their answer, but two addresses,
``Location`` and ``Azure-AsyncOperation``. Source: recordings of both.
"""

from __future__ import annotations

from typing import ClassVar

from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.generic import Kind, answers_with
from azml_contract.emulator.resources.operations import account_headers, start_operation
from azml_contract.emulator.store import Resource
from azml_contract.emulator.world import Call

_DURATION_S = 60.0


class Account(Kind):
    """A top-level resource of the provider."""

    status_kind: ClassVar[str] = ""
    answers_as_documented: ClassVar[bool] = True
    """False: 202 was seen at versions that document other answers."""

    def answer_put(self, call: Call, resource: Resource, *, is_new: bool) -> Reply:
        """202, and two addresses where the state can be asked for."""
        if self.answers_as_documented and not answers_with(call, "202"):
            begun = self.begin(call, resource, "Creating")
            status = 201 if is_new and answers_with(call, "201") else 200
            return Reply(status, self.render(call, resource), begun.headers)
        begun = self.begin(call, resource, "Creating")
        spec = (call.operation.responses or {}).get("202")
        if spec is not None and spec.body is not None:
            return Reply(202, self.render(call, resource), begun.headers)
        return begun

    def delete(self, call: Call) -> Reply:
        """202; what is not there is no error."""
        existing = self.world.store.get(call.path.id)
        if existing is None:
            return Reply(204)
        self.world.store.delete(call.path.id)
        return self.begin(call, existing, "Deleting")

    def begin(
        self, call: Call, resource: Resource, action: str, operation_id: str = ""
    ) -> Reply:
        """The answer that something has begun."""
        operation = start_operation(
            self.world, resource.id, action, _DURATION_S, operation_id=operation_id
        )
        headers = account_headers(call, self.world, operation, self.status_kind)
        return Reply(202, headers=headers)
