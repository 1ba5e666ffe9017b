"""Compare what was recorded with what the service answers now.

In: two cassettes of one scenario, both sanitised. Out: the places where they
differ in structure: calls made, statuses, the names of headers a client acts
on, JSON names and types, and the values of enumerations. Values that change by
nature (names, times, counts, prose) are not compared, nor is how often a client
had to poll.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.compare import replace_values, values_by_name
from azml_contract.cassette.interaction import Interaction
from azml_contract.errors import CassetteError
from azml_contract.exchange import Json
from azml_contract.json_pointer import escape
from azml_contract.recording.bound import LOOPBACK
from azml_contract.recording.identity import is_identity
from azml_contract.recording.match import site_of
from azml_contract.recording.names_drawn import JOB_NAME
from azml_contract.recording.polls import announced_by, is_poll_path
from azml_contract.recording.volatile import GUID

EnumValues = Mapping[str, frozenset[str]]
"""Lower-case property name to the values that the contract lists for it."""

_ACTED_ON = ("azure-asyncoperation", "location", "operation-location")
_DRAWN_NAME = re.compile(rf"(?<![0-9A-Za-z]){JOB_NAME}(?![0-9A-Za-z])")
_SHORTEST_DRAWN = 6
_SHOWN = 40
_NOT_MADE = "not made"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two recordings differ.

    `index` is the interaction's number in the recording, -1 for a call that the
    recording does not hold. `pointer` leads into the JSON of the `side`; it is
    empty where something else differs.
    """

    index: int
    call: str
    side: str
    pointer: str
    recorded: str
    now: str

    @property
    def is_made(self) -> bool:
        """Whether it is about a call that was made, not about one that was not."""
        return self.now != _NOT_MADE

    def __str__(self) -> str:
        place = f"{self.side} {self.pointer}".strip()
        return f"{place}: recorded {self.recorded}, now {self.now}"


class RecordingDiffers(CassetteError):
    """The service no longer answers as it did when the cassette was recorded."""

    def __init__(
        self, path: Path, differences: Sequence[Difference], *, record_command: str
    ) -> None:
        self.path = path
        self.differences = tuple(differences)
        self.record_command = record_command
        super().__init__(self._describe(differences))

    def _describe(self, differences: Sequence[Difference]) -> str:
        count = len(differences)
        places = "1 place" if count == 1 else f"{count} places"
        lines = [f"{self.path} differs from what is answered now, in {places}:"]
        call = ""
        for one in differences[:_SHOWN]:
            number = "new" if one.index < 0 else f"interaction {one.index}"
            if f"{number}: {one.call}" != call:
                call = f"{number}: {one.call}"
                lines.append(f"  {call}")
            lines.append(f"    {one}")
        if count > _SHOWN:
            lines.append(f"  and {count - _SHOWN} more.")
        lines.append(
            f"If the change is to be kept, record again: {self.record_command}"
        )
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Call:
    """An interaction to be compared, and what tells it from others."""

    index: int
    key: tuple[str, str]
    interaction: Interaction

    @property
    def loose_key(self) -> tuple[str, int, tuple[str, ...]]:
        """The names of collections on an ARM path, without those of their items."""
        parts = self.key[1].partition("://")[2].split("/")
        return self.key[0], len(parts), (parts[0], *parts[1::2])


_Key = tuple[object, ...]
_Pair = tuple[_Call | None, _Call | None]


def compare_cassettes(
    recorded: Cassette, live: Cassette, enum_values: EnumValues
) -> list[Difference]:
    """Where `live` differs in structure, in the order of the recording.

    Args:
        recorded: As loaded.
        live: The same scenario, run now, sanitised by the same rules.
        enum_values: What the contract lists for properties.
    """
    comparison = _Comparison(enum_values)
    before = _calls(recorded)
    now = _calls(_level_drawn(live, recorded))
    found: list[Difference] = []
    for old, new in _moved(list(_pair(before, now))):
        if old is not None and new is not None:
            found += comparison.compare(old, new.interaction)
        elif old is not None:
            found.append(_gone(old))
        elif new is not None:
            found.append(_new(new))
    return found


