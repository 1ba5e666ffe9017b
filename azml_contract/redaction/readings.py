"""What somebody with a file could read out of it, one layer of encoding at a time.

In: a text, or bytes. Out: the texts or bytes it holds in percent-encoding,
escapes of HTML and JSON, base64, hex, UTF-16 or compressed. Generous on
purpose: what is no encoding at all gives noise, which says nothing to anybody.
Knows nothing of secrets.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote, unquote_plus

from azml_contract.redaction.forms import base64_runs

_MOST_BYTES = 64 * 1024 * 1024
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_ZLIB = (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")
_WIDE = re.compile(rb"(?:[\t\n\r -~]\x00{1,3}){8,}[\t\n\r -~]?")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{2}){12,}(?![0-9A-Za-z])")
_WRAPPED = re.compile(
    r"(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{60,}\r?\n)+[A-Za-z0-9+/]+={0,2}"
)
_NOISE = re.compile(r"[\x01-\x08\x0e-\x1f\x7f-\x9f]")
_QUOTED = re.compile(r"=([0-9A-F]{2})|=\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]+")


def text_readings(text: str) -> Iterator[str]:
    """What a text holds, one layer further in; nothing where it is plain."""
    if "\x00" in text:
        yield text.replace("\x00", "")
    for inner in base64_runs(text):
        yield inner
        yield from _unpacked(inner)
    if _NOISE.search(text) is None:
        yield from _unescaped(text)


def _unescaped(text: str) -> Iterator[str]:
    if "%" in text:
        yield unquote_plus(text) if "+" in text else unquote(text)
    if "&" in text and ";" in text:
        yield unescape(text)
    if "\\" in text:
        yield _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text).replace("\\/", "/")
    if _QUOTED.search(text):  # quoted-printable, of a part of a multipart body
        yield _QUOTED.sub(lambda m: chr(int(m[1], 16)) if m[1] else "", text)
    for run in _HEX.findall(text):
        yield bytes.fromhex(run).decode("latin-1")
    for lines in _WRAPPED.findall(text):
        yield "".join(lines.split())


def unfolded(text: str) -> str:
    """A text with its folded lines joined, as a value cut in two would be read."""
    return _FOLD.sub("", text) if "\n" in text else text


def byte_readings(raw: bytes) -> Iterator[bytes]:
    """What bytes hold, one layer further in: UTF-16, or what is compressed."""
    wide = b"\n".join(found.replace(b"\x00", b"") for found in _WIDE.findall(raw))
    if wide:
        yield wide
    if raw.startswith(_GZIP) or raw[:2] in _ZLIB:
        yield from _inflate(raw)
    elif raw.startswith(_ZIP):
        yield from _members(raw)


def _unpacked(text: str) -> Iterator[str]:
    """What base64 held, where that is compressed."""
    if text[:2] == "x\x01" or not text.isascii():
        try:
            raw = text.encode("latin-1")
        except UnicodeEncodeError:
            return
        for inner in byte_readings(raw):
            yield inner.decode("latin-1")


def _inflate(raw: bytes) -> Iterator[bytes]:
    unpack = zlib.decompressobj(wbits=47)  # tells gzip from zlib by itself
    try:
        yield unpack.decompress(raw, _MOST_BYTES)
    except zlib.error:
        return


def _members(raw: bytes) -> Iterator[bytes]:
    left = _MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for member in archive.infolist():
                yield member.filename.encode()
                with archive.open(member) as opened:
                    content = opened.read(left)
                yield content
                left -= len(content)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError):
        # Broken, or locked with a password; so is what it holds.
        return
