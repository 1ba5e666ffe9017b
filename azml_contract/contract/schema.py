"""Write a type of a contract as a JSON Schema of draft 2020-12.

In: definitions, a type and a lens (a view, and whether secrets may show). Out:
one self-contained schema. It says yes or no quickly and never mixes the two
kinds of "no": discriminators choose by value through if/then, and null is one
more entry of `type`, so no branch fails for a reason that is not the body's.
Knows nothing of findings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import quote

from azml_contract.contract.model import Definition, Property, Type
from azml_contract.contract.patterns import FORMATS, INTEGER_RANGES
from azml_contract.contract.views import (
    Lens,
    Use,
    bare_values,
    find_discriminator,
    is_union,
    required_names,
    use_of,
)
from azml_contract.json_pointer import escape

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

_NOTHING: Schema = {"type": "null"}
_JSON_TYPES = {"ref": "object", "map": "object"}
_NUMBERS = (("minimum", "minimum"), ("maximum", "maximum"))
_BOUNDS = {
    "string": (("min_length", "minLength"), ("max_length", "maxLength")),
    "integer": _NUMBERS,
    "number": _NUMBERS,
    "array": (("min_items", "minItems"), ("max_items", "maxItems")),
}


class Choice(NamedTuple):
    """One variant of the union that a body holds: a far smaller schema.

    `owner` and `name` are the definition and its property that hold the union;
    both are empty where the body is the union itself.
    """

    owner: str
    name: str
    variant: str


class Texts(NamedTuple):
    """What texts have to be besides, by where they stand.

    `at` is asked of the properties of those names, in lower case, `named` of all
    others, and `free` of what stands under names of the caller's choice and in what
    the contract leaves open. Nothing is asked below the properties `spared`, nor of
    the items of a list.
    """

    at: Mapping[str, Schema]
    named: Schema
    free: Schema
    spared: frozenset[str]


_FREE = {"$ref": "#/$defs/~1free"}
"""Anything, its texts as `Texts.free` says; no definition has such a name."""


def write_schema(
    definitions: Mapping[str, Definition],
    body: Type,
    lens: Lens,
    choice: Choice | None = None,
    texts: Texts | None = None,
) -> Schema:
    """The schema of one body.

    Args:
        definitions: Those of one api-version.
        body: The type of the whole body.
        lens: Create, update or response, and whether secrets may show.
        choice: Which variant the body is known to be; every variant by default.
        texts: What texts have to be besides; nothing by default.

    Returns:
        A schema whose ``$defs`` hold every definition that `body` reaches. A
        definition that `definitions` lacks accepts any object.
    """
    if choice is not None and not choice.owner:
        body = replace(body, ref=choice.variant)
    writer = _Writer(definitions, lens, choice, texts)
    schema = writer.write_type(body, nullable=False)
    return {"$schema": DIALECT, **schema, "$defs": writer.finish()}


class _Writer:
    def __init__(
        self,
        definitions: Mapping[str, Definition],
        lens: Lens,
        choice: Choice | None,
        texts: Texts | None = None,
    ) -> None:
        self._definitions = definitions
        self._lens = lens
        self._choice = choice
        self._texts = texts
        self._written: dict[str, Schema] = {}
        self._waiting: list[str] = []

    def finish(self) -> dict[str, Schema]:
        while self._waiting:
            name = self._waiting.pop()
            definition = self._definitions.get(name)
            if definition is None:
                self._written[name] = {} if self._texts is None else dict(_FREE)
            elif is_union(definition):
                self._written[name] = self._write_union(definition)
            else:
                self._written[name] = self._write_object(definition)
        if self._texts is not None:
            self._written["/free"] = {
                **self._texts.free,
                "additionalProperties": _FREE,
                "items": _FREE,
            }
        return self._written

    def write_type(
        self,
        kind: Type,
        *,
        nullable: bool | None,
        texts: Schema | None = None,
        is_asked: bool = True,
    ) -> Schema:
        """The schema of a value.

        Args:
            kind: Its type.
            nullable: Whether it may be null.
            texts: What is asked besides where it is a text.
            is_asked: Whether anything is asked of texts below it.
        """
        asked = self._texts if is_asked else None
        if kind.kind == "any":
            return {} if asked is None else dict(_FREE)
        name = _JSON_TYPES.get(kind.kind, kind.kind)
        # Unknown nullability (None) accepts null: the source cannot refuse it.
        accepts_null = nullable is not False
        schema: Schema = {"type": [name, "null"] if accepts_null else name}
        if kind.kind == "ref":
            schema["$ref"] = self._refer(kind.ref)
        elif kind.items is not None:
            is_list = kind.kind == "array"
            schema["items" if is_list else "additionalProperties"] = self.write_type(
                kind.items,
                nullable=kind.items_nullable,
                texts=None if is_list or asked is None else asked.free,
                is_asked=is_asked,
            )
        elif kind.kind in ("object", "map") and asked is not None:
            schema.update(_FREE)
        if kind.enum:
            schema["enum"] = [*kind.enum, None] if accepts_null else list(kind.enum)
        elif kind.kind == "string" and texts is not None:
            schema.update(texts)
        _add_bounds(schema, kind)
        return schema

    def _refer(self, name: str) -> str:
        if name not in self._written:
            self._written[name] = {}
            self._waiting.append(name)
        return f"#/$defs/{quote(escape(name))}"

    def _write_union(self, base: Definition) -> Schema:
        tag = base.discriminator
        bare = bare_values(base)
        # One else inside the other: nothing is tried after the variant that it is.
        choices: Schema | bool = False
        if bare:
            choices = _when(tag, {"enum": list(bare)}, self._write_bare(base), choices)
        for value, name in reversed(list(base.variants.items())):
            variant = self._write_variant(base, name)
            choices = _when(tag, {"const": value}, variant, choices)
        chosen: Schema = {"required": [tag], "allOf": [choices]}
        prop = base.properties.get(tag)
        if prop is None or prop.required:
            return chosen
        untagged = self._write_object(base)
        return {"if": {"required": [tag]}, "then": chosen, "else": untagged}

    def _write_variant(self, base: Definition, name: str) -> Schema:
        if name == base.name:
            return self._write_object(base)
        return {"$ref": self._refer(name)}

    def _write_bare(self, base: Definition) -> Schema:
        """A variant without a definition: what the base declares, open."""
        schema = self._write_object(base)
        del schema["additionalProperties"]
        if self._texts is not None:
            schema["additionalProperties"] = _FREE
        return schema

    def _write_object(self, definition: Definition) -> Schema:
        schema: Schema = {
            "properties": {
                name: self._write_property(self._choose(definition, prop))
                for name, prop in definition.properties.items()
            },
            "additionalProperties": False,
        }
        if definition.discriminator_value:
            tag = find_discriminator(self._definitions, definition)
            if tag:
                schema["properties"][tag] = {"const": definition.discriminator_value}
        if definition.additional is not None:
            free = self._texts.free if self._texts is not None else None
            schema["additionalProperties"] = self.write_type(
                definition.additional, nullable=None, texts=free
            )
        required = required_names(definition, self._lens)
        if required:
            schema["required"] = list(required)
        return schema

    def _choose(self, owner: Definition, prop: Property) -> Property:
        choice = self._choice
        if choice is None or (owner.name, prop.name) != (choice.owner, choice.name):
            return prop
        return replace(prop, type=replace(prop.type, ref=choice.variant))

    def _write_property(self, prop: Property) -> Schema:
        if use_of(prop, self._lens) is not Use.FREE:
            return _NOTHING
        if self._texts is None:
            return self.write_type(prop.type, nullable=prop.nullable)
        return self.write_type(
            prop.type,
            nullable=prop.nullable,
            texts=self._texts.at.get(prop.name.lower(), self._texts.named),
            is_asked=prop.name not in self._texts.spared,
        )


def _when(tag: str, value: Schema, then: Schema, otherwise: Schema | bool) -> Schema:
    # A value without the tag is refused beside this, so `if` need not ask for it.
    return {"if": {"properties": {tag: value}}, "then": then, "else": otherwise}


def _add_bounds(schema: Schema, kind: Type) -> None:
    for attribute, keyword in _BOUNDS.get(kind.kind, ()):
        bound = getattr(kind, attribute)
        if bound is not None:
            schema[keyword] = bound
    if kind.unique_items:
        schema["uniqueItems"] = True
    if kind.kind == "integer" and kind.format in INTEGER_RANGES:
        low, high = INTEGER_RANGES[kind.format]
        schema["minimum"] = max(low, schema.get("minimum", low))
        schema["maximum"] = min(high, schema.get("maximum", high))
    if kind.kind == "string":
        _add_shape(schema, kind)


def _add_shape(schema: Schema, kind: Type) -> None:
    shape = FORMATS.get(kind.format)
    if kind.pattern:
        schema["pattern"] = kind.pattern
        if shape:
            schema["allOf"] = [{"pattern": shape}]
    elif shape:
        schema["pattern"] = shape
