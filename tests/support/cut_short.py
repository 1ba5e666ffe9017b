"""Run commands in copies of this process, and cut each short while it writes.

As a program it reads a line of JSON for each run, and answers with one: what to run,
where, and how it is cut short, see `Cut`. As a module it is the other side of that.
All of the package is imported once, so that a run takes what its command takes.
"""

from __future__ import annotations

import gc
import io
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from forked import import_all

_PATIENCE_S = 120.0
PACKAGE = Path(__file__).parents[2] / "azml_contract"
WRITERS = (
    "write_whole",
    "write_together",
    "append_whole",
    "open_whole",
    "write_cassette",
)
"""The functions that write a file, and their names where they are called."""


@dataclass(frozen=True)
class Cut:
    """How a run is cut short; by default not at all.

    Args:
        kill_after_s: Killed so long after it has begun to write.
        room: From then on no file can grow beyond so many bytes.
        until: Interrupted as by Ctrl-C once this file has been written.
    """

    kill_after_s: float | None = None
    room: int | None = None
    until: str = ""


@dataclass(frozen=True)
class Ended:
    """How a run ended: its code, what it said, how long it wrote.

    `sites` are the functions of the package that had a file written, each as
    ``module.py:function``; none of a run that was killed.
    """

    code: int
    said: str
    wrote_s: float
    sites: tuple[str, ...] = ()


class Runs:
    """A process that runs commands; use as a context."""

    def __enter__(self) -> Runs:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(
        self,
        words: Sequence[str],
        folder: Path,
        cut: Cut | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Ended:
        """Run a command of ours, or pytest, in a folder, with more variables."""
        asked = {
            "words": list(words),
            "folder": str(folder),
            "environ": dict(environ or {}),
            **asdict(cut or Cut()),
        }
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(asked) + "\n")
        stdin.flush()
        return Ended(**json.loads(stdout.readline()))


# --- the program ----------------------------------------------------------------------


def main() -> None:
    """Run what is asked for until nothing more is."""
    sys.dont_write_bytecode = True
    import_all()
    _read_all()
    gc.freeze()  # copies share what none of them collects
    for line in sys.stdin:
        asked = json.loads(line)
        words, folder = asked.pop("words"), Path(asked.pop("folder"))
        environ = asked.pop("environ")
        ended = run(words, folder, Cut(**asked), environ)
        sys.stdout.write(json.dumps(asdict(ended)) + "\n")
        sys.stdout.flush()


def _read_all() -> None:
    """What commands read of the package, each version's contract and its judge."""
    from azml_contract import cli

    story = PACKAGE.parent / "cassettes" / "documented_workflow" / "as_printed"
    for words in (
        ["regress", str(story), "--jobs", "1"],
        ["cassette", "lint", str(story)],
    ):
        with redirect_stdout(io.StringIO()), suppress(SystemExit):
            cli.cli.main(words)


def run(
    words: Sequence[str], folder: Path, cut: Cut, environ: Mapping[str, str]
) -> Ended:
    """One run, in a copy of this process."""
    begun, said, sites = os.pipe(), os.pipe(), os.pipe()
    until = folder / cut.until
    before = _changed(until)
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)
        os.dup2(said[1], 2)
        os.chdir(folder)
        os.environ.update(environ)
        found = _listen(str(folder.resolve()), begun[1], cut.room)
        code = _work(words)
        os.write(sites[1], "\n".join(sorted(found)).encode())
        os._exit(code)
    for pipe in (begun, said, sites):
        os.close(pipe[1])
    select.select([begun[0]], [], [], _PATIENCE_S)
    started = time.perf_counter()
    if cut.kill_after_s is not None:
        time.sleep(cut.kill_after_s)
        os.kill(child, signal.SIGKILL)
    elif cut.until:
        while _changed(until) == before and not _has_ended(child):
            time.sleep(0.005)
        os.kill(child, signal.SIGINT)
    wrote_s = time.perf_counter() - started
    told = _read(said[0])
    status = os.waitpid(child, 0)[1]
    if not cut.until and cut.kill_after_s is None:
        wrote_s = time.perf_counter() - started
    os.close(begun[0])
    code, asked = os.waitstatus_to_exitcode(status), _read(sites[0]).split()
    return Ended(code, told, wrote_s, tuple(asked))


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _has_ended(child: int) -> bool:
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _read(descriptor: int) -> str:
    with os.fdopen(descriptor, "rb") as file:
        return file.read().decode("utf-8", "replace")


def _listen(folder: str, begun: int, room: int | None) -> set[str]:
    """Tell when a file of the folder is first opened to be written, and by whom.

    Returns:
        The functions that have files written, of any folder, as they are found.
    """
    has_begun = False
    sites: set[str] = set()

    def heard(event: str, args: tuple[Any, ...]) -> None:
        nonlocal has_begun
        if event != "open" or isinstance(args[0], int):
            return
        if not args[2] & (os.O_WRONLY | os.O_RDWR):
            return
        sites.update(_sites())
        is_ours = os.path.realpath(os.fsdecode(args[0])).startswith(folder)
        # What is made only to see whether it can be made holds nothing.
        is_tried = sys._getframe(1).f_code.co_name == "require_room"
        if is_ours and not has_begun and not is_tried:
            has_begun = True
            os.write(begun, b"x")
            if room is not None:
                most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
                resource.setrlimit(resource.RLIMIT_FSIZE, (room, most))

    sys.addaudithook(heard)
    return sites


def _sites() -> Iterator[str]:
    """The functions that called those of `WRITERS`, which are open just now."""
    frame: FrameType | None = sys._getframe(1)
    is_asked = False
    while frame is not None:
        code = frame.f_code
        place = Path(code.co_filename)
        if place.name != "contextlib.py":  # of which one of them is made
            if is_asked and PACKAGE in place.parents and place.name != "whole_file.py":
                yield f"{place.relative_to(PACKAGE).as_posix()}:{code.co_name}"
            is_asked = code.co_name in WRITERS
        frame = frame.f_back


def _work(words: Sequence[str]) -> int:
    try:
        if words[0] == "pytest":
            import pytest

            sys.stdout = sys.stderr
            code = int(pytest.main(list(words[1:])))
        else:
            from azml_contract import cli

            sys.argv = ["azml-contract", *words]
            cli.main()
    except SystemExit as error:
        code = int(error.code or 0)
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    main()
