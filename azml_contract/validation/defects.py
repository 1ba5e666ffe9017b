"""Findings about the text of a body, and what they make superfluous.

In: the defects that reading a body found. Out: findings, with their fixes. Knows no
contract.
"""

from __future__ import annotations

from azml_contract.finding import Act, Edit, Finding, Fix, Location, Side
from azml_contract.validation.grade import Grader
from azml_contract.validation.parsed import DUPLICATE, Defect, Parsed

_ABOUT_WHAT_LACKS = frozenset(("AZC101", "AZC109", "AZC201", "AZC209", "AZC251"))
_ABOUT_NAMES = frozenset(("AZC102", "AZC103", "AZC111", "AZC112", "AZC113"))


def is_told(finding: Finding, parsed: Parsed) -> bool:
    """Whether a finding says again what is wrong with the text of the body."""
    if parsed.is_cut and finding.code in _ABOUT_WHAT_LACKS:
        return True
    return finding.pointer in parsed.holes and finding.code not in _ABOUT_NAMES


def find_defect(grader: Grader, defect: Defect, status: str = "") -> Finding:
    code = f"AZC1{defect.kind[1:]}"
    if grader.side is Side.RESPONSE:
        code = "AZC233" if defect.kind == DUPLICATE else "AZC230"
    return grader.find(
        code,
        defect.message,
        cure=defect.cure,
        pointer=defect.pointer,
        owner=grader.operation,
        name=status,
        location=Location("", defect.line, defect.column),
        fix=_make_fix(defect) if grader.side is Side.REQUEST else None,
    )


def _make_fix(defect: Defect) -> Fix | None:
    if not defect.old:
        return None
    change = (defect.line, defect.column, defect.old, defect.new)
    return Fix((Edit(Act.TEXT, defect.pointer, change),), certain=True)
