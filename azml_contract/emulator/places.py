"""Where calls go, up to the last name of their path.

In: a call that was understood. Out: a `Place`, by which the next call that differs
from it in its last name and its body alone is understood: most do, and need neither be
routed nor taken apart again. Knows nothing of what there is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from azml_contract.contract.contract import Contract, Route
from azml_contract.emulator.bodies import Expected
from azml_contract.emulator.paths import ArmPath
from azml_contract.emulator.resources.generic import Kind
from azml_contract.emulator.world import Call, Plan
from azml_contract.exchange import Request
from azml_contract.validation.calls import matches

_NAME = re.compile(r"[\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """A call but for its last name, which `parameter` stands for, and its body.

    `head` is the id of a resource there without its name, `top_id` that of its
    workspace or registry.
    """

    contract: Contract
    plan: Plan
    expected: Expected
    kind: Kind
    path: ArmPath
    head: str
    top_id: str
    query: Mapping[str, str]
    values: Mapping[str, str]
    parameter: str
    pattern: str

    def takes(self, name: str) -> bool:
        """Whether a call with that name goes where those before it went."""
        if _NAME.fullmatch(name) is None or name.lower() in self.contract.words:
            return False  # another operation may have it in its path
        return not self.pattern or matches(self.pattern, name)

    def path_to(self, name: str) -> ArmPath:
        """The path of the resource of that name."""
        path = self.path
        return ArmPath(
            path.subscription,
            path.resource_group,
            path.provider,
            path.types,
            (*path.names[:-1], name),
            "",
            path.kind,
            path.scope,
            self.head + name,
            path.is_ours,
        )


def find_place(
    request: Request, call: Call, route: Route, expected: Expected, kind: Kind
) -> Place | None:
    """The place of a call; None for a call that is odd, or ends in no name."""
    path, plan = call.path, call.plan
    if plan is None or path.tail or len(path.names) < 2:
        return None
    last = route.operation.path.rpartition("/")[2]
    parameter, name = last.strip("{}"), path.names[-1]
    if (
        not last.startswith("{")
        or route.values.get(parameter) != name
        or request.path.rpartition("/")[2] != name
        or not expected.is_usual(request, route)
    ):
        return None
    patterns = dict(expected.patterns)
    place = Place(
        call.contract,
        plan,
        expected,
        kind,
        path,
        path.id[: -len(name)],
        path.top_id,
        call.query,
        route.values,
        parameter,
        patterns.get(parameter, ""),
    )
    return place if place.takes(name) else None
