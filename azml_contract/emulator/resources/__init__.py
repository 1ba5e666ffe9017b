"""Resource kinds of the emulator that have behaviour of their own."""

from __future__ import annotations

from azml_contract.emulator.paths import ArmPath
from azml_contract.emulator.resources.assets import AssetContainers, FeatureVersions
from azml_contract.emulator.resources.codes import CodeContainers, CodeVersions
from azml_contract.emulator.resources.components import (
    ComponentContainers,
    ComponentVersions,
)
from azml_contract.emulator.resources.computes import Computes
from azml_contract.emulator.resources.connections import Connections
from azml_contract.emulator.resources.data import DataContainers, DataVersions
from azml_contract.emulator.resources.datastores import Datastores
from azml_contract.emulator.resources.endpoints import (
    BatchDeployments,
    Endpoints,
    OnlineDeployments,
)
from azml_contract.emulator.resources.environments import (
    EnvironmentContainers,
    EnvironmentVersions,
)
from azml_contract.emulator.resources.generic import Kind, LabelingJobs, OwnLists
from azml_contract.emulator.resources.jobs import Jobs
from azml_contract.emulator.resources.models import ModelVersions, RegistryModelVersions
from azml_contract.emulator.resources.registries import Registries
from azml_contract.emulator.resources.workspaces import Workspaces
from azml_contract.emulator.world import World

KINDS: dict[str, type[Kind]] = {
    "workspaces": Workspaces,
    "workspaces/computes": Computes,
    "workspaces/datastores": Datastores,
    "workspaces/environments": EnvironmentContainers,
    "workspaces/environments/versions": EnvironmentVersions,
    "workspaces/codes": CodeContainers,
    "workspaces/codes/versions": CodeVersions,
    "workspaces/data": DataContainers,
    "workspaces/data/versions": DataVersions,
    "workspaces/models": AssetContainers,
    "workspaces/models/versions": ModelVersions,
    "workspaces/connections": Connections,
    "workspaces/onlineendpoints": Endpoints,
    "workspaces/batchendpoints": Endpoints,
    "workspaces/onlineendpoints/deployments": OnlineDeployments,
    "workspaces/batchendpoints/deployments": BatchDeployments,
    "registries": Registries,
    "registries/models/versions": RegistryModelVersions,
    "workspaces/labelingjobs": LabelingJobs,
    "workspaces/featuresets/versions": FeatureVersions,
    "workspaces/featurestoreentities/versions": FeatureVersions,
    "workspaces/components": ComponentContainers,
    "workspaces/components/versions": ComponentVersions,
    "workspaces/jobs": Jobs,
}
"""Resource types with behaviour of their own; every other is a plain `Kind`."""


class Kinds:
    """The kinds of a world, each made once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._made = {name: kind(world, name) for name, kind in KINDS.items()}

    def find(self, path: ArmPath, method: str) -> Kind:
        """What answers a path: the kind of its resource, or of a list's members."""
        if path.kind == "workspaces" and not path.resource_group:
            return OwnLists(self._world)
        is_list = path.tail and method in ("GET", "HEAD")
        name = path.collection_kind if is_list else path.kind
        return self._made.get(name) or Kind(self._world, name)
