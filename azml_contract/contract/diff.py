"""What changed between two api-versions, and which side each change breaks.

In: two contracts. Out: `Change` values. Operations are paired by verb and
path, definitions by where they are used, so that a renamed definition is
compared with its successor; one that only moved is compared with itself. What
one of the versions cannot say is never a difference.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from azml_contract.contract.change import Change, ChangeKind
from azml_contract.contract.contract import Contract
from azml_contract.contract.model import Definition, Operation, Type
from azml_contract.contract.operation_diff import compare_operations, pair_bodies
from azml_contract.contract.property_diff import REFUSED, compare_properties, takes_part
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
        comparison.compare(old, new)
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
        self._gone: dict[tuple[str, Side], _Visit] = {}
        self._come: set[tuple[str, Side]] = set()

    def finish(self) -> list[Change]:
        while self._waiting:
            while self._waiting:
                self._visit(self._waiting.popleft())
            self._pair_moved()
        return list(self._changes.values())

    def _pair_moved(self) -> None:
        """Wait for definitions that left one place and came to another."""
        gone = _reach(self._before, self._gone)
        come = _reach(self._after, dict.fromkeys(self._come))
        met = {(side, name) for *names, side in self._seen for name in names}
        for (name, side), (start, pointer) in gone.items():
            if (name, side) in come and (side, name) not in met:
                self._seen.add((name, name, side))
                first = self._gone[start]
                pointer = f"{first.pointer}{pointer}"
                moved = _Visit(name, name, side, first.operation, pointer)
                self._waiting.append(moved)

    def _note(self, change: Change) -> None:
        """Merge what breaks requests with what breaks responses."""
        key = replace(change, breaks=(), way="", operation="", pointer="")
        known = self._changes.get(key)
        if known is None:
            self._changes[key] = change
            return
        sides = tuple(sorted({*known.breaks, *change.breaks}))
        self._changes[key] = replace(known, breaks=sides, way=known.way or change.way)

    def compare(self, old: Operation | None, new: Operation | None) -> None:
        for change in compare_operations(old, new):
            self._note(change)
        if old and new:
            for before, after, side in pair_bodies(old, new):
                self._schedule(before, after, side, new.id, "")

    def _schedule(
        self, old: Type, new: Type, side: Side, operation: str, pointer: str
    ) -> None:
        while old.items and new.items:
            old, new, pointer = old.items, new.items, f"{pointer}/*"
        if old.kind != "ref" or new.kind != "ref":
            return
        after = self._find_heir(old.ref, new.ref, side)
        if (old.ref, after, side) not in self._seen:
            self._seen.add((old.ref, after, side))
            visit = _Visit(old.ref, after, side, operation, pointer)
            self._waiting.append(visit)

    def _find_heir(self, old: str, new: str, side: Side) -> str:
        """The variant of a union that what is sent is, where it was that one alone."""
        if side is Side.RESPONSE:
            return new
        value = self._before.definitions[old].discriminator_value
        return self._after.definitions[new].variants.get(value, new)

    def _visit(self, visit: _Visit) -> None:
        old = self._before.definitions[visit.before]
        new = self._after.definitions[visit.after]
        inherited = self._inherited_changes(old, new, visit.side)
        for change in self._property_changes(old, new, visit.side):
            if replace(change, subject="") not in inherited:
                self._note(
                    replace(change, operation=visit.operation, pointer=visit.pointer)
                )
        self._note_moves(old, new, visit)
        for name, before in old.properties.items():
            after = new.properties.get(name)
            if after is None or not takes_part(before, visit.side):
                continue
            self._schedule(
                before.type,
                after.type,
                visit.side,
                visit.operation,
                f"{visit.pointer}/{name}",
            )
        self._compare_variants(old, new, visit)

    def _note_moves(self, old: Definition, new: Definition, visit: _Visit) -> None:
        """Remember which definitions left this place, and which came to it."""
        for step, name in _list_refs(old, new, visit.side):
            place = replace(visit, pointer=f"{visit.pointer}{step}")
            self._gone.setdefault((name, visit.side), place)
        for _, name in _list_refs(new, old, visit.side):
            self._come.add((name, visit.side))

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


def _list_refs(
    one: Definition, other: Definition | None, side: Side
) -> Iterator[tuple[str, str]]:
    """Step and definition of what `one` holds where `other` has nothing."""
    for name, prop in one.properties.items():
        if other is not None and name in other.properties:
            continue
        if not takes_part(prop, side):
            continue
        kind, step = prop.type, f"/{name}"
        while kind.items is not None:
            kind, step = kind.items, f"{step}/*"
        if kind.kind == "ref":
            yield step, kind.ref
    kept = _renamed_values(one, other) if other is not None else {}
    for value, heir in one.variants.items():
        if other is None or (value not in other.variants and value not in kept):
            yield f"<{value}>", heir


def _reach(
    contract: Contract, starts: Mapping[tuple[str, Side], object]
) -> dict[tuple[str, Side], tuple[tuple[str, Side], str]]:
    """Every definition below the starts: the start, and the way from there."""
    found = {start: (start, "") for start in starts}
    waiting = deque(found)
    while waiting:
        name, side = waiting.popleft()
        start, pointer = found[name, side]
        for step, ref in _list_refs(contract.definitions[name], None, side):
            if (ref, side) not in found:
                found[ref, side] = (start, f"{pointer}{step}")
                waiting.append((ref, side))
    return found


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
