"""Judge many recordings in several processes.

In: paths, and a function that reads one. Out: what was judged of each, in the
order of the paths. An outcome that many calls share crosses from a process to
this one only once. Knows no file format.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from azml_contract.cassette.recordings import Recording
from azml_contract.contract.catalog import folder_in_use, use_folder
from azml_contract.errors import AzmlContractError, NothingToCheck
from azml_contract.regression.matrix import Judge
from azml_contract.regression.outcome import Outcome, Row, Shared
from azml_contract.seen import NOTHING, Calls

Read = Callable[[Path], Recording]
_CHUNK = 25
_FEW = 500
"""Fewer recordings are judged sooner than a second process starts."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One recording, judged: its rows, and the account of all its calls.

    `is_whole` as in `Account`; `problem` is why it could not be read at all, and
    `is_other` is set where it is no recording.
    """

    path: Path
    scenario: str
    rows: tuple[Row, ...]
    calls: Calls = NOTHING
    is_whole: bool = True
    problem: str = ""
    is_other: bool = False


def judge_files(
    paths: Sequence[Path],
    read: Read,
    *,
    versions: Sequence[str] | None = None,
    recorded: str = "",
    jobs: int = 0,
) -> Iterator[Judged]:
    """Judge recordings under api-versions, in the order of `paths`.

    Args:
        paths: What to judge.
        read: Reads one; a function of a module, so that a process can import it.
        versions: As in `build_matrix`.
        recorded: Only calls recorded under this version; all where empty.
        jobs: How many processes; 0 for one a core. Few recordings stay here.
    """
    jobs = min(jobs or os.cpu_count() or 1, len(paths) // _CHUNK)
    if jobs < 2 or len(paths) < _FEW:
        judge = Judge(versions)
        for path in paths:
            yield judge_file(judge, path, read, recorded)
        return
    yield from _judge_apart(paths, read, versions, recorded, jobs)


def judge_file(judge: Judge, path: Path, read: Read, recorded: str) -> Judged:
    """Judge one recording; what keeps it from being read is told in the result."""
    try:
        recording = read(path)
        known = judge.judge_known(recording)
    except AzmlContractError as error:
        text = str(error)
        problem = text if str(path) in text else f"{path}: {text}"
        is_other = isinstance(error, NothingToCheck)
        return Judged(path, "", (), problem=problem, is_other=is_other)
    chosen = tuple(row for row in known.rows if recorded in ("", row.recorded))
    return Judged(path, recording.scenario, chosen, known.calls, known.is_whole)


# --- several processes ------------------------------------------------------------

_Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Packed:
    """A `Judged` without its rows, and those rows naming their outcomes by key."""

    judged: Judged
    rows: tuple[tuple[str, int, _Key], ...]


@dataclass(slots=True)
class _Worker:
    """What one process keeps between chunks."""

    judge: Judge
    read: Read
    recorded: str
    sent: dict[int, tuple[_Key, Outcome]]


_worker: _Worker | None = None


def _judge_apart(
    paths: Sequence[Path],
    read: Read,
    versions: Sequence[str] | None,
    recorded: str,
    jobs: int,
) -> Iterator[Judged]:
    known: dict[_Key, Outcome] = {}
    shared = Shared()
    chunks = (tuple(paths[i : i + _CHUNK]) for i in range(0, len(paths), _CHUNK))
    with ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(versions, read, recorded, folder_in_use()),
    ) as pool:
        waiting = [pool.submit(_judge_chunk, one) for one in islice(chunks, 3 * jobs)]
        try:
            while waiting:
                packed, new = waiting.pop(0).result()
                known.update((key, shared.find(one)) for key, one in new.items())
                for chunk in islice(chunks, 1):
                    waiting.append(pool.submit(_judge_chunk, chunk))
                for one in packed:
                    yield _unpack(one, known)
        finally:
            for future in waiting:
                future.cancel()


def _unpack(packed: _Packed, known: dict[_Key, Outcome]) -> Judged:
    rows = tuple(Row(name, step, known[key]) for name, step, key in packed.rows)
    return replace(packed.judged, rows=rows)


def _start(
    versions: Sequence[str] | None, read: Read, recorded: str, contracts: Path | None
) -> None:
    global _worker
    use_folder(contracts)
    _worker = _Worker(Judge(versions), read, recorded, {})


def _judge_chunk(
    paths: tuple[Path, ...],
) -> tuple[list[_Packed], dict[_Key, Outcome]]:
    worker = _worker
    assert worker is not None
    new: dict[_Key, Outcome] = {}
    packed = []
    for path in paths:
        judged = judge_file(worker.judge, path, worker.read, worker.recorded)
        rows = tuple(
            (row.scenario, row.step, _name(worker, row.outcome, new))
            for row in judged.rows
        )
        packed.append(_Packed(replace(judged, rows=()), rows))
    return packed, new


def _name(worker: _Worker, outcome: Outcome, new: dict[_Key, Outcome]) -> _Key:
    found = worker.sent.get(id(outcome))
    if found is None:
        key = (os.getpid(), len(worker.sent))
        # Kept, so that no other outcome can get the same id.
        worker.sent[id(outcome)] = (key, outcome)
        new[key] = outcome
        return key
    return found[0]
