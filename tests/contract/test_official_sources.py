"""The shipped data against the official specifications, where they are present."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from azml_contract.contract.bicep_types import read_bicep_types
from azml_contract.contract.carry import carry_over
from azml_contract.contract.catalog import CATALOG, DATA, known_versions, load_contract
from azml_contract.contract.compile import compile_data, find_drift, main
from azml_contract.contract.imported import Imported
from azml_contract.contract.model import SourceKind
from azml_contract.contract.notation import blur, write_property
from azml_contract.contract.sources import find_sources
from azml_contract.contract.swagger import import_swagger

BOTH = "2024-04-01"

# Where the two sources of 2024-04-01 really differ, and why.
DISAGREEMENTS = {
    # The types were generated from a later commit, which dropped both bounds;
    # copies of this swagger elsewhere already lack them.
    ("SparkJob", "codeId"): ("string ! use=create,read", "pattern and minLength"),
}


@pytest.fixture(scope="module")
def both(specs: Path) -> tuple[Imported, Imported]:
    """2024-04-01 from its swagger, and from its bicep types."""
    found = {s.kind: s for s in find_sources(specs) if s.api_version == BOTH}
    swagger = import_swagger(found[SourceKind.SWAGGER].path, BOTH)
    types = read_bicep_types(found[SourceKind.BICEP_TYPES].path, BOTH)
    return swagger, carry_over(types, [swagger])


def _shared_names(both: tuple[Imported, Imported]) -> list[str]:
    swagger, bicep = both
    own = [n for n, d in bicep.definitions.items() if not d.carried_from]
    return [name for name in own if name in swagger.definitions]


def test_the_two_sources_of_one_version_name_the_same_definitions(
    both: tuple[Imported, Imported],
) -> None:
    swagger, bicep = both
    assert bicep.definitions.keys() <= swagger.definitions.keys()
    assert len(_shared_names(both)) == 446


def test_the_two_sources_agree_on_every_property(
    both: tuple[Imported, Imported],
) -> None:
    """Names, types, required, read-only, write-only, secret and enums."""
    swagger, bicep = both
    differing = set()
    compared = 0
    for name in _shared_names(both):
        ours, theirs = bicep.definitions[name], swagger.definitions[name]
        assert ours.properties.keys() == theirs.properties.keys(), name
        for key, prop in ours.properties.items():
            compared += 1
            if blur(theirs.properties[key]) != blur(prop):
                differing.add((name, key))
    assert differing == DISAGREEMENTS.keys()
    assert compared == 2322


def test_a_disagreement_is_as_described(both: tuple[Imported, Imported]) -> None:
    swagger, bicep = both
    told = [v.definitions["SparkJob"].properties["codeId"] for v in (swagger, bicep)]
    assert (
        write_property(blur(told[0])) == 'string pattern="[a-zA-Z0-9_]" minLength=1 ~ !'
    )
    assert write_property(told[1]) == "string ~ !"


def test_the_two_sources_agree_on_discriminators(
    both: tuple[Imported, Imported],
) -> None:
    swagger, bicep = both
    for name in _shared_names(both):
        ours, theirs = bicep.definitions[name], swagger.definitions[name]
        assert (ours.discriminator, ours.base, ours.discriminator_value) == (
            theirs.discriminator,
            theirs.base,
            theirs.discriminator_value,
        ), name
        assert ours.variants == theirs.variants, name
        assert bool(ours.additional) == bool(theirs.additional), name


def test_the_two_sources_agree_on_operations(both: tuple[Imported, Imported]) -> None:
    """28 of 212 cannot be told by bicep types; the rest has the same bodies."""
    swagger, bicep = both
    assert bicep.operations.keys() == swagger.operations.keys()
    assumed = {name for name, o in bicep.operations.items() if o.assumed}
    assert len(assumed) == 28
    assert "Jobs_Cancel" in assumed
    for name, operation in bicep.operations.items():
        theirs = swagger.operations[name]
        assert (operation.method, operation.path) == (theirs.method, theirs.path)
        assert operation.body == theirs.body, name


def test_the_shipped_2024_04_01_comes_from_the_swagger() -> None:
    assert load_contract(BOTH).source is SourceKind.SWAGGER


def test_every_official_version_is_shipped(specs: Path) -> None:
    found = {source.api_version for source in find_sources(specs)}
    assert found == set(known_versions())
    assert len(found) == 51


@pytest.mark.slow
def test_the_shipped_data_has_not_drifted(
    official: list[Imported], specs: Path
) -> None:
    assert find_drift(compile_data(official, specs), DATA) == []


@pytest.mark.slow
def test_reading_the_data_gives_back_what_was_imported(
    official: list[Imported],
) -> None:
    for version in official:
        contract = load_contract(version.api_version)
        assert dict(contract.definitions) == version.definitions
        assert set(contract.operations) == set(version.operations)
        for name, operation in version.operations.items():
            assert _comparable(contract.operations[name]) == _comparable(operation)


def test_the_catalogue_lists_the_sources_as_they_are(specs: Path) -> None:
    catalog = json.loads((DATA / CATALOG).read_text("utf-8"))
    for version, entry in catalog["versions"].items():
        assert entry["files"], version
        for name, digest in entry["files"].items():
            content = (specs / name).read_bytes()
            assert hashlib.sha256(content).hexdigest() == digest, name
    readme = (specs / "README.md").read_text("utf-8")
    for source in catalog["sources"].values():
        assert source["commit"] in readme


def test_a_check_without_specifications_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--specs", str(tmp_path), "--check"]) == 2
    assert "holds no specification" in capsys.readouterr().err


def _comparable(operation: Any) -> Any:
    """The order of parameters is not kept."""
    facts = {name: getattr(operation, name) for name in operation.__slots__}
    return facts | {"parameters": set(operation.parameters)}
