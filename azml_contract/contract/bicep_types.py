"""Read one api-version from a ``types.json`` of bicep-types-az.

In: the flat list of types that Bicep uses for editing. Out: a `BicepVersion`:
definitions under Bicep's own names, resource types and resource functions.
What this source cannot say (nullability, defaults, formats, status codes,
queries, mutability) stays unknown. Knows nothing of swagger; `carry` turns
the result into operations and gives the definitions their usual names.

Source: Azure/bicep-types, ``TypePropertyFlags`` (1 required, 2 read-only,
4 write-only, 8 deploy-time constant, 16 identifier) and its type classes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from azml_contract.contract.catastrophe import find_catastrophe
from azml_contract.contract.documents import Documents, Node
from azml_contract.contract.model import Definition, Property, Type
from azml_contract.errors import SpecificationError

REQUIRED, READ_ONLY, WRITE_ONLY = 1, 2, 4
_OBJECTS = ("ObjectType", "DiscriminatedObjectType")
# How Bicep spells ``format: uuid``, together with a length of 36.
_UUID = "^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$"
# Bicep adds these to the body of every resource; they are parts of its path.
_ADDED = ("id", "name", "type")


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource type such as ``workspaces/jobs``; the provider is left out."""

    type: str
    body: str
    name_type: Type
    writable: bool


@dataclass(frozen=True, slots=True)
class Function:
    """A POST on a resource; `input` and `output` are None where not declared."""

    name: str
    resource: str
    input: Type | None
    output: Type | None


@dataclass(frozen=True, slots=True)
class BicepVersion:
    """What one ``types.json`` tells; names are Bicep's."""

    api_version: str
    definitions: Mapping[str, Definition]
    parents: Mapping[str, tuple[str, ...]]
    resources: tuple[Resource, ...]
    functions: tuple[Function, ...]
    files: tuple[Path, ...]


def read_bicep_types(file: Path, api_version: str) -> BicepVersion:
    """Read the types of one version.

    Args:
        file: The ``types.json``.
        api_version: The version that it is meant to describe.

    Raises:
        SpecificationError: The file is missing, malformed, or of another version.
    """
    reader = _Reader(Documents().root(file))
    resources = tuple(reader.resources(api_version))
    if not resources:
        raise SpecificationError(
            file,
            "",
            f"holds no resource type of api-version {api_version}",
            cure="Check that the folder is named after the version it holds.",
        )
    functions = tuple(reader.functions(api_version))
    reader.finish()
    return BicepVersion(
        api_version=api_version,
        definitions=reader.definitions,
        parents=reader.parents,
        resources=resources,
        functions=functions,
        files=(file.resolve(),),
    )


