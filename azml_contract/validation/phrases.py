"""Put a deviation into words: what is wrong, and how to mend it.

In: a deviation and the api-version. Out: a message and a cure, plain
sentences. Decides nothing about severity.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from azml_contract.contract.model import Type
from azml_contract.contract.views import Use
from azml_contract.validation.deviation import Deviation, Rule
from azml_contract.validation.history import Elsewhere
from azml_contract.validation.migrations import Migration
from azml_contract.validation.nearest import find_nearest

Words = tuple[str, str]
# json.dumps makes an encoder a call for any but its own options.
_write_json = json.JSONEncoder(ensure_ascii=False).encode
_SHOWN = 60
_LISTED = 12


def describe(deviation: Deviation, api_version: str) -> Words:
    """The message and the cure of a deviation; the cure may be empty."""
    return _PHRASES[deviation.rule](deviation, api_version)


def show(value: Any) -> str:
    """A value as JSON, cut to a readable length; containers by their size."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, str) and value.isalnum():
        text = f'"{value}"'
    elif type(value) is int:
        text = str(value)
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
    if kind.kind == "ref":
        return f"an object ({kind.ref})"
    if kind.kind == "map":
        return "an object with names of your choice"
    if kind.kind == "any":
        return "a value"
    article = "an" if kind.kind[0] in "aeio" else "a"
    return f"{article} {kind.kind}"


def _missing(deviation: Deviation, version: str) -> Words:
    kind, twin = deviation.hint
    message = f"`{deviation.name}` is required in {deviation.owner} and missing."
    if twin:
        return message, f"`{twin}` seems to stand for it; see there."
    return message, f'Add "{deviation.name}": {describe_type(kind)}.'


def _unknown(deviation: Deviation, version: str) -> Words:
    message = f"`{deviation.seen}` is not a property of {deviation.owner}."
    if deviation.hint == "properties":
        return message, "It belongs inside `properties`: move it there."
    if deviation.hint:
        return message, f"Did you mean `{deviation.seen}` inside `{deviation.hint}`?"
    if deviation.expected:
        names = " or ".join(f"`{name}`" for name in deviation.expected)
        return message, f"Did you mean {names}?"
    return message, "Remove it; the service drops what it does not know."


def _case(deviation: Deviation, version: str) -> Words:
    right = deviation.expected[0]
    message = f"`{deviation.seen}` is written `{right}` in {deviation.owner}."
    return message, f"Rename `{deviation.seen}` to `{right}`."


def _type(deviation: Deviation, version: str) -> Words:
    kind: Type = deviation.hint
    wanted = describe_type(kind)
    message = f"{_subject(deviation)} must be {wanted}, not {show(deviation.seen)}."
    return message, _cure_type(kind, deviation.seen)


def _subject(deviation: Deviation) -> str:
    """The place in words: ``SweepJob.timeout``, ``SweepJob.searchSpace["lr"]``."""
    if not deviation.name:
        return "The body"
    place = f"{deviation.owner}.{deviation.name}" if deviation.owner else deviation.name
    step = deviation.path[1] if deviation.path is not None else deviation.name
    same = isinstance(step, str) and step.casefold() == deviation.name.casefold()
    return place if same else f"{place}[{json.dumps(step)}]"


def _cure_type(kind: Type, seen: Any) -> str:
    if kind.kind in ("integer", "number") and isinstance(seen, str):
        try:
            number = float(seen)
        except ValueError:
            return f"Send {describe_type(kind)}."
        if number.is_integer():
            return f"Remove the quotes: {int(number)}."
        return f"Remove the quotes: {seen}." if kind.kind == "number" else ""
    if kind.kind == "boolean" and isinstance(seen, str):
        return "Send true or false without quotes."
    if kind.kind == "string" and isinstance(seen, (bool, int, float)):
        return f'Put it in quotes: "{show(seen)}".'
    return f"Send {describe_type(kind)}."


def _null(deviation: Deviation, version: str) -> Words:
    kind, required = deviation.hint
    message = f"{_subject(deviation)} may not be null."
    wanted = describe_type(kind)
    return (
        message,
        f"Send {wanted}." if required else f"Leave it out, or send {wanted}.",
    )


def _enum(deviation: Deviation, version: str) -> Words:
    values = list_names(deviation.expected)
    message = (
        f"{show(deviation.seen)} is not a value of {_subject(deviation)}: {values}."
    )
    near = find_nearest(str(deviation.seen), deviation.expected)
    if near:
        return message, f'Did you mean "{near[0]}"?'
    return message, f"Use one of {values}."


