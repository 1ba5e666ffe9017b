"""The compiled data: small, without prose, and one line for one fact."""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from azml_contract.contract.catalog import (
    DATA,
    DEFINITIONS,
    OPERATIONS,
    load_contract,
    read_catalog,
)
from azml_contract.contract.compile import (
    REPOSITORIES,
    compile_data,
    find_altered,
    find_drift,
    save_data,
)
from azml_contract.contract.data_reader import DefinitionData, OperationData
from azml_contract.contract.data_writer import write_definitions, write_operations
from azml_contract.contract.imported import Imported
from azml_contract.contract.model import Property, Type
from azml_contract.contract.user_folder import as_imported

SAMPLE = ("2023-10-01", "2024-04-01", "2024-07-01-preview", "2024-10-01")


@pytest.fixture(scope="module")
def sample() -> list[Imported]:
    """Four shipped versions, one of them from bicep types."""
    return [as_imported(load_contract(version)) for version in SAMPLE]


def _changed_lines(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), n=0, lineterm=""
    )
    return [
        line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")
    ]


def _with_property(version: Imported, name: str, prop: Property) -> Imported:
    """A version in which a definition and its heirs have one property more."""
    definitions = {
        key: replace(d, properties={**d.properties, prop.name: prop})
        if key == name or d.base == name
        else d
        for key, d in version.definitions.items()
    }
    return replace(version, definitions=definitions)


@pytest.mark.parametrize("version", SAMPLE)
@pytest.mark.parametrize("owner", ["CommandJob", "JobBase"])
def test_one_property_more_in_one_version_is_one_line_more(
    sample: list[Imported], version: str, owner: str
) -> None:
    """Also where all kinds of jobs inherit it."""
    unknown = None if version == "2024-10-01" else False
    prop = Property("fancyNewThing", Type("string", min_length=1), nullable=unknown)
    changed = [
        _with_property(v, owner, prop) if v.api_version == version else v
        for v in sample
    ]
    before, after = write_definitions(sample), write_definitions(changed)
    (line,) = _changed_lines(before, after)
    mark = " ~" if unknown is None else ""
    assert line.startswith(f"+  fancyNewThing: string minLength=1{mark} @ {version}")
    assert write_operations(sample) == write_operations(changed)


def test_a_property_that_one_version_more_has_is_one_line_changed(
    sample: list[Imported],
) -> None:
    fresh = Property("fancyNewThing", Type("string"))
    first = [
        _with_property(v, "CommandJob", fresh) if v.api_version == "2024-04-01" else v
        for v in sample
    ]
    second = [
        _with_property(v, "CommandJob", fresh) if v.api_version == "2023-10-01" else v
        for v in first
    ]
    lines = _changed_lines(write_definitions(first), write_definitions(second))
    assert lines == [
        "-  fancyNewThing: string @ 2024-04-01",
        "+  fancyNewThing: string @ 2023-10-01..2024-04-01",
    ]


def test_a_version_that_repeats_its_predecessor_changes_few_lines() -> None:
    """2026-05-01 says what 2026-03-01 said."""
    older = ["2024-04-01", "2025-12-01", "2026-03-01"]
    versions = [as_imported(load_contract(v)) for v in (*older, "2026-05-01")]
    assert (
        _changed_lines(write_definitions(versions[:-1]), write_definitions(versions))
        == []
    )
    assert (
        _changed_lines(write_operations(versions[:-1]), write_operations(versions))
        == []
    )


def test_written_versions_can_be_read_back(sample: list[Imported]) -> None:
    definitions, operations = write_definitions(sample), write_operations(sample)
    for version in sample:
        read = DefinitionData(definitions, version.api_version)
        assert dict(read) == version.definitions
        assert read.parents() == version.parents
        found = OperationData(operations, version.api_version)
        assert dict(found) == version.operations


def test_odd_names_can_be_read_back(swaggers: Any) -> None:
    odd = {
        ".dot": {"type": "string"},
        "a: b @ c": {"type": "string", "enum": ["*", "x|y", ""]},
        "@odata.type": {"type": "string", "default": "a @ b"},
    }
    imported = swaggers.define({"Job (old)": {"properties": odd}})
    text = write_definitions([imported])
    read = DefinitionData(text, imported.api_version)
    assert dict(read) == imported.definitions


def test_a_name_that_is_not_there_is_a_key_error() -> None:
    contract = load_contract("2024-04-01")
    with pytest.raises(KeyError):
        contract.definitions["Nonsense"]
    assert "Nonsense" not in contract.definitions
    assert contract.operations.get("Nonsense") is None


def test_values_are_made_once() -> None:
    contract = load_contract("2024-04-01")
    assert contract.definitions["CommandJob"] is contract.definitions["CommandJob"]
    assert contract.operations["Jobs_Get"] is contract.operations["Jobs_Get"]


