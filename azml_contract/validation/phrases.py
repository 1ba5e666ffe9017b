"""Put a deviation into words: what is wrong, and how to mend it.

In: a deviation and the api-version. Out: a message and a cure, plain
sentences, and the cure as edits where a program can follow it. Decides nothing
about severity.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from azml_contract.contract.model import Type
from azml_contract.contract.views import Use
from azml_contract.finding import Act, Edit, Fix
from azml_contract.validation.deviation import (
    Deviation,
    Guess,
    Home,
    Rule,
    to_pointer,
)
from azml_contract.validation.migrations import Migration
from azml_contract.validation.nearest import find_nearest

Words = tuple[str, str, Fix | None]
"""What is wrong, how to mend it in a sentence, and in edits; both may lack."""

_RENAME, _SET, _REMOVE, _MOVE = Act.RENAME, Act.SET, Act.REMOVE, Act.MOVE
# json.dumps makes an encoder a call for any but its own options.
_write_json = json.JSONEncoder(ensure_ascii=False).encode
_TYPES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "a boolean",
    "array": "an array",
    "map": "an object with names of your choice",
    "object": "an object",
    "any": "a value",
}
_SHOWN = 60
_LISTED = 12
_LONG = 10**_SHOWN
_INT32 = 2**31


def describe(deviation: Deviation, api_version: str) -> Words:
    """The message and the cure of a deviation; the cure may be empty."""
    return _PHRASES[deviation.rule](deviation, api_version)


def _edit(
    deviation: Deviation, act: Act, value: Any = None, *, certain: bool = False
) -> Fix:
    """A fix of one edit, at the place of the deviation."""
    edit = tuple.__new__(Edit, (act, to_pointer(deviation.path), value))
    # As the classes make them, in half the time.
    return tuple.__new__(Fix, ((edit,), certain))


def show(value: Any) -> str:
    """A value as JSON, cut to a readable length; containers by their size."""
    kind = type(value)
    if kind is str and value.isalnum():
        text = f'"{value}"'
    elif kind is int and -_LONG < value < _LONG:
        text = str(value)
    elif isinstance(value, dict):
        return "an object"
    elif isinstance(value, list):
        return f"an array of {len(value)}"
    elif isinstance(value, int) and not isinstance(value, bool):
        return f"a number of {value.bit_length()} bits"
    else:
        text = _write_json(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def list_names(names: tuple[Any, ...]) -> str:
    """Names in a row, the tail left out when they are many."""
    shown = ", ".join(str(name) for name in names[:_LISTED])
    rest = len(names) - _LISTED
    return f"{shown} and {rest} more" if rest > 0 else shown


def describe_type(kind: Type) -> str:
    """A type in a word or two: ``a string``, ``one of Linux, Windows``."""
    if kind.enum:
        return f"one of {list_names(kind.enum)}"
    if kind.format == "duration":
        return "an ISO 8601 duration such as PT2H"
    return f"an object ({kind.ref})" if kind.kind == "ref" else _TYPES[kind.kind]


def _missing(deviation: Deviation, version: str) -> Words:
    kind, twin = deviation.hint
    message = f"`{deviation.name}` is required in {deviation.owner} and missing."
    if twin:
        return message, f"`{twin}` seems to stand for it; see there.", None
    return message, f'Add "{deviation.name}": {describe_type(kind)}.', None


def _unknown(deviation: Deviation, version: str) -> Words:
    message = f"`{deviation.seen}` is not a property of {deviation.owner}."
    if deviation.hint is not None:
        return message, *_move(deviation)
    if deviation.expected:
        names = " or ".join(f"`{name}`" for name in deviation.expected)
        fix = _edit(deviation, _RENAME, deviation.expected[0])
        return message, f"Did you mean {names}?", fix
    return message, "Remove it.", _edit(deviation, _REMOVE)


def _move(deviation: Deviation) -> tuple[str, Fix | None]:
    """Where a property in the wrong place belongs."""
    home: Home = deviation.hint
    if home.is_taken:
        place = to_pointer(home.path) or "The top of the body"
        return f"{place} has it already: remove it here.", _edit(deviation, _REMOVE)
    target = to_pointer((home.path, deviation.seen))
    fix = _edit(deviation, _MOVE, target, certain=home.is_only)
    where = f"below {to_pointer(home.path)}" if home.path else "to the top of the body"
    others = "" if home.is_only else ", or to another object that knows it"
    return f"Move it {where}{others}.", fix if home.is_there else None


def _case(deviation: Deviation, version: str) -> Words:
    _, _, seen, (right,), owner, _, is_there, _ = deviation
    message = f"`{seen}` is written `{right}` in {owner}."
    if is_there:
        cure = f"`{right}` is there already: remove one of them."
        return message, cure, _edit(deviation, _REMOVE)
    fix = _edit(deviation, _RENAME, right, certain=True)
    return message, f"Rename `{seen}` to `{right}`.", fix


def _type(deviation: Deviation, version: str) -> Words:
    _, path, seen, _, owner, name, kind, _ = deviation
    shown, wanted = show(seen), describe_type(kind)
    place = _name_place(owner, name, name if path is None else path[1])
    message = f"{place} must be {wanted}, not {shown}."
    cure, value = _cure_type(kind, seen, shown, wanted)
    fix = None if value is None else _edit(deviation, _SET, value, certain=True)
    return message, cure, fix


def _subject(deviation: Deviation) -> str:
    """The place in words: ``SweepJob.timeout``, ``SweepJob.searchSpace["lr"]``."""
    path = deviation.path
    step = path[1] if path is not None else deviation.name
    return _name_place(deviation.owner, deviation.name, step)


@lru_cache(maxsize=1024)
def _name_place(owner: str, name: str, step: str | int) -> str:
    if not name:
        return "The body"
    place = f"{owner}.{name}" if owner else name
    same = isinstance(step, str) and step.casefold() == name.casefold()
    return place if same else f"{place}[{json.dumps(step)}]"


def _cure_type(kind: Type, seen: Any, shown: str, wanted: str) -> tuple[str, Any]:
    """The cure, and the value that is meant where it is certain."""
    name = kind.kind
    if name == "string" and isinstance(seen, (int, float)):
        exact = isinstance(seen, int) and not _is_limited(kind)
        return f'Put it in quotes: "{shown}".', shown if exact else None
    if name in ("integer", "number") and isinstance(seen, str):
        number = _read_as(name, seen)
        if number is not None:
            meant = None if _is_limited(kind) or abs(number) >= _INT32 else number
            return f"Remove the quotes: {show(number)}.", meant
    if name == "boolean" and isinstance(seen, str):
        value = {"true": True, "false": False}.get(seen.strip().lower())
        return "Send true or false without quotes.", value
    return f"Send {wanted}.", None


def _is_limited(kind: Type) -> bool:
    """Whether a value of the right type may still be a wrong one."""
    return bool(
        kind.enum
        or kind.pattern
        or (kind.kind == "string" and kind.format)
        or kind.minimum is not None
        or kind.maximum is not None
        or kind.min_length is not None
        or kind.max_length is not None
    )


def _read_as(kind: str, text: str) -> int | float | None:
    """The number that a text is, written as JSON writes numbers."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if not math.isfinite(value):
        return None
    if kind == "number" or isinstance(value, int):
        return value
    return int(value) if value.is_integer() else None


