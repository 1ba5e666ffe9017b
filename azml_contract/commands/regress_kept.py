"""What reports of `regress` show of recordings: calls, coverage, where they are from.

In: judged rows and the files they came from, or what reports kept of them. Out: the
same as values, and as JSON that a report holds, so that joined reports make a whole
page, and tell the places of calls. Wiring between documents and regression.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azml_contract.errors import InputError
from azml_contract.exchange import Request
from azml_contract.finding import Side
from azml_contract.regression.coverage import Coverage

if TYPE_CHECKING:
    from azml_contract.exchange import Exchange
    from azml_contract.regression.outcome import Outcome, Row

Shape = dict[str, Any]
Name = tuple[str, str]
"""Of a recording: its scenario, and the version it was recorded at."""


@dataclass(slots=True)
class Kept:
    """Calls of recordings, coverage, and what each scenario was recorded from.

    `halves` are by step: the request, and the answer where findings speak of it.
    `files` are those of the recordings, `places` where each call of one that breaks was
    made, by file and step.
    """

    halves: dict[Name, dict[int, Shape]] = field(default_factory=dict)
    files: dict[Name, str] = field(default_factory=dict)
    places: dict[str, dict[int, tuple[str, int]]] = field(default_factory=dict)
    coverage: Coverage = field(default_factory=Coverage)
    targets: dict[str, str] = field(default_factory=dict)

    def find(self, row: Row) -> Shape:
        """What is known of the call of a row; empty where nothing is."""
        return self.halves.get((row.scenario, row.recorded), {}).get(row.step, {})

    def locate(self, file: str, step: int) -> tuple[str, int]:
        """The file and line that made a call; line 1 of `file` where nobody told."""
        return self.places.get(file, {}).get(step, (file, 1))

    def requests(self, scenario: str, recorded: str) -> dict[int, Request]:
        """The requests of a recording by their step."""
        return {
            step: _read_request(shape["request"])
            for step, shape in self.halves.get((scenario, recorded), {}).items()
        }

    def to_json(self) -> Shape:
        """As a report holds it; equal requests once, named by number."""
        requests: list[Shape] = []
        numbers: dict[int, int] = {}
        recordings = []
        for (scenario, recorded), halves in self.halves.items():
            file = self.files.get((scenario, recorded), "")
            places = self.places.get(file, {})
            calls: list[Shape] = []
            for step, half in halves.items():
                request = half["request"]  # equal ones are one object
                if id(request) not in numbers:
                    numbers[id(request)] = len(requests)
                    requests.append(request)
                call = {**half, "step": step, "request": numbers[id(request)]}
                if step in places:
                    call["at"] = "{}:{}".format(*places[step])
                calls.append(call)
            told = {"scenario": scenario, "recorded": recorded, "calls": calls}
            recordings.append({**told, "file": file} if file else told)
        return {
            "recordings": recordings,
            "requests": requests,
            "targets": self.targets,
            "coverage": self.coverage.to_kept(),
        }


def read_kept(rows: Iterable[Row], files: Iterable[str]) -> Kept:
    """Read recordings again, for what was judged of them.

    Raises:
        AzmlContractError: A file that was judged cannot be read any more.
    """
    from azml_contract.documents.call_places import locate_call
    from azml_contract.documents.recordings import read_any

    wanted: dict[Name, dict[int, Outcome]] = {}
    for row in rows:
        name = row.scenario, row.recorded
        wanted.setdefault(name, {})[row.step] = row.outcome
    kept = Kept()
    shapes: dict[object, Shape] = {}
    for file in sorted(set(files)):
        recording = read_any(Path(file))
        kept.targets[recording.scenario] = recording.target
        for call in recording.calls():
            kept.coverage.add([call.exchange])
            asked = (call.exchange.request.api_version or "").lower()
            for recorded in (asked, recording.api_version):
                name = recording.scenario, recorded
                outcome = wanted.get(name, {}).pop(call.step, None)
                if outcome is None:
                    continue
                half = _shape_call(call.exchange, _speaks_of_answers(outcome), shapes)
                kept.halves.setdefault(name, {})[call.step] = half
                kept.files[name] = file
                if len(outcome.unbroken) < len(outcome.cells):
                    place = locate_call(file, call.step)
                    kept.places.setdefault(file, {})[call.step] = place
    return kept


def join_kept(shapes: Sequence[Mapping[str, Any]]) -> Kept:
    """What several reports kept, as one; calls of the same recordings count once.

    Args:
        shapes: As `Kept.to_json` made them.

    Raises:
        InputError: One is malformed.
    """
    kept = Kept()
    known: dict[str, Shape] = {}
    try:
        for shape in shapes:
            texts = (json.dumps(one) for one in shape["requests"])
            found = zip(texts, shape["requests"], strict=True)
            requests = [known.setdefault(text, one) for text, one in found]
            names = {(one["scenario"], one["recorded"]) for one in shape["recordings"]}
            overlap = not names.isdisjoint(kept.halves)
            for recording in shape["recordings"]:
                name = str(recording["scenario"]), str(recording["recorded"])
                halves = kept.halves.setdefault(name, {})
                file = str(recording.get("file", ""))
                if file:
                    kept.files.setdefault(name, file)
                for call in recording["calls"]:
                    half = halves.setdefault(int(call["step"]), {})
                    half.setdefault("request", requests[call["request"]])
                    if "response" in call:
                        half.setdefault("response", call["response"])
                    if "at" in call:
                        where, _, line = call["at"].rpartition(":")
                        place = where, int(line)
                        kept.places.setdefault(file, {})[int(call["step"])] = place
            kept.targets.update(shape["targets"])
            other = Coverage.from_kept(shape["coverage"])
            kept.coverage.merge(other, overlap=overlap)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"A report has malformed pages: {error!r}.") from error
    in_order = sorted(kept.halves, key=lambda name: kept.files.get(name, ""))
    kept.halves = {name: kept.halves[name] for name in in_order}
    return kept


def _speaks_of_answers(outcome: Outcome) -> bool:
    cells = (outcome.own, *outcome.cells.values())
    return any(f.side is Side.RESPONSE for cell in cells for f in cell.findings)


def _shape_call(
    exchange: Exchange, with_answer: bool, shapes: dict[object, Shape]
) -> Shape:
    """Both halves as cassettes hold them; equal ones are made once."""
    request, response = exchange.request, exchange.response
    key = (request.method, request.url, request.body)
    if key not in shapes:
        body = _shape_body(request.body)
        shapes[key] = {"method": request.method, "uri": request.url, "body": body}
    shape: Shape = {"request": shapes[key]}
    if with_answer:
        answer = {"status": response.status, "body": _shape_body(response.body)}
        shape["response"] = answer
    return shape


def _shape_body(body: bytes) -> Shape | None:
    if not body:
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}
    try:
        return {"json": json.loads(text)}
    except (ValueError, RecursionError):
        return {"text": text}


def _read_request(shape: Mapping[str, Any]) -> Request:
    body = shape["body"] or {"text": ""}
    if "base64" in body:
        raw = base64.b64decode(body["base64"])
    else:
        raw = (body["text"] if "text" in body else json.dumps(body["json"])).encode()
    return Request(shape["method"], shape["uri"], (), raw)
