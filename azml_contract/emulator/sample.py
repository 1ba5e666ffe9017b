"""The least that a type requires: for answers about which nothing else is known.

In: a type of a contract. Out: JSON that the contract allows, always the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azml_contract.contract.model import Definition, Type, View
from azml_contract.contract.views import Lens, Use, ancestors, use_of

RESPONSE = Lens(View.RESPONSE, reveals=True)
_TEXTS = {
    "duration": "PT1H",
    "date-time": "2026-01-01T00:00:00Z",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def sample(
    kind: Type, definitions: Mapping[str, Definition], lens: Lens = RESPONSE
) -> Any:
    """The smallest value of a type, of what may stand there in a view."""
    if kind.kind == "ref":
        return _sample_object(definitions[kind.ref], definitions, lens)
    if kind.kind == "array":
        assert kind.items is not None
        return [sample(kind.items, definitions, lens)] * (kind.min_items or 0)
    if kind.kind in ("map", "object", "any"):
        return {}
    if kind.kind in ("integer", "number"):
        return int(kind.minimum or 1)
    if kind.kind == "boolean":
        return True
    if kind.enum:
        return kind.enum[0]
    return _TEXTS.get(kind.format, "a1b" * (1 + (kind.min_length or 0) // 3))


def _sample_object(
    definition: Definition, definitions: Mapping[str, Definition], lens: Lens
) -> dict[str, Any]:
    tag: dict[str, Any] = {}
    if definition.variants:
        value = sorted(definition.variants)[0]
        tag = {definition.discriminator: value}
        definition = definitions[definition.variants[value]]
    elif definition.discriminator_value:
        for base in ancestors(definitions, definition):
            if base.discriminator:
                tag = {base.discriminator: definition.discriminator_value}
    required = {
        name: sample(prop.type, definitions, lens)
        for name, prop in definition.properties.items()
        if prop.required and use_of(prop, lens) is Use.FREE
    }
    return required | tag
