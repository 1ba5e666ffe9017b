"""Bodies in the shape that one api-version declares.

In: JSON and the type that the contract gives it. Out: for a request, the same
with names and enum values in the specification's case and without what is
unknown or read-only; for an answer, the declared properties only, those that
were never set as null or default, and no secret.

Source: recorded answers of the live service name every nullable property.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from azml_contract.contract.model import Definition, Property, Type, View
from azml_contract.contract.views import Lens, Use, use_of

Json = Any
Definitions = Mapping[str, Definition]
SEEN = Lens(View.RESPONSE)
_NESTED = ("ref", "array", "map")
_CREATE = Lens(View.CREATE)


def normalize(value: Json, kind: Type | None, definitions: Definitions) -> Json:
    """What the service understands of a request's body."""
    if kind is None:
        return value
    if kind.kind == "ref" and isinstance(value, dict):
        return _normalize_object(value, kind.ref, definitions)
    if kind.kind == "array" and isinstance(value, list):
        return [normalize(item, kind.items, definitions) for item in value]
    if kind.kind == "map" and isinstance(value, dict):
        return {
            k: _as_text(normalize(v, kind.items, definitions), kind.items)
            for k, v in value.items()
        }
    if kind.enum and isinstance(value, str):
        return _match_case(value, kind.enum)
    if kind.kind == "boolean" and str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    return value


def _as_text(value: Json, kind: Type | None) -> Json:
    """A number or truth value in a map of texts, which the service takes."""
    is_text_map = kind is not None and kind.kind == "string"
    return (
        str(value) if is_text_map and isinstance(value, bool | int | float) else value
    )


def _normalize_object(
    value: dict[str, Json], name: str, definitions: Definitions
) -> dict[str, Json]:
    definition = resolve(value, name, definitions)
    result: dict[str, Json] = {}
    for key, item in value.items():
        known = _find_name(key, definition)
        if known is None:
            if definition.additional is not None:
                result[key] = normalize(item, definition.additional, definitions)
            continue
        prop = definition.properties[known]
        if use_of(prop, _CREATE) is Use.READ_ONLY or (known != key and known in value):
            continue
        result[known] = normalize(item, prop.type, definitions)
    return result


def _find_name(key: str, definition: Definition) -> str | None:
    """The name of a property, which may be written in another case."""
    if key in definition.properties:
        return key
    lowered = key.lower()
    return next((n for n in definition.properties if n.lower() == lowered), None)


def _match_case(value: str, allowed: tuple[str, ...]) -> str:
    if value in allowed:
        return value
    lowered = value.lower()
    return next((known for known in allowed if known.lower() == lowered), value)


def resolve(value: dict[str, Json], name: str, definitions: Definitions) -> Definition:
    """The definition that a value has, by its discriminator where there is one."""
    definition = definitions[name]
    if not (definition.discriminator and definition.variants):
        return definition
    tag = definition.discriminator.lower()
    told = next((v for k, v in value.items() if k.lower() == tag), None)
    if isinstance(told, str):
        known = _match_case(told, tuple(definition.variants))
        variant = definition.variants.get(known)
        if variant is not None and variant != name:
            return resolve(value, variant, definitions)
    return definition


class _Shown(NamedTuple):
    """A property that answers may hold, and what stands there when it was not set.

    `is_plain`: a value of it stands in an answer as it is. `enum`: the words that it
    may be; empty where it is more than a word.
    """

    name: str
    type: Type
    enum: tuple[str, ...]
    is_nullable: bool
    is_required: bool
    is_plain: bool
    default: Json = None


_Known = tuple[Definition, tuple[_Shown, ...]]


