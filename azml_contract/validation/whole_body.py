"""Everything that is wrong with a request body: its schema, then its meaning.

In: a parsed body, its compiled check, and the workspace that the call goes to. Out:
findings. `judge` decides, `explain` runs only where it says no, `semantics` always.
Knows no HTTP.
"""

from __future__ import annotations

from typing import Any

from azml_contract.finding import Finding
from azml_contract.validation.arm_ids import Place
from azml_contract.validation.body import BodyCheck
from azml_contract.validation.deviation import Rule
from azml_contract.validation.grade import Grader
from azml_contract.validation.recased import Recased
from azml_contract.validation.semantics import NAMES, check_meaning

_MOST_FAULTS = 2000
_CASE = Rule.CASE


def judge_at(
    grader: Grader, check: BodyCheck, body: Any, place: Place | None, compiles: bool
) -> list[Finding]:
    """Every finding about a parsed request body sent to a workspace."""
    home = place.home if compiles and place is not None else ""
    if home and check.is_plain(body, home):
        return check_meaning(grader, body, place, has_plain_ids=True)
    deviations = check.check(body, compiles=compiles)
    if not deviations:
        return check_meaning(grader, body, place)
    found = [check.grade(grader, one) for one in deviations[:_MOST_FAULTS]]
    if len(deviations) > _MOST_FAULTS:
        count = len(deviations)
        message = f"The body has {count} faults; the first {_MOST_FAULTS} are told."
        found.append(grader.find("AZC153", message, cure="Mend those, then check."))
    miscased = [
        one for one in deviations if one.rule is _CASE and one.expected[0] in NAMES
    ]
    if not miscased:
        return found + check_meaning(grader, body, place)
    recased = Recased(body, miscased)
    meaning = check_meaning(grader, recased.body, place)
    return found + [f._replace(pointer=recased.find_sent(f.pointer)) for f in meaning]
