"""Programs that this process starts, told before they are there.

In: a function that is told the name of each. Out: a context. Python's own ways to start
one, multiprocessing's included; what the emulator in this process starts is none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePath
from types import FrameType
from typing import Any
from unittest import mock

from azml_contract.recording.audit import listening

_STARTING: dict[str, int] = {
    "subprocess.Popen": 1,
    "os.posix_spawn": 0,
    "os.spawn": 1,
    "os.exec": 0,
    "os.system": 0,
    "os.startfile": 0,
    "pty.spawn": 0,
}
"""Events that tell of a program, and which argument names it."""
_ASKING_THE_MACHINE = frozenset({"uname", "ldconfig", "gcc", "lsb_release"})
"""What the standard library starts to learn where it is: these send nothing."""
_SHELLS = ("sh", "bash", "dash", "zsh")
_OURS = str(Path(__file__).parents[1])
_SERVICE = (
    os.path.join(_OURS, "emulator", "execution", ""),  # noqa: PTH118
    os.path.join(_OURS, "emulator", "azurite.py"),  # noqa: PTH118
)


@contextmanager
def noting_programs(told: Callable[[str], object]) -> Iterator[None]:
    """While entered, `told` hears the name of each program that is about to start."""
    from multiprocessing import forkserver, util

    def heard(event: str, args: tuple[Any, ...]) -> None:
        if event in _STARTING:
            name = _name(args[_STARTING[event]])
            if name not in _ASKING_THE_MACHINE and not _is_of_the_service():
                told(name)

    def telling(original: Callable[..., Any]) -> Callable[..., Any]:
        def start(*args: Any) -> Any:
            told("python by multiprocessing")
            return original(*args)

        return start

    with ExitStack() as entered:
        entered.enter_context(listening(heard))
        for holder, name in (
            (util, "spawnv_passfds"),
            (forkserver, "connect_to_new_process"),
        ):
            patch = telling(getattr(holder, name))
            entered.enter_context(mock.patch.object(holder, name, patch))
        yield


def _is_of_the_service() -> bool:
    """Whether the emulator in this process starts a job, or its blob storage."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and not frame.f_code.co_filename.startswith(_SERVICE):
        frame = frame.f_back
    return frame is not None


def _name(command: Any) -> str:
    """The name of a program, of its path, its words or its line; no arguments."""
    words = command if isinstance(command, list | tuple) else [command]
    said = [_text(one) for one in words]
    if said[1:2] == ["-c"] and PurePath(said[0]).name in _SHELLS:
        said = said[2].split()
    elif len(said) == 1 and not said[0].startswith(os.path.sep):
        said = said[0].split()
    return PurePath(said[0]).name if said else "a program"


def _text(word: Any) -> str:
    return os.fsdecode(word) if isinstance(word, bytes | os.PathLike) else str(word)
