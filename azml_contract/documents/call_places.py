"""Where the calls of a recording were made: the line of a scenario or a script.

In: a file that was judged, and the number of a call in it. Out: a file and a line.
A cassette says which line of the scenario made the call; of a script it is the line
of the call, of a recording of another tool that of the entry in its file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from azml_contract.documents.document import open_document
from azml_contract.documents.find import shorten
from azml_contract.errors import AzmlContractError

if TYPE_CHECKING:
    from azml_contract.cassette.cassette import Cassette
    from azml_contract.documents.document import Document
    from azml_contract.scripts.script import Script

Place = tuple[str, int]
_AT = re.compile(r"(.+):(\d+)")


def locate_call(file: str, step: int) -> Place:
    """The file and the line, from 1, of a call.

    Args:
        file: What was judged.
        step: The index of the call, as in its row.

    Returns:
        Line 1 of `file` where nobody can tell.
    """
    try:
        return _open(file, Path.cwd())(step)
    except (AzmlContractError, IndexError):  # it was changed since it was judged
        return file, 1


@lru_cache(maxsize=8)
def _open(file: str, folder: Path) -> Callable[[int], Place]:
    """What tells the places of a file, named from `folder`, the working one."""
    document = open_document(Path(file), is_body=True)
    if document.cassette is not None:
        return _read_ours(file, document, document.cassette)
    if document.script is not None:
        return _read_script(document.script)
    return _read_entries(document)


def _read_ours(
    file: str, document: Document, cassette: Cassette
) -> Callable[[int], Place]:
    entries = _read_entries(document)
    folder = Path(file).absolute().parent

    def find(step: int) -> Place:
        told = _AT.fullmatch(str(cassette.interactions[step].data.get("at", "")))
        if told is None:
            return entries(step)
        return shorten(_find_told(folder, told[1])).as_posix(), int(told[2])

    return find


@lru_cache(maxsize=256)
def _find_told(folder: Path, told: str) -> Path:
    """A file that a cassette names from the folder of its project.

    That is the nearest folder above the cassette that has such a file; where none
    has, the name stays as it is told.
    """
    above = (one / told for one in (folder, *folder.parents))
    return next((one for one in above if one.is_file()), Path(told))


def _read_script(script: Script) -> Callable[[int], Place]:
    from azml_contract.scripts.recorded import find_calls

    calls = find_calls(script)

    def find(step: int) -> Place:
        call = calls[step]
        place = call.source.locate(call.start)
        return place.file, place.line

    return find


def _read_entries(document: Document) -> Callable[[int], Place]:
    from azml_contract.documents.places import RecordingPlaces
    from azml_contract.source.excerpt import Source

    source = Source(document.name, document.text)
    places = RecordingPlaces(source, is_yaml=document.is_yaml)
    entries = document.recorded()

    def find(step: int) -> Place:
        return document.path.as_posix(), places.locate(entries[step].sent.head).line

    return find
