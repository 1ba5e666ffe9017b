"""Read the calls of any file that holds some: what stands in it is told apart.

In: the text of a file, and what kind it is. Out: a `Script`, whose calls are those
of every block, whatever language it is in; those that nobody here reads are told
as calls that were not judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from azml_contract.errors import InputError
from azml_contract.scripts.calls import Client, Request
from azml_contract.scripts.files import Files
from azml_contract.scripts.mend import join_lines
from azml_contract.scripts.reader import read_source
from azml_contract.scripts.script import Call, Script
from azml_contract.scripts.text import (
    Hole,
    Holes,
    Part,
    Source,
    Style,
    Text,
    open_source,
)

_POWERSHELL = re.compile(
    r"(?im)^[^#\n]*?(?<![\w-])(?P<name>Invoke-(?:RestMethod|WebRequest|AzRestMethod)|irm|iwr)"
    r"(?![\w-])[^\n]*"
)
_DOTNET = re.compile(
    r"(?im)^[^#\n]*?(?P<name>\.(?:get|post|put|delete|patch|send)\w*async"
    r"|\.(?:up|down)load(?:string|data)|webrequest\]::create)(?=\()[^\n]*"
)
"""What .NET sends, without a cmdlet."""
_PYTHON = re.compile(
    r"(?m)^[^#\n]*?\b(?P<name>(?:requests|httpx|session|client|s|c)\."
    r"(?:get|put|post|patch|delete|head|request))\("
)
Requests = Iterator[tuple[int, int, Request]]
Reader = Callable[[Script, Source], Requests]


def read_container(
    kind: str,
    name: str,
    text: str,
    folder: Path,
    instead: Mapping[str, str] | None = None,
) -> Script:
    """Read a file of a kind that `recognise` tells.

    Args:
        kind: ``shell``, ``workflow``, ``markdown``, ``notebook``, ``http``,
            ``python``, ``powershell`` or ``template``.
        name: What places in it are called by.
        text: Its text.
        folder: Where it stands; files that it names are looked for there.
        instead: Texts of files that it names, in place of what the disk holds.

    Raises:
        InputError: It takes more work than a script of people, or is nested deeper.
    """
    try:
        script = _read(kind, open_source(name, text), Files(folder, instead))
    except RecursionError:
        raise InputError("it is nested too deep to be read") from None
    script.kind = kind
    return script


def _read(kind: str, whole: Source, files: Files) -> Script:
    if kind == "shell":
        return read_source(whole, files)
    if kind in _READERS:
        blocks = [(kind, join_lines(whole))]
        script = read_source(Source(whole.file, ""), files)
    else:
        from azml_contract.scripts.blocks import find_blocks

        (_, joined), *blocks = find_blocks(kind, whole)
        script = read_source(joined, files)
    for language, block in blocks:
        source = join_lines(block)
        script.others.append(source)
        _add(script, source, _READERS[language](script, source), language)
    return script


def _add(script: Script, source: Source, requests: Requests, language: str) -> None:
    for start, end, request in requests:
        call = Call(len(script.calls), language, request, source, start, end)
        if request.is_turn:
            script.add_turn(call)
        else:
            script.calls.append(call)


def _read_http(script: Script, source: Source) -> Requests:
    from azml_contract.scripts import http_file

    shell = script.shell
    return http_file.find_requests(source, shell.holes, shell.files.read)


def _read_python(script: Script, source: Source) -> Requests:
    """Its calls; of what is no Python, what looks like one is counted."""
    from azml_contract.scripts import python_calls

    try:
        yield from list(python_calls.find_requests(source, script.shell.holes))
        yield from _tell_modules(script, source)
    except SyntaxError as error:
        why = f"its Python cannot be read ({error.msg})"
        for found in _PYTHON.finditer(source.text):
            token = script.shell.holes.token(Hole(found["name"]))
            start, end = found.span("name")
            part = Part(token, source, start, end, Style.BARE)
            yield start, end, Request("GET", Text((part,)), unknown=why)


def _tell_modules(script: Script, source: Source) -> Requests:
    """Modules beside a program that make calls, which are not followed from it."""
    from azml_contract.scripts import python_calls

    files = script.shell.files
    told = set()
    for start, end, names in python_calls.find_imports(source):
        texts = ((name, files.read(name)) for name in names)
        found = next(((n, t) for n, t in texts if t is not None and t.parts), None)
        if found is None or found[0] in told:
            continue
        name, text = found
        told.add(name)
        with suppress(SyntaxError):
            if next(python_calls.find_requests(text.as_source(), Holes()), None):
                token = script.shell.holes.token(Hole(name))
                part = Part(token, source, start, end, Style.BARE)
                why = f"{name} makes it, whose functions are not followed from here"
                yield start, end, Request("GET", Text((part,)), unknown=why)


def _read_template(script: Script, source: Source) -> Requests:
    from azml_contract.scripts import template

    return template.find_requests(source, script.shell.holes)


def _read_powershell(script: Script, source: Source) -> Requests:
    """Its calls; what looks like one and was not read is counted, and named."""
    from azml_contract.scripts import powershell_calls

    shell = script.shell
    client = Client(shell.files.read, shell.holes.show)
    try:
        read = list(powershell_calls.find_requests(source, shell.holes, client))
        why = "its PowerShell cannot be read"
    except InputError as error:
        read, why = [], str(error)
    others = [(found, why) for found in _POWERSHELL.finditer(source.text)]
    by_net = "it is made through .NET, which is not read here"
    others += [(found, by_net) for found in _DOTNET.finditer(source.text)]
    for found, why in others:
        start = found.start("name")
        if any(first <= start < last for first, last, _ in read):
            continue
        token = shell.holes.token(Hole(found["name"]))
        part = Part(token, source, start, found.end("name"), Style.BARE)
        read.append((start, found.end(), Request("GET", Text((part,)), unknown=why)))
    yield from sorted(read, key=lambda one: one[:2])


_READERS: dict[str, Reader] = {
    "http": _read_http,
    "python": _read_python,
    "template": _read_template,
    "powershell": _read_powershell,
}
