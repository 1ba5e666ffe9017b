"""What somebody with a file could read out of it, one layer of encoding at a time.

In: a text, or bytes. Out: the texts or bytes it holds in percent-encoding,
escapes of HTML and JSON, base64, hex, UTF-16 or compressed. Generous on
purpose: what is no encoding at all gives noise, which says nothing to anybody.
Knows nothing of secrets.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from html import unescape
from urllib.parse import unquote, unquote_plus

from azml_contract.redaction.forms import (
    QUOTED,
    as_text,
    base64_runs,
    hex_runs,
    wrapped_runs,
)
from azml_contract.redaction.packed import CannotOpen, open_packed

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_PADDING = re.compile(r"\x00{4,}")  # of archives
_SHORTEST_WIDE, _MOSTLY = 8, 0.7
_WIDE = re.compile(rb"(?:[\t\n\r -~]\x00{1,3}){8,}[\t\n\r -~]?")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_NOISE = re.compile(r"[\x01-\x08\x0e-\x1f\x7f-\x9f]")


def text_readings(text: str) -> Iterator[str]:
    """What a text holds, one layer further in; nothing where it is plain."""
    if "\x00" in text:
        yield _PADDING.sub("\n", text).replace("\x00", "")
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
    # Quoted-printable, of a part of a multipart body.
    if QUOTED.search(text):
        yield QUOTED.sub(lambda m: chr(int(m[1], 16)) if m[1] else "", text)
    for raw in hex_runs(text):
        yield raw.decode("latin-1")
    yield from wrapped_runs(text)


def byte_readings(raw: bytes) -> Iterator[bytes]:
    """What bytes hold, one layer further in: UTF-16, or what is compressed.

    Raises:
        CannotOpen: They are compressed or an archive, and stay shut.
    """
    wide = b"\n".join(found.replace(b"\x00", b"") for found in _WIDE.findall(raw))
    if wide:
        yield wide
    packed = open_packed(raw)
    for part in packed.parts if packed else ():
        yield part.name.encode()
        yield part.content


def wide_codecs(raw: bytes) -> tuple[str, ...]:
    """How bytes may be text of two or four bytes a character; none if they are not."""
    for mark, codec in _MARKS.items():
        if raw.startswith(mark):
            return (codec,)
    half = len(raw) // 2
    if half < _SHORTEST_WIDE or len(raw) % 2:
        return ()
    if len(raw) % 4 == 0 and raw[2::4].count(0) == raw[3::4].count(0) == half // 2:
        return ("utf-32-le",)
    if len(raw) % 4 == 0 and raw[0::4].count(0) == raw[1::4].count(0) == half // 2:
        return ("utf-32-be",)
    if raw[1::2].count(0) > half * _MOSTLY:
        return ("utf-16-le",)
    return ("utf-16-be",) if raw[0::2].count(0) > half * _MOSTLY else ()


def _unpacked(text: str) -> Iterator[str]:
    """What base64 held, where that is compressed."""
    if text.startswith(("x\x01", "BZh")) or not text.isascii():
        try:
            raw = text.encode("latin-1")
        except UnicodeEncodeError:
            return
        with suppress(CannotOpen):
            for inner in byte_readings(raw):
                yield as_text(inner)
