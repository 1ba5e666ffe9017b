"""Put stand-ins in the place of what a scenario draws anew for every run.

In: a request, and the variables of its recording. Out: the same request with
run ids and versions replaced by stand-ins of the same shape, so that two runs
of one scenario are judged once; and the way back, for findings that quote one.
Knows nothing of contracts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from azml_contract.exchange import Request
from azml_contract.finding import Finding
from azml_contract.regression.outcome import Cell, Outcome

_GUID = re.compile(
    rb"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
)
_IN_NAME = re.compile(rb"(?<=[A-Za-z0-9][_-])[0-9]{6,}(?![0-9])")
"""What a client appends to a name, to have one of its own."""
_SHORTEST = 6
"""A shorter number may mean something, such as a bound."""
_GUID_SHAPE = b"%08x-c0de-4c0d-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Disguise:
    """A request with stand-ins; `stands_for` maps them to what was recorded."""

    request: Request
    stands_for: Mapping[str, str]

    def reveal(self, outcome: Outcome) -> Outcome:
        """The outcome with what was recorded where it quotes a stand-in."""
        own = self._reveal_cell(outcome.own)
        cells = {v: self._reveal_cell(cell) for v, cell in outcome.cells.items()}
        if own is outcome.own and all(cells[v] is outcome.cells[v] for v in cells):
            return outcome
        return replace(outcome, own=own, cells=cells)

    def _reveal_cell(self, cell: Cell) -> Cell:
        if not cell.findings:
            return cell
        shown = tuple(self._reveal_finding(finding) for finding in cell.findings)
        same = all(a is b for a, b in zip(shown, cell.findings, strict=True))
        return cell if same else replace(cell, findings=shown)

    def _reveal_finding(self, finding: Finding) -> Finding:
        texts = (finding.message, finding.cure, finding.pointer, finding.seen)
        quoted = "\n".join(text for text in texts if isinstance(text, str))
        if not any(name in quoted for name in self.stands_for):
            return finding
        return finding._replace(
            message=self._reveal(finding.message),
            cure=self._reveal(finding.cure),
            pointer=self._reveal(finding.pointer),
            seen=self._reveal(finding.seen),
        )

    def _reveal(self, text: Any) -> Any:
        if isinstance(text, str):
            for stand_in, real in self.stands_for.items():
                whole = re.compile(rf"(?<!\d){re.escape(stand_in)}(?!\d)")
                text = real.join(whole.split(text))
        return text


def disguise(request: Request, variables: Mapping[str, object]) -> Disguise:
    """Replace GUIDs, and numbers that are variables or end a name, in URL and body.

    Args:
        request: As recorded.
        variables: What the scenario drew, by name.
    """
    numbers = [
        value.encode()
        for value in map(str, variables.values())
        if value.isdecimal() and len(value) >= _SHORTEST
    ]
    table = _Table()

    def mask(raw: bytes) -> bytes:
        for number in numbers:
            if number in raw:
                raw = raw.replace(number, table.number(number))
        raw = _IN_NAME.sub(lambda found: table.number(found[0]), raw)
        return _GUID.sub(lambda found: table.guid(found[0]), raw)

    url, body = mask(request.url.encode()).decode(), mask(request.body)
    return Disguise(Request(request.method, url, (), body), table.stands_for)


class _Table:
    """What stands in for what, in both directions; the same for the same."""

    def __init__(self) -> None:
        self.stands_for: dict[str, str] = {}
        self._stand_ins: dict[bytes, bytes] = {}

    def number(self, real: bytes) -> bytes:
        """A number as long; a stand-in stays, as names may end in one by then."""
        if real.decode() in self.stands_for:
            return real
        return self._put(real, b"%0*d" % (len(real), len(self._stand_ins) + 1))

    def guid(self, real: bytes) -> bytes:
        """A GUID that nobody draws."""
        return self._put(real, _GUID_SHAPE % len(self._stand_ins))

    def _put(self, real: bytes, new: bytes) -> bytes:
        known = self._stand_ins.setdefault(real, new)
        if known is new:
            self.stands_for[new.decode()] = real.decode()
        return known
