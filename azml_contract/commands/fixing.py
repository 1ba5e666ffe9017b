"""Apply the cures that are certain to the body in a JSON file.

In: a text, and a function that judges texts. Out: the text after every cure that
was followed and that removed its finding without adding one; its layout is as it
was. What a person has to decide stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from azml_contract.finding import Act, Edit, Finding, Fix, Severity
from azml_contract.source.excerpt import Source

_MOST_CURES = 500
Judge = Callable[[str], Sequence[Finding]]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A text before and after, and how many findings are gone."""

    before: str
    after: str
    cured: int


def fix_text(text: str, judge: Judge) -> Fixed:
    """Follow certain cures one by one, and keep each that cures."""
    before = text
    tried: set[tuple[str, str]] = set()
    found = judge(text)
    cured = 0
    for _ in range(_MOST_CURES):
        finding = _choose(found, tried)
        if finding is None:
            break
        tried.add((finding.code, finding.pointer))
        mended = _follow(text, finding)
        left = judge(mended) if mended is not None else found
        if mended is not None and _is_better(found, left, finding):
            text, found, cured = mended, left, cured + len(found) - len(left)
            tried.discard((finding.code, finding.pointer))
    return Fixed(before, text, cured)


def locate_fixes(text: str, findings: Sequence[Finding], judge: Judge) -> list[Finding]:
    """Findings about a text, each with the one piece of text that cures it alone.

    A cure is followed and judged first; what has none, or is not cured, has no fix.
    """
    found = judge(text)
    left = _MOST_CURES
    told = []
    for finding in findings:
        fix = None
        if left and finding.fix is not None and finding.fix.certain:
            left -= 1
            mended = _follow(text, finding)
            if mended is not None and _is_better(found, judge(mended), finding):
                fix = Fix((_compare(text, mended, finding.pointer),), certain=True)
        told.append(finding._replace(fix=fix))
    return told


def _compare(before: str, after: str, pointer: str) -> Edit:
    """What leads from one text to another, as one piece that is replaced."""
    shorter = min(len(before), len(after))
    start = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    room = shorter - start
    end = next((i for i in range(room) if before[-1 - i] != after[-1 - i]), room)
    place = Source("", before).locate(start)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    return Edit(Act.TEXT, pointer, (place.line, place.column, old, new))


def _choose(found: Sequence[Finding], tried: set[tuple[str, str]]) -> Finding | None:
    for one in found:
        is_harmless = one.severity is Severity.INFO
        if one.fix is None or not one.fix.certain or is_harmless:
            continue
        if (one.code, one.pointer) not in tried:
            return one
    return None


def _follow(text: str, finding: Finding) -> str | None:
    from azml_contract.source.json_edits import apply_edits

    assert finding.fix is not None
    try:
        return apply_edits(text, finding.fix.edits)
    except ValueError:
        return None


def _is_better(
    found: Sequence[Finding], left: Sequence[Finding], finding: Finding
) -> bool:
    """Whether that finding is gone, and no other one came."""
    before = Counter(one.code for one in found)
    after = Counter(one.code for one in left)
    return after <= before - Counter([finding.code])


def show_diff(name: str, fixed: Fixed) -> str:
    """What changed, as a unified diff."""
    import difflib

    lines = difflib.unified_diff(
        fixed.before.splitlines(keepends=True),
        fixed.after.splitlines(keepends=True),
        f"a/{name}",
        f"b/{name}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