class Shaper:
    """Writes answers for one api-version.

    Args:
        definitions: Of that version.
        reference: Of the newest version compiled from swagger; says what is
            nullable and what has a default where `definitions` cannot.
        lens: Whether secrets may be seen.
    """

    def __init__(
        self,
        definitions: Definitions,
        reference: Callable[[], Definitions],
        lens: Lens = SEEN,
    ) -> None:
        self._definitions = definitions
        self._reference = reference
        self._lens = lens
        self._known: dict[str, _Known] = {}
        self._told: dict[str, _Known] = {}
        """Definitions whose values need no discriminator to be known."""
        self._tags: dict[str, str] = {}
        self._variants: dict[tuple[str, str], _Known] = {}
        """Of bases whose discriminator, in `_tags`, tells enough: by its value."""

    def shape(self, value: Json, kind: Type | None) -> Json:
        """`value` as an answer of this type holds it."""
        if kind is None or value is None:
            return value
        if kind.kind == "ref" and isinstance(value, dict):
            return self._shape_object(value, kind.ref)
        if kind.kind == "array" and isinstance(value, list):
            if not value or _is_plain(kind.items):
                return value.copy()
            return [self.shape(item, kind.items) for item in value]
        if kind.kind == "map" and isinstance(value, dict):
            if not value or _is_plain(kind.items):
                return value.copy()
            return {k: self.shape(v, kind.items) for k, v in value.items()}
        if kind.enum and isinstance(value, str):
            return _match_case(value, kind.enum)
        return value

    def _shape_object(self, value: dict[str, Json], name: str) -> dict[str, Json]:
        definition, known = self._told.get(name) or self._find(value, name)
        result: dict[str, Json] = {}
        for key, kind, enum, is_nullable, is_required, is_plain, default in known:
            given = value.get(key)
            if given is not None:
                if is_plain or given in enum:
                    result[key] = given
                elif kind.kind == "ref" and isinstance(given, dict):
                    result[key] = self._shape_object(given, kind.ref)
                else:
                    result[key] = self.shape(given, kind)
            elif default is not None and not (is_nullable and key in value):
                is_word = not isinstance(default, dict | list)
                result[key] = default if is_word else self.shape(default, kind)
            elif is_nullable or (is_required and key in value):
                result[key] = None
        if definition.additional is not None:
            for key, item in value.items():
                if key not in definition.properties:
                    result[key] = self.shape(item, definition.additional)
        return result

    def _find(self, value: dict[str, Json], name: str) -> _Known:
        tag = value.get(self._tags.get(name, ""))
        found = self._variants.get((name, tag)) if isinstance(tag, str) else None
        return found or self._find_anew(value, name)

    def _find_anew(self, value: dict[str, Json], name: str) -> _Known:
        definition = resolve(value, name, self._definitions)
        known = self._known.get(definition.name)
        if known is None:
            known = self._known[definition.name] = definition, self._show(definition)
        if definition.name == name and not definition.variants:
            self._told[name] = known
        base = self._definitions[name]
        tag = str(value.get(base.discriminator))
        if not definition.variants and base.variants.get(tag) == definition.name:
            self._tags[name] = base.discriminator
            self._variants[name, tag] = known
        return known

    def _show(self, definition: Definition) -> tuple[_Shown, ...]:
        shown = []
        for key, prop in definition.properties.items():
            if use_of(prop, self._lens) is not Use.FREE:
                continue
            fact = self._best_fact(definition.name, prop)
            default = None
            if self._fills(prop, fact):
                # Names within a default are not always in the declared case.
                default = normalize(fact.default, prop.type, self._definitions)
                if not isinstance(default, dict | list):
                    default = self.shape(default, prop.type)
            shown.append(
                _Shown(
                    key,
                    prop.type,
                    () if prop.type.kind in _NESTED else prop.type.enum,
                    bool(fact.nullable),
                    prop.required,
                    _is_plain(prop.type),
                    default,
                )
            )
        return tuple(shown)

    def _fills(self, prop: Property, fact: Property) -> bool:
        """Whether the default makes a value; an empty one of many types does not."""
        if not fact.has_default or fact.default is None:
            return False
        if prop.type.kind == "ref" and fact.default == {}:
            return not self._definitions[prop.type.ref].variants
        return True

    def _best_fact(self, definition: str, prop: Property) -> Property:
        if prop.nullable is not None:
            return prop
        known = self._reference().get(definition)
        return known.properties.get(prop.name, prop) if known else prop


def _is_plain(kind: Type | None) -> bool:
    """Whether values of a type stand in an answer as they are."""
    return kind is None or (kind.kind not in _NESTED and not kind.enum)
