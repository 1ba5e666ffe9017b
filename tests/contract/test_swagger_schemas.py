"""What becomes of each thing that Azure's schemas can say."""

from __future__ import annotations

from typing import Any

import pytest

from azml_contract.contract.model import Type

STRING = {"type": "string"}


def test_siblings_of_a_reference_are_kept(swaggers: Any) -> None:
    """A ``$ref`` property keeps its own marks, which oav drops but for readOnly."""
    imported = swaggers.define(
        {
            "Secrets": {"type": "object", "properties": {"key": STRING}},
            "Store": {
                "properties": {
                    "secrets": {
                        "$ref": "#/definitions/Secrets",
                        "x-ms-secret": True,
                        "x-ms-mutability": ["create", "update"],
                        "x-nullable": True,
                        "default": "{}",
                    },
                    "seen": {"$ref": "#/definitions/Secrets", "readOnly": True},
                }
            },
        }
    )
    properties = imported.definitions["Store"].properties
    secrets = properties["secrets"]
    assert secrets.type == Type("ref", ref="Secrets")
    assert secrets.secret
    assert secrets.write_only
    assert secrets.nullable
    assert secrets.mutability == {"create", "update"}
    assert (secrets.has_default, secrets.default) == (True, {})
    assert properties["seen"].read_only
    assert properties["seen"].mutability == {"read"}


def test_a_reference_wrapped_in_all_of_is_still_that_reference(swaggers: Any) -> None:
    imported = swaggers.define(
        {
            "Kind": {"type": "string", "enum": ["a"]},
            "Job": {
                "properties": {
                    "kind": {
                        "allOf": [{"$ref": "#/definitions/Kind"}],
                        "readOnly": True,
                    }
                }
            },
        }
    )
    kind = imported.definitions["Job"].properties["kind"]
    assert kind.type == Type("string", enum=("a",))
    assert kind.read_only
    assert list(imported.definitions) == ["Job"]


def test_siblings_win_over_what_the_reference_leads_to(swaggers: Any) -> None:
    imported = swaggers.define(
        {
            "Name": {"type": "string", "pattern": "^a", "default": "far"},
            "Job": {
                "properties": {
                    "name": {"$ref": "#/definitions/Name", "default": "near"}
                }
            },
        }
    )
    name = imported.definitions["Job"].properties["name"]
    assert name.default == "near"
    assert name.type.pattern == "^a"


def test_properties_of_every_base_are_inherited(swaggers: Any) -> None:
    """As UriFileJobInput has two bases; a base may require what it inherits."""
    imported = swaggers.define(
        {
            "Asset": {"properties": {"uri": STRING}, "required": ["uri"]},
            "Input": {"properties": {"kind": STRING, "note": STRING}},
            "File": {
                "allOf": [
                    {"$ref": "#/definitions/Asset"},
                    {"$ref": "#/definitions/Input"},
                    {"properties": {"inline": STRING}},
                ],
                "required": ["note"],
                "properties": {"own": STRING},
            },
        }
    )
    file = imported.definitions["File"]
    required = {name for name, prop in file.properties.items() if prop.required}
    assert set(file.properties) == {"uri", "kind", "note", "inline", "own"}
    assert required == {"uri", "note"}
    assert imported.parents["File"] == ("Asset", "Input")
    assert not imported.definitions["Input"].properties["note"].required


def test_a_discriminator_knows_its_variants_at_any_distance(swaggers: Any) -> None:
    imported = swaggers.define(
        {
            "Base": {
                "discriminator": "kind",
                "required": ["kind"],
                "properties": {"kind": STRING},
            },
            "Middle": {"allOf": [{"$ref": "#/definitions/Base"}]},
            "Leaf": {
                "allOf": [{"$ref": "#/definitions/Middle"}],
                "x-ms-discriminator-value": "leaf",
            },
        }
    )
    assert imported.definitions["Base"].discriminator == "kind"
    assert imported.definitions["Base"].variants == {"Middle": "Middle", "leaf": "Leaf"}
    leaf = imported.definitions["Leaf"]
    assert (leaf.base, leaf.discriminator_value) == ("Base", "leaf")
    assert leaf.properties["kind"].required


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer", "format": "int32"}, Type("integer", format="int32")),
        (
            {"type": "number", "minimum": 0, "maximum": 1.5},
            Type("number", minimum=0, maximum=1.5),
        ),
        (
            {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a b$"},
            Type("string", min_length=1, max_length=9, pattern="^a b$"),
        ),
        ({"type": "string", "enum": ["a", "b"]}, Type("string", enum=("a", "b"))),
        ({"enum": ["a"]}, Type("string", enum=("a",))),
        (
            {"type": "string", "enum": ["a"], "x-ms-enum": {"modelAsString": True}},
            Type("string", enum=("a",), enum_open=True),
        ),
        (
            {"type": "string", "enum": ["a"], "x-ms-enum": {"modelAsString": False}},
            Type("string", enum=("a",)),
        ),
        (
            {"type": "array", "items": STRING, "minItems": 1, "uniqueItems": True},
            Type("array", items=Type("string"), min_items=1, unique_items=True),
        ),
        ({"type": "object"}, Type("object")),
        ({"type": "object", "additionalProperties": False}, Type("object")),
        (
            {"type": "object", "additionalProperties": True},
            Type("map", items=Type("any")),
        ),
        (
            {"type": "object", "additionalProperties": {}},
            Type("map", items=Type("any")),
        ),
        (
            {"additionalProperties": {"type": "string", "x-nullable": True}},
            Type("map", items=Type("string"), items_nullable=True),
        ),
        ({"type": "object", "items": STRING}, Type("array", items=Type("string"))),
        ({}, Type("any")),
    ],
)
def test_types(swaggers: Any, schema: Any, expected: Type) -> None:
    imported = swaggers.define({"Job": {"properties": {"x": schema}}})
    assert imported.definitions["Job"].properties["x"].type == expected


