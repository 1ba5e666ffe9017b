"""Registries, and the error that they and connections write for what is missing."""

from __future__ import annotations

from azml_contract.emulator.refusal import Refusal
from azml_contract.emulator.resources.accounts import Account
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import Call


class Registries(Account):
    """``Microsoft.MachineLearningServices/registries``."""

    status_kind = "registryOperationsStatus"
    answers_as_documented = False

    def view(self, call: Call, resource: Resource) -> Body:
        """The location in lower case, as the service writes it."""
        body = dict(resource.body)
        body["location"] = str(body.get("location") or self.world.seed.location).lower()
        body["identity"] = body.get("identity") or {"type": "SystemAssigned"}
        return body

    def missing(self, call: Call) -> Refusal:
        """The error for a registry that is not there."""
        name = call.path.names[-1]
        return Refusal(
            404,
            "UserError",
            f"Registry {name} not found",
            "NotFound",
            "RegistryNotFound",
            by="feedmanagement",
            message_format="Registry {registryName} not found",
            parameters={"registryName": name},
        )
