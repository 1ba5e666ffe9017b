"""What an importer hands to the compiler: one api-version, whole.

A value. The swagger and the bicep importer both make it; the compiler, and
the carrying-over of facts, read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from azml_contract.contract.model import Definition, Operation, SourceKind


@dataclass(frozen=True, slots=True)
class Imported:
    """One api-version as its source tells it.

    `definitions` are flattened; `parents` names the definitions that each one
    inherits from directly (``allOf``), so that the compiler need not store
    inherited properties again. `files` are all files that were read.
    """

    api_version: str
    kind: SourceKind
    definitions: Mapping[str, Definition]
    operations: Mapping[str, Operation]
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
