"""Compare two cassettes by what was said, not by their lines.

In: two cassettes. Out: the differences, each at an interaction and a JSON
pointer. Calls are matched by verb and URL; values that the scenario drew count
as their names, and each cassette's own api-version as such, so that two
recordings of the same behaviour are equal and one step's change is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import accumulate
from operator import itemgetter
from typing import Any
from urllib.parse import urlencode

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.exchange import Json, Request
from azml_contract.json_pointer import escape

_HEADER = ("scenario", "api_version", "target")
_SHORTEST_DRAWN = 4
_SHORTEST_REPLACED = 6
_LARGEST_TABLE = 250_000


class Absent:
    """Stands for a value that is not there; JSON's null is one that is."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs.

    `call` is the verb and URL, empty for the cassette as a whole. `indices` are
    the places of the call in the two files, None where a file lacks it.
    `pointer` leads into the interaction. `before` or `after` may be `ABSENT`.
    """

    call: str
    indices: tuple[int | None, int | None]
    pointer: str
    before: Json | Absent
    after: Json | Absent


@dataclass(frozen=True, slots=True)
class _Step:
    """One interaction, ready to be compared."""

    index: int
    call: str
    strict: Any
    loose: Any

    @property
    def text(self) -> str:
        return json.dumps(self.strict, sort_keys=True)


def compare_cassettes(a: Cassette, b: Cassette) -> list[Difference]:
    """Everything that differs between two recordings.

    Returns:
        Differences in the order of the first file, what only the second has
        last; empty where both recorded the same behaviour.
    """
    pairs, only_a, only_b = _match(_steps(a), _steps(b))
    found = [
        (one.index, Difference(one.call, (one.index, None), "", one.strict, ABSENT))
        for one in only_a
    ]
    for one, other in pairs:
        for pointer, before, after in _differences(one, other):
            indices = (one.index, other.index)
            found.append(
                (one.index, Difference(one.call, indices, pointer, before, after))
            )
    new = [
        Difference(one.call, (None, one.index), "", ABSENT, one.strict)
        for one in only_b
    ]
    in_order = [one for _, one in sorted(found, key=itemgetter(0))]
    return [*_compare_headers(a, b), *in_order, *new, *_moved(pairs)]


def pair_interactions(
    a: Cassette, b: Cassette
) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Which interactions of two recordings are of the same call.

    Returns:
        Pairs of indices in the order of `a`, what only `a` has, what only `b` has.
    """
    pairs, only_a, only_b = _match(_steps(a), _steps(b))
    indices = [(one.index, other.index) for one, other in pairs]
    gone, new = ([one.index for one in each] for each in (only_a, only_b))
    return indices, sorted(gone), sorted(new)


def naming_drawn(cassette: Cassette) -> Callable[[Any], Any]:
    """What replaces values that a cassette drew, in any JSON, by their names."""
    rename = _naming(cassette.variables, 1)
    return lambda value: _map(value, rename)


def values_by_name(a: Cassette, b: Cassette) -> dict[str, tuple[str, str]]:
    """What two recordings drew under one name, where it is told from all other text."""
    pairs = {name: (a.variables[name], b.variables.get(name)) for name in a.variables}
    return {
        name: (ours, theirs)
        for name, (ours, theirs) in pairs.items()
        if isinstance(ours, str)
        and isinstance(theirs, str)
        and min(len(ours), len(theirs)) >= _SHORTEST_REPLACED
    }


def replace_values(cassette: Cassette, pairs: Iterable[tuple[str, str]]) -> Cassette:
    """The cassette with these texts replaced wherever they stand in its calls.

    In one pass, the longest first: what was put in place is not looked at again, and
    a text that is a part of another is replaced where it stands by itself alone.
    """
    known: dict[str, str] = {}
    for text, other in pairs:
        if text:
            known.setdefault(_inside(text), _inside(other))
    if all(text == other for text, other in known.items()):
        return cassette
    pattern = re.compile("|".join(map(re.escape, sorted(known, key=len, reverse=True))))
    replaced = []
    for one in cassette.interactions:
        text = json.dumps(one.data, ensure_ascii=False)
        text = pattern.sub(lambda found: known[found[0]], text)
        replaced.append(Interaction(json.loads(text), one.side_files))
    return replace(cassette, interactions=tuple(replaced))


def _inside(text: str) -> str:
    """A text as it stands between the quotes of JSON."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def call_of(interaction: Interaction, api_version: str) -> str:
    """Verb and URL, its query sorted; the cassette's own api-version is named."""
    request = Request(interaction.method, interaction.url)
    base = interaction.url.partition("?")[0]
    pairs = sorted(
        (name, "{api-version}" if _is_own(name, value, api_version) else value)
        for name, value in request.query
    )
    query = urlencode(pairs, safe="{}$:/,")
    return f"{interaction.method} {base}{'?' if query else ''}{query}"


def _is_own(name: str, value: str, api_version: str) -> bool:
    return name.lower() == "api-version" and value == api_version


def _compare_headers(a: Cassette, b: Cassette) -> Iterator[Difference]:
    nowhere = (None, None)
    for name in _HEADER:
        before, after = getattr(a, name), getattr(b, name)
        if before != after:
            yield Difference("", nowhere, f"/{name}", before, after)
    before, after = sorted(a.variables), sorted(b.variables)
    if before != after:
        yield Difference("", nowhere, "/variables (their names)", before, after)


