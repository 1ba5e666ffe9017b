"""Read recordings of any kind for regression.

In: paths. Out: a `Recording`, told by its content: cassettes of ours, vcrpy,
Azure's test-proxy, HAR; or every cassette below a folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from azml_contract.errors import InputError

if TYPE_CHECKING:
    from azml_contract.cassette.cassette import Cassette
    from azml_contract.cassette.recordings import Recording


def read_any(path: Path) -> Recording:
    """Read one recording, whoever wrote it.

    Raises:
        InputError: It cannot be read, or is none.
        CassetteError: It looks like a cassette of ours and is a broken one.
    """
    from azml_contract.cassette.recordings import from_cassette, from_exchanges
    from azml_contract.documents.document import open_document, require_recording

    document = require_recording(open_document(path, is_body=True))
    if document.cassette is not None:
        return from_cassette(document.cassette)
    name = path.with_suffix("").as_posix()
    return from_exchanges(name, [one.exchange for one in document.recorded()])


def open_cassettes(paths: Iterable[Path]) -> list[Cassette]:
    """Every cassette in the given files and folders, sorted by path.

    Raises:
        InputError: A path does not exist, or a folder holds no cassette.
        CassetteError: A file is not a cassette.
    """
    from azml_contract.cassette.cassette import load_cassette
    from azml_contract.documents.find import find_files

    files, problems = find_files(paths)
    if problems:
        raise InputError(problems[0])
    return [load_cassette(file) for file in files]
