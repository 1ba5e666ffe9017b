"""Models: what they are made of is read where they lie.

The flavors of an MLflow model stand in its ``MLmodel`` file, as the service reads
them; whatever else a client says of a model is kept as it is.
"""

from __future__ import annotations

from azml_contract.emulator.flavors import read_flavors
from azml_contract.emulator.resources.assets import AssetVersions
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import Call

_MLFLOW = ("mlflow_model", "mlflowmodel")


class ModelVersions(AssetVersions):
    """``workspaces/models/versions``."""

    def admit(self, call: Call, body: Body, existing: Resource | None) -> Resource:
        """A version, with the flavors of its files."""
        properties = body["properties"]
        kind = str(properties.get("modelType") or "").lower()
        if kind in _MLFLOW and not properties.get("flavors"):
            uri = str(properties.get("modelUri") or "")
            flavors = read_flavors(self.world, uri)
            if flavors:
                body = {**body, "properties": {**properties, "flavors": flavors}}
        return super().admit(call, body, existing)
