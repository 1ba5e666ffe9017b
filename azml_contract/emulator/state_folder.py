"""The private folder of one emulator, and those that killed emulators left behind.

In: nothing. Out: a folder below the system's temporary one that is removed at
the end. It holds a private key, and a process that is killed removes nothing;
so each folder holds a file that its owner keeps locked, and the next emulator
removes the folders of which nobody holds the lock any more.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from azml_contract.errors import EmulatorError

PREFIX = "azml-emulator-"
_HELD = "held"


@contextmanager
def hold_folder() -> Iterator[Path]:
    """A new folder that only this user can read, removed at the end."""
    sweep_folders()
    made = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with _hold(made):
            yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def hold_state(folder: Path) -> Iterator[None]:
    """A folder that outlives its emulators, one at a time.

    Raises:
        EmulatorError: Another emulator has it, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = folder / _HELD
        if held.exists() and not _is_abandoned(held):
            raise EmulatorError(f"Another emulator works on {folder}")
    except OSError as error:
        raise EmulatorError(f"{folder}: {error.strerror}") from error
    with _hold(folder):
        yield


def sweep_folders() -> None:
    """Remove the folders of emulators that are no longer there."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if _is_mine(folder) and _is_abandoned(folder / _HELD):
                shutil.rmtree(folder, ignore_errors=True)


def _is_mine(folder: Path) -> bool:
    if sys.platform == "win32":
        return True  # the temporary folder is the user's own
    return folder.lstat().st_uid == os.getuid()


# The lock goes with the process however it ends. A process id in the file would
# not do: ids are given out again, and asking for one ends the process on Windows.
if sys.platform == "win32":

    @contextmanager
    def _hold(folder: Path) -> Iterator[None]:
        with (folder / _HELD).open("wb"):
            yield

    def _is_abandoned(held: Path) -> bool:
        held.unlink()  # refused while somebody has it open
        return True

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @contextmanager
    def _hold(folder: Path) -> Iterator[None]:
        draft = folder / f"{_HELD}.new"
        with draft.open("wb") as file:
            _lock(file)
            # Nobody else sees it before it is locked.
            draft.rename(folder / _HELD)
            yield

    def _is_abandoned(held: Path) -> bool:
        with held.open("rb") as file:
            try:
                _lock(file)
            except BlockingIOError:
                return False
        return True
