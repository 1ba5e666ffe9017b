"""Write files so that a reader sees the old one or the new one, whole.

In: a path and bytes. Out: a file. Everything goes to a draft beside it, which is
synced and renamed, so that a kill or a full disk leaves what was there. What is
no ordinary file (a device, a pipe) is written through, a link is followed, and a
mode is kept. Knows nothing of what is written.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from azml_contract.errors import OutputError, show_path

_DRAFT = re.compile(r"\.azml-([0-9]+)-[0-9]+\.tmp")
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/([0-9]+)")
_NAMED = {"/dev/stdout": 1, "/dev/stderr": 2}
_numbers = itertools.count()


def write_whole(
    path: Path, content: bytes | str, *, private: bool = False, lasting: bool = True
) -> None:
    """Write one file.

    Args:
        path: Where; its folder exists.
        content: All of it; text is written as UTF-8, half a character as the escape
            that JSON and Python read.
        private: It holds a secret: nobody else may read it.
        lasting: It shall be there after the power went. To wait for the disk takes
            longer than all else, and files of a run that ends with it need it not.

    Raises:
        OutputError: It could not be written; what was there is still there.
    """
    with open_whole(path, private=private, lasting=lasting) as file:
        if isinstance(content, str):
            content = content.encode("utf-8", "backslashreplace")
        file.write(content)


def copy_whole(source: str, target: str) -> None:
    """Write what another file holds, for `shutil.copytree`."""
    write_whole(Path(target), Path(source).read_bytes())


def write_together(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files that belong together: none is put in place before all are there.

    The first is the one that names the others, and comes last, so that whoever reads
    it finds what it names. Names of the others tell their content.

    Args:
        folder: Where.
        contents: The files by name.

    Raises:
        OutputError: One could not be written; what was there is still there.
    """
    with ExitStack() as drafts:
        for name, content in contents.items():
            file = drafts.enter_context(open_whole(folder / name))
            file.write(content)
            file.flush()


def append_whole(path: Path, content: bytes) -> None:
    """Add to the end of a file that is not ours alone: all of it, or nothing.

    Raises:
        OutputError: It could not be written; what was there is still there.
    """
    try:
        with path.open("ab", buffering=0) as file:
            before = file.tell()
            try:
                if file.write(content) != len(content):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError:
                file.truncate(before)
                raise
    except OSError as error:
        raise _explain(path, error) from error


@contextmanager
def open_whole(
    path: Path, *, private: bool = False, lasting: bool = True
) -> Iterator[BinaryIO]:
    """A file to write to that is put in place when the context ends without error.

    Raises:
        OutputError: It could not be written; what was there is still there.
    """
    try:
        through = _open_through(path)
        target = path if through else path.resolve()
        with through or _open_draft(target, private, lasting) as file:
            yield file
    except BrokenPipeError:
        raise  # the reader of a pipe has seen enough
    except OSError as error:
        raise _explain(path, error) from error


def require_room(path: Path) -> None:
    """Refuse a file that cannot be made, before the work that only it would keep.

    Nothing is left, and no folder made: others may make the same at this time.

    Raises:
        OutputError: Where it is to stand, nothing can be written.
    """
    there = path.absolute()
    try:
        if there.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        folder = next(one for one in there.parents if one.exists())
    except OSError as error:
        raise _explain(path, error) from error
    draft = folder / _name_draft()
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        draft.unlink()
    except OSError as error:
        reason = f"nothing can be made in {show_path(folder)} ({error.strerror})"
        raise OutputError(show_path(path), reason) from error


def _explain(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    if isinstance(error, FileNotFoundError) and not path.parent.is_dir():
        reason = f"there is no folder {show_path(path.parent)}"
    return OutputError(show_path(path), reason)


def _open_through(path: Path) -> BinaryIO | None:
    """What takes no draft: an open descriptor, a device, a pipe; None for a file."""
    found = _DESCRIPTOR.fullmatch(str(path))
    descriptor = int(found[1]) if found else _NAMED.get(str(path))
    if descriptor is not None:
        return os.fdopen(os.dup(descriptor), "wb")
    try:
        if stat.S_ISREG(path.stat().st_mode):
            return None
    except FileNotFoundError:
        return None
    return path.open("wb")


@contextmanager
def _open_draft(target: Path, private: bool, lasting: bool) -> Iterator[BinaryIO]:
    draft = target.with_name(_name_draft())
    old = _mode(target)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    mode = 0o600 if private or old is not None else 0o666
    try:
        with os.fdopen(os.open(draft, flags, mode), "wb") as file:
            yield file
            file.flush()
            if old is not None and not private:
                draft.chmod(old)
            if lasting:
                os.fsync(file.fileno())
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _remove_abandoned(target.parent)
    if lasting:
        _sync_folder(target.parent)


def _name_draft() -> str:
    return f".azml-{os.getpid()}-{next(_numbers)}.tmp"


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


def _remove_abandoned(folder: Path) -> None:
    """Drop the drafts that killed processes left in a folder."""
    for draft in folder.glob(".azml-*.tmp"):
        found = _DRAFT.fullmatch(draft.name)
        if found is not None and not _is_running(int(found[1])):
            draft.unlink(missing_ok=True)


def _is_running(pid: int) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # Windows cannot open a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
