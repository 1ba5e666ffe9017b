"""Take secrets out of tables in text whose first row names them, as CSV has them.

In: text in which lines of cells stand, parted by commas, semicolons or tabs. Out: the
text without what stands in columns whose name says secret. A table begins with a row
of names, and ends with the first line that has another number of cells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from azml_contract.redaction.secret_words import is_listed_secret, is_secret_name

_NAME = r"\"?[A-Za-z_][\w.-]{0,80}\"?"
_HEADER = re.compile(
    rf"(?m)^{_NAME}(?:(?P<between>[,;\t]){_NAME}(?:(?P=between){_NAME})*)\r?$"
)
_CELLS = {
    sign: re.compile(rf"\"(?:[^\"]|\"\")*+\"|[^{sign}\"\r\n][^{sign}\r\n]*|")
    for sign in ",;\t"
}
# What tests say of themselves, in tables as elsewhere.
_OTHER = frozenset({"pass", "auth"})


def redact_tables(text: str, redact: Callable[[str], str]) -> str:
    """The text without what stands below a name that says secret.

    Args:
        text: Of any kind.
        redact: What is written for a value.
    """
    pieces: list[str] = []
    done = at = 0
    while head := _HEADER.search(text, at):
        at = head.end()
        sign = head["between"]
        names = [one.strip('"') for one in head[0].rstrip("\r").split(sign)]
        wanted = [place for place, name in enumerate(names) if _says_secret(name)]
        for cells in _rows(text, at + 1, sign, len(names)) if wanted else ():
            for place in wanted:
                start, value = cells[place]
                if is_listed_secret(names[place], value):
                    pieces += [text[done:start], redact(value)]
                    done = start + len(value)
            # No row begins a table of its own, or each would be read once a row.
            at = cells[-1][0] + len(cells[-1][1])
    return "".join([*pieces, text[done:]]) if pieces else text


def _says_secret(name: str) -> bool:
    return is_secret_name(name) and name.lower() not in _OTHER


def _rows(text: str, at: int, sign: str, width: int) -> Iterator[list[tuple[int, str]]]:
    """Each row of a table: where its cells begin, and what they hold."""
    while at < len(text):
        cells: list[tuple[int, str]] = []
        while True:
            found = _CELLS[sign].match(text, at)
            assert found is not None  # it may be empty
            is_quoted = found[0][:1] == '"' and len(found[0]) > 1
            value = found[0][1:-1] if is_quoted else found[0].strip(" ")
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
