"""Rewrite the body of a request for another api-version.

In: a body, its operation, two api-versions. Out: the new body, the edits as
RFC 6902 operations and in words, and where a person has to decide. The result
is validated against the target; what is still wrong there becomes a decision,
never silence.

Three passes: names and values that the first version only tolerates in another
case are mended; the steps of the table are taken; values that the target spells
in another case, or with underscores, are spelled its way.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from azml_contract.contract.catalog import load_contract
from azml_contract.contract.contract import Contract
from azml_contract.contract.model import Operation, View
from azml_contract.contract.views import Lens, is_union
from azml_contract.errors import ContractError, InputError
from azml_contract.finding import Finding, Severity
from azml_contract.json_pointer import escape
from azml_contract.regression.upgrade_steps import (
    Decision,
    Taken,
    get,
    pop,
    put,
    take_steps,
)
from azml_contract.validation.body import compile_body
from azml_contract.validation.deviation import Rule
from azml_contract.validation.jsontext import parse_json
from azml_contract.validation.nearest import find_nearest
from azml_contract.validation.parsed import BROKEN
from azml_contract.validation.validator import Validator

_NAME_CASE, _VALUES = "AZC103", ("AZC106", "AZC107", "AZC108")
_NO_VALUE = "AZC106"
"""A warning only, but no value that the old version took may become one."""
_MILD = (Rule.CASE, Rule.ENUM_CASE)
_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A body before and after, and how it got there.

    `before` is what was sent, parsed. `edits` are in words; `findings` what
    the target still has to say about `after`.
    """

    operation: str
    before: Any
    after: Any
    edits: tuple[str, ...]
    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]

    def operations(self) -> list[dict[str, Any]]:
        """The edits as RFC 6902 operations.

        One that a person has to look at has a member ``decide``, which RFC
        6902 tells others to ignore.
        """
        made = list(_differ(self.before, self.after, ""))
        for one in self.decisions:
            for operation in made:
                path = operation["path"]
                if path == one.pointer or one.pointer.startswith(f"{path}/"):
                    told = operation.get("decide")
                    operation["decide"] = f"{told} {one.reason}" if told else one.reason
                    break
        return made


def upgrade_body(body: bytes, operation: str, old: str, new: str) -> Upgrade:
    """Rewrite the body of one request.

    Args:
        body: As it was sent; slots in braces are texts like others.
        operation: Its operationId at `old`.
        old: The api-version it was written for.
        new: The api-version it is to be written for.

    Raises:
        ContractError: A version is not known, or has no such operation.
        InputError: The body is not JSON.
    """
    was = _find_operation(old, operation)
    contract = load_contract(new)
    now = _find_twin(was, contract)
    before = _read_object(body)
    after = copy.deepcopy(before)
    edits: list[str] = []
    known = {(f.code, str(f.seen)) for f in _mend(after, old, operation, edits)}
    taken = _take_table(after, was, old, new)
    edits += taken.edits
    findings = _mend(after, new, now.id, edits)
    fresh = [f for f in findings if (f.code, str(f.seen)) not in known]
    left = [f for f in findings if f.severity is Severity.ERROR]
    left += [f for f in fresh if f.code == _NO_VALUE]
    decisions = (*taken.decisions, *map(_decide, left))
    return Upgrade(now.id, before, after, tuple(edits), decisions, findings)


def _read_object(body: bytes) -> dict[str, Any]:
    """The object that a body is; what was mended in a broken one is nobody's body.

    Raises:
        InputError: Says where it is no JSON.
    """
    parsed = parse_json(body)
    for one in parsed.defects:
        if one.kind == BROKEN or not parsed.readable:
            raise InputError(f"the body is no JSON object: {one.message} {one.cure}")
    if not isinstance(parsed.value, dict):
        seen = json.dumps(parsed.value)[:40]
        raise InputError(f"the body is no JSON object: it is {seen}.")
    return parsed.value


def guess_operation(body: bytes, version: str, hint: str = "") -> str:
    """The operation that a body is meant for: the one that likes it best.

    Args:
        body: As it is sent.
        version: The api-version it was written for.
        hint: Such as the name of its file; decides between equals.

    Raises:
        InputError: No operation takes it, or several take it equally well; or it is
            not JSON.
    """
    contract = load_contract(version)
    value = _read_object(body)
    scores: dict[str, int] = {}
    for operation in contract.operations.values():
        if operation.method == "PUT" and operation.body is not None:
            check = compile_body(contract, operation.body, Lens(View.CREATE))
            wrong = [d for d in check.check(value) if d.rule not in _MILD]
            scores[operation.id] = len(wrong)
    least = min(scores.values(), default=0)
    best = [name for name, score in scores.items() if score == least]
    hinted = [name for name in best if hint and _resemble(name, hint)]
    best = hinted if len(hinted) == 1 else best
    if len(best) != 1:
        told = ", ".join(best[:4]) or "none"
        raise InputError(f"what the body is for is not clear ({told})")
    return best[0]


