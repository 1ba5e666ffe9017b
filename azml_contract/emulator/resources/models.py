"""Models: what they are made of is read where they lie.

The flavors of an MLflow model stand in its ``MLmodel`` file, as the service reads
them; whatever else a client says of a model is kept as it is.
"""

from __future__ import annotations

from azml_contract.emulator.execution.places import (
    Unreachable,
    describe,
    locate,
)
from azml_contract.emulator.flavors import read_flavors
from azml_contract.emulator.resources.assets import AssetVersions
from azml_contract.emulator.resources.generic import Kind
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import Call, World
from azml_contract.settings import PROVIDER

_OF_JOBS = ("azureml://jobs/", "runs:/")
_GROUPS = "/resourcegroups/"
_MLFLOW = ("mlflow_model", "mlflowmodel")


class ModelVersions(AssetVersions):
    """``workspaces/models/versions``."""

    def admit(self, call: Call, body: Body, existing: Resource | None) -> Resource:
        """A version, with the flavors of its files."""
        properties = _with_flavors(self.world, self._resolve(body["properties"]))
        return super().admit(call, {**body, "properties": properties}, existing)

    def _resolve(self, properties: Body) -> Body:
        """With the place that a job's output has, where a client names the output."""
        uri = str(properties.get("modelUri") or "")
        if not uri.startswith(_OF_JOBS):
            return properties
        workspace = self.world.workspace_id.replace("/resourceGroups/", _GROUPS)
        base = workspace.replace(f"/providers/{PROVIDER}", "")
        try:
            short = describe(self.world, locate(self.world, uri))
        except Unreachable:
            return properties
        long = short.replace("azureml://", f"azureml:/{base}/", 1)
        return {**properties, "modelUri": long}


class RegistryModelVersions(Kind):
    """``registries/models/versions``."""

    def admit(self, call: Call, body: Body, existing: Resource | None) -> Resource:
        """A version, with the flavors of its files."""
        properties = _with_flavors(self.world, body.get("properties") or {})
        return super().admit(call, {**body, "properties": properties}, existing)


def _with_flavors(world: World, properties: Body) -> Body:
    kind = str(properties.get("modelType") or "").lower()
    if kind not in _MLFLOW or properties.get("flavors"):
        return properties
    flavors = read_flavors(world, str(properties.get("modelUri") or ""))
    return {**properties, "flavors": flavors} if flavors else properties
