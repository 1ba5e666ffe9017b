"""``--execute``, and what jobs may use that really run.

In: a command. Out: the same with these options, given to it as one value.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from azml_contract.errors import UsageError

if TYPE_CHECKING:
    from azml_contract.emulator.execution.keeping import Limits

_OPTIONS = (
    click.option(
        "--execute",
        is_flag=True,
        help="Jobs really run, on this machine, with the Python that is here.",
    ),
    click.option(
        "--container",
        is_flag=True,
        help="With --execute: in a container of their image, by docker or podman.",
    ),
    click.option(
        "--job-python",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="The Python that jobs run with. Default: this one.",
    ),
    click.option(
        "--job-time",
        type=click.FloatRange(min=0, min_open=True),
        default=3600.0,
        show_default=True,
        help="Seconds that a job may run.",
    ),
    click.option(
        "--job-disk",
        type=click.IntRange(min=1),
        default=2048,
        show_default=True,
        help="Megabytes that a job may have in its folder.",
    ),
    click.option(
        "--job-memory",
        type=click.IntRange(min=1),
        default=4096,
        show_default=True,
        help="Megabytes of memory that a job may use.",
    ),
    click.option("--keep-runs", is_flag=True, help="Leave the folders of jobs."),
)


def job_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options, as `execute`: limits of jobs that run, or None."""

    @functools.wraps(command)
    def wrapped(
        execute: bool,
        container: bool,
        job_python: Path | None,
        job_time: float,
        job_disk: int,
        job_memory: int,
        keep_runs: bool,
        **others: Any,
    ) -> None:
        if container and not execute:
            raise UsageError("--container is for jobs that really run: add --execute")
        limits = None
        if execute:
            limits = _make_limits(
                container,
                time_s=job_time,
                disk_mb=job_disk,
                memory_mb=job_memory,
                keep=keep_runs,
                python=str(job_python or sys.executable),
            )
        command(execute=limits, **others)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def _make_limits(container: bool, **plain: Any) -> Limits:
    from azml_contract.emulator.execution.container import find_engine
    from azml_contract.emulator.execution.keeping import Limits

    return Limits(**plain, engine=find_engine(os.environ) if container else None)
