"""Make the HTML page of `regress` of what was judged, and what was kept of it.

In: judged rows, the files they came from, and what was kept of those. Out: the page.
Wiring between regression and report.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from azml_contract.commands.regress_kept import Kept, Shape, read_kept

if TYPE_CHECKING:
    from azml_contract.regression.outcome import Outcome, Row

_GIT_S = 5
_FEW_SOURCES = 3


def describe_run(sources: Sequence[str]) -> Shape:
    """When, of what and by what a page is made, and at which commit, if at one."""
    from datetime import UTC, datetime
    from importlib.metadata import version

    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")  # of builds that repeat
    now = datetime.now(UTC)
    at = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else now
    return {
        "at": f"{at:%Y-%m-%d %H:%M} UTC",
        "commit": _find_commit(),
        "sources": list(sources),
        "version": f"azml-contract {version('azml-contract')}",
    }


def _find_commit() -> str:
    asked = ["git", "rev-parse", "--short", "HEAD"]
    try:
        done = subprocess.run(
            asked, capture_output=True, text=True, check=False, timeout=_GIT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def render_page(
    rows: Sequence[Row],
    files: Mapping[str, str],
    kept: Kept | None = None,
    made: Shape | None = None,
) -> str:
    """The HTML page of a run.

    Args:
        rows: What was judged.
        files: For ``scenario recorded`` the file it came from; none after a merge.
        kept: What reports kept of recordings. Without it the files are read again;
            without files, too, the page has neither requests nor coverage.
        made: As `describe_run` tells it.

    Raises:
        AzmlContractError: A file that was judged cannot be read any more.
    """
    from azml_contract.report.html import render_html

    whole = kept or read_kept(rows, files.values())
    cells: dict[int, Shape] = {}
    report = {
        "rows": [_shape_row(row, cells) | whole.find(row) for row in rows],
        "recordings": list(_describe_recordings(rows, whole)),
        "made": made,
    }
    sources = made["sources"] if made else ()
    title = _name(files, sources) if rows else "No recordings"
    is_known = kept is not None or bool(files)
    return render_html(report, whole.coverage.to_json() if is_known else None, title)


def _name(files: Mapping[str, str], sources: Sequence[str]) -> str:
    """What was judged: the one file, the folder that all are in, or a few sources."""
    if not files:
        return "Merged reports"
    try:
        folder = Path(os.path.commonpath(files.values())).as_posix()
    except ValueError:  # some relative and some not, or on several drives
        folder = "."
    if folder.strip("./"):
        return folder
    few = sources if len(sources) <= _FEW_SOURCES else ()
    return ", ".join(few) or f"{len(set(files.values())):,} recordings"


def _shape_row(row: Row, cells: dict[int, Shape]) -> Shape:
    """A row's JSON; rows of one outcome share its cells."""
    outcome = row.outcome
    if id(outcome) not in cells:
        cells[id(outcome)] = _shape_cells(outcome)
    return {
        "scenario": row.scenario,
        "step": row.step,
        "operation": row.operation,
        "label": row.label,
        "recorded": row.recorded,
        **cells[id(outcome)],
    }


def _shape_cells(outcome: Outcome) -> Shape:
    versions = {version: cell.to_json() for version, cell in outcome.cells.items()}
    return {"versions": versions, "own": outcome.own.to_json()}


def _describe_recordings(rows: Sequence[Row], kept: Kept) -> Iterable[Shape]:
    """Of each recording where it is from, and the edits to the newest version."""
    from azml_contract.commands.regressed import columns_of, group_rows
    from azml_contract.regression.edits import make_edits

    describe_edits = make_edits(kept.requests)
    known: dict[tuple[int, ...], tuple[str, ...]] = {}
    for (scenario, recorded), group in group_rows(rows).items():
        goal = columns_of(group)[-1]
        alike = tuple(id(row.outcome) for row in group)
        if alike not in known:
            breaks = any(row.outcome.breaks_at(goal) for row in group)
            known[alike] = describe_edits(group, goal) if breaks else ()
        yield {
            "scenario": scenario,
            "recorded": recorded,
            "target": kept.targets.get(scenario, ""),
            "goal": goal,
            "edits": known[alike],
        }
