"""Where in a body secrets stand, by its definition at an api-version.

In: a call, which side of it, and the JSON of that side. Out: the places whose value
is secret there: what any api-version marks secret or write-only, what lies inside
such a value, and what the specifications forget to mark. Where versions differ the
strictest wins. Knows contracts; who replaces the values, and by what, is another's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from azml_contract.contract.catalog import (
    ambiguous_secret_properties,
    known_versions,
    load_contract,
    secret_property_names,
)
from azml_contract.contract.contract import Contract, Route
from azml_contract.contract.model import Definition, Operation, Property, Type
from azml_contract.errors import AzmlContractError
from azml_contract.exchange import Json, Request

Path = tuple[str | int, ...]

# Read through by hand: secrets that no version marks, by definition.
UNMARKED: Mapping[str, frozenset[str]] = {
    "key": frozenset({"WorkspaceConnectionApiKey"}),
    "keys": frozenset({"CustomKeys"}),
    "secrets": frozenset({"MonitoringWorkspaceConnection"}),
}
_PROVIDER = "/microsoft.machinelearningservices"


def find_secret_places(request: Request, body: Json, *, answer: bool) -> list[Path]:
    """The places of a body at which secrets stand.

    Args:
        request: Verb, URL and api-version tell the operation.
        body: JSON as parsed, of the request or of its answer.
        answer: Whether it is the answer's.

    Returns:
        Keys and indices that lead to each secret; empty where the operation is
        not known. What stands there may itself be an object or a list.
    """
    if not isinstance(body, dict | list) or _PROVIDER not in request.url.lower():
        return []
    version = request.api_version or ""
    found = _secret_bodies(request.method, request.path, version, answer)
    if found is None:
        return []
    walk, kinds = found
    places: dict[Path, None] = {}
    for kind in kinds:
        places.update(dict.fromkeys(walk.places(body, kind, ())))
    return list(places)


@lru_cache(maxsize=16_384)
def _secret_bodies(
    method: str, path: str, api_version: str, answer: bool
) -> tuple[_Walk, list[Type]] | None:
    """What a body may be below which a secret may stand; None where none may."""
    found = _operation(method, path, api_version)
    if found is None:
        return None
    walk = _walk_of(found[0])
    kinds = _bodies(found[1], answer=answer)
    secret = [kind for kind in kinds if walk.leads_to_secret(kind)]
    return (walk, secret) if secret else None


def _bodies(operation: Operation, *, answer: bool) -> list[Type]:
    if not answer:
        return [operation.body] if operation.body else []
    listed = [one.body for one in (operation.responses or {}).values() if one.body]
    named = operation.result or operation.body
    return list(dict.fromkeys(listed)) or ([named] if named else [])


def _operation(
    method: str, path: str, api_version: str
) -> tuple[Contract, Operation] | None:
    """The operation at its version, or at the newest where that does not know it."""
    for version in (api_version, known_versions()[-1]):
        try:
            contract = load_contract(version)
        except AzmlContractError:
            continue
        if contract.knows(method, path):
            route = contract.find(method, path)
            assert isinstance(route, Route)
            return contract, route.operation
    return None


@cache
def _is_secret(owner: str, name: str) -> bool:
    lower = name.lower()
    owners = ambiguous_secret_properties().get(lower, frozenset())
    return (
        lower in secret_property_names()
        or owner in owners
        or owner in UNMARKED.get(lower, ())
    )


@cache
def _walk_of(contract: Contract) -> _Walk:
    """The one of a contract: it remembers what its definitions lead to."""
    return _Walk(contract)


class _Walk:
    """Follows a body along the definitions of one contract."""

    def __init__(self, contract: Contract) -> None:
        self._definitions = contract.definitions
        self._known: dict[str, bool] = {}
        self._lowered: dict[str, dict[str, Property | None]] = {}
        self._variants: dict[str, dict[str, list[Definition]]] = {}

    def places(self, body: Json, kind: Type, at: Path) -> Iterator[Path]:
        if isinstance(body, list):
            for index, item in enumerate(body):
                yield from self.places(item, kind.items or kind, (*at, index))
        elif isinstance(body, dict):
            if kind.kind == "map" and kind.items is not None:
                for name, item in body.items():
                    yield from self.places(item, kind.items, (*at, name))
            elif kind.kind == "ref" and self.leads_to_secret(kind):
                for definition in self._resolve(kind.ref, body):
                    yield from self._properties(body, definition, at)

    def _properties(
        self, body: Mapping[str, Any], definition: Definition, at: Path
    ) -> Iterator[Path]:
        known = self._lowered.get(definition.name)
        if known is None:
            known = self._lowered[definition.name] = self._telling(definition)
        for name, item in body.items():
            prop = known.get(name.lower(), known.get(""))
            if prop is None:
                continue
            if not (prop.name and _is_secret(definition.name, prop.name)):
                yield from self.places(item, prop.type, (*at, name))
            elif prop.type.kind == "map" and isinstance(item, dict):
                yield from ((*at, name, key) for key in item)
            else:
                yield (*at, name)

    def _telling(self, definition: Definition) -> dict[str, Property | None]:
        """Properties by lower-case name; those that lead to no secret are None.

        Under the empty name stands what any other property is, where that leads there.
        """
        known: dict[str, Property | None] = {
            name.lower(): one
            if _is_secret(definition.name, one.name) or self.leads_to_secret(one.type)
            else None
            for name, one in definition.properties.items()
        }
        other = definition.additional
        if other is not None and self.leads_to_secret(other):
            known[""] = Property("", other)
        return known

    def _resolve(self, name: str, body: Mapping[str, Any]) -> list[Definition]:
        """The definitions that an object may have; all of them where it says none."""
        definition = self._definitions.get(name)
        if definition is None:
            return []
        base = self._definitions.get(definition.base) or definition
        if not base.discriminator:
            return [definition]
        if name not in self._variants:
            self._variants[name] = {
                said.lower(): self._all_of([name, one])
                for said, one in base.variants.items()
            }
            self._variants[name][""] = self._all_of([name, *base.variants.values()])
        known = self._variants[name]
        said = str(_value_of(base.discriminator, body)).lower()
        return known[said] if said in known else known[""]

    def _all_of(self, names: list[str]) -> list[Definition]:
        found = [self._definitions.get(one) for one in dict.fromkeys(names)]
        return [one for one in found if one is not None]

    def leads_to_secret(self, kind: Type) -> bool:
        """Whether a secret can stand anywhere below a type."""
        if kind.kind == "ref":
            if kind.ref not in self._known:
                self._known[kind.ref] = True  # what names itself may lead there
                self._known[kind.ref] = self._has_secret(kind.ref, set())
            return self._known[kind.ref]
        return kind.items is not None and self.leads_to_secret(kind.items)

    def _has_secret(self, name: str, seen: set[str]) -> bool:
        definition = self._definitions.get(name)
        if definition is None or name in seen:
            return False
        seen.add(name)
        if any(_is_secret(definition.name, one) for one in definition.properties):
            return True
        inner = [one.type for one in definition.properties.values()]
        inner += [definition.additional] if definition.additional else []
        names = [*(_ref(one) for one in inner), *definition.variants.values()]
        return any(self._has_secret(one, seen) for one in names if one)


def _value_of(name: str, body: Mapping[str, Any]) -> Any:
    """The value of a property, in whatever case it is written; nothing where none."""
    if name in body:
        return body[name]
    lower = name.lower()
    return next((body[key] for key in body if key.lower() == lower), "")


def _ref(kind: Type) -> str:
    while kind.items is not None:
        kind = kind.items
    return kind.ref
