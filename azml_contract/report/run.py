"""What is said after a run of recorded or played calls: figures and findings.

In: the figures of one run or many, plain values. Out: lines of text. Knows neither
pytest nor commands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from azml_contract.seen import Calls, add_up

_MOST_MILD = 10
"""So many kinds of warning and information are listed."""
Figures = dict[str, Any]
"""``exchanges``, ``requests``, ``responses``, ``judged``, ``skipped``, ``not_judged``
and ``findings``: lists of severity, code, message, and whether it was expected."""


def describe_validated(runs: Sequence[Figures]) -> list[str]:
    """How much was validated, and the account of all calls."""
    requests = count(total(runs, "requests"), "request")
    responses = count(total(runs, "responses"), "response")
    return [f"validated: {requests}, {responses}", _count_calls(runs).describe()]


def describe_findings(runs: Sequence[Figures]) -> list[str]:
    """One line for each kind of finding nobody expected, errors first and all."""
    counts: dict[tuple[str, str, str], int] = {}
    expected = 0
    for run in runs:
        for severity, code, message, is_expected in run["findings"]:
            expected += is_expected
            if not is_expected:
                key = (severity, code, message)
                counts[key] = counts.get(key, 0) + 1
    order = {"error": 0, "warning": 1, "info": 2}
    ranked = sorted(counts.items(), key=lambda item: (order[item[0][0]], item[0][1]))
    others = sum(counts.values())
    told = sum(key[0] == "error" for key in counts) + _MOST_MILD
    if not expected and not others:
        judged = total(runs, "requests") + total(runs, "responses")
        return ["findings: none" if judged else "findings: none, nothing was validated"]
    lines = [
        f"{severity:<8}{code} x{number:<3} {message}"
        for (severity, code, message), number in ranked[:told]
    ]
    if len(ranked) > told:
        more = f"and {len(ranked) - told} more kinds"
        lines.append(f"{more}; all, with their places: azml-contract check CASSETTES")
    noun = "other" if others == 1 else "others"
    return [f"findings: {expected} as expected, {others or 'no'} {noun}", *lines]


def count(number: int, noun: str) -> str:
    """``1 request``, ``2 requests``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def total(runs: Sequence[Figures], name: str) -> int:
    """The sum of one figure."""
    return sum(run[name] for run in runs)


def _count_calls(runs: Sequence[Figures]) -> Calls:
    return add_up(
        Calls(run["judged"], run["skipped"], run["not_judged"]) for run in runs
    )
