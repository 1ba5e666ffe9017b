"""Open a file that somebody brings, and say what it holds, by its content.

In: a path. Out: a `Document`: a cassette of ours, a recording of another tool, a
shell script, or the body of one request or answer. Whatever cannot be read is
one error that says what is wrong, where and what to do. Nothing in a file is
ever executed. Every command opens files here.
"""

from __future__ import annotations

import json
import math
import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from azml_contract.documents.find import RECORDINGS
from azml_contract.documents.formats import (
    Format,
    Recorded,
    Spot,
    is_cassette,
    read_recording,
    recognise,
)
from azml_contract.documents.plain_yaml import load_yaml
from azml_contract.documents.remote import is_remote
from azml_contract.documents.text import (
    KINDS,
    RESTORE,
    SCRIPT_KINDS,
    STDIN,
    decode,
    names_provider,
    read_bytes,
    refuse,
)
from azml_contract.errors import InputError, NothingToCheck
from azml_contract.slots import fill_bare, find_bare

if TYPE_CHECKING:
    from azml_contract.cassette.cassette import Cassette
    from azml_contract.cassette.interaction import Interaction
    from azml_contract.scripts.script import Script

_CONFLICT = r"(?m)^(<{7}|>{7})( |\r?$)"
_PYTHON_TAG = r"!!python/|tag:yaml\.org,2002:python"
_YAML_START = r"\s*(---|%YAML|!!|version:)"
_RECORDED_YAML = r"(?m)^interactions:"
_ANY_RECORDED_YAML = r"(?m)^\w*interactions:"
_HOLDS_CALLS = r'"nbformat"|deploymentTemplate|"template"\s*:'
_OURS = r'\s*\{\s*(?:"\$schema"\s*:\s*"[^"]*"\s*,\s*)?"format"\s*:\s*\d'
_HALVES, _WORDS = ("\\ud", "\\uD"), ("Infinity", "NaN")
_NO_NUMBER = re.compile(r"(?<!\w)(?:Infinity|NaN)\b")
_NO_NUMBER_OF_YAML = re.compile(r"\.(?<!\w\.)(?:[iI][nN][fF]|[nN][aA][nN])\b")
# Too large for a number, where digits stand before it and no letter before those.
_EXPONENT = re.compile(r"[eE]\+?\d{3}")
_HALF = "[\ud800-\udfff]"


@dataclass(frozen=True)
class Document:
    """One file as it was read.

    `cassette` is set for a cassette of ours, `format` for a recording of another
    tool, `script` for a script. Without any of them the file is one body.
    """

    path: Path
    text: str
    raw: bytes
    is_yaml: bool = False
    format: Format | None = None
    cassette: Cassette | None = None
    script: Script | None = None

    @property
    def name(self) -> str:
        """Its path, as a reader wrote it."""
        return str(self.path)

    @property
    def is_recording(self) -> bool:
        """Whether it holds exchanges."""
        return self.cassette is not None or self.format is not None

    @property
    def kind(self) -> str:
        """What it is, for a reader."""
        if self.script is not None:
            return "script"
        if not self.is_recording:
            return "body"
        return "cassette" if self.format is None else str(self.format)

    @cached_property
    def data(self) -> Any:
        """What the file holds, as parsed."""
        return load_yaml(self.text) if self.is_yaml else json.loads(self.text)

    @property
    def is_json(self) -> bool:
        """Whether it can be parsed as JSON."""
        try:
            json.loads(self.text)
        except (ValueError, RecursionError):
            return False
        return True

    def recorded(self, *, any_url: bool = False) -> list[Recorded]:
        """Its exchanges; empty for a script or a body.

        Args:
            any_url: Malformed URLs are the caller's to tell.

        Raises:
            InputError: An entry is malformed; names file and entry.
        """
        if self.cassette is not None:
            pairs = enumerate(self.cassette.interactions)
            found = [_read_ours(index, interaction) for index, interaction in pairs]
        else:
            found = self._read_other()
        for index, one in enumerate(() if any_url else found):
            _require_url(self.path, index, one.exchange.request.url)
        return found

    def _read_other(self) -> list[Recorded]:
        if self.format is None:
            return []
        try:
            return read_recording(self.data, self.format)
        except InputError as error:
            raise InputError(f"{self.path}: {error}. {RESTORE}") from error


def _read_ours(index: int, interaction: Interaction) -> Recorded:
    def spot(side: str, head: str, body: Mapping[str, Any] | None) -> Spot:
        here, kind = f"/interactions/{index}/{side}", next(iter(body or {}), "json")
        return Spot(f"{here}/{head}", f"{here}/body/{kind}", kind == "json")

    return Recorded(
        interaction.exchange,
        spot("request", "uri", interaction.request_body),
        spot("response", "status", interaction.response_body),
    )


