"""Render a version matrix as a table that fits a terminal, coloured or piped.

In: rows of label and status texts. Out: lines of text. Knows neither
contracts nor cassettes.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TextIO

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

from azml_contract.printable import coloured, make_printable

_INSET = 11
STYLES = {
    "ok": "green",
    "warns": "yellow",
    "refused": "bold red",
    "ignored": "bold magenta",
    "gone": "red",
    "unknown": "dim",
    "-": "dim",
}
LEGEND = {
    "ok": "the call means the same",
    "warns": "accepted, but not as the specification writes it",
    "refused": "answered with 400: something is missing or of a wrong type",
    "ignored": "accepted, but a part of the body is unknown there and is dropped",
    "gone": "the operation, or a field that was read, is not there as it was",
    "unknown": "the source of that version cannot tell",
}


class PrintableConsole(Console):
    """A console to which only its own styles do anything."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The segments, each with a text that does nothing to a terminal."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                text = make_printable(segment.text, commands=True)
                yield segment._replace(text=text)


def make_console(file: TextIO | None = None) -> PrintableConsole:
    """A console over a stream; None for the standard output."""
    return PrintableConsole(file=coloured(file or sys.stdout), highlight=False)


def print_table(
    console: Console,
    title: str,
    columns: Sequence[str],
    rows: Sequence[tuple[str, Mapping[str, str]]],
) -> None:
    """Print one line for each row, one column for each api-version.

    Args:
        console: Where to; decides on colour and width.
        title: Printed above the table.
        columns: Keys of the cells, in order; also the headings.
        rows: A label, and the text of each cell by column.
    """
    table = Table(
        title=title or None,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("call", overflow="fold")
    for column in columns:
        table.add_column(column.replace("-preview", "\n-preview"), no_wrap=True)
    for label, cells in rows:
        texts = (cells.get(column, "-") for column in columns)
        table.add_row(
            Text(label), *(Text(text, STYLES.get(text, "")) for text in texts)
        )
    print_trimmed(console, table)


def print_trimmed(console: Console, what: RenderableType) -> None:
    """Print without the blanks with which rich fills lines at their ends."""
    segments: list[Segment] = []
    for line in console.render_lines(what, pad=False):
        while line and not line[-1].text.strip():
            line.pop()
        if line:
            last = line.pop()
            line.append(Segment(last.text.rstrip(), last.style))
        segments += [*line, Segment.line()]
    console.print(Segments(segments), end="")


def print_legend(console: Console, statuses: Sequence[str]) -> None:
    """Print what each of the statuses in use means."""
    for status in statuses:
        for line in wrap(LEGEND.get(status, ""), _INSET, console.width, status):
            line.stylize(STYLES.get(status, ""), 0, _INSET)
            console.print(line, soft_wrap=True)


def wrap(text: str, inset: int, width: int, first: str = "") -> Iterator[Text]:
    """The lines of a text below each other, as wide as the terminal.

    A word that is longer, such as a URL, keeps a line to itself, to be copied.

    Args:
        text: What is told.
        inset: How many blanks begin each line.
        width: Of the terminal.
        first: What stands in the blanks of the first line.
    """
    yield from map(
        Text,
        textwrap.wrap(
            text,
            max(20, width),
            initial_indent=f"  {first}".ljust(inset) if first else " " * inset,
            subsequent_indent=" " * inset,
            break_long_words=False,
            break_on_hyphens=False,
        ),
    )
