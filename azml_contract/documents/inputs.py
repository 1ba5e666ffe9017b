"""Open an input of `check` and say what it holds, by its content.

In: a path or ``-``. Out: exchanges of a recording, the calls of a shell script,
or the raw body of a JSON file. A file that holds nothing that can be checked is
an `InputError` of one line. Knows nothing of contracts.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azml_contract.errors import CassetteError, InputError

if TYPE_CHECKING:
    from azml_contract.documents.convert import Recorded
    from azml_contract.scripts.curl import ScriptCall

STDIN = "-"
_LARGEST_BYTES = 150 * 1024 * 1024
_LARGEST_SCRIPT = 1024 * 1024
_YAML_START = re.compile(r"\s*(---|%YAML|!!|version:)")
_RECORDED_YAML = re.compile(r"^interactions:", re.MULTILINE)
_BARE_SLOT = re.compile(r'(?<!["$\w])\{\{\s*(\w+)\s*\}\}')


@dataclass(frozen=True, slots=True)
class Opened:
    """What one input holds: `recorded` exchanges, `calls`, or else one `body`."""

    name: str
    text: str
    body: bytes
    recorded: tuple[Recorded, ...] | None
    calls: tuple[ScriptCall, ...] | None = None


def open_input(name: str, *, is_body: bool = False) -> Opened:
    """Read one input.

    Args:
        name: A path, or ``-`` for the standard input.
        is_body: Text that is neither a recording nor a script is a body, even
            one that does not begin as JSON does.

    Raises:
        InputError: It cannot be read, or holds nothing that can be checked;
            the message does not repeat the name.
    """
    data = _read(name)
    text = _decode(data)
    document, is_json = _parse(text)
    recorded = _read_recorded(name, document)
    if recorded is None and not is_json and _looks_like_yaml(text):
        recorded = _read_yaml(text)
    slot = None if is_json else _BARE_SLOT.search(text)
    if recorded is None and slot is not None and text.lstrip()[:1] == "{":
        raise InputError(
            f"it is a template, {slot[0]} is filled when a scenario sends it; check "
            "what was sent: a cassette"
        )
    if recorded is None and not text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        calls = None if is_json else _read_script(name, text)
        if calls is None and not is_body:
            raise InputError(_explain_strange(text))
        return Opened(name, text, data, None, calls)
    return Opened(name, text, data, recorded)


def _read(name: str) -> bytes:
    if name == STDIN:
        return sys.stdin.buffer.read()
    path = Path(name)
    if path.is_dir():
        raise InputError("it is a folder; name its files")
    try:
        size = path.stat().st_size
        if size > _LARGEST_BYTES:
            raise InputError(f"it has {size} bytes, more than {_LARGEST_BYTES}")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError("there is no such file") from error
    except OSError as error:
        raise InputError(f"it cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"it is no path: {error}") from error


def _decode(data: bytes) -> str:
    if not data.strip():
        raise InputError("it is empty")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise InputError("it is UTF-16; save it as UTF-8") from error
        raise InputError(f"it is no text in UTF-8 (byte {error.start})") from error
    if "\0" in text:
        raise InputError("it is binary, not text")
    return text


def _parse(text: str) -> tuple[Any, bool]:
    try:
        return json.loads(text), True
    except (ValueError, RecursionError):
        return None, False


def _read_recorded(name: str, document: Any) -> tuple[Recorded, ...] | None:
    if not isinstance(document, dict):
        return None
    from azml_contract.documents.convert import read_recording, recognise

    if "format" in document and "interactions" in document:
        return _read_cassette(name)
    kind = recognise(document)
    return None if kind is None else tuple(read_recording(document, kind))


def _read_cassette(name: str) -> tuple[Recorded, ...]:
    from azml_contract.cassette.cassette import load_cassette
    from azml_contract.documents.convert import Recorded

    if name == STDIN:
        raise InputError("a cassette is read from its file, not from the input")
    try:
        cassette = load_cassette(Path(name))
    except CassetteError as error:
        raise InputError(" ".join(str(error).split())) from error
    return tuple(
        Recorded(
            interaction.exchange,
            f"/interactions/{index}/request/body/json",
            f"/interactions/{index}/response/body/json",
        )
        for index, interaction in enumerate(cassette.interactions)
    )


def _looks_like_yaml(text: str) -> bool:
    return bool(_YAML_START.match(text) or _RECORDED_YAML.search(text))


def _read_yaml(text: str) -> tuple[Recorded, ...]:
    from azml_contract.documents.convert import read_recording, recognise
    from azml_contract.documents.plain_yaml import load_yaml

    document = load_yaml(text)
    kind = recognise(document)
    if kind is None:
        raise InputError("it is YAML, and no recording of vcrpy")
    return tuple(read_recording(document, kind))


def _read_script(name: str, text: str) -> tuple[ScriptCall, ...] | None:
    from azml_contract.scripts.curl import looks_like_script, read_script

    if not looks_like_script(text):
        return None
    if len(text) > _LARGEST_SCRIPT:
        raise InputError(f"it is a script of more than {_LARGEST_SCRIPT} characters")
    return read_script(text, Path() if name == STDIN else Path(name).parent)


def _explain_strange(text: str) -> str:
    head = text.lstrip()[:20]
    if head.startswith("<"):
        return "it looks like HTML or XML, not like JSON"
    return f"it is neither a JSON body nor a recording; it starts with {head!r}"
