"""Read recordings of any kind for regression.

In: paths. Out: a `Recording`, told by its content: cassettes of ours, vcrpy,
Azure's test-proxy, HAR, the calls of a script; or every cassette below a folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from azml_contract.errors import InputError

if TYPE_CHECKING:
    from azml_contract.cassette.cassette import Cassette
    from azml_contract.cassette.recordings import Recording
    from azml_contract.scripts.script import Script


def read_any(path: Path) -> Recording:
    """Read one recording, whoever wrote it.

    Raises:
        InputError: It cannot be read, or is none.
        CassetteError: It looks like a cassette of ours and is a broken one.
    """
    from azml_contract.cassette.recordings import from_cassette, from_exchanges
    from azml_contract.documents.document import open_document, require_recording

    document = open_document(path)
    if document.script is not None:  # its suffix tells train.sh from train.ps1
        return _from_script(path.as_posix(), document.script)
    document = require_recording(document)
    if document.cassette is not None:
        return from_cassette(document.cassette)
    found = document.recorded()
    lost = frozenset(step for step, one in enumerate(found) if one.sent.is_lost)
    name = path.with_suffix("").as_posix()
    return from_exchanges(name, [one.exchange for one in found], lost=lost)


def _from_script(name: str, script: Script) -> Recording:
    """The calls of a script, with the paths that it reads."""
    from azml_contract.cassette.recordings import Recording
    from azml_contract.scripts.recorded import (
        find_exchanges,
        find_skipped,
        find_untold,
    )

    told = list(find_exchanges(script))
    parts = tuple(exchange for exchange, _ in told)
    reads = {step: pointers for step, (_, pointers) in enumerate(told)}
    untold, skipped = tuple(find_untold(script)), tuple(find_skipped(script))
    return Recording(name, "", parts, reads, untold=untold, skipped=skipped)


def find_cassettes(paths: Iterable[Path]) -> list[tuple[Path, Cassette]]:
    """Every cassette in the given files and folders, sorted by path.

    Raises:
        InputError: A path does not exist, or a folder holds no cassette.
        CassetteError: A file is not a cassette.
    """
    from azml_contract.cassette.cassette import load_cassette
    from azml_contract.documents.find import find_files

    files, problems = find_files(paths, frozenset((".json",)))
    if problems:
        raise InputError(problems[0])
    return [(file, load_cassette(file)) for file in files]


def open_cassettes(paths: Iterable[Path]) -> list[Cassette]:
    """The same without their paths.

    Raises:
        InputError: A path does not exist, or a folder holds no cassette.
        CassetteError: A file is not a cassette.
    """
    return [cassette for _, cassette in find_cassettes(paths)]