def _null(deviation: Deviation, version: str) -> Words:
    kind, required = deviation.hint
    message = f"{_subject(deviation)} may not be null."
    wanted = describe_type(kind)
    if required:
        return message, f"Send {wanted}.", None
    fix = _edit(deviation, _REMOVE) if _is_member(deviation) else None
    return message, f"Leave it out, or send {wanted}.", fix


def _is_member(deviation: Deviation) -> bool:
    return deviation.path is not None and isinstance(deviation.path[1], str)


def _enum(deviation: Deviation, version: str) -> Words:
    values = list_names(deviation.expected)
    message = (
        f"{show(deviation.seen)} is not a value of {_subject(deviation)}: {values}."
    )
    near = find_nearest(str(deviation.seen), deviation.expected)
    if near:
        fix = _edit(deviation, _SET, near[0])
        return message, f'Did you mean "{near[0]}"?', fix
    return message, f"Use one of {values}.", None


def _enum_case(deviation: Deviation, version: str) -> Words:
    right = deviation.expected[0]
    message = (
        f"{show(deviation.seen)} of {_subject(deviation)} is written {show(right)}."
    )
    fix = _edit(deviation, _SET, right, certain=True)
    return message, f"Write {show(right)}.", fix


def _variant_unknown(deviation: Deviation, version: str) -> Words:
    values = list_names(deviation.expected)
    hint: Guess = deviation.hint
    known = hint.elsewhere
    there = f"; it exists in {known.span} only" if known else ""
    message = f"{show(deviation.seen)} is no {_subject(deviation)}: {values}{there}."
    cure, fix = _cure_variant(deviation, values)
    return message, f"{cure} Or use {known.best}." if known else cure, fix


