"""Which files paths stand for.

In: paths of files and folders. Out: files, and a message for each path without
any. Knows nothing of what they hold.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

RECORDINGS = frozenset((".json", ".yaml", ".yml", ".har"))
SCRIPTS = frozenset((".sh", ".bash", ".zsh", ".ksh", ".http", ".rest", ".ps1"))
HOLDERS = frozenset((".md", ".ipynb", ".py"))
"""Files that hold scripts among other things, most of them none."""


def find_files(
    paths: Iterable[Path], suffixes: frozenset[str] = RECORDINGS
) -> tuple[list[Path], list[str]]:
    """The files that paths stand for, sorted inside each folder, each once.

    A name is that of a scenario where a recording has none of its own, and part
    of a baseline, so it is the same however a path was written.

    Returns:
        The files, and a message for each path that has none.
    """
    files: dict[Path, None] = {}
    problems = []
    for path in map(shorten, paths):
        if path.is_dir():
            found = sorted(_below(path, suffixes))
            files.update(dict.fromkeys(found))
            if not found:
                kinds = ", ".join(sorted("*" + suffix for suffix in suffixes))
                problems.append(f"{path}: the folder holds no recording ({kinds}).")
        elif path.exists():
            files[path] = None
        else:
            problems.append(f"{path}: there is no such file or folder.")
    return list(files), problems


def shorten(path: Path) -> Path:
    """The path from here, where it leads below the working directory."""
    here = Path.cwd()
    full = here / path
    if ".." in full.parts:
        full = full.resolve()
    return full.relative_to(here) if full.is_relative_to(here) else path


def _below(root: Path, suffixes: frozenset[str]) -> Iterator[Path]:
    """Files in a folder; what is hidden, or vanishes meanwhile, is left out.

    Pipes and devices are left out too; a link that leads nowhere is told of.
    """
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            if name.startswith(".") or path.suffix.lower() not in suffixes:
                continue
            if path.is_file() or not path.exists():
                yield path
