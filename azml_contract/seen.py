"""How many calls were seen, and what became of each: the account of every report.

In: nothing; values made by whoever judges. Out: sums of them. An all-clear is
worth what was judged, so every report says what was not, and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Strength(NamedTuple):
    """How strong a contract is: facts known, of facts possible.

    `carried` of the known ones are not told by the source of that api-version but
    carried over from an older one.
    """

    known: int
    possible: int
    carried: int

    def describe(self) -> str:
        """``9,100 of 9,400 facts (...) known, all of an older version``."""
        which = "all" if self.carried == self.known else f"{self.carried:,}"
        carried = f", {which} from an older version" if self.carried else ""
        told = f"{self.known:,} of {self.possible:,} facts (nulls, formats, statuses)"
        return f"{told} known{carried}"


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls by their fate: judged; skipped, as no call of the provider; not judged.

    `skipped` counts by where those calls went, `not_judged` by the reason: calls
    of the provider that were seen, and about which nothing can be said.
    `contracts` has the api-versions that calls were judged by, where those lack
    facts that others have.
    """

    judged: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    not_judged: Mapping[str, int] = field(default_factory=dict)
    contracts: Mapping[str, Strength] = field(default_factory=dict)

    @property
    def seen(self) -> int:
        """All of them."""
        others = (*self.skipped.values(), *self.not_judged.values())
        return self.judged + sum(others)

    def __add__(self, other: Calls) -> Calls:
        return Calls(
            self.judged + other.judged,
            Counter(self.skipped) + Counter(other.skipped),
            Counter(self.not_judged) + Counter(other.not_judged),
            {**self.contracts, **other.contracts},
        )

    def __or__(self, other: Calls) -> Calls:
        """Of two accounts of the same calls, the larger number of each fate."""
        return Calls(
            max(self.judged, other.judged),
            Counter(self.skipped) | Counter(other.skipped),
            Counter(self.not_judged) | Counter(other.not_judged),
            {**self.contracts, **other.contracts},
        )

    def to_json(self) -> dict[str, Any]:
        """The published shape: ``seen``, ``judged``, ``skipped``, ``not_judged``."""
        contracts = {v: one._asdict() for v, one in self.contracts.items()}
        return {
            "seen": self.seen,
            "judged": self.judged,
            "skipped": sum(self.skipped.values()),
            "not_judged": sum(self.not_judged.values()),
            "skipped_to": _sort(self.skipped),
            "not_judged_because": _sort(self.not_judged),
            **({"contracts": contracts} if contracts else {}),
        }

    def describe(self) -> str:
        """``8 calls seen: 6 judged, 2 skipped (2 login)``."""
        parts = [f"{self.judged} judged"]
        for noun, counts in (
            ("skipped", self.skipped),
            ("not judged", self.not_judged),
        ):
            if counts:
                named = ", ".join(f"{n} {name}" for name, n in _sort(counts).items())
                parts.append(f"{sum(counts.values())} {noun} ({named})")
        calls = "1 call" if self.seen == 1 else f"{self.seen} calls"
        return f"{calls} seen: {', '.join(parts)}{self._describe_contracts()}"

    def _describe_contracts(self) -> str:
        """The weakest of them, as it bounds what an all-clear is worth."""
        if not self.contracts:
            return ""
        version, weakest = min(
            self.contracts.items(), key=lambda one: one[1].known / one[1].possible
        )
        others = len(self.contracts) - 1
        more = f" (and {others} more with facts unknown)" if others else ""
        return f". Contract of {version}: {weakest.describe()}{more}"


def _sort(counts: Mapping[str, int]) -> dict[str, int]:
    """The most first, whoever counted, in whatever order."""
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def add_up(calls: Iterable[Calls]) -> Calls:
    """The sum of many accounts; nothing seen where there are none."""
    return sum(calls, Calls())


def read_calls(shape: Mapping[str, Any]) -> Calls:
    """The account that `Calls.to_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: It is none.
    """
    return Calls(
        int(shape["judged"]),
        {str(name): int(n) for name, n in shape["skipped_to"].items()},
        {str(name): int(n) for name, n in shape["not_judged_because"].items()},
        {str(v): Strength(**one) for v, one in shape.get("contracts", {}).items()},
    )


NOTHING = Calls()
"""No call seen."""
