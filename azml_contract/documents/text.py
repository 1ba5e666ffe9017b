"""Read the text of a file that somebody brings.

In: a path, or ``-`` for the standard input. Out: its bytes and its text. Every
reason why it is none is one error: what, where, and what to do.
"""

from __future__ import annotations

import os
import select
import stat
import sys
from pathlib import Path
from typing import NoReturn

from azml_contract.documents.find import PROVIDER, RECORDINGS
from azml_contract.documents.remote import is_remote, read_remote
from azml_contract.errors import InputError, NothingToCheck

STDIN = Path("-")
RESTORE = "Restore it from version control, or record it again."
KINDS = (
    "Recordings are cassettes of ours, HAR, vcrpy's YAML or JSON, and those of "
    "Azure's test-proxy."
)
SCRIPT_KINDS = (
    "Scripts call curl, wget, xh, az rest or a client of Python or PowerShell; of "
    "another program, record what it does: azml-contract record -- COMMAND"
)
_PATIENCE_MS = 2000
_LARGEST_BYTES = 150 * 1024 * 1024


def read_bytes(path: Path) -> bytes:
    """The bytes of an ordinary file, or of the standard input.

    Raises:
        InputError: There is none, it cannot be read, or it is too large.
    """
    if path == STDIN:
        return sys.stdin.buffer.read()
    if is_remote(path):
        return read_remote(path, _LARGEST_BYTES)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            refuse(path, "it is a folder", "Name its files.")
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISFIFO(status.st_mode):
            refuse(path, "it is a device, not a file", "Name a file.")
        if status.st_size > _LARGEST_BYTES:
            refuse(
                path, f"{status.st_size} bytes is more than any recording has", RESTORE
            )
        return _read_some(path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: it cannot be read ({reason}).") from error


def _read_some(path: Path) -> bytes:
    """At most the largest that is read: a pipe may have no end."""
    with open(path, "rb", opener=_open_at_once) as file:
        raw = file.read(_LARGEST_BYTES + 1)
    if len(raw) > _LARGEST_BYTES:
        refuse(path, f"it has more than {_LARGEST_BYTES} bytes", RESTORE)
    return raw


def _open_at_once(path: str, flags: int) -> int:
    """Open a file; a pipe that nobody writes to is empty after a moment."""
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        waiting.poll(_PATIENCE_MS)
        os.set_blocking(descriptor, True)
    return descriptor


def decode(path: Path, raw: bytes) -> str:
    """Bytes as text in UTF-8, without its mark.

    Raises:
        InputError: They are empty, in another encoding, or no text.
        NothingToCheck: So they are, and neither is the file named as a recording nor
            do they name the provider.
    """
    named = path.suffix.lower() in RECORDINGS
    kind = InputError if named or names_provider(raw) else NothingToCheck
    if not raw.strip():
        cure = RESTORE if named else "It makes no call."
        refuse(path, "it is empty", cure, kind=kind)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
            refuse(path, "it is UTF-16", "Save it as UTF-8.", kind=kind)
        reason = f"it is no text in UTF-8 (byte {error.start})"
        refuse(path, reason, KINDS, kind=kind)
    if "\0" in text:
        refuse(path, "it is binary, not text", KINDS, kind=kind)
    return text


def names_provider(raw: bytes) -> bool:
    """Whether bytes name the provider, in UTF-16 too."""
    return PROVIDER.search(raw.replace(b"\0", b"")) is not None


def refuse(
    path: Path,
    reason: str,
    cure: str,
    cause: Exception | None = None,
    *,
    kind: type[InputError] = InputError,
) -> NoReturn:
    """Raise an `InputError` that says what is wrong with a file, and what to do."""
    raise kind(f"{path}: {reason}. {cure}") from cause
