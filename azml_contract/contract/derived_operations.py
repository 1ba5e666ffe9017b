"""Operations that follow from ARM's conventions alone.

In: the resource types and actions of a `BicepVersion` that no swagger
describes. Out: operations on their paths. That a resource can be read and,
if writable, put is told; that it can be listed and deleted is assumed. Status
codes, queries, paging and flow stay unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from azml_contract.contract.bicep_names import Renamed, rename_type
from azml_contract.contract.bicep_types import BicepVersion, Function, Resource
from azml_contract.contract.imported import Imported
from azml_contract.contract.model import Operation, Parameter, Type
from azml_contract.contract.resource_path import (
    RESOURCE_GROUP,
    SUBSCRIPTION,
    find_owner,
)


def derive_operations(
    version: BicepVersion,
    references: Sequence[Imported],
    homes: Mapping[str, Imported | None],
    renamed: Renamed,
) -> Iterator[Operation]:
    """Operations of resource types and actions that no swagger describes.

    Args:
        version: What the bicep types tell.
        references: Swagger versions, nearest first.
        homes: For each resource type, in lower case, the swagger that has it.
        renamed: The definitions under their final names.
    """
    kinds = _parameter_types(version, references)
    for resource in version.resources:
        if homes[resource.type.lower()] is None:
            yield from _resource_operations(resource, renamed, kinds)
    known = {
        (find_owner(o.path).type, find_owner(o.path).action.lower())
        for home in {id(h): h for h in homes.values() if h}.values()
        for o in home.operations.values()
        if o.method == "POST"
    }
    for function in version.functions:
        if (function.resource.lower(), function.name.lower()) not in known:
            yield _function_operation(function, renamed, kinds)


def _parameter_types(
    version: BicepVersion, references: Sequence[Imported]
) -> dict[str, Type]:
    """What is known of parameters by name, resources' own names included."""
    kinds: dict[str, Type] = {}
    for reference in references[:1]:
        for operation in reference.operations.values():
            for parameter in operation.parameters:
                if parameter.place == "path" or parameter.name == "api-version":
                    kinds.setdefault(parameter.name, parameter.type)
    for resource in version.resources:
        kinds.setdefault(_path(resource.type)[1][-1], resource.name_type)
    return kinds


def _resource_operations(
    resource: Resource, renamed: Renamed, kinds: Mapping[str, Type]
) -> Iterator[Operation]:
    body = Type("ref", ref=renamed.names[resource.body])
    group = _group(resource.type)
    path, names = _path(resource.type)
    parameters = _path_parameters(names, kinds)
    item = Operation(
        id=f"{group}_Get",
        method="GET",
        path=path,
        parameters=parameters,
        queries_known=False,
        responses=None,
        long_running=None,
        paging=None,
        result=body,
    )
    yield item
    collection = path.rpartition("/")[0]
    yield replace(
        item,
        id=f"{group}_List",
        path=collection,
        parameters=tuple(p for p in parameters if p.name != names[-1]),
        result=None,
        assumed=True,
    )
    if resource.writable:
        yield replace(
            item,
            id=f"{group}_CreateOrUpdate",
            method="PUT",
            body=body,
            body_required=True,
        )
        yield replace(
            item, id=f"{group}_Delete", method="DELETE", result=None, assumed=True
        )


def _function_operation(
    function: Function, renamed: Renamed, kinds: Mapping[str, Type]
) -> Operation:
    path, names = _path(function.resource)
    verb = function.name[:1].upper() + function.name[1:]
    given, answered = function.input, function.output
    return Operation(
        id=f"{_group(function.resource)}_{verb}",
        method="POST",
        path=f"{path}/{function.name}",
        parameters=_path_parameters(names, kinds),
        queries_known=False,
        body=rename_type(given, renamed.names) if given else None,
        body_required=given is not None,
        responses=None,
        long_running=None,
        paging=None,
        result=rename_type(answered, renamed.names) if answered else None,
    )


def _group(resource_type: str) -> str:
    """``workspaces/capabilityHosts`` becomes ``CapabilityHosts``."""
    parts = resource_type.split("/")
    inner = parts[1:] if len(parts) > 1 and parts[0] == "workspaces" else parts
    return "".join(part[:1].upper() + part[1:] for part in inner)


def _path(resource_type: str) -> tuple[str, list[str]]:
    path = SUBSCRIPTION if resource_type.startswith("locations") else RESOURCE_GROUP
    names: list[str] = []
    for part in resource_type.split("/"):
        singular = part[:-3] + "y" if part.endswith("ies") else part.removesuffix("s")
        names.append("location" if part == "locations" else f"{singular}Name")
        path += f"/{part}/{{{names[-1]}}}"
    return path, names


def _path_parameters(
    names: list[str], kinds: Mapping[str, Type]
) -> tuple[Parameter, ...]:
    plain = Type("string")
    path = ["subscriptionId", "resourceGroupName", *names]
    if names[0] == "location":
        path.remove("resourceGroupName")
    return (
        *(Parameter(name, "path", kinds.get(name, plain), True) for name in path),
        Parameter("api-version", "query", kinds.get("api-version", plain), True),
    )
