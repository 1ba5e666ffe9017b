"""Read a shell script again, as it runs where other branches are taken.

In: a script that was read with all its branches, and what reads it in one turn. Out:
its `turns`: calls that are others then, and those that no turn tells, each with why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from azml_contract.errors import InputError
from azml_contract.scripts.effort import Effort
from azml_contract.scripts.files import Files
from azml_contract.scripts.script import Call, Script
from azml_contract.scripts.shell import Shell
from azml_contract.scripts.turns import Seen, Turn

REFERENCE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
Read = Callable[[Files, Effort, Turn], Script]


def take_turns(script: Script, files: Files, read: Read) -> None:
    """Add the calls of other turns to a script.

    Args:
        script: As it was read with all branches.
        files: Those that it may read.
        read: Reads it in one turn.
    """
    others: dict[tuple[str, int], Call] = {}
    try:
        for call in _read_turns(script, files, read):
            others[call.site] = call
            script.add_turn(call)
        why = script.shell.turn.why_left
    except InputError:
        others = {call.site: call for call in script.calls}
        why = "its branches take more work to read than those that people write"
    for call in others.values() if why else ():
        script.add_turn(replace(call, request=replace(call.request, unknown=why)))


def _read_turns(script: Script, files: Files, read: Read) -> Iterator[Call]:
    """The calls that are others where other branches are taken.

    Raises:
        InputError: They take too much work to read.
    """
    main, effort, seen = script.shell, Effort(), Seen()
    for call in script.calls:
        seen.add(call.request, *call.site)
    for turn in main.turn.others():
        again = files.begin_again()
        other = read(again, effort, turn)
        files.opened |= again.opened
        for call in other.calls:
            is_unset = _is_unset(call, main, other.shell)
            if not is_unset and seen.add(call.request, *call.site):
                yield call


def _is_unset(call: Call, main: Shell, shell: Shell) -> bool:
    """Whether a call hangs on a variable, or file, that no branch of this turn sets."""
    request = call.request
    gone = main.files.written.keys() - shell.files.written.keys()
    if any(name in request.unknown for name in gone):
        return True
    for hole in shell.holes.find(request.said):
        found = REFERENCE.fullmatch(hole.shown)
        name = (found[1] or found[2]) if found is not None else ""
        if name in main.assigned and name not in shell.assigned:
            return True
    return False
