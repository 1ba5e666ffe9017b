"""Walk a body along its type and note every deviation, all in one pass.

In: a type of a contract, compiled once into a plan of nodes. Out: a list of
deviations. The walk goes on through what is wrong: below a miscased name it
continues with the name meant, below an unknown discriminator with the variant
that the other properties look like. It agrees with `contract.schema`: no
deviation exactly where the schema says yes. Knows neither severities nor
sentences.
"""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Mapping
from typing import Any

from azml_contract.contract.model import Type
from azml_contract.contract.patterns import (
    FORMATS,
    INTEGER_RANGES,
    Matcher,
)
from azml_contract.contract.views import Use
from azml_contract.validation.deviation import Deviation, Guess, Path, Rule

Found = list[Deviation]
Known = tuple[type, Container[Any]]


class Plan(ABC):
    """One node: checks a value, and appends what is wrong to `found`.

    A value whose type is `plain` is right without a walk, and so is one of the type and
    among the values of `known`; None: always walk.
    """

    __slots__ = ()
    plain: type | None = None
    known: Known | None = None

    @abstractmethod
    def walk(self, value: Any, path: Path, found: Found) -> None:
        """Check `value`, which stands at `path`."""


class Site:
    """What a node is about: its declared type, and the property that has it."""

    __slots__ = ("kind", "name", "nullable", "owner", "required")

    def __init__(
        self, owner: str, name: str, kind: Type, nullable: bool, required: bool = False
    ) -> None:
        self.owner = owner
        self.name = name
        self.kind = kind
        self.nullable = nullable
        self.required = required

    def note(
        self,
        rule: Rule,
        path: Path,
        seen: Any,
        expected: tuple[Any, ...] = (),
        hint: Any = None,
    ) -> Deviation:
        # As the class makes it, in half the time.
        about = (rule, path, seen, expected, self.owner, self.name, hint, False)
        return tuple.__new__(Deviation, about)

    def refuse(self, value: Any, path: Path, found: Found) -> None:
        """Note a value of the wrong type; null is fine where it is allowed."""
        if value is None:
            if self.nullable:
                return
            hint = (self.kind, self.required)
            found.append(self.note(Rule.NULL, path, None, (self.kind.kind,), hint))
        elif self.kind.format == "duration" and self.kind.kind == "string":
            found.append(self.note(Rule.DURATION, path, value, ("duration",)))
        else:
            found.append(
                self.note(Rule.TYPE, path, value, (self.kind.kind,), self.kind)
            )


class StringPlan(Plan):
    """Text, with its enum, pattern, format and length."""

    __slots__ = ("_enum", "_format", "_lengths", "_pattern", "known", "plain", "site")

    def __init__(self, site: Site) -> None:
        kind = site.kind
        self.site = site
        self._enum = frozenset(kind.enum)
        self._pattern = Matcher(kind.pattern) if kind.pattern else None
        shape = FORMATS.get(kind.format)
        self._format = Matcher(shape) if shape else None
        low, high = kind.min_length, kind.max_length
        limited = low is not None or high is not None
        self._lengths = (low or 0, high) if limited else None
        free = not (kind.enum or kind.pattern or shape or limited)
        self.plain = str if free else None
        listed = bool(kind.enum) and not (kind.pattern or shape or limited)
        self.known = (str, self._enum) if listed else None

    def walk(self, value: Any, path: Path, found: Found) -> None:
        if not isinstance(value, str):
            self.site.refuse(value, path, found)
            return
        if self._enum and value not in self._enum:
            self._note_enum(value, path, found)
        if self._pattern is not None and not self._pattern.search(value):
            expected = (self.site.kind.pattern,)
            found.append(self.site.note(Rule.PATTERN, path, value, expected))
        if self._format is not None and not self._format.search(value):
            name = self.site.kind.format
            rule = Rule.DURATION if name == "duration" else Rule.FORMAT
            found.append(self.site.note(rule, path, value, (name,)))
        if self._lengths is not None:
            low, high = self._lengths
            if len(value) < low or (high is not None and len(value) > high):
                bounds = (low, high)
                hint = ("characters", len(value))
                found.append(self.site.note(Rule.LENGTH, path, value, bounds, hint))

    def _note_enum(self, value: str, path: Path, found: Found) -> None:
        values = self.site.kind.enum
        twin = find_twin(value, values)
        if twin is not None:
            found.append(self.site.note(Rule.ENUM_CASE, path, value, (twin,)))
        else:
            open_ = self.site.kind.enum_open
            found.append(self.site.note(Rule.ENUM, path, value, values, open_))


class NumberPlan(Plan):
    """An integer or a number within its bounds; 1.0 is an integer, True is not."""

    __slots__ = ("_bounds", "_whole", "known", "site")

    def __init__(self, site: Site) -> None:
        kind = site.kind
        self.site = site
        self._whole = kind.kind == "integer"
        low, high = kind.minimum, kind.maximum
        if self._whole and kind.format in INTEGER_RANGES:
            least, most = INTEGER_RANGES[kind.format]
            low = least if low is None else max(low, least)
            high = most if high is None else min(high, most)
        self._bounds = (low, high)
        self.known = None
        if self._whole and low is not None and high is not None:
            self.known = (int, range(math.ceil(low), math.floor(high) + 1))

    def walk(self, value: Any, path: Path, found: Found) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.site.refuse(value, path, found)
            return
        if self._whole and isinstance(value, float) and not value.is_integer():
            self.site.refuse(value, path, found)
            return
        low, high = self._bounds
        if (low is not None and value < low) or (high is not None and value > high):
            found.append(self.site.note(Rule.RANGE, path, value, self._bounds))


