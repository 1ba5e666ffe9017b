"""Imports follow the arrows of the architecture and never point back."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "azml_contract"

VALUES = {
    *("errors", "exchange", "api_version", "finding", "json_pointer", "json_values"),
    *("remote_path", "seen", "shown_path", "slots", "source", "whole_file"),
}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "exchange": set(),
    "api_version": set(),
    "finding": set(),
    "json_pointer": set(),
    "remote_path": set(),
    "interrupts": set(),
    "printable": set(),
    "content_coding": set(),
    "processes": {"errors"},
    "whole_file": {"errors"},
    "made_page": {"whole_file"},
    "json_values": set(),
    "seen": set(),
    "shown_path": set(),
    "slots": set(),
    "shipped": set(),
    "source": {"finding", "json_pointer"},
    "settings": {"errors"},
    "contract": VALUES,
    "validation": VALUES | {"contract", "made_page"},
    "redaction": {
        "errors",
        "exchange",
        "content_coding",
        "json_pointer",
        "json_values",
    },
    "cassette": {"errors", "exchange", "whole_file", "json_pointer", "json_values"},
    "recording": VALUES | {"content_coding", "redaction", "cassette", "gateway"},
    "scripts": VALUES | {"settings", "validation", "redaction"},
    "stories": VALUES | {"validation"},
    "documents": VALUES
    | {"content_coding", "redaction", "cassette", "recording", "scripts"},
    "client": VALUES | {"settings"},
    "library": VALUES | {"settings", "contract", "validation"},
    "regression": VALUES | {"contract", "validation", "cassette", "made_page"},
    "gateway": {"errors", "exchange", "whole_file"},
    "emulator": VALUES | {"settings", "contract", "validation", "gateway", "shipped"},
    "report": {"finding", "seen", "printable", "remote_path"},
    "starter": {"errors", "whole_file"},
}
WIRING = {
    *("__init__", "__main__", "cli", "commands", "plugin"),
    *("scenario", "complaints", "command_run", "cleanup"),
}
CLIENT_PARTS = {"client", "lro", "blobs", "rest"}
HANDS_ITS_ENVIRONMENT_TO_A_CHILD = {
    PACKAGE / "emulator" / "azurite.py",
    PACKAGE / "emulator" / "azurite_install.py",
}
# Runs in a process of its own, and is told by its environment what to do.
A_PROGRAM_OF_ITS_OWN = {PACKAGE / "emulator" / "execution" / "scorer.py"}
# What `init` writes: scenarios of a user's.
TEMPLATE = PACKAGE / "starter" / "template"
MODULES = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if path.relative_to(PACKAGE).with_suffix("").parts[0] not in WIRING
    and not path.is_relative_to(TEMPLATE)
)


def our_imports(path: Path) -> Iterator[str]:
    """Dotted names below the package that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if name.startswith("azml_contract."):
                yield name.removeprefix("azml_contract.")


def part_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).with_suffix("").parts[0]
    return "client" if first in CLIENT_PARTS else first


@pytest.mark.parametrize(
    "path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_module_imports_only_what_its_part_may(path: Path) -> None:
    part = part_of(path)
    allowed = ALLOWED[part] | {part} | (CLIENT_PARTS if part == "client" else set())
    for name in our_imports(path):
        assert any(name == edge or name.startswith(f"{edge}.") for edge in allowed), (
            f"{part} must not import azml_contract.{name}"
        )


@pytest.mark.parametrize(
    "path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_domain_module_knows_neither_pytest_nor_the_command_line(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            assert name.split(".")[0] not in {"pytest", "click", "_pytest"}
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            reads = (node.value.id, node.attr) in {("os", "environ"), ("os", "getenv")}
            may = HANDS_ITS_ENVIRONMENT_TO_A_CHILD | A_PROGRAM_OF_ITS_OWN
            assert not reads or path in may


def test_no_two_modules_import_each_other() -> None:
    """Also under TYPE_CHECKING and in functions."""
    known = {dotted(path): path for path in PACKAGE.rglob("*.py")}
    edges = {
        name: {target for one in our_imports(path) if (target := home(one, known))}
        for name, path in known.items()
    }
    mutual = {
        (name, other)
        for name, targets in edges.items()
        for other in targets
        if name < other and name in edges[other]
    }
    assert not mutual


def test_no_arrow_runs_from_a_lower_room_to_a_higher_one() -> None:
    """The table of allowed edges has no way around in a circle."""
    left = {part: edges - {part} for part, edges in ALLOWED.items()}
    while left:
        ready = [part for part, edges in left.items() if not edges & left.keys()]
        assert ready, f"a circle among {sorted(left)}"
        left = {part: edges for part, edges in left.items() if part not in ready}


def test_files_of_others_are_opened_in_one_place() -> None:
    """Commands read no file themselves; `documents` does, by content."""
    reads = {"read_bytes", "read_text", "load_cassette", "load_yaml"}
    found = {
        f"{path.name}: {node.attr if isinstance(node, ast.Attribute) else node.id}"
        for path in (PACKAGE / "commands").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, (ast.Attribute, ast.Name))
        and (node.attr if isinstance(node, ast.Attribute) else node.id) in reads
    }
    assert not found


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def home(name: str, known: dict[str, Path]) -> str | None:
    """The module that an imported name is in."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name or None


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement", ["import azml_contract", "import azml_contract.plugin.hooks"]
)
def test_a_run_that_does_not_use_the_plugin_pays_for_nothing(statement: str) -> None:
    heavy = {"requests", "vcr", "jsonschema", "jsonschema_rs", "azure", "cryptography"}
    assert not heavy & loaded_after(statement)


def test_public_names_are_sorted_and_all_resolve() -> None:
    import azml_contract

    assert azml_contract.__all__ == sorted(azml_contract.__all__)
    for name in azml_contract.__all__:
        assert getattr(azml_contract, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = azml_contract.Nothing
