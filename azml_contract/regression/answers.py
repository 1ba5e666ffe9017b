"""Say whether an answer that was read would look the same at another api-version.

In: the contracts of two api-versions, a call, and the outline of its recorded answer.
Out: findings, one for each field that is gone or retyped. Only what both versions
declare is compared: of a field that the first never declared, or that the second
leaves open, nothing is claimed; nor of one that live answers were seen to hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azml_contract.contract.contract import Contract
from azml_contract.contract.model import (
    Definition,
    Operation,
    ResponseSpec,
    Type,
    View,
)
from azml_contract.contract.views import Lens, is_union
from azml_contract.finding import Evidence, Finding, Observed, Severity, Side
from azml_contract.json_pointer import escape
from azml_contract.regression.alike import Alike
from azml_contract.regression.outline import (
    OPEN,
    Seen,
    find_spec,
    is_hidden,
    resolve,
    type_of,
)
from azml_contract.validation.answer_paths import find_elsewhere
from azml_contract.validation.evidence import Count, count_returned, find_observed
from azml_contract.validation.migrations import find_migration

_ALIKE = {"integer": "number", "map": "object", "ref": "object"}
_INDEX = re.compile(r"/\d+(?=/|$)")
_GONE, _RETYPED = "AZC302", "AZC303"
_SHOWN = 3
Step = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    `body` is None where nothing of it counts. `known` says whether somebody noted what
    was read, `looked` whether the answer may have been looked at.
    """

    status: int
    body: Seen | None
    known: bool = True
    looked: bool = True


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
        answer: What came back, and what of it counts.
        alike: Tells which types are the same at two versions.
    """

    def __init__(
        self, old: Contract, was: Operation, answer: Answer, alike: Alike | None = None
    ) -> None:
        self.old, self.was, self.answer = old, was, answer
        self.alike = alike or Alike()

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
        self._severity = Severity.ERROR if self._answer.known else Severity.WARNING
        self._said: set[tuple[str, str]] = set()
        self.passed_over = False

    def findings(self, was: Operation) -> Iterator[Finding]:
        answer = self._answer
        before = find_spec(was, answer.status)
        if before is None:
            return
        after = find_spec(self._now, answer.status)
        if after is None:
            if self._now.responses is None:
                yield self._unknown()
                return
            yield from self._status_gone()
            after = _any_success(self._now)
        if after is None or before.body is None or answer.body is None:
            return
        if after.body is None:
            if answer.body.children:
                yield self._field_gone((), "The answer has no body.", None, "")
            return
        for one in self._follow(before.body, after.body, answer.body, (), ""):
            key = (one.code, _INDEX.sub("/*", one.pointer))
            if key not in self._said:
                yield from self._weigh(one)
                self._said.add(key)

    def _weigh(self, finding: Finding) -> Iterator[Finding]:
        """The finding with what live answers held there; nothing where they held it."""
        if finding.code not in (_GONE, _RETYPED):
            yield finding
            return
        place = (self._now.id, self._new.api_version, finding.pointer)
        every = count_returned(*place)
        if every is None:
            yield finding
            return
        kinds = ("null",) if finding.code == _GONE else (str(finding.seen), "any")
        counted = sum(_count(place, kind + end) for kind in kinds for end in ("", "?"))
        held = every.n - counted if finding.code == _GONE else counted
        if held > 0:
            self.passed_over = True
            return
        counts = Observed("returned", 0, every.of, every.api_version)
        told = f"Of {every.of} live answers seen there none held such a value."
        yield finding._replace(
            message=f"{finding.message} {told}", observed=counts, evidence=Evidence.LIVE
        )

    def _follow(
        self, old: Type, new: Type, seen: Seen, at: Step, owner: str
    ) -> Iterator[Finding]:
        if "any" in (old.kind, new.kind):
            return
        if (old is new or old == new) and self._is_same(old):
            return
        if _family(old) != _family(new):
            yield self._retyped(at, old, new, seen, owner)
            return
        if seen.text:
            yield from self._check_value(old, new, seen.text, at)
        if old.kind in OPEN or new.kind in OPEN or not seen.children:
            return
        if seen.kind == "object":
            yield from self._follow_object(old, new, seen, at)
        elif old.items and new.items:
            for name, child in seen.children:
                yield from self._follow(old.items, new.items, child, (*at, name), owner)

    def _is_same(self, kind: Type) -> bool:
        """Whether a type leads to the same things at both versions."""
        if not kind.ref and kind.items is None:
            return True
        close = self._comparer.alike.close
        return close(self._old, kind) == close(self._new, kind)

    def _follow_object(
        self, old: Type, new: Type, seen: Seen, at: Step
    ) -> Iterator[Finding]:
        tags = dict(seen.tags)
        before = resolve(self._old.definitions, old, tags)
        after = resolve(self._new.definitions, new, tags)
        for name, child in seen.children:
            place = (*at, name)
            was = type_of(old, before, name)
            if was is None:
                continue
            now = type_of(new, after, name)
            if now is None:
                if after is not None and not self._is_untold(new, after, tags):
                    yield self._field_gone(place, "", after, name, child)
                continue
            if is_hidden(after, name, self._lens):
                yield self._field_gone(place, "It is not sent back.", after, name)
                continue
            owner = after.name if after is not None else ""
            yield from self._follow(was, now, child, place, owner)

    def _is_untold(self, new: Type, after: Definition, tags: Mapping[str, str]) -> bool:
        """Whether the variant is one that the version lists no type for."""
        base = self._new.definitions.get(new.ref)
        if base is None or not is_union(base) or after is not base:
            return False
        return base.discriminator in tags

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
        self, at: Step, old: Type, new: Type, seen: Seen, owner: str
    ) -> Finding:
        where = f" of {owner}" if owner and at else ""
        name = f"`{at[-1]}`{where}" if at else "The answer"
        return self._find(
            _RETYPED,
            f"{name} is {_name(new)} there, and was {_name(old)}.",
            at,
            cure=f"Read it as {_name(new)}.",
            expected=(new.kind,),
            seen=seen.kind,
        )

    def _field_gone(
        self,
        at: Step,
        why: str,
        owner: Definition | None,
        name: str,
        seen: Seen | None = None,
    ) -> Finding:
        if owner is None:
            return self._find(_GONE, why, at, cure="Do not read it.")
        version = self._new.api_version
        migration = find_migration(version, owner.name, name)
        message = f"The answer has no `{name}` in {owner.name}."
        cure = "Do not read it."
        moved, stays = self._find_moved(at, seen) if seen is not None else ([], True)
        if moved:
            cure = f"Read {_enumerate(moved)}."
        if why:
            message = f"The answer holds no value of `{name}` of {owner.name}. {why}"
        elif migration is not None and migration.now:
            names = " and ".join(f"`{new}`" for new in migration.now)
            when = "before" if migration.later else "since"
            message += f" It is {names} {when} {migration.since}."
            if not moved:
                cure = f"Read {names} in its place."
            elif stays:
                cure += f" Read {names} in place of the rest."
        return self._find(_GONE, message, at, cure=cure, seen=name)

    def _find_moved(self, at: Step, seen: Seen) -> tuple[list[str], bool]:
        """Where what was read below a field is now, and whether some of it is nowhere.

        A wrapper that is gone may leave what it held a level higher: a script that
        reads it is told so by AZC509.
        """
        found: dict[str, None] = {}
        stays = False
        for steps in _leaves(seen):
            whole = (*at, *steps)
            now = find_elsewhere(self._new, self._now, whole, len(at) - 1)
            if steps and now:
                found[_write_pointer(now)] = None
            else:
                stays = True
        return list(found), stays

    def _status_gone(self) -> Iterator[Finding]:
        """That the status is not documented, where nobody saw it there either."""
        status = str(self._answer.status)
        known = tuple(self._now.responses or ())
        rows = find_observed(self._now.id, self._new.api_version)
        if any(row.status == self._answer.status for row in rows):
            self.passed_over = True
            return
        yield self._find(
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


def _enumerate(places: Sequence[str]) -> str:
    left = len(places) - _SHOWN
    *first, last = [*places[:_SHOWN], f"{left} more"] if left > 0 else places
    return f"{', '.join(first)} and {last}" if first else last


def _leaves(seen: Seen) -> Iterator[Step]:
    """The steps to each value below one that was looked at; none for itself."""
    if not seen.children:
        yield ()
    for name, child in seen.children:
        for steps in _leaves(child):
            yield (name, *steps)


def _any_success(operation: Operation) -> ResponseSpec | None:
    answers = (operation.responses or {}).items()
    return next((spec for code, spec in answers if code[0] == "2" and spec.body), None)


def _count(place: tuple[str, str, str], types: str) -> int:
    found: Count | None = count_returned(*place, types)
    return found.n if found is not None else 0


def _family(kind: Type) -> str:
    return _ALIKE.get(kind.kind, kind.kind)


def _name(kind: Type) -> str:
    article = "an" if _family(kind)[0] in "aio" else "a"
    return f"{article} {_family(kind)}"


def _write_pointer(at: Step) -> str:
    return "".join(f"/{escape(s)}" for s in at)
