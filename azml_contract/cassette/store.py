"""Put a cassette and its side files in place.

In: rendered bytes and side files. Out: files, each whole or not at all. Knows
nothing of their content.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from azml_contract.cassette.cassette import SIDE_FOLDER
from azml_contract.errors import OutputError, show_path
from azml_contract.whole_file import write_whole


def write_cassette(
    path: Path, rendered: bytes, side_files: Mapping[str, bytes]
) -> None:
    """Put a cassette and its side files in place.

    Side files come first: they are named by their content, so that writing one
    again changes nothing, and a crash between them and the cassette leaves
    only a file that nobody refers to.

    Raises:
        OutputError: One could not be written; an old cassette is as it was.
    """
    for name, raw in side_files.items():
        target = path.parent / SIDE_FOLDER / name
        if not target.exists() or target.read_bytes() != raw:
            _make_folder(target)
            write_whole(target, raw)
    _make_folder(path)
    write_whole(path, rendered)


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(show_path(path), str(error.strerror)) from error
