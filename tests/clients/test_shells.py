"""Variables as shells and services read them that are not on every machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Parser

from azml_contract.gateway.environment import render, render_undo

ODD = {
    "PLAIN": "plain",
    "ODD": 'it\'s a "test" $HOME $(x) `x` \\ end \\',
    "LIST": "a b|c*;&",
    "LINES": "one\ntwo\n",
}
BEFORE = {"PLAIN": "before it"}


def test_fish_reads_what_was_written_and_undoes_it(tmp_path: Path) -> None:
    fish = shutil.which("fish")
    assert fish, "no fish here: make setup-clients"
    path = tmp_path / "some.fish"
    path.write_text(render(ODD, "fish"))
    show = "env -0"
    undo = render_undo(ODD, BEFORE, "fish")
    done = subprocess.run(
        [fish, "--no-config", "-c", f"source {path}; {show}; {undo}; {show}"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **BEFORE},
        capture_output=True,
        text=True,
        check=True,
    )
    shown = [one.partition("=") for one in done.stdout.split("\0") if one]
    seen = [(name, value) for name, _, value in shown if name in ODD]
    assert sorted(seen) == sorted([*ODD.items(), *BEFORE.items()])


def read_github(text: str) -> dict[str, str]:
    """A file of ``$GITHUB_ENV`` as GitHub documents it: NAME=VALUE, or NAME<<WORD."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        name, equals, value = line.partition("=")
        if "<<" in name or not equals:
            name, _, word = line.partition("<<")
            held = []
            for one in lines:
                if one == word:
                    break
                held.append(one)
            value = "\n".join(held)
        if name:
            found[name] = value
    return found


def test_github_reads_what_was_written() -> None:
    assert read_github(render(ODD, "github")) == ODD


GONE = [f"Env:{name}" for name in ODD if name not in BEFORE]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (render(ODD, "powershell"), [*ODD.values()]),
        (render_undo(ODD, BEFORE, "powershell"), [*GONE, *BEFORE.values()]),
    ],
)
def test_powershells_grammar_takes_what_was_written(text, told) -> None:
    """PowerShell itself was not tried; this is its grammar by another hand."""
    tree = Parser(Language(tree_sitter_powershell.language())).parse(text.encode())
    assert not tree.root_node.has_error
    literals: list[str] = []
    waiting = [tree.root_node]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        if node.type == "verbatim_string_characters":
            literals.append((node.text or b"").decode()[1:-1].replace("''", "'"))
    assert sorted(literals) == sorted(told)