def _resemble(operation: str, hint: str) -> bool:
    kind = operation.partition("_")[0].casefold()
    words = hint.casefold().replace("-", "_").split("_")
    return any(word and kind.startswith(word) for word in words)


def _find_operation(version: str, name: str) -> Operation:
    operations = load_contract(version).operations
    found = operations.get(name)
    if found is None:
        near = find_nearest(name, operations)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise ContractError(f"{version} has no operation {name!r}.{hint}")
    return found


def _find_twin(was: Operation, contract: Contract) -> Operation:
    """The same verb and path; names in braces are what differs over the years."""
    found = contract.find(was.method, was.path)
    operation = getattr(found, "operation", None)
    if not isinstance(operation, Operation):
        raise ContractError(
            f"{contract.api_version} has no {was.method} {was.path}; nothing takes "
            "its place by name."
        )
    return operation


def _take_table(body: dict[str, Any], was: Operation, old: str, new: str) -> Taken:
    properties = body.get("properties")
    definition = _find_definition(load_contract(old), was, properties)
    if not isinstance(properties, dict) or not definition:
        return Taken()
    return take_steps(properties, definition, old, new)


def _find_definition(contract: Contract, was: Operation, properties: Any) -> str:
    known = contract.definitions
    outer = known.get(was.body.ref) if was.body is not None else None
    prop = outer.properties.get("properties") if outer is not None else None
    inner = known.get(prop.type.ref) if prop is not None else None
    if inner is None or not isinstance(properties, dict) or not is_union(inner):
        return inner.name if inner is not None else ""
    return inner.variants.get(str(properties.get(inner.discriminator)), inner.name)


def _mend(
    body: dict[str, Any], version: str, operation: str, edits: list[str]
) -> tuple[Finding, ...]:
    """Mend what is spelled in another way; what is left is returned."""
    findings: tuple[Finding, ...] = ()
    for _ in range(_ROUNDS):
        raw = json.dumps(body).encode()
        findings = Validator().check_body(version, operation, raw).findings
        # One a round: a name that is mended moves every place below it.
        if not any(_mend_one(body, finding, edits) for finding in findings):
            break
    return findings


def _mend_one(body: dict[str, Any], finding: Finding, edits: list[str]) -> bool:
    pointer, expected = finding.pointer, finding.expected
    if finding.code == _NAME_CASE and expected:
        value = pop(body, pointer)
        parent = pointer.rpartition("/")[0]
        put(body, f"{parent}/{escape(str(expected[0]))}", value)
        edits.append(f"{_short(pointer)} -> {expected[0]}, its right case")
        return True
    if finding.code in _VALUES:
        value = get(body, pointer)
        twin = _find_spelling(value, expected)
        if twin is not None and twin != value:
            put(body, pointer, twin)
            edits.append(f"{_short(pointer)}: {value!r} -> {twin!r}")
            return True
    return False


def _find_spelling(value: Any, known: tuple[Any, ...]) -> str | None:
    if not isinstance(value, str):
        return None
    folded = _fold(value)
    return next((one for one in map(str, known) if _fold(one) == folded), None)


def _fold(value: str) -> str:
    return value.replace("_", "").replace("-", "").casefold()


def _short(pointer: str) -> str:
    return pointer.removeprefix("/properties")


def _decide(finding: Finding) -> Decision:
    return Decision(finding.pointer, f"{finding.message} {finding.cure}".strip())


def _differ(old: Any, new: Any, at: str) -> Iterator[dict[str, Any]]:
    """RFC 6902 operations from one value to another."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old:
            place = f"{at}/{escape(name)}"
            if name not in new:
                yield {"op": "remove", "path": place}
            elif old[name] != new[name]:
                yield from _differ(old[name], new[name], place)
        for name in new:
            if name not in old:
                place = f"{at}/{escape(name)}"
                yield {"op": "add", "path": place, "value": new[name]}
    else:
        yield {"op": "replace", "path": at, "value": new}
