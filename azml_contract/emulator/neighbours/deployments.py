"""ARM deployments: resources made from a template.

In: PUT, GET, validate and what-if of ``Microsoft.Resources/deployments``. Out:
the resources of the template, ours made as a PUT of each would, others kept as
stubs. Nested deployments are carried out in their group. A deployment is
``Running`` for a while and then ``Succeeded``; what it makes is there at once.
Linked templates, and functions that `templates` does not know, are refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from azml_contract.emulator.clock import as_iso
from azml_contract.emulator.neighbours.stubs import is_stub, put_stub
from azml_contract.emulator.neighbours.templates import Scope, TemplateError, evaluate
from azml_contract.emulator.paths import ArmPath, parse_arm_path
from azml_contract.emulator.refusal import (
    Refusal,
    refuse_at_gateway,
    refuse_resource_not_found,
)
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import World
from azml_contract.settings import PROVIDER

RESOURCES = "microsoft.resources"
_DURATION_S = 45.0
_MOST_NESTED = 5
PutOurs = Callable[[str, str, Body], Reply]
"""Makes a resource of Azure ML: its id, an api-version, a body."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One resource that a template describes."""

    id: str
    api_version: str
    body: Body
    depends_on: tuple[str, ...] = ()


def answer_deployment(
    world: World,
    method: str,
    path: ArmPath,
    body: Any,
    *,
    base: str,
    api_version: str,
    put_ours: PutOurs,
) -> Reply:
    """Carry out a call on deployments.

    Raises:
        Refusal: A template that cannot be evaluated, or a resource of it that
            was refused.
    """
    kind, tail = path.kind, path.tail.lower()
    if kind == "deployments/operationstatuses":
        return _answer_status(world, path)
    if kind == "" and tail == "deployments":
        listed = world.store.list(
            f"{path.scope}/providers/Microsoft.Resources/deployments"
        )
        return Reply(200, {"value": [_show(world, d) for d in listed]})
    deployment_id = _id_of(path)
    if method in ("PUT", "POST") and tail != "cancel":
        planned = _plan_or_refuse(world, path.scope, body, deployment_id)
        if tail == "validate":
            return Reply(200, _draft(world, deployment_id, body, planned, "Succeeded"))
        if tail == "whatif":
            return Reply(200, _what_if(world, planned))
        return _deploy(world, deployment_id, body, planned, base, api_version, put_ours)
    made = world.store.get(deployment_id)
    if made is None:
        raise refuse_at_gateway(
            404,
            "DeploymentNotFound",
            f"Deployment '{path.names[-1]}' could not be found.",
        )
    if tail == "operations":
        return Reply(200, {"value": _operations(world, made)})
    if method == "DELETE":
        world.store.delete(deployment_id)
        return Reply(204)
    if tail == "cancel":
        return Reply(204)
    return Reply(204) if method == "HEAD" else Reply(200, _show(world, made))


def _id_of(path: ArmPath) -> str:
    return f"{path.scope}/providers/Microsoft.Resources/deployments/{path.names[0]}"


def _answer_status(world: World, path: ArmPath) -> Reply:
    world.clock.note_poll()
    made = world.store.get(_id_of(path))
    if made is None:
        raise refuse_resource_not_found(
            "Microsoft.Resources/deployments", path.names[0], path.resource_group
        )
    return Reply(200, {"status": "Succeeded" if _is_done(world, made) else "Running"})


def _is_done(world: World, made: Resource) -> bool:
    return world.clock.now() >= made.created_s + _DURATION_S


# -- planning -------------------------------------------------------------------


def _plan_or_refuse(
    world: World, scope: str, body: Any, deployment_id: str
) -> list[Planned]:
    try:
        return list(_plan(world, scope, _properties(body), 0))
    except TemplateError as error:
        raise refuse_at_gateway(
            400,
            "InvalidTemplate",
            f"Deployment template validation failed: '{error}'.",
        ) from error


def _properties(body: Any) -> Mapping[str, Any]:
    properties = body.get("properties") if isinstance(body, dict) else None
    if not isinstance(properties, dict):
        raise TemplateError("The deployment has no properties.")
    return properties


def _plan(
    world: World, group_id: str, properties: Mapping[str, Any], depth: int
) -> Iterator[Planned]:
    template = properties.get("template")
    if not isinstance(template, dict):
        raise TemplateError("The emulator takes a template in the request, no link.")
    if depth > _MOST_NESTED:
        raise TemplateError("Deployments are nested too deeply.")
    scope = _scope_of(world, group_id, template, properties)
    listed = template.get("resources") or []
    for item in listed.values() if isinstance(listed, dict) else listed:
        for one in _unroll(item, scope):
            yield from _plan_one(world, group_id, one[0], one[1], depth)


