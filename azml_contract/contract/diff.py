"""What changed between two api-versions, and which side each change breaks.

In: two contracts. Out: `Change` values. Operations are paired by verb and
path, definitions by where they are used, so that a renamed definition is
compared with its successor. What one of the versions cannot say is never a
difference.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from azml_contract.contract.change import Change, ChangeKind
from azml_contract.contract.contract import Contract
from azml_contract.contract.model import Definition, Operation, Parameter, Type
from azml_contract.contract.notation import blur_type, write_type
from azml_contract.contract.property_diff import REFUSED, compare_properties
from azml_contract.contract.resource_path import skeleton
from azml_contract.errors import UsageError
from azml_contract.finding import Side


@dataclass(frozen=True, slots=True)
class _Visit:
    """Two definitions met at the same place."""

    before: str
    after: str
    side: Side
    operation: str
    pointer: str


def diff_contracts(
    before: Contract, after: Contract, *, operation: str = ""
) -> list[Change]:
    """Every change from one contract to another.

    Args:
        before: The contract that a program was written for.
        after: The contract that it may move to.
        operation: Only this operationId, of either version; all when empty.

    Returns:
        Changes, those of operations first; empty when nothing changed.

    Raises:
        UsageError: Neither contract has that operation.
    """
    comparison = _Comparison(before, after)
    for old, new in _pair_operations(before, after, operation):
        comparison.compare_operations(old, new)
    return comparison.finish()


def _pair_operations(
    before: Contract, after: Contract, wanted: str
) -> Iterator[tuple[Operation | None, Operation | None]]:
    old = {(o.method, skeleton(o.path)): o for o in before.operations.values()}
    new = {(o.method, skeleton(o.path)): o for o in after.operations.values()}
    pairs = [(old.get(key), new.get(key)) for key in sorted({**old, **new})]
    if not wanted:
        yield from pairs
        return
    chosen = [p for p in pairs if any(o and o.id.lower() == wanted.lower() for o in p)]
    if not chosen:
        raise UsageError(
            f"Neither {before.api_version} nor {after.api_version} has an operation "
            f"{wanted!r}.\nAll operations: azml-contract contract show --api-version "
            f"{after.api_version}"
        )
    yield from chosen


class _Comparison:
    """Walks two contracts side by side and gathers changes."""

    def __init__(self, before: Contract, after: Contract) -> None:
        self._before, self._after = before, after
        self._changes: dict[Change, Change] = {}
        self._waiting: deque[_Visit] = deque()
        self._seen: set[tuple[str, str, Side]] = set()

    def finish(self) -> list[Change]:
        while self._waiting:
            self._visit(self._waiting.popleft())
        return list(self._changes.values())

    def _note(self, change: Change) -> None:
        """Merge what breaks requests with what breaks responses."""
        key = replace(change, breaks=(), way="", operation="", pointer="")
        known = self._changes.get(key)
        if known is None:
            self._changes[key] = change
            return
        sides = tuple(sorted({*known.breaks, *change.breaks}))
        self._changes[key] = replace(known, breaks=sides, way=known.way or change.way)

    # -- operations ------------------------------------------------------

    def compare_operations(self, old: Operation | None, new: Operation | None) -> None:
        if old is None or new is None:
            self._note(_lone_operation(old, new))
            return
        if old.id != new.id:
            kind = ChangeKind.OPERATION_RENAMED
            self._note(Change(kind, new.id, before=old.id, after=new.id))
        for change in (*_parameters(old, new), *_flow(old, new)):
            self._note(replace(change, operation=new.id))
        self._compare_bodies(old, new)
        self._compare_answers(old, new)

    def _compare_bodies(self, old: Operation, new: Operation) -> None:
        if old.body and new.body and not _same_kind(old.body, new.body):
            self._note(
                _body_change(old, new, write_type(old.body), write_type(new.body))
            )
        elif bool(old.body) != bool(new.body):
            texts = [write_type(o.body) if o.body else "" for o in (old, new)]
            self._note(_body_change(old, new, *texts))
        elif new.body_required and not old.body_required:
            self._note(_body_change(old, new, "optional", "required"))
        if old.body and new.body:
            self._schedule(old.body, new.body, Side.REQUEST, new.id, "")

    def _compare_answers(self, old: Operation, new: Operation) -> None:
        if old.responses is None or new.responses is None:
            before, after = _any_result(old), _any_result(new)
            if before and after:
                self._schedule(before, after, Side.RESPONSE, new.id, "")
            return
        for status in sorted({*old.responses, *new.responses}):
            if status not in new.responses or status not in old.responses:
                self._note(_lone_status(old, new, status))
                continue
            before, after = old.responses[status].body, new.responses[status].body
            if bool(before) != bool(after) or (
                before and after and not _same_kind(before, after)
            ):
                self._note(_changed_status(new, status, before, after))
            elif before and after:
                self._schedule(before, after, Side.RESPONSE, new.id, "")

    # -- definitions -----------------------------------------------------

    def _schedule(
        self, old: Type, new: Type, side: Side, operation: str, pointer: str
    ) -> None:
        while old.items and new.items:
            old, new, pointer = old.items, new.items, f"{pointer}/*"
        if old.kind == new.kind == "ref" and (old.ref, new.ref, side) not in self._seen:
            self._seen.add((old.ref, new.ref, side))
            visit = _Visit(old.ref, new.ref, side, operation, pointer)
            self._waiting.append(visit)

    def _visit(self, visit: _Visit) -> None:
        old = self._before.definitions[visit.before]
        new = self._after.definitions[visit.after]
        inherited = self._inherited_changes(old, new, visit.side)
        for change in self._property_changes(old, new, visit.side):
            if replace(change, subject="") not in inherited:
                self._note(
                    replace(change, operation=visit.operation, pointer=visit.pointer)
                )
        for name in old.properties.keys() & new.properties.keys():
            before, after = old.properties[name], new.properties[name]
            self._schedule(
                before.type,
                after.type,
                visit.side,
                visit.operation,
                f"{visit.pointer}/{name}",
            )
        self._compare_variants(old, new, visit)

    def _property_changes(
        self, old: Definition, new: Definition, side: Side
    ) -> Iterator[Change]:
        base = self._after.definitions.get(new.base, new)
        return compare_properties(old, new, side, tag=base.discriminator)

    def _inherited_changes(
        self, old: Definition, new: Definition, side: Side
    ) -> set[Change]:
        """What changed in the base is told there, not again for every heir."""
        if not (old.base and new.base):
            return set()
        before = self._before.definitions[old.base]
        after = self._after.definitions[new.base]
        changes = self._property_changes(before, after, side)
        return {replace(change, subject="") for change in changes}

    def _compare_variants(
        self, old: Definition, new: Definition, visit: _Visit
    ) -> None:
        renamed = _renamed_values(old, new)
        for value, name in old.variants.items():
            after = renamed.get(value, value)
            if after in new.variants:
                pointer = f"{visit.pointer}<{after}>"
                heirs = Type("ref", ref=name), Type("ref", ref=new.variants[after])
                self._schedule(*heirs, visit.side, visit.operation, pointer)
        for change in _variant_changes(old, new, renamed, visit.side):
            self._note(
                replace(change, operation=visit.operation, pointer=visit.pointer)
            )


def _same_kind(old: Type, new: Type) -> bool:
    return blur_type(old).kind == blur_type(new).kind


def _any_result(operation: Operation) -> Type | None:
    """What a success answers with, however the version says it."""
    if operation.responses is None:
        return operation.result
    bodies = (a.body for s, a in operation.responses.items() if s.startswith("2"))
    return next((body for body in bodies if body), None)


# -- operations --------------------------------------------------------------


def _lone_operation(old: Operation | None, new: Operation | None) -> Change:
    if new is not None:
        text = f"{new.method} {new.path}"
        return Change(ChangeKind.OPERATION_ADDED, new.id, after=text, operation=new.id)
    assert old is not None
    return Change(
        ChangeKind.OPERATION_REMOVED,
        old.id,
        before=f"{old.method} {old.path}",
        breaks=(Side.REQUEST,),
        way=REFUSED,
        operation=old.id,
    )


def _parameters(old: Operation, new: Operation) -> Iterator[Change]:
    """Query and header parameters; those of the path have no name to a client."""
    if not (old.queries_known and new.queries_known):
        return
    before = {(p.place, p.name): p for p in old.parameters if p.place != "path"}
    after = {(p.place, p.name): p for p in new.parameters if p.place != "path"}
    for key in sorted({*before, *after}):
        change = _parameter(new.id, before.get(key), after.get(key))
        if change:
            yield change


def _parameter(
    operation: str, old: Parameter | None, new: Parameter | None
) -> Change | None:
    known = new or old
    assert known is not None
    if old == new:
        return None
    label = f"{known.place} {known.name}"
    before, after = _parameter_text(old), _parameter_text(new)
    if old is None:
        kind, breaks = ChangeKind.PARAMETER_ADDED, known.required
    elif new is None:
        kind, breaks = ChangeKind.PARAMETER_REMOVED, True
    elif before == after:
        return None
    else:
        kind = ChangeKind.PARAMETER_CHANGED
        breaks = (new.required and not old.required) or old.type != new.type
    way = "" if not breaks else "ignored" if new is None else REFUSED
    sides = (Side.REQUEST,) if breaks else ()
    return Change(kind, operation, label, before, after, sides, way)


def _parameter_text(parameter: Parameter | None) -> str:
    if parameter is None:
        return ""
    return write_type(parameter.type) + (" !" if parameter.required else "")


def _flow(old: Operation, new: Operation) -> Iterator[Change]:
    """Long-running and paging facts: they say how to read an answer."""
    kind, sides = ChangeKind.FLOW_CHANGED, (Side.RESPONSE,)
    if None not in (old.long_running, new.long_running):
        before, after = _long_running(old), _long_running(new)
        if before != after:
            broken = sides if bool(old.long_running) != bool(new.long_running) else ()
            yield Change(kind, new.id, "long-running", before, after, broken)
    if old.paging is not None and new.paging is not None and old.paging != new.paging:
        yield Change(kind, new.id, "paging", old.paging, new.paging, sides)


def _long_running(operation: Operation) -> str:
    if not operation.long_running:
        return ""
    via = operation.final_state_via
    return f"final state via {via}" if via else "long-running"


def _body_change(old: Operation, new: Operation, before: str, after: str) -> Change:
    return Change(
        ChangeKind.BODY_CHANGED,
        new.id,
        before=before,
        after=after,
        breaks=(Side.REQUEST,) if old.body or new.body_required else (),
        way=REFUSED if old.body or new.body_required else "",
        operation=new.id,
    )


def _lone_status(old: Operation, new: Operation, status: str) -> Change:
    assert old.responses is not None
    assert new.responses is not None
    is_new = status in new.responses
    return Change(
        ChangeKind.STATUS_ADDED if is_new else ChangeKind.STATUS_REMOVED,
        new.id,
        status,
        before="" if is_new else _answer(old.responses[status].body),
        after=_answer(new.responses[status].body) if is_new else "",
        breaks=(Side.RESPONSE,) if status.startswith("2") else (),
        operation=new.id,
    )


def _changed_status(
    new: Operation, status: str, before: Type | None, after: Type | None
) -> Change:
    return Change(
        ChangeKind.STATUS_CHANGED,
        new.id,
        status,
        _answer(before),
        _answer(after),
        (Side.RESPONSE,) if before else (),
        operation=new.id,
    )


def _answer(body: Type | None) -> str:
    return write_type(body) if body else "no body"


# -- variants ----------------------------------------------------------------


def _renamed_values(old: Definition, new: Definition) -> dict[str, str]:
    """Values that changed while the derived definition kept its name."""
    names = {name: value for value, name in new.variants.items()}
    return {
        value: names[name]
        for value, name in old.variants.items()
        if value not in new.variants and name in names
    }


def _variant_changes(
    old: Definition, new: Definition, renamed: dict[str, str], side: Side
) -> Iterator[Change]:
    if not (old.variants or new.variants):
        return
    for value, name in old.variants.items():
        if value in new.variants:
            continue
        way = REFUSED if side is Side.REQUEST else ""
        kind = ChangeKind.VARIANT_REMOVED
        after = ""
        if value in renamed:
            kind, after = ChangeKind.VARIANT_CHANGED, renamed[value]
        before = value if after else name
        yield Change(kind, new.name, value, before, after, (side,), way)
    for value, name in new.variants.items():
        if value not in old.variants and value not in renamed.values():
            breaks = (side,) if side is Side.RESPONSE else ()
            kind = ChangeKind.VARIANT_ADDED
            yield Change(kind, new.name, value, after=name, breaks=breaks)
