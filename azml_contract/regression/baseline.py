"""Breaks that a project knows of: read, compared, written.

In: breaks, and a file. Out: which breaks are new, or the file. It is reviewed
like code: sorted, stable, one entry for each place of a call, its versions as
ranges. A range that reaches the newest known version covers later ones too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from azml_contract.api_version import sort_key
from azml_contract.errors import InputError
from azml_contract.regression.outcome import Break, fold_versions

FORMAT = 1
_AND_LATER = " and later"
_Key = tuple[str, ...]
_FIELDS = ("scenario", "recorded", "call", "status", "side", "pointer")


class Baseline:
    """Known breaks, and the versions at which each is known."""

    def __init__(self, entries: Iterable[dict[str, Any]] = ()) -> None:
        self._ranges: dict[_Key, list[str]] = {}
        for entry in entries:
            key = tuple(str(entry[name]) for name in _FIELDS)
            self._ranges.setdefault(key, []).extend(entry["versions"])

    def covers(self, one: Break) -> bool:
        """Whether a break is known at every version at which it occurs."""
        ranges = self._ranges.get(_key(one), ())
        return all(any(_holds(r, v) for r in ranges) for v in one.versions)


def load_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        InputError: It is missing, or no baseline of format 1.
    """
    try:
        loaded = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            f"There is no baseline {path}. Make it: "
            f"azml-contract regress CASSETTES --baseline {path} --write-baseline"
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no baseline: {error}.") from error
    if not isinstance(loaded, dict) or loaded.get("format") != FORMAT:
        raise InputError(f"{path} is no baseline of format {FORMAT}.")
    try:
        return Baseline(loaded["breaks"])
    except (KeyError, TypeError) as error:
        raise InputError(f"{path} is no baseline: an entry lacks {error}.") from error


def render_baseline(breaks: Iterable[Break], order: Sequence[str]) -> str:
    """The text of a baseline that knows these breaks.

    Args:
        breaks: In any order.
        order: All known api-versions, oldest first.
    """
    entries = [_entry(one, order) for one in breaks]
    entries.sort(key=lambda entry: tuple(entry[name] for name in _FIELDS))
    text = json.dumps({"format": FORMAT, "breaks": entries}, indent=2)
    return text + "\n"


def _entry(one: Break, order: Sequence[str]) -> dict[str, Any]:
    ranges = fold_versions(one.versions, order)
    if one.versions[-1] == order[-1]:
        ranges[-1] = ranges[-1].partition(" .. ")[0] + _AND_LATER
    entry: dict[str, Any] = dict(zip(_FIELDS, _key(one), strict=True))
    return {**entry, "versions": ranges, "reason": one.finding.message}


def _key(one: Break) -> _Key:
    return (
        one.scenario,
        one.recorded,
        one.label,
        str(one.status),
        str(one.finding.side),
        one.finding.pointer,
    )


def _holds(text: str, version: str) -> bool:
    if text.endswith(_AND_LATER):
        return sort_key(version) >= sort_key(text.removesuffix(_AND_LATER))
    first, _, last = text.partition(" .. ")
    return sort_key(first) <= sort_key(version) <= sort_key(last or first)
