"""What a new recording would change in a cassette, one change at a time.

In: two cassettes of one scenario. Out: changes, each at an interaction and a JSON
pointer, and the cassette with one of them made. Where a call was made (`at`), how often
a poll was repeated (`times`) and when it was recorded are no changes; values that the
scenario drew are compared by their names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.compare import (
    ABSENT,
    call_of,
    naming_drawn,
    pair_interactions,
    replace_values,
    same_json,
    values_by_name,
)
from azml_contract.cassette.interaction import Interaction
from azml_contract.json_pointer import escape, steps_of

_UNCOUNTED = frozenset(("at", "times", "process"))
_HEADER = ("scenario", "api_version", "target", "tests")
ADDED, REMOVED, ORDER, WHOLE = "added", "removed", "order", "whole"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a new recording has otherwise.

    `indices` are the interaction's numbers in the cassette and in the recording, None
    where one of them lacks it, both None for the cassette as a whole. `pointer` leads
    into the interaction, or is ``added``, ``removed`` or ``order`` for all of it;
    ``whole`` is the whole recording of a cassette that cannot be read.
    """

    call: str
    indices: tuple[int | None, int | None]
    pointer: str
    before: Any
    after: Any

    @property
    def key(self) -> str:
        """What changes of many cassettes have in common where they are alike."""
        return self._key(self.pointer)

    @property
    def mirrored_key(self) -> str:
        """The same, seen from the recording: what one side added the other removed."""
        return self._key(
            {ADDED: REMOVED, REMOVED: ADDED}.get(self.pointer, self.pointer)
        )

    def _key(self, pointer: str) -> str:
        return f"{pointer} {self.call}".strip() if pointer in _OF_CALLS else pointer


_OF_CALLS = (ADDED, REMOVED, ORDER)


def level(recording: Cassette, cassette: Cassette) -> Cassette:
    """A recording with the values that the cassette drew: parts of it can be taken."""
    drawn = values_by_name(recording, cassette)
    known = {name: value for name, (_, value) in drawn.items()}
    levelled = replace_values(recording, drawn.values())
    return replace(levelled, variables={**recording.variables, **known})


def find_changes(cassette: Cassette, recording: Cassette) -> list[Change]:
    """What `recording` has otherwise, in the order of the cassette.

    Args:
        cassette: As it is.
        recording: As `level` made it.
    """
    found = [
        Change("", (None, None), f"/{name}", before, after)
        for name, before, after in _headers(cassette, recording)
    ]
    pairs, gone, new = pair_interactions(cassette, recording)
    for a, b in pairs:
        found += _in_pair(cassette, recording, a, b)
    for index in gone:
        call, data = _call(cassette, index), cassette.interactions[index].data
        found.append(Change(call, (index, None), REMOVED, _shown(data), ABSENT))
    for index in new:
        call, data = _call(recording, index), recording.interactions[index].data
        found.append(Change(call, (None, index), ADDED, ABSENT, _shown(data)))
    if not (gone or new) and [b for _, b in pairs] != sorted(b for _, b in pairs):
        calls = [
            [_call(c, i) for i in range(len(pairs))] for c in (cassette, recording)
        ]
        found.append(Change("", (None, None), ORDER, *calls))
    return found


def take_whole(recording: Cassette, reason: str) -> Change:
    """The one change that a recording is of a cassette that cannot be read."""
    calls = [_call(recording, index) for index in range(len(recording.interactions))]
    return Change("", (None, None), WHOLE, reason, calls)


def make_change(cassette: Cassette, recording: Cassette, change: Change) -> Cassette:
    """The cassette with one change of `find_changes` made."""
    if change.pointer == ORDER:
        return _reorder(cassette, recording)
    entries = [*_entries(cassette)]
    theirs = [*_entries(recording)]
    match change.indices:
        case (int(a), int(b)):
            entries[a] = _changed(entries[a], theirs[b], change.pointer)
        case (int(a), None):
            del entries[a]
        case (None, int(b)):
            entries.insert(_place_for(cassette, recording, b), theirs[b])
        case _:
            name = change.pointer.removeprefix("/")
            return replace(cassette, **{name: getattr(recording, name)})
    return _assemble(cassette, entries)


_Entry = tuple[Mapping[str, Any], tuple[str, ...] | None, Mapping[str, bytes]]


