"""What of an answer can matter at another api-version: its shape.

In: a recorded answer, the contract it was recorded under, and what of it was read.
Out: its outline. Names, types and tags stay, and values that the contract lists; texts
and numbers do not, nor what no contract declares. Items of a list that have one
outline are told by the first of them, and so are values of a map. So answers that
differ in nothing that counts have equal outlines, and are compared once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from azml_contract.contract.contract import Contract
from azml_contract.contract.model import (
    Definition,
    Operation,
    ResponseSpec,
    Type,
    View,
)
from azml_contract.contract.views import Lens, Use, is_union, use_of
from azml_contract.json_pointer import steps_of

OPEN = ("any", "object")
"""Kinds of types of which the contract tells nothing more."""


class Seen(NamedTuple):
    """One value: its JSON type, and what of it counts.

    `text` is a value that the contract lists. `tags` are members that may tell the
    variant of an object. `children` are by name, or by index as text.
    """

    kind: str
    text: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    children: tuple[tuple[str, Seen], ...] = ()


@dataclass(slots=True)
class _Node:
    """A step of the pointers that were read, and the steps below it."""

    children: dict[str, _Node] = field(default_factory=dict)


def outline(
    contract: Contract,
    operation: Operation,
    status: int,
    body: Any,
    reads: Sequence[str] | None,
    tags: Collection[str],
) -> Seen | None:
    """The outline of an answer.

    Args:
        contract: Of the api-version it was recorded under.
        operation: What was called.
        status: Of the answer.
        body: As parsed.
        reads: JSON pointers that were looked at; None where nobody knows.
        tags: Names of members that tell a variant, at any version.

    Returns:
        None where nothing of the body counts.
    """
    spec = find_spec(operation, status)
    if spec is None or spec.body is None or body is None or reads == ():
        return None
    lens = Lens(View.RESPONSE, reveals=operation.method == "POST")
    drawer = _Drawer(contract.definitions, lens, frozenset(tags))
    return drawer.draw(spec.body, body, None if reads is None else _plant(reads))


def find_spec(operation: Operation, status: int) -> ResponseSpec | None:
    """What an operation promises for a status; None where nobody can tell."""
    if operation.responses is None:
        known = operation.result is not None and status < 300
        return ResponseSpec(operation.result) if known else None
    found = operation.responses.get(str(status))
    return found or (operation.responses.get("default") if status >= 400 else None)


def resolve(
    definitions: Mapping[str, Definition], kind: Type, tags: Mapping[str, str]
) -> Definition | None:
    """The definition of an object: the variant that its discriminator names."""
    definition = definitions.get(kind.ref)
    if definition is None or not is_union(definition):
        return definition
    tag = tags.get(definition.discriminator)
    if tag is None:
        return definition
    folded = _fold(tag)
    for name, variant in definition.variants.items():
        if _fold(name) == folded:  # uri_file was UriFile, with the same properties
            return definitions.get(variant, definition)
    return definition


def type_of(kind: Type, definition: Definition | None, name: str) -> Type | None:
    """The declared type of a member; None where there is none."""
    if kind.kind == "map":
        return kind.items or Type("any")
    if definition is None:
        return None
    prop = definition.properties.get(name)
    return prop.type if prop is not None else definition.additional


def is_hidden(definition: Definition | None, name: str, lens: Lens) -> bool:
    """Whether no answer holds a property, though it is declared."""
    prop = definition.properties.get(name) if definition is not None else None
    return prop is not None and use_of(prop, lens) is not Use.FREE


class _Drawer:
    def __init__(
        self, definitions: Mapping[str, Definition], lens: Lens, tags: frozenset[str]
    ) -> None:
        self._definitions, self._lens, self._tags = definitions, lens, tags

    def draw(self, kind: Type, value: Any, node: _Node | None) -> Seen:
        """The outline of a value of a type; `node` is None where all of it counts."""
        if isinstance(value, dict):
            whole = kind.kind in OPEN or (node is not None and not node.children)
            return Seen("object") if whole else self._draw_object(kind, value, node)
        if isinstance(value, list):
            if kind.items is None or (node is not None and not node.children):
                return Seen("array")
            pairs = _pick_items(value, node)
            return Seen("array", children=self._draw_alike(kind.items, pairs))
        if isinstance(value, str):
            return Seen("string", value if value in kind.enum else "")
        return Seen(name_kind(value))

    def _draw_object(
        self, kind: Type, value: Mapping[str, Any], node: _Node | None
    ) -> Seen:
        found = [
            (name, value[name])
            for name in self._tags.intersection(value)
            if isinstance(value[name], str)
        ]
        tags = tuple(sorted(found))
        if kind.kind == "map":
            members = _pick_members(value, node)
            pairs = (("*", item, below) for _, item, below in members)
            inner = kind.items or Type("any")
            return Seen("object", "", tags, self._draw_alike(inner, pairs))
        definition = resolve(self._definitions, kind, dict(tags))
        children = []
        for name, item, below in _pick_members(value, node):
            declared = type_of(kind, definition, name)
            if declared is not None and not is_hidden(definition, name, self._lens):
                children.append((name, self.draw(declared, item, below)))
        return Seen("object", "", tags, tuple(children))

    def _draw_alike(
        self, kind: Type, pairs: Iterable[tuple[str, Any, _Node | None]]
    ) -> tuple[tuple[str, Seen], ...]:
        """Values of one type, each outline once."""
        found: dict[Seen, str] = {}
        for name, item, below in pairs:
            found.setdefault(self.draw(kind, item, below), name)
        return tuple((name, seen) for seen, name in found.items())


def _pick_members(
    value: Mapping[str, Any], node: _Node | None
) -> Iterator[tuple[str, Any, _Node | None]]:
    if node is None:
        yield from ((name, item, None) for name, item in value.items())
        return
    for name, below in node.children.items():
        if name in value:
            yield name, value[name], below


def _pick_items(
    value: Sequence[Any], node: _Node | None
) -> Iterator[tuple[str, Any, _Node | None]]:
    if node is None:
        yield from ((str(index), item, None) for index, item in enumerate(value))
        return
    for name, below in node.children.items():
        if name.isdecimal() and int(name) < len(value):
            yield name, value[int(name)], below


def name_kind(value: Any) -> str:
    """The JSON type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {int: "integer", float: "number", str: "string", list: "array"}
    return names.get(type(value), "object")


def _plant(pointers: Sequence[str]) -> _Node:
    root = _Node()
    for pointer in pointers:
        node = root
        for name in steps_of(pointer):
            node = node.children.setdefault(name, _Node())
    return root


def _fold(value: str) -> str:
    return value.replace("_", "").casefold()
