"""Recordings of other tools: which one wrote a document, and what it holds.

In: the parsed JSON or YAML of a recording. Out: its format, told by its content,
never by a file name, and its exchanges in order, with bodies decompressed. Knows
HTTP; knows nothing of Azure. A new format is a module here and its line in
`FORMATS`.
"""

from __future__ import annotations

from typing import Any

from azml_contract.documents.formats.format import Format, Recorded, Spot
from azml_contract.documents.formats.har import HAR
from azml_contract.documents.formats.proxy import TEST_PROXY
from azml_contract.documents.formats.vcrpy import VCRPY
from azml_contract.errors import InputError

__all__ = [
    "FORMATS",
    "Format",
    "Recorded",
    "Spot",
    "is_cassette",
    "read_recording",
    "recognise",
]

FORMATS: tuple[Format, ...] = (HAR, TEST_PROXY, VCRPY)


def recognise(document: Any) -> Format | None:
    """Which tool wrote a parsed document; None when it is none of them."""
    if not isinstance(document, dict):
        return None
    return next((one for one in FORMATS if one.recognises(document)), None)


def is_cassette(document: Any) -> bool:
    """Whether a parsed document is, or was meant to be, a cassette of ours."""
    return (
        isinstance(document, dict)
        and "Entries" not in document
        and ("format" in document or {"scenario", "api_version"} <= document.keys())
    )


def read_recording(document: Any, kind: Format) -> list[Recorded]:
    """Every exchange of a recording.

    Raises:
        InputError: The document is not what it looks like; names the entry.
    """
    entries = kind.entries(document)
    if not isinstance(entries, list):
        raise InputError(f"the {kind} has no list of exchanges")
    return [_read_entry(entry, index, kind) for index, entry in enumerate(entries)]


def _read_entry(entry: Any, index: int, kind: Format) -> Recorded:
    try:
        return kind.read(entry, index)
    except KeyError as error:
        raise InputError(f"exchange {index} of the {kind} lacks {error}") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(
            f"exchange {index} of the {kind} is malformed: {error}"
        ) from error
