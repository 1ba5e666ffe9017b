"""What live services were counted doing at the very place of a finding.

In: a broken rule at a place of a request or an answer. Out: the severity that
the counts allow in the profile ``service``, the sentence that tells them, and
the counts; None where nothing was seen, which proves nothing. Knows no bodies
and no ledger.

A request needs more than one exchange to be excused; an answer none but one,
as nobody can mend it.
"""

from __future__ import annotations

from typing import NamedTuple

from azml_contract.finding import Observed, Severity, Side
from azml_contract.validation.deviation import Rule
from azml_contract.validation.evidence import (
    UNWRITTEN,
    Count,
    count_accepted,
    count_exchanges,
    count_returned,
    find_observed,
    generalise,
)

UNWRITTEN_RULES = frozenset((Rule.UNKNOWN, Rule.RENAMED, Rule.FOREIGN))
"""Rules broken by a property that the written contract of the version lacks."""
_UNSEEN = " It is not in the written contract; whether the service {} it is not known."
NOT_KNOWN = {
    Rule.UNKNOWN: _UNSEEN.format("drops"),
    Rule.VARIANT_UNKNOWN: _UNSEEN.format("takes"),
    Rule.ENUM: _UNSEEN.format("takes"),
    Rule.NULL: _UNSEEN.format("takes").replace(" It is not", " Null is not"),
}
"""What is said of a request where nothing was seen."""
_ENOUGH = 2


class Testimony(NamedTuple):
    """What the counts say: how bad the finding is then, a sentence, the counts.

    `works` where the service took what was sent, and was not seen to drop it.
    """

    severity: Severity
    says: str
    observed: Observed
    works: bool = False


def find_testimony(
    rule: Rule, side: Side, operation: str, api_version: str, pointer: str
) -> Testimony | None:
    """What is known of a place that breaks a rule of the schema.

    Args:
        rule: A property that is not written, a null, or a secret that came back;
            of others nothing is known, as no value was kept.
        side: Which half of the exchange.
        operation: Its id.
        api_version: The version of the call; others say nothing about it.
        pointer: The place.
    """
    place = (operation, api_version, pointer)
    if rule in UNWRITTEN_RULES:
        if side is Side.RESPONSE:
            return _tell_returned(count_returned(*place, UNWRITTEN), "it")
        return _tell_sent(*place)
    if rule is Rule.NULL:
        if side is Side.RESPONSE:
            return _tell_returned(count_returned(*place, "null"), "null here")
        return _tell_accepted(count_accepted(*place, "null"), "null here", "")
    if rule is Rule.USE and side is Side.RESPONSE:
        told = _tell_returned(count_returned(*place, "string"), "it")
        return told and told._replace(severity=Severity.WARNING)
    return None


def find_status(operation: str, api_version: str, status: int) -> Testimony | None:
    """What is known of an answer's status."""
    count = count_exchanges(operation, api_version, status)
    if count is None or not count.n:
        return None
    says = f" Live services answered so in {_say(count)}."
    return Testimony(Severity.INFO, says, Observed("answered", *count))


def find_absence(operation: str, api_version: str, pointer: str) -> Testimony | None:
    """What is known of a property of the body that an answer lacks."""
    count = count_returned(operation, api_version, pointer)
    if count is None:
        return None
    holder = pointer.rpartition("/")[0]
    there = count.of
    if holder:
        held = count_returned(operation, api_version, holder, "object")
        there = held.n if held else 0
    if count.n >= there:
        return None
    without = Count(there - count.n, there, api_version)
    says = f" Live answers lacked it in {_say(without)}."
    return Testimony(Severity.INFO, says, Observed("returned", *count))


def _tell_sent(operation: str, api_version: str, pointer: str) -> Testimony | None:
    place = (operation, api_version, pointer)
    returned = count_returned(*place, UNWRITTEN)
    taken = count_accepted(*place, UNWRITTEN)
    if taken is not None and taken.n >= _ENOUGH:
        back = _say_back(operation, api_version, pointer)
        return _tell_accepted(taken, "it", back)
    if returned is not None and returned.n >= _ENOUGH:
        says = f" The service knows it: live answers held it in {_say(returned)}."
        return Testimony(Severity.WARNING, says, Observed("returned", *returned))
    return None


def _say_back(operation: str, api_version: str, pointer: str) -> str:
    """What became of an accepted property: in answers to it, or when read again."""
    reading = f"{operation.rpartition('_')[0]}_Get"
    holder = pointer.rpartition("/")[0]
    for asked in (operation, reading):
        if not any(
            row.succeeded and generalise(holder, row.answer) is not None
            for row in find_observed(asked, api_version)
        ):
            continue
        count = count_returned(asked, api_version, pointer)
        if count is not None and count.n:
            nulls = count_returned(asked, api_version, pointer, f"null{UNWRITTEN}")
            what = "it as null" if nulls == count else "it"
            return f" {asked} returned {what} in {_say(count)}."
        if count is not None and count.of >= _ENOUGH:
            return f" The service drops it: {asked} returned it in {_say(count)}."
    return ""


def _tell_accepted(count: Count | None, what: str, back: str) -> Testimony | None:
    if count is None or count.n < _ENOUGH:
        return None
    says = f" Live services accepted {what} in {_say(count)}.{back}"
    works = "drops" not in back
    return Testimony(Severity.WARNING, says, Observed("accepted", *count), works)


def _tell_returned(count: Count | None, what: str) -> Testimony | None:
    if count is None or not count.n:
        return None
    says = f" Live answers held {what} in {_say(count)}."
    return Testimony(Severity.INFO, says, Observed("returned", *count))


def _say(count: Count) -> str:
    noun = "exchange" if count.of == 1 else "exchanges"
    return f"{count.n} of {count.of} {noun} at {count.api_version}"
