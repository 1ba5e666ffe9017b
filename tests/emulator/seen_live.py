"""Where the service's answers are known to differ from the written contract.

In: findings about answers of the emulator. Out: those at a pointer that
``shapes.toml`` does not name. The table says what live answers hold though
their contract does not list it, or does not let it be null.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from azml_contract.emulator.resources.shapes import load_shapes
from azml_contract.finding import Finding, Severity, Side


def unexpected(findings: Iterable[Finding]) -> list[Finding]:
    """Errors that no live answer explains."""
    return [
        finding
        for finding in findings
        if finding.severity is Severity.ERROR and not _is_seen_live(finding)
    ]


def _is_seen_live(finding: Finding) -> bool:
    if finding.code == "AZC240" and finding.operation.startswith("Registries_"):
        return True  # 202 in 8 of 8, at a version that documents 200 and 201
    if finding.side is not Side.RESPONSE:
        return False
    place = re.sub(r"^/value/\d+", "", finding.pointer)
    return any(pattern.fullmatch(place) for pattern in _patterns())


def _patterns() -> Iterator[re.Pattern[str]]:
    for entry in load_shapes().values():
        pointers = [*entry.get("null", ()), *entry.get("kept", ())]
        pointers += [*entry.get("fill", {}), *entry.get("fill_settled", {})]
        if entry.get("system_data") == "null" or "put_holds" in entry:
            pointers += ["/systemData"]
        for pointer in pointers:
            body = re.escape(pointer).replace(r"\*", "[^/]+")
            yield re.compile(f"{body}(/.*)?")
