"""Write a cassette so that a reader sees the old file or the new one, whole.

In: rendered bytes and side files. Out: files. Knows nothing of their content.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from azml_contract.cassette.cassette import SIDE_FOLDER

_DRAFT = re.compile(r"\.(?:[0-9a-f]{64}|.+\.json)\.([0-9]+)\.tmp")


def write_cassette(
    path: Path, rendered: bytes, side_files: Mapping[str, bytes]
) -> None:
    """Put a cassette and its side files in place.

    Side files come first: they are named by their content, so that writing one
    again changes nothing, and a crash between them and the cassette leaves
    only a file that nobody refers to.
    """
    for name, raw in side_files.items():
        target = path.parent / SIDE_FOLDER / name
        if not target.exists() or target.read_bytes() != raw:
            _replace(target, raw)
    _replace(path, rendered)


def _replace(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _remove_abandoned(path.parent)
    _sync_folder(path.parent)


def _remove_abandoned(folder: Path) -> None:
    """Drop the drafts that killed processes left in a folder."""
    for draft in folder.glob(".*.tmp"):
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
