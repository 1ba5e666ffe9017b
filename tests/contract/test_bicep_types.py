"""What the bicep-types importer makes of a types.json."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from azml_contract.contract.model import Type
from azml_contract.contract.sources import find_sources, import_sources
from azml_contract.errors import SpecificationError


def _job(bicep: Any, properties: Any) -> Any:
    """A resource type workspaces/jobs whose properties are given; returns them."""
    text = bicep.add("StringType")
    name = bicep.add("StringType", pattern="^[a-z]+$")
    body = bicep.object(
        "Microsoft.MachineLearningServices/workspaces/jobs",
        id=bicep.property(text, 10),
        name=bicep.property(name, 9),
        apiVersion=bicep.property(text, 10),
        properties=bicep.property(properties, 1),
    )
    bicep.resource("workspaces/jobs", body)


def test_flags_say_what_may_be_sent(bicep: Any) -> None:
    """1 required, 2 read-only, 4 write-only; 8 and 16 concern Bicep alone."""
    text = bicep.add("StringType")
    flags = {"plain": 0, "needed": 1, "shown": 2, "hidden": 5, "fixed": 8, "id": 16}
    entries = {name: bicep.property(text, flag) for name, flag in flags.items()}
    _job(bicep, bicep.object("JobProperties", **entries))
    found = bicep.load().definitions["JobProperties"].properties
    assert {n for n, p in found.items() if p.required} == {"needed", "hidden"}
    assert {n for n, p in found.items() if p.read_only} == {"shown"}
    assert {n for n, p in found.items() if p.write_only} == {"hidden"}


def test_what_bicep_types_cannot_say_is_unknown(bicep: Any) -> None:
    text = bicep.add("StringType")
    _job(bicep, bicep.object("JobProperties", x=bicep.property(text)))
    found = bicep.load().definitions["JobProperties"].properties["x"]
    assert (found.nullable, found.mutability, found.has_default) == (None, None, False)


def test_types(bicep: Any) -> None:
    text = bicep.add("StringType", minLength=1, maxLength=5, pattern="^a$")
    one, other = (bicep.add("StringLiteralType", value=v) for v in ("a", "b"))
    uuid = bicep.add(
        "StringType",
        minLength=36,
        maxLength=36,
        pattern="^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$",
    )
    made = {
        "text": text,
        "uuid": uuid,
        "secret": bicep.add("StringType", sensitive=True),
        "count": bicep.add("IntegerType", minValue=0, maxValue=9),
        "flag": bicep.add("BooleanType"),
        "anything": bicep.add("AnyType"),
        "closed": bicep.add("UnionType", elements=[one, other]),
        "open": bicep.add("UnionType", elements=[one, bicep.add("StringType")]),
        "mixed": bicep.add("UnionType", elements=[one, bicep.add("IntegerType")]),
        "list": bicep.add("ArrayType", itemType=text, minLength=1),
        "map": bicep.add(
            "ObjectType", name="Tags", properties={}, additionalProperties=text
        ),
    }
    entries = {name: bicep.property(reference) for name, reference in made.items()}
    _job(bicep, bicep.object("JobProperties", **entries))
    version = bicep.load()
    found = version.definitions["JobProperties"].properties
    plain = Type("string", pattern="^a$", min_length=1, max_length=5)
    assert {name: prop.type for name, prop in found.items()} == {
        "text": plain,
        "uuid": Type("string", format="uuid"),
        "secret": Type("string"),
        "count": Type("integer", minimum=0, maximum=9),
        "flag": Type("boolean"),
        "anything": Type("any"),
        "closed": Type("string", enum=("a", "b")),
        "open": Type("string", enum=("a",), enum_open=True),
        "mixed": Type("any"),
        "list": Type("array", items=plain, items_nullable=None, min_items=1),
        "map": Type("map", items=plain, items_nullable=None),
    }
    assert found["secret"].secret
    assert "Tags" not in version.definitions


def test_a_discriminated_object_becomes_a_base_and_its_variants(bicep: Any) -> None:
    text = bicep.add("StringType")
    tag = bicep.add("StringLiteralType", value="Command")
    variant = bicep.object(
        "CommandJob", command=bicep.property(text, 1), jobType=bicep.property(tag, 1)
    )
    base = bicep.add(
        "DiscriminatedObjectType",
        name="JobProperties",
        discriminator="jobType",
        baseProperties={"displayName": bicep.property(text)},
        elements={"Command": variant},
    )
    _job(bicep, base)
    version = bicep.load()
    found = version.definitions
    assert found["JobProperties"].discriminator == "jobType"
    assert found["JobProperties"].variants == {"Command": "CommandJob"}
    command = found["CommandJob"]
    assert (command.base, command.discriminator_value) == ("JobProperties", "Command")
    assert set(command.properties) == {"displayName", "command", "jobType"}
    assert command.properties["jobType"].type == Type(
        "string", enum=("Command",), enum_open=True
    )
    assert version.parents["CommandJob"] == ("JobProperties",)


def test_a_type_used_directly_and_as_a_variant_is_one_definition(bicep: Any) -> None:
    """Bicep writes the second one out with all its base's properties."""
    text = bicep.add("StringType")
    tag = bicep.add("StringLiteralType", value="Sas")
    variant = bicep.object("SasSecrets", secretsType=bicep.property(tag, 1))
    base = bicep.add(
        "DiscriminatedObjectType",
        name="Secrets",
        discriminator="secretsType",
        baseProperties={},
        elements={"Sas": variant},
    )
    direct = bicep.object("SasSecrets", secretsType=bicep.property(text, 1))
    _job(
        bicep,
        bicep.object("JobProperties", a=bicep.property(direct), b=bicep.property(base)),
    )
    found = bicep.load().definitions
    assert found["SasSecrets"].base == "Secrets"
    assert found["JobProperties"].properties["a"].type == Type("ref", ref="SasSecrets")


