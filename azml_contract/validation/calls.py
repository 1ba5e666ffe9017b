"""Check what is around a body: path, verb, query, status, headers.

In: a request or a response, and the operation it belongs to. Out: findings,
made by a `Grader`. Bodies are not looked into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from azml_contract.contract.catalog import find_stand_in, is_newer_than_known
from azml_contract.contract.contract import NoRoute, Route
from azml_contract.contract.model import Operation, Parameter, SourceKind, Type
from azml_contract.contract.patterns import Matcher
from azml_contract.exchange import Request, Response
from azml_contract.finding import Finding, Severity
from azml_contract.shown_path import shorten
from azml_contract.validation.destination import find_right_host
from azml_contract.validation.grade import Grader
from azml_contract.validation.history import find_route
from azml_contract.validation.nearest import find_nearest
from azml_contract.validation.phrases import list_names, show
from azml_contract.validation.testimony import find_status

_PROGRESS = ("Azure-AsyncOperation", "Location")
_INTEGER = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Scope(NamedTuple):
    """Where calls are meant to go; an empty field is not checked.

    `names_are_ours`: the workspace in the URL stands in for one that nobody told, so
    ids are not compared with it.
    """

    api_version: str = ""
    subscription: str = ""
    resource_group: str = ""
    workspace: str = ""
    names_are_ours: bool = False


def check_host(grader: Grader, request: Request) -> Iterator[Finding]:
    """A host that differs by a few letters from one of Azure's."""
    right = find_right_host(request.host)
    if right:
        yield grader.find(
            "AZC147",
            f"{request.host} is no host of Azure Resource Manager.",
            cure=f"Did you mean {right}?",
            expected=(right,),
            seen=request.host,
        )


def tell_not_judged(grader: Grader, reason: str, *, certain: bool = True) -> Finding:
    """The finding of a call that was seen and not judged.

    `certain` where it is one of the provider; else it may be anybody's.
    """
    return grader.find(
        "AZC153",
        f"This call was not judged: {reason}.",
        cure="Write what is missing, or pass --allow-unjudged.",
        severity=None if certain else Severity.WARNING,
    )


def check_route(grader: Grader, request: Request, missed: NoRoute) -> Finding:
    """The finding of a verb and path that no operation has."""
    known = find_route(grader.api_version, request.method, request.path)
    path = shorten(request.path)
    if missed.allowed:
        there = f"; {request.method} exists in {known.span}" if known else ""
        instead = f", or use {known.best}" if known else ""
        return grader.find(
            "AZC151",
            f"{request.method} is not allowed on {path}; "
            f"it knows {', '.join(missed.allowed)}{there}.",
            cure=f"Send {' or '.join(missed.allowed)}{instead}.",
            expected=missed.allowed,
            seen=request.method,
        )
    unnamed = _find_unnamed(grader.api_version, request)
    if unnamed:
        return grader.find(
            "AZC150",
            f"In {path} nothing is named after {' and '.join(unnamed)}.",
            cure="Name it; a variable that is empty, or not set, leaves it out.",
            seen=request.path,
        )
    there = f"; it exists in {known.span}" if known else ""
    cures = [f"Use {known.best}."] if known else []
    if missed.nearest:
        # Whole, where the way to the workspace may be what is wrong.
        is_short = path != request.path
        nearest = map(shorten, missed.nearest) if is_short else missed.nearest
        cures.append("\n  ".join(("Nearest paths:", *nearest)))
    return grader.find(
        "AZC150",
        f"No operation of {grader.api_version} has the path {path}{there}.",
        cure="\n".join(cures),
        expected=missed.nearest,
        seen=request.path,
    )


def _find_unnamed(api_version: str, request: Request) -> list[str]:
    """Where a name is empty in what is a path but for that: ``/resourceGroups/``."""
    empty = [f"/{name}/" for name in re.findall("([^/]+)/(?=/)", request.path)]
    filled = re.sub("(?<=/)(?=/)", "-", request.path)
    known = empty and find_route(api_version, request.method, filled)
    return empty if known else []


def tell_untold(grader: Grader, request: Request, source: SourceKind) -> Finding | None:
    """That nobody can tell whether a verb and path exist; None where somebody can.

    Bicep types tell few operations: what only other api-versions have may be there.
    """
    if source is SourceKind.SWAGGER:
        return None
    known = find_route(grader.api_version, request.method, request.path)
    if known is None:
        return None
    return grader.find(
        "AZC307",
        f"The source of {grader.api_version} does not tell whether {request.method} "
        f"{shorten(request.path)} is there; it exists in {known.span}.",
        cure=f"Try the call, or use {known.best}.",
        seen=request.path,
    )


