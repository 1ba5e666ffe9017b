"""A finding: one way in which one body or call breaks its contract.

A value. Errors (we could not work) are exceptions, findings are not. The
JSON shape is fixed for other programs to read, see `Finding.to_json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class Severity(StrEnum):
    """How bad a finding is; an error fails a scenario."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Evidence(StrEnum):
    """What a finding rests on."""

    SPEC = "spec"
    LIVE = "live"
    DOCS = "docs"
    UNKNOWN = "unknown"


class Observed(NamedTuple):
    """How often live services did something: `verb` in `n` of `of` exchanges.

    `verb` is ``accepted``, ``returned`` or ``answered``.
    """

    verb: str
    n: int
    of: int
    api_version: str

    def to_json(self) -> dict[str, Any]:
        """The published JSON shape."""
        return {self.verb: self.n, "of": self.of, "api_version": self.api_version}


class Side(StrEnum):
    """Which half of the exchange a finding is about."""

    REQUEST = "request"
    RESPONSE = "response"

    __hash__ = str.__hash__  # an enum's own is written in Python, and asked often


@dataclass(frozen=True, slots=True)
class Location:
    """Where in a file a finding points; line and column count from 1.

    `shown` is the line, or what is worth showing of a long one, without the values
    of secrets; `caret` is the column in it, `width` how much is meant. Empty
    where the line is not known.
    """

    file: str
    line: int
    column: int
    shown: str = ""
    caret: int = 1
    width: int = 1


class Act(StrEnum):
    """What an edit does at its pointer."""

    RENAME = "rename"
    SET = "set"
    REMOVE = "remove"
    MOVE = "move"
    TEXT = "text"


class Edit(NamedTuple):
    """One change of a body: `value` is the new name, value, or pointer.

    Of `Act.TEXT`, which mends what is no JSON: line, column, old and new text.
    """

    act: Act
    pointer: str
    value: Any = None


class Fix(NamedTuple):
    """Edits that mend a finding; `certain` where nothing is left to decide."""

    edits: tuple[Edit, ...]
    certain: bool = False


class Finding(NamedTuple):
    """One broken rule; a tuple because a body can have many, and fast.

    `code` is stable (``AZC1xx`` request, ``AZC2xx`` response, ``AZC3xx``
    regression). `pointer` is an RFC 6901 JSON pointer into the body; for
    what is not in a body it is empty. `cure` is empty where none is known. `call`
    is the verb and the URL, where a file holds many. `fix` is the cure as a program
    can follow it; None where a person has to decide. `observed` counts what live
    services did at that place.
    """

    code: str
    severity: Severity
    message: str
    pointer: str = ""
    cure: str = ""
    operation: str = ""
    api_version: str = ""
    side: Side = Side.REQUEST
    expected: tuple[Any, ...] = ()
    seen: Any = None
    evidence: Evidence = Evidence.SPEC
    location: Location | None = None
    call: str = ""
    fix: Fix | None = None
    observed: Observed | None = None

    def to_json(self) -> dict[str, Any]:
        """The published JSON shape of a finding."""
        shape: dict[str, Any] = {
            "code": self.code,
            "severity": str(self.severity),
            "message": self.message,
            "cure": self.cure,
            "pointer": self.pointer,
            "operation": self.operation,
            "api_version": self.api_version,
            "side": str(self.side),
            "expected": list(self.expected),
            "seen": self.seen,
            "evidence": str(self.evidence),
        }
        if self.observed is not None:
            shape["observed"] = self.observed.to_json()
        if self.call:
            shape["call"] = self.call
        if self.location is not None:
            place = self.location
            shape["location"] = {
                "file": place.file,
                "line": place.line,
                "column": place.column,
            }
        return shape


def read_finding(shape: Mapping[str, Any]) -> Finding:
    """The finding that `Finding.to_json` wrote, its lists as tuples.

    Raises:
        KeyError, TypeError, ValueError: It is none.
    """
    return Finding(
        code=shape["code"],
        severity=Severity(shape["severity"]),
        message=shape["message"],
        pointer=shape["pointer"],
        cure=shape["cure"],
        operation=shape["operation"],
        api_version=shape["api_version"],
        side=Side(shape["side"]),
        expected=tuple(map(_freeze, shape["expected"])),
        seen=_freeze(shape["seen"]),
        evidence=Evidence(shape["evidence"]),
        call=shape.get("call", ""),
        location=Location(**shape["location"]) if "location" in shape else None,
        observed=_read_observed(shape["observed"]) if "observed" in shape else None,
    )


def _freeze(value: Any) -> Any:
    return tuple(map(_freeze, value)) if isinstance(value, list) else value


def _read_observed(shape: Mapping[str, Any]) -> Observed:
    (verb,) = shape.keys() - {"of", "api_version"}
    return Observed(verb, shape[verb], shape["of"], shape["api_version"])
