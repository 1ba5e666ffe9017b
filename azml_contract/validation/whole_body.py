"""Everything that is wrong with a request body: its schema, then its meaning.

In: a parsed body, its compiled check, and the workspace that the call goes to. Out:
findings. `judge` decides, `explain` runs only where it says no, `semantics` always.
Knows no HTTP.
"""

from __future__ import annotations

from typing import Any

from azml_contract.finding import Finding
from azml_contract.validation.arm_ids import Place, has_usual_ids
from azml_contract.validation.body import BodyCheck
from azml_contract.validation.deviation import Rule
from azml_contract.validation.grade import Grader
from azml_contract.validation.recased import Recased
from azml_contract.validation.semantics import NAMES, check_meaning, is_usual

_MOST_FAULTS = 2000
_CASE = Rule.CASE


def judge_at(
    grader: Grader, check: BodyCheck, body: Any, place: Place | None, compiles: bool
) -> list[Finding]:
    """Every finding about a parsed request body sent to a workspace."""
    has_plain_ids, deviations = False, None
    if compiles and place is not None and place.home:
        is_plain = check.is_plain(body, place.home)
        if is_plain:
            if is_usual(grader, body):
                return []
            return check_meaning(grader, body, place, has_plain_ids=True)
        has_plain_ids = has_usual_ids(body, place.home)
        if has_plain_ids and is_plain is not None:
            deviations = check.explain(body)  # the ids are not what was refused
    if deviations is None:
        deviations = check.check(body, compiles=compiles)
    if not deviations:
        return check_meaning(grader, body, place, has_plain_ids=has_plain_ids)
    found = [check.grade(grader, one) for one in deviations[:_MOST_FAULTS]]
    if len(deviations) > _MOST_FAULTS:
        count = len(deviations)
        message = f"The body has {count} faults; the first {_MOST_FAULTS} are told."
        found.append(grader.find("AZC153", message, cure="Mend those, then check."))
    miscased = [
        one for one in deviations if one.rule is _CASE and one.expected[0] in NAMES
    ]
    if not miscased:
        meaning = check_meaning(grader, body, place, has_plain_ids=has_plain_ids)
        return found + meaning
    recased = Recased(body, miscased)
    meaning = check_meaning(grader, recased.body, place, has_plain_ids=has_plain_ids)
    return found + [f._replace(pointer=recased.find_sent(f.pointer)) for f in meaning]
