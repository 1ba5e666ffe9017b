"""How many calls were seen, and what became of each: the account of every report.

In: nothing; values made by whoever judges. Out: sums of them. An all-clear is
worth what was judged, so every report says what was not, and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls by their fate: judged; skipped, as no call of the provider; not judged.

    `skipped` counts by where those calls went, `not_judged` by the reason: calls
    of the provider that were seen, and about which nothing can be said.
    """

    judged: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    not_judged: Mapping[str, int] = field(default_factory=dict)

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
        )

    def to_json(self) -> dict[str, Any]:
        """The published shape: ``seen``, ``judged``, ``skipped``, ``not_judged``."""
        return {
            "seen": self.seen,
            "judged": self.judged,
            "skipped": sum(self.skipped.values()),
            "not_judged": sum(self.not_judged.values()),
            "skipped_to": dict(self.skipped),
            "not_judged_because": dict(self.not_judged),
        }

    def describe(self) -> str:
        """``8 calls seen: 6 judged, 2 skipped (2 login)``."""
        parts = [f"{self.judged} judged"]
        for noun, counts in (
            ("skipped", self.skipped),
            ("not judged", self.not_judged),
        ):
            if counts:
                named = ", ".join(f"{n} {name}" for name, n in counts.items())
                parts.append(f"{sum(counts.values())} {noun} ({named})")
        calls = "1 call" if self.seen == 1 else f"{self.seen} calls"
        return f"{calls} seen: {', '.join(parts)}"


def add_up(calls: Iterable[Calls]) -> Calls:
    """The sum of many accounts; nothing seen where there are none."""
    return sum(calls, Calls())


NOTHING = Calls()
"""No call seen."""
