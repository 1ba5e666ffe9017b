"""Find scenarios that stay behind: their api-version is older than allowed.

In: rows, a number of days, and today. Out: sentences. Preview versions retire,
so an old one is a risk even where nothing breaks.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from azml_contract.api_version import parse_api_version, sort_key
from azml_contract.regression.outcome import Row


def find_old(rows: Iterable[Row], max_age_days: int, *, today: date) -> list[str]:
    """One sentence for each scenario whose newest recording is too old.

    Args:
        rows: What was judged.
        max_age_days: The oldest allowed age of an api-version, in days.
        today: Counted back from here.
    """
    newest: dict[str, str] = {}
    for row in rows:
        seen = newest.setdefault(row.scenario, row.recorded)
        if sort_key(row.recorded) > sort_key(seen):
            newest[row.scenario] = row.recorded
    ages = {
        scenario: (today - parse_api_version(version).day).days
        for scenario, version in newest.items()
    }
    return [
        f"{scenario} is at {newest[scenario]}, which is {age} days old; "
        f"{max_age_days} are allowed."
        for scenario, age in ages.items()
        if age > max_age_days
    ]
