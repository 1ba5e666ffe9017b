"""Read the requests of an editor's `.http` file.

In: the text of one, or of a block of Markdown. Out: its requests, with bodies of
the file or of files that it names. ``{{name}}`` is what ``@name = value`` sets, or
a hole.

Source: REST Client of VS Code; HTTP Request in Editor, JetBrains.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from azml_contract.scripts.calls import Request
from azml_contract.scripts.text import Hole, Holes, Part, Source, Style, Text, join

_REQUEST = re.compile(
    r"^(?:(?P<method>GET|PUT|POST|PATCH|DELETE|HEAD)[ \t]+"
    r"|(?P<lower>get|put|post|patch|delete|head)[ \t]+(?=https?://|\{\{|/)"
    r"|(?=https?://))"
    r"(?P<url>\S+(?:[ \t]+\S+)*?)(?:[ \t]+HTTP/[\d.]+)?[ \t]*$",
    re.MULTILINE,
)
"""A verb may be in any case; without one it is a GET."""
_VARIABLE = re.compile(
    r"^@(?P<name>[\w-]+)[ \t]*=[ \t]*(?P<value>[^\n]*?)[ \t]*$", re.M
)
_SLOT = re.compile(r"\{\{\s*(?P<name>[$\w.%-]+)[^}]*\}\}")
_QUERY = re.compile(r"\n[ \t]*(?P<more>[?&][^\s]+)")
_BLANK = re.compile(r"\n[ \t]*\n")
_NAMED = re.compile(r"\s*<[@ \t]+(?P<file>[^\n]+)")
_END = re.compile(r"^(?:###|<?>>?!?[ \t]+\S)", re.MULTILINE)
"""The next request, or what becomes of the answer: a handler, or a file."""
ReadFile = Callable[[str], Text | None]


def find_requests(
    source: Source, holes: Holes, read_file: ReadFile
) -> Iterator[tuple[int, int, Request]]:
    """Every request of a file: where it begins and ends, and what it is."""
    text = source.text
    variables: dict[str, Text] = {}
    for found in _VARIABLE.finditer(text):
        start, end = found.span("value")
        variables[found["name"]] = _read(source, start, end, variables, holes)
    starts = [one for one in _REQUEST.finditer(text) if _begins(text, one)]
    for index, found in enumerate(starts):
        limit = starts[index + 1].start() if index + 1 < len(starts) else len(text)
        mark = _END.search(text, found.end(), limit)
        end = mark.start() if mark else limit
        url = _read(source, *found.span("url"), variables, holes)
        at = found.end()
        while more := _QUERY.match(text, at, end):
            url = join([url, _read(source, *more.span("more"), variables, holes)])
            at = more.end()
        method = found["method"] or found["lower"] or "GET"
        request = Request(method.upper(), url)
        blank = _BLANK.search(text, at, end)
        if blank is not None and text[blank.end() : end].strip():
            _give_body(request, source, blank.end(), end, variables, holes, read_file)
        yield found.start(), end, request


def _begins(text: str, found: re.Match[str]) -> bool:
    """Whether a line begins a request: a URL alone does so where one is expected."""
    if found["method"] or found["lower"]:
        return True
    mark = text.rfind("\n###", 0, found.start())
    lines = text[mark + 1 : found.start()].splitlines()
    return all(not one.strip() or one.startswith(("#", "//", "@")) for one in lines)


def _give_body(
    request: Request,
    source: Source,
    start: int,
    end: int,
    variables: dict[str, Text],
    holes: Holes,
    read_file: ReadFile,
) -> None:
    named = _NAMED.match(source.text, start, end)
    if named is None:
        stop = start + len(source.text[start:end].rstrip())
        request.body = _read(source, start, stop, variables, holes)
        return
    name = named["file"].strip()
    request.body = read_file(name)
    if request.body is None:
        request.unknown = f"its body is the file {name}, and there is none"


def _read(
    source: Source, start: int, end: int, variables: dict[str, Text], holes: Holes
) -> Text:
    """A range of the file, its slots filled."""
    parts: list[Part] = []
    at = start
    for found in _SLOT.finditer(source.text, start, end):
        parts += _plain(source, at, found.start())
        known = variables.get(found["name"])
        text = known.flat if known is not None else holes.token(Hole(found[0]))
        spot = (source, found.start(), found.end(), Style.VERBATIM)
        parts.append(Part(text, *spot, inner=known))
        at = found.end()
    parts += _plain(source, at, end)
    return Text(tuple(parts))


def _plain(source: Source, start: int, end: int) -> list[Part]:
    if start >= end:
        return []
    return [Part(source.text[start:end], source, start, end, Style.VERBATIM)]