def test_the_body_of_a_resource_is_that_of_rest(bicep: Any) -> None:
    """apiVersion goes, name and id are read-only, and name's pattern is the path's."""
    _job(bicep, bicep.object("JobProperties"))
    version = bicep.load()
    (resource,) = version.resources
    body = version.definitions[resource.body]
    assert set(body.properties) == {"id", "name", "properties"}
    assert body.properties["name"].read_only
    assert not body.properties["name"].required
    assert body.properties["name"].type == Type("string")
    assert resource.name_type.pattern == "^[a-z]+$"
    assert (resource.type, resource.writable) == ("workspaces/jobs", True)


def test_an_array_that_contains_itself_is_one_error(bicep: Any) -> None:
    """Bicep knows recursive objects, but no recursive arrays."""
    array = bicep.add("ArrayType", itemType={"$ref": f"#/{len(bicep.entries)}"})
    _job(bicep, bicep.object("JobProperties", x=bicep.property(array)))
    with pytest.raises(SpecificationError, match="or contain themselves"):
        import_sources(find_sources(bicep.save().parents[2]))


def test_a_resource_function_keeps_its_input_and_output(bicep: Any) -> None:
    _job(bicep, bicep.object("JobProperties"))
    answer = bicep.object("Keys", key=bicep.property(bicep.add("StringType")))
    bicep.add(
        "ResourceFunctionType",
        name="listKeys",
        resourceType="Microsoft.MachineLearningServices/workspaces/jobs",
        apiVersion=bicep.version,
        output=answer,
    )
    (function,) = bicep.load().functions
    assert (function.resource, function.name) == ("workspaces/jobs", "listKeys")
    assert (function.input, function.output) == (None, Type("ref", ref="Keys"))


MALFORMED: dict[str, tuple[Callable[[Any], None], str]] = {
    "no list": (
        lambda b: setattr(b, "entries", {"x": 1}),
        "expected an array, found an object",
    ),
    "an entry that is text": (lambda b: b.entries.append("x"), "expected an object"),
    "an entry without a kind": (lambda b: b.entries.append({}), "'$type' is missing"),
    "a reference out of range": (
        lambda b: b.resource("workspaces/x", {"$ref": "#/999"}),
        "$ref '#/999' leads to no type of this file",
    ),
    "a reference elsewhere": (
        lambda b: b.resource("workspaces/x", {"$ref": "other.json#/1"}),
        "$ref 'other.json#/1' leads to no type of this file",
    ),
    "a body that is no object": (
        lambda b: b.resource("workspaces/x", b.add("StringType")),
        "the body of a resource has to be an object",
    ),
    "an unknown kind of type": (
        lambda b: b.resource(
            "workspaces/x", b.object("X", x=b.property(b.add("TupleType")))
        ),
        "'TupleType' is no type that a property can have",
    ),
    "flags that are text": (
        lambda b: b.resource(
            "workspaces/x", b.object("X", x=b.property(b.add("StringType"), "1"))
        ),
        "expected a whole number, found '1'",
    ),
    "another api-version": (
        lambda b: b.add("ResourceType", name="P/x@2000-01-01", body={}),
        "describes api-version '2000-01-01', not '2031-01-01'",
    ),
    "no resource type": (lambda b: None, "holds no resource type of api-version"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_types_json(bicep: Any, case: str) -> None:
    spoil, problem = MALFORMED[case]
    spoil(bicep)
    with pytest.raises(SpecificationError) as caught:
        bicep.load()
    first, _, cure = str(caught.value).partition("\n")
    assert str(bicep.file.resolve()) in first or str(bicep.file) in first
    assert problem in first
    assert cure.endswith(".")
