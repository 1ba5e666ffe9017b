"""Resource types and templates of ARM paths.

In: path templates. Out: their skeletons, the resource type that a path is
about, and what comes after it. Knows how ARM builds paths; knows no contract.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

PROVIDER = "Microsoft.MachineLearningServices"
SUBSCRIPTION = f"/subscriptions/{{subscriptionId}}/providers/{PROVIDER}"
RESOURCE_GROUP = (
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
    f"/providers/{PROVIDER}"
)


def skeleton(path: str) -> str:
    """A template with its parameters anonymous, in lower case."""
    return re.sub(r"\{[^}]*\}", "{}", path).lower()


def path_names(path: str) -> list[str]:
    """The parameters of a template, in order."""
    return re.findall(r"\{([^}]*)\}", path)


class Owner(NamedTuple):
    """What a path is about.

    `types` are the literal segments after the provider that are followed by
    a name, outermost first; `action` is the literal at the end, if any.
    """

    types: tuple[str, ...]
    action: str

    @property
    def type(self) -> str:
        """Resource type in lower case, as in ``workspaces/jobs``."""
        return "/".join(self.types).lower()

    @property
    def collection(self) -> str:
        """The type that the last literal would name, were it a collection."""
        return "/".join((*self.types, self.action)).lower() if self.action else ""


@cache
def find_owner(path: str) -> Owner:
    """Split the part of a template after the provider."""
    tail = path.rpartition("/providers/")[2].split("/")[1:]
    types: list[str] = []
    index = 0
    while index + 1 < len(tail) and tail[index + 1].startswith("{"):
        types.append(tail[index])
        index += 2
    return Owner(tuple(types), "/".join(tail[index:]))