def _enum_case(deviation: Deviation, version: str) -> Words:
    right = deviation.expected[0]
    message = (
        f"{show(deviation.seen)} of {_subject(deviation)} is written {show(right)}."
    )
    return message, f"Write {show(right)}."


def _variant_unknown(deviation: Deviation, version: str) -> Words:
    values = list_names(deviation.expected)
    known: Elsewhere | None = deviation.hint[2]
    there = f"; it exists in {known.span} only" if known else ""
    message = f"{show(deviation.seen)} is no {_subject(deviation)}: {values}{there}."
    cure = _cure_variant(deviation, values)
    return message, f"{cure} Or use {known.best}." if known else cure


def _variant_missing(deviation: Deviation, version: str) -> Words:
    values = list_names(deviation.expected)
    message = f"`{deviation.name}` is missing, one of {values} for a {deviation.owner}."
    return message, _cure_variant(deviation, values)


def _cure_variant(deviation: Deviation, values: str) -> str:
    guess, by, _ = deviation.hint
    if by == "name":
        return f'Did you mean "{guess}"?'
    if by:
        return f'Send "{deviation.name}": "{guess}"; the other properties look like it.'
    return f'Send "{deviation.name}" with one of {values}.'


def _variant_other(deviation: Deviation, version: str) -> Words:
    right = deviation.expected[0]
    message = (
        f"`{deviation.name}` is {show(deviation.seen)}, which makes a "
        f"{deviation.hint}; here only {deviation.owner} can stand."
    )
    return message, f'Send "{deviation.name}": "{right}".'


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
    return message, move.cure or (f"Rename it to {now}." if now else "Leave it out.")


def _foreign(deviation: Deviation, version: str) -> Words:
    variants = list_names(deviation.hint)
    message = (
        f"`{deviation.seen}` is not a property of {deviation.owner}; "
        f"it belongs to {variants}."
    )
    return message, "Remove it, or change the discriminator."


def _use(deviation: Deviation, version: str) -> Words:
    if deviation.hint is Use.READ_ONLY:
        message = f"{_subject(deviation)} is read-only: only the service sets it."
        return message, "Leave it out."
    what = "a secret" if deviation.hint is Use.SECRET else "write-only"
    return f"{_subject(deviation)} is {what}, and came back in an answer.", ""


def _fixed(deviation: Deviation, version: str) -> Words:
    message = f"{_subject(deviation)} can be set when creating, not when updating."
    return message, "Leave it out, or create a new resource."


def _pattern(deviation: Deviation, version: str) -> Words:
    pattern = deviation.expected[0]
    message = (
        f"{show(deviation.seen)} of {_subject(deviation)} does not match {pattern}."
    )
    return message, f"Send text that matches {pattern}."


def _range(deviation: Deviation, version: str) -> Words:
    low, high = deviation.expected
    wanted = _span(low, high)
    message = (
        f"{show(deviation.seen)} of {_subject(deviation)} is out of range: {wanted}."
    )
    return message, f"Send a number {wanted}."


def _length(deviation: Deviation, version: str) -> Words:
    if deviation.hint == "unique":
        return f"{_subject(deviation)} holds an item twice.", "Send each item once."
    low, high = deviation.expected
    unit = "characters" if deviation.hint == "text" else "items"
    wanted = f"{_span(low, high)} {unit}"
    count = len(deviation.seen)
    return (
        f"{_subject(deviation)} has {count} {unit}; allowed: {wanted}.",
        f"Send {wanted}.",
    )


def _span(low: float | None, high: float | None) -> str:
    if high is None:
        return f"at least {low:g}"
    if low is None:
        return f"at most {high:g}"
    return f"{low:g} to {high:g}"


def _format(deviation: Deviation, version: str) -> Words:
    name = deviation.expected[0]
    example = {
        "date-time": "2026-01-31T12:00:00Z",
        "uuid": "12345678-1234-1234-1234-123456789abc",
    }.get(name, "")
    message = f"{show(deviation.seen)} in {_subject(deviation)} is not a {name}."
    return message, f"Write it as {example}." if example else ""


def _duration(deviation: Deviation, version: str) -> Words:
    seen = deviation.seen
    message = f"{show(seen)} in {_subject(deviation)} is not an ISO 8601 duration."
    number = _read_number(seen)
    if number is not None:
        return message, (f'Write "PT{number}M" for minutes, "PT{number}S" for seconds.')
    return (
        message,
        'Write hours, minutes and seconds as in "PT2H30M", days as in "P1D".',
    )


def _read_number(seen: Any) -> str | None:
    if isinstance(seen, bool):
        return None
    text = seen.strip() if isinstance(seen, str) else str(seen)
    return text if text.isdigit() else None


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
