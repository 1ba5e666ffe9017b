"""What is compressed, and archives: opened, and closed again around other content.

In: bytes. Out: the parts that they hold, and bytes that hold other parts. What is
closed again is stored, not compressed, so that the same content always gives the same
bytes, whatever packed it. Codecs that are not installed, what is locked and what is
too large are named, so that nobody takes it for looked at. Knows nothing of secrets.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from typing import Any

MOST_BYTES = 64 * 1024 * 1024
_TAR_MARK = slice(257, 262)
_SHORTEST_UNMARKED, _LONGEST_UNMARKED = 16, 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """One file of an archive; what is only compressed has one without a name."""

    content: bytes
    name: str = ""


@dataclass(frozen=True, slots=True)
class Packed:
    """What was opened; `close` makes bytes of as many other parts."""

    parts: tuple[Part, ...]
    close: Callable[[Sequence[Part]], bytes]


Opener = Callable[[bytes], Packed | None]


class CannotOpen(Exception):
    """What it is, and why it stays shut; never what it holds."""


def open_packed(raw: bytes) -> Packed | None:
    """Open what is compressed or an archive; None where it is neither.

    Raises:
        CannotOpen: It is one, and cannot be opened here.
    """
    for marks, opened in _WEAK:
        if raw.startswith(marks):
            with suppress(*_ERRORS):
                return opened(raw)
    for begins, kind, opened in _KINDS:
        if raw.startswith(begins):
            return _open(raw, kind, opened)
    if raw[_TAR_MARK] == b"ustar":
        return _open(raw, "a tar archive", _open_tar)
    return _try_unmarked(raw)


def _open(raw: bytes, kind: str, opened: Opener) -> Packed:
    try:
        packed = opened(raw)
    except CannotOpen:
        raise
    except Exception as error:
        raise CannotOpen(f"{kind} that is broken") from error
    if packed is None:
        raise CannotOpen(f"{kind}, which cannot be opened here")
    return packed


def _one(content: bytes, close: Callable[[bytes], bytes], rest: bytes = b"") -> Packed:
    """What is only compressed, and what stands after it."""
    if not rest:
        return Packed((Part(content),), lambda parts: close(parts[0].content))
    return Packed(
        (Part(content), Part(rest)),
        lambda parts: close(parts[0].content) + parts[1].content,
    )


def _open_gzip(raw: bytes) -> Packed:
    content, rest = _unpack_all(lambda: zlib.decompressobj(31), raw)
    return _one(content, lambda inner: gzip.compress(inner, 0, mtime=0), rest)


def _open_zlib(raw: bytes) -> Packed:
    content, rest = _unpack_all(lambda: zlib.decompressobj(15), raw)
    return _one(content, lambda inner: zlib.compress(inner, 0), rest)


def _open_bz2(raw: bytes) -> Packed:
    content, rest = _unpack_all(bz2.BZ2Decompressor, raw)
    return _one(content, lambda inner: bz2.compress(inner, 1), rest)


def _open_xz(raw: bytes) -> Packed:
    content, rest = _unpack_all(lzma.LZMADecompressor, raw)
    return _one(content, lambda inner: lzma.compress(inner, preset=0), rest)


def _unpack_all(make: Callable[[], Any], raw: bytes) -> tuple[bytes, bytes]:
    """What streams in a row hold, also of one that is cut off; and the rest."""
    pieces: list[bytes] = []
    left = MOST_BYTES
    while raw:
        unpack = make()
        try:
            piece = unpack.decompress(raw, left)
        except Exception:
            if not pieces:
                raise
            break
        if not (piece or pieces or unpack.eof):
            raise EOFError("it is cut off before anything can be read")
        pieces.append(piece)
        left -= len(piece)
        if left <= 0:
            raise CannotOpen("compressed data of more than 64 MiB")
        raw = unpack.unused_data.lstrip(b"\0")  # the padding between streams
    return b"".join(pieces), raw


def _open_zstd(raw: bytes) -> Packed | None:
    for name in ("compression.zstd", "backports.zstd"):
        with suppress(ImportError):
            zstd = import_module(name)
            content, rest = _unpack_all(zstd.ZstdDecompressor, raw)
            return _one(content, partial(zstd.compress, level=1), rest)
    with suppress(ImportError):
        other = import_module("zstandard")
        reader = other.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
        content = reader.read(MOST_BYTES)
        if len(content) == MOST_BYTES:
            raise CannotOpen("compressed data of more than 64 MiB")
        return _one(content, other.ZstdCompressor(level=1).compress)
    return None


@cache
def _brotli() -> Any:
    for name in ("brotli", "brotlicffi"):
        with suppress(ImportError):
            return import_module(name)
    return None


def _try_unmarked(raw: bytes) -> Packed | None:
    """Brotli and bare deflate have no mark: they are what gives text, read as such."""
    if not _SHORTEST_UNMARKED <= len(raw) <= _LONGEST_UNMARKED or raw.isascii():
        return None
    for opened in (_open_deflate, _open_brotli):
        try:
            packed = opened(raw)
            if packed and _reads(packed.parts[0].content):
                return packed
        except Exception:  # noqa: BLE001, S112 - brotli's error has no name of its own
            continue
    return None


def _open_deflate(raw: bytes) -> Packed | None:
    unpack = zlib.decompressobj(-15)
    content = unpack.decompress(raw, MOST_BYTES)
    if not unpack.eof or unpack.unused_data:
        return None

    def close(inner: bytes) -> bytes:
        pack = zlib.compressobj(0, wbits=-15)
        return pack.compress(inner) + pack.flush()

    return _one(content, close)


def _open_brotli(raw: bytes) -> Packed | None:
    codec = _brotli()
    if codec is None:
        return None
    return _one(codec.decompress(raw), lambda inner: codec.compress(inner, quality=1))


def _reads(content: bytes) -> bool:
    text = content.decode()
    return len(text) >= _SHORTEST_UNMARKED and all(
        char.isprintable() or char.isspace() for char in text
    )


def _open_zip(raw: bytes) -> Packed:
    parts: list[Part] = []
    left = MOST_BYTES
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        infos = archive.infolist()
        for info in infos:
            if info.flag_bits & 1:
                raise CannotOpen("a zip archive that is locked with a password")
            with archive.open(info) as opened:
                content = opened.read(left)
            left -= len(content)
            if left <= 0:
                raise CannotOpen("a zip archive of more than 64 MiB")
            parts.append(Part(content, info.filename))

    def close(changed: Sequence[Part]) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for part, info in zip(changed, infos, strict=True):
                kept = zipfile.ZipInfo(part.name, info.date_time)
                kept.external_attr = info.external_attr
                archive.writestr(kept, part.content)
        return packed.getvalue()

    return Packed(tuple(parts), close)


def _open_tar(raw: bytes) -> Packed:
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
        infos = archive.getmembers()
        files = [archive.extractfile(one) if one.isreg() else None for one in infos]
        parts = tuple(
            Part(opened.read() if opened else b"", info.name)
            for opened, info in zip(files, infos, strict=True)
        )

    def close(changed: Sequence[Part]) -> bytes:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for part, info in zip(changed, infos, strict=True):
                kept = copy(info)
                kept.name, kept.size = part.name, len(part.content)
                kept.pax_headers = {}
                archive.addfile(kept, io.BytesIO(part.content))
        return packed.getvalue()

    return Packed(parts, close)


def _shut(_: bytes) -> None:
    """What nothing here opens."""


_ERRORS = (zlib.error, OSError, EOFError, ValueError)
# These marks begin plain text as well.
_WEAK: tuple[tuple[tuple[bytes, ...], Opener], ...] = (
    ((b"x\x01", b"x\x5e", b"x\x9c", b"x\xda"), _open_zlib),
    ((b"BZh",), _open_bz2),
)
_KINDS: tuple[tuple[bytes, str, Opener], ...] = (
    (b"\x1f\x8b\x08", "gzip data", _open_gzip),
    (b"PK\x03\x04", "a zip archive", _open_zip),
    (b"\xfd7zXZ\x00", "xz data", _open_xz),
    (b"\x28\xb5\x2f\xfd", "zstd data", _open_zstd),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _shut),
    (b"Rar!\x1a\x07", "a rar archive", _shut),
)