class _Reader:
    """Materialises types on demand, so that only what is used gets a name."""

    def __init__(self, root: Node) -> None:
        self._entries = list(root.elements())
        self._made: dict[int, str] = {}
        self._variant_base = self._find_variants()
        self.definitions: dict[str, Definition] = {}
        self.parents: dict[str, tuple[str, ...]] = {}

    def resources(self, api_version: str) -> Iterator[Resource]:
        for entry in self._of_kind("ResourceType"):
            name, _, version = entry.need("name").text().partition("@")
            if version != api_version:
                raise entry.fail(
                    f"describes api-version {version!r}, not {api_version!r}",
                    "Check that the folder is named after the version it holds.",
                )
            body = self._follow(entry.need("body"))
            if body.need("$type").text() not in _OBJECTS:
                raise body.fail("the body of a resource has to be an object")
            name_type = self._name_type(body)
            written = entry.get("writableScopes")
            yield Resource(
                type=name.partition("/")[2],
                body=self._define(body, is_resource=True),
                name_type=name_type,
                writable=written is None or bool(written.integer()),
            )

    def functions(self, api_version: str) -> Iterator[Function]:
        for entry in self._of_kind("ResourceFunctionType"):
            if entry.need("apiVersion").text() != api_version:
                raise entry.need("apiVersion").fail(f"not {api_version!r}")
            given, answered = entry.get("input"), entry.get("output")
            yield Function(
                name=entry.need("name").text(),
                resource=entry.need("resourceType").text().partition("/")[2],
                input=self._type(given) if given else None,
                output=self._type(answered) if answered else None,
            )

    def finish(self) -> None:
        """Define what no resource refers to but as a variant."""
        for index in sorted(self._variant_base):
            self._define(self._entries[index])

    # -- entries ---------------------------------------------------------

    def _of_kind(self, kind: str) -> Iterator[Node]:
        return (e for e in self._entries if e.need("$type").text() == kind)

    def _follow(self, reference: Node) -> Node:
        return self._entries[self._index(reference)]

    def _index(self, reference: Node) -> int:
        pointer = reference.need("$ref").text()
        matched = re.fullmatch(r"#/(\d+)", pointer)
        if matched is None or int(matched[1]) >= len(self._entries):
            raise reference.fail(f"$ref {pointer!r} leads to no type of this file")
        return int(matched[1])

    def _find_variants(self) -> dict[int, tuple[int, str]]:
        """Which base, under which value, each variant belongs to."""
        found: dict[int, tuple[int, str]] = {}
        for index, entry in enumerate(self._entries):
            if entry.need("$type").text() == "DiscriminatedObjectType":
                for element in entry.need("elements").members():
                    found[self._index(element)] = (index, element.name)
        return found

    # -- definitions -----------------------------------------------------

    def _define(self, entry: Node, *, is_resource: bool = False) -> str:
        index = int(entry.steps[0])
        if index not in self._made:
            name = entry.need("name").text()
            self._made[index] = name
            definition = self._definition(entry, name, index)
            if is_resource:
                definition = _as_rest_body(definition)
            self._keep(definition)
        return self._made[index]

    def _keep(self, definition: Definition) -> None:
        known = self.definitions.get(definition.name)
        if known is None or (definition.base and not known.base):
            self.definitions[definition.name] = definition
            base = definition.base
            self.parents[definition.name] = (base,) if base else ()

    def _definition(self, entry: Node, name: str, index: int) -> Definition:
        if entry.need("$type").text() == "DiscriminatedObjectType":
            return self._base(entry, name)
        properties = self._properties(entry.need("properties"))
        additional = entry.get("additionalProperties")
        base = value = ""
        if index in self._variant_base:
            base_index, value = self._variant_base[index]
            base_entry = self._entries[base_index]
            base = self._define(base_entry)
            tag = base_entry.need("discriminator").text()
            inherited = self._properties(base_entry.need("baseProperties"))
            properties = inherited | properties
            properties[tag] = self._tag(base_entry)
        return Definition(
            name=name,
            properties=properties,
            additional=self._type(additional) if additional else None,
            base=base,
            discriminator_value=value,
        )

    def _base(self, entry: Node, name: str) -> Definition:
        tag = entry.need("discriminator").text()
        variants = {
            element.name: self._define(self._follow(element))
            for element in entry.need("elements").members()
        }
        properties = self._properties(entry.need("baseProperties"))
        return Definition(
            name=name,
            properties=properties | {tag: self._tag(entry)},
            discriminator=tag,
            variants=dict(sorted(variants.items())),
        )

    def _tag(self, base: Node) -> Property:
        """The discriminator: Bicep lists only values that have a variant."""
        values = tuple(element.name for element in base.need("elements").members())
        kind = Type("string", enum=values, enum_open=True)
        return Property(base.need("discriminator").text(), kind, True, nullable=None)

    def _properties(self, declared: Node) -> dict[str, Property]:
        return {p.name: self._property(p) for p in declared.members()}

    def _property(self, node: Node) -> Property:
        flags = node.need("flags").integer()
        entry = self._follow(node.need("type"))
        return Property(
            name=node.name,
            type=self._type(node.need("type")),
            required=bool(flags & REQUIRED),
            read_only=bool(flags & READ_ONLY),
            write_only=bool(flags & WRITE_ONLY),
            secret=entry.flag_of("sensitive"),
            nullable=None,
        )

    # -- types -----------------------------------------------------------

    def _name_type(self, body: Node) -> Type:
        properties = body.get("properties") or body.need("baseProperties")
        name = properties.get("name")
        return self._type(name.need("type")) if name else Type("string")

    def _type(self, reference: Node) -> Type:
        entry = self._follow(reference)
        kind = entry.need("$type").text()
        if kind == "StringType":
            return _string(entry)
        if kind == "IntegerType":
            low, high = entry.number_of("minValue"), entry.number_of("maxValue")
            return Type("integer", minimum=low, maximum=high)
        if kind in ("BooleanType", "AnyType", "NullType"):
            return Type("boolean" if kind == "BooleanType" else "any")
        if kind == "StringLiteralType":
            return Type("string", enum=(entry.need("value").text(),))
        if kind == "UnionType":
            return self._union(entry)
        if kind == "ArrayType":
            return self._array(entry)
        if kind == "DiscriminatedObjectType":
            return Type("ref", ref=self._define(entry))
        if kind == "ObjectType":
            return self._object(entry)
        raise entry.fail(f"{kind!r} is no type that a property can have")

    def _union(self, entry: Node) -> Type:
        values: list[str] = []
        is_open = False
        for element in entry.need("elements").elements():
            part = self._type(element)
            if part.kind != "string":
                return Type("any")
            values += part.enum
            is_open = is_open or not part.enum
        return Type("string", enum=tuple(values), enum_open=is_open)

    def _array(self, entry: Node) -> Type:
        return Type(
            "array",
            items=self._type(entry.need("itemType")),
            items_nullable=None,
            min_items=entry.integer_of("minLength"),
            max_items=entry.integer_of("maxLength"),
        )

    def _object(self, entry: Node) -> Type:
        additional = entry.get("additionalProperties")
        index = int(entry.steps[0])
        has_properties = any(entry.need("properties").members())
        if additional and not has_properties and index not in self._variant_base:
            return Type("map", items=self._type(additional), items_nullable=None)
        return Type("ref", ref=self._define(entry))


def _string(entry: Node) -> Type:
    pattern = entry.text_of("pattern")
    if pattern == _UUID:
        return Type("string", format="uuid")
    fault = find_catastrophe(pattern)
    if fault:
        raise entry.fail(f"pattern {pattern!r} may take for ever: {fault}")
    return Type(
        "string",
        pattern=pattern,
        min_length=entry.integer_of("minLength"),
        max_length=entry.integer_of("maxLength"),
    )


def _as_rest_body(definition: Definition) -> Definition:
    """The body as REST sends it: no api-version, and the path tells id and name."""
    properties = {k: p for k, p in definition.properties.items() if k != "apiVersion"}
    for name in _ADDED:
        if name in properties:
            properties[name] = replace(
                properties[name], type=Type("string"), required=False, read_only=True
            )
    return replace(definition, properties=properties)
