"""Find paths in what an operation answers, as a script's jq reads it.

In: a contract, an operation, the steps of a path. Out: whether the answer
declares it, where it ends if not, and the smallest answer that has it. Knows no
recorded answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from azml_contract.contract.catalog import (
    find_stand_in,
    known_versions,
    load_contract,
)
from azml_contract.contract.contract import Contract, Route
from azml_contract.contract.model import Definition, Operation, Type
from azml_contract.exchange import Request
from azml_contract.validation.nearest import find_nearest

_OPEN = ("any", "object")
_ERROR = "error"


@dataclass(frozen=True, slots=True)
class Answered:
    """What a path leads to.

    `is_known` is false where the contract leaves open what is there. A path that
    is not `found` ends at step `missing`, in `owner`, whose names `near` are like
    the one that was looked for. `sample` is an answer that has the path.
    """

    is_known: bool
    found: bool
    sample: Any = None
    missing: int = 0
    owner: str = ""
    near: tuple[str, ...] = ()
    is_text: bool = False


def find_in_answer(
    contract: Contract, operation: Operation, steps: Sequence[str]
) -> Answered:
    """What `steps` lead to in a success of `operation`; ``*`` is every item."""
    if steps[:1] == (_ERROR,):
        return Answered(is_known=False, found=True)
    body = _body_of(operation)
    if body is None:
        return Answered(is_known=False, found=True)
    return _follow(contract, body, tuple(steps), 0, "")


def _body_of(operation: Operation) -> Type | None:
    for status, spec in (operation.responses or {}).items():
        if status.startswith("2") and spec.body is not None:
            return spec.body
    return operation.result


def _follow(
    contract: Contract, kind: Type, steps: tuple[str, ...], at: int, owner: str
) -> Answered:
    if at == len(steps):
        return Answered(True, True, _sample(kind), is_text=kind.kind == "string")
    if kind.kind in _OPEN:
        return Answered(is_known=False, found=True)
    step = steps[at]
    if kind.kind in ("array", "map"):
        return _follow_items(contract, kind, steps, at, owner)
    definition = contract.definitions.get(kind.ref) if kind.ref else None
    if definition is None:
        return Answered(True, False, missing=at, owner=owner or f"a {kind.kind}")
    return _follow_object(contract, definition, steps, at, step)


def _follow_items(
    contract: Contract, kind: Type, steps: tuple[str, ...], at: int, owner: str
) -> Answered:
    step = steps[at]
    is_index = step == "*" or step.lstrip("-").isdecimal()
    if kind.items is None:
        return Answered(is_known=False, found=True)
    if kind.kind == "array" and not is_index:
        return Answered(True, False, missing=at, owner=owner or "a list")
    inner = _follow(contract, kind.items, steps, at + 1, owner)
    return _wrap(inner, "", step) if kind.kind == "map" else _wrap(inner, "[]", step)


def _follow_object(
    contract: Contract,
    definition: Definition,
    steps: tuple[str, ...],
    at: int,
    step: str,
) -> Answered:
    missed: Answered | None = None
    names: dict[str, None] = {}
    for one in _variants(contract, definition):
        names.update(dict.fromkeys(one.properties))
        found = one.properties.get(step)
        if found is None:
            if one.additional is not None:
                return Answered(is_known=False, found=True)
            continue
        inner = _follow(contract, found.type, steps, at + 1, one.name)
        if inner.found:
            return _wrap(inner, step, step, _discriminate(definition, one))
        missed = missed or inner
    near = find_nearest(step, tuple(names))
    return missed or Answered(True, False, None, at, definition.name, near)


def _variants(contract: Contract, definition: Definition) -> Iterator[Definition]:
    yield definition
    for name in definition.variants.values():
        variant = contract.definitions.get(name)
        if variant is not None:
            yield variant


def _discriminate(base: Definition, variant: Definition) -> dict[str, Any]:
    value = next((v for v, name in base.variants.items() if name == variant.name), "")
    return {base.discriminator: value} if value else {}


def _wrap(
    inner: Answered, name: str, step: str, more: dict[str, Any] | None = None
) -> Answered:
    if not (inner.found and inner.is_known):
        return inner
    held: dict[str, Any] = {**(more or {}), step: inner.sample}
    sample: Any = [inner.sample] if name == "[]" else held
    return Answered(True, True, sample, is_text=inner.is_text)


def _sample(kind: Type) -> Any:
    if kind.enum:
        return kind.enum[0]
    plain = {"integer": 1, "number": 1, "boolean": True, "array": [], "string": "..."}
    return plain.get(kind.kind, {})


def find_elsewhere(
    contract: Contract, operation: Operation, steps: Sequence[str], missing: int
) -> tuple[str, ...]:
    """The path that holds the same now: without a step, or by its last name."""
    steps = tuple(steps)
    shorter = (*steps[:missing], *steps[missing + 1 :])
    candidates = [shorter] if missing < len(steps) - 1 else []
    found = find_in_answer(contract, operation, steps[:missing]).sample
    if isinstance(found, dict) or missing:
        near = find_in_answer(contract, operation, steps).near
        candidates += [(*steps[:missing], name, *steps[missing + 1 :]) for name in near]
    for one in candidates:
        if one and find_in_answer(contract, operation, one).found:
            return one
    return ()


def find_versions(
    method: str, path: str, steps: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The api-versions whose answer has a path, and those whose answer has not."""
    has: list[str] = []
    lacks: list[str] = []
    for version in known_versions():
        contract = load_contract(version)
        route = contract.find(method, path)
        if not isinstance(route, Route):
            continue
        answered = find_in_answer(contract, route.operation, steps)
        if answered.is_known:
            (has if answered.found else lacks).append(version)
    return tuple(has), tuple(lacks)


