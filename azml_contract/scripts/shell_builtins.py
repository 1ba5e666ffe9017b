"""The commands that a shell runs itself, as far as calls hang on them.

In: a command, and the shell that meets it. Out: what it changes in that shell. What
such a command writes is for the shell's listener to say, but for those that run a text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from azml_contract.scripts.calls import NOT_RUN
from azml_contract.scripts.command import Command, find_inner
from azml_contract.scripts.files import Files
from azml_contract.scripts.text import Hole, Text, join
from azml_contract.scripts.words import Value, Variables, Words

DECLARES = frozenset(("export", "local", "readonly", "declare", "typeset"))
SHELLS = re.compile(r"(?:.*/)?(?:bash|sh|zsh|dash)")
_RUNS = frozenset(
    ("time", "nohup", "command", "exec", "nice", "env", "sudo", "timeout", "setsid")
)
"""Programs that run the command which stands behind them."""
_RUN_TEXTS = frozenset(("ssh", "parallel", "watch", "su", "runuser"))
"""Programs that run a text which is one of their words."""
_REPLACES = re.compile(r" (?:-[a-zA-Z0-9]*I ?|-i|--replace=?)(?P<mark>[^\s-]\S*)?")
_OF_RUN = re.compile(r"-.*|[\d.]+[smhd]?|[A-Za-z_]\w*=.*", re.DOTALL)
_CALLS = re.compile(r"(?:^|[\s;|&])(?:curl|wget|az\s+rest)\s")
_NAME = re.compile(r"[A-Za-z_]\w*")


class Runs(Protocol):
    """What a builtin needs of a shell."""

    known: Variables
    words: Words
    files: Files
    options: set[str]

    def assign(self, name: str, value: Value, place: int) -> None:
        """Remember what a variable holds."""

    def run_text(self, text: Text) -> Text | None:
        """Follow a script that stands in a text."""


def find_run(command: Command) -> int:
    """Which word names what a command such as ``timeout 30`` runs; 0 for its own."""
    at = 0
    while at < len(command.words) - 1 and command.words[at].flat in _RUNS:
        at += 1
        while at < len(command.words) - 1 and _OF_RUN.fullmatch(command.words[at].flat):
            at += 1
    return at


class Inner(NamedTuple):
    """A text that is run as a script.

    `words` are its arguments, None for those of its caller; `is_all` is false where
    the program that runs it may add some.
    """

    text: Text
    words: Sequence[Text] | None = None
    is_all: bool = True


def find_script(command: Command) -> Inner | None:
    """The text that a command runs as a script in its own place; None for others."""
    words = command.words
    if command.name == "eval" and len(words) > 1:
        return Inner(join(words[1:], " "))
    if command.name in _RUN_TEXTS:
        text = next((w for w in words[1:] if _CALLS.search(w.flat)), None)
        return Inner(text) if text is not None else None
    if command.name in NOT_RUN:
        return None
    for at in range(len(words) - 2):
        named, option = words[at].flat, words[at + 1].flat
        if SHELLS.fullmatch(named) and re.fullmatch(r"-[a-z]*c", option):
            return Inner(words[at + 2], words[at + 4 :], is_all=at == 0)
    text = find_inner(command) if SHELLS.fullmatch(command.name) else None
    return Inner(text) if text is not None else None


def find_blank(command: Command) -> str:
    """What a command puts its items in for, such as ``{}``; "" where it does not."""
    if command.name in ("find", "parallel"):
        return "{}"
    if command.name != "xargs":
        return ""
    line = " ".join(word.flat for word in command.words)
    found = _REPLACES.search(line)
    return (found["mark"] or "{}") if found is not None else ""


def find_script_file(command: Command) -> int:
    """Which word of a command names a script that it runs; -1 for none."""
    flats = [word.flat for word in command.words]
    if not flats:
        return -1
    if flats[0].endswith((".sh", ".bash")):
        return 0
    if not SHELLS.fullmatch(flats[0]):
        return -1
    named = (n for n, one in enumerate(flats) if n and not one.startswith(("-", "+")))
    return next(named, -1)


def run_builtin(shell: Runs, command: Command) -> None:
    """Do what a builtin does to the shell; nothing for any other command."""
    name = command.name
    if name == "shift":
        _shift(shell, command)
    elif name in ("source", ".") and len(command.words) > 1:
        found = shell.files.read(command.words[1].flat)
        if found is not None:
            shell.run_text(found)
        else:
            shell.files.miss(command.words[1])
    elif name == "read":
        _read_variable(shell, command)
    elif name == "set":
        flats = [word.flat for word in command.words]
        if "--" in flats:
            shell.known.bind(command.words[flats.index("--") + 1 :])
        shell.options.update(word.flat for word in command.words[1:])


def _shift(shell: Runs, command: Command) -> None:
    words = shell.known.values.get("@")
    by = command.words[1].flat if len(command.words) > 1 else "1"
    if isinstance(words, tuple) and by.isdecimal() and int(by) <= len(words):
        shell.known.bind(words[int(by) :])
    elif not by.isdecimal():
        shell.known.bind(None)  # by how many, only running would tell


def _read_variable(shell: Runs, command: Command) -> None:
    """`read`: whole documents with ``-d ''``, else what is not known."""
    flats = [word.flat for word in command.words[1:]]
    whole = any(one.startswith("-") and "d" in one for one in flats)
    names = [one for one in flats if _NAME.fullmatch(one)]
    for name in names[-1:] if whole else names:
        if whole and command.stdin is not None:
            shell.assign(name, command.stdin.strip_end(), command.start)
        else:
            hole = Hole(f"${name}")
            text = shell.words.hole(command.source, command.start, command.end, hole)
            shell.assign(name, text, command.start)
