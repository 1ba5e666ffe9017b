"""Breaks that a project knows of: read, compared, written.

In: breaks, and a file. Out: which breaks are new, which entries are about a
break that is gone, or the file. It is reviewed
like code: sorted, stable, one entry for each place of a call, its versions as
ranges. A range that reaches the newest known version covers later ones too. A
break of no place in a body is told from others of its call by its code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from azml_contract.api_version import parse_api_version, sort_key
from azml_contract.errors import InputError, say_reason
from azml_contract.regression.outcome import Break, Row, fold_versions

FORMAT = 1
_AND_LATER = " and later"
_Key = tuple[str, ...]
_FIELDS = ("scenario", "recorded", "call", "status", "side", "pointer")
_CODE = "code"


class Baseline:
    """Known breaks, and the versions at which each is known.

    Raises:
        ValueError: An entry lacks a field, or names no api-versions.
    """

    def __init__(self, entries: Iterable[Any] = ()) -> None:
        self._ranges: dict[_Key, list[str]] = {}
        for number, entry in enumerate(entries, 1):
            if not isinstance(entry, dict):
                raise ValueError(f"entry {number} is no object")
            missing = [n for n in (*_FIELDS, "versions") if n not in entry]
            if missing:
                raise ValueError(f"entry {number} lacks {missing[0]!r}")
            key = tuple(str(entry[name]) for name in _FIELDS)
            key += (str(entry[_CODE]),) if _CODE in entry else ()
            ranges = _check_ranges(entry["versions"], number)
            self._ranges.setdefault(key, []).extend(ranges)

    def covers(self, one: Break) -> bool:
        """Whether a break is known at every version at which it occurs."""
        ranges = [r for key in _keys(one) for r in self._ranges.get(key, ())]
        return all(any(_holds(r, v) for r in ranges) for v in one.versions)

    def find_stale(self, rows: Iterable[Row], breaks: Iterable[Break]) -> list[str]:
        """A line for each entry about a break that is there no more.

        Args:
            rows: What was judged. An entry about another recording, or about
                versions that were not judged, may be as true as ever.
            breaks: Every break of `rows`.
        """
        judged: dict[_Key, set[str]] = {}
        for row in rows:
            at = judged.setdefault((row.scenario, row.recorded), set())
            at.update(row.cells)
        found: dict[_Key, set[str]] = {}
        for one in breaks:
            for key in _keys(one):
                found.setdefault(key, set()).update(one.versions)
        stale = []
        for key, ranges in self._ranges.items():
            at = judged.get(key[:2], set())
            told = {v for v in at if any(_holds(r, v) for r in ranges)}
            if told and told.isdisjoint(found.get(key, ())):
                stale.append(" ".join(part for part in key if part))
        return stale


def _check_ranges(versions: Any, number: int) -> list[str]:
    if not isinstance(versions, list) or not versions:
        raise ValueError(f"the versions of entry {number} are no list")
    for text in versions:
        for end in str(text).removesuffix(_AND_LATER).split(" .. "):
            parse_api_version(end)
    return versions


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
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} is no baseline: {say_reason(error)}.") from error
    if not isinstance(loaded, dict) or loaded.get("format") != FORMAT:
        raise InputError(f"{path} is no baseline of format {FORMAT}.")
    try:
        return Baseline(loaded["breaks"])
    except (KeyError, TypeError):
        raise InputError(f"{path} is no baseline: it has no list of breaks.") from None
    except ValueError as error:
        raise InputError(f"{path} is no baseline: {say_reason(error)}.") from error


def render_baseline(breaks: Iterable[Break], order: Sequence[str]) -> str:
    """The text of a baseline that knows these breaks.

    Args:
        breaks: In any order.
        order: All known api-versions, oldest first.
    """
    entries = [_entry(one, order) for one in breaks]
    entries.sort(key=lambda entry: tuple(entry.get(n, "") for n in (*_FIELDS, _CODE)))
    text = json.dumps({"format": FORMAT, "breaks": entries}, indent=2)
    return text + "\n"


def _entry(one: Break, order: Sequence[str]) -> dict[str, Any]:
    ranges = fold_versions(one.versions, order)
    if one.versions[-1] == order[-1]:
        ranges[-1] = ranges[-1].partition(" .. ")[0] + _AND_LATER
    *_, key = _keys(one)
    entry: dict[str, Any] = dict(zip((*_FIELDS, _CODE), key, strict=False))
    return {**entry, "versions": ranges, "reason": one.finding.message}


def _keys(one: Break) -> tuple[_Key, ...]:
    """What an entry about a break may be found by, the narrowest last."""
    key = (
        one.scenario,
        one.recorded,
        one.label,
        str(one.status),
        str(one.finding.side),
        one.finding.pointer,
    )
    return (key,) if one.finding.pointer else (key, (*key, one.finding.code))


def _holds(text: str, version: str) -> bool:
    if text.endswith(_AND_LATER):
        return sort_key(version) >= sort_key(text.removesuffix(_AND_LATER))
    first, _, last = text.partition(" .. ")
    return sort_key(first) <= sort_key(version) <= sort_key(last or first)
