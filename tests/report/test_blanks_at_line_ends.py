"""What is printed at a terminal ends where its text ends."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from azml_contract.report.table import print_table, print_trimmed


def printed(what: object, *, colour: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=20, force_terminal=colour, color_system=None)
    if isinstance(what, list):
        print_table(console, "", ["2024-04-01"], what)
    else:
        print_trimmed(console, what)
    return file.getvalue()


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (Padding(Text("a b"), (0, 0, 0, 4)), "    a b\n"),
        (Text("one two three four five six"), "one two three four\nfive six\n"),
        ("\nsaid [bold]loud[/] and more of it", "\nsaid loud and more\nof it\n"),
        (Text("   "), "\n"),
    ],
)
@pytest.mark.parametrize("colour", [True, False])
def test_wrapped_and_inset_texts_end_without_blanks(what, expected, colour):
    assert printed(what, colour=colour) == expected


def test_tables_end_without_blanks():
    lines = printed([("GET jobs", {"2024-04-01": "ok"}), ("PUT", {})]).splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
    assert any(line.endswith("ok") for line in lines)
