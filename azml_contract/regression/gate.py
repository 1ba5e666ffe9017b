"""Find scenarios that stay behind: their api-version is older than allowed.

In: rows, a number of days, and today. Out: sentences. Preview versions retire,
so an old one is a risk even where nothing breaks.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from azml_contract.api_version import parse_api_version
from azml_contract.regression.outcome import Row, current_versions


def find_old(rows: Iterable[Row], max_age_days: int, *, today: date) -> list[str]:
    """One sentence for each api-version in use that is too old.

    Of a scenario recorded several times the newest recording counts.

    Args:
        rows: What was judged.
        max_age_days: The oldest allowed age of an api-version, in days.
        today: Counted back from here.
    """
    ages = {
        (scenario, version): (today - parse_api_version(version).day).days
        for scenario, versions in current_versions(rows).items()
        for version in versions
    }
    return [
        f"{scenario} is at {version}, which is {age} days old; "
        f"{max_age_days} are allowed."
        for (scenario, version), age in ages.items()
        if age > max_age_days
    ]
