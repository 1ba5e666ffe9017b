"""What an answer holds besides what contract and client say: ``shapes.toml``.

In: an answer that the contract has shaped, and where its resource stands. Out:
the same with the nulls, the absences and the additions that live answers were
seen to have. Knows pointers; what a resource means is in its kind.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from azml_contract.emulator.resources.slots import Slots
from azml_contract.emulator.store import Body
from azml_contract.emulator.world import Call

_TABLE = Path(__file__).with_name("shapes.toml")
_DISCRIMINATORS = ("computeType", "jobType")
_MISSING = object()
Entry = Mapping[str, Any]


@cache
def load_shapes() -> Mapping[str, Entry]:
    """The table, by lower-case resource type."""
    return tomllib.loads(_TABLE.read_text("utf-8"))


def shape_of(kind: str) -> Entry:
    """What the table says of a resource type."""
    return load_shapes().get(kind, {})


@cache
def _kinds_with_shapes() -> frozenset[str]:
    return frozenset(key.partition(" ")[0] for key in load_shapes())


def has_shape(kind: str) -> bool:
    """Whether the table says anything of a resource type, or of a variant of it."""
    return kind in _kinds_with_shapes()


def apply_shapes(
    body: Body, said: Body, kind: str, call: Call, slots: Slots, *, settled: bool
) -> Body:
    """Bring an answer into the shape that the service's answers have.

    Args:
        body: The answer; it is changed in place.
        said: What the client once sent.
        kind: Resource type, in lower case.
        call: What was asked for.
        slots: Fills in values.
        settled: Whether the resource is provisioned.
    """
    keep_unlisted(body, said, kind)
    for entry in _entries(kind, body):
        for pointer in entry.get("absent", ()):
            _drop(body, pointer)
        for pointer in entry.get("unsaid", ()):
            if _get(said, pointer) in (_MISSING, None):
                _drop(body, pointer)
        since = entry.get("since", {})
        if settled:
            _fill(body, entry.get("fill_settled", {}), since, call, slots)
        _fill(body, entry.get("fill", {}), since, call, slots)
        for version, values in entry.get("fill_from", {}).items():
            if call.is_from(version):
                _fill(body, values, since, call, slots)
        for pointer in entry.get("null", ()):
            if _is_there(pointer, since, call):
                _set(body, pointer, lambda: None, only_missing=True)
        for pointer, names in entry.get("nulls_within", {}).items():
            for name in names:
                _set(body, f"{pointer}/{name}", lambda: None, only_missing=True)
    return body


def keep_unlisted(normal: Any, sent: Any, kind: str) -> Any:
    """A body with what the service keeps although the contract does not list it."""
    for pointer in shape_of(kind).get("kept", ()):
        value = _get(sent, pointer)
        if value is not _MISSING and isinstance(normal, dict):
            _set(normal, pointer, lambda v=value: v, only_missing=True)
    return normal


def choose_system_data(data: Body | None, kind: str, call: Call) -> Any:
    """The fields of ``systemData`` that the kind shows; `_MISSING` for none at all."""
    entry = shape_of(kind)
    if call.path.tail:
        use = "system_data_list"
    else:
        use = "system_data_put" if call.method == "PUT" else "system_data"
    wanted = entry.get(use, entry.get("system_data"))
    if wanted == "null":
        return _NULL
    if wanted is None or data is None:
        return data
    if wanted == "none":
        return None
    return {name: data[name] for name in wanted if name in data}


_NULL = object()


def put_system_data(body: Body, data: Any) -> None:
    """Write what `choose_system_data` chose."""
    if data is None:
        body.pop("systemData", None)
    else:
        body["systemData"] = None if data is _NULL else data


def keep_held(body: Body, kind: str, call: Call) -> Body:
    """Only the members that answers to a PUT, or a GET or list, of this kind have."""
    holds = shape_of(kind).get(f"{call.method.lower()}_holds")
    if not holds:
        return body
    return {key: value for key, value in body.items() if key in holds}


def _entries(kind: str, body: Body) -> Iterator[Entry]:
    table = load_shapes()
    if kind in table:
        yield table[kind]
    properties = body.get("properties")
    if isinstance(properties, dict):
        for name in _DISCRIMINATORS:
            more = table.get(f"{kind} {properties.get(name)}")
            if more is not None:
                yield more


def _fill(body: Body, values: Entry, since: Entry, call: Call, slots: Slots) -> None:
    for pointer, value in values.items():
        if _is_there(pointer, since, call):
            _set(body, pointer, lambda v=value: slots.fill(v), only_missing=False)


def _is_there(pointer: str, since: Entry, call: Call) -> bool:
    return pointer not in since or call.is_from(since[pointer])


# -- pointers -------------------------------------------------------------------


def _holders(body: Any, steps: tuple[str, ...]) -> Sequence[Body]:
    """Every object that the steps before the last lead to."""
    if "*" in steps:
        return tuple(_all_holders(body, steps))
    for step in steps:
        body = body.get(step) if isinstance(body, dict) else None
    return (body,) if isinstance(body, dict) else ()


def _all_holders(body: Any, steps: tuple[str, ...]) -> Iterator[Body]:
    if not steps:
        if isinstance(body, dict):
            yield body
        return
    first, rest = steps[0], steps[1:]
    if first == "*" and isinstance(body, list | dict):
        items = body.values() if isinstance(body, dict) else body
        for item in items:
            yield from _all_holders(item, rest)
    elif isinstance(body, dict) and body.get(first) is not None:
        yield from _all_holders(body[first], rest)


@lru_cache(maxsize=1024)  # the table has no more
def _split(pointer: str) -> tuple[tuple[str, ...], str]:
    *steps, last = [part.replace("~1", ".") for part in pointer.split("/")[1:]]
    return tuple(steps), last


def _set(body: Body, pointer: str, make: Any, *, only_missing: bool) -> None:
    steps, last = _split(pointer)
    for holder in _holders(body, steps):
        if last not in holder or (not only_missing and holder[last] is None):
            holder[last] = make()


def _drop(body: Body, pointer: str) -> None:
    steps, last = _split(pointer)
    for holder in _holders(body, steps):
        holder.pop(last, None)


def _get(body: Any, pointer: str) -> Any:
    steps, last = _split(pointer)
    for holder in _holders(body, steps):
        if last in holder:
            return holder[last]
    return _MISSING
