"""One call of each command that there is, and the files that they are about.

Add a command, and `tests/commands/test_edges.py` asks for its row.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from azml_contract.cli import cli

ROOT = Path(__file__).parents[2]
STORY = ROOT / "cassettes" / "train_and_sweep" / "asset_to_sweep"


@dataclass(frozen=True)
class Call:
    """One call: its words, and its exit code where it has what it needs.

    `writes` is for what cannot do its work without writing; `stays` for what runs
    until it is interrupted. Words such as ``FIRST`` stand for files.
    """

    words: str
    code: int = 0
    writes: bool = False
    stays: bool = False


CALLS = {
    "cassette diff": Call("FIRST MODERN", code=1),
    "cassette export": Call("FIRST --format har -o new.har", writes=True),
    "cassette import": Call("HAR --to new/2024-04-01.json", writes=True),
    "cassette lint": Call("FIRST"),
    "cassette ls": Call("FOLDER"),
    "cassette permissions": Call("FIRST"),
    "cassette prune": Call("--scenarios SCENARIOS --cassettes CASSETTES"),
    "cassette review": Call("CASSETTES --list"),
    "cassette scrub": Call("FIRST -o new.json", writes=True),
    "cassette show": Call("FIRST"),
    "check": Call("FIRST MODERN"),
    "contract diff": Call("2021-03-01-preview 2024-04-01"),
    "contract import": Call("--specs nowhere --to new", code=2),
    "contract list": Call(""),
    "contract schema": Call("Jobs_CreateOrUpdate --api-version 2024-04-01"),
    "contract show": Call("CommandJob --api-version 2024-04-01"),
    "contract verify": Call(""),
    "demo": Call("--scenarios nowhere", code=2),
    "doctor": Call(""),
    "emulator": Call("--azurite none", stays=True),
    "explain": Call("AZC103"),
    "generate": Call("MODERN --to new", writes=True),
    "init": Call("new", writes=True),
    "record": Call("--azurite none -- PYTHON -c pass", code=1),
    "regress": Call("FIRST --to 2022-05-01", code=1),
    "replay": Call("MODERN -- PYTHON -c pass", code=1),
    "schema": Call("cassette"),
    "serve": Call("MODERN", stays=True),
    "skill": Call(""),
    "upgrade": Call("BODY --from 2021-03-01-preview --to 2022-05-01"),
}


def find_commands(
    group: click.Group = cli, above: str = ""
) -> dict[str, click.Command]:
    """Every command that does something, by the words that call it."""
    found: dict[str, click.Command] = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        one = group.get_command(context, name)
        assert one is not None
        words = f"{above} {name}".strip()
        inner = isinstance(one, click.Group)
        found |= find_commands(one, words) if inner else {words: one}
    return found


def words_of(name: str, inputs: Mapping[str, str]) -> list[str]:
    """A command and its arguments, with the files that they stand for."""
    words = CALLS[name].words.split()
    return [*name.split(), *(inputs.get(word, word) for word in words)]


def make_inputs(folder: Path, program: Sequence[str]) -> dict[str, str]:
    """What the words of the table stand for, made below a folder.

    Args:
        folder: Is made.
        program: The command line, such as ``["azml-contract"]``.
    """
    shutil.copytree(STORY, folder / "train" / "story")
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    first = folder / "train" / "story" / "2021-03-01-preview.json"
    har = folder / "trace.har"
    subprocess.run(
        [*program, "cassette", "export", str(first), "--format", "har", "-o", str(har)],
        check=True,
    )
    return {
        "FIRST": str(first),
        "MODERN": str(first.with_name("2022-05-01.json")),
        "FOLDER": str(folder),
        "HAR": str(har),
        "BODY": str(
            folder / "scenarios/bodies/2021-03-01-preview/documented/data.json"
        ),
        "SCENARIOS": str(folder / "scenarios"),
        "CASSETTES": str(folder / "train"),
        "PYTHON": sys.executable,
    }
