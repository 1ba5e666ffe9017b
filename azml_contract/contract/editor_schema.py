"""JSON Schemas for an editor that completes and checks bodies while they are written.

In: the schema of a body. Out: the same, and where a text, a number or a truth value is
wanted a slot in braces does too, as a scenario fills it when it sends the body.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from azml_contract.contract.schema import Schema

_SLOT: Schema = {"type": "string", "pattern": r"\{\{.*\}\}"}
_SCALARS = frozenset(("string", "integer", "number", "boolean"))
_MAPS = ("properties", "$defs")
_ONE = ("items", "additionalProperties", "then", "else")
_MANY = ("allOf", "anyOf", "oneOf")


def allow_slots(schema: Schema) -> Schema:
    """A schema that takes ``{{ name }}`` in place of any single value.

    Conditions stay as they are: a discriminator tells which variant is meant.
    """
    made = dict(schema)
    for key in _MAPS:
        if isinstance(made.get(key), dict):
            made[key] = {name: allow_slots(one) for name, one in made[key].items()}
    for key in _ONE:
        if isinstance(made.get(key), dict):
            made[key] = allow_slots(made[key])
    for key in _MANY:
        if key in made:
            made[key] = [allow_slots(one) for one in made[key]]
    return {"anyOf": [made, _SLOT]} if _is_scalar(made) else made


def _is_scalar(schema: Schema) -> bool:
    kinds = schema.get("type", ())
    listed = {kinds} if isinstance(kinds, str) else set(kinds)
    return bool(listed & _SCALARS) and schema != {"type": "string"}


def write_settings(schemas: Mapping[Sequence[str], Schema]) -> dict[str, Any]:
    """Settings of VS Code: for the files of each key its schema."""
    return {
        "json.schemas": [
            {"fileMatch": [f"/{file}" for file in files], "schema": schema}
            for files, schema in schemas.items()
        ]
    }
