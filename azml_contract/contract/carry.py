"""Make a whole contract of a bicep-types version and its nearest swaggers.

In: a `BicepVersion` and swagger versions, nearest first. Out: an `Imported`
whose operations say what the bicep types tell (resource bodies, actions) and
carry over what they cannot (status codes, queries, long-running facts, and
operations such as cancelling a job), naming the version it came from.

An operation whose resource type has disappeared is not carried over; one
that bicep types never tell is, and is marked `assumed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from azml_contract.contract.bicep_names import (
    Pair,
    Renamed,
    rename_definitions,
    rename_type,
)
from azml_contract.contract.bicep_types import BicepVersion, Function, Resource
from azml_contract.contract.derived_operations import derive_operations
from azml_contract.contract.imported import Imported
from azml_contract.contract.model import (
    Definition,
    Operation,
    SourceKind,
    Type,
)
from azml_contract.contract.notation import blur_type
from azml_contract.contract.resource_path import find_owner

_TOLD = ("GET", "PUT", "DELETE")


def carry_over(version: BicepVersion, references: Sequence[Imported]) -> Imported:
    """Complete a bicep-types version.

    Args:
        version: What the ``types.json`` tells.
        references: Swagger versions, nearest first; may be empty.
    """
    homes = {r.type.lower(): _home(r.type, references) for r in version.resources}
    pairs = list(_pairs(version, references, homes))
    renamed = rename_definitions(version, pairs)
    operations = {o.id: o for o in _carried(version, references, homes, renamed)}
    for operation in derive_operations(version, references, homes, renamed):
        operations.setdefault(operation.id, operation)
    definitions = dict(renamed.definitions)
    parents = dict(renamed.parents)
    _carry_definitions(operations.values(), references, definitions, parents)
    return Imported(
        api_version=version.api_version,
        kind=SourceKind.BICEP_TYPES,
        definitions=definitions,
        operations=operations,
        parents=parents,
        files=version.files,
    )


# -- where a resource type was last described by a swagger ------------------


def _home(resource_type: str, references: Sequence[Imported]) -> Imported | None:
    """The nearest swagger version that has this resource type."""
    wanted = resource_type.lower()
    for reference in references:
        for operation in reference.operations.values():
            owner = find_owner(operation.path)
            if owner.type == wanted and not owner.action:
                return reference
    return None


def _pairs(
    version: BicepVersion,
    references: Sequence[Imported],
    homes: Mapping[str, Imported | None],
) -> Iterator[Pair]:
    for resource in version.resources:
        home = homes[resource.type.lower()]
        if home is None:
            continue
        found = _find(home, ("PUT", "GET"), resource.type, "")
        body = found and (found.body or _success(found))
        if body:
            yield Pair(Type("ref", ref=resource.body), body, home)
    for function in version.functions:
        home = homes.get(function.resource.lower())
        for reference in (home,) if home else references:
            found = _find(reference, ("POST",), function.resource, function.name)
            if found is None:
                continue
            answer = _success(found)
            if function.output and answer:
                yield Pair(function.output, answer, reference)
            if function.input and found.body:
                yield Pair(function.input, found.body, reference)
            break


def _find(
    reference: Imported, verbs: Iterable[str], resource_type: str, action: str
) -> Operation | None:
    for verb in verbs:
        for operation in reference.operations.values():
            owner = find_owner(operation.path)
            if (
                operation.method == verb
                and owner.type == resource_type.lower()
                and owner.action.lower() == action.lower()
            ):
                return operation
    return None


def _success(operation: Operation) -> Type | None:
    for status, answer in sorted((operation.responses or {}).items()):
        if status.startswith("2") and answer.body:
            return answer.body
    return None


# -- operations that some swagger has ---------------------------------------


def _carried(
    version: BicepVersion,
    references: Sequence[Imported],
    homes: Mapping[str, Imported | None],
    renamed: Renamed,
) -> Iterator[Operation]:
    functions = {(f.resource.lower(), f.name.lower()): f for f in version.functions}
    bodies = {r.type.lower(): r for r in version.resources}
    for reference in references:
        resource_types = _resource_types(reference) | set(homes)
        for operation in reference.operations.values():
            owner = _owner_type(operation, resource_types)
            home = homes.get(owner) if owner else references[0]
            if home is not reference:
                continue
            found = find_owner(operation.path)
            function = functions.get((found.type, found.action.lower()))
            if function is None and _would_be_told(operation):
                continue
            told = function is not None or _is_told(operation, bodies)
            yield _as_carried(operation, reference, bodies, function, renamed, told)


def _resource_types(reference: Imported) -> set[str]:
    """Types that have a PUT, or a GET by name of something that is listed."""
    return {
        find_owner(o.path).type
        for o in reference.operations.values()
        if o.method == "PUT" and not find_owner(o.path).action
    }


def _owner_type(operation: Operation, resource_types: set[str]) -> str:
    """The innermost resource type that the path goes through; may be empty."""
    owner = find_owner(operation.path)
    if owner.collection in resource_types:
        return owner.collection
    types = owner.types
    while types:
        if "/".join(types).lower() in resource_types:
            return "/".join(types).lower()
        types = types[:-1]
    return ""


def _would_be_told(operation: Operation) -> bool:
    """Bicep types list a POST that answers 200 with an object."""
    answer = (operation.responses or {}).get("200")
    told = answer is not None and answer.body is not None
    return (
        operation.method == "POST" and told and bool(find_owner(operation.path).action)
    )


def _is_told(operation: Operation, bodies: Mapping[str, Resource]) -> bool:
    owner = find_owner(operation.path)
    if not owner.action:
        return operation.method in _TOLD and owner.type in bodies
    return operation.method == "GET" and owner.collection in bodies


def _as_carried(
    operation: Operation,
    reference: Imported,
    bodies: Mapping[str, Resource],
    function: Function | None,
    renamed: Renamed,
    told: bool,
) -> Operation:
    owner = find_owner(operation.path)
    body = operation.body
    if operation.method == "PUT" and not owner.action and owner.type in bodies:
        body = Type("ref", ref=renamed.names[bodies[owner.type].body])
    elif function is not None:
        given = rename_type(function.input, renamed.names) if function.input else None
        # The same type, but of the swagger's the nullability is known.
        if body is None or blur_type(body) != given:
            body = given
    return replace(
        operation,
        body=body,
        body_required=operation.body_required and body is not None,
        carried_from=reference.api_version,
        assumed=not told,
    )


# -- definitions that only a swagger has ------------------------------------


def _carry_definitions(
    operations: Iterable[Operation],
    references: Sequence[Imported],
    definitions: dict[str, Definition],
    parents: dict[str, tuple[str, ...]],
) -> None:
    """Add what carried operations refer to and the bicep types do not hold."""
    by_version = {reference.api_version: reference for reference in references}
    waiting = [
        (name, by_version[operation.carried_from])
        for operation in operations
        if operation.carried_from
        for kind in _types_of(operation)
        for name in _names_in(kind)
    ]
    named = {d.base for d in definitions.values() if d.base}
    for definition in definitions.values():
        for prop in definition.properties.values():
            named.update(_names_in(prop.type))
    for name in sorted(named - definitions.keys()):
        home = next(r for r in references if name in r.definitions)
        waiting.append((name, home))
    while waiting:
        name, reference = waiting.pop(0)
        if name in definitions:
            continue
        definition = reference.definitions[name]
        definitions[name] = replace(definition, carried_from=reference.api_version)
        parents[name] = ()
        inner = [p.type for p in definition.properties.values()]
        inner += [definition.additional] if definition.additional else []
        names = [n for kind in inner for n in _names_in(kind)]
        names += [*definition.variants.values()]
        names += [definition.base] if definition.base else []
        waiting += [(n, reference) for n in names]


def _types_of(operation: Operation) -> Iterator[Type]:
    if operation.body:
        yield operation.body
    for answer in (operation.responses or {}).values():
        if answer.body:
            yield answer.body


def _names_in(kind: Type) -> Iterator[str]:
    if kind.kind == "ref":
        yield kind.ref
    if kind.items is not None:
        yield from _names_in(kind.items)
