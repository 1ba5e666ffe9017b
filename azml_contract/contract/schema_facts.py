"""Read single facts out of OpenAPI 2.0 schemas.

In: a schema `Node`, or the `Chain` of a schema and what its ``$ref`` leads
to. Out: plain values. In a chain the siblings of a ``$ref`` come first, so
that a property may say more than the definition it refers to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from azml_contract.contract.catastrophe import find_catastrophe
from azml_contract.contract.documents import Node
from azml_contract.contract.model import Type

_SCALARS = ("string", "integer", "number", "boolean")
_STRUCTURE = ("properties", "allOf", "discriminator")
_USES = frozenset({"create", "read", "update"})


@dataclass(frozen=True, slots=True)
class Chain:
    """A schema and the targets of its ``$ref``, the last of which has none."""

    nodes: tuple[Node, ...]

    @property
    def schema(self) -> Node:
        """Where the chain ends: the schema itself."""
        return self.nodes[-1]

    def first(self, key: str) -> Node | None:
        """The nearest node's member of that name."""
        return next((found for node in self.nodes if (found := node.get(key))), None)

    def text(self, key: str) -> str:
        """A member that is text; empty when no node has it."""
        found = self.first(key)
        return "" if found is None else found.text()

    def integer(self, key: str) -> int | None:
        """A member that is a whole number; None when no node has it."""
        found = self.first(key)
        return None if found is None else found.integer()

    def number(self, key: str) -> float | None:
        """A member that is a number; None when no node has it."""
        found = self.first(key)
        return None if found is None else found.number()

    def flag(self, key: str) -> bool:
        """Whether any of the nodes says so."""
        return any(node.flag_of(key) for node in self.nodes)

    def pattern(self) -> str:
        """The regular expression, which has to be one."""
        pattern = self.text("pattern")
        if not pattern:
            return ""
        try:
            re.compile(pattern)
        except re.error as error:
            raise self.nodes[0].fail(
                f"pattern {pattern!r} is no regular expression ({error})"
            ) from error
        fault = find_catastrophe(pattern)
        if fault:
            raise self.nodes[0].fail(f"pattern {pattern!r} may take for ever: {fault}")
        return pattern

    def mutability(self) -> frozenset[str] | None:
        """``x-ms-mutability``; None when the schema does not restrict its use."""
        listed = self.first("x-ms-mutability")
        if listed is None:
            return None
        uses = frozenset(use.text() for use in listed.elements())
        if not uses <= _USES:
            unknown = ", ".join(sorted(uses - _USES))
            raise listed.fail(f"x-ms-mutability cannot hold {unknown!r}")
        return uses


def is_object(schema: Node) -> bool:
    """Whether a schema describes an object with properties of its own."""
    if not isinstance(schema.value, dict) or "$ref" in schema.value:
        return False
    return any(key in schema.value for key in _STRUCTURE)


def reference_of(schema: Node) -> Node | None:
    """The node whose ``$ref`` a schema stands for; None for a schema of its own.

    Some files wrap the ``$ref`` of a property in an ``allOf`` of one, so that
    siblings are legal JSON Schema.
    """
    if schema.has("$ref"):
        return schema
    bases = schema.get("allOf")
    is_definition = schema.steps[:1] == ("definitions",) and len(schema.steps) == 2
    if bases is None or is_definition or schema.has("properties"):
        return None
    wrapped = list(bases.elements())
    return wrapped[0] if len(wrapped) == 1 and wrapped[0].has("$ref") else None


def kind_of(schema: Node) -> str:
    """The kind of value; guessed from the rest where ``type`` is missing."""
    kind = schema.text_of("type")
    if kind in _SCALARS or kind in ("array", "object"):
        return kind
    if kind:
        raise schema.fail(f"type {kind!r} is none of OpenAPI 2.0")
    if schema.has("enum"):
        return "string"
    if schema.has("items"):
        return "array"
    return "object" if schema.has("additionalProperties") else "any"


def enumeration(schema: Node) -> tuple[tuple[str, ...], bool]:
    """The values of an enum of strings, and whether others may come."""
    values = schema.get("enum")
    if values is None or kind_of(schema) != "string":
        return (), False
    extension = schema.get("x-ms-enum")
    is_open = extension is not None and extension.flag_of("modelAsString")
    return tuple(value.text() for value in values.elements()), is_open


def read_default(node: Node | None, kind: Type) -> Any:
    """The default; those of objects are often JSON in text, such as ``"{}"``."""
    if node is None:
        return None
    structured = kind.kind in ("ref", "object", "map", "array", "any")
    if not (structured and isinstance(node.value, str)):
        return node.value
    try:
        return json.loads(node.value)
    except (ValueError, RecursionError):
        return node.value


def references(node: Node) -> Iterator[Node]:
    """Every ``$ref`` below a node, examples left out."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current.value, dict):
            if isinstance(current.value.get("$ref"), str):
                yield current
            waiting += [m for m in current.members() if m.name != "x-ms-examples"]
        elif isinstance(current.value, list):
            waiting += current.elements()


def without_prose(value: Any) -> str:
    """A schema as text to compare, whichever file it refers to."""

    def strip(part: Any) -> Any:
        if isinstance(part, dict):
            return {
                key: strip(inner) for key, inner in part.items() if _tells(key, inner)
            }
        return [strip(inner) for inner in part] if isinstance(part, list) else part

    return re.sub(r'"[^"]*#/', '"#/', json.dumps(strip(value), sort_keys=True))


def _tells(key: str, inner: Any) -> bool:
    return not (key in ("description", "title") and isinstance(inner, str))