def test_the_shipped_data_is_at_most_one_megabyte() -> None:
    assert sum(file.stat().st_size for file in DATA.iterdir()) <= 1_000_000


def test_the_shipped_data_holds_no_prose() -> None:
    """A sentence has several lower-case words in a row; a statement has none."""
    allowed = {"use=create,read", "secret", "ro", "wo"}
    for name in (DEFINITIONS, OPERATIONS):
        for line in (DATA / name).read_text("utf-8").splitlines():
            words = line.partition(" @ ")[0].partition(": ")[2].split(" ")
            plain = [w for w in words[1:] if w.isalpha() and w not in allowed]
            assert not plain, line


def test_the_shipped_data_is_that_of_its_catalogue() -> None:
    assert find_altered(DATA) == []


def test_altered_data_is_noticed(tmp_path: Path, swaggers: Any) -> None:
    texts = compile_data([swaggers.define({"Job": {"properties": {}}})], tmp_path)
    save_data(texts, tmp_path / "data")
    assert find_altered(tmp_path / "data") == []
    with (tmp_path / "data" / DEFINITIONS).open("a") as file:
        file.write("  x: string\n")
    (line,) = find_altered(tmp_path / "data")
    assert "definitions.txt was altered" in line


def test_the_catalogue_says_where_the_data_comes_from() -> None:
    sources = read_catalog(DATA)["sources"]

    assert sources == {str(kind): facts for kind, facts in REPOSITORIES.items()}
    assert {kind: facts["repository"] for kind, facts in sources.items()} == {
        "swagger": "https://github.com/Azure/azure-rest-api-specs",
        "bicep-types": "https://github.com/Azure/bicep-types-az",
    }


def test_a_catalogue_tells_each_file_by_its_place_and_digest(
    tmp_path: Path, swaggers: Any
) -> None:
    made = swaggers.define({"Job": {"properties": {}}})
    (file,) = made.files
    digest = hashlib.sha256(file.read_bytes()).hexdigest()

    def files(root: Path) -> Any:
        catalog = json.loads(compile_data([made], root, {})["catalog.json"])
        assert (catalog["format"], catalog["sources"]) == (1, {})
        (version,) = catalog["versions"].values()
        assert version["source"] == "swagger"
        return version["files"]

    assert files(tmp_path) == {file.relative_to(tmp_path).as_posix(): digest}
    assert files(tmp_path / "elsewhere") == {file.name: digest}


def test_a_catalogue_tells_the_names_that_are_marked_as_secret(
    tmp_path: Path, swaggers: Any
) -> None:
    marked = {"type": "string", "x-ms-secret": True}
    made = swaggers.define({"Job": {"properties": {"word": marked, "x": {}}}})
    catalog = json.loads(compile_data([made], tmp_path)["catalog.json"])

    assert catalog["secrets"] == {"always": ["word"], "sometimes": {}}
    assert catalog["secrets"].keys() == read_catalog(DATA)["secrets"].keys()


def test_a_data_file_that_is_gone_is_altered_and_differs(
    tmp_path: Path, swaggers: Any
) -> None:
    texts = compile_data([swaggers.define({"Job": {"properties": {}}})], tmp_path)
    folder = tmp_path / "new" / "data"
    save_data(texts, folder)
    assert find_drift(texts, folder) == []
    (folder / DEFINITIONS).unlink()

    (altered,) = find_altered(folder)
    first, is_, should_be = find_drift(texts, folder)[:3]
    assert altered.startswith(f"{folder / DEFINITIONS} was altered: its sha256")
    assert first == f"{folder / DEFINITIONS} differs from what the specifications say:"
    assert is_ == "  line 1 is   (no line)"
    assert should_be.startswith("  should be ")


def test_at_most_five_lines_that_differ_are_shown(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("".join(f"{n}\n" for n in range(9)))
    report = find_drift({"a": "0\n" + "".join(f"x{n}\n" for n in range(9))}, tmp_path)

    assert len(report) == 11
    assert report[1:3] == ["  line 2 is   1", "  should be x0"]
    assert report[-1] == "  should be x4"


def test_drift_shows_the_first_lines_that_differ(tmp_path: Path, swaggers: Any) -> None:
    one = swaggers.define({"Job": {"properties": {"x": {"type": "string"}}}})
    other = swaggers.define({"Job": {"properties": {"x": {"type": "integer"}}}})
    save_data(compile_data([one], tmp_path), tmp_path / "data")
    report = find_drift(compile_data([other], tmp_path), tmp_path / "data")
    assert (
        f"{tmp_path / 'data' / DEFINITIONS} differs from what the specifications say:"
        in report
    )
    assert "  line 2 is     x: string" in report
    assert "  should be   x: integer" in report
