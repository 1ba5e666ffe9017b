"""Every function and every command that writes a file has a run that is cut short.

The runs are those of `test_written_files.py`; here nothing is run.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

import pytest
from every_command import find_commands
from writings import BY_MAKE, IN_A_RUN, SITES, WRITINGS, Writing

if sys.platform == "win32":
    pytest.skip("ends programs as POSIX does", allow_module_level=True)

from cut_short import PACKAGE, WRITERS

READING = {
    *("cassette ls", "cassette show", "cassette diff", "cassette lint"),
    *("cassette permissions", "cassette prune", "contract diff", "contract list"),
    *("contract show", "contract verify", "doctor", "explain"),
    *("replay", "schema", "skill"),
}
"""Commands that write no file; `prune` deletes, `doctor --install` has npm write."""
WRITING_OPTIONS = {
    *("-o", "--output", "--in-place", "--write", "--fix", "--force", "--env-file"),
    *("--state", "--keep", "--write-baseline", "--accept", "--accept-all", "--install"),
}


def test_every_function_that_has_a_file_written_is_run() -> None:
    assert set(find_sites()) == SITES.keys()
    whys = {IN_A_RUN, BY_MAKE, SITES["cassette/reviewing.py:undo"]}
    assert set(SITES.values()) <= WRITINGS.keys() | whys


def test_every_command_is_run_or_writes_nothing() -> None:
    """Told by the parser; every option that names or allows a file, too."""
    commands = find_commands()
    run = {
        name: [one for one in WRITINGS.values() if is_of(one, name)]
        for name in commands
    }
    assert {name for name, writings in run.items() if not writings} == READING
    for name, command in commands.items():
        known = {word for one in run[name] for word in one.words}
        for option in command.params:
            if WRITING_OPTIONS & {*option.opts} and name not in READING:
                assert known & {*option.opts}, f"{name} {option.opts}"


def find_sites() -> Iterator[str]:
    """Each function of the package that calls one of those that write a file."""

    def find(node: ast.AST, module: str, function: str) -> Iterator[str]:
        for one in ast.iter_child_nodes(node):
            called = one.func if isinstance(one, ast.Call) else None
            if isinstance(called, ast.Name) and called.id in WRITERS:
                yield f"{module}:{function}"
            inner = one.name if isinstance(one, ast.FunctionDef) else function
            yield from find(one, module, inner)

    for path in PACKAGE.rglob("*.py"):
        module = path.relative_to(PACKAGE).as_posix()
        if module != "whole_file.py":
            yield from find(ast.parse(path.read_text("utf-8")), module, "<module>")


def is_of(writing: Writing, command: str) -> bool:
    words = command.split()
    return [*writing.words[: len(words)]] == words
