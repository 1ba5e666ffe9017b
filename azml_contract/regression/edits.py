"""Say which edits take a scenario to another api-version.

In: rows, and a function that gives the requests of a recording. Out: sentences.
Knows no file format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from azml_contract.cassette.recordings import Recording
from azml_contract.errors import AzmlContractError
from azml_contract.exchange import Request
from azml_contract.finding import Finding, Side
from azml_contract.regression.outcome import Row

Requests = Callable[[str, str], Mapping[int, Request]]
"""Of a scenario recorded at a version, by step; of one that is not there, none."""


def make_edits(
    requests_of: Requests,
) -> Callable[[Sequence[Row], str], tuple[str, ...]]:
    """A function that lists the edits of a scenario.

    Args:
        requests_of: Where it gives none, the cures of the findings are listed.
    """

    def describe(rows: Sequence[Row], goal: str) -> tuple[str, ...]:
        requests = requests_of(rows[0].scenario, rows[0].recorded)
        edits: dict[str, None] = {}
        for row in rows:
            if row.outcome.breaks_at(goal):
                edits.update(dict.fromkeys(_of_row(row, goal, requests)))
        return tuple(edits)

    return describe


def read_requests(
    files: Mapping[str, str], read: Callable[[Path], Recording]
) -> Requests:
    """Requests of the recordings that rows came from.

    Args:
        files: For ``scenario recorded`` the recording.
        read: Opens a recording.
    """

    def requests_of(scenario: str, recorded: str) -> Mapping[int, Request]:
        file = files.get(f"{scenario} {recorded}")
        return _read_file(Path(file), read) if file else {}

    return requests_of


def _read_file(file: Path, read: Callable[[Path], Recording]) -> dict[int, Request]:
    try:
        return {call.step: call.exchange.request for call in read(file).calls()}
    except AzmlContractError:
        return {}  # gone since it was judged; the findings still say what to do


def _of_row(row: Row, goal: str, requests: Mapping[int, Request]) -> list[str]:
    errors = row.outcome.new_errors(goal)
    told = [_from_finding(row, f) for f in errors if f.side is Side.RESPONSE]
    asked = [f for f in errors if f.side is Side.REQUEST]
    if not asked:
        return told
    request = requests.get(row.step)
    written = _from_body(row, goal, request) if request is not None else None
    if written is None:
        written = [_from_finding(row, finding) for finding in asked]
    return written + told


def _from_body(row: Row, goal: str, request: Request) -> list[str] | None:
    from azml_contract.regression.upgrade import upgrade_body

    if not request.body:
        return None
    try:
        made = upgrade_body(request.body, row.operation, row.recorded, goal)
    except AzmlContractError:
        return None
    edits = [f"{row.label}: {edit}" for edit in made.edits]
    return edits + [
        f"{row.label}: decide {one.pointer.removeprefix('/properties')}: {one.reason}"
        for one in made.decisions
    ]


def _from_finding(row: Row, finding: Finding) -> str:
    side = " of the answer" if finding.side is Side.RESPONSE else ""
    place = f"{finding.pointer}{side}".strip()
    return ": ".join(filter(None, (row.label, place, finding.cure or finding.message)))
