"""Render findings as SARIF, for code scanning.

In: what was checked, and the titles of the codes. Out: text.

Source: SARIF 2.1.0, OASIS standard.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from azml_contract.finding import Finding, Severity
from azml_contract.report.checked import Checked
from azml_contract.seen import add_up

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}


def render_sarif(checked: Sequence[Checked], titles: Mapping[str, str]) -> str:
    """One run with a result for each finding.

    Args:
        checked: What was checked.
        titles: A short title for each code.
    """
    findings = [(one.name, f) for one in checked for f in one.findings]
    codes = sorted({f.code for _, f in findings})
    rules = [
        {"id": code, "shortDescription": {"text": titles.get(code, code)}}
        for code in codes
    ]
    driver = {"name": "azml-contract", "rules": rules}
    run = {
        "tool": {"driver": driver},
        "results": [make_result(n, f) for n, f in findings],
        "properties": {"calls": add_up(one.calls for one in checked).to_json()},
    }
    shape = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(shape, indent=2, ensure_ascii=False)


def make_result(name: str, finding: Finding) -> dict[str, Any]:
    """One finding; `name` is its file where it does not tell one."""
    place = finding.location
    file = place.file if place is not None and place.file else name
    line, column = (place.line, place.column) if place is not None else (1, 1)
    text = f"{finding.message} {finding.cure}".strip()
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(file.replace("\\", "/"))},
            "region": {"startLine": line, "startColumn": column},
        }
    }
    if finding.pointer:
        name_of = {"fullyQualifiedName": finding.pointer, "kind": "member"}
        location["logicalLocations"] = [name_of]
    return {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [location],
        "properties": {
            "operation": finding.operation,
            "apiVersion": finding.api_version,
            "side": str(finding.side),
            "evidence": str(finding.evidence),
        },
    }
