"""Make the data of the HTML page small: whatever repeats is held once.

In: a regression report and a coverage, as plain dicts. Out: one plain dict that
the page's script reads. A suite of 10,000 calls by 34 api-versions has 340,000
cells, but few distinct ones; strings, findings, cells, whole rows of cells and
requests each have a table, and everything else names them by index.

What a report may lack is left out of the page; fields not known are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

STATUSES = ("ok", "unknown", "warns", "gone", "refused", "ignored")
_ABSENT = -1
_WORDS = (
    "code",
    "severity",
    "message",
    "pointer",
    "cure",
    "side",
    "evidence",
    "since",
)


class _Table:
    """Values in order of first appearance, each once."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._index: dict[Hashable, int] = {}

    def add(self, value: Any, key: Hashable | None = None) -> int:
        """The index of a value; one that is not hashable needs a key."""
        known = value if key is None else key
        index = self._index.setdefault(known, len(self.values))
        if index == len(self.values):
            self.values.append(value)
        return index


def pack_report(
    report: Mapping[str, Any], coverage: Mapping[str, Any] | None, title: str
) -> dict[str, Any]:
    """The data of the page.

    Args:
        report: A regression report of format 1.
        coverage: What `Coverage.to_json` gave; None leaves that view out.
        title: What was judged, for the heading.
    """
    rows: Sequence[Mapping[str, Any]] = report["rows"]
    versions = sorted({v for row in rows for v in row["versions"]}, key=_version_key)
    packer = _Packer(versions)
    packed = [packer.pack_row(row) for row in rows]
    return {
        "title": title,
        "statuses": STATUSES,
        "versions": versions,
        "groups": _pack_groups(packer.groups.values, report),
        "rows": packed,
        "texts": packer.texts.values,
        "findings": packer.findings.values,
        "cells": packer.cells.values,
        "patterns": packer.patterns.values,
        "exchanges": packer.exchanges.values,
        "coverage": coverage,
        "made": report.get("made"),
    }


def _version_key(version: str) -> tuple[str, bool, str]:
    """By date; a preview before the stable version of its own day."""
    return version[:10], len(version) == len("2024-04-01"), version


class _Packer:
    """Packs rows, and holds the tables that they name."""

    def __init__(self, versions: Sequence[str]) -> None:
        self.versions = versions
        self.texts = _Table()
        self.findings = _Table()
        self.cells = _Table()
        self.patterns = _Table()
        self.exchanges = _Table()
        self.groups = _Table()
        self._packed: dict[int, int] = {}

    def pack_row(self, row: Mapping[str, Any]) -> list[int]:
        """``[group, step, operation, label, request, response, pattern, own]``."""
        operation = row.get("operation", "")
        return [
            self.groups.add((row["scenario"], row["recorded"])),
            row["step"],
            self.texts.add(operation),
            self.texts.add(row.get("label") or operation),
            self._pack_exchange(row.get("request")),
            self._pack_exchange(row.get("response")),
            self._pack_versions(row["versions"]),
            self._pack_cell(row.get("own") or row["versions"].get(row["recorded"])),
        ]

    def _pack_versions(self, cells: Mapping[str, Any]) -> int:
        """Rows that share one mapping share one look at it."""
        known = self._packed.get(id(cells))
        if known is None:
            packed = tuple(self._pack_cell(cells.get(v)) for v in self.versions)
            known = self._packed[id(cells)] = self.patterns.add(packed)
        return known

    def _pack_exchange(self, half: Mapping[str, Any] | None) -> int:
        return _ABSENT if not half else self.exchanges.add(dict(half), json.dumps(half))

    def _pack_cell(self, cell: Mapping[str, Any] | None) -> int:
        """``[status, since, finding, ...]``, all but the cell's own indexes."""
        if cell is None:
            return _ABSENT
        status = STATUSES.index(cell["status"])
        since = self.texts.add(cell.get("since") or "")
        found = [self._pack_finding(f) for f in cell.get("findings", ())]
        return self.cells.add((status, since, *found))

    def _pack_finding(self, finding: Mapping[str, Any]) -> int:
        """A finding without its version: the column says that already."""
        texts = [self.texts.add(finding.get(word) or "") for word in _WORDS]
        expected, seen = finding.get("expected") or [], finding.get("seen")
        key = (*texts, repr(expected), repr(seen))
        return self.findings.add([*texts, expected, seen], key)


def _pack_groups(
    keys: Iterable[tuple[str, str]], report: Mapping[str, Any]
) -> list[list[Any]]:
    """``[scenario, recorded, target, goal, edits]`` of each group of rows."""
    told = {
        (one["scenario"], one["recorded"]): one for one in report.get("recordings", ())
    }
    groups = []
    for key in keys:
        one = told.get(key, {})
        rest = (one.get("target", ""), one.get("goal", ""), one.get("edits", ()))
        groups.append([*key, *rest])
    return groups
