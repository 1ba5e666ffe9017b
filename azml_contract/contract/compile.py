"""Rebuild the data that the package ships from the official specifications.

    python -m azml_contract.contract.compile --specs DIR [--check]

In: a folder with clones (or extracts) of azure-rest-api-specs and
bicep-types-az. Out: ``catalog.json``, ``definitions.txt`` and
``operations.txt``. With ``--check`` nothing is written, and a difference
between the specifications and the committed data is an error.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from azml_contract.contract.catalog import (
    CATALOG,
    DATA,
    DEFINITIONS,
    OPERATIONS,
    read_catalog,
)
from azml_contract.contract.data_writer import write_definitions, write_operations
from azml_contract.contract.imported import Imported
from azml_contract.contract.model import SourceKind
from azml_contract.contract.secret_names import find_secret_names
from azml_contract.contract.sources import find_sources, import_sources
from azml_contract.contract.strength import measure_strength
from azml_contract.errors import AzmlContractError
from azml_contract.whole_file import write_together

# The commits that the extracts in use were taken from.
REPOSITORIES = {
    SourceKind.SWAGGER: {
        "repository": "https://github.com/Azure/azure-rest-api-specs",
        "read_from": "https://github.com/kairu-ms/azure-rest-api-specs",
        "commit": "6664d3ef03cdbaaa8d8a496d098985f89b52fc0f",
    },
    SourceKind.BICEP_TYPES: {
        "repository": "https://github.com/Azure/bicep-types-az",
        "read_from": "https://github.com/Azure/bicep-types-az",
        "commit": "1f896de2db966ad91e8f7d7d981e11d32e4f5d8d",
    },
}
_SHOWN = 5


def compile_data(
    versions: Sequence[Imported],
    root: Path,
    repositories: Mapping[SourceKind, Mapping[str, str]] = REPOSITORIES,
) -> dict[str, str]:
    """The text of each data file.

    Args:
        versions: What to compile.
        root: Folder that the paths of the sources are told relative to.
        repositories: Where each kind of source comes from.
    """
    definitions = write_definitions(versions)
    operations = write_operations(versions)
    catalog = {
        "format": 1,
        "sources": {str(kind): dict(facts) for kind, facts in repositories.items()},
        "data": {
            DEFINITIONS: _digest(definitions.encode()),
            OPERATIONS: _digest(operations.encode()),
        },
        "secrets": _secrets(versions),
        "versions": {v.api_version: _describe(v, root) for v in versions},
    }
    text = json.dumps(catalog, indent=1) + "\n"
    return {CATALOG: text, DEFINITIONS: definitions, OPERATIONS: operations}


def save_data(texts: Mapping[str, str], folder: Path) -> None:
    """Write the data files."""
    folder.mkdir(parents=True, exist_ok=True)
    write_together(folder, {name: text.encode() for name, text in texts.items()})


def find_drift(texts: Mapping[str, str], folder: Path) -> list[str]:
    """Where a folder differs from `texts`: lines for a reader, empty if nowhere."""
    report: list[str] = []
    for name, text in texts.items():
        file = folder / name
        kept = file.read_text("utf-8") if file.is_file() else ""
        if kept != text:
            report.append(f"{file} differs from what the specifications say:")
            report += _first_differences(kept, text)
    return report


def find_altered(folder: Path) -> list[str]:
    """Data files whose digest is not that of the catalogue; empty when all match."""
    listed = read_catalog(folder)["data"]
    return [
        f"{folder / name} was altered: its sha256 is not that of {CATALOG}"
        for name, digest in listed.items()
        if not (folder / name).is_file()
        or _digest((folder / name).read_bytes()) != digest
    ]


def _first_differences(kept: str, text: str) -> list[str]:
    shown: list[str] = []
    pairs = zip_longest(kept.splitlines(), text.splitlines(), fillvalue="(no line)")
    for number, (old, new) in enumerate(pairs, 1):
        if old != new:
            shown += [f"  line {number} is   {old}", f"  should be {new}"]
        if len(shown) >= 2 * _SHOWN:
            break
    return shown


def _describe(version: Imported, root: Path) -> dict[str, Any]:
    return {
        "source": str(version.kind),
        "facts": measure_strength(version)._asdict(),
        "files": {
            _relative(file, root): _digest(file.read_bytes())
            for file in sorted(version.files)
        },
    }


def _relative(file: Path, root: Path) -> str:
    resolved = root.resolve()
    return (
        file.relative_to(resolved).as_posix() if resolved in file.parents else file.name
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _secrets(versions: Iterable[Imported]) -> dict[str, Any]:
    names = find_secret_names(versions)
    sometimes = {name: list(owners) for name, owners in names.sometimes.items()}
    return {"always": list(names.always), "sometimes": sometimes}


def main(arguments: Sequence[str] | None = None) -> int:
    """Rebuild or check; 0 when all is well, 1 on drift, 2 on an error."""
    parser = argparse.ArgumentParser(prog="python -m azml_contract.contract.compile")
    parser.add_argument("--specs", type=Path, required=True, metavar="DIR")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(arguments)
    try:
        versions = import_sources(find_sources(options.specs))
    except AzmlContractError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    texts = compile_data(versions, options.specs)
    if not options.check:
        save_data(texts, DATA)
        return 0
    drift = find_drift(texts, DATA)
    print("\n".join(drift), file=sys.stderr, end="\n" if drift else "")  # noqa: T201
    return 1 if drift else 0


if __name__ == "__main__":
    sys.exit(main())
