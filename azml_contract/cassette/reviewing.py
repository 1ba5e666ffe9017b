"""Decide on recordings that wait for review: in groups, each decision kept at once.

In: waiting recordings beside their cassettes. Out: groups of changes that are alike,
and files: what is accepted is written into the cassette, what is rejected is taken out
of the recording, and a recording with nothing left is put in place or removed. Every
file is whole at any time, so a review that is cut off goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

from azml_contract.cassette.cassette import Cassette, load_cassette, render_cassette
from azml_contract.cassette.changes import (
    Change,
    find_changes,
    level,
    make_change,
    take_whole,
)
from azml_contract.cassette.pending import cassette_of, is_pending
from azml_contract.errors import CassetteError
from azml_contract.whole_file import write_whole


@dataclass(slots=True)
class Group:
    """Changes of one kind at one place, over all cassettes."""

    key: str
    changes: list[tuple[Path, Change]] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        """The waiting recordings, each once."""
        return [*dict.fromkeys(file for file, _ in self.changes)]


Before = Mapping[Path, bytes | None]
"""What files held before a decision; None for those that were not there."""


class Review:
    """What waits, and what was decided."""

    def __init__(self, pending: Iterable[Path]) -> None:
        """Read what waits; what differs in nothing is removed.

        Raises:
            CassetteError: A file is no cassette.
        """
        self._changes: dict[Path, list[Change]] = {}
        self._decided: list[Before] = []
        for file in pending:
            self._read(file)

    @property
    def pending(self) -> list[Path]:
        """The recordings that wait."""
        return [*self._changes]

    def groups(self) -> list[Group]:
        """What is to be decided; changes that concern most cassettes first."""
        found: dict[str, Group] = {}
        for file, changes in self._changes.items():
            for one in changes:
                found.setdefault(one.key, Group(one.key)).changes.append((file, one))
        return sorted(found.values(), key=lambda group: -len(group.files))

    def accept(self, keys: Iterable[str]) -> int:
        """Make changes in the cassettes; returns how many cassettes were written."""
        return self._decide(keys, accepts=True)

    def reject(self, keys: Iterable[str]) -> int:
        """Keep cassettes as they are in these places; returns how many."""
        return self._decide(keys, accepts=False)

    def accept_all(self) -> int:
        """Put every waiting recording in place, as it was recorded."""
        return self._settle_all(accepts=True)

    def reject_all(self) -> int:
        """Remove every waiting recording."""
        return self._settle_all(accepts=False)

    def undo(self) -> bool:
        """Take the latest decision back; whether there was one."""
        if not self._decided:
            return False
        before = self._decided.pop()
        for path, raw in before.items():
            if raw is None:
                path.unlink(missing_ok=True)
            else:
                write_whole(path, raw)
        for file in before:
            if is_pending(file):
                self._read(file)
        return True

    def _decide(self, keys: Iterable[str], *, accepts: bool) -> int:
        wanted = set(keys)
        files = [
            file
            for file, changes in self._changes.items()
            if any(one.key in wanted for one in changes)
        ]
        self._decided.append(_hold(files))
        for file in files:
            _decide_in(file, wanted, accepts=accepts)
            self._read(file)
        return len(files)

    def _settle_all(self, *, accepts: bool) -> int:
        files = self.pending
        self._decided.append(_hold(files))
        for file in files:
            _settle(file, accepts=accepts)
            self._read(file)
        return len(files)

    def _read(self, file: Path) -> None:
        self._changes.pop(file, None)
        if not file.exists():
            return
        changes = _changes_in(file)
        if changes:
            self._changes[file] = changes
        else:  # a review was cut off between the last decision and this
            file.unlink()


def _hold(files: Iterable[Path]) -> Before:
    places = [place for file in files for place in (cassette_of(file), file)]
    return {one: one.read_bytes() if one.exists() else None for one in places}


def _load(file: Path) -> tuple[Cassette, Cassette]:
    cassette = load_cassette(cassette_of(file))
    return cassette, level(load_cassette(file), cassette)


def _changes_in(file: Path) -> list[Change]:
    recording = load_cassette(file)
    try:
        cassette = load_cassette(cassette_of(file))
    except CassetteError as error:
        return [take_whole(recording, str(error))]
    return find_changes(cassette, level(recording, cassette))


def _decide_in(file: Path, keys: set[str], *, accepts: bool) -> None:
    """Make all changes of these kinds on one side, and settle what is equal then."""
    if all(one.key in keys for one in _changes_in(file)):
        _settle(file, accepts=accepts)
        return
    cassette, recording = _load(file)
    if accepts:
        changed = _make_all(cassette, recording, keys, _KEY)
        write_whole(cassette_of(file), render_cassette(changed))
    else:
        changed = _make_all(recording, cassette, keys, _MIRRORED)
        write_whole(file, render_cassette(changed))


_KEY, _MIRRORED = attrgetter("key"), attrgetter("mirrored_key")


def _make_all(
    side: Cassette, other: Cassette, keys: set[str], key: Callable[[Change], str]
) -> Cassette:
    """One side with the changes of these kinds taken from the other one."""
    for _ in find_changes(side, other):  # each made change moves others
        wanted = [one for one in find_changes(side, other) if key(one) in keys]
        if not wanted:
            break
        side = make_change(side, other, wanted[-1])
    return side


def _settle(file: Path, *, accepts: bool) -> None:
    """The cassette first: until the recording is gone, nothing is lost."""
    if accepts:
        write_whole(cassette_of(file), file.read_bytes())
    file.unlink()
