"""Find where a property that stands in the wrong place belongs.

In: a body, its type, and a property that its owner does not know. Out: the nearest
object of the body, by the contract, that knows a property of that very name. Knows
no sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from azml_contract.contract.model import Definition, Type
from azml_contract.contract.views import Lens, Use, is_union, use_of
from azml_contract.validation.deviation import Deviation, Home, Path, Rule

_MOST_OBJECTS = 2000
_AHEAD = 3


class _Object(NamedTuple):
    """An object of the body, or one that it may have: then `value` is None."""

    definition: Definition
    value: dict[str, Any] | None
    path: Path


class Homes:
    """The objects of one body, listed when the first stray property asks."""

    def __init__(
        self,
        definitions: Mapping[str, Definition],
        lens: Lens,
        body: Type,
        value: Any,
    ) -> None:
        self._definitions = definitions
        self._lens = lens
        self._body = body
        self._value = value
        self._knowing: dict[str, list[_Object]] | None = None

    def rehome(self, deviation: Deviation) -> Deviation:
        """The same deviation; an unknown property is told where it belongs."""
        if deviation.rule is not Rule.UNKNOWN or deviation.path is None:
            return deviation
        home = self._find(deviation.path[0], str(deviation.seen))
        if home is None or (
            deviation.expected and not (home.is_there and home.is_only)
        ):
            return deviation
        return deviation._replace(hint=home, expected=())

    def _find(self, holder: Path, key: str) -> Home | None:
        if self._knowing is None:
            self._knowing = {}
            for one in self._list():
                for name in one.definition.properties:
                    self._knowing.setdefault(name, []).append(one)
        knowing = [
            one
            for one in self._knowing.get(key, ())
            if one.path != holder and self._declares(one.definition, key)
        ]
        free = [one for one in knowing if one.value is None or key not in one.value]
        ranked = sorted(
            free or knowing, key=lambda one: _measure(one.path, holder, one.value)
        )
        if not ranked:
            return None
        best = ranked[0]
        others = {one.path for one in free if one.value is not None} - {best.path}
        return Home(best.path, best.value is not None, not others, not free)

    def _declares(self, definition: Definition, key: str) -> bool:
        prop = definition.properties.get(key)
        return prop is not None and use_of(prop, self._lens) is Use.FREE

    def _list(self) -> Iterator[_Object]:
        waiting: list[tuple[Type, Any, Path, int]] = [
            (self._body, self._value, None, 0)
        ]
        for count, (kind, value, path, ahead) in enumerate(waiting):
            if count >= _MOST_OBJECTS:
                return
            if kind.items is not None:
                waiting += _step_into(kind, value, path)
                continue
            for definition in self._resolve(kind.ref, value):
                given = value if isinstance(value, dict) else None
                yield _Object(definition, given, path)
                waiting += self._step_down(definition, given, path, ahead)

    def _step_down(
        self,
        definition: Definition,
        given: dict[str, Any] | None,
        path: Path,
        ahead: int,
    ) -> Iterator[tuple[Type, Any, Path, int]]:
        for name, prop in definition.properties.items():
            if use_of(prop, self._lens) is not Use.FREE:
                continue
            inner = None if given is None else given.get(name)
            if inner is not None or (prop.type.kind == "ref" and ahead < _AHEAD):
                further = 0 if inner is not None else ahead + 1
                yield prop.type, inner, (path, name), further

    def _resolve(self, name: str, value: Any) -> list[Definition]:
        """The definition of a value; all variants where it does not tell which."""
        definition = self._definitions.get(name)
        if definition is None or (value is not None and not isinstance(value, dict)):
            return []
        if not is_union(definition):
            return [definition]
        tag = value.get(definition.discriminator) if value else None
        names = dict.fromkeys(definition.variants.values())
        if isinstance(tag, str) and tag in definition.variants:
            names = dict.fromkeys([definition.variants[tag]])
        return [self._definitions[one] for one in names if one in self._definitions]


def _step_into(
    kind: Type, value: Any, path: Path
) -> Iterator[tuple[Type, Any, Path, int]]:
    assert kind.items is not None
    pairs: Any = ()
    if isinstance(value, list):
        pairs = enumerate(value)
    elif isinstance(value, dict):
        pairs = value.items()
    for key, item in pairs:
        yield kind.items, item, (path, key), 0


def _measure(path: Path, holder: Path, value: Any) -> tuple[bool, int]:
    """Objects that are there first, then by the steps up and down to them."""
    mine, theirs = _list_steps(path), _list_steps(holder)
    common = 0
    for one, two in zip(mine, theirs, strict=False):
        if one != two:
            break
        common += 1
    return value is None, len(mine) + len(theirs) - 2 * common


def _list_steps(path: Path) -> list[str | int]:
    steps: list[str | int] = []
    while path is not None:
        path, step = path
        steps.append(step)
    return steps[::-1]