def _entries(cassette: Cassette) -> Iterator[_Entry]:
    """Interactions with what was read of each, and their side files."""
    reads = cassette.reads
    for index, one in enumerate(cassette.interactions):
        read = None if reads is None else reads.get(index, ())
        yield one.data, read, one.side_files


def _assemble(cassette: Cassette, entries: Sequence[_Entry]) -> Cassette:
    noted = {index: reads for index, (_, reads, _) in enumerate(entries) if reads}
    return replace(
        cassette,
        reads=None if cassette.reads is None else noted,
        interactions=tuple(Interaction(data, files) for data, _, files in entries),
    )


def _changed(ours: _Entry, theirs: _Entry, pointer: str) -> _Entry:
    files = {**ours[2], **theirs[2]}
    if pointer == "/reads":
        return ours[0], theirs[1], files
    data = json.loads(json.dumps(ours[0]))
    _put(data, theirs[0], [*steps_of(pointer)])
    return data, ours[1], files


def _put(ours: Any, theirs: Any, parts: Sequence[str]) -> None:
    """Set one place to what stands there, or take it out where nothing does."""
    for part in parts[:-1]:
        step: Any = int(part) if isinstance(ours, list) else part
        ours, theirs = ours[step], theirs[step]
    last: Any = int(parts[-1]) if isinstance(ours, list) else parts[-1]
    if isinstance(theirs, dict) and last not in theirs:
        del ours[last]
    else:
        ours[last] = theirs[last]


def _place_for(cassette: Cassette, recording: Cassette, index: int) -> int:
    """Where a new interaction belongs: after what came before it in the recording."""
    pairs, _, _ = pair_interactions(cassette, recording)
    return max((a + 1 for a, b in pairs if b < index), default=0)


def _reorder(cassette: Cassette, recording: Cassette) -> Cassette:
    pairs, _, _ = pair_interactions(cassette, recording)
    entries = [*_entries(cassette)]
    ordered = [entries[a] for a, _ in sorted(pairs, key=lambda pair: pair[1])]
    return _assemble(cassette, ordered)


def _headers(a: Cassette, b: Cassette) -> Iterator[tuple[str, Any, Any]]:
    for name in _HEADER:
        before, after = getattr(a, name), getattr(b, name)
        if before != after:
            yield name, before, after
    if {*a.variables} != {*b.variables}:
        yield "variables", dict(a.variables), dict(b.variables)


def _call(cassette: Cassette, index: int) -> str:
    return call_of(cassette.interactions[index], cassette.api_version)


def _shown(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in data.items() if name not in _UNCOUNTED}


def _in_pair(a: Cassette, b: Cassette, i: int, j: int) -> Iterator[Change]:
    call = _call(a, i)
    ours, theirs = _shown(a.interactions[i].data), _shown(b.interactions[j].data)
    walk = _Walk(naming_drawn(a), naming_drawn(b))
    for pointer, before, after in walk.values(ours, theirs, ""):
        yield Change(call, (i, j), pointer, before, after)
    if a.reads is not None and b.reads is not None:
        reads = [sorted(one.get(at, ())) for one, at in ((a.reads, i), (b.reads, j))]
        if reads[0] != reads[1]:
            yield Change(call, (i, j), "/reads", *reads)


class _Walk:
    """Compares JSON; values that were drawn are equal where their names are."""

    def __init__(self, ours: Any, theirs: Any) -> None:
        self._names = (ours, theirs)

    def values(self, a: Any, b: Any, pointer: str) -> Iterator[tuple[str, Any, Any]]:
        if isinstance(a, dict) and isinstance(b, dict):
            for name in (*a, *(name for name in b if name not in a)):
                inner = f"{pointer}/{escape(name)}"
                yield from self.values(a.get(name, ABSENT), b.get(name, ABSENT), inner)
        elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
            for index, pair in enumerate(zip(a, b, strict=True)):
                yield from self.values(*pair, f"{pointer}/{index}")
        elif pointer != "/request/uri" and not self._are_equal(a, b):
            yield pointer, a, b

    def _are_equal(self, a: Any, b: Any) -> bool:
        if ABSENT in (a, b):
            return False
        ours, theirs = self._names
        return same_json(ours(a), theirs(b))