def _steps(cassette: Cassette) -> list[_Step]:
    strict = _naming(cassette.variables, _SHORTEST_DRAWN)
    loose = _naming(cassette.variables, 1)
    steps = []
    for index, one in enumerate(cassette.interactions):
        shape: dict[str, Any] = {
            "request": {**one.data["request"]},
            "response": one.answer,
            "failure": one.data.get("failure"),
            "times": one.times,
            "reads": sorted((cassette.reads or {}).get(index, ())),
        }
        call = strict(call_of(one, cassette.api_version))
        del shape["request"]["uri"], shape["request"]["method"]  # they are the call
        version = _versioned(cassette.api_version)
        steps.append(
            _Step(
                index,
                call,
                _map(_map(shape, strict), version),
                _map(_map(shape, loose), version),
            )
        )
    return steps


def _versioned(api_version: str) -> Callable[[str], str]:
    """Names the cassette's own api-version in the URLs of its answers."""
    asked = f"api-version={api_version}"
    return lambda text: text.replace(asked, "api-version={api-version}")


def _naming(variables: Mapping[str, Json], shortest: int) -> Callable[[str], str]:
    """Replaces drawn values by the names they were drawn under."""
    drawn = sorted(
        (
            (value, name)
            for name, value in _drawn(dict(variables))
            if len(value) >= shortest
        ),
        key=lambda pair: -len(pair[0]),
    )
    patterns = [
        (re.compile(rf"(?<![0-9A-Za-z]){re.escape(v)}(?![0-9A-Za-z])"), f"{{{n}}}", v)
        for v, n in drawn
    ]

    def rename(text: str) -> str:
        for pattern, name, value in patterns:
            if value in text:
                text = pattern.sub(lambda _, name=name: name, text)  # type: ignore[misc]
        return text

    return rename


def _drawn(value: Json, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _drawn(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _drawn(item, f"{name}.{index}")
    elif isinstance(value, str) and value:
        yield name, value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield name, str(value)


def _map(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return rename(value)
    if isinstance(value, list):
        return [_map(item, rename) for item in value]
    if isinstance(value, dict):
        return {rename(key): _map(item, rename) for key, item in value.items()}
    if isinstance(value, int | float) and not isinstance(value, bool):
        named = rename(str(value))
        return named if named.startswith("{") else value
    return value


_Pairs = list[tuple[_Step, _Step]]


def _match(
    a: Sequence[_Step], b: Sequence[_Step]
) -> tuple[_Pairs, list[_Step], list[_Step]]:
    """Pair the steps of the same call: equal ones first, the rest in order."""
    groups: dict[str, tuple[list[_Step], list[_Step]]] = {}
    for side, steps in enumerate((a, b)):
        for step in steps:
            groups.setdefault(step.call, ([], []))[side].append(step)
    pairs: _Pairs = []
    only_a: list[_Step] = []
    only_b: list[_Step] = []
    for ours, theirs in groups.values():
        texts = [step.text for step in ours], [step.text for step in theirs]
        for i, i_end, j, j_end in _align(*texts):
            pairs += zip(ours[i:i_end], theirs[j:j_end], strict=False)
            shared = min(i_end - i, j_end - j)
            only_a += ours[i + shared : i_end]
            only_b += theirs[j + shared : j_end]
    return sorted(pairs, key=lambda pair: pair[0].index), only_a, only_b


def _align(a: list[str], b: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Spans of two lists that belong together; those of long lists are in order."""
    if len(a) * len(b) <= _LARGEST_TABLE:
        matcher = SequenceMatcher(None, a, b, autojunk=False)
        yield from (span[1:] for span in matcher.get_opcodes())
        return
    shared = min(len(a), len(b))
    yield from ((i, i + 1, i, i + 1) for i in range(shared))
    yield shared, len(a), shared, len(b)


def _moved(pairs: _Pairs) -> Iterator[Difference]:
    """Calls that both have, in another order."""
    highest = accumulate((other.index for _, other in pairs), max)
    for (one, other), so_far in zip(pairs, highest, strict=True):
        if other.index != so_far:
            yield Difference(
                one.call,
                (one.index, other.index),
                "(order)",
                f"call {one.index}",
                f"call {other.index}",
            )


def _differences(one: _Step, other: _Step) -> Iterator[tuple[str, Any, Any]]:
    if not same_json(one.loose, other.loose):
        yield from _walk(one.strict, other.strict, "")


def same_json(a: Any, b: Any) -> bool:
    """Whether values are equal as JSON, where 1 is neither 1.0 nor true."""
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


def _walk(a: Any, b: Any, pointer: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in (*a, *(key for key in b if key not in a)):
            inner = f"{pointer}/{escape(key)}"
            yield from _walk(a.get(key, ABSENT), b.get(key, ABSENT), inner)
    elif isinstance(a, list) and isinstance(b, list):
        yield from _walk_lists(a, b, pointer)
    elif isinstance(a, Absent) or isinstance(b, Absent) or not same_json(a, b):
        yield pointer, a, b


def _walk_lists(
    a: list[Any], b: list[Any], pointer: str
) -> Iterator[tuple[str, Any, Any]]:
    ours = [json.dumps(item, sort_keys=True) for item in a]
    theirs = [json.dumps(item, sort_keys=True) for item in b]
    for i, i_end, j, j_end in _align(ours, theirs):
        if ours[i:i_end] == theirs[j:j_end]:
            continue
        shared = min(i_end - i, j_end - j)
        for step in range(shared):
            yield from _walk(a[i + step], b[j + step], f"{pointer}/{i + step}")
        for index in range(i + shared, i_end):
            yield f"{pointer}/{index}", a[index], ABSENT
        for index in range(j + shared, j_end):
            yield f"{pointer}/{index}", ABSENT, b[index]
