"""Open a recording of any format as the document it is.

In: a path. Out: a `Document`: the parsed file, and which tool wrote it, told by
its content. Whatever cannot be read is one error that says what is wrong, where
and what to do. Nothing in a file is ever executed.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from azml_contract.cassette.cassette import Cassette, load_cassette
from azml_contract.documents.convert import (
    Format,
    Recorded,
    is_cassette,
    read_recording,
    recognise,
)
from azml_contract.documents.plain_yaml import load_yaml
from azml_contract.errors import InputError

_LARGEST_BYTES = 150 * 1024 * 1024
_MARKERS = re.compile(r"^(<{7}|>{7})( |\r?$)", re.MULTILINE)
_PYTHON_TAG = re.compile(r"!!python/|tag:yaml\.org,2002:python")
_MAY_NOT_BE_WRITTEN = re.compile(
    r"\\u[dD][89a-fA-F]|[eE]\+?\d{3}|Infinity|NaN|\.(?i:inf|nan)"
)
_HALF = re.compile("[\ud800-\udfff]")
_RESTORE = "Restore it from version control, or record it again."
_KINDS = (
    "Recordings are cassettes of ours, HAR, vcrpy's YAML or JSON, and those of "
    "Azure's test-proxy."
)


@dataclass(frozen=True, slots=True)
class Document:
    """One file as it was read.

    `cassette` is set for a cassette of ours, `format` for one of another tool.
    `data` is what the file holds, as parsed.
    """

    path: Path
    text: str
    data: Any
    is_yaml: bool = False
    format: Format | None = None
    cassette: Cassette | None = None

    @property
    def kind(self) -> str:
        """What it is, for a reader."""
        return "cassette" if self.format is None else str(self.format)

    def recorded(self) -> list[Recorded]:
        """Its exchanges.

        Raises:
            InputError: An entry is malformed; names file and entry.
        """
        if self.cassette is not None:
            found = [Recorded(one.exchange) for one in self.cassette.interactions]
        else:
            found = self._read_other()
        for index, one in enumerate(found):
            _require_url(self.path, index, one.exchange.request.url)
        return found

    def _read_other(self) -> list[Recorded]:
        assert self.format is not None
        try:
            return read_recording(self.data, self.format)
        except InputError as error:
            raise InputError(f"{self.path}: {error}. {_RESTORE}") from error


def open_document(path: Path) -> Document:
    """Read a recording, every part of it.

    Raises:
        InputError: It cannot be read, or is no recording.
        CassetteError: It is a broken cassette of ours.
    """
    document = _open(path)
    document.recorded()  # large cassettes are read when looked at
    return document


def _open(path: Path) -> Document:
    text = _read_text(path)
    data, syntax = _parse_json(text)
    if syntax is None:
        _require_writable(path, text, data)
        return _of_json(path, text, data)
    if _is_broken_cassette(text):
        load_cassette(path)  # says what is wrong with it
    if _MARKERS.search(text):
        _refuse(path, "it holds merge markers", "Resolve the merge.")
    if text.lstrip()[:1] in ("{", "["):
        _refuse(path, syntax, _RESTORE)
    return _of_yaml(path, text)


def open_cassette(path: Path) -> Document:
    """Read a cassette of ours, every part of it.

    Raises:
        InputError: It cannot be read, or is a recording of another tool.
        CassetteError: It is broken.
    """
    document = open_document(path)
    if document.cassette is None:
        _refuse(
            path,
            f"it is a {document.kind}, not a cassette",
            f"Convert it: azml-contract cassette import {path} --to CASSETTE",
        )
    return document


def _read_text(path: Path) -> str:
    if path.is_dir():
        _refuse(path, "it is a folder", "Name its files.")
    try:
        size = path.stat().st_size
        if size > _LARGEST_BYTES:
            _refuse(path, f"{size} bytes is more than any recording has", _RESTORE)
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file.") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: it cannot be read ({error}).") from error
    if not raw.strip():
        _refuse(path, "it is empty", _RESTORE)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(path, f"it is no text in UTF-8 (byte {error.start})", _KINDS)
    if "\0" in text:
        _refuse(path, "it is binary, not text", _KINDS)
    return text


def _parse_json(text: str) -> tuple[Any, str | None]:
    """The value, or what is wrong with the syntax."""
    try:
        return json.loads(text), None
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) - 1
        end = "; it seems cut off" if cut or text.rstrip()[-1:] not in "}]" else ""
        return None, f"not JSON at line {error.lineno} column {error.colno}{end}"
    except (ValueError, RecursionError):
        return None, "not JSON: it is nested too deep, or a number is too long"


def _is_broken_cassette(text: str) -> bool:
    return text.lstrip()[:1] == "{" and '"format"' in text[:400]


def _of_json(path: Path, text: str, data: Any) -> Document:
    if is_cassette(data) and "Entries" not in data:
        return Document(path, text, data, cassette=load_cassette(path))
    return _of_other(path, text, data, is_yaml=False)


def _of_yaml(path: Path, text: str) -> Document:
    if _PYTHON_TAG.search(text):
        _refuse(
            path,
            "it is YAML that names Python objects; nothing of it was run",
            "Record it again with vcrpy's own serializer.",
        )
    try:
        data = load_yaml(text)
    except InputError as error:
        raise InputError(f"{path}: {error}. {_RESTORE}") from error
    _require_writable(path, text, data)
    return _of_other(path, text, data, is_yaml=True)


def _of_other(path: Path, text: str, data: Any, *, is_yaml: bool) -> Document:
    found = recognise(data)
    if found is None:
        _refuse(path, "it is no recording", _KINDS)
    return Document(path, text, data, is_yaml=is_yaml, format=found)


def _require_writable(path: Path, text: str, data: Any) -> None:
    """Refuse what can be read and never be written again."""
    if not _MAY_NOT_BE_WRITTEN.search(text):
        return
    seen: set[int] = set()
    left = [data]
    while left:
        value = left.pop()
        if isinstance(value, dict | list):
            if id(value) not in seen:
                seen.add(id(value))
                left += value
                left += value.values() if isinstance(value, dict) else ()
        elif isinstance(value, float) and not math.isfinite(value):
            _refuse(path, f"it holds the number {value}, which is not JSON", _RESTORE)
        elif isinstance(value, str) and _HALF.search(value):
            _refuse(path, "it holds half a character (a lone surrogate)", _RESTORE)


def _require_url(path: Path, index: int, url: str) -> None:
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        # Without the URL: it may hold a secret.
        _refuse(path, f"the URL of exchange {index} is malformed", _RESTORE, error)


def _refuse(
    path: Path, reason: str, cure: str, cause: Exception | None = None
) -> NoReturn:
    raise InputError(f"{path}: {reason}. {cure}") from cause
