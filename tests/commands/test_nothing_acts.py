"""What was recorded never acts: on a terminal, or in the log of a CI service.

Texts that act are put into every place of documents of every kind, and every command
that prints is run on them, as a terminal sees it and as a log does.
"""

from __future__ import annotations

import io
import json
import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from itertools import islice
from operator import getitem
from pathlib import Path

import pytest
import yaml
from bad_input import BASES, CASSETTE, list_places, spoil, write
from soak import sized

from azml_contract import cli
from azml_contract.printable import ACTING
from azml_contract.settings import VARIABLES

MARK = "ACTS"
TEXTS = [
    f"\x1b[31m{MARK}",
    f"\x1b[2J\x1b[H{MARK}",
    f"\x1b]8;;https://x.example\x07{MARK}\x1b]8;;\x07",
    f"\r{MARK}",
    f"\x9b31m{MARK}",
    f"\u202e{MARK}\u2066",
    f"\n::error file=a,line=1::{MARK}",
    f"\r\n  ##vso[task.setvariable variable=a]{MARK}",
    f"\x0b::warning::{MARK}\x85::set-output name=a::b",
    f"\u2028##[error]{MARK}",
    f"[bold]{MARK}[/nothing]",
    f"\b\b\b{MARK}\x7f\x00",
]
AT = ("--to", "2026-05-01")
SENT = ("--url", "jobs/j", "--api-version", "2024-04-01")
COMMANDS: dict[str, tuple[str, ...]] = {
    "check": ("check", "BAD"),
    "check a body": ("check", "BAD", *SENT),
    "check --diff": ("check", "BAD", *SENT, "--diff"),
    "check in JSON": ("check", "BAD", "--format", "json"),
    "check in SARIF": ("check", "BAD", "--format", "sarif"),
    "check in JUnit": ("check", "BAD", "--format", "junit"),
    "check in Markdown": ("check", "BAD", "--format", "markdown"),
    "regress": ("regress", "BAD", "--jobs", "1"),
    "regress by cause": ("regress", "BAD", "--jobs", "1", "--by", "cause"),
    "regress in JSON": ("regress", "BAD", *AT, "--jobs", "1", "--format", "json2"),
    "regress in Markdown": ("regress", "BAD", *AT, "--format", "markdown"),
    "upgrade": ("upgrade", "BAD", *AT),
    "upgrade to a body": ("upgrade", "BAD", *AT, "--format", "body"),
    "generate": ("generate", "BAD", "--to", "scenarios", "--force"),
    "lint": ("cassette", "lint", "BAD"),
    "ls": ("cassette", "ls", "BAD"),
    "show": ("cassette", "show", "BAD"),
    "show bodies": ("cassette", "show", "BAD", "--body"),
    "show one": ("cassette", "show", "BAD", "--interaction", "0"),
    "diff": ("cassette", "diff", "BAD", "good.json"),
    "scrub": ("cassette", "scrub", "BAD", "-o", "clean"),
    "import": ("cassette", "import", "BAD", "--to", "new.json", "--force"),
    "export": ("cassette", "export", "BAD", "--format", "har", "-o", "new.har"),
    "explain": ("explain", "NAME"),
    "contract show": ("contract", "show", "NAME"),
    "a file of that name": ("check", "NAME"),
}
OF_CASSETTES = {"show", "show bodies", "show one", "export", "ls"}
"""What reads nothing else."""
SILENT = {"import", "export", "scrub", "check --diff"}
"""What need not print anything of a recording."""
LINE_STARTS = re.compile(r"^\s*(?:::|##\[|##vso\[)", re.MULTILINE)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Screen(io.StringIO):
    """What is printed; a terminal, if it says so."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def spoilt(
    draw: random.Random, names: Sequence[str] = tuple(sorted(BASES))
) -> Iterator[tuple[str, str]]:
    """Documents in which some texts act: the name of a file, and its content."""
    while True:
        name = draw.choice(names)
        document = BASES[name]
        for place in list_places(document):
            value = reduce(getitem, place, document)
            text = draw.choice(TEXTS)
            if isinstance(value, str) and draw.random() < 0.4:
                cut = draw.randrange(len(value) + 1)
                document = spoil(document, place, value[:cut] + text + value[cut:])
            elif isinstance(value, dict) and draw.random() < 0.2:
                document = spoil(document, place, {**value, text: text})
        yield name, write(name, document).decode("utf-8", "surrogatepass")


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[str, str]]:
    """Run the command line; what it printed, to both streams."""
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def main(*words: str, terminal: bool) -> tuple[str, str]:
        out, err = Screen(terminal=terminal), Screen(terminal=terminal)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["azml-contract", *words])
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            with pytest.raises(SystemExit):
                cli.main()
        return out.getvalue(), err.getvalue()

    return main


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_acts_whatever_command_prints_it(
    run: Callable[..., tuple[str, str]], tmp_path: Path, command: str
) -> None:
    (tmp_path / "good.json").write_bytes(write("good.json", CASSETTE))
    draw = random.Random(command)
    names = ["cassette.json"] if command in OF_CASSETTES else sorted(BASES)
    shown = 0
    for name, content in islice(spoilt(draw, names), sized(12, 400)):
        (tmp_path / name).write_text(content, "utf-8")
        odd = draw.choice(TEXTS).replace("\0", "").replace("/", "")
        words = [
            {"BAD": name, "NAME": odd}.get(word, word) for word in COMMANDS[command]
        ]
        for terminal in (True, False):
            for printed in run(*words, terminal=terminal):
                text = COLOURS.sub("", printed) if terminal else printed
                assert not ACTING.search(text), (words, ascii(text))
                assert not LINE_STARTS.search(text), (words, text)
                assert f"\x1b[31m{MARK}" not in printed
                assert "\x1b[8m" not in printed
                shown += MARK in printed
    assert shown or command in SILENT, "it never printed what was recorded"


def test_annotations_for_github_are_ours_alone(
    run: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    for command in ("check", "regress"):
        for name, content in islice(spoilt(random.Random(command)), 20):
            (tmp_path / name).write_text(content, "utf-8")
            out, _ = run(command, name, "--format", "github", terminal=False)
            for line in out.splitlines():
                assert re.match(r"::(?:error|warning|notice) .*::", line), line
                assert "\x1b" not in line


def test_a_folder_called_github_gives_no_command_away(
    run: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    (tmp_path / "github").mkdir()
    body = {"properties": {"a\n::error::x": 1}}
    (tmp_path / "github" / "b.yaml").write_text(yaml.safe_dump(body))
    (tmp_path / "b.json").write_text(json.dumps(body))
    for words in (("check", "github", "b.json", *SENT), ("cassette", "lint", "github")):
        for printed in run(*words, terminal=False):
            assert not LINE_STARTS.search(printed)
