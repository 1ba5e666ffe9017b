"""Undo what a body was compressed with, by whichever library is installed.

In: the value of a ``Content-Encoding`` header, and bytes. Out: the bytes before, or
that they cannot be opened here. Knows no HTTP beyond the names of its codings.
"""

from __future__ import annotations

import gzip
import importlib
import zlib
from collections.abc import Callable
from typing import Any

_LIBRARIES = {
    "br": ("brotli", "brotlicffi"),
    "zstd": ("compression.zstd", "backports.zstd", "zstandard"),
}
"""What opens a coding besides the standard library; the first that is here does."""


class CannotOpen(ValueError):
    """Nothing that is installed opens this, or it is broken."""


def open_body(coding: str, raw: bytes) -> bytes:
    """The body as it was before it was compressed.

    Args:
        coding: As the header says; several are undone from the last.
        raw: What came.

    Raises:
        CannotOpen: It is broken, or what opens it is not installed.
    """
    for one in reversed([name.strip().lower() for name in coding.split(",")]):
        opener = _OPENERS.get(one)
        if opener is None:
            raise CannotOpen(f"nobody knows the coding {one!r}")
        try:
            raw = opener(raw)
        except CannotOpen:
            raise
        except Exception as error:  # each library has errors of its own
            raise CannotOpen(f"it is no {one}: {error}") from error
    return raw


def _inflate(raw: bytes) -> bytes:
    return zlib.decompress(raw, zlib.MAX_WBITS if raw[0] & 15 == 8 else -15)


def _by_library(coding: str) -> Callable[[bytes], bytes]:
    def opener(raw: bytes) -> bytes:
        for name in _LIBRARIES[coding]:
            try:
                library: Any = importlib.import_module(name)
            except ImportError:
                continue
            if name == "zstandard":  # a frame need not say how long it is
                with library.ZstdDecompressor().stream_reader(
                    raw, read_across_frames=True
                ) as reader:
                    return bytes(reader.read())
            return bytes(library.decompress(raw))
        raise CannotOpen(
            f"{coding} needs one of {', '.join(_LIBRARIES[coding])}: install it"
        )

    return opener


_OPENERS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda raw: raw,
    "identity": lambda raw: raw,
    "gzip": gzip.decompress,
    "x-gzip": gzip.decompress,
    "deflate": _inflate,
    "br": _by_library("br"),
    "zstd": _by_library("zstd"),
}
