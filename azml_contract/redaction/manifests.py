"""Take out of manifests of Kubernetes what their secrets hold.

In: a text with YAML in it, or with JSON in lines. Out: the text without the values
under `data` and `stringData` of what says `kind: Secret` beside them. All of them are
values, whatever their names; all else stays as it is: comments, quotes, tags, and what
a template writes. Reading it takes time linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from azml_contract.redaction.secret_words import is_reference

_KIND = re.compile(
    r"(?m)^[ \t-]*([\"']?)kind\1:[ \t]*([\"']?)Secret\2[ \t]*,?(?:[ \t]#[^\n]*)?\r?$"
)
_DATA = re.compile(
    r"([\"']?)(?:data|stringData)\1:[\0 \t]*(?:&\w+[ \t]*)?(?:#.*|(?P<flow>\{).*)?\r?$"
)
# What Helm fills in: it may stand in many lines, and in front of any column.
_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}")
_FILLED, _NOTHING = re.compile(r"[^\n]"), " \t\r\0"
_MARKS = re.compile(r"[ \t]*(?:-[ \t]+)*")
_NAME = r"(?:[\w.\0-]+|\"[^\"\n]*\"|'[^'\n]*')"
_DATUM = re.compile(
    rf"[ \t]*{_NAME}:(?:$|[ \t]+)(?:(?:![\w!/.:-]*|&\w+)[ \t]+(?=[^\s#]))*+"
)
_BLOCK = re.compile(r"[|>][-+\d]{0,3}[ \t]*(?:#.*)?$")
_PLAIN = re.compile(r"[^\s#](?:[^#]|(?<![ \t])#)*")
# Up to the quote that closes it, if one does.
_QUOTED = {
    '"': re.compile(r"(?P<held>(?:[^\"\\]|\\.)*+)(?P<end>\"?)"),
    "'": re.compile(r"(?P<held>(?:[^']|'')*+)(?P<end>'?)"),
}
_IN_FLOW = re.compile(
    rf"(?:^|[{{,])[ \t]*{_NAME}[ \t]*:[ \t]*"
    r"(?:(?P<quote>[\"'])(?P<held>(?:(?!(?P=quote))[^\\]|\\.)*+)(?P=quote)"
    r"|(?P<bare>[^\s\"',{}#][^,{}#\n\r]*))"
)

Redact = Callable[[str], str]


@dataclass(slots=True)
class _Mapping:
    """A mapping by the column of its names, and where data in it begins and ends."""

    column: int
    is_secret: bool = False
    data: list[tuple[int, int]] = field(default_factory=list)


def redact_manifests(text: str, redact: Redact) -> str:
    """The text without what the secrets of Kubernetes in it hold.

    Args:
        text: Of any kind.
        redact: What is written for a value.
    """
    if _KIND.search(text) is None:
        return text
    shape = _TEMPLATE.sub(lambda found: _FILLED.sub("\0", found[0]), text).split("\n")
    lines, done = text.split("\n"), 0
    for first, behind in sorted(_find_data(shape)):
        if first < done:  # within a value
            continue
        done = behind
        flow = _data_at(shape[first])
        if flow is not None and flow["flow"]:
            for number in range(first, behind):
                at = flow.start("flow") if number == first else 0
                lines[number] = _redact_flow(lines[number], at, redact)
        else:
            _redact_values(lines, shape, first + 1, behind, redact)
    return "\n".join(lines)


def _find_data(shape: list[str]) -> Iterator[tuple[int, int]]:
    """The lines of the data of each secret: that of its name, and the one behind it."""
    around: list[_Mapping] = []
    begun: list[tuple[_Mapping, int]] = []
    for number, line in enumerate([*shape, "---"]):
        text = line.strip(_NOTHING)
        if not text or text[0] == "#":
            continue
        outer = len(line) - len(line.lstrip(" \t"))
        if text.startswith("---"):
            outer -= 1
        marks = _MARKS.match(line)
        assert marks is not None  # it may be empty
        inner = marks.end()
        while begun and outer <= begun[-1][0].column:
            mapping, first = begun.pop()
            mapping.data.append((first, number))
        while around and around[-1].column > outer:
            mapping = around.pop()
            if mapping.is_secret:
                yield from mapping.data
        if not around or around[-1].column != inner:
            around.append(_Mapping(inner))
        if _KIND.match(line):
            around[-1].is_secret = True
        elif _data_at(line):
            begun.append((around[-1], number))


def _data_at(line: str) -> re.Match[str] | None:
    marks = _MARKS.match(line)
    return _DATA.match(line, marks.end() if marks else 0)


def _redact_values(
    lines: list[str], shape: list[str], first: int, behind: int, redact: Redact
) -> None:
    """Replace the values in lines, and what of them stands in the lines that follow."""
    inner, held = 0, ""  # the column of the names; what a value goes on as
    for number in range(first, behind):
        line, form = lines[number].rstrip(), shape[number].rstrip()
        column = len(line) - len(line.lstrip())
        rest = lines[number][len(line) :]
        if column == len(line):
            continue
        if held in _QUOTED:
            line, held = _redact_quoted(line, column, held, redact)
        elif held == "|" and column > inner:
            line = _put(line, column, len(line), redact)
        elif not form.strip(_NOTHING):
            continue
        elif column <= (inner or column) and (name := _DATUM.match(form)):
            inner = inner or column
            line, held = _redact_datum(line, name.end(), redact)
        else:
            line = _redact_plain(line, column, redact)
        lines[number] = line + rest


def _redact_datum(line: str, at: int, redact: Redact) -> tuple[str, str]:
    """A line without the value in it, and what this goes on as."""
    sign = line[at : at + 1]
    if sign in _QUOTED:
        return _redact_quoted(line, at + 1, sign, redact)
    if _BLOCK.match(line, at):
        return line, "|"
    return line if sign == "*" else _redact_plain(line, at, redact), ""


def _redact_quoted(line: str, at: int, sign: str, redact: Redact) -> tuple[str, str]:
    found = _QUOTED[sign].match(line, at)
    assert found is not None  # it may be empty
    return _put(line, at, found.end("held"), redact), "" if found["end"] else sign


def _redact_plain(line: str, at: int, redact: Redact) -> str:
    found = _PLAIN.match(line, at)
    end = at + len(found[0].rstrip()) if found else at
    return _put(line, at, end, redact)


def _redact_flow(line: str, at: int, redact: Redact) -> str:
    pieces, done = [line[:at]], at
    for found in _IN_FLOW.finditer(line[at:]):
        group = "bare" if found["quote"] is None else "held"
        value = found[group].rstrip()
        start = at + found.start(group)
        if not is_reference(value):
            pieces += [line[done:start], redact(value)]
            done = start + len(value)
    return "".join([*pieces, line[done:]])


def _put(line: str, at: int, end: int, redact: Redact) -> str:
    value = line[at:end]
    return line if is_reference(value) else f"{line[:at]}{redact(value)}{line[end:]}"
