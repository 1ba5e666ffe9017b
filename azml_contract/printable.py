"""What was recorded, made safe for a terminal and for the log of a CI service.

In: text that may hold anything. Out: text in which nothing acts: controls, CR and
marks of direction are written out, and no line begins as a command of GitHub or
Azure Pipelines does. Knows nothing of where the text came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
"""Characters that do something to a terminal, but the line break and the tab."""
_COLOUR = re.compile("(\x1b\\[[0-9;]*m)")
_COMMAND = re.compile(r"^([ \t]*)(?=::|##(?:vso)?\[)", re.MULTILINE)


def make_printable(text: str, *, colours: bool = False, commands: bool = False) -> str:
    """The text, with what would act written out as ``\\u001b``.

    Args:
        text: Anything.
        colours: Leave sequences that only colour: we write such ourselves.
        commands: Leave lines that begin with ``::``: they are meant.
    """
    if not commands:
        text = _COMMAND.sub(r"\1\\", text)
    if colours and "\x1b" in text:
        pieces = _COLOUR.split(text)
        pieces[::2] = [ACTING.sub(_write_out, piece) for piece in pieces[::2]]
        return "".join(pieces)
    return ACTING.sub(_write_out, text)


def _write_out(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


class PrintableStream:
    """A text stream through which only printable text goes; else it is the stream.

    `coloured` is the same for text of ours around what is clean already: on a
    terminal its colours pass. `plain` is the stream itself. `reader_is_gone` says that
    the other end of a pipe was closed.
    """

    def __init__(self, stream: TextIO, *, commands: bool = False) -> None:
        self.plain = stream
        self.coloured = _Coloured(self)
        self._commands = commands
        self._within_line = False
        self.reader_is_gone = False

    def write(self, text: str) -> int:
        """Write text; returns its length, as callers count it."""
        return self.put(text, colours=False)

    def put(self, text: str, *, colours: bool) -> int:
        """The same; `colours` says that sequences which only colour are ours."""
        if self._within_line and not self._commands:
            head, line_end, rest = text.partition("\n")
            clean = make_printable(head, colours=colours, commands=True) + line_end
            clean += make_printable(rest, colours=colours)
        else:
            clean = make_printable(text, colours=colours, commands=self._commands)
        if text:
            self._within_line = bool(text.rpartition("\n")[2].strip(" \t"))
        with self._noting():
            self.plain.write(clean)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        with self._noting():
            self.plain.flush()

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            self.reader_is_gone = True
            raise

    def writelines(self, lines: Any) -> None:
        """Write each."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)


class _Coloured:
    """A stream that lets colours pass, where it is a terminal."""

    def __init__(self, stream: PrintableStream) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.put(text, colours=self._stream.isatty())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def coloured(stream: TextIO) -> TextIO:
    """Where to write text with colours of ours, in which all else is clean."""
    return getattr(stream, "coloured", stream)


def plain(stream: TextIO) -> TextIO:
    """Where to write what moves the cursor, and holds nothing that was recorded."""
    return getattr(stream, "plain", stream)


def cut(text: str, width: int) -> str:
    """A text, its end left out where it is longer than `width`."""
    return text if len(text) <= width else f"{text[: width - 3]}..."