def test_additional_properties_stand_beside_declared_ones(swaggers: Any) -> None:
    declared = {"properties": {"x": STRING}}
    imported = swaggers.define(
        {
            "Open": {**declared, "additionalProperties": {"type": "integer"}},
            "Closed": {**declared, "additionalProperties": False},
            "Silent": declared,
            "Heir": {"allOf": [{"$ref": "#/definitions/Open"}]},
        }
    )
    additional = {n: d.additional for n, d in imported.definitions.items()}
    assert additional == {
        "Open": Type("integer"),
        "Closed": None,
        "Silent": None,
        "Heir": Type("integer"),
    }


def test_an_object_written_in_place_is_named_after_its_owner(swaggers: Any) -> None:
    """As bicep types name it, so that both sources agree."""
    inline = {"type": "object", "properties": {"x": STRING}}
    imported = swaggers.define(
        {
            "Job": {
                "properties": {
                    "limits": inline,
                    "steps": {"type": "array", "items": inline},
                }
            }
        }
    )
    job = imported.definitions["Job"].properties
    assert job["limits"].type == Type("ref", ref="JobLimits")
    assert job["steps"].type.items == Type("ref", ref="JobSteps")
    assert set(imported.definitions) == {"Job", "JobLimits", "JobSteps"}


def test_defaults_of_objects_written_as_text_are_parsed(swaggers: Any) -> None:
    imported = swaggers.define(
        {
            "Part": {"properties": {}},
            "Job": {
                "properties": {
                    "a": {"$ref": "#/definitions/Part", "default": '{"Mode": "Auto"}'},
                    "b": {"$ref": "#/definitions/Part", "default": "Null"},
                    "c": {"type": "string", "default": "{}"},
                }
            },
        }
    )
    defaults = {n: p.default for n, p in imported.definitions["Job"].properties.items()}
    assert defaults == {"a": {"Mode": "Auto"}, "b": "Null", "c": "{}"}


def test_read_only_can_be_said_by_mutability_alone(swaggers: Any) -> None:
    imported = swaggers.define(
        {"Job": {"properties": {"x": {"type": "string", "x-ms-mutability": ["read"]}}}}
    )
    assert imported.definitions["Job"].properties["x"].read_only


def test_prose_is_left_behind(swaggers: Any) -> None:
    imported = swaggers.define(
        {"Job": {"description": "PROSE", "properties": {"x": {"description": "PROSE"}}}}
    )
    assert "PROSE" not in repr(imported)


def test_equal_definitions_of_two_files_are_one(swaggers: Any) -> None:
    part = {"Sku": {"properties": {"name": STRING}, "description": "one"}}
    other = {"Sku": {"properties": {"name": STRING}, "description": "other"}}
    swaggers.write("mfe.json", swaggers.document(part))
    swaggers.write("registries.json", swaggers.document(other))
    assert list(swaggers.load().definitions) == ["Sku"]


def test_different_definitions_of_one_name_are_not_confused(swaggers: Any) -> None:
    """The version's own file keeps the plain name, common-types get a suffix."""
    common = {"Error": {"properties": {"code": STRING}}}
    types = "../../common-types/v2/types.json"
    swaggers.write(types, swaggers.document(common))
    swaggers.write(
        "mfe.json",
        swaggers.document(
            {
                "Error": {"properties": {"message": STRING}},
                "Job": {
                    "properties": {
                        "mine": {"$ref": "#/definitions/Error"},
                        "theirs": {"$ref": f"{types}#/definitions/Error"},
                    }
                },
            }
        ),
    )
    imported = swaggers.load()
    job = imported.definitions["Job"].properties
    assert (job["mine"].type.ref, job["theirs"].type.ref) == ("Error", "Error.v2")
    assert set(imported.definitions["Error"].properties) == {"message"}
    assert set(imported.definitions["Error.v2"].properties) == {"code"}


def test_definitions_that_differ_only_in_what_they_refer_to_are_kept_apart(
    swaggers: Any,
) -> None:
    """ErrorResponse is spelled alike in common-types v2 and v3, its detail is not."""
    response = {"properties": {"error": {"$ref": "#/definitions/Detail"}}}
    for version, name in (("v2", "code"), ("v3", "target")):
        detail = {"properties": {name: STRING}}
        swaggers.write(
            f"../../common-types/{version}/types.json",
            swaggers.document({"Error": response, "Detail": detail}),
        )
    references = {
        version: {"$ref": f"../../common-types/{version}/types.json#/definitions/Error"}
        for version in ("v2", "v3")
    }
    imported = swaggers.define({"Job": {"properties": references}})
    job = imported.definitions["Job"].properties
    assert (job["v3"].type.ref, job["v2"].type.ref) == ("Error", "Error.v2")
    error = imported.definitions["Error.v2"].properties["error"].type
    assert set(imported.definitions[error.ref].properties) == {"code"}
