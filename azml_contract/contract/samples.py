"""Make small bodies of a type: the smallest one, and each with one thing more.

In: the definitions of an api-version, a type and a lens. Out: values, in an order that
never changes, the smallest first. Every property that a body may hold is in one of
them, and every value of an enum. They are made to be judged: where a pattern asks for
more than is known here, one may be refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any

from azml_contract.contract.model import Definition, Type
from azml_contract.contract.patterns import FORMATS, INTEGER_RANGES, Matcher
from azml_contract.contract.views import (
    Lens,
    Use,
    find_discriminator,
    is_union,
    required_names,
    use_of,
)

_TEXTS = (
    *("a", "aaa", "a1", "PT1H", "2030-01-01T00:00:00Z", "2030-01-01T00:00:00"),
    *("00000000-0000-4000-8000-000000000001", "azureml:a:1", "https://a.example/b"),
    *("/subscriptions/s/resourceGroups/r/providers/p/t/n", "1.0.0", "A", "1", ""),
)
_DEEPEST = 12


def make_samples(
    definitions: Mapping[str, Definition], body: Type, lens: Lens, *, most: int = 5000
) -> Iterator[Any]:
    """Bodies of a type, at most `most`; never the same object twice."""
    return islice(_Maker(definitions, lens).make(body, ()), most)


class _Maker:
    def __init__(self, definitions: Mapping[str, Definition], lens: Lens) -> None:
        self._definitions = definitions
        self._lens = lens

    def make(self, kind: Type, above: tuple[str, ...]) -> Iterator[Any]:
        """Values of a type; `above` are the definitions that hold it."""
        if kind.kind == "ref":
            yield from self._make_object(kind.ref, above)
        elif kind.kind == "array":
            yield from self._make_list(kind, above)
        elif kind.kind == "map":
            yield {}
            if kind.items is not None:
                yield from ({"a": one} for one in self.make(kind.items, above))
        elif kind.kind == "string":
            yield from _make_texts(kind)
        elif kind.kind in ("integer", "number"):
            yield from _make_numbers(kind)
        elif kind.kind == "boolean":
            yield from (True, False)
        elif kind.kind == "object":
            yield from ({}, {"a": 1})
        else:
            yield from ({}, {"a": 1}, "a", 1, True, [1])

    def _make_list(self, kind: Type, above: tuple[str, ...]) -> Iterator[Any]:
        least = kind.min_items or 0
        if not least:
            yield []
        if kind.items is not None:
            for one in self.make(kind.items, above):
                yield [one] * max(least, 1)

    def _make_object(self, name: str, above: tuple[str, ...]) -> Iterator[Any]:
        definition = self._definitions.get(name)
        if definition is None:
            yield {}
        elif is_union(definition):
            each = (
                self._make_one(self._definitions[variant], above)
                for variant in definition.variants.values()
                if variant in self._definitions
            )
            yield from chain.from_iterable(each)
        else:
            yield from self._make_one(definition, above)

    def _make_one(
        self, definition: Definition, above: tuple[str, ...]
    ) -> Iterator[dict[str, Any]]:
        """The smallest object of a definition, then each with one property more."""
        if len(above) > _DEEPEST:
            return
        inside = (*above, definition.name)
        tag = find_discriminator(self._definitions, definition)
        least: dict[str, Any] = {}
        for name in required_names(definition, self._lens):
            kind = definition.properties[name].type
            value = next(self.make(kind, inside), None)
            if value is None:
                return  # it would hold itself without end
            least[name] = value
        if tag and definition.discriminator_value:
            least[tag] = definition.discriminator_value
        yield dict(least)
        if definition.name in above:
            return
        for name, prop in definition.properties.items():
            if name == tag or use_of(prop, self._lens) is not Use.FREE:
                continue
            if prop.nullable:
                yield {**least, name: None}
            for value in self.make(prop.type, inside):
                if name not in least or value != least[name]:
                    yield {**least, name: value}


def _make_texts(kind: Type) -> Iterator[str]:
    if kind.enum:
        yield from kind.enum
        if kind.enum_open:
            yield "aaa"
        return
    patterns = [one for one in (kind.pattern, FORMATS.get(kind.format, "")) if one]
    matchers = [Matcher(one) for one in patterns]
    low, high = kind.min_length or 0, kind.max_length
    longest = ["a" * high] if high is not None and high <= 1024 else []
    for text in (*_TEXTS, "a" * low, *longest):
        fits = len(text) >= low and (high is None or len(text) <= high)
        if fits and all(one.search(text) for one in matchers):
            yield text


def _make_numbers(kind: Type) -> Iterator[float]:
    least, most = INTEGER_RANGES.get(kind.format, (None, None))
    low = kind.minimum if kind.minimum is not None else least
    high = kind.maximum if kind.maximum is not None else most
    whole = kind.kind == "integer"
    for one in (1, 0, -1, low, high, *(() if whole else (0.5,))):
        if one is None or (low is not None and one < low):
            continue
        if high is None or one <= high:
            yield int(one) if whole else one
