"""Every file that a command writes is the old one or the new one, whole.

Each command is killed while it writes, at moments drawn over all of that time, and is
run on a disk that is full from the moment when it begins to write. What it writes
differs from what is there, so that a mixture would show.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from soak import sized
from writings import SITES, WRITINGS, Writing

if sys.platform == "win32":
    pytest.skip("ends programs as POSIX does", allow_module_level=True)

from cut_short import Cut, Ended, Runs

Files = dict[str, bytes]


@dataclass(frozen=True)
class Prepared:
    """A command whose next run writes `new` over `old`."""

    runs: Runs
    writing: Writing
    folder: Path
    old: Files
    new: Files
    wrote_s: float

    def run(self, cut: Cut) -> Ended:
        """Run it over the old files; they are restored before."""
        restore(self.folder, self.writing, self.old)
        self.writing.renew(self.folder)
        return self.runs.run(self.writing.words, self.folder, cut, self.writing.environ)

    def check(self, *, drafts: bool) -> None:
        """What is there is the old or the new; `drafts` may be left too."""
        read = self.writing.read
        found = snapshot(self.folder, self.writing)
        for name, content in found.items():
            if Path(name).match(".azml-*.tmp"):
                assert drafts, f"{name} was left"
                continue
            known = [read(one[name]) for one in (self.old, self.new) if name in one]
            assert read(content) in known, f"{name} is neither the old nor the new"
        assert self.old.keys() <= found.keys()


def snapshot(folder: Path, writing: Writing) -> Files:
    """The files that a command writes, drafts of them too; not what Python compiles."""
    found = (path for pattern in writing.files for path in folder.glob(pattern))
    drafts = folder.rglob(".azml-*.tmp")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in (*found, *drafts)
        if path.is_file() and path.parent.name != "__pycache__"
    }


def restore(folder: Path, writing: Writing, files: Files) -> None:
    for name in snapshot(folder, writing):
        (folder / name).unlink()
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    with Runs() as one:
        yield one


ALIKE = ("json", "text", "html", "junit", "sarif", "markdown")
FULL_SIZE_ALONE = {
    "pytest --azml-report",
    *(f"regress --format {one}" for one in ALIKE),
}
"""Slow, and written by the function that writes their like."""


@pytest.fixture(
    params=[one for one in WRITINGS if sized(one not in FULL_SIZE_ALONE, True)],
    scope="module",
)
def prepared(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    runs: Runs,
) -> Prepared:
    """Each run of it begins with the old files, whatever was left before."""
    folder = tmp_path_factory.mktemp("written")
    writing = WRITINGS[request.param]
    cut = Cut(until=writing.until)
    writing.prepare(folder)
    sites: set[str] = set()
    if not (writing.afresh or snapshot(folder, writing)):
        first = runs.run(writing.words, folder, cut, writing.environ)
        assert snapshot(folder, writing), first.said
        sites.update(first.sites)
    old = snapshot(folder, writing)
    writing.change(folder)
    writing.renew(folder)
    done = runs.run(writing.words, folder, cut, writing.environ)
    new = snapshot(folder, writing)
    assert old != new or writing.until, done.said
    named = {site for site, name in SITES.items() if name == request.param}
    assert named <= sites | {*done.sites}, done.sites
    return Prepared(runs, writing, folder, old, new, done.wrote_s)


@pytest.mark.slow
@pytest.mark.soak
def test_killed_while_it_writes_a_command_leaves_the_old_or_the_new(
    prepared: Prepared,
) -> None:
    draw = random.Random(12)
    for _ in range(sized(2, 200)):
        moment = draw.uniform(0, 1.1 * prepared.wrote_s)
        prepared.run(Cut(kill_after_s=moment))
        prepared.check(drafts=True)


@pytest.mark.slow
@pytest.mark.soak
def test_on_a_full_disk_a_command_names_the_file_and_leaves_the_old_one(
    prepared: Prepared,
) -> None:
    most = max(map(len, prepared.new.values()))
    for room in (0, 16, most // 2)[:: sized(2, 1)]:
        done = prepared.run(Cut(room=room, until=prepared.writing.until))
        assert done.code in (1, 2), done.said
        assert "Traceback" not in done.said
        prepared.check(drafts=False)
        there = [*prepared.folder.rglob("*"), *map(Path, prepared.new)]
        told = any(f"{one.name} could not" in done.said for one in there)
        assert told or not prepared.writing.tells, done.said
