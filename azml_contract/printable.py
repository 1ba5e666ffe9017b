"""What was recorded, made safe for a terminal and for the log of a CI service.

In: text that may hold anything. Out: text in which nothing acts: controls, CR and
marks of direction are written out, and no line begins as a command of GitHub or
Azure Pipelines does. Knows nothing of where the text came from.
"""

from __future__ import annotations

import re
from typing import Any, TextIO

_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
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
        pieces[::2] = [_ACTING.sub(_write_out, piece) for piece in pieces[::2]]
        return "".join(pieces)
    return _ACTING.sub(_write_out, text)


def _write_out(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


class PrintableStream:
    """A text stream through which only printable text goes; else it is the stream."""

    def __init__(self, stream: TextIO, *, commands: bool = False) -> None:
        self._stream = stream
        self._commands = commands
        self._within_line = False

    def write(self, text: str) -> int:
        """Write text; returns its length, as callers count it."""
        terminal = self._stream.isatty()
        if terminal and text.startswith("\r"):  # a progress bar of ours
            return self._stream.write(text)
        commands = self._commands
        if self._within_line and not commands:
            head, line_end, rest = text.partition("\n")
            clean = make_printable(head, colours=terminal, commands=True) + line_end
            clean += make_printable(rest, colours=terminal)
        else:
            clean = make_printable(text, colours=terminal, commands=commands)
        if text:
            self._within_line = bool(text.rpartition("\n")[2].strip(" \t"))
        self._stream.write(clean)
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
