"""Find and read recordings of any kind for regression.

In: paths of files and folders. Out: `Recording` values. A recording is told by
its content: cassettes of ours, vcrpy, Azure's test-proxy, HAR.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from azml_contract.errors import InputError

if TYPE_CHECKING:
    from azml_contract.cassette.recordings import Recording

SUFFIXES = frozenset((".json", ".yaml", ".yml", ".har"))


def find_recordings(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """The files that paths stand for, sorted inside each folder, each once.

    A name is that of a scenario where a recording has none of its own, and part
    of a baseline, so it is the same however a path was written.

    Returns:
        The files, and a message for each path that has none.
    """
    files: dict[Path, None] = {}
    problems = []
    for path in map(shorten, paths):
        if not path.exists():
            problems.append(f"{path} does not exist.")
        elif path.is_dir():
            found = sorted(p for p in path.rglob("*") if _may_be_recording(p))
            files.update(dict.fromkeys(found))
            if not found:
                problems.append(f"{path} holds no cassette (*.json, *.yaml, *.har).")
        else:
            files[path] = None
    return list(files), problems


def shorten(path: Path) -> Path:
    """The path from here, where it leads below the working directory."""
    here = Path.cwd()
    full = here / path
    if ".." in full.parts:
        full = full.resolve()
    return full.relative_to(here) if full.is_relative_to(here) else path


def _may_be_recording(path: Path) -> bool:
    """Folders, pipes and devices are none; a link that leads nowhere is told of."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    return path.is_file() or not path.exists()


def read_any(path: Path) -> Recording:
    """Read one recording, whoever wrote it.

    Raises:
        InputError: It cannot be read, or is none.
        CassetteError: It looks like a cassette of ours and is a broken one.
    """
    from azml_contract.cassette.cassette import load_cassette
    from azml_contract.cassette.recordings import from_cassette, from_exchanges
    from azml_contract.documents.inputs import open_input

    if _is_ours(path):
        return from_cassette(load_cassette(path))
    try:
        recorded = open_input(str(path)).recorded
    except InputError as error:
        if path.suffix != ".json":
            raise InputError(f"{path}: {error}") from error
        recorded = None
    if recorded is None:
        return from_cassette(load_cassette(path))  # says what is wrong with it
    name = path.with_suffix("").as_posix()
    return from_exchanges(name, [one.exchange for one in recorded])


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return b'"format"' in file.read(200)
    except OSError:
        return True
