"""What an ARM path is about: whose resource, of which type, and what of it.

In: a path, percent-decoded. Out: an `ArmPath`. Knows how ARM builds paths;
knows neither contract nor store.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from azml_contract.settings import PROVIDER

_OURS = PROVIDER.lower()


@dataclass(frozen=True, slots=True)
class ArmPath:
    """The parts of a path as they were sent.

    `types` and `names` go in pairs, outermost first. `tail` is the literal at
    the end that no name follows: a collection such as ``jobs``, or an action
    such as ``cancel``; empty when the path is a resource's own. `kind` is the
    resource type in lower case, without the provider: ``workspaces/jobs``. `scope`
    is the id of what the provider's resources hang on, and `id` that of the
    resource, without `tail`. `is_ours` says whether it is of the Azure ML provider.
    """

    subscription: str
    resource_group: str
    provider: str
    types: tuple[str, ...]
    names: tuple[str, ...]
    tail: str
    kind: str
    scope: str
    id: str
    is_ours: bool

    @property
    def collection_kind(self) -> str:
        """The type of a collection's members, if `tail` is a collection."""
        tail = self.tail.lower()
        return f"{self.kind}/{tail}" if self.kind else tail

    @property
    def top_id(self) -> str:
        """Id of what the resource hangs on: its workspace, or its registry."""
        provider = f"/providers/{self.provider}" if self.provider else ""
        return f"{self.scope}{provider}/{self.types[0]}/{self.names[0]}"


@lru_cache(maxsize=256)
def parse_arm_path(path: str) -> ArmPath:
    """Take a decoded path apart; what does not fit is left out or in `tail`."""
    segments = [segment for segment in path.split("/") if segment]
    subscription = group = provider = scope = ""
    start, count = 0, len(segments)
    if count >= 2 and segments[0].lower() == "subscriptions":
        subscription = segments[1]
        scope = f"/subscriptions/{subscription}"
        start = 2
        if count >= 4 and segments[2].lower() == "resourcegroups":
            group = segments[3]
            scope += f"/resourceGroups/{group}"
            start = 4
    whole = scope
    if count >= start + 2 and segments[start].lower() == "providers":
        provider = segments[start + 1]
        whole = f"{scope}/providers/{provider}"
        start += 2
    tail = ""
    if (count - start) % 2:
        count -= 1
        tail = segments[count]
    types, names = segments[start:count:2], segments[start + 1 : count : 2]
    if start < count:
        whole += "/" + "/".join(segments[start:count])
    return ArmPath(
        subscription,
        group,
        provider,
        tuple(types),
        tuple(names),
        tail,
        "/".join(types).lower(),
        scope,
        whole,
        provider.lower() == _OURS,
    )


def split_asset_id(resource_id: str) -> tuple[str, str, str] | None:
    """Kind, name and version of an asset's ARM id; None for anything else."""
    path = parse_arm_path(resource_id)
    if path.is_ours and len(path.types) == 3 and path.types[2].lower() == "versions":
        return path.types[1].lower(), path.names[1], path.names[2]
    return None