def open_document(path: Path, *, is_body: bool = False) -> Document:
    """Read a file of any kind.

    Args:
        path: A file, or ``-`` for the standard input.
        is_body: Text that is neither a recording nor a script is a body, even
            one that does not begin as JSON does.

    Raises:
        InputError: It cannot be read, or holds nothing that we know.
        CassetteError: It is a broken cassette of ours.
    """
    raw = read_bytes(path)
    text = decode(path, raw)
    if re.match(_OURS, text):
        return _open_ours(path, text, raw)
    script = _read_script(path, text)
    if script is not None:
        if raw.startswith(BOM_UTF8):
            script.shell.files.marked.add(script.source.name)
        return Document(path, text, raw, script=script)
    if text.lstrip()[:1] in ("{", "["):
        return _open_json(path, text, raw)
    if _is_yaml(text):
        return _open_yaml(path, text, raw)
    if not is_body:
        _refuse_strange(path, text)
    return Document(path, text, raw)


def open_template(path: Path) -> str:
    """The body of a scenario; each bare slot, ``{{ nodes }}``, filled with 1.

    Raises:
        InputError: It cannot be read.
    """
    return fill_bare(decode(path, read_bytes(path)), "1")


def read_template(path: Path) -> str:
    """The body of a scenario with its slots.

    Raises:
        InputError: It cannot be read.
    """
    return decode(path, read_bytes(path))


def is_sent(path: Path) -> bool:
    """Whether a file looks like the body of a request, or a template of one."""
    if path.suffix.lower() != ".json":
        return False
    try:
        data = json.loads(open_template(path))
    except (InputError, ValueError, RecursionError):
        return False
    is_body = isinstance(data, dict) and isinstance(data.get("properties"), dict)
    return is_body and "$schema" not in data


def open_recording(path: Path) -> Document:
    """Read a recording, every part of it.

    Raises:
        InputError: It cannot be read, is no recording, or holds what could
            never be written again.
        CassetteError: It is a broken cassette of ours.
    """
    document = require_recording(open_document(path, is_body=True))
    _require_writable(document)
    document.recorded()  # large cassettes are read when looked at
    return document


def require_recording(document: Document) -> Document:
    """The document, if it holds exchanges.

    Raises:
        InputError: It does not; says what it is.
        CassetteError: It was meant to be a cassette of ours.
    """
    if document.is_recording:
        return document
    if document.text.lstrip()[:1] in ("{", "["):
        _refuse_other(document)
    try:
        return _open_yaml(document.path, document.text, document.raw)
    except InputError as error:
        if _is_yaml(document.text):
            raise
        raise NothingToCheck(str(error)) from error


def open_cassette(path: Path) -> Document:
    """Read a cassette of ours, every part of it.

    Raises:
        InputError: It cannot be read, or is a recording of another tool.
        CassetteError: It is broken.
    """
    document = open_recording(path)
    if document.cassette is None:
        refuse(
            path,
            f"it is a {document.kind}, not a cassette",
            f"Convert it: azml-contract cassette import {path} --to CASSETTE",
            kind=NothingToCheck,
        )
    return document


# --- by content -----------------------------------------------------------------


def _open_ours(path: Path, text: str, raw: bytes) -> Document:
    from azml_contract.cassette.cassette import (  # to check a body needs none of it
        SIDE_FOLDER,
        load_cassette,
        parse_cassette,
    )

    if path == STDIN:
        refuse(path, "it is a cassette", "Name its file; side files lie beside it.")
    if not is_remote(path):
        return Document(path, text, raw, cassette=load_cassette(path))

    def read_side_file(name: str) -> bytes:
        return read_bytes(path.parent / SIDE_FOLDER / name)

    cassette = parse_cassette(path, raw, read_side_file)
    return Document(path, text, raw, cassette=cassette)


def _open_json(path: Path, text: str, raw: bytes) -> Document:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        slot = find_bare(text)
        if slot:
            refuse(
                path,
                f"it is a template, {slot} is filled when a scenario sends it",
                "Check what was sent: a cassette.",
                kind=NothingToCheck,
            )
        return Document(path, text, raw)
    if is_cassette(data) and "interactions" in data:
        return _open_ours(path, text, raw)
    found = recognise(data)
    if found is None and re.search(_HOLDS_CALLS, text):
        from azml_contract.scripts.recognise import tell_kind_of_json

        kind = tell_kind_of_json(data)
        if kind:
            script = _read_calls(path, text, kind)
            return Document(path, text, raw, script=script)
    made = Document(path, text, raw, format=found)
    made.__dict__["data"] = data  # parsed already
    return made


def _is_yaml(text: str) -> bool:
    return bool(re.match(_YAML_START, text) or re.search(_RECORDED_YAML, text))


