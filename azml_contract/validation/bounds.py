"""Bounds that the service is known to have, and the specification lacks.

In: the definitions of one api-version. Out: the same, the types of a few properties
being tighter. What a bound rests on, and how bad it is to break it, stands in the
ledger under the id of the bound. The rows are here and not there, as every body is
judged by them, and reading the ledger takes longer than judging. Knows no bodies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from azml_contract.api_version import sort_key
from azml_contract.contract.model import Definition, Property, Type


@dataclass(frozen=True, slots=True)
class Bound:
    """What the values of some properties of a definition must keep.

    `limits` are fields of `Type`. `fault` says of a value that breaks them what it is,
    after its name. An empty `first` or `last` leaves that end of the api-versions open,
    both ends are included.
    """

    id: str
    owner: str
    names: tuple[str, ...]
    fault: str
    limits: Mapping[str, Any] = field(default_factory=dict)
    first: str = ""
    last: str = ""

    def holds_at(self, api_version: str) -> bool:
        """Whether it is known of an api-version."""
        key = sort_key(api_version)
        after = not self.first or key >= sort_key(self.first)
        return after and (not self.last or key <= sort_key(self.last))


BOUNDS = (
    Bound(
        "sweep-limits-of-a-minute",
        "SweepJobLimits",
        ("timeout", "trialTimeout"),
        "is less than a minute",
        {"pattern": r"^(?!PT([1-9]|[1-5][0-9])(\.[0-9]+)?S$)"},
    ),
)
"""Every bound."""


def find_bound(api_version: str, owner: str, name: str) -> Bound | None:
    """The bound of a property; None where there is none."""
    for bound in BOUNDS:
        if bound.owner == owner and name in bound.names:
            return bound if bound.holds_at(api_version) else None
    return None


class Tightened(Mapping[str, Definition]):
    """Definitions of an api-version, with the bounds that their source lacks."""

    def __init__(self, definitions: Mapping[str, Definition], api_version: str) -> None:
        self._definitions = definitions
        self._bounds: dict[str, list[Bound]] = {}
        for bound in BOUNDS:
            if bound.holds_at(api_version):
                self._bounds.setdefault(bound.owner, []).append(bound)
        self._made: dict[str, Definition] = {}

    def __getitem__(self, name: str) -> Definition:
        bounds = self._bounds.get(name)
        if bounds is None:
            return self._definitions[name]
        if name not in self._made:
            self._made[name] = _tighten(self._definitions[name], bounds)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._definitions)

    def __len__(self) -> int:
        return len(self._definitions)

    def __contains__(self, name: object) -> bool:
        return name in self._definitions


def _tighten(definition: Definition, bounds: list[Bound]) -> Definition:
    properties = dict(definition.properties)
    for bound in bounds:
        for name in bound.names:
            prop: Property | None = properties.get(name)
            if prop is not None:
                limited = _limit(prop.type, bound.limits)
                properties[name] = replace(prop, type=limited)
    return replace(definition, properties=properties)


def _limit(kind: Type, limits: Mapping[str, Any]) -> Type:
    """A type within limits; those that it has itself stay where they are tighter."""
    chosen: dict[str, Any] = {}
    for name, limit in limits.items():
        known = getattr(kind, name)
        if known in (None, ""):
            chosen[name] = limit
        elif name != "pattern":
            chosen[name] = (max if name.startswith("min") else min)(known, limit)
    return replace(kind, **chosen)
