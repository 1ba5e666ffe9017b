"""Which trials of a sweep are not worth going on with.

In: a policy as the contract has it, and what each trial has logged of the primary
metric so far. Out: whether a trial is given up. The rules are those that the service
documents for its bandit, median stopping and truncation selection policies.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

Logged = Mapping[int, Sequence[float]]


class Policy:
    """An early termination policy; one that is absent never gives up.

    Args:
        given: ``earlyTermination`` of a sweep.
        wants_most: Whether the metric is to be maximised.
    """

    def __init__(self, given: Mapping[str, Any], *, wants_most: bool) -> None:
        self._kind = str(given.get("policyType") or "").lower()
        self._every = max(1, int(given.get("evaluationInterval") or 1))
        self._after = int(given.get("delayEvaluation") or 0)
        self._factor = float(given.get("slackFactor") or 0)
        self._amount = float(given.get("slackAmount") or 0)
        self._percentage = float(given.get("truncationPercentage") or 0)
        # Everything below minimises.
        self._sign = -1.0 if wants_most else 1.0
        self._looked: dict[int, int] = {}

    def gives_up(self, number: int, logged: Logged) -> bool:
        """Whether a trial shall end now; each interval is looked at once."""
        values = logged.get(number) or ()
        interval = len(values) // self._every
        if len(values) < max(1, self._after) or interval <= self._looked.get(number, 0):
            return False
        self._looked[number] = interval
        others = {
            n: [self._sign * v for v in vs] for n, vs in logged.items() if n != number
        }
        mine = [self._sign * value for value in values]
        if not any(others.values()):
            return False
        rules = {
            "bandit": self._is_beyond_slack,
            "medianstopping": self._is_worse_than_median,
            "truncationselection": self._is_among_the_last,
        }
        rule = rules.get(self._kind)
        return rule is not None and rule(mine, others)

    def _is_beyond_slack(self, mine: list[float], others: Logged) -> bool:
        at = len(mine)
        best = min((min(vs[:at]) for vs in others.values() if vs), default=min(mine))
        if self._factor:
            # Maximising, a trial must reach best / (1 + slack); minimising, it may
            # be as much worse.
            allowed = best * (1 + self._factor)
            if best < 0:
                allowed = best / (1 + self._factor)
        else:
            allowed = best + self._amount
        return min(mine) > allowed

    def _is_worse_than_median(self, mine: list[float], others: Logged) -> bool:
        at = len(mine)
        averages = [statistics.fmean(vs[:at]) for vs in others.values() if vs]
        return min(mine) > statistics.median(averages)

    def _is_among_the_last(self, mine: list[float], others: Logged) -> bool:
        at = len(mine)
        bests = sorted(
            [min(mine), *(min(vs[:at]) for vs in others.values() if len(vs) >= at)]
        )
        keep = len(bests) - int(len(bests) * self._percentage / 100)
        return min(mine) > bests[max(keep, 1) - 1]