def _scope_of(
    world: World,
    group_id: str,
    template: Mapping[str, Any],
    properties: Mapping[str, Any],
) -> Scope:
    given = properties.get("parameters") or {}
    lowered = {str(k).lower(): v for k, v in given.items()}

    def found(name: str) -> Any:
        resource = world.store.get(str(name))
        return dict(resource.body.get("properties") or {}) if resource else {}

    base = Scope({}, {}, group_id, world.seed.location, world.seed.tenant, found)
    values = {}
    for name, declared in (template.get("parameters") or {}).items():
        told = lowered.get(name.lower())
        if isinstance(told, dict) and "value" in told:
            values[name] = told["value"]
        elif isinstance(declared, dict) and "defaultValue" in declared:
            so_far = Scope(values, {}, group_id, base.location, base.tenant, found)
            values[name] = evaluate(declared["defaultValue"], so_far)
        else:
            raise TemplateError(
                f"The value for the template parameter '{name}' is missing."
            )
    variables = template.get("variables") or {}
    return Scope(values, variables, group_id, base.location, base.tenant, found)


def _unroll(item: Any, scope: Scope) -> Iterator[tuple[Mapping[str, Any], Scope]]:
    if not isinstance(item, dict):
        raise TemplateError("A resource of the template is no object.")
    copy = item.get("copy")
    if not isinstance(copy, dict):
        yield item, scope
        return
    count = evaluate(copy.get("count"), scope)
    for index in range(int(count) if isinstance(count, int) else 0):
        loop = {str(copy.get("name")): index}
        yield (
            item,
            Scope(
                scope.parameters,
                scope.variables,
                scope.group_id,
                scope.location,
                scope.tenant,
                scope.found,
                loop,
            ),
        )


def _plan_one(
    world: World, group_id: str, item: Mapping[str, Any], scope: Scope, depth: int
) -> Iterator[Planned]:
    if not evaluate(item.get("condition", True), scope):
        return
    kind, name = str(item.get("type")), str(evaluate(item.get("name"), scope))
    if kind.lower() == "microsoft.resources/deployments":
        group = evaluate(item.get("resourceGroup"), scope)
        own = group_id.rpartition("/")[0] + f"/{group}" if group else group_id
        inner = dict(item.get("properties") or {})
        inner["parameters"] = evaluate(inner.get("parameters") or {}, scope)
        is_inner = (inner.get("expressionEvaluationOptions") or {}).get("scope")
        if str(is_inner).lower() != "inner" and isinstance(inner.get("template"), dict):
            # Outer scope: the expressions speak of the template around it.
            template = inner["template"]
            inner["template"] = {
                **template,
                "resources": [
                    evaluate(dict(r), scope) for r in template.get("resources") or []
                ]
                if not template.get("parameters")
                else template.get("resources"),
            }
        yield from _plan(world, own, inner, depth + 1)
        return
    provider, *kinds = kind.split("/")
    names = name.split("/")
    if len(kinds) != len(names):
        raise TemplateError(f"The name '{name}' does not fit the type '{kind}'.")
    pairs = "".join(f"/{k}/{n}" for k, n in zip(kinds, names, strict=True))
    resource_id = f"{group_id}/providers/{provider}{pairs}"
    left_out = (
        "condition",
        "type",
        "name",
        "apiVersion",
        "dependsOn",
        "copy",
        "resources",
    )
    body = {
        key: evaluate(value, scope)
        for key, value in item.items()
        if key not in left_out
    }
    depends_on = tuple(str(d) for d in evaluate(item.get("dependsOn") or [], scope))
    body = _without_nulls(body)
    yield Planned(resource_id, str(item.get("apiVersion")), body, depends_on)
    for below in item.get("resources") or []:
        inner = {
            **below,
            "type": f"{kind}/{below.get('type')}",
            "name": f"{name}/{evaluate(below.get('name'), scope)}",
        }
        yield from _plan_one(world, group_id, inner, scope, depth)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return value


# -- carrying out ---------------------------------------------------------------


def _deploy(
    world: World,
    deployment_id: str,
    body: Any,
    planned: list[Planned],
    base: str,
    api_version: str,
    put_ours: PutOurs,
) -> Reply:
    for one in _in_order(planned):
        _make(world, one, put_ours)
    drafted = _draft(world, deployment_id, body, planned, "Accepted")
    made = [{"id": one.id} for one in planned]
    kept = {"properties": {**drafted["properties"], "outputResources": made}}
    world.store.put(world.new_resource(deployment_id, kept))
    number = uuid.uuid5(uuid.NAMESPACE_URL, deployment_id).int % 10**20
    url = f"{base}{deployment_id}/operationStatuses/{number:020d}"
    header = ("Azure-AsyncOperation", f"{url}?api-version={api_version}")
    return Reply(201, drafted, (header,))


def _in_order(planned: list[Planned]) -> list[Planned]:
    """What others depend on first; a circle keeps the order of the template."""
    left, done, ordered = list(planned), set[str](), list[Planned]()
    ids = {one.id.lower() for one in planned}
    while left:
        ready = [
            one for one in left if {d.lower() for d in one.depends_on} & ids <= done
        ] or left
        for one in ready:
            ordered.append(one)
            done.add(one.id.lower())
            left.remove(one)
    return ordered


