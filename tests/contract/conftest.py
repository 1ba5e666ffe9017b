"""Small specifications written for a test, and the official ones where present."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from azml_contract.contract.bicep_types import BicepVersion, read_bicep_types
from azml_contract.contract.imported import Imported
from azml_contract.contract.sources import find_sources, import_sources
from azml_contract.contract.swagger import import_swagger

PROVIDER = "Microsoft.MachineLearningServices"
SHARED = Path(__file__).parents[2].parent / "shared"

Json = dict[str, Any]


class Swaggers:
    """Writes swagger documents into a folder of one version, and imports them."""

    version = "2030-01-01"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "resource-manager" / PROVIDER / "stable" / self.version

    def document(self, definitions: Any = None, **others: Any) -> Json:
        """A swagger document; `others` are members of its root."""
        info = {"title": "t", "version": self.version}
        return {
            "swagger": "2.0",
            "info": info,
            "paths": {},
            "definitions": definitions or {},
            **others,
        }

    def job_path(self, parameters: list[Json] | None = None, **verbs: Json) -> Json:
        """The path of one job, with operations by verb."""
        of_path = {"name": "id", "in": "path", "required": True, "type": "string"}
        item = {"parameters": [of_path, *(parameters or [])], **verbs}
        return {f"/providers/{PROVIDER}/jobs/{{id}}": item}

    def operation(self, **facts: Any) -> Json:
        """An operation that answers 200 with nothing, unless told otherwise."""
        return {"operationId": "Jobs_Get", "responses": {"200": {}}, **facts}

    def write(self, name: str, document: Any) -> Path:
        """Write a document, `name` relative to the folder of the version."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document), "utf-8")
        return file

    def define(self, definitions: Any, **others: Any) -> Imported:
        """Import one file with these definitions."""
        self.write("mfe.json", self.document(definitions, **others))
        return self.load()

    def load(self) -> Imported:
        """Import what has been written."""
        return import_swagger(self.folder, self.version)


@pytest.fixture
def swaggers(tmp_path: Path) -> Swaggers:
    return Swaggers(tmp_path)


class BicepTypes:
    """Writes the flat list of a types.json, entry by entry."""

    version = "2031-01-01"

    def __init__(self, root: Path) -> None:
        self.file = root / PROVIDER.lower() / self.version / "types.json"
        self.entries: list[Json] = []

    def add(self, kind: str, **facts: Any) -> Json:
        """Add an entry; returns the reference to it."""
        self.entries.append({"$type": kind, **facts})
        return {"$ref": f"#/{len(self.entries) - 1}"}

    def property(self, reference: Json, flags: int = 0) -> Json:
        return {"type": reference, "flags": flags, "description": "prose"}

    def object(self, name: str, /, **properties: Json) -> Json:
        return self.add("ObjectType", name=name, properties=properties)

    def resource(
        self, resource_type: str, body: Json, *, writable: bool = True
    ) -> None:
        name = f"{PROVIDER}/{resource_type}@{self.version}"
        scopes = {"readableScopes": 8, "writableScopes": 8 if writable else 0}
        self.add("ResourceType", name=name, body=body, **scopes)

    def save(self) -> Path:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(self.entries), "utf-8")
        return self.file

    def load(self) -> BicepVersion:
        return read_bicep_types(self.save(), self.version)


@pytest.fixture
def bicep(tmp_path: Path) -> BicepTypes:
    return BicepTypes(tmp_path / "bicep-types")


@pytest.fixture(scope="session")
def specs() -> Path:
    """The official specifications."""
    if not (SHARED / "specs51").is_dir():
        pytest.skip("the official specifications are not on this machine")
    return SHARED / "specs51"


@pytest.fixture(scope="session")
def official(specs: Path) -> list[Imported]:
    """Every official version; takes some ten seconds."""
    return import_sources(find_sources(specs))
