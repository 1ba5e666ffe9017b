"""Render the rows of a regression run as JSON, format 1, for other programs.

In: rows as plain JSON. Out: text, one line a row, so that it is written while
it is made and compares well. The schema is `docs/regression-report.schema.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from azml_contract.finding import Finding
from azml_contract.seen import NOTHING, Calls

FORMAT = 1


def render_rows(
    rows: Iterable[Mapping[str, Any]],
    newest: Mapping[str, str],
    findings: Iterable[Finding] = (),
    calls: Calls = NOTHING,
) -> Iterator[str]:
    """Pieces of one JSON object: ``format``, ``rows``, and what all of them share.

    Args:
        rows: Each in the published shape.
        newest: For each scenario the newest version it can move to unchanged.
        findings: About files and calls that were not judged.
        calls: The account of all calls.
    """
    yield f'{{"format": {FORMAT}, "rows": ['
    before = "\n"
    for row in rows:
        yield before + json.dumps(row, ensure_ascii=False)
        before = ",\n"
    tail = {
        "newest_unchanged": newest,
        "findings": [finding.to_json() for finding in findings],
        "calls": calls.to_json(),
    }
    yield f"\n], {json.dumps(tail, ensure_ascii=False)[1:]}\n"
