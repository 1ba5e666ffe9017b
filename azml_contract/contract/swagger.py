"""Import one api-version from Azure's OpenAPI 2.0 files.

In: the folder of one version as azure-rest-api-specs lays it out, whether
several files (``mfe.json`` and others) or one ``openapi.json``. Out: an
`Imported`. Knows paths, operations and the ``x-ms-`` extensions on them;
schemas are `swagger_types`.

Source: OpenAPI 2.0; azure-rest-api-specs, documentation of the AutoRest
extensions (x-ms-pageable, x-ms-long-running-operation and its options,
x-ms-parameter-location).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from azml_contract.contract.documents import Documents, Node
from azml_contract.contract.imported import Imported
from azml_contract.contract.model import (
    Operation,
    Parameter,
    ResponseSpec,
    SourceKind,
    Type,
)
from azml_contract.contract.swagger_types import SchemaImporter
from azml_contract.errors import SpecificationError

_VERBS = ("get", "put", "post", "patch", "delete", "head", "options")
_STATUS = re.compile(r"[1-5]\d\d|default")
_PLACES = ("path", "query", "header")


def import_swagger(folder: Path, api_version: str) -> Imported:
    """Read every swagger file of one version.

    Args:
        folder: Holds the ``.json`` files of the version; ``examples`` below
            it is not read. Files that they refer to lie where ``$ref`` says.
        api_version: The version that the files describe.

    Raises:
        SpecificationError: A file is missing, malformed or contradictory.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        raise SpecificationError(
            folder,
            "",
            "no .json file for this api-version",
            cure="Give the folder that holds the swagger files of one version.",
        )
    documents = Documents()
    for file in files:
        _require_swagger(documents.root(file))
    schemas = SchemaImporter(documents, files)
    operations: dict[str, Operation] = {}
    for file in files:
        for node, shared in _operation_nodes(documents.root(file)):
            operation = _operation(node, shared, documents, schemas)
            if operation.id in operations:
                raise node.fail(
                    f"operationId {operation.id} is already that of "
                    f"{operations[operation.id].method} {operations[operation.id].path}"
                )
            operations[operation.id] = operation
    definitions, parents = schemas.definitions()
    return Imported(
        api_version=api_version,
        kind=SourceKind.SWAGGER,
        definitions=definitions,
        operations=operations,
        parents=parents,
        files=documents.loaded(),
    )


def _require_swagger(root: Node) -> None:
    declared = root.get("swagger")
    if declared is None or declared.value != "2.0":
        seen = root.value.get("openapi", "nothing that says what it is")
        raise root.fail(
            f'"swagger": "2.0" is missing (found {seen})',
            "Only OpenAPI 2.0 is read, which is what azure-rest-api-specs holds.",
        )


def _operation_nodes(root: Node) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Each operation of a file, with the parameters of its path."""
    for section in ("paths", "x-ms-paths"):
        paths = root.get(section)
        for path in paths.members() if paths else ():
            listed = path.get("parameters")
            shared = tuple(listed.elements()) if listed else ()
            for member in path.members():
                if member.name in _VERBS:
                    yield member, shared


def _operation(
    node: Node, shared: tuple[Node, ...], documents: Documents, schemas: SchemaImporter
) -> Operation:
    path = node.steps[-2].partition("?")[0].rstrip("/")
    listed = node.get("parameters")
    own = tuple(listed.elements()) if listed else ()
    resolved = [_resolve(p, documents) for p in (*shared, *own)]
    parameters = {(p.place, p.name): p for p in _parameters(resolved, schemas)}
    body = next((p for p in resolved if p.need("in").text() == "body"), None)
    pageable = node.get("x-ms-pageable")
    options = node.get("x-ms-long-running-operation-options")
    _require_path_parameters(node, path, {name for _, name in parameters})
    return Operation(
        id=node.need("operationId").text(),
        method=node.name.upper(),
        path=path,
        parameters=tuple(parameters.values()),
        body=None if body is None else schemas.type_of(body.need("schema")),
        body_required=body is not None and body.flag_of("required"),
        responses=_responses(node, documents, schemas),
        long_running=node.flag_of("x-ms-long-running-operation"),
        final_state_via=options.text_of("final-state-via") if options else "",
        paging=pageable.text_of("nextLinkName") if pageable else "",
    )


def _resolve(node: Node, documents: Documents) -> Node:
    return documents.target(node) if node.has("$ref") else node


def _parameters(nodes: list[Node], schemas: SchemaImporter) -> Iterator[Parameter]:
    for node in nodes:
        place = node.need("in").text()
        if place == "body":
            continue
        if place not in _PLACES:
            raise node.fail(f"a parameter in {place!r} is not one of ARM's")
        yield Parameter(
            name=node.need("name").text(),
            place=place,
            type=schemas.type_of(node),
            required=node.flag_of("required") or place == "path",
        )


def _require_path_parameters(node: Node, path: str, names: set[str]) -> None:
    missing = set(re.findall(r"\{([^}]*)\}", path)) - names
    if missing:
        raise node.fail(f"path parameter {sorted(missing)[0]!r} is not declared")


def _responses(
    node: Node, documents: Documents, schemas: SchemaImporter
) -> dict[str, ResponseSpec]:
    responses: dict[str, ResponseSpec] = {}
    for answer in node.need("responses").members():
        if answer.name.startswith("x-"):
            continue
        if not _STATUS.fullmatch(answer.name):
            raise answer.fail(f"{answer.name!r} is no status code")
        resolved = _resolve(answer, documents)
        schema = resolved.get("schema")
        headers = resolved.get("headers")
        body: Type | None = schemas.type_of(schema) if schema is not None else None
        names = tuple(h.name for h in headers.members()) if headers else ()
        responses[answer.name] = ResponseSpec(body, names)
    return responses
