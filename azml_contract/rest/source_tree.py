"""Which files of a file or folder travel, in which order, and their digest.

In: a path on this machine. Out: names and sizes, sorted, and one sha256 over
names and contents, the same on every machine. Knows ignore files; knows
nothing of blobs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from azml_contract.errors import UploadError, say_reason

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

ALWAYS_IGNORED = (".git/", "__pycache__/", ".env")
"""Patterns that come before those of an ignore file, which may undo them.

``.env`` holds secrets of this package, and what is uploaded is kept for good.
"""
IGNORE_FILES = (".amlignore", ".gitignore")
"""The first of these at the top of a folder says what else stays behind, as in
azure-ai-ml."""

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file: where it is, its name below the source, its size in bytes."""

    path: Path
    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class SourceTree:
    """The files to upload, sorted by name, and a digest of them all.

    `name` is the last part of the source's path. `digest` is the hexadecimal
    sha256 over each file's name and content.
    """

    name: str
    is_folder: bool
    files: tuple[SourceFile, ...]
    digest: str

    @property
    def size_bytes(self) -> int:
        """Sum of all sizes."""
        return sum(file.size_bytes for file in self.files)


def read_tree(source: Path) -> SourceTree:
    """List and digest a file or a folder.

    Links are followed, once each. Names are relative to the folder, with ``/``.

    Raises:
        UploadError: There is nothing at `source`, nothing in it, or a file that
            cannot be read. Says what to do.
    """
    source = source.resolve()
    if source.is_file():
        found = [(source.name, source)]
    elif source.is_dir():
        ignored = _read_ignore_file(source)
        found = sorted(_walk(source, source, ignored, frozenset({source})))
    else:
        raise UploadError(f"There is no file or folder at {source} to upload.")
    if not found:
        raise UploadError(
            f"There is nothing to upload in {source}: it is empty, or all of it is "
            f"ignored by {' or '.join(IGNORE_FILES)}."
        )
    total = hashlib.sha256()
    files = tuple(_digest_file(total, name, path) for name, path in found)
    return SourceTree(source.name, source.is_dir(), files, total.hexdigest())


def _read_ignore_file(folder: Path) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    lines = list(ALWAYS_IGNORED)
    for name in IGNORE_FILES:
        path = folder / name
        if path.is_file():
            try:
                lines += path.read_text("utf-8").splitlines()
                return GitIgnoreSpec.from_lines(lines)
            except (OSError, ValueError) as error:
                raise UploadError(
                    f"{path} cannot be read: {say_reason(error)}."
                ) from error
    return GitIgnoreSpec.from_lines(lines)


def _walk(
    folder: Path, top: Path, ignored: GitIgnoreSpec, above: frozenset[Path]
) -> Iterator[tuple[str, Path]]:
    """Names and paths of files; `above` holds real folders, to stop at loops."""
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise _unreadable(folder, error) from error
    for entry in entries:
        path = Path(entry.path)
        name = path.relative_to(top).as_posix()
        if entry.is_dir():
            real = path.resolve()
            if real not in above and not ignored.match_file(f"{name}/"):
                yield from _walk(path, top, ignored, above | {real})
        elif not ignored.match_file(name):
            yield name, path


def _digest_file(total: hashlib._Hash, name: str, path: Path) -> SourceFile:
    content = hashlib.sha256()
    size_bytes = 0
    if not _is_unicode(name):
        raise _unreadable(
            path, OSError("its name is not UTF-8, and no blob can have it")
        )
    if path.exists() and not path.is_file():
        # A pipe or a socket: reading it would wait for ever.
        raise _unreadable(path, OSError("it is no ordinary file"))
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                content.update(chunk)
                size_bytes += len(chunk)
    except OSError as error:
        raise _unreadable(path, error) from error
    total.update(f"{name}\0{content.hexdigest()}\n".encode())
    return SourceFile(path, name, size_bytes)


def _unreadable(path: Path, error: OSError) -> UploadError:
    shown = str(path).encode("utf-8", "backslashreplace").decode()
    return UploadError(
        f"{shown} cannot be read: {error.strerror or error}.\n"
        f"Make it readable, or name it in {IGNORE_FILES[0]} at the top of the folder."
    )


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
