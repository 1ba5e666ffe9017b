"""Run a program to its end, and leave nothing of it behind.

In: words and an environment. Out: its exit code. Everything that it starts carries a
mark in its environment, which Linux shows of each process: what is left at the end
is ended by it, also when this process is killed, by a watcher that outlives it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from azml_contract.errors import UsageError

MARK = "AZML_RUN"
_LEAVE_S = 2.0
_GRACE_S = 0.5
# Waits until its parent is gone, however that ended, then ends what carries the mark.
_WATCHER = """
import os, sys, time
mark = b"AZML_RUN=" + sys.argv[1].encode()
if sys.stdin.buffer.read() == b"over":
    sys.exit()
for _ in range(20):
    found = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if mark in file.read().split(b"\\0"):
                    found += 1
                    os.kill(int(pid), 9)
        except OSError:
            pass
    if not found:
        break
    time.sleep(0.05)
"""
_PASSED_ON = ("SIGTERM", "SIGHUP")


class NotStarted(UsageError):
    """A program could not be started; `code` is what a shell would exit with."""

    def __init__(self, program: str, error: OSError) -> None:
        missing = isinstance(error, FileNotFoundError)
        super().__init__(
            f"{program} was not found; name a program of PATH, or its path."
            if missing
            else f"{program} cannot be run: {error.strerror}."
        )
        self.code = 127 if missing else 126


def run_to_end(
    words: Sequence[str], environ: Mapping[str, str], said: Callable[[str], None]
) -> int:
    """Run a program with this process's own input and output.

    Args:
        words: The program and its arguments, unchanged.
        environ: All of its environment.
        said: Told of what it left running, which is ended.

    Returns:
        Its exit code; 128 and the number of the signal that ended it.

    Raises:
        NotStarted: There is no such program, or it cannot be run.
    """
    mark = uuid.uuid4().hex
    with _watched(mark):
        try:
            process = subprocess.Popen(words, env={**environ, MARK: mark})
        except OSError as error:
            raise NotStarted(words[0], error) from error
        with _signals_to(process):
            code = process.wait()
        left = _end_marked(mark)
    if left:
        noun = "process" if left == 1 else "processes"
        said(f"{left} {noun} that the command had left running: ended.")
    return code if code >= 0 else 128 - code


@contextlib.contextmanager
def _watched(mark: str) -> Iterator[None]:
    if not sys.platform.startswith("linux"):
        yield
        return
    watcher = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _WATCHER, mark],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C is not for it
    )
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            watcher.communicate(b"over")


@contextlib.contextmanager
def _signals_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ctrl-C reaches the program by itself; what is sent to us is passed on."""
    before: dict[int, object] = {
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None)
    }
    for name in _PASSED_ON:
        if hasattr(signal, name):
            number = getattr(signal, name)
            before[number] = signal.signal(
                number, lambda number, _: process.send_signal(number)
            )
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]


def _end_marked(mark: str) -> int:
    """End what still carries the mark; how many there were."""
    # What ends by itself now, as helpers of a pool do, is no news.
    until = time.monotonic() + _GRACE_S
    while (found := _find_marked(mark)) and time.monotonic() < until:
        time.sleep(0.02)
    for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        until = time.monotonic() + _LEAVE_S
        for pid in _find_marked(mark):
            with contextlib.suppress(OSError):
                os.kill(pid, number)
        while _find_marked(mark) and time.monotonic() < until:
            time.sleep(0.02)
    return len(found)


def _find_marked(mark: str) -> list[int]:
    wanted = f"{MARK}={mark}".encode()
    found = []
    if not sys.platform.startswith("linux"):
        return []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and wanted in (
                (folder / "environ").read_bytes().split(b"\0")
            ):
                found.append(int(folder.name))
    return found
