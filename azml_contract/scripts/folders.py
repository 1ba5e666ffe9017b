"""Follow the folders that a script goes to and asks for: its own above all.

In: the commands `cd`, `pwd`, `dirname` and their like. Out: what they write: a hole for
a folder that only a run would tell, which `Holes.place` finds files below.
"""

from __future__ import annotations

import re

from azml_contract.scripts.command import Command
from azml_contract.scripts.shell import Shell
from azml_contract.scripts.text import EMPTY, Hole, Text

_OWN_NAME = re.compile(r"\$(?:0|\{0\}|BASH_SOURCE|\{BASH_SOURCE(?:\[0\])?\})")


class Folders:
    """Where one script is; `writers` are its commands by name."""

    def __init__(self) -> None:
        self._folder: Text | None = None
        self.writers = {
            "cd": self._cd,
            "pwd": self._pwd,
            "dirname": self._dirname,
            "realpath": self._name,
            "readlink": self._name,
        }

    def _cd(self, shell: Shell, command: Command) -> Text:
        self._folder = command.words[-1]
        return EMPTY

    def _pwd(self, shell: Shell, command: Command) -> Text | None:
        """The folder that ``cd`` went to; that the script is run in, without one."""
        folder = self._folder
        if command.captured and folder is not None:
            self._folder = None  # it went there in a shell of its own
        if folder is None:
            return self._make_folder(shell, command)
        return folder if shell.holes.place(folder.flat)[:1] == "." else None

    def _dirname(self, shell: Shell, command: Command) -> Text | None:
        """The folder of the script, where it is asked for its own."""
        shown = shell.holes.show(command.words[-1].flat)
        is_own = _OWN_NAME.fullmatch(shown) is not None
        return self._make_folder(shell, command) if is_own else None

    def _name(self, shell: Shell, command: Command) -> Text | None:
        name = command.words[-1]
        is_option = name.flat.startswith("-")
        return name if len(command.words) > 1 and not is_option else None

    def _make_folder(self, shell: Shell, command: Command) -> Text:
        shown = command.source.text[command.start : command.end]
        hole = Hole(f"$({shown})", is_folder=True)
        return shell.words.hole(command.source, command.start, command.end, hole)