class BooleanPlan(Plan):
    """True or false."""

    __slots__ = ("site",)
    plain = bool

    def __init__(self, site: Site) -> None:
        self.site = site

    def walk(self, value: Any, path: Path, found: Found) -> None:
        if not isinstance(value, bool):
            self.site.refuse(value, path, found)


class ArrayPlan(Plan):
    """A list; each item is checked, then its size."""

    __slots__ = ("_item", "site")

    def __init__(self, site: Site, item: Plan) -> None:
        self.site = site
        self._item = item

    def walk(self, value: Any, path: Path, found: Found) -> None:
        if not isinstance(value, list):
            self.site.refuse(value, path, found)
            return
        walk, plain = self._item.walk, self._item.plain
        for index, item in enumerate(value):
            if plain is not type(item):
                walk(item, (path, index), found)
        kind = self.site.kind
        low, high = kind.min_items or 0, kind.max_items
        if len(value) < low or (high is not None and len(value) > high):
            bounds = (low, high)
            hint = ("items", len(value))
            found.append(self.site.note(Rule.LENGTH, path, value, bounds, hint))
        if kind.unique_items and _has_twins(value):
            found.append(self.site.note(Rule.LENGTH, path, value, (), "unique"))


class MapPlan(Plan):
    """An object with names of the caller's choice; each value is checked."""

    __slots__ = ("_item", "site")

    def __init__(self, site: Site, item: Plan) -> None:
        self.site = site
        self._item = item

    def walk(self, value: Any, path: Path, found: Found) -> None:
        if not isinstance(value, dict):
            self.site.refuse(value, path, found)
            return
        walk, plain = self._item.walk, self._item.plain
        if plain is str and _are_texts(value):
            return
        for key, item in value.items():
            if plain is not type(item):
                walk(item, (path, key), found)


class FreePlan(Plan):
    """An object whose content the contract does not describe."""

    __slots__ = ("site",)
    plain = dict

    def __init__(self, site: Site) -> None:
        self.site = site

    def walk(self, value: Any, path: Path, found: Found) -> None:
        if not isinstance(value, dict):
            self.site.refuse(value, path, found)


class AnyPlan(Plan):
    """Whatever it is, it is fine."""

    __slots__ = ()

    def walk(self, value: Any, path: Path, found: Found) -> None:
        return


class RefPlan(Plan):
    """A value of a definition, found only when the first body needs it.

    `settle` is told how to walk an object, as soon as that is known.
    """

    __slots__ = ("_find", "_walk", "settle", "site")

    def __init__(self, site: Site, find: Callable[[str], Plan]) -> None:
        self.site = site
        self.settle: Callable[[Callable[[Any, Path, Found], None]], None] | None = None
        self._find = find
        self._walk: Callable[[Any, Path, Found], None] | None = None

    def walk(self, value: Any, path: Path, found: Found) -> None:
        if not isinstance(value, dict):
            self.site.refuse(value, path, found)
            return
        walk = self._walk
        if walk is None:
            walk = self._walk = self._find(self.site.kind.ref).walk
            if self.settle is not None:
                self.settle(walk)
        walk(value, path, found)


class BarredPlan(Plan):
    """A property that this view may not carry; null carries nothing."""

    __slots__ = ("_use", "site")

    def __init__(self, site: Site, use: Use) -> None:
        self.site = site
        self._use = use

    def walk(self, value: Any, path: Path, found: Found) -> None:
        if value is None:
            return
        rule = Rule.FIXED if self._use is Use.FIXED else Rule.USE
        # What a caller may not see, a report may not repeat.
        hidden = self._use in (Use.SECRET, Use.WRITE_ONLY)
        seen = None if hidden else value
        found.append(self.site.note(rule, path, seen, (), self._use))


class TagPlan(Plan):
    """The discriminator inside a derived type: its value is known beforehand."""

    __slots__ = ("_others", "_value", "known", "site")

    def __init__(self, site: Site, value: str, others: Mapping[str, str]) -> None:
        self.site = site
        self._value = value
        self._others = others
        self.known = (str, (value,))

    def walk(self, value: Any, path: Path, found: Found) -> None:
        if value == self._value:
            return
        expected = (self._value,)
        twin = find_twin(value, self._others) if isinstance(value, str) else None
        if isinstance(value, str) and value.casefold() == self._value.casefold():
            found.append(self.site.note(Rule.ENUM_CASE, path, value, expected))
        elif twin is not None:
            hint: Any = self._others[twin]
            found.append(
                self.site.note(Rule.VARIANT_OTHER, path, value, expected, hint)
            )
        else:
            hint = Guess(self._value, "only")
            found.append(
                self.site.note(Rule.VARIANT_UNKNOWN, path, value, expected, hint)
            )


def find_twin(value: str, known: Any) -> str | None:
    """The entry of `known` that differs from `value` in case alone, if any."""
    if value in known:
        return value
    folded = value.casefold()
    return next((other for other in known if other.casefold() == folded), None)


def _are_texts(value: dict[str, Any]) -> bool:
    """Whether all values of an object are texts: only such can be joined."""
    try:
        "".join(value.values())
    except TypeError:
        return False
    return True


def _has_twins(values: list[Any]) -> bool:
    texts = [json.dumps(_normalise(value), sort_keys=True) for value in values]
    return len(set(texts)) < len(texts)


def _normalise(value: Any) -> Any:
    """Equal JSON values become equal texts: 1.0 is 1."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_normalise(item) for item in value]
    if isinstance(value, dict):
        return {key: _normalise(item) for key, item in value.items()}
    return value
