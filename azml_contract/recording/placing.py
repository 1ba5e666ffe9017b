"""Put a recording in place, or beside the cassette that it would change, for review.

In: a rendered recording that is proven. Out: files.
"""

from __future__ import annotations

from collections.abc import Mapping

from azml_contract.cassette.cassette import load_cassette, parse_cassette
from azml_contract.cassette.changes import find_changes, level
from azml_contract.cassette.pending import UNPROVEN, pending_of
from azml_contract.cassette.store import write_cassette
from azml_contract.errors import CassetteError
from azml_contract.recording.recorder_settings import RecorderSettings


def put_in_place(
    settings: RecorderSettings, rendered: bytes, side_files: Mapping[str, bytes]
) -> None:
    """Write a recording.

    Where it is to be reviewed, a cassette that it would change stays as it is, and it
    waits beside; one that it would not change stays too, and nothing waits.

    Raises:
        OutputError: It could not be written; what was there is still there.
    """
    path = settings.path
    pending = pending_of(path)
    if not settings.reviews or not path.exists():
        write_cassette(path, rendered, side_files)
        pending.unlink(missing_ok=True)
    elif _changes(settings, rendered, side_files):
        write_cassette(pending, rendered, side_files)
    else:
        pending.unlink(missing_ok=True)
    path.with_suffix(UNPROVEN).unlink(missing_ok=True)


def _changes(
    settings: RecorderSettings, rendered: bytes, side_files: Mapping[str, bytes]
) -> bool:
    """Whether a cassette would change; one that cannot be read would."""
    try:
        cassette = load_cassette(settings.path)
    except CassetteError:
        return True
    recording = parse_cassette(settings.path, rendered, side_files.__getitem__)
    return bool(find_changes(cassette, level(recording, cassette)))
