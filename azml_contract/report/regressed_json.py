"""Render the rows of a regression run as JSON, format 1, for other programs.

In: rows as plain JSON. Out: text, one line a row, so that it is written while
it is made and compares well. The schema is `docs/regression-report.schema.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

FORMAT = 1


def render_rows(
    rows: Iterable[Mapping[str, Any]], newest: Mapping[str, str]
) -> Iterator[str]:
    """Pieces of one JSON object: ``format``, ``rows``, ``newest_unchanged``.

    Args:
        rows: Each in the published shape.
        newest: For each scenario the newest version it can move to unchanged.
    """
    yield f'{{"format": {FORMAT}, "rows": ['
    before = "\n"
    for row in rows:
        yield before + json.dumps(row, ensure_ascii=False)
        before = ",\n"
    yield f'\n], "newest_unchanged": {json.dumps(newest, ensure_ascii=False)}}}\n'
