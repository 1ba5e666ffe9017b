"""Say whether an answer that was read would look the same at another api-version.

In: the contracts of two api-versions, a call, its recorded answer, and the JSON
pointers that somebody looked at. Out: findings, one for each field that is gone
or retyped. Only what both versions declare is compared: of a field that the
first never declared, or that the second leaves open, nothing is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from azml_contract.contract.contract import Contract
from azml_contract.contract.model import (
    Definition,
    Operation,
    Property,
    ResponseSpec,
    Type,
    View,
)
from azml_contract.contract.views import Lens, Use, is_union, use_of
from azml_contract.finding import Evidence, Finding, Severity, Side
from azml_contract.regression.alike import Alike
from azml_contract.validation.evidence import count_returned
from azml_contract.validation.migrations import find_migration

_ALIKE = {"integer": "number", "map": "object", "ref": "object"}
_OPEN = ("any", "object")
_INDEX = re.compile(r"/\d+(?=/|$)")
Step = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `reads` is None where nobody knows what was looked at."""

    status: int
    body: Any = None
    reads: tuple[str, ...] | None = None


@dataclass(slots=True)
class _Node:
    """A step of the pointers that were read, and the steps below it."""

    children: dict[str, _Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compared:
    """Findings about an answer, and whether there was nothing at all to find.

    What live services were seen to answer is no finding, and it is something.
    """

    findings: tuple[Finding, ...]
    is_clean: bool


class Comparer:
    """Compares one recorded answer with what other contracts promise.

    Args:
        old: The contract it was recorded under.
        was: The operation in `old`.
        answer: What came back, and what of it was read.
        alike: Tells which types are the same at two versions.
    """

    def __init__(
        self, old: Contract, was: Operation, answer: Answer, alike: Alike | None = None
    ) -> None:
        self.old, self.was, self.answer = old, was, answer
        self.alike = alike or Alike()

    @cached_property
    def tree(self) -> _Node:
        """What of the answer is compared, step by step."""
        reads, body = self.answer.reads, self.answer.body
        return _grow(body) if reads is None else _plant(reads)

    def compare(self, new: Contract, now: Operation) -> Compared:
        """What becomes of the fields that were read.

        Args:
            new: The contract asked about.
            now: The operation in `new`.

        Returns:
            Errors for what was read and is gone or retyped; warnings where nobody
            knows what was read. None means that nothing that both versions
            declare has changed.
        """
        walk = _Walk(self, new, now)
        found = tuple(walk.findings(self.was))
        return Compared(found, not found and not walk.passed_over)


class _Walk:
    """One comparison; the two types are followed side by side."""

    def __init__(self, comparer: Comparer, new: Contract, now: Operation) -> None:
        self._comparer = comparer
        self._old, self._new, self._now = comparer.old, new, now
        self._answer = comparer.answer
        self._lens = Lens(View.RESPONSE, reveals=now.method == "POST")
        known = self._answer.reads is not None
        self._severity = Severity.ERROR if known else Severity.WARNING
        self._said: set[tuple[str, str]] = set()
        self.passed_over = False
        self._same: dict[Type, bool] = {}

    def findings(self, was: Operation) -> Iterator[Finding]:
        answer = self._answer
        before = _find_body(was, answer.status)
        if before is None:
            return
        after = _find_body(self._now, answer.status)
        if after is None:
            if self._now.responses is None:
                yield self._unknown()
                return
            yield self._status_gone()
            after = _any_success(self._now)
        if after is None or before.body is None or answer.body is None:
            return
        tree = self._comparer.tree
        if after.body is None:
            if tree.children:
                yield self._field_gone((), "The answer has no body.", None, "")
            return
        found = self._follow(before.body, after.body, answer.body, tree, (), "")
        for one in found:
            key = (one.code, _INDEX.sub("/*", one.pointer))
            if key in self._said:
                continue
            if self._was_seen(one):
                self.passed_over = True
            else:
                self._said.add(key)
                yield one

    def _was_seen(self, finding: Finding) -> bool:
        """Whether live answers held a value there, whatever the contract lacks."""
        if finding.code != "AZC302":
            return False
        place = (self._now.id, self._new.api_version, finding.pointer)
        every = count_returned(*place)
        nulls = (count_returned(*place, types) for types in ("null", "null?"))
        return every is not None and every.n > sum(one.n for one in nulls if one)

    def _follow(
        self, old: Type, new: Type, value: Any, node: _Node, at: Step, owner: str
    ) -> Iterator[Finding]:
        if "any" in (old.kind, new.kind):
            return
        if old == new and self._is_same(old):
            return
        if _family(old) != _family(new):
            yield self._retyped(at, old, new, value, owner)
            return
        if isinstance(value, str):
            yield from self._check_value(old, new, value, at)
        if old.kind in _OPEN or new.kind in _OPEN or not node.children:
            return
        if isinstance(value, dict):
            yield from self._follow_object(old, new, value, node, at)
        elif isinstance(value, list) and old.items and new.items:
            for name, child in node.children.items():
                if name.isdecimal() and int(name) < len(value):
                    item, place = value[int(name)], (*at, name)
                    yield from self._follow(
                        old.items, new.items, item, child, place, owner
                    )

    def _is_same(self, kind: Type) -> bool:
        """Whether a type leads to the same things at both versions."""
        if not kind.ref and kind.items is None:
            return True
        same = self._same.get(kind)
        if same is None:
            close = self._comparer.alike.close
            same = close(self._old, kind) == close(self._new, kind)
            self._same[kind] = same
        return same

    def _follow_object(
        self, old: Type, new: Type, value: Mapping[str, Any], node: _Node, at: Step
    ) -> Iterator[Finding]:
        before = _resolve(self._old.definitions, old, value)
        after = _resolve(self._new.definitions, new, value)
        for name, child in node.children.items():
            if name not in value:
                continue
            place, item = (*at, name), value[name]
            was = _type_of(old, before, name)
            if was is None or self._is_hidden(before, name):
                continue
            now = _type_of(new, after, name)
            if now is None:
                if after is not None and not self._is_untold(new, after, value):
                    yield self._field_gone(place, "", after, name)
                continue
            if self._is_hidden(after, name):
                yield self._field_gone(place, "It is not sent back.", after, name)
                continue
            owner = after.name if after is not None else ""
            yield from self._follow(was, now, item, child, place, owner)

    def _is_hidden(self, definition: Definition | None, name: str) -> bool:
        prop = definition.properties.get(name) if definition is not None else None
        return prop is not None and use_of(prop, self._lens) is not Use.FREE

    def _is_untold(
        self, new: Type, after: Definition, value: Mapping[str, Any]
    ) -> bool:
        """Whether the variant is one that the version lists no type for."""
        base = self._new.definitions.get(new.ref)
        if base is None or not is_union(base) or after is not base:
            return False
        return isinstance(value.get(base.discriminator), str)

    def _check_value(
        self, old: Type, new: Type, value: str, at: Step
    ) -> Iterator[Finding]:
        if value in old.enum and new.enum and value not in new.enum:
            listed = ", ".join(new.enum)
            yield self._find(
                "AZC304",
                f"The answer's value {value!r} is not listed there; it is one of "
                f"{listed}.",
                at,
                cure="Compare with the new values too.",
                severity=Severity.WARNING,
                expected=new.enum,
                seen=value,
            )

    def _retyped(
        self, at: Step, old: Type, new: Type, value: Any, owner: str
    ) -> Finding:
        where = f" of {owner}" if owner and at else ""
        name = f"`{at[-1]}`{where}" if at else "The answer"
        return self._find(
            "AZC303",
            f"{name} is {_name(new)} there, and was {_name(old)}.",
            at,
            cure=f"Read it as {_name(new)}.",
            expected=(new.kind,),
            seen=type(value).__name__ if isinstance(value, dict | list) else value,
        )

    def _field_gone(
        self, at: Step, why: str, owner: Definition | None, name: str
    ) -> Finding:
        if owner is None:
            return self._find("AZC302", why, at, cure="Do not read it.")
        version = self._new.api_version
        migration = find_migration(version, owner.name, name)
        message = f"The answer has no `{name}` in {owner.name}."
        cure = "Do not read it."
        if why:
            message = f"The answer holds no value of `{name}` of {owner.name}. {why}"
        elif migration is not None and migration.now:
            names = " and ".join(f"`{new}`" for new in migration.now)
            when = "before" if migration.later else "since"
            message += f" It is {names} {when} {migration.since}."
            cure = f"Read {names} in its place."
        return self._find("AZC302", message, at, cure=cure, seen=name)

    def _status_gone(self) -> Finding:
        status = str(self._answer.status)
        known = tuple(self._now.responses or ())
        return self._find(
            "AZC306",
            f"{self._now.id} documents no {status} there, but {', '.join(known)}.",
            (),
            cure="Expect the other success statuses as well.",
            severity=Severity.WARNING,
            expected=known,
            seen=status,
        )

    def _unknown(self) -> Finding:
        return self._find(
            "AZC307",
            f"The source of {self._new.api_version} does not tell what "
            f"{self._now.id} answers.",
            (),
            cure="Try the call.",
            severity=Severity.INFO,
            evidence=Evidence.UNKNOWN,
        )

    def _find(
        self,
        code: str,
        message: str,
        at: Step,
        *,
        cure: str,
        severity: Severity | None = None,
        expected: tuple[Any, ...] = (),
        seen: Any = None,
        evidence: Evidence = Evidence.SPEC,
    ) -> Finding:
        return Finding(
            code=code,
            severity=severity or self._severity,
            message=message,
            pointer=_write_pointer(at),
            cure=cure,
            operation=self._now.id,
            api_version=self._new.api_version,
            side=Side.RESPONSE,
            expected=expected,
            seen=seen,
            evidence=evidence,
        )


def _find_body(operation: Operation, status: int) -> ResponseSpec | None:
    if operation.responses is None:
        known = operation.result is not None and status < 300
        return ResponseSpec(operation.result) if known else None
    found = operation.responses.get(str(status))
    return found or (operation.responses.get("default") if status >= 400 else None)


def _any_success(operation: Operation) -> ResponseSpec | None:
    answers = (operation.responses or {}).items()
    return next((spec for code, spec in answers if code[0] == "2" and spec.body), None)


def _resolve(
    definitions: Mapping[str, Definition], kind: Type, value: Mapping[str, Any]
) -> Definition | None:
    """The definition of a value: the variant that its discriminator names."""
    definition = definitions.get(kind.ref)
    if definition is None or not is_union(definition):
        return definition
    tag = value.get(definition.discriminator)
    if not isinstance(tag, str):
        return definition
    folded = _fold(tag)
    for name, variant in definition.variants.items():
        if _fold(name) == folded:  # uri_file was UriFile, with the same properties
            return definitions.get(variant, definition)
    return definition


def _fold(value: str) -> str:
    return value.replace("_", "").casefold()


def _type_of(kind: Type, definition: Definition | None, name: str) -> Type | None:
    if kind.kind == "map":
        return kind.items or Type("any")
    if definition is None:
        return None
    prop: Property | None = definition.properties.get(name)
    return prop.type if prop is not None else definition.additional


def _family(kind: Type) -> str:
    return _ALIKE.get(kind.kind, kind.kind)


def _name(kind: Type) -> str:
    article = "an" if _family(kind)[0] in "aio" else "a"
    return f"{article} {_family(kind)}"


def _plant(pointers: Sequence[str]) -> _Node:
    root = _Node()
    for pointer in pointers:
        node = root
        for step in pointer.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            node = node.children.setdefault(name, _Node())
    return root


def _grow(value: Any) -> _Node:
    """Every step of a body."""
    root = _Node()
    stack = [(value, root)]
    while stack:
        item, node = stack.pop()
        pairs: Iterable[tuple[Any, Any]] = ()
        if isinstance(item, dict):
            pairs = item.items()
        elif isinstance(item, list):
            pairs = enumerate(item)
        for name, child in pairs:
            below = node.children[str(name)] = _Node()
            stack.append((child, below))
    return root


def _write_pointer(at: Step) -> str:
    return "".join(f"/{s.replace('~', '~0').replace('/', '~1')}" for s in at)