def _make(world: World, one: Planned, put_ours: PutOurs) -> None:
    path = parse_arm_path(one.id)
    if path.provider.lower() == PROVIDER.lower():
        put_ours(one.id, one.api_version, one.body)
    elif is_stub(path) or len(path.types) > 1:
        put_stub(world, path, one.body)
    else:
        kind = f"{path.provider}/{'/'.join(path.types)}"
        raise Refusal(
            400,
            "InvalidTemplate",
            f"The emulator has no resources of type '{kind}': it keeps those of Azure "
            "ML and stubs of what a workspace needs.",
            by="gateway",
        )


def _what_if(world: World, planned: list[Planned]) -> Body:
    changes = []
    for one in planned:
        existing = world.store.get(one.id)
        kind = "Create" if existing is None else "Modify"
        if existing is not None and _holds(existing.body, one.body):
            kind = "NoChange"
        after = {"id": one.id, "apiVersion": one.api_version, **one.body}
        changes.append({"resourceId": one.id, "changeType": kind, "after": after})
    return {"status": "Succeeded", "properties": {"changes": changes}}


def _holds(body: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(body, dict):
        return all(_holds(body.get(key), value) for key, value in wanted.items())
    return bool(body == wanted)


# -- showing --------------------------------------------------------------------


def _draft(
    world: World, deployment_id: str, body: Any, planned: list[Planned], state: str
) -> Body:
    properties = _properties(body)
    scope = _scope_of(
        world,
        deployment_id.partition("/providers/")[0],
        properties["template"],
        properties,
    )
    declared = properties["template"].get("parameters") or {}
    location = world.seed.location
    shown: Body = {
        "templateHash": str(uuid.uuid5(uuid.NAMESPACE_URL, deployment_id).int % 10**20),
        "parameters": {
            name: {
                "type": str(declared[name].get("type", "string")).capitalize(),
                "value": value,
            }
            for name, value in scope.parameters.items()
            if "secure" not in str(declared[name].get("type", "")).lower()
        },
        "mode": str(properties.get("mode", "Incremental")).capitalize(),
        "provisioningState": state,
        "timestamp": as_iso(world.clock.now()).replace("+00:00", "Z"),
        "duration": "PT0.1S",
        "correlationId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{deployment_id}/c")),
        "providers": [
            {
                "namespace": parse_arm_path(one.id).provider,
                "resourceTypes": [
                    {"resourceType": _kind(one.id), "locations": [location]}
                ],
            }
            for one in planned
        ],
        "dependencies": [
            {
                "dependsOn": [_named(d) for d in one.depends_on],
                **_named(one.id),
            }
            for one in planned
            if one.depends_on
        ],
    }
    if state == "Succeeded":
        shown["validatedResources"] = [{"id": one.id} for one in planned]
    outputs = properties["template"].get("outputs") or {}
    if outputs and state != "Succeeded":
        shown["outputs"] = {
            name: {
                "type": str(item.get("type", "string")).capitalize(),
                "value": evaluate(item.get("value"), scope),
            }
            for name, item in outputs.items()
        }
    return {
        "id": deployment_id,
        "name": deployment_id.rpartition("/")[2],
        "type": "Microsoft.Resources/deployments",
        "properties": shown,
    }


def _kind(resource_id: str) -> str:
    return "/".join(parse_arm_path(resource_id).types)


def _named(resource_id: str) -> Body:
    path = parse_arm_path(resource_id)
    return {
        "id": resource_id,
        "resourceType": f"{path.provider}/{'/'.join(path.types)}",
        "resourceName": "/".join(path.names),
    }


def _show(world: World, made: Resource) -> Body:
    properties = dict(made.body["properties"])
    done = _is_done(world, made)
    properties["provisioningState"] = "Succeeded" if done else "Running"
    if not done:
        properties.pop("outputResources", None)
    return {
        "id": made.id,
        "name": made.name,
        "type": "Microsoft.Resources/deployments",
        "properties": properties,
    }


def _operations(world: World, made: Resource) -> list[Body]:
    if not _is_done(world, made):
        return []
    listed = []
    for output in made.body["properties"].get("outputResources") or []:
        operation = (
            uuid.uuid5(uuid.NAMESPACE_URL, made.id + output["id"]).hex[:16].upper()
        )
        listed.append(
            {
                "id": f"{made.id}/operations/{operation}",
                "operationId": operation,
                "properties": {
                    "provisioningOperation": "Create",
                    "provisioningState": "Succeeded",
                    "timestamp": as_iso(made.created_s).replace("+00:00", "Z"),
                    "duration": "PT1.5S",
                    "trackingId": str(uuid.uuid5(uuid.NAMESPACE_URL, operation)),
                    "statusCode": "OK",
                    "targetResource": _named(output["id"]),
                },
            }
        )
    return listed