def _open_yaml(path: Path, text: str, raw: bytes) -> Document:
    if re.search(_PYTHON_TAG, text):
        refuse(
            path,
            "it is YAML that names Python objects; nothing of it was run",
            "Record it again with vcrpy's own serializer.",
        )
    if re.search(_CONFLICT, text):
        refuse(path, "it holds merge markers", "Resolve the merge.")
    try:
        data = load_yaml(text)
    except InputError as error:
        is_recorded = re.search(_ANY_RECORDED_YAML, text)
        kind = InputError if is_recorded else NothingToCheck  # a page with a head
        raise kind(f"{path}: {error}. {RESTORE}") from error
    found = recognise(data)
    if found is None:
        refuse(path, "it is no recording", KINDS, kind=NothingToCheck)
    made = Document(path, text, raw, is_yaml=True, format=found)
    made.__dict__["data"] = data
    return made


def _read_script(path: Path, text: str) -> Script | None:
    """A script, or what holds one; None for anything else."""
    if text.lstrip()[:1] in ("{", "[") or re.search(_RECORDED_YAML, text):
        return None
    from azml_contract.scripts.recognise import LARGEST, tell_kind

    kind = tell_kind(text)
    if kind and len(text) > LARGEST:
        is_ours = names_provider(text.encode("utf-8", "surrogatepass"))
        reason = f"it is a script of more than {LARGEST} characters"
        refuse(path, reason, "Cut it.", kind=InputError if is_ours else NothingToCheck)
    return _read_calls(path, text, kind) if kind else None


def _read_calls(path: Path, text: str, kind: str) -> Script:
    from azml_contract.scripts.containers import read_container

    folder = Path() if path == STDIN else path.parent
    try:
        return read_container(kind, path.as_posix(), text, folder)
    except InputError as error:
        raise InputError(f"{path}: {error}. Cut it.") from error


# --- refusals -------------------------------------------------------------------


def _refuse_strange(path: Path, text: str) -> NoReturn:
    head = next(iter(text.lstrip()[:20].splitlines()), "")
    reason = (
        "it is no JSON body, no recording and no script that makes calls; it starts "
        f"with {head!r}"
    )
    if head.startswith("<"):
        reason = "it looks like HTML or XML, not like JSON"
    is_recording = path.suffix.lower() in RECORDINGS
    if is_recording and re.search(_CONFLICT, text):
        refuse(path, "it holds merge markers", "Resolve the merge.")
    cure = KINDS if is_recording else SCRIPT_KINDS
    refuse(path, reason, cure, kind=NothingToCheck)


def _refuse_other(document: Document) -> NoReturn:
    path, text = document.path, document.text
    if re.search(_CONFLICT, text):
        refuse(path, "it holds merge markers", "Resolve the merge.")
    try:
        data = document.data
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) - 1
        end = "; it seems cut off" if cut or text.rstrip()[-1:] not in "}]" else ""
        reason = f"not JSON at line {error.lineno} column {error.colno}{end}"
        refuse(path, reason, RESTORE)
    except (ValueError, RecursionError):
        reason = "not JSON: it is nested too deep, or a number is too long"
        refuse(path, reason, RESTORE)
    if is_cassette(data):
        from azml_contract.cassette.cassette import load_cassette

        load_cassette(path)  # says what is wrong with it
    refuse(path, "it is no recording", KINDS, kind=NothingToCheck)


def _require_writable(document: Document) -> None:
    """Refuse what can be read and never be written again."""
    if not _may_be_unwritable(document.text):
        return
    seen: set[int] = set()
    left = [document.data]
    while left:
        value = left.pop()
        if isinstance(value, str):
            if not value.isascii() and re.search(_HALF, value):
                reason = "it holds half a character (a lone surrogate)"
                refuse(document.path, reason, RESTORE)
        elif isinstance(value, dict | list):
            if id(value) not in seen:
                seen.add(id(value))
                left += value
                left += value.values() if isinstance(value, dict) else ()
        elif isinstance(value, float) and not math.isfinite(value):
            reason = f"it holds the number {value}, which is not JSON"
            refuse(document.path, reason, RESTORE)


def _may_be_unwritable(text: str) -> bool:
    """Whether half a character or no finite number may stand in a text."""
    if any(one in text for one in _HALVES) or _NO_NUMBER_OF_YAML.search(text):
        return True
    if any(one in text for one in _WORDS) and _NO_NUMBER.search(text):
        return True
    for found in _EXPONENT.finditer(text):
        at = found.start() - 1
        while at >= 0 and text[at] in "0123456789._":
            at -= 1
        if at + 1 < found.start() and not text[at : at + 1].isalnum():
            return True
    return False


def _require_url(path: Path, index: int, url: str) -> None:
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        # Without the URL: it may hold a secret.
        refuse(path, f"the URL of exchange {index} is malformed", RESTORE, error)
