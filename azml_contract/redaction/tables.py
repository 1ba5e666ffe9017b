"""Take secrets out of tables in text whose first row names them.

In: text in which lines of cells stand: parted by commas, semicolons, tabs or bars, as
CSV has them, or below a line that rules off the names, as in Markdown and in what
commands print. Out: the text without what stands in columns whose name says secret. A
table of CSV ends with the first line that has another number of cells, a ruled one
with a blank line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from azml_contract.redaction.secret_words import (
    is_listed_secret,
    is_secret_name,
    is_word,
)

_QUOTED = r"\"[^\"\r\n]{0,80}\"|'[^'\r\n]{0,80}'"
_ONE_WORD = rf"(?:{_QUOTED}|[A-Za-z_][\w.-]{{0,80}}+)?"
_NAME = rf"(?:{_QUOTED}|[A-Za-z_][\w.-]{{0,80}}+(?: [\w.()#/-]{{1,40}}+){{0,4}}+)?"
# A blank behind each comma is that of a sentence too, unless all names are one word.
_SPACED = rf"{_ONE_WORD}(?P<spaced>[,;|]) {_ONE_WORD}(?:(?P=spaced) {_ONE_WORD})*+"
_CLOSE = rf"{_NAME}(?P<close>[,;|\t]){_NAME}(?:(?P=close){_NAME})*+"
_HEADER = re.compile(rf"(?m)^\ufeff?(?:{_SPACED}|{_CLOSE})\r?$")
_CELLS = {
    sign: re.compile(rf" *\"(?:[^\"]|\"\")*+\"|[^{sign}\"\r\n][^{sign}\r\n]*|")
    for sign in ",;|\t"
}
# Of signs alone; those of boxes, too, which stand there one beside another.
_RULE = re.compile(r"(?m)^(?=[ \t|+:]*[-=\u2500-\u257f])[ \t|+:=\u2500-\u257f-]++\r?$")
_BARS = r"|\u2502\u2503\u2506\u2551"
_PARTED, _BARRED = re.compile(rf"[{_BARS}]"), re.compile(rf"[{_BARS}+\u2500-\u257f]")
_CELL = re.compile(rf"((?:[^{_BARS}\\]|\\.)*+)(?:[{_BARS}]|$)")
_RUN = re.compile(r"-{2,}|={2,}")
_AROUND = " \t\r\"'`*\ufeff"
# What tests say of themselves, in tables as elsewhere.
_OTHER = frozenset({"pass", "auth"})

Redact = Callable[[str], str]


def redact_tables(text: str, redact: Redact) -> str:
    """The text without what stands below a name that says secret.

    Args:
        text: Of any kind.
        redact: What is written for a value.
    """
    return _redact_ruled(_redact_parted(text, redact), redact)


def _redact_parted(text: str, redact: Redact) -> str:
    pieces: list[str] = []
    done = at = 0
    while head := _HEADER.search(text, at):
        at = head.end()
        sign = head["spaced"] or head["close"]
        names = [_name(one) for one in head[0].split(sign)]
        wanted = [place for place, name in enumerate(names) if names_column(name)]
        for cells in _rows(text, at + 1, sign, len(names)) if wanted else ():
            for place in wanted:
                start, value = cells[place]
                if is_listed_secret(names[place], value):
                    pieces += [text[done:start], redact(value)]
                    done = start + len(value)
            # No row begins a table of its own, or each would be read once a row.
            at = cells[-1][0] + len(cells[-1][1])
    return "".join([*pieces, text[done:]]) if pieces else text


def _name(cell: str) -> str:
    return cell.strip(_AROUND)


def names_column(name: str) -> bool:
    """Whether the name of a column says that what is below it is secret."""
    return is_secret_name(name) and name.lower() not in _OTHER


def _rows(text: str, at: int, sign: str, width: int) -> Iterator[list[tuple[int, str]]]:
    """Each row of a table: where its cells begin, and what they hold."""
    while at < len(text):
        cells: list[tuple[int, str]] = []
        while True:
            found = _CELLS[sign].match(text, at)
            assert found is not None  # it may be empty
            value = found[0].strip(" ")
            if value[:1] in ('"', "'") and value[-1:] == value[:1]:
                value = value[1:-1]
            cells.append((text.index(value, at), value))
            at = found.end()
            if text[at : at + 1] != sign:
                break
            at += 1
        end = text[at : at + 2]
        if len(cells) != width or not (end in ("", "\r", "\r\n") or end[:1] == "\n"):
            return
        yield cells
        at += 2 if end == "\r\n" else 1


def _redact_ruled(text: str, redact: Redact) -> str:
    if _RULE.search(text) is None:
        return text
    lines = text.split("\n")
    names: dict[int, str] = {}
    starts: list[int] = []
    for number, line in enumerate(lines):
        if _RULE.match(line):
            if not names and number:
                starts = [] if _BARRED.search(line) else _starts(line)
                names = _names(lines[number - 1], starts)
        elif not line.strip() or not (starts or _PARTED.search(line)):
            names = {}
        elif names:
            lines[number] = _redact_row(line, starts, names, redact)
    return "\n".join(lines)


def _starts(rule: str) -> list[int]:
    """Where columns begin that nothing but blanks parts; none where it is but one."""
    starts = [found.start() for found in _RUN.finditer(rule)]
    return starts if len(starts) > 1 else []


def _names(line: str, starts: list[int]) -> dict[int, str]:
    """The columns that hold secrets, each with its name."""
    if not starts and _PARTED.search(line) is None:
        return {}
    told = (_name(line[first:behind]) for first, behind in _spans(line, starts))
    return {place: name for place, name in enumerate(told) if names_column(name)}


def _spans(line: str, starts: list[int]) -> list[tuple[int, int]]:
    """Where each cell of a line begins and ends."""
    if starts:
        return [*zip(starts, [*starts[1:], len(line)], strict=True)]
    first = len(line) - len(line.lstrip())
    found = _PARTED.match(line, first)
    return [one.span(1) for one in _CELL.finditer(line, found.end() if found else 0)]


def _redact_row(
    line: str, starts: list[int], names: dict[int, str], redact: Redact
) -> str:
    pieces: list[str] = []
    done = 0
    for place, (first, behind) in enumerate(_spans(line, starts)):
        value = _name(line[first:behind])
        if place in names and is_word(value) and is_listed_secret(names[place], value):
            at = line.index(value, first)
            pieces += [line[done:at], redact(value)]
            done = at + len(value)
    return "".join([*pieces, line[done:]])