def _variant_missing(deviation: Deviation, version: str) -> Words:
    values = list_names(deviation.expected)
    message = f"`{deviation.name}` is missing, one of {values} for a {deviation.owner}."
    hint: Guess = deviation.hint
    if hint.by == "twin":
        place = deviation.path[0] if deviation.path else None
        edit = Edit(_RENAME, to_pointer((place, hint.twin)), deviation.name)
        cure = f'`{hint.twin}` holds "{hint.value}": rename it to `{deviation.name}`.'
        return message, cure, Fix((edit,))
    return message, *_cure_variant(deviation, values)


def _cure_variant(deviation: Deviation, values: str) -> tuple[str, Fix | None]:
    hint: Guess = deviation.hint
    fix = _edit(deviation, _SET, hint.value) if hint.value else None
    if hint.by == "name":
        return f'Did you mean "{hint.value}"?', fix
    told = f'Send "{deviation.name}": "{hint.value}"'
    if hint.by == "properties":
        return f"{told}; the other properties look like it.", fix
    if hint.by == "only":
        return f"{told}.", fix
    return f'Send "{deviation.name}" with one of {values}.', None


def _variant_other(deviation: Deviation, version: str) -> Words:
    right = deviation.expected[0]
    message = (
        f"`{deviation.name}` is {show(deviation.seen)}, which makes a "
        f"{deviation.hint}; here only {deviation.owner} can stand."
    )
    fix = _edit(deviation, _SET, right)
    return message, f'Send "{deviation.name}": "{right}".', fix


def _renamed(deviation: Deviation, version: str) -> Words:
    move: Migration = deviation.hint
    now = " and ".join(f"`{name}`" for name in move.now)
    if move.message:
        message = move.message
    elif move.later:
        message = (
            f"`{move.was}` of {deviation.owner} exists only since {move.since}; "
            f"{version} has {now or 'nothing in its place'}."
        )
    elif now:
        message = f"`{move.was}` of {deviation.owner} is {now} since {move.since}."
    else:
        message = f"`{move.was}` is gone from {deviation.owner} since {move.since}."
    if move.cure:
        return message, move.cure, None
    if len(move.now) == 1:
        fix = _edit(deviation, _RENAME, move.now[0])
        return message, f"Rename it to {now}.", fix
    if now:
        return message, f"Rename it to {now}.", None
    return message, "Leave it out.", _edit(deviation, _REMOVE)


def _foreign(deviation: Deviation, version: str) -> Words:
    variants = list_names(deviation.hint)
    message = (
        f"`{deviation.seen}` is not a property of {deviation.owner}; "
        f"it belongs to {variants}."
    )
    cure = "Remove it, or change the discriminator."
    return message, cure, _edit(deviation, _REMOVE)


