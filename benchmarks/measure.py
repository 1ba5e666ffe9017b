"""Measure contenders side by side, and print what was measured.

In: contenders, each a function that runs a batch and returns its figures. Out:
medians over rounds in which every contender runs once, so that what else the
machine does in a round hits all of them; and a table or JSON of rows. Knows no
contender.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

Row = dict[str, Any]
Figures = dict[str, float]
K = TypeVar("K")
SETUP = "not installed; make bench-setup"


@dataclass(frozen=True)
class Target:
    """What a figure should be: at most or at least `limit`.

    `figure` is None where a contender that it needs is absent.
    """

    name: str
    figure: float | None
    limit: float
    at_least: bool = False

    @property
    def holds(self) -> bool | None:
        """Whether it is met; None where it could not be measured."""
        if self.figure is None:
            return None
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit

    def to_json(self) -> Row:
        """The object that ``--json`` prints."""
        bound = "at_least" if self.at_least else "at_most"
        figure = None if self.figure is None else round_figure(self.figure)
        return {
            "target": self.name,
            "figure": figure,
            bound: self.limit,
            "holds": self.holds,
        }


def make_parser(text: str, *, specs: bool = False) -> argparse.ArgumentParser:
    """The options that all benchmarks share."""
    parser = argparse.ArgumentParser(description=text.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    parser.add_argument("--quick", action="store_true", help="tiny, for a look")
    if specs:
        parser.add_argument(
            "--specs",
            default=str(Path(os.pardir, "shared", "specs51")),
            help="folder with specification/, as in azure-rest-api-specs, for oav",
        )
    return parser


CHUNK = 100
"""How many bodies are parsed before they are judged: they stay in the processor's
cache, as the body of a call does that is judged when it comes."""


def pin() -> None:
    """Keep this process, and those it starts, on one core, where Linux allows it.

    The cores of a shared machine are not equally fast at every moment.
    """
    if sys.platform == "linux":
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


@contextmanager
def on_own_core() -> Iterator[str]:
    """Keep this process on a core of its own, where Linux has two to give.

    Where a server and its client may meet on one core, the system lets them at one time
    and parts them at another, and figures jump by a tenth.

    Yields:
        The cores of the others, as a list with commas; empty where there are none.
    """
    cores = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
    if len(cores) < 2:
        yield ""
        return
    own, *others = cores
    os.sched_setaffinity(0, {own})
    try:
        yield ",".join(map(str, others))
    finally:
        os.sched_setaffinity(0, cores)


def is_installed(module: str) -> bool:
    """Whether a contender's package is there."""
    return find_spec(module) is not None


def time_call(work: Callable[[], object]) -> float:
    """Seconds of the processor, in this thread, that a call takes.

    Not of the clock on the wall: what else the machine does stays out.
    """
    started = time.thread_time()
    work()
    return time.thread_time() - started


def interleave(
    contenders: Mapping[K, Callable[[], Figures]],
    rounds: int,
    *,
    seldom: Collection[K] = (),
) -> dict[K, list[Figures]]:
    """Run every contender once a round; the order turns, so that none is always first.

    Args:
        contenders: By name or other key; each runs once and returns its figures.
        rounds: How often.
        seldom: Slow contenders, which run in the first two rounds only.

    Returns:
        The figures of each, round by round.
    """
    names = list(contenders)
    results: dict[K, list[Figures]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            if number < 2 or name not in seldom:
                results[name].append(contenders[name]())
    return results


def find_ratio(mine: Sequence[Figures], other: Sequence[Figures], key: str) -> float:
    """The median of the ratios of each round.

    A machine whose clock rises and falls changes both sides of a round alike.
    """
    return statistics.median(a[key] / b[key] for a, b in zip(mine, other, strict=False))


def find_medians(found: Sequence[Figures]) -> Figures:
    """The median of each figure."""
    return {key: statistics.median(one[key] for one in found) for key in found[0]}


def round_figure(figure: float) -> float:
    """Three significant digits."""
    if not figure:
        return 0.0
    rounded = round(figure, 2 - math.floor(math.log10(abs(figure))))
    return int(rounded) if abs(rounded) >= 100 else rounded


def show(
    benchmark: str, rows: Sequence[Row], targets: Sequence[Target], *, as_json: bool
) -> None:
    """Print the rows, the targets and the machine, as a table or as JSON."""
    rows = [{name: _rounded(value) for name, value in row.items()} for row in rows]
    if as_json:
        document = {
            "benchmark": benchmark,
            "rows": rows,
            "targets": [target.to_json() for target in targets],
            "machine": describe_machine(),
        }
        print(json.dumps(document, indent=1))
        return
    print(f"{benchmark}: {describe_machine()}\n")
    print(render_table(rows))
    for target in targets:
        print(_say(target))


def _rounded(value: object) -> object:
    return round_figure(value) if isinstance(value, float) else value


def _say(target: Target) -> str:
    bound = "at least" if target.at_least else "at most"
    if target.figure is None:
        return f"       {target.name}: not measured (expected {bound} {target.limit})"
    mark = "holds " if target.holds else "MISSED"
    figure = round_figure(target.figure)
    return f"{mark} {target.name}: {figure} (expected {bound} {target.limit})"


def render_table(rows: Sequence[Row]) -> str:
    """Rows as a Markdown table; columns in the order in which they first occur."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [columns, ["-" * len(name) for name in columns]]
    lines += [[_cell(row.get(name)) for name in columns] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    padded = [
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    ]
    return "".join(f"| {line} |\n" for line in padded)


def _cell(value: object) -> str:
    return "" if value is None else f"{value:,}" if _is_number(value) else str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def describe_machine() -> str:
    """What the figures were taken on, in a line."""
    return (
        f"Python {platform.python_version()}, {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}"
    )
