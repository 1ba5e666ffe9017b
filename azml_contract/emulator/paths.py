"""What an ARM path is about: whose resource, of which type, and what of it.

In: a path, percent-decoded. Out: an `ArmPath`. Knows how ARM builds paths;
knows neither contract nor store.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from azml_contract.settings import PROVIDER


@dataclass(frozen=True)
class ArmPath:
    """The parts of a path as they were sent.

    `types` and `names` go in pairs, outermost first. `tail` is the literal at
    the end that no name follows: a collection such as ``jobs``, or an action
    such as ``cancel``; empty when the path is a resource's own.
    """

    subscription: str = ""
    resource_group: str = ""
    provider: str = ""
    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    tail: str = ""

    @cached_property
    def kind(self) -> str:
        """Resource type in lower case, without the provider: ``workspaces/jobs``."""
        return "/".join(self.types).lower()

    @cached_property
    def collection_kind(self) -> str:
        """The type of a collection's members, if `tail` is a collection."""
        return "/".join((*self.types, self.tail)).lower()

    @cached_property
    def scope(self) -> str:
        """Id of what the provider's resources hang on."""
        scope = f"/subscriptions/{self.subscription}" if self.subscription else ""
        if self.resource_group:
            scope += f"/resourceGroups/{self.resource_group}"
        return scope

    @cached_property
    def id(self) -> str:
        """Id of the resource, without `tail`."""
        pairs = [f"/{t}/{n}" for t, n in zip(self.types, self.names, strict=True)]
        provider = f"/providers/{self.provider}" if self.provider else ""
        return self.scope + provider + "".join(pairs)

    @cached_property
    def top_id(self) -> str:
        """Id of what the resource hangs on: its workspace, or its registry."""
        provider = f"/providers/{self.provider}" if self.provider else ""
        return f"{self.scope}{provider}/{self.types[0]}/{self.names[0]}"

    @cached_property
    def is_ours(self) -> bool:
        """Whether the resource belongs to the Azure ML provider."""
        return self.provider.lower() == PROVIDER.lower()


@lru_cache(maxsize=256)
def parse_arm_path(path: str) -> ArmPath:
    """Take a decoded path apart; what does not fit is left out or in `tail`."""
    segments = [segment for segment in path.split("/") if segment]
    subscription = _take(segments, "subscriptions")
    resource_group = _take(segments, "resourcegroups") if subscription else ""
    provider = _take(segments, "providers")
    pairs = len(segments) // 2
    return ArmPath(
        subscription=subscription,
        resource_group=resource_group,
        provider=provider,
        types=tuple(segments[: 2 * pairs : 2]),
        names=tuple(segments[1 : 2 * pairs : 2]),
        tail=segments[-1] if len(segments) % 2 else "",
    )


def _take(segments: list[str], literal: str) -> str:
    if len(segments) >= 2 and segments[0].lower() == literal:
        value = segments[1]
        del segments[:2]
        return value
    return ""


def split_asset_id(resource_id: str) -> tuple[str, str, str] | None:
    """Kind, name and version of an asset's ARM id; None for anything else."""
    path = parse_arm_path(resource_id)
    if path.is_ours and len(path.types) == 3 and path.types[2].lower() == "versions":
        return path.types[1].lower(), path.names[1], path.names[2]
    return None
