"""What `regress` can be asked, and what of it makes no sense together.

In: the command line. Out: `Options`, one value for every part of the command.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from azml_contract.commands.kinds import API_VERSION
from azml_contract.commands.options import cluster_option
from azml_contract.errors import UsageError

FORMATS = (
    *("text", "json", "html", "junit", "github", "sarif", "markdown"),
    "json2",  # the same, with whatever repeats stored once
)
_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Options:
    """What a run was asked; each field is an option of the command."""

    versions: tuple[str, ...] = ()
    recorded: str = ""
    stable_only: bool = False
    form: str = "text"
    output: Path | None = None
    jobs: int = 0
    cluster: str = ""
    baseline: Path | None = None
    write_baseline: bool = False
    latest: bool = False
    max_age_days: int | None = None
    by: str | None = None
    limit: int | None = None
    all_versions: bool = False
    shard: tuple[int, int] = (1, 1)
    merge: bool = False
    with_calls: bool = False
    allow_unjudged: bool = False


def _read_shard(
    context: click.Context, parameter: click.Parameter, part: str
) -> tuple[int, int]:
    """Which part of how many.

    Raises:
        UsageError: It is none.
    """
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", part)
    which, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= which <= of:
        raise UsageError(f"--shard {part} is no part, such as 3/10: the third of ten.")
    return which, of


_FILE = click.Path(path_type=Path)
_OPTIONS = (
    click.option(
        "--to",
        "versions",
        multiple=True,
        type=API_VERSION,
        metavar="V",
        help="Only at this; repeatable.",
    ),
    click.option(
        "--from",
        "recorded",
        default="",
        type=API_VERSION,
        metavar="V",
        help="Recorded at this.",
    ),
    click.option("--stable-only", is_flag=True, help="No preview versions."),
    click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        help="json2: json, repeats stored once.",
    ),
    click.option("-o", "--output", type=_FILE, help="Write to this file."),
    click.option(
        "--jobs", type=click.IntRange(0), default=0, help="Processes; 0: one a core."
    ),
    cluster_option,
    click.option("--baseline", type=_FILE, help="Known breaks: only others fail."),
    click.option("--write-baseline", is_flag=True, help="Write what breaks to it."),
    click.option(
        "--latest",
        is_flag=True,
        help="Newest recording of each scenario at the newest version alone.",
    ),
    click.option(
        "--max-age-days",
        type=click.IntRange(0),
        metavar="N",
        help="Fail on scenarios whose api-version is older.",
    ),
    click.option(
        "--by",
        type=click.Choice(["cause", "scenario"]),
        help="Text: what breaks by its cause, or call by call; default: by cause, "
        "one recording call by call.",
    ),
    click.option(
        "--limit",
        type=click.IntRange(1),
        metavar="N",
        help="Causes, or tables, to show; default: causes that fit on a screen.",
    ),
    click.option(
        "--all-versions",
        is_flag=True,
        help="Tables show versions older than the recorded one, too.",
    ),
    click.option(
        "--shard",
        default="1/1",
        metavar="K/N",
        callback=_read_shard,
        help="Judge the K-th of N parts of what is named; see --merge.",
    ),
    click.option(
        "--merge",
        is_flag=True,
        help="The arguments are JSON reports of earlier runs; join them.",
    ),
    click.option(
        "--with-calls",
        is_flag=True,
        help="json2: calls and coverage, too, so that --merge makes a whole page; "
        "--shard has them anyway.",
    ),
    click.option(
        "--allow-unjudged",
        is_flag=True,
        help="A call that cannot be judged is a warning, no error.",
    ),
)


def takes_options(function: _Command) -> _Command:
    """Add the options of `regress`; the function takes the fields of `Options`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
