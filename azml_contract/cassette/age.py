"""How old a recording is, and whether that is too old.

In: when something was recorded, a limit, the time now. Out: a line for a person
about each recording past the limit. Knows no file and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Recorded:
    """A cassette, when it was recorded, and how to record it again."""

    cassette: str
    recorded_at: str
    record_command: str


def describe_stale(
    recordings: list[Recorded], *, limit_days: float, now: datetime
) -> list[str]:
    """A line for each recording that is older than the limit, oldest first.

    A time that cannot be read counts as too old: nobody can say otherwise.

    Args:
        recordings: Any order; one cassette may come twice.
        limit_days: As old as this is still fresh.
        now: With a time zone.
    """
    aged = {one: _age(one.recorded_at, now) for one in recordings}
    stale = [
        (one, age)
        for one, age in aged.items()
        if age is None or age > timedelta(days=limit_days)
    ]
    stale.sort(key=lambda pair: pair[0].cassette)
    stale.sort(key=lambda pair: pair[1] or timedelta.max, reverse=True)
    return [_describe(one, age, limit_days) for one, age in stale]


def _age(recorded_at: str, now: datetime) -> timedelta | None:
    try:
        then = datetime.fromisoformat(recorded_at)
    except ValueError:
        return None
    return now - (then if then.tzinfo else then.replace(tzinfo=UTC))


def _describe(one: Recorded, age: timedelta | None, limit_days: float) -> str:
    old = (
        f"was recorded at {one.recorded_at!r}, which is no time"
        if age is None
        else f"is {age.days} days old (limit {limit_days:g})"
    )
    return f"stale cassette: {one.cassette} {old}; record again: {one.record_command}"
