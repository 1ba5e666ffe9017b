"""What changed in one operation, its bodies left aside.

In: the operation in two versions. Out: `Change` values about its verb and
path, parameters, status codes, flow, and whether there is a body at all.
What is in the bodies is for `diff` to walk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from azml_contract.contract.change import Change, ChangeKind
from azml_contract.contract.model import Operation, Parameter, Type
from azml_contract.contract.notation import blur_type, write_type
from azml_contract.contract.property_diff import IGNORED, REFUSED
from azml_contract.finding import Side


def compare_operations(
    old: Operation | None, new: Operation | None
) -> Iterator[Change]:
    """Changes of one operation; None where a version does not have it."""
    if old is None or new is None:
        yield _lone_operation(old, new)
        return
    if old.id != new.id:
        kind = ChangeKind.OPERATION_RENAMED
        yield Change(kind, new.id, before=old.id, after=new.id)
    for change in (
        *_parameters(old, new),
        *_flow(old, new),
        *_bodies(old, new),
        *_statuses(old, new),
    ):
        yield replace(change, operation=new.id)


def pair_bodies(old: Operation, new: Operation) -> Iterator[tuple[Type, Type, Side]]:
    """The bodies that stand in the same place in both versions."""
    if old.body and new.body:
        yield old.body, new.body, Side.REQUEST
    if old.responses is None or new.responses is None:
        before, after = _any_result(old), _any_result(new)
        if before and after:
            yield before, after, Side.RESPONSE
        return
    for status in sorted(old.responses.keys() & new.responses.keys()):
        before, after = old.responses[status].body, new.responses[status].body
        if before and after:
            yield before, after, Side.RESPONSE


def _any_result(operation: Operation) -> Type | None:
    """What a success answers with, however the version says it."""
    if operation.responses is None:
        return operation.result
    bodies = (a.body for s, a in operation.responses.items() if s.startswith("2"))
    return next((body for body in bodies if body), None)


def _same_kind(old: Type, new: Type) -> bool:
    return blur_type(old).kind == blur_type(new).kind


def _bodies(old: Operation, new: Operation) -> Iterator[Change]:
    if old.body and new.body and not _same_kind(old.body, new.body):
        yield _body_change(old, new, write_type(old.body), write_type(new.body))
    elif bool(old.body) != bool(new.body):
        before, after = (write_type(o.body) if o.body else "" for o in (old, new))
        yield _body_change(old, new, before, after)
    elif new.body_required and not old.body_required:
        yield _body_change(old, new, "optional", "required")


def _statuses(old: Operation, new: Operation) -> Iterator[Change]:
    if old.responses is None or new.responses is None:
        return
    for status in sorted({*old.responses, *new.responses}):
        if status not in new.responses or status not in old.responses:
            yield _lone_status(old, new, status)
            continue
        before, after = old.responses[status].body, new.responses[status].body
        if bool(before) != bool(after) or (
            before and after and not _same_kind(before, after)
        ):
            yield _changed_status(new, status, before, after)


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
    way = "" if not breaks else IGNORED if new is None else REFUSED
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
    )


def _answer(body: Type | None) -> str:
    return write_type(body) if body else "no body"
