"""Take out of manifests of Kubernetes what their secrets hold.

In: a text with YAML in it. Out: the text without the values under `data` and
`stringData`, in those of its documents that are secrets. All of them are values,
whatever their names. Reading it takes time linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from azml_contract.redaction.secret_words import is_reference

_DOCUMENT = re.compile(r"(?m)^(?=---)")
_KIND = re.compile(
    r"(?m)^[ \t-]*kind:[ \t]*([\"']?)Secret\1[ \t]*(?:[ \t]#[^\n]*)?\r?$"
)
_DATA = re.compile(r"[ \t-]*(?:data|stringData):[ \t]*(?:#.*)?$")
_DATUM = re.compile(
    r"(?P<mark>[ \t]*(?:[\w.-]+|\"[\w.-]+\"|'[\w.-]+'):[ \t]+"
    r"(?:![\w!]+[ \t]+(?=[^\s#]))?+)"
    r"(?P<value>\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s#|>](?:[^#]|(?<![ \t])#)*)"
)
_KEY = re.compile(r"[ \t]*[\"']?[\w.-]+[\"']?:(?:[ \t]|$)")


def redact_manifests(text: str, redact: Callable[[str], str]) -> str:
    """The text without what the secrets of Kubernetes in it hold.

    Args:
        text: Of any kind.
        redact: What is written for a value.
    """
    return "".join(
        _redact_document(document, redact) if _KIND.search(document) else document
        for document in _DOCUMENT.split(text)
    )


def _redact_document(document: str, redact: Callable[[str], str]) -> str:
    """Replace the values below `data`: what stands further in, until nothing does."""
    lines = document.split("\n")
    outer: int | None = None  # the column of `data`, and that of its names
    inner = 0
    for number, line in enumerate(lines):
        column = len(line) - len(line.lstrip())
        if column == len(line):
            continue
        if outer is None or column <= outer:
            begins = _DATA.match(line.rstrip()) is not None
            outer = len(line) - len(line.lstrip(" \t-")) if begins else None
            inner = 0
            continue
        inner = inner or column
        if column <= inner and _KEY.match(line):
            lines[number] = _redact_datum(line, redact)
        else:  # of a value in more than one line
            lines[number] = _put(line, column, line[column:].rstrip(), redact)
    return "\n".join(lines)


def _redact_datum(line: str, redact: Callable[[str], str]) -> str:
    found = _DATUM.match(line)
    if found is None:
        return line
    at, value = found.start("value"), found["value"].rstrip()
    if len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]:
        at, value = at + 1, value[1:-1]
    return _put(line, at, value, redact)


def _put(line: str, at: int, value: str, redact: Callable[[str], str]) -> str:
    if is_reference(value):
        return line
    return f"{line[:at]}{redact(value)}{line[at + len(value) :]}"
