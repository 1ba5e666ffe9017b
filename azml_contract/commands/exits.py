"""The exit code of every command that gives findings: one meaning everywhere.

0 clean; 1 a finding at or above `--fail-on`; 2 wrong usage, or nothing judged and no
finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from azml_contract.finding import Severity
    from azml_contract.report.checked import Checked


def say_problem(problem: str) -> None:
    """Print what went wrong, on one line of the error stream."""
    click.echo(f"Error: {' '.join(problem.split())}", err=True)


def choose_exit_code(
    checked: Sequence[Checked], least: Severity, problems: Sequence[str]
) -> int:
    """The code of a run.

    Args:
        checked: What was checked, files that could not be read included.
        least: The mildest finding that fails.
        problems: What no finding tells: wrong usage, or nothing was judged.
    """
    from azml_contract.report.checked import is_at_least

    if any(is_at_least(f, least) for one in checked for f in one.findings):
        return 1
    return 2 if problems else 0


def find_nothing_judged(checked: Sequence[Checked]) -> list[str]:
    """What to say where no call was judged and nothing was found wrong."""
    from azml_contract.finding import Severity
    from azml_contract.report.checked import is_at_least, tell_bodies
    from azml_contract.seen import add_up

    seen = add_up(one.calls for one in checked)
    wrong = any(is_at_least(f, Severity.ERROR) for one in checked for f in one.findings)
    if wrong or seen.judged:
        return []
    return [f"nothing was judged; {seen.describe()}. {tell_bodies(checked)}".rstrip()]