def _pair(before: Sequence[_Call], now: Sequence[_Call]) -> Iterator[_Pair]:
    """Calls side by side; None where the other side made no such call.

    What finds no partner of its own name is paired by the collections on its
    path: a client may draw its names where no variable tells of it.
    """
    for equal, olds, news in _align(before, now, lambda call: call.key):
        if equal:
            yield from zip(olds, news, strict=True)
            continue
        for alike, left, right in _align(olds, news, lambda call: call.loose_key):
            if alike:
                yield from zip(left, right, strict=True)
            else:
                yield from ((one, None) for one in left)
                yield from ((None, one) for one in right)


def _moved(pairs: Sequence[_Pair]) -> Iterator[_Pair]:
    """The same, calls that were made elsewhere in time beside their recordings.

    What was added to a cassette stands at its end, wherever it is called.
    """
    made: dict[_Key, list[_Call]] = {}
    for old, new in pairs:
        if old is None and new is not None:
            made.setdefault(new.key, []).append(new)
    gone = [old for old, new in pairs if old is not None and new is None]
    found = {id(old): made[old.key].pop(0) for old in gone if made.get(old.key)}
    met = set(map(id, found.values()))
    for old, new in pairs:
        if old is not None and new is None:
            yield old, found.get(id(old))
        elif new is None or id(new) not in met:
            yield old, new


def _align(
    before: Sequence[_Call], now: Sequence[_Call], key: Callable[[_Call], _Key]
) -> Iterator[tuple[bool, Sequence[_Call], Sequence[_Call]]]:
    """Runs of calls, in order; the first value says whether their keys are equal."""
    matcher = SequenceMatcher(
        None, [key(one) for one in before], [key(one) for one in now], autojunk=False
    )
    for tag, a, b, c, d in matcher.get_opcodes():
        yield tag == "equal", before[a:b], now[c:d]


def _gone(call: _Call) -> Difference:
    return Difference(
        call.index, str(call.interaction), "call", "", "as made", _NOT_MADE
    )


def _new(call: _Call) -> Difference:
    status = f"made, {call.interaction.status}"
    return Difference(-1, str(call.interaction), "call", "", "nothing", status)


def _level_drawn(live: Cassette, recorded: Cassette) -> Cassette:
    """The cassette with the values that the other one drew, itself or its client."""
    pairs = [*values_by_name(live, recorded).values()]
    names, others = _drawn_names(live), _drawn_names(recorded)
    if len(names) == len(others):
        pairs += zip(names, others, strict=True)
    return replace_values(live, pairs)


def _drawn_names(cassette: Cassette) -> list[str]:
    """Names that a client drew, each once, in the order of their appearance."""
    found: dict[str, None] = {}
    for one in cassette.interactions:
        text = json.dumps(one.data, ensure_ascii=False)
        found |= dict.fromkeys(_DRAWN_NAME.findall(text))
    return [*found]


def _calls(cassette: Cassette) -> list[_Call]:
    """What to compare: logins left out, of a poll only the last answer."""
    interactions = cassette.interactions
    announced = announced_by(interactions)
    short = _short_values(cassette.variables)
    calls: list[_Call] = []
    servers: dict[str, str] = {}
    open_polls: dict[tuple[str, str], int] = {}
    for index, one in enumerate(interactions):
        if is_identity(one.request):
            continue
        site = site_of(one.method, one.url)
        path = "/".join(
            "{drawn}" if part in short else part
            for part in GUID.sub("{guid}", site.path).split("/")
        )
        key = (one.method, _level_server(site.origin, servers) + path)
        polls = is_poll_path(one.method, one.url) or one.url in announced
        call = _Call(index, key, one)
        if polls and one.method == "GET":
            if key in open_polls:
                calls[open_polls[key]] = call
                continue
            open_polls[key] = len(calls)
        else:
            open_polls.pop(("GET", key[1]), None)
        calls.append(call)
    return calls