def _use(deviation: Deviation, version: str) -> Words:
    if deviation.hint is Use.READ_ONLY:
        message = f"{_subject(deviation)} is read-only: only the service sets it."
        fix = _edit(deviation, _REMOVE, certain=True)
        return message, "Leave it out.", fix
    what = "a secret" if deviation.hint is Use.SECRET else "write-only"
    return f"{_subject(deviation)} is {what}, and came back in an answer.", "", None


def _fixed(deviation: Deviation, version: str) -> Words:
    message = f"{_subject(deviation)} can be set when creating, not when updating."
    cure = "Leave it out, or create a new resource."
    return message, cure, _edit(deviation, _REMOVE)


def _pattern(deviation: Deviation, version: str) -> Words:
    pattern = deviation.expected[0]
    message = (
        f"{show(deviation.seen)} of {_subject(deviation)} does not match {pattern}."
    )
    return message, f"Send text that matches {pattern}.", None


def _range(deviation: Deviation, version: str) -> Words:
    low, high = deviation.expected
    wanted = _span(low, high)
    message = (
        f"{show(deviation.seen)} of {_subject(deviation)} is out of range: {wanted}."
    )
    return message, f"Send a number {wanted}.", None


def _length(deviation: Deviation, version: str) -> Words:
    if deviation.hint == "unique":
        message = f"{_subject(deviation)} holds an item twice."
        return message, "Send each item once.", None
    low, high = deviation.expected
    unit, count = deviation.hint
    wanted = f"{_span(low, high)} {unit}"
    message = f"{_subject(deviation)} has {count} {unit}; allowed: {wanted}."
    return message, f"Send {wanted}.", None


def _span(low: float | None, high: float | None) -> str:
    if high is None:
        return f"at least {show(low)}"
    if low is None:
        return f"at most {show(high)}"
    return f"{show(low)} to {show(high)}"


def _format(deviation: Deviation, version: str) -> Words:
    name = deviation.expected[0]
    example = {
        "date-time": "2026-01-31T12:00:00Z",
        "uuid": "12345678-1234-1234-1234-123456789abc",
    }.get(name, "")
    message = f"{show(deviation.seen)} in {_subject(deviation)} is not a {name}."
    return message, f"Write it as {example}." if example else "", None


def _duration(deviation: Deviation, version: str) -> Words:
    seen = deviation.seen
    message = f"{show(seen)} in {_subject(deviation)} is not an ISO 8601 duration."
    number = _read_number(seen)
    if number is not None:
        cure = f'Write "PT{number}M" for minutes, "PT{number}S" for seconds.'
        return message, cure, None
    cure = 'Write hours, minutes and seconds as in "PT2H30M", days as in "P1D".'
    return message, cure, None


def _read_number(seen: Any) -> str | None:
    if isinstance(seen, bool):
        return None
    text = seen.strip() if isinstance(seen, str) else show(seen)
    return text if text.isascii() and text.isdigit() else None


_PHRASES: dict[Rule, Callable[[Deviation, str], Words]] = {
    Rule.MISSING: _missing,
    Rule.UNKNOWN: _unknown,
    Rule.CASE: _case,
    Rule.TYPE: _type,
    Rule.NULL: _null,
    Rule.ENUM: _enum,
    Rule.ENUM_CASE: _enum_case,
    Rule.VARIANT_UNKNOWN: _variant_unknown,
    Rule.VARIANT_MISSING: _variant_missing,
    Rule.VARIANT_OTHER: _variant_other,
    Rule.RENAMED: _renamed,
    Rule.FOREIGN: _foreign,
    Rule.USE: _use,
    Rule.FIXED: _fixed,
    Rule.PATTERN: _pattern,
    Rule.RANGE: _range,
    Rule.LENGTH: _length,
    Rule.FORMAT: _format,
    Rule.DURATION: _duration,
}
