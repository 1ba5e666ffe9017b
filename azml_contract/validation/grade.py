"""Make findings of deviations: code, severity, words, evidence.

In: deviations of one body, and the profile. Out: findings in the order of the
walk. The severity comes from the registry of codes, and in ``service`` from
what live services were counted doing at that very place, else from the ledger
of known divergences where it has an entry. Knows no bodies.
"""

from __future__ import annotations

import math
import re
from enum import StrEnum
from typing import Any, NamedTuple

from azml_contract.finding import Evidence, Finding, Fix, Location, Severity, Side
from azml_contract.validation.bounds import Bound
from azml_contract.validation.codes import CODE_OF, CODES
from azml_contract.validation.deviation import Deviation, Path, Rule, to_pointer
from azml_contract.validation.ledger import find_divergence, find_entry, index_ledger
from azml_contract.validation.phrases import describe, show
from azml_contract.validation.testimony import (
    NOT_KNOWN,
    UNWRITTEN_RULES,
    Testimony,
    find_absence,
    find_testimony,
)


class Profile(StrEnum):
    """How strictly to judge: by the written contract, or by what the service does."""

    SERVICE = "service"
    STRICT = "strict"

    __hash__ = str.__hash__  # an enum's own is written in Python, and asked often


# To look a member up takes Python 3.11 as long as to make a tuple.
_FOREIGN, _RESPONSE = Rule.FOREIGN, Side.RESPONSE


class Background(NamedTuple):
    """What a contract tells of a broken rule, beside the rule.

    `carried` names the api-version that it was carried over from. `bound` is what was
    broken where no specification has the rule. `is_common` where what is missing is a
    property of all values at that place, and not of one variant.
    """

    carried: str = ""
    bound: Bound | None = None
    is_common: bool = False


class Grader(NamedTuple):
    """Turns what is wrong with one side of one call into findings."""

    profile: Profile
    api_version: str
    operation: str
    side: Side

    def grade(self, deviation: Deviation, background: Background) -> Finding:
        """The finding of one deviation of a body."""
        weight = self.weigh(deviation, background)
        return self.tell(deviation, weight, background.bound)

    def weigh(self, deviation: Deviation, background: Background) -> Weight:
        """All that is told of a deviation but its words: nothing of it names a value.

        Whether null is refused may have changed since the version that the rule was
        carried over from: then it is no error.
        """
        rule, path, seen, _, owner, name, hint, is_null = deviation
        carried, bound, is_common = background
        by_value = _is_told_by_value(rule, seen, hint, self.side)
        code = CODE_OF[rule, self.side]
        key = str(path[-1]) if path else ""
        severity, evidence, note, advice = self._weigh(
            code, owner, name, bound.id if bound else "", key, is_null=is_null
        )
        firm = by_value == _FIRM
        if firm:
            severity, evidence, note = CODES[code].strict, Evidence.SPEC, ""
        told = self._ask(rule, to_pointer(path), is_common)
        if told is not None:
            severity, evidence, note = told.severity, Evidence.LIVE, told.says
        elif by_value == _SANITIZED and not _is_secret(path):
            severity, evidence, note = Severity.INFO, Evidence.UNKNOWN, _SANITIZED
        elif not (note or firm) and self._is_unwritten_request(rule):
            evidence = Evidence.UNKNOWN
            note = NOT_KNOWN.get(rule, "")
        if carried and bound is None:
            note += f" (Carried over from {carried}; this version's source cannot say.)"
            if rule is Rule.NULL and severity is Severity.ERROR:
                severity, evidence = Severity.WARNING, Evidence.UNKNOWN
        hides = rule in _VALUE_RULES and _is_secret(path)
        return Weight(code, severity, evidence, note, advice, told, hides)

    def tell(
        self, deviation: Deviation, weight: Weight, bound: Bound | None = None
    ) -> Finding:
        """The finding of a deviation of which is known what it weighs."""
        code, severity, evidence, note, advice, told, hides = weight
        seen = deviation[2]
        if hides and not isinstance(seen, (dict, list)):
            # A report may not repeat what looks like a secret.
            deviation = deviation._replace(seen="(hidden)")
            seen = deviation.seen
        elif isinstance(seen, str) and "sig=" in seen.lower():
            deviation = deviation._replace(seen=_mask_signature(seen))
        message, cure, fix = describe(deviation, self.api_version)
        if bound is not None:
            where = f"{deviation.owner}.{deviation.name}"
            message = f"{show(deviation.seen)} in {where} {bound.fault}."
        if self.side is _RESPONSE:
            cure, fix = "", None  # nobody can mend what the service answers
        elif advice:
            cure, fix = advice, None
        elif told is not None and told.works:
            cure = f"It works as it is. By the written contract: {_lower(cure)}"
        # The class would take the fields by name, which takes twice as long.
        return tuple.__new__(
            Finding,
            (
                code,
                severity,
                message + note,
                to_pointer(deviation[1]),
                cure,
                self.operation,
                self.api_version,
                self.side,
                _report_expected(deviation),
                _report_seen(seen),
                evidence,
                None,
                "",
                None if told else fix,
                told and told.observed,
            ),
        )

    def _ask(self, rule: Rule, pointer: str, is_common: bool) -> Testimony | None:
        if self.profile is Profile.STRICT:
            return None
        if rule is Rule.MISSING and self.side is Side.RESPONSE:
            # Of a variant nothing is known: others rightly lack what it requires.
            place = (self.operation, self.api_version, pointer)
            return find_absence(*place) if is_common else None
        return find_testimony(
            rule, self.side, self.operation, self.api_version, pointer
        )

    def _is_unwritten_request(self, rule: Rule) -> bool:
        return (
            (rule in NOT_KNOWN or rule in UNWRITTEN_RULES)
            and self.side is Side.REQUEST
            and self.profile is Profile.SERVICE
        )

    def find(
        self,
        code: str,
        message: str,
        *,
        cure: str = "",
        pointer: str = "",
        expected: tuple[Any, ...] = (),
        seen: Any = None,
        owner: str = "",
        name: str = "",
        severity: Severity | None = None,
        location: Location | None = None,
        carried: str = "",
        fix: Fix | None = None,
        told: Testimony | None = None,
    ) -> Finding:
        """A finding that is not a deviation from a schema.

        `carried` names the api-version that the broken rule was carried over
        from, where this one's source cannot say: then it is no error. `told` is
        what live services were counted doing, and counts in ``service``.
        """
        weighed, evidence, note, advice = self._weigh(code, owner, name)
        if carried:
            severity, evidence = Severity.WARNING, Evidence.UNKNOWN
            note = f" (Carried over from {carried}; this version's source cannot say.)"
        if told is not None and self.profile is Profile.SERVICE:
            severity, evidence, note = told.severity, Evidence.LIVE, told.says
        else:
            told = None
        return Finding(
            code=code,
            severity=severity or weighed,
            message=message + note,
            pointer=pointer,
            cure=advice if advice and cure else cure,
            operation=self.operation,
            api_version=self.api_version,
            side=self.side,
            expected=expected,
            seen=_report_seen(seen),
            evidence=evidence,
            location=location,
            fix=fix,
            observed=told and told.observed,
        )

    def _weigh(
        self,
        code: str,
        owner: str,
        name: str,
        bound: str = "",
        key: str = "",
        *,
        is_null: bool = False,
    ) -> tuple[Severity, Evidence, str, str]:
        """What a finding weighs; `key` is that of a map, where it stands in one."""
        entry = CODES[code]
        if self.profile is Profile.STRICT:
            return entry.strict, Evidence.SPEC, "", ""
        if not bound and code not in index_ledger():
            return entry.service, entry.evidence, "", ""
        version = self.api_version
        if bound:
            known = find_entry(bound)
        else:
            known = None
            if key not in ("", name):
                inner = f"{name}.{key}"
                known = find_divergence(code, version, owner, inner, is_null=is_null)
            if known is None:
                known = find_divergence(code, version, owner, name, is_null=is_null)
        if known is None:
            return entry.service, entry.evidence, "", ""
        note = f" Known divergence ({known.id}): {known.service}."
        return known.severity, known.evidence, note, known.cure