@dataclass(frozen=True, slots=True)
class Absent:
    """A path that an answer does not have; `instead` is one that it has, if any."""

    operation: str
    instead: tuple[str, ...]


def judged_at(request: Request) -> str:
    """The api-version that a request is judged by; empty where there is none."""
    return find_stand_in((request.api_version or "").lower()) or ""


def _find_route(request: Request) -> tuple[Contract, Route] | None:
    """The operation of a request, at the version that it is judged by."""
    version = judged_at(request)
    if not version:
        return None
    contract = load_contract(version)
    route = contract.find(request.method, request.path)
    return (contract, route) if isinstance(route, Route) else None


def explain_path(request: Request, steps: Sequence[str]) -> Absent | None:
    """Why the answer to a request has no such path; None where it may have it."""
    found = _find_route(request)
    if found is None:
        return None
    contract, route = found
    answered = find_in_answer(contract, route.operation, steps)
    if answered.found:
        return None
    instead = find_elsewhere(contract, route.operation, steps, answered.missing)
    return Absent(route.operation.id, instead)


def sample_answer(request: Request, paths: Sequence[Sequence[str]]) -> tuple[int, Any]:
    """The smallest success that has all of `paths`, and its status.

    Paths that the answer does not declare are left out.
    """
    found = _find_route(request)
    if found is None:
        return 200, {}
    contract, route = found
    statuses = [s for s in route.operation.responses or () if s.startswith("2")]
    body: Any = {}
    for steps in paths:
        steps = tuple("0" if one == "*" else one for one in steps)
        answered = find_in_answer(contract, route.operation, steps)
        if answered.found and answered.is_known:
            body = _merge(answered.sample, body)
    return int(statuses[0]) if statuses else 200, body


def _merge(one: Any, two: Any) -> Any:
    """Two samples of one answer as one."""
    if isinstance(one, dict) and isinstance(two, dict):
        inner = {k: _merge(v, two[k]) if k in two else v for k, v in one.items()}
        return {**two, **inner}
    if isinstance(one, list) and isinstance(two, list):
        return [_merge(one[0], two[0])] if one and two else one or two
    return one
