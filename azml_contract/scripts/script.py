"""What a script does: its calls, and what else matters to who judges it.

In: nothing; values made by those that read scripts. Out: what judging and rewriting
read. Knows no language.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from azml_contract.scripts.calls import Request
from azml_contract.scripts.command import Command
from azml_contract.scripts.mend import Mend
from azml_contract.scripts.shell import Shell
from azml_contract.scripts.text import Source
from azml_contract.scripts.uploads import Upload


@dataclass(slots=True)
class Call:
    """One call with one set of words; `site` is the same for each of them."""

    index: int
    tool: str
    request: Request
    source: Source
    start: int
    end: int
    level: int = 0
    loops: tuple[tuple[int, int], ...] = ()
    in_function: bool = False
    captured: bool = False

    @property
    def site(self) -> tuple[str, int]:
        """What tells the call from others of the script."""
        return self.source.name, self.source.origin(self.start)


@dataclass(frozen=True, slots=True)
class Read:
    """A path of the answer to a call that the script looks at, and where."""

    call: int
    steps: tuple[str, ...]
    source: Source
    start: int
    end: int
    raw: bool
    tool: str = "jq"


@dataclass(slots=True)
class Script:
    """What a script does; places are those of `source`, see `Source.origin`.

    `others` are the blocks of its file that are in other languages. `turns` are calls
    as they are where other branches are taken than the last of each choice.
    """

    source: Source
    shell: Shell
    mends: tuple[Mend, ...] = ()
    others: list[Source] = field(default_factory=list)
    turns: list[Call] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    printed: list[tuple[Source, int, str]] = field(default_factory=list)
    exits: list[tuple[Source, int, int]] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    kind: str = "shell"

    def add_turn(self, call: Call) -> None:
        """Add a call as it is where other branches are taken; none reads its answer."""
        call.index = -1 - len(self.turns)
        self.turns.append(call)

    def show(self, text: str) -> str:
        """`text` as a reader of the script would write it."""
        return self.shell.holes.show(text)