class Weight(NamedTuple):
    """What is told of every deviation of one kind at one place.

    `hides` where the value may be a secret.
    """

    code: str
    severity: Severity
    evidence: Evidence
    note: str
    advice: str
    told: Testimony | None
    hides: bool


def _is_told_by_value(rule: Rule, seen: Any, hint: Any, side: Side) -> str:
    """What the value itself changes: `_FIRM`, `_SANITIZED` or nothing.

    Firm is where the service is not known to be milder: closed enums, required nulls.
    """
    if rule not in _TOLD_BY_VALUE:
        return ""
    if rule is Rule.ENUM:
        return "" if hint else _FIRM
    if rule is Rule.NULL:
        return _FIRM if hint[1] else ""
    is_told = side is Side.RESPONSE and _is_sanitized(seen)
    return _SANITIZED if is_told else ""


def _lower(sentence: str) -> str:
    return f"{sentence[:1].lower()}{sentence[1:]}"


_SECRET_STEP = re.compile(r"secret|password|token|keys?$|credential|sas", re.IGNORECASE)
_SIGNATURE = re.compile(r"(?i)\b(sig=)[^&\s\"]+")
_VALUE_RULES = frozenset(
    (Rule.TYPE, Rule.PATTERN, Rule.LENGTH, Rule.FORMAT, Rule.RANGE, Rule.DURATION)
)
_TOLD_BY_VALUE = frozenset((Rule.ENUM, Rule.NULL, Rule.FORMAT))
_FIRM = "firm"
_SHOWN = 200
_SANITIZED = " A sanitizer of the recording seems to have written it."


def _is_sanitized(seen: Any) -> bool:
    """Whether a GUID is of zeros alone, as no service writes it but sanitizers do."""
    return isinstance(seen, str) and "0" in seen and not seen.strip("0-")


def _is_secret(path: Path) -> bool:
    """Whether what stands there looks like a secret by its name."""
    while path is not None:
        path, step = path
        if isinstance(step, str) and _SECRET_STEP.search(step):
            return True
    return False


def _mask_signature(text: str) -> str:
    """A URL whose signature opens what it leads to, without that signature."""
    return _SIGNATURE.sub(r"\1(hidden)", text)


def _report_seen(seen: Any) -> Any:
    """Scalars as they are, signatures out and long text cut; containers by size."""
    if seen is None or type(seen) is int:
        return seen
    if isinstance(seen, str):
        masked = _mask_signature(seen) if "sig=" in seen.lower() else seen
        return masked if len(masked) <= _SHOWN else f"{masked[:_SHOWN]}..."
    if isinstance(seen, dict):
        return "an object"
    if isinstance(seen, float) and not math.isfinite(seen):
        return str(seen)  # no JSON has it
    return f"an array of {len(seen)}" if isinstance(seen, list) else seen


def _report_expected(deviation: Deviation) -> tuple[Any, ...]:
    if deviation.rule is _FOREIGN:
        return tuple(deviation.hint)
    expected = deviation.expected
    if None not in expected:
        return expected
    return tuple(value for value in expected if value is not None)
