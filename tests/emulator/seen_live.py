"""Where the service's answers are known to differ from the written contract.

In: findings about answers. Out: the errors that no count of what live services
answered explains. An operation speaks for the others of its resource, whatever the
api-version: what a GET was seen to hold stands in a list and in the answer to a PUT.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache

from azml_contract.finding import Finding, Severity, Side
from azml_contract.validation.evidence import (
    Observed,
    find_observed,
    generalise,
    observed_operations,
    observed_versions,
)

# What one recording shows, and so no count, which takes two tests to tell of what no
# contract has.
RECORDED = {
    **dict.fromkeys(
        (
            f"Compute_* */properties/properties/{name}"
            for name in (
                "autologgerSettings",
                "containers",
                "customServices",
                "dataDisks",
                "dataMounts",
                "lastOperation/operationTrigger",
                "osImageMetadata",
                "schedules",
                "updateStatus",
                "versions",
            )
        ),
        "an instance at 2022-01-01-preview shows what later versions have, or null",
    ),
    **dict.fromkeys(
        (
            "Registries_* */acrDetails/*/existingAcrAccount",
            "Registries_* */acrDetails/*/newAcrAccount",
            "Registries_* */storageAccountDetails/*/existingStorageAccount",
            "Registries_* */storageAccountDetails/*/newStorageAccount",
        ),
        "a registry at 2022-10-01-preview shows them, null",
    ),
    "Registries_* /error/*": "their errors have an envelope of their own",
    "WorkspaceConnections_* /error/*": "as those of registries",
}
_OF_OLD = "MachineLearning"
"""What stood before the names of operations up to 2021-04-01."""
_ITEM = re.compile(r"^/value/\d+")
_MISSING, _NULL, _TYPE = ("AZC201", "AZC251"), "AZC205", "AZC204"
_NO_BODY, _ANY_BODY = "AZC221", "AZC222"
_STATUS, _NO_PROGRESS = "AZC240", "AZC250"
_PROGRESS = {"azure-asyncoperation", "location"}


def unexpected(findings: Iterable[Finding]) -> list[Finding]:
    """Errors that no live answer explains."""
    return [
        finding
        for finding in findings
        if finding.severity is Severity.ERROR and not is_seen_live(finding)
    ]


def is_seen_live(finding: Finding) -> bool:
    """Whether a live answer was seen to differ in the same way at the same place."""
    if finding.side is not Side.RESPONSE or not finding.operation:
        return False
    operation = finding.operation.removeprefix(_OF_OLD)
    place = f"{operation} {finding.pointer}"
    if any(fnmatchcase(place, pattern) for pattern in RECORDED):
        return True
    rows = _rows(operation.rpartition("_")[0])
    return any(_explains(row, finding) for row in rows)


@cache
def _rows(group: str) -> tuple[Observed, ...]:
    return tuple(_read_rows(group))


def _read_rows(group: str) -> Iterator[Observed]:
    for operation in observed_operations():
        if operation.rpartition("_")[0] == group:
            for version in observed_versions(operation):
                yield from find_observed(operation, version)


def _explains(row: Observed, finding: Finding) -> bool:
    is_same = row.operation == finding.operation
    if finding.code == _STATUS:
        return is_same and row.status == finding.seen
    if finding.code == _NO_PROGRESS:
        return is_same and not _PROGRESS & row.headers.keys()
    if finding.code in (_NO_BODY, _ANY_BODY):
        return is_same and bool(row.answer) is (finding.code == _ANY_BODY)
    place = _ITEM.sub("", finding.pointer)
    return any(_stood(row, f"{start}{place}", finding) for start in ("", "/value/0"))


def _stood(row: Observed, pointer: str, finding: Finding) -> bool:
    known = generalise(pointer, row.answer)
    if finding.code in _MISSING:
        holder = generalise(pointer.rpartition("/")[0], row.answer)
        there = sum(row.answer[known].values()) if known else 0
        return holder is not None and there < row.answer[holder].get("object", 0)
    if known is None:
        return False
    types = {kind.rstrip("?") for kind in row.answer[known]}
    if finding.code == _NULL:
        return "null" in types
    return finding.code != _TYPE or bool({_type_of(finding.seen), "any"} & types)


def _type_of(seen: object) -> str:
    """The JSON type of what a finding shows; containers are shown by their size."""
    if isinstance(seen, str):
        if seen == "an object":
            return "object"
        return "array" if seen.startswith("an array of ") else "string"
    return "boolean" if isinstance(seen, bool) else "number"