def tell_assumed(grader: Grader, operation: Operation) -> Iterator[Finding]:
    """That an operation is known from another api-version alone."""
    if operation.assumed:
        yield grader.find(
            "AZC307",
            f"The source of {grader.api_version} does not tell whether {operation.id} "
            f"is there; it is judged as carried over from {operation.carried_from}.",
        )


def check_names(grader: Grader, route: Route, *, scope: Scope) -> Iterator[Finding]:
    """Names in the path: their patterns when a call creates, and the scope always."""
    operation, values = route.operation, route.values
    if operation.method == "PUT":
        for parameter in operation.parameters:
            value = values.get(parameter.name)
            if parameter.place == "path" and value is not None:
                yield from _check_name(grader, parameter, value)
    yield from _check_scope(grader, values, scope)


@lru_cache(maxsize=1024)  # most calls name the same workspace
def matches(pattern: str, value: str) -> bool:
    """Whether a name matches the pattern of a specification."""
    return Matcher(pattern).search(value)


def _check_name(grader: Grader, parameter: Parameter, value: str) -> Iterator[Finding]:
    kind = parameter.type
    if kind.pattern and not matches(kind.pattern, value):
        yield grader.find(
            "AZC146",
            f"{show(value)} is no {parameter.name}: it must match {kind.pattern}.",
            cure=f"Choose a name that matches {kind.pattern}.",
            expected=(kind.pattern,),
            seen=value,
        )


def _check_scope(
    grader: Grader, values: Mapping[str, str], scope: Scope
) -> Iterator[Finding]:
    wanted = (
        ("subscriptionId", "subscription", scope.subscription, "AZURE_SUBSCRIPTION_ID"),
        (
            "resourceGroupName",
            "resource group",
            scope.resource_group,
            "AZURE_RESOURCE_GROUP",
        ),
        ("workspaceName", "workspace", scope.workspace, "AZML_WORKSPACE"),
    )
    for name, noun, configured, variable in wanted:
        value = values.get(name)
        if configured and value is not None and value.lower() != configured.lower():
            yield grader.find(
                "AZC163",
                f"The call goes to {noun} {value}; configured is {configured}.",
                cure=f"Use {configured}, as {variable} says in a test, or change that "
                "setting.",
                expected=(configured,),
                seen=value,
            )


def check_query(
    grader: Grader, operation: Operation, query: list[tuple[str, str]]
) -> Iterator[Finding]:
    """Query parameters: unknown, missing, of a wrong value; names in any case."""
    known = {p.name.lower(): p for p in operation.parameters if p.place == "query"}
    sent: set[str] = set()
    for name, value in query:
        key = name.lower()
        sent.add(key)
        if key == "api-version":
            continue
        parameter = known.get(key)
        if parameter is not None:
            yield from _check_value(grader, parameter, value, operation.carried_from)
        elif operation.queries_known and not _is_paging(operation, key):
            yield _find_unknown_query(grader, name, known, operation.carried_from)
    for key, parameter in known.items():
        if parameter.required and key not in sent and key != "api-version":
            yield grader.find(
                "AZC144",
                f"{operation.id} needs the query parameter {parameter.name}.",
                cure=f"Add ?{parameter.name}={_example(parameter.type)}.",
                expected=(parameter.name,),
                carried=operation.carried_from,
            )


def _is_paging(operation: Operation, key: str) -> bool:
    # The live nextLink carries $skipToken, which no specification names.
    return key == "$skiptoken" and operation.paging != ""


def _find_unknown_query(
    grader: Grader, name: str, known: Mapping[str, Parameter], carried: str
) -> Finding:
    names = tuple(p.name for p in known.values() if p.name.lower() != "api-version")
    near = find_nearest(name, names)
    listed = list_names(names) or "none but api-version"
    return grader.find(
        "AZC143",
        f"{grader.operation} has no query parameter {name}; it knows {listed}.",
        cure=f"Did you mean {near[0]}?" if near else "Remove it.",
        expected=near or names,
        seen=name,
        carried=carried,
    )


def _check_value(
    grader: Grader, parameter: Parameter, value: str, carried: str
) -> Iterator[Finding]:
    kind = parameter.type
    wanted = _expect(kind, value)
    if wanted:
        near = find_nearest(value, kind.enum)
        only_case = bool(near) and near[0].lower() == value.lower()
        yield grader.find(
            "AZC145",
            f"{show(value)} is no {parameter.name}: it must be {wanted}.",
            cure=f"Did you mean {near[0]}?" if near else f"Send {wanted}.",
            expected=kind.enum or (kind.kind,),
            seen=value,
            severity=Severity.WARNING if only_case else None,
            carried=carried,
        )


