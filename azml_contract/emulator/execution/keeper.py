"""Keeps one job: starts its command, watches its limits, ends all that it started.

A program of its own (``python -I keeper.py ORDER``), so that a job ends with the
emulator, however that dies: its standard input is a life line. In: an order, JSON in
a file. Out: how the job ended, JSON in another. What the job prints goes where the
keeper's own output went. Knows nothing of jobs, only of processes.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_TICK_S, _LOOK_S, _GRACE_S, _LONGEST_KILL_S = 0.05, 0.25, 2.0, 10.0
_LONGEST_AFTER_S = 30.0
_PR_SET_CHILD_SUBREAPER = 36
_MEGABYTE = 1024 * 1024


def main(order_file: str) -> None:
    """Run a job to its end, and write down how it ended."""
    order = json.loads(Path(order_file).read_text("utf-8"))
    _adopt_orphans()
    end = Job(order).run()
    _clear_up(order)
    if end["why"] == "abandoned":
        for folder in (order["folder"], order["beside"]):
            shutil.rmtree(folder, ignore_errors=True)
        return
    result = Path(order["result"])
    beside = result.with_suffix(".new")
    beside.write_text(json.dumps(end), encoding="utf-8")
    beside.replace(result)


def _clear_up(order: dict[str, Any]) -> None:
    """Remove what is no child of ours: a container lives below its engine."""
    if order["after"]:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(
                order["after"],
                env=order["env"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_LONGEST_AFTER_S,
                check=False,
            )


class Job:
    """One command and everything that it starts."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._started = time.monotonic()
        self._looked = 0.0

    def run(self) -> dict[str, Any]:
        """How it ended: ``why``, and its exit ``code`` where it ended by itself."""
        disk = int(self._order["disk_mb"]) * _MEGABYTE
        resource.setrlimit(resource.RLIMIT_FSIZE, (disk, disk))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        try:
            process = subprocess.Popen(
                self._order["command"],
                cwd=self._order["cwd"],
                env=self._order["env"],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return {"why": "not started", "code": None, "detail": str(error)}
        _let_go_of_output()
        why = ""
        while not why:
            if process.poll() is not None:
                why = "exited"
                break
            why = self._find_reason()
        _end_all(process, patient=why == "cancelled")
        code = process.returncode if why == "exited" else None
        return {"why": why, "code": code, "detail": ""}

    def _find_reason(self) -> str:
        """Why the job must end now; "" while it may go on."""
        said = _hear()
        if said:
            return said
        now = time.monotonic()
        limit = self._order["time_s"]
        if limit is not None and now - self._started > limit:
            return "timeout"
        if now - self._looked < _LOOK_S:
            return ""
        self._looked = now
        if _count_memory() > self._order["memory_mb"] * _MEGABYTE:
            return "memory"
        if _count_disk(self._order["folder"]) > self._order["disk_mb"] * _MEGABYTE:
            return "disk"
        return ""


def _hear() -> str:
    """What came down the life line: an order to cancel, or that it was cut."""
    ready, _, _ = select.select([0], [], [], _TICK_S)
    if not ready:
        return ""
    return "cancelled" if os.read(0, 100) else "abandoned"


def _let_go_of_output() -> None:
    # Who reads the job's output shall see its end when the job's processes are gone.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _adopt_orphans() -> None:
    """Children of children whose parent ended become ours, and do not escape."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _descendants() -> list[int]:
    """Process ids of all that we started, and of what they started."""
    parents: dict[int, list[int]] = {}
    entries = os.listdir("/proc") if Path("/proc").is_dir() else ()  # noqa: PTH208
    for entry in entries:
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                stat = Path("/proc", entry, "stat").read_text("utf-8", "replace")
                state, parent = stat.rpartition(")")[2].split()[:2]
                if state != "Z":
                    parents.setdefault(int(parent), []).append(int(entry))
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        for child in parents.get(waiting.pop(), ()):
            found.append(child)
            waiting.append(child)
    return found


def _count_memory() -> int:
    page = resource.getpagesize()
    total = 0
    for pid in _descendants():
        with contextlib.suppress(OSError, ValueError, IndexError):
            text = Path("/proc", str(pid), "statm").read_text("ascii").split()
            total += (int(text[1]) - int(text[2])) * page
    return total


def _count_disk(folder: str) -> int:
    total, waiting = 0, [folder]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total


def _end_all(process: subprocess.Popen[bytes], *, patient: bool) -> None:
    """End what is left of a job; with `patient` it is asked first."""
    if patient:
        _signal_all(process, signal.SIGTERM)
        until = time.monotonic() + _GRACE_S
        while _descendants() and time.monotonic() < until:
            _reap(process)
            time.sleep(_TICK_S)
    until = time.monotonic() + _LONGEST_KILL_S
    while True:
        # Stopped first: what forks while it is being killed would go on for ever.
        _signal_all(process, signal.SIGSTOP)
        _signal_all(process, signal.SIGKILL)
        _reap(process)
        if not _descendants() or time.monotonic() > until:
            break
        time.sleep(0.01)
    process.poll()


def _signal_all(process: subprocess.Popen[bytes], number: int) -> None:
    for pid in _descendants():
        with contextlib.suppress(OSError):
            os.kill(pid, number)
    if sys.platform != "linux":
        with contextlib.suppress(OSError):
            os.killpg(process.pid, number)


def _reap(process: subprocess.Popen[bytes]) -> None:
    """Take leave of what ended; Popen is told of its own child first."""
    process.poll()
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    main(sys.argv[1])
