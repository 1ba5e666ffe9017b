"""Turn the schemas of OpenAPI 2.0 files into types and definitions.

In: `Node`s that hold schemas. Out: `Type`, `Property` and `Definition`
values, with ``allOf`` flattened. Knows Azure's ``x-ms-`` extensions on
schemas; knows nothing of paths and operations.

Source: OpenAPI 2.0 "Schema Object"; azure-rest-api-specs,
documentation of the AutoRest extensions (x-ms-*).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from azml_contract.contract.documents import Documents, Node
from azml_contract.contract.model import Definition, Property, Type
from azml_contract.contract.notation import READ
from azml_contract.contract.schema_facts import (
    Chain,
    enumeration,
    is_object,
    kind_of,
    read_default,
    reference_of,
    references,
    without_prose,
)

_ACYCLIC = "Break the cycle; a type cannot contain itself without an object between."

# (file, definition name); for an inline object the name has its path.
_Key = tuple[Path, str]


class SchemaImporter:
    """Collects the definitions that a set of files declares or refers to."""

    def __init__(self, documents: Documents, files: Iterable[Path]) -> None:
        self._documents = documents
        self._own = tuple(file.resolve() for file in files)
        self._schemas: dict[_Key, Node] = {}
        self._names: dict[_Key, str] = {}
        for file in self._own:
            self._declare(file)
        self._discover()
        self._assign_names()

    def definitions(self) -> tuple[dict[str, Definition], dict[str, tuple[str, ...]]]:
        """All object definitions by name, and the parents of each.

        Raises:
            SpecificationError: A schema is malformed or an ``allOf`` is cyclic.
        """
        made: dict[str, Definition] = {}
        parents: dict[str, tuple[str, ...]] = {}
        waiting = list(self._schemas)
        while waiting:
            for key in waiting:
                name, schema = self._names[key], self._schemas[key]
                if name not in made:
                    made[name] = self._definition(key, schema)
                    bases = self._bases(schema)
                    parents[name] = tuple(self._names[k] for k, _ in bases if k)
            # Inline objects come to light while their owners are read.
            waiting = [k for k in self._schemas if self._names[k] not in made]
        _link_variants(made, parents)
        return made, parents

    def type_of(self, schema: Node) -> Type:
        """The type that a schema describes; objects become a ``ref``."""
        return self._type(schema, ())

    # -- which definitions there are -------------------------------------

    def _declare(self, file: Path) -> None:
        declared = self._documents.root(file).get("definitions")
        for schema in declared.members() if declared else ():
            if is_object(schema):
                self._schemas[(file, schema.name)] = schema

    def _discover(self) -> None:
        """Find definitions of other files, and inline objects, transitively."""
        waiting = list(self._schemas.values())
        for file in self._own:
            root = self._documents.root(file)
            waiting += [n for k in ("paths", "parameters") if (n := root.get(k))]
        while waiting:
            for reference in references(waiting.pop()):
                target = self._documents.target(reference)
                key = (target.file, target.name)
                if not isinstance(target.value, dict):
                    raise reference.fail("$ref leads to something that is no object")
                if target.steps[:1] != ("definitions",) or key in self._schemas:
                    continue
                if is_object(target):
                    self._schemas[key] = target
                    waiting.append(target)
                elif target.file not in self._own:
                    waiting.append(target)

    def _assign_names(self) -> None:
        """Give each definition a name, and equal ones of several files the same.

        Files of the version itself keep the plain name, then the newest
        common-types; what differs is named with the folder of its file.
        """
        self._names = {key: key[1] for key in self._schemas}
        clashing = [
            n for n, times in Counter(self._names.values()).items() if times > 1
        ]
        for name in clashing:
            keys = [key for key in self._schemas if key[1] == name]
            keys.sort(key=lambda key: str(key[0]), reverse=True)
            keys.sort(key=lambda key: key[0] not in self._own)
            first = self._structure(keys[0])
            for key in keys[1:]:
                if self._structure(key) != first:
                    self._names[key] = f"{name}.{_origin(key[0])}"

    def _structure(self, key: _Key) -> str:
        """What a definition says, with all it refers to and without prose."""
        seen: set[_Key] = set()
        parts: list[str] = []
        waiting = [(key[1], self._schemas[key])]
        while waiting:
            label, schema = waiting.pop()
            parts.append(label + without_prose(schema.value))
            for reference in sorted(references(schema), key=lambda n: n.pointer):
                target = self._documents.target(reference)
                reached = (target.file, target.pointer)
                if reached not in seen:
                    seen.add(reached)
                    waiting.append((target.name, target))
        return "\n".join(parts)

    # -- definitions -----------------------------------------------------

    def _definition(self, key: _Key, schema: Node) -> Definition:
        name = self._names[key]
        properties: dict[str, Property] = {}
        self._flatten(schema, name, properties, ())
        additional = self._additional(schema)
        base, value = self._inheritance(schema)
        return Definition(
            name=name,
            properties=properties,
            additional=additional,
            discriminator=schema.text_of("discriminator"),
            base=base,
            discriminator_value=value,
        )

    def _flatten(
        self,
        schema: Node,
        name: str,
        into: dict[str, Property],
        trail: tuple[Node, ...],
    ) -> None:
        if any(s.file == schema.file and s.steps == schema.steps for s in trail):
            raise schema.fail("allOf leads back to itself", _ACYCLIC)
        for key, base in self._bases(schema):
            owner = self._names[key] if key else name
            self._flatten(base, owner, into, (*trail, schema))
        declared = schema.get("properties")
        for node in declared.members() if declared else ():
            into[node.name] = self._property(node, name)
        for required in schema.texts_of("required"):
            if required in into:
                into[required] = replace(into[required], required=True)

    def _bases(self, schema: Node) -> Iterator[tuple[_Key | None, Node]]:
        """The entries of ``allOf``; the key is None for an inline schema."""
        bases = schema.get("allOf")
        for base in bases.elements() if bases else ():
            if base.has("$ref"):
                target = self._documents.target(base)
                key = (target.file, target.name)
                yield (key if key in self._schemas else None), target
            else:
                yield None, base

    def _ancestors(self, schema: Node) -> Iterator[tuple[_Key, Node]]:
        """Nearest first; the caller has made sure that there is no cycle."""
        level = [(k, n) for k, n in self._bases(schema) if k]
        while level:
            yield from level
            level = [(k, n) for _, b in level for k, n in self._bases(b) if k]

    def _inheritance(self, schema: Node) -> tuple[str, str]:
        for key, ancestor in self._ancestors(schema):
            if ancestor.has("discriminator"):
                value = schema.text_of("x-ms-discriminator-value") or schema.name
                return self._names[key], value
        return "", ""

    def _additional(self, schema: Node, depth: int = 0) -> Type | None:
        declared = schema.get("additionalProperties")
        if declared is not None and declared.value is not False:
            if declared.value is True:
                return Type("any")
            return self._type(declared, ())
        for _, base in self._bases(schema):
            if declared is None and (found := self._additional(base, depth + 1)):
                return found
        return None

    def _property(self, node: Node, owner: str) -> Property:
        self._name_inline(node, owner)
        chain = self._chain(node)
        kind = self._type(node, ())
        uses = chain.mutability()
        read_only = chain.flag("readOnly") or uses == READ
        default = chain.first("default")
        return Property(
            name=node.name,
            type=kind,
            read_only=read_only,
            write_only=uses is not None and "read" not in uses,
            secret=chain.flag("x-ms-secret"),
            nullable=chain.flag("x-nullable"),
            mutability=READ if read_only and uses is None else uses,
            has_default=default is not None,
            default=read_default(default, kind),
        )

    def _name_inline(self, node: Node, owner: str) -> None:
        """An object written in place gets a name, as bicep types name it."""
        inner = node
        while isinstance(inner.value, dict) and reference_of(inner) is None:
            deeper = inner.get("items") or inner.get("additionalProperties")
            if is_object(inner):
                key = (inner.file, inner.pointer)
                if key not in self._names:
                    wanted = owner + node.name[:1].upper() + node.name[1:]
                    self._schemas[key] = inner
                    self._names[key] = self._free_name(wanted)
                return
            if deeper is None or not isinstance(deeper.value, dict):
                return
            inner = deeper

    def _free_name(self, wanted: str) -> str:
        taken = set(self._names.values())
        while wanted in taken:
            wanted += "_"
        return wanted

    # -- types -----------------------------------------------------------

    def _chain(self, node: Node) -> Chain:
        """A schema and what its ``$ref`` leads to: siblings come first."""
        chain = [node]
        while (reference := reference_of(chain[-1])) is not None:
            following = self._documents.target(reference)
            if any(
                f.steps == following.steps and f.file == following.file for f in chain
            ):
                raise node.fail("$ref leads back to itself", _ACYCLIC)
            chain.append(following)
        return Chain(tuple(chain))

    def _type(self, node: Node, trail: tuple[Node, ...]) -> Type:
        chain = self._chain(node)
        schema = chain.schema
        if any(t.file == schema.file and t.steps == schema.steps for t in trail):
            raise node.fail("the type contains itself", _ACYCLIC)
        if is_object(schema):
            return Type("ref", ref=self._name_of(schema))
        inside = (*trail, schema)
        kind = kind_of(schema)
        if kind == "array" or (kind == "object" and schema.has("items")):
            return self._array(schema, inside)
        if kind == "object":
            return self._map(schema, inside)
        values, is_open = enumeration(schema)
        return Type(
            kind,
            enum=values,
            enum_open=is_open,
            format=chain.text("format"),
            pattern=chain.pattern(),
            min_length=chain.integer("minLength"),
            max_length=chain.integer("maxLength"),
            minimum=chain.number("minimum"),
            maximum=chain.number("maximum"),
        )

    def _name_of(self, schema: Node) -> str:
        by_name = self._names.get((schema.file, schema.name))
        if schema.steps[:1] == ("definitions",) and len(schema.steps) == 2 and by_name:
            return by_name
        key = (schema.file, schema.pointer)
        if key not in self._names:
            self._schemas[key] = schema
            self._names[key] = "".join(
                part[:1].upper() + part[1:]
                for part in re.findall(r"\w+", schema.pointer)
            )
        return self._names[key]

    def _array(self, schema: Node, trail: tuple[Node, ...]) -> Type:
        element = schema.need("items")
        return Type(
            "array",
            items=self._type(element, trail),
            items_nullable=self._chain(element).flag("x-nullable"),
            min_items=schema.integer_of("minItems"),
            max_items=schema.integer_of("maxItems"),
            unique_items=schema.flag_of("uniqueItems"),
        )

    def _map(self, schema: Node, trail: tuple[Node, ...]) -> Type:
        element = schema.get("additionalProperties")
        if element is None or element.value is False:
            return Type("object")
        if element.value is True:
            return Type("map", items=Type("any"))
        return Type(
            "map",
            items=self._type(element, trail),
            items_nullable=self._chain(element).flag("x-nullable"),
        )


def _link_variants(
    made: dict[str, Definition], parents: dict[str, tuple[str, ...]]
) -> None:
    """Tell each base, at whatever distance, the variants of its discriminator."""
    variants: dict[str, dict[str, str]] = {}
    for name, definition in sorted(made.items()):
        if not definition.base:
            continue
        wanted = made[definition.base].discriminator
        level = parents[name]
        while level:
            for ancestor in level:
                if made[ancestor].discriminator == wanted:
                    values = variants.setdefault(ancestor, {})
                    values[definition.discriminator_value] = name
            level = tuple(p for ancestor in level for p in parents[ancestor])
    for name, values in variants.items():
        made[name] = replace(made[name], variants=dict(sorted(values.items())))


def _origin(file: Path) -> str:
    """What tells files apart: common-types by their version, others by name."""
    return file.parent.name if file.stem == "types" else file.stem