def _expect(kind: Type, value: str) -> str:
    """What a query value should have been; "" when it is fine."""
    if kind.enum:
        return "" if value in kind.enum else f"one of {list_names(kind.enum)}"
    if kind.kind == "boolean":
        return "" if value.lower() in ("true", "false") else "true or false"
    if kind.kind == "integer":
        return "" if _INTEGER.fullmatch(value) else "an integer"
    if kind.kind == "number":
        return "" if _NUMBER.fullmatch(value) else "a number"
    return ""


def _example(kind: Type) -> str:
    if kind.enum:
        return kind.enum[0]
    return {"boolean": "true", "integer": "1", "number": "1"}.get(kind.kind, "...")


def check_api_version(
    grader: Grader, sent: str | None, nearest: tuple[str, ...] | None, scope: Scope
) -> Finding | None:
    """The finding of an api-version that is missing or not known.

    Args:
        grader: Of the request.
        sent: The value of the query parameter; None when there is none.
        nearest: Known versions nearest to an unknown one; None when it is known.
        scope: Its api-version is the one configured.
    """
    if not sent:
        wanted = scope.api_version or "2024-04-01"
        return grader.find(
            "AZC140",
            "The query parameter api-version is missing; every call needs it.",
            cure=f"Add ?api-version={wanted}.",
            expected=("api-version",),
        )
    if nearest is not None:
        return find_unknown_version(grader, sent, nearest)
    if scope.api_version and sent.lower() != scope.api_version.lower():
        return grader.find(
            "AZC142",
            f"The call uses api-version {sent}; configured is {scope.api_version}.",
            cure=f"Use {scope.api_version}.",
            expected=(scope.api_version,),
            seen=sent,
        )
    return None


def find_unknown_version(
    grader: Grader, sent: str, nearest: tuple[str, ...]
) -> Finding:
    """The finding of an api-version without a contract; says what judges instead."""
    stand_in = find_stand_in(sent.lower())
    judged = f" The call is judged as at {stand_in}." if stand_in else ""
    if is_newer_than_known(sent.lower()):
        return grader.find(
            "AZC148",
            f"{sent} is newer than every api-version known here.{judged}",
            cure="Import its contract: azml-contract contract import --specs DIR "
            "--to FOLDER; then --contracts FOLDER.",
            expected=nearest,
            seen=sent,
        )
    listed = ", ".join(nearest) or "azml-contract contract list"
    return grader.find(
        "AZC141",
        f"{sent} is no known api-version.{judged}",
        cure=f"Nearest: {listed}.",
        expected=nearest,
        seen=sent,
    )


def check_status(
    grader: Grader, operation: Operation, response: Response
) -> Iterator[Finding]:
    """A success status that the contract does not document."""
    responses = operation.responses
    if responses is None or response.status >= 300:
        return
    if str(response.status) not in responses:
        known = tuple(code for code in responses if code != "default")
        listed = ", ".join(known)
        yield grader.find(
            "AZC240",
            f"{operation.id} answered {response.status}; documented: {listed}.",
            expected=known,
            seen=response.status,
            carried=operation.carried_from,
            told=find_status(operation.id, grader.api_version, response.status),
        )


def check_long_running(
    grader: Grader, operation: Operation, response: Response, body: Any
) -> Iterator[Finding]:
    """Whether a long-running answer says where its progress can be polled.

    A 202 always must. A 201 should where the contract documents such a header
    for it, unless its body tells the provisioning state: then the resource
    itself can be polled.

    Source: ARM resource provider contract, async-api-reference.md.
    """
    if response.status not in (201, 202) or operation.long_running is False:
        return
    if any(response.header(name) for name in _PROGRESS):
        return
    created = response.status == 201
    if created and (_tells_state(body) or not _documents_progress(operation)):
        return
    yield grader.find(
        "AZC250",
        f"{operation.id} answered {response.status} with neither "
        "Azure-AsyncOperation nor Location, so its end cannot be found.",
        expected=_PROGRESS,
        severity=Severity.WARNING if created else None,
    )


def _tells_state(body: Any) -> bool:
    properties = body.get("properties") if isinstance(body, dict) else None
    return isinstance(properties, dict) and "provisioningState" in properties


def _documents_progress(operation: Operation) -> bool:
    spec = (operation.responses or {}).get("201")
    headers = {name.lower() for name in spec.headers} if spec is not None else set()
    return any(name.lower() in headers for name in _PROGRESS)