def _level_server(origin: str, servers: dict[str, str]) -> str:
    """An origin; of a server of the test itself, numbered instead of its port."""
    if LOOPBACK.search(origin) is None:
        return origin
    number = f"{origin.rpartition(':')[0]}:{{port {len(servers) + 1}}}"
    return servers.setdefault(origin, number)


def _short_values(variables: Mapping[str, Json]) -> set[str]:
    return {
        str(value)
        for value in variables.values()
        if isinstance(value, str | int) and len(str(value)) < _SHORTEST_DRAWN
    }


class _Comparison:
    """Compares answers and requests under one set of enumerations."""

    def __init__(self, enum_values: EnumValues) -> None:
        self._enum_values = enum_values

    def compare(self, old: _Call, new: Interaction) -> Iterator[Difference]:
        before = old.interaction
        call = str(before)

        def differ(side: str, pointer: str, recorded: str, now: str) -> Difference:
            return Difference(old.index, call, side, pointer, recorded, now)

        for pointer, a, b in self._bodies(before.request_body, new.request_body):
            yield differ("request", pointer, a, b)
        if before.status != new.status:
            yield differ("status", "", str(before.status), str(new.status))
        headers, now = (one.answer["headers"] for one in (before, new))
        for name in _ACTED_ON:
            if (name in headers) != (name in now):
                texts = [
                    "present" if name in each else "absent" for each in (headers, now)
                ]
                yield differ(f"header {name}", "", *texts)
        for pointer, a, b in self._bodies(before.response_body, new.response_body):
            yield differ("response", pointer, a, b)

    def _bodies(
        self, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
    ) -> Iterator[tuple[str, str, str]]:
        kinds = [_body_kind(one) for one in (old, new)]
        if kinds[0] != kinds[1]:
            yield "", kinds[0], kinds[1]
        elif kinds[0] == "JSON" and old is not None and new is not None:
            yield from self._values("", "", old["json"], new["json"])

    def _values(
        self, pointer: str, name: str, old: Any, new: Any
    ) -> Iterator[tuple[str, str, str]]:
        kinds = _json_kind(old), _json_kind(new)
        if kinds[0] != kinds[1]:
            yield pointer, kinds[0], kinds[1]
        elif isinstance(old, dict):
            yield from self._objects(pointer, old, new)
        elif isinstance(old, list):
            yield from self._lists(pointer, name, old, new)
        elif isinstance(old, str) and old != new and self._is_enum(name, old):
            yield pointer, json.dumps(old), json.dumps(new)

    def _is_enum(self, name: str, value: str) -> bool:
        return value in self._enum_values.get(name.lower(), ())

    def _objects(
        self, pointer: str, old: dict[str, Any], new: dict[str, Any]
    ) -> Iterator[tuple[str, str, str]]:
        for name in [*old, *(name for name in new if name not in old)]:
            place = f"{pointer}/{escape(name)}"
            if name not in new:
                yield place, _json_kind(old[name]), "absent"
            elif name not in old:
                yield place, "absent", _json_kind(new[name])
            else:
                yield from self._values(place, name, old[name], new[name])

    def _lists(
        self, pointer: str, name: str, old: list[Any], new: list[Any]
    ) -> Iterator[tuple[str, str, str]]:
        """Lengths and order may change; each item must be like one recorded."""
        for index, item in enumerate(new if old else ()):
            place = f"{pointer}/{index}"
            first = old[min(index, len(old) - 1)]
            best = list(self._values(place, name, first, item))
            for other in old if best else ():
                found = list(self._values(place, name, other, item))
                if len(found) < len(best):
                    best = found
            yield from best


def _body_kind(body: Mapping[str, Any] | None) -> str:
    if body is None:
        return "no body"
    return "JSON" if "json" in body else "text" if "text" in body else "bytes"


def _json_kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {dict: "object", list: "list", str: "text", int: "number", float: "number"}
    return names[type(value)]
