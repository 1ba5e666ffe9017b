"""What a view of a definition lets a caller set, and what it must hold.

In: a property or a definition, and how it is used (create, update, response).
Out: whether the property may stand there, and which names are required. The
JSON Schema and the explanation both ask here, so that they cannot disagree.
Knows nothing of JSON Schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum, auto
from typing import NamedTuple

from azml_contract.contract.model import Definition, Property, View


class Use(StrEnum):
    """Whether a property may stand in a view, and why not."""

    FREE = auto()
    READ_ONLY = auto()
    FIXED = auto()
    WRITE_ONLY = auto()
    SECRET = auto()


_READ = frozenset({"read"})


class Lens(NamedTuple):
    """A view, and whether it may reveal secrets (answers of ``POST`` actions)."""

    view: View
    reveals: bool = False


def use_of(prop: Property, lens: Lens) -> Use:
    """Whether `prop` may carry a value in this view; `FREE` when it may.

    `FIXED` is what can be created and read but not updated. A property that
    may not be used may still be null: that says nothing and sets nothing.
    """
    mutability = prop.mutability
    if lens.view is View.RESPONSE:
        if lens.reveals:
            return Use.FREE
        if prop.secret:
            return Use.SECRET
        hidden = mutability is not None and "read" not in mutability
        return Use.WRITE_ONLY if prop.write_only or hidden else Use.FREE
    if prop.read_only or mutability == _READ:
        return Use.READ_ONLY
    if mutability is not None and lens.view.value not in mutability:
        return Use.FIXED
    return Use.FREE


def required_names(definition: Definition, lens: Lens) -> tuple[str, ...]:
    """Names that a body of this view must hold, in the definition's order."""
    return tuple(
        name
        for name, prop in definition.properties.items()
        if prop.required and use_of(prop, lens) is Use.FREE
    )


def is_union(definition: Definition) -> bool:
    """Whether a value of `definition` is really one of its derived types."""
    return bool(definition.discriminator and definition.variants)


def bare_values(base: Definition) -> tuple[str, ...]:
    """Discriminator values that the specification lists but defines no type for."""
    prop = base.properties.get(base.discriminator)
    listed = prop.type.enum if prop is not None else ()
    return tuple(value for value in listed if value not in base.variants)


def find_discriminator(
    definitions: Mapping[str, Definition], definition: Definition
) -> str:
    """The property that tells `definition` from its siblings; "" when none does."""
    for ancestor in ancestors(definitions, definition):
        if ancestor.discriminator:
            return ancestor.discriminator
    return ""


def ancestors(
    definitions: Mapping[str, Definition], definition: Definition
) -> Iterator[Definition]:
    """`definition` and its bases, nearest first."""
    seen: set[str] = set()
    current: Definition | None = definition
    while current is not None and current.name not in seen:
        seen.add(current.name)
        yield current
        current = definitions.get(current.base) if current.base else None
