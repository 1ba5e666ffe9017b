"""Each malformed specification gives one clear error: where, what, what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azml_contract.contract.documents import MAX_FILE_BYTES
from azml_contract.contract.sources import find_sources, import_sources
from azml_contract.errors import SpecificationError

STRING = {"type": "string"}


def _definition(**properties: Any) -> dict[str, Any]:
    return {"Job": {"properties": properties}}


DEFINITIONS: dict[str, tuple[Any, str, str]] = {
    "the file of a $ref is missing": (
        _definition(x={"$ref": "gone.json#/definitions/X"}),
        "/definitions/Job/properties/x/$ref",
        "gone.json does not exist",
    ),
    "the target of a $ref is missing": (
        _definition(x={"$ref": "#/definitions/Gone"}),
        "/definitions/Job/properties/x/$ref",
        "leads nowhere: mfe.json has no '/definitions/Gone'",
    ),
    "a $ref leads to a number": (
        {"N": 5, "Job": {"properties": {"x": {"$ref": "#/definitions/N"}}}},
        "/definitions/Job/properties/x",
        "leads to something that is no object",
    ),
    "a $ref is no text": (
        _definition(x={"$ref": 5}),
        "/definitions/Job/properties/x/$ref",
        "expected text, found 5",
    ),
    "a $ref leads back to itself": (
        {
            "A": {"$ref": "#/definitions/B"},
            "B": {"$ref": "#/definitions/A"},
            "Job": {"properties": {"x": {"$ref": "#/definitions/A"}}},
        },
        "/definitions/Job/properties/x",
        "$ref leads back to itself",
    ),
    "allOf is cyclic": (
        {
            "A": {"allOf": [{"$ref": "#/definitions/B"}]},
            "B": {"allOf": [{"$ref": "#/definitions/A"}]},
        },
        "/definitions/A",
        "allOf leads back to itself",
    ),
    "an array contains itself": (
        {
            "A": {"type": "array", "items": {"$ref": "#/definitions/A"}},
            "Job": {"properties": {"x": {"$ref": "#/definitions/A"}}},
        },
        "/definitions/A/items",
        "the type contains itself",
    ),
    "an array without items": (
        _definition(x={"type": "array"}),
        "/definitions/Job/properties/x",
        "'items' is missing",
    ),
    "definitions are a list": ([{"Job": {}}], "/definitions", "expected an object"),
    "properties are a list": (
        {"Job": {"properties": []}},
        "/definitions/Job/properties",
        "expected an object, found an array",
    ),
    "a property is text": (
        _definition(x="string"),
        "/definitions/Job/properties/x",
        "expected an object, found text",
    ),
    "required is text": (
        {"Job": {"properties": {"x": STRING}, "required": "x"}},
        "/definitions/Job/required",
        "expected an array, found text",
    ),
    "an unknown type": (
        _definition(x={"type": "file"}),
        "/definitions/Job/properties/x",
        "type 'file' is none of OpenAPI 2.0",
    ),
    "an enum of numbers called strings": (
        _definition(x={"type": "string", "enum": [1]}),
        "/definitions/Job/properties/x/enum/0",
        "expected text, found 1",
    ),
    "a pattern that is none": (
        _definition(x={"type": "string", "pattern": "("}),
        "/definitions/Job/properties/x",
        "pattern '(' is no regular expression",
    ),
    "a length that is text": (
        _definition(x={"type": "string", "minLength": "1"}),
        "/definitions/Job/properties/x/minLength",
        "expected a whole number, found '1'",
    ),
    "an unknown mutability": (
        _definition(x={"type": "string", "x-ms-mutability": ["write"]}),
        "/definitions/Job/properties/x/x-ms-mutability",
        "cannot hold 'write'",
    ),
    "a discriminator as in OpenAPI 3": (
        {"Job": {"discriminator": {"propertyName": "kind"}, "properties": {}}},
        "/definitions/Job/discriminator",
        "expected text, found an object",
    ),
    "readOnly is text": (
        _definition(x={"type": "string", "readOnly": "yes"}),
        "/definitions/Job/properties/x/readOnly",
        "expected true or false, found text",
    ),
}


@pytest.mark.parametrize("case", DEFINITIONS)
def test_a_malformed_definition(swaggers: Any, case: str) -> None:
    definitions, pointer, problem = DEFINITIONS[case]
    _assert_error(swaggers, swaggers.document(definitions), pointer, problem)


def _of(**facts: Any) -> Callable[[Any], Any]:
    return lambda swaggers: swaggers.job_path(get=swaggers.operation(**facts))


PATHS: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "no operationId": (
        lambda s: s.job_path(get={"responses": {}}),
        "jobs~1{id}/get",
        "'operationId' is missing",
    ),
    "no responses": (
        lambda s: s.job_path(get={"operationId": "A"}),
        "jobs~1{id}/get",
        "'responses' is missing",
    ),
    "a status that is none": (
        _of(responses={"ok": {}}),
        "jobs~1{id}/get/responses/ok",
        "'ok' is no status code",
    ),
    "a path parameter that is not declared": (
        lambda s: {"/jobs/{id}": {"get": s.operation()}},
        "jobs~1{id}/get",
        "path parameter 'id' is not declared",
    ),
    "a parameter in a form": (
        _of(parameters=[{"name": "x", "in": "formData", "type": "string"}]),
        "jobs~1{id}/get/parameters/0",
        "a parameter in 'formData' is not one of ARM's",
    ),
    "two operations with one id": (
        lambda s: s.job_path(get=s.operation(), delete=s.operation()),
        "jobs~1{id}/delete",
        "operationId Jobs_Get is already that of GET",
    ),
    "operations as a list": (lambda s: {"/jobs": []}, "~1jobs", "expected an object"),
}


@pytest.mark.parametrize("case", PATHS)
def test_a_malformed_path(swaggers: Any, case: str) -> None:
    make, pointer, problem = PATHS[case]
    document = swaggers.document(paths=make(swaggers))
    _assert_error(swaggers, document, pointer, problem)


FILES: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"swagger: '2.0'", "not JSON: Expecting value at line 1, column 1"),
    "cut off": (b'{"swagger": "2.0"', "not JSON: Expecting ',' delimiter at line 1"),
    "empty": (b"", "not JSON: Expecting value at line 1, column 1"),
    "binary": (b"\x89PNG\r\n\x1a\n\x00\xff", "not UTF-8 text (byte 0)"),
    "nested too deeply": (b"[" * 100_000, "nested too deeply"),
    "a list": (b"[]", "expected an object, found an array"),
    "another OpenAPI": (
        b'{"openapi": "3.0.1"}',
        '"swagger": "2.0" is missing (found 3.0.1)',
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_swagger(swaggers: Any, case: str) -> None:
    content, problem = FILES[case]
    swaggers.write("mfe.json", {}).write_bytes(content)
    _assert_message(swaggers, "mfe.json", problem)


def test_a_huge_file_is_not_read(swaggers: Any) -> None:
    with swaggers.write("mfe.json", {}).open("r+b") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    _assert_message(
        swaggers, "mfe.json", "bytes are more than a specification can have"
    )


def test_a_folder_without_files(swaggers: Any) -> None:
    swaggers.folder.mkdir(parents=True)
    _assert_message(swaggers, swaggers.version, "no .json file for this api-version")


def test_a_folder_without_the_provider(tmp_path: Path) -> None:
    with pytest.raises(SpecificationError) as caught:
        find_sources(tmp_path)
    assert "holds no specification of Microsoft.MachineLearningServices" in str(
        caught.value
    )
    assert "Give a clone of azure-rest-api-specs" in str(caught.value)


def test_types_nested_beyond_reason(swaggers: Any) -> None:
    chain: dict[str, Any] = {
        f"A{n}": {"type": "array", "items": {"$ref": f"#/definitions/A{n + 1}"}}
        for n in range(2000)
    }
    definitions = {**chain, "A2000": STRING, **_definition(x=chain["A0"])}
    swaggers.write("mfe.json", swaggers.document(definitions))
    with pytest.raises(SpecificationError, match="nested too deeply"):
        import_sources(find_sources(swaggers.root))


def _assert_error(swaggers: Any, document: Any, pointer: str, problem: str) -> None:
    file = swaggers.write("mfe.json", json.loads(json.dumps(document)))
    _assert_message(swaggers, f"{file.resolve()}#", problem, pointer)


def _assert_message(swaggers: Any, place: str, problem: str, pointer: str = "") -> None:
    with pytest.raises(SpecificationError) as caught:
        swaggers.load()
    first, _, cure = str(caught.value).partition("\n")
    assert place in first
    assert caught.value.pointer.endswith(pointer)
    assert problem in first
    assert cure.endswith(".")
