"""Make findings of deviations: code, severity, words, evidence.

In: deviations of one body, and the profile. Out: findings in the order of the
walk. The severity comes from the registry of codes, and in ``service`` from
the ledger of known divergences where it has an entry. Knows no bodies.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from azml_contract.finding import Evidence, Finding, Fix, Location, Severity, Side
from azml_contract.validation.codes import CODE_OF, CODES
from azml_contract.validation.deviation import Deviation, Path, Rule, to_pointer
from azml_contract.validation.ledger import find_divergence
from azml_contract.validation.phrases import describe


class Profile(StrEnum):
    """How strictly to judge: by the written contract, or by what the service does."""

    SERVICE = "service"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class Grader:
    """Turns what is wrong with one side of one call into findings."""

    profile: Profile
    api_version: str
    operation: str
    side: Side

    def grade(self, deviation: Deviation) -> Finding:
        """The finding of one deviation of a body."""
        rule = deviation.rule
        code = CODE_OF[rule, self.side]
        if rule in _VALUE_RULES and not isinstance(deviation.seen, (dict, list)):
            deviation = _hide_secret(deviation)
        message, cure, fix = describe(deviation, self.api_version)
        severity, evidence, note, advice = self._weigh(
            code, deviation.owner, deviation.name
        )
        if rule in _FIRM_RULES and _is_firm(deviation):
            severity, evidence, note = CODES[code].strict, Evidence.SPEC, ""
        if self.side is Side.RESPONSE:
            cure, fix = "", None  # nobody can mend what the service answers
        elif advice:
            cure, fix = advice, None
        return Finding(
            code,
            severity,
            message + note,
            to_pointer(deviation.path),
            cure,
            self.operation,
            self.api_version,
            self.side,
            _report_expected(deviation),
            _report_seen(deviation.seen),
            evidence,
            fix=fix,
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
    ) -> Finding:
        """A finding that is not a deviation from a schema.

        `carried` names the api-version that the broken rule was carried over
        from, where this one's source cannot say: then it is no error.
        """
        weighed, evidence, note, advice = self._weigh(code, owner, name)
        if carried:
            severity, evidence = Severity.WARNING, Evidence.UNKNOWN
            note = f" (Carried over from {carried}; this version's source cannot say.)"
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
        )

    def _weigh(
        self, code: str, owner: str, name: str
    ) -> tuple[Severity, Evidence, str, str]:
        entry = CODES[code]
        if self.profile is Profile.STRICT:
            return entry.strict, Evidence.SPEC, "", ""
        known = find_divergence(code, self.api_version, owner, name)
        if known is None:
            return entry.service, entry.evidence, "", ""
        note = f" Known divergence ({known.id}): {known.service}."
        return known.severity, known.evidence, note, known.cure


def _is_firm(deviation: Deviation) -> bool:
    """Whether the service is not known to be milder: closed enums, required nulls."""
    if deviation.rule is Rule.ENUM:
        return not deviation.hint
    return deviation.rule is Rule.NULL and bool(deviation.hint[1])


_SECRET_STEP = re.compile(r"secret|password|token|keys?$|credential|sas", re.IGNORECASE)
_SIGNATURE = re.compile(r"(?i)\b(sig=)[^&\s\"]+")
_VALUE_RULES = frozenset(
    (Rule.TYPE, Rule.PATTERN, Rule.LENGTH, Rule.FORMAT, Rule.RANGE, Rule.DURATION)
)
_FIRM_RULES = frozenset((Rule.ENUM, Rule.NULL))
_SHOWN = 200


def _hide_secret(deviation: Deviation) -> Deviation:
    """A report may not repeat what looks like a secret."""
    path: Path = deviation.path
    while path is not None:
        path, step = path
        if isinstance(step, str) and _SECRET_STEP.search(step):
            return deviation._replace(seen="(hidden)")
    return deviation


def _report_seen(seen: Any) -> Any:
    """Scalars as they are, signatures out and long text cut; containers by size."""
    if isinstance(seen, str):
        masked = _SIGNATURE.sub(r"\1(hidden)", seen) if "sig=" in seen.lower() else seen
        return masked if len(masked) <= _SHOWN else f"{masked[:_SHOWN]}..."
    if isinstance(seen, dict):
        return "an object"
    if isinstance(seen, float) and not math.isfinite(seen):
        return str(seen)  # no JSON has it
    return f"an array of {len(seen)}" if isinstance(seen, list) else seen


def _report_expected(deviation: Deviation) -> tuple[Any, ...]:
    if deviation.rule is Rule.FOREIGN:
        return tuple(deviation.hint)
    expected = deviation.expected
    if None not in expected:
        return expected
    return tuple(value for value in expected if value is not None)
