"""What was recorded does nothing to a terminal, nor to the log of a CI service."""

from __future__ import annotations

import io

import pytest
from rich.text import Text

from azml_contract.printable import PrintableStream, coloured, make_printable
from azml_contract.report.table import make_console, print_table, print_trimmed

ACTING = ["\x1b[2J", "\x1b]0;title\x07", "\r", "\x9b31m", "\x08", "\u202e", "\u2066"]


@pytest.mark.parametrize("text", ACTING)
def test_what_acts_is_written_out(text):
    clean = make_printable(f"before {text} after\n")
    assert clean.isprintable() is False  # the line break alone
    assert clean.rstrip("\n").isprintable()
    assert f"\\u{ord(text[0]):04x}" in clean


@pytest.mark.parametrize(
    "line",
    ["::error::x", "  ::set-output name=a::b", "##vso[task.setvariable]x", "##[error]"],
)
def test_no_line_begins_as_a_command(line):
    clean = make_printable(f"first\n{line}\n")
    (_, second) = clean.splitlines()
    assert second.strip().startswith("\\")
    assert make_printable(f"{line}\n", commands=True) == f"{line}\n"


def test_ordinary_text_stays():
    text = "a: b::c\n\tgrüße 日本 -- ::\n"
    assert make_printable(text) == text


def test_a_stream_knows_where_a_line_begins():
    inner = io.StringIO()
    stream = PrintableStream(inner)
    for piece in ("see ", "::here\n", "  ", "::error::", "there\n"):
        assert stream.write(piece) == len(piece)
    assert inner.getvalue() == "see ::here\n  \\::error::there\n"
    assert stream.encoding == inner.encoding


class Terminal(io.StringIO):
    """A stream that says of itself that it is one."""

    def isatty(self):
        return True


def test_what_was_recorded_does_not_even_colour_a_terminal():
    inner = Terminal()
    PrintableStream(inner).write("\x1b[31mred\x1b[0m\n")
    assert inner.getvalue() == "\\u001b[31mred\\u001b[0m\n"


def test_of_the_escapes_that_we_write_only_colours_pass():
    inner = Terminal()
    stream = PrintableStream(inner)
    coloured(stream).write("\x1b[31mred\x1b[0m \x1b[2J\n")
    assert inner.getvalue() == "\x1b[31mred\x1b[0m \\u001b[2J\n"


def test_a_stream_and_its_coloured_side_are_one_line():
    inner = Terminal()
    stream = PrintableStream(inner)
    coloured(stream).write("see ")
    stream.write("::here\n")
    coloured(stream).write("::there\n")
    assert inner.getvalue() == "see ::here\n\\::there\n"


def test_a_carriage_return_at_the_start_is_written_out_on_a_terminal():
    inner = Terminal()
    PrintableStream(inner).write("\rover")
    assert inner.getvalue() == "\\u000dover"


def test_a_console_colours_with_its_own_styles_alone():
    inner = Terminal()
    stream = PrintableStream(inner)
    console = make_console(stream)
    print_trimmed(console, Text("a\x1b[8mb\x1b]8;;x\x07", "bold"))
    print_table(console, "", ["2024-04-01"], [("a job [bold]x\x1b[2J", {})])
    assert "a\\u001b[8mb" in inner.getvalue()
    assert "\x1b[8m" not in inner.getvalue()
    assert "\x1b]" not in inner.getvalue()
    assert "[bold]x\\u" in inner.getvalue()


def test_a_whole_command_prints_nothing_that_acts(azml_contract_in, tmp_path):
    body = '{"properties": {"\\u001b[2J\\r::error::x": 1}}'
    file = tmp_path / "body.json"
    file.write_text(body)
    out = azml_contract_in(
        "check", str(file), "--url", "jobs/j", "--api-version", "2024-04-01"
    )
    assert "\x1b" not in out
    assert "\r" not in out
    assert not any(line.lstrip().startswith("::") for line in out.splitlines())


@pytest.fixture
def azml_contract_in(monkeypatch, capsys):
    from azml_contract import cli

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["azml-contract", *arguments])
        with pytest.raises(SystemExit):
            cli.main()
        said = capsys.readouterr()
        return said.out + said.err

    return run
