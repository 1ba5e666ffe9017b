"""Keep a page that is made from data as the data says.

In: where the page stands, what it should say, the words of the command line. Out:
the page, written or compared. Knows nothing of what it says.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from azml_contract.whole_file import write_whole


def keep_page(
    page: Path, render: Callable[[], str], module: str, arguments: Sequence[str]
) -> int:
    """Write a page, or say whether it is up to date.

    Args:
        page: Relative to the folder of the project.
        render: What it should say.
        module: What ``python -m`` runs to renew it, or the whole command.
        arguments: ``--write`` or ``--check``.

    Returns:
        The exit code: 1 where the page is out of date, 2 for other arguments.
    """
    command = module if " " in module else f"python -m {module}"
    if list(arguments) == ["--write"]:
        write_whole(page, render())
        return 0
    if list(arguments) == ["--check"]:
        if page.is_file() and page.read_text("utf-8") == render():
            return 0
        sys.stderr.write(f"{page} is out of date: {command} --write\n")
        return 1
    sys.stderr.write(f"Usage: {command} --write|--check\n")
    return 2
