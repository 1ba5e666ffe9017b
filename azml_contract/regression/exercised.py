"""What a contract has, and what one call exercises of it, as items to count.

In: a contract and its operations, or one call. Out: sets of items: operations,
discriminator values, properties and status codes. Knows neither cassettes nor
how the counts are shown.

Types are walked by name. A property belongs to the type that a value really
has: ``computeId`` of a command job is not ``computeId`` of a sweep job.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from azml_contract.contract.contract import Contract
from azml_contract.contract.model import Definition, Operation, Property, Type
from azml_contract.contract.views import bare_values, is_union
from azml_contract.exchange import Json

Item = tuple[str, str]


class Kind(StrEnum):
    """What is counted."""

    OPERATIONS = "operations"
    DISCRIMINATOR_VALUES = "discriminator_values"
    PROPERTIES = "properties"
    STATUS_CODES = "status_codes"


@dataclass(frozen=True, slots=True)
class Items:
    """Items by kind, each a group and a name.

    Operations: ``("Jobs", "Jobs_Get")``. Discriminator values:
    ``("JobBase.jobType", "Command")``. Properties: ``("CommandJob",
    "computeId")``. Status codes: ``("Jobs_Get", "200")``.
    """

    by_kind: Mapping[Kind, set[Item]] = field(
        default_factory=lambda: {kind: set() for kind in Kind}
    )

    def add(self, kind: Kind, group: str, name: str) -> None:
        """Add one item."""
        self.by_kind[kind].add((group, name))

    def update(self, other: Items) -> None:
        """Add every item of `other`."""
        for kind, items in other.by_kind.items():
            self.by_kind[kind] |= items


def list_items(contract: Contract, operations: Iterable[Operation]) -> Items:
    """Everything that calls of `operations` could exercise.

    Status codes are those that the contract names; an operation whose source
    names none adds none.
    """
    items = Items()
    seen: set[str] = set()
    for operation in operations:
        _add_operation(items, operation)
        for code in operation.responses or ():
            items.add(Kind.STATUS_CODES, operation.id, code)
        for kind in _bodies_of(operation):
            _list_type(contract.definitions, kind, items, seen)
    return items


def find_exercised(
    contract: Contract,
    operation: Operation,
    *,
    status: int,
    sent: Json = None,
    received: Json = None,
) -> Items:
    """What one call exercises.

    Args:
        contract: Of the call's api-version.
        operation: What was called.
        status: Of the answer; one that the contract does not name exercises
            ``default`` where there is one.
        sent: The JSON of the request; None where it had none.
        received: The JSON of the answer; None where it had none.
    """
    items = Items()
    _add_operation(items, operation)
    code = _name_code(operation, status)
    if code:
        items.add(Kind.STATUS_CODES, operation.id, code)
    _walk(contract.definitions, operation.body, sent, items)
    answered = _answer_of(operation, code, status)
    _walk(contract.definitions, answered, received, items)
    return items


def _add_operation(items: Items, operation: Operation) -> None:
    group = operation.id.partition("_")[0]
    items.add(Kind.OPERATIONS, group, operation.id)


def _bodies_of(operation: Operation) -> Iterator[Type]:
    answers = (spec.body for spec in (operation.responses or {}).values())
    for body in (operation.body, operation.result, *answers):
        if body is not None:
            yield body


def _name_code(operation: Operation, status: int) -> str:
    codes = operation.responses or {}
    named = (code for code in (str(status), "default") if code in codes)
    return next(named, "")


def _answer_of(operation: Operation, code: str, status: int) -> Type | None:
    if operation.responses is not None and code:
        return operation.responses[code].body
    return operation.result if status < 400 else None


def _list_type(
    definitions: Mapping[str, Definition], kind: Type, items: Items, seen: set[str]
) -> None:
    """Add what a type has, and what the types that it holds have."""
    waiting = [kind]
    while waiting:
        current = waiting.pop()
        if current.items is not None:
            waiting.append(current.items)
        if current.kind != "ref" or current.ref in seen:
            continue
        seen.add(current.ref)
        definition = definitions[current.ref]
        if definition.additional is not None:
            waiting.append(definition.additional)
        if is_union(definition):
            _list_values(definition, items)
            waiting.extend(Type("ref", name) for name in definition.variants.values())
            continue
        _add_own_value(definitions, definition, items)
        for prop in definition.properties.values():
            items.add(Kind.PROPERTIES, definition.name, prop.name)
            waiting.append(prop.type)


def _list_values(base: Definition, items: Items) -> None:
    group = f"{base.name}.{base.discriminator}"
    for value in (*base.variants, *bare_values(base)):
        items.add(Kind.DISCRIMINATOR_VALUES, group, value)


def _add_own_value(
    definitions: Mapping[str, Definition], derived: Definition, items: Items
) -> None:
    """A derived type that is named directly has its discriminator's value, too."""
    base = definitions.get(derived.base)
    if base is not None and base.discriminator and derived.discriminator_value:
        group = f"{base.name}.{base.discriminator}"
        items.add(Kind.DISCRIMINATOR_VALUES, group, derived.discriminator_value)


def _walk(
    definitions: Mapping[str, Definition], kind: Type | None, value: Json, items: Items
) -> None:
    """Add what a value exercises of its type."""
    if kind is None:
        return
    if kind.items is not None and isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            _walk(definitions, kind.items, item, items)
    elif kind.kind == "ref" and isinstance(value, dict):
        _walk_object(definitions, definitions[kind.ref], value, items)


def _walk_object(
    definitions: Mapping[str, Definition],
    definition: Definition,
    value: dict[str, Json],
    items: Items,
) -> None:
    while is_union(definition):
        group = f"{definition.name}.{definition.discriminator}"
        name = _match_value(definition, value.get(definition.discriminator))
        if name:
            items.add(Kind.DISCRIMINATOR_VALUES, group, name)
        derived = definitions.get(definition.variants.get(name, ""))
        if derived is None or derived is definition:
            return
        definition = derived
    _add_own_value(definitions, definition, items)
    for name, item in value.items():
        prop: Property | None = definition.properties.get(name)
        if prop is not None:
            items.add(Kind.PROPERTIES, definition.name, name)
            _walk(definitions, prop.type, item, items)
        else:
            _walk(definitions, definition.additional, item, items)


def _match_value(base: Definition, seen: Json) -> str:
    """The contract's spelling of a discriminator value; the service ignores case."""
    if not isinstance(seen, str):
        return ""
    known = (*base.variants, *bare_values(base))
    return next((name for name in known if name.lower() == seen.lower()), "")
