"""The contracts agree with tables that were drawn up by other means.

The tables lie beside the repository, where they are present; a schema walker
of their author's made them from the same specifications.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from azml_contract.contract.catalog import load_contract
from azml_contract.contract.contract import Contract
from azml_contract.contract.model import (
    Definition,
    Operation,
    Property,
    SourceKind,
    Type,
)
from azml_contract.contract.notation import blur

# Headings that name the definition in words, or one for each era.
DEFINITIONS = {
    "Environment version `properties`": (
        "EnvironmentVersion",
        "EnvironmentSpecificationVersion",
    ),
    "BuildContext / DockerSpecification": ("BuildContext", "DockerSpecification"),
    "Data version base `properties`": ("DataVersionBase", "DataVersion"),
    "Code version `properties`": ("CodeVersion",),
    "JobResourceConfiguration / ComputeConfiguration": (
        "JobResourceConfiguration",
        "ComputeConfiguration",
        "ResourceConfiguration",
    ),
    "OutputDataBinding (2021 only)": ("OutputDataBinding",),
    "JobService / JobEndpoint": ("JobService", "JobEndpoint"),
    "Mpi distribution": ("Mpi",),
    "PyTorch distribution": ("PyTorch",),
    "TensorFlow distribution": ("TensorFlow",),
    "Datastore base `properties`": ("Datastore", "DatastoreProperties"),
    "AzureBlobDatastore": ("AzureBlobDatastore", "AzureBlobContents"),
    "Compute base": ("Compute",),
    "AmlCompute `properties.properties`": ("AmlComputeProperties",),
}
# At 2021-03-01-preview the first table is about another, nested definition;
# of 2021's JobInput and JobOutput only the second one's name is the same.
NOT_COMPARED = {
    ("AmlCompute `properties.properties`", "2021-03-01-preview"),
    ("JobInput", "2021-03-01-preview"),
}
ABSENT = "\N{EN DASH}"
VERSIONS = (
    "2021-03-01-preview",
    "2022-02-01-preview",
    "2022-05-01",
    "2022-10-01",
    "2023-04-01",
    "2023-10-01",
    "2024-04-01",
)


@dataclass(frozen=True)
class Cell:
    heading: str
    name: str
    version: str
    text: str


def test_property_matrices(facts: str) -> None:
    section = facts.partition("## 3. Property matrices")[2].partition("### 3b.")[0]
    cells = [c for c in _cells(section) if (c.heading, c.version) not in NOT_COMPARED]
    wrong = [c for c in cells if not _agrees(c)]
    assert not wrong, "\n".join(map(str, wrong))
    assert len(cells) > 3000


def test_mutability(facts: str) -> None:
    section = facts.partition("### 3b. Mutability")[2].partition("\n## ")[0]
    compared = 0
    for version, name, text in re.findall(r"^- (\S+) (\w+): (.*)$", section, re.M):
        properties = load_contract(version).definitions[name].properties
        for uses, listed in re.findall(r"([a-z/]+): ((?:`\w+`(?:, )?)+)", text):
            expected = None if uses == "unrestricted" else set(uses.split("/"))
            for key in re.findall(r"`(\w+)`", listed):
                assert properties[key].mutability == expected, (version, name, key)
                compared += 1
    assert compared > 200


def test_operations(facts: str) -> None:
    section = facts.partition("## 1. Operations")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (GET|PUT|POST|DELETE) `(\S+)` \| (.*) \|$", section, re.M)
    for method, path, text in rows:
        for version, wanted in _by_version(text):
            found = _operation(load_contract(version), method, path)
            told = _tell(found) if found else "absent"
            assert told == _normal(wanted), f"{method} {path} at {version}"
    assert len(rows) == 27


# -- matrices ----------------------------------------------------------------


def _cells(section: str) -> Iterator[Cell]:
    for part in re.split(r"^### ", section, flags=re.M)[1:]:
        heading = part.partition("\n")[0].strip()
        rows = [
            [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in part.splitlines()
            if line.startswith("|")
        ]
        for row in rows[2:]:
            text = ""
            for version, cell in zip(rows[0][1:], row[1:], strict=True):
                text = text if cell == "=" else cell.replace("\\|", "|")
                yield Cell(heading, row[0].strip("`"), version, text)


def _agrees(cell: Cell) -> bool:
    contract = load_contract(cell.version)
    definition = _definition(contract, cell.heading)
    prop = definition.properties.get(cell.name) if definition else None
    if contract.source is SourceKind.BICEP_TYPES and definition:
        base = contract.definitions.get(definition.base)
        tag = (base or definition).discriminator
        if cell.name == tag:
            return cell.text in (
                ABSENT,
                f"'{definition.discriminator_value}' ; REQUIRED",
            ) or (cell.text.startswith("enum("))
        if cell.text == ABSENT and base and cell.name in base.properties:
            return True
        if prop and prop.type.kind == "number" and cell.text == "integer":
            return True
    if prop is None:
        return cell.text == ABSENT
    return _facts_of(cell.text) == _facts_of(_render(prop, contract.source))


def _definition(contract: Contract, heading: str) -> Definition | None:
    plain = heading.removesuffix(" (flattened)").partition(" (")[0]
    names = DEFINITIONS.get(heading, (plain,))
    return next(
        (contract.definitions[n] for n in names if n in contract.definitions), None
    )


def _facts_of(text: str) -> tuple[str, frozenset[str]]:
    kind, _, rest = text.partition(" ; ")
    return kind, frozenset(rest.split(", ")) if rest else frozenset()


def _render(prop: Property, source: SourceKind) -> str:
    """A property as the tables write it: of bicep types what they tell alone."""
    prop = blur(prop) if source is SourceKind.BICEP_TYPES else prop
    kind = prop.type
    facts = (
        [f"format={kind.format}"]
        if source is SourceKind.SWAGGER and kind.format
        else []
    )
    facts += [f"pattern={kind.pattern}"] if kind.pattern else []
    facts += [f"minLength={kind.min_length}"] if kind.min_length else []
    facts += [f"default={prop.default}"] if prop.has_default else []
    facts += ["readOnly"] if prop.read_only else []
    facts += ["nullable"] if prop.nullable else []
    # The tables show write-only where bicep types say it.
    hidden = prop.write_only and source is SourceKind.BICEP_TYPES
    facts += ["writeOnly"] if hidden else []
    facts += ["REQUIRED"] if prop.required else []
    text = _render_type(kind, source)
    return f"{text} ; {', '.join(facts)}" if facts else text


def _render_type(kind: Type, source: SourceKind) -> str:
    if kind.kind == "ref":
        return kind.ref
    if kind.items:
        inner = _render_type(kind.items, source)
        if kind.items.enum and source is SourceKind.SWAGGER:
            inner = "string"
        if kind.kind == "map" and inner == "any" and source is SourceKind.SWAGGER:
            inner = "?"
        return f"[{inner}]" if kind.kind == "array" else f"{{{inner}}}"
    if kind.enum:
        is_open = kind.enum_open and source is SourceKind.BICEP_TYPES
        return f"enum({'|'.join(kind.enum)}{' +open' if is_open else ''})"
    return kind.kind


# -- operations --------------------------------------------------------------


def _by_version(text: str) -> Iterator[tuple[str, str]]:
    stages = re.findall(r"\*\*(\S+?)→\*\* (.*?)(?=<br>|$)", text)
    starts = [VERSIONS.index(version) for version, _ in stages]
    for index, version in enumerate(VERSIONS):
        current = max(n for n, start in enumerate(starts) if start <= index)
        yield version, stages[current][1]


def _operation(contract: Contract, method: str, path: str) -> Operation | None:
    anonymous = re.sub(r"\{[^}]*\}", "{}", path)
    found = [
        operation
        for operation in contract.operations.values()
        if operation.method == method
        and "/workspaces/{workspaceName}" in operation.path
        and re.sub(r"\{[^}]*\}", "{}", operation.path.partition("{workspaceName}")[2])
        == anonymous
    ]
    return found[0] if found else None


def _tell(operation: Operation) -> str:
    """An operation as the table writes it, names of path parameters aside."""
    parts = [operation.id]
    queries = [p for p in operation.parameters if p.place == "query"]
    told = [_tell_query(p.name, p.type, p.required) for p in queries]
    parts.append(f"q[{', '.join(q for q in told if not q.startswith('api-version'))}]")
    if operation.body:
        parts.append(
            f"body {operation.body.ref}{'*' if operation.body_required else ''}"
        )
    parts += [
        f"~{p.type.pattern}"
        for p in operation.parameters
        if p.place == "path" and p.type.pattern and p.name in ("name", "id")
    ]
    statuses = "/".join(
        status + (f"({','.join(answer.headers)})" if answer.headers else "")
        for status, answer in (operation.responses or {}).items()
        if status != "default"
    )
    via = f":{operation.final_state_via}" if operation.final_state_via else ""
    return _normal(
        "; ".join([*parts, statuses + (f" LRO{via}" if operation.long_running else "")])
    )


def _tell_query(name: str, kind: Type, required: bool) -> str:
    text = name + ("*" if required else "")
    if kind.enum and name != "orderBy":
        return f"{text}{{{'|'.join(kind.enum)}}}"
    return text if kind.kind == "string" else f"{text}:{kind.kind}"


def _normal(text: str) -> str:
    text = re.sub(r"; \w*~`?([^`;]*)`?", r"; ~\1", text.replace("\\|", "|"))
    queries = re.search(r"q\[(.*?)\]", text)
    if queries is None:
        return text
    ordered = ", ".join(sorted(queries[1].split(", ")))
    return text[: queries.start()] + f"q[{ordered}]" + text[queries.end() :]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_response_of_an_error_is_that_of_common_types(version: str) -> None:
    operations = load_contract(version).operations.values()
    bodies = {
        o.responses["default"].body
        for o in operations
        if o.responses and "default" in o.responses
    }
    assert Type("ref", ref="ErrorResponse") in bodies
