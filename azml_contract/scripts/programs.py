"""Find the calls of programs that a shell script starts, which are no HTTP clients.

In: a command that is no client and no function. Out: the calls of a Python program
that stands in the script; of any other that is given a URL of the provider, that
its call is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from azml_contract.scripts.calls import Request
from azml_contract.scripts.command import Command
from azml_contract.scripts.text import Holes, Source, Text

_PYTHON = re.compile(r"(?:.*/)?python[\d.]*")
_URL = re.compile(
    r"(?i)https://management\.azure\.com/[^\s\"'`]*"
    r"/microsoft\.machinelearningservices/[^\s\"'`]*"
)
_CLIENT = re.compile(r"\b(?:curl|wget)\s")
_NEVER_SEND = frozenset(
    (
        *("az", "grep", "egrep", "awk", "cut", "sort", "basename", "dirname", "test"),
        *("[", "[[", "logger", "wc", "tput", "export", "realpath", "uniq", "fold"),
        *("read", "mapfile", "readarray"),
    )
)
"""Programs that may be given a URL and do not go there, or not by HTTP alone."""
Found = tuple[str, Request, Source, int, int]
"""The program, the call, and where it is made."""


def find_calls(command: Command, holes: Holes) -> list[Found]:
    """The calls of a program, as far as its text is here; else one that is not read."""
    return list(_read_python(command, holes)) or list(_tell_unread(command, holes))


def _read_python(command: Command, holes: Holes) -> Iterator[Found]:
    text = _find_python(command)
    if text is None or not text.parts:
        return
    from azml_contract.scripts import python_calls

    source = text.as_source()
    try:
        found = list(python_calls.find_requests(source, holes))
    except SyntaxError:
        return
    for start, end, request in found:
        yield "python", request, source, start, end


def _find_python(command: Command) -> Text | None:
    """The program that Python is given by ``-c`` or as its input."""
    flats = [word.flat for word in command.words]
    if not _PYTHON.fullmatch(command.name):
        return None
    if "-c" in flats[:-1]:
        return command.words[flats.index("-c") + 1]
    is_file = any(not one.startswith("-") for one in flats[1:])
    return None if is_file else command.stdin


def _tell_unread(command: Command, holes: Holes) -> Iterator[Found]:
    given = (*command.words[1:], *([command.stdin] if command.stdin else ()))
    for text in given:
        if command.name in _NEVER_SEND and not _runs_client(command, text):
            continue
        found = _URL.search(text.flat)
        if found is not None:
            shown = holes.show(command.name)
            why = f"{shown} makes it, which is not read here"
            request = Request("GET", text.cut(*found.span()), unknown=why)
            place = (command.source, command.start, command.end)
            yield shown, request, *place
            return


def _runs_client(command: Command, text: Text) -> bool:
    """Whether `az` is given a script, as ``az vm run-command`` is."""
    return command.name == "az" and _CLIENT.search(text.flat) is not None
