"""Render findings as JSON, format 1, for other programs.

In: what was checked. Out: text. Source: docs, "Findings".
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from azml_contract.report.checked import Checked
from azml_contract.seen import add_up

FORMAT = 1


def render_json(checked: Sequence[Checked]) -> str:
    """One JSON object: ``format``, ``findings``, ``validated``, ``calls``."""
    shape = {
        "format": FORMAT,
        "findings": [f.to_json() for one in checked for f in one.findings],
        "validated": {
            "requests": sum(one.requests for one in checked),
            "responses": sum(one.responses for one in checked),
        },
        "calls": add_up(one.calls for one in checked).to_json(),
    }
    return json.dumps(shape, indent=2, ensure_ascii=False)
