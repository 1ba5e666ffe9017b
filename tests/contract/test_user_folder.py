"""Contracts of a user's own beside those that are shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from azml_contract.contract.catalog import (
    forget_cached,
    known_versions,
    load_contract,
)
from azml_contract.contract.model import SourceKind, Type
from azml_contract.contract.user_folder import import_to_folder, is_half_filled
from azml_contract.errors import InputError, UnknownApiVersion, UsageError
from azml_contract.library import check_body


def _add_code_versions(bicep: Any) -> None:
    """A resource type that the shipped swaggers know, told by bicep types."""
    text = bicep.add("StringType")
    inner = bicep.object("CodeVersionProperties", fancy=bicep.property(text))
    body = bicep.object(
        "Microsoft.MachineLearningServices/workspaces/codes/versions",
        id=bicep.property(text, 10),
        properties=bicep.property(inner, 1),
    )
    bicep.resource("workspaces/codes/versions", body)
    bicep.save()


def test_bicep_types_lean_on_the_shipped_swaggers(tmp_path: Path, bicep: Any) -> None:
    _add_code_versions(bicep)
    added = import_to_folder(tmp_path / "bicep-types", tmp_path / "mine")
    assert added == (bicep.version,)
    contract = load_contract(bicep.version, tmp_path / "mine")
    put = contract.operations["CodeVersions_CreateOrUpdate"]
    assert contract.source is SourceKind.BICEP_TYPES
    assert (put.carried_from, put.body) == (
        "2024-04-01",
        Type("ref", ref="CodeVersionResource"),
    )
    assert set(put.responses or {}) == {"200", "201", "default"}
    assert contract.operations["CodeVersions_Publish"].assumed
    assert "fancy" in contract.definitions["CodeVersion"].properties
    page = contract.definitions["CodeVersionResourceArmPaginatedResult"]
    assert page.carried_from == "2024-04-01"
    assert known_versions(tmp_path / "mine")[-1] == bicep.version
    assert len(known_versions(tmp_path / "mine")) == 52


@pytest.mark.parametrize("kind", [Path, str])
def test_the_library_judges_by_a_version_of_the_folder_however_it_is_named(
    tmp_path: Path, bicep: Any, kind: type[Path] | type[str]
) -> None:
    _add_code_versions(bicep)
    import_to_folder(tmp_path / "bicep-types", tmp_path / "mine")
    body = {"properties": {"fancy": "x", "nope": 1}}

    for where in ("codes/c/versions/1", "CodeVersions_CreateOrUpdate"):
        told = check_body(body, where, bicep.version, contracts=kind(tmp_path / "mine"))
        assert [(one.code, one.pointer) for one in told] == [
            ("AZC102", "/properties/nope")
        ]


def test_what_is_in_the_folder_stays(tmp_path: Path, swaggers: Any, bicep: Any) -> None:
    folder = tmp_path / "mine"
    swaggers.define({"Novelty": {"properties": {"x": {"type": "string"}}}})
    _add_code_versions(bicep)
    import_to_folder(tmp_path / "bicep-types", folder)
    earlier = json.loads((folder / "catalog.json").read_text())["versions"]
    import_to_folder(swaggers.root, folder, wanted=[swaggers.version])
    later = json.loads((folder / "catalog.json").read_text())["versions"]
    assert set(later) == {swaggers.version, bicep.version}
    assert later[bicep.version] == earlier[bicep.version]
    assert "Novelty" in load_contract(swaggers.version, folder).definitions
    put = load_contract(bicep.version, folder).operations["CodeVersions_CreateOrUpdate"]
    assert put.carried_from == "2024-04-01"


def test_a_version_of_the_folder_wins_over_the_shipped_one(
    tmp_path: Path, swaggers: Any
) -> None:
    swaggers.version = "2024-04-01"
    swaggers.folder = swaggers.folder.with_name("2024-04-01")
    swaggers.define({"Novelty": {"properties": {}}})
    assert import_to_folder(swaggers.root, tmp_path / "mine") == ()
    assert not (tmp_path / "mine").exists()
    import_to_folder(swaggers.root, tmp_path / "mine", wanted=["2024-04-01"])
    assert list(load_contract("2024-04-01", tmp_path / "mine").definitions) == [
        "Novelty"
    ]
    assert "CommandJob" in load_contract("2024-04-01").definitions


def test_importing_again_renews(tmp_path: Path, swaggers: Any) -> None:
    folder = tmp_path / "mine"
    for name in ("First", "Second"):
        swaggers.define({name: {"properties": {}}})
        import_to_folder(swaggers.root, folder)
        assert list(load_contract(swaggers.version, folder).definitions) == [name]


def test_a_version_that_is_not_there_names_those_that_are(
    tmp_path: Path, swaggers: Any
) -> None:
    swaggers.define({})
    with pytest.raises(
        UsageError, match="No specification of 2031-01-01; there are: 2030-01-01"
    ):
        import_to_folder(swaggers.root, tmp_path / "mine", wanted=["2031-01-01"])


def test_a_folder_of_ones_own_does_not_leak_into_the_package(
    tmp_path: Path, swaggers: Any
) -> None:
    swaggers.define({})
    import_to_folder(swaggers.root, tmp_path / "mine")
    with pytest.raises(UnknownApiVersion):
        load_contract(swaggers.version)


def test_an_import_that_is_cut_off_leaves_what_was_there(
    tmp_path: Path, swaggers: Any, bicep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine"
    _add_code_versions(bicep)
    import_to_folder(tmp_path / "bicep-types", folder)
    swaggers.define({"Novelty": {"properties": {"x": {"type": "string"}}}})
    replace, done = Path.replace, []
    for last in range(3):

        def cut_off(self: Path, target: Path, last: int = last) -> Path:
            if len(done) == last:
                raise KeyboardInterrupt  # no `except Exception` tidies up after it
            done.append(target)
            return replace(self, target)

        done.clear()
        monkeypatch.setattr(Path, "replace", cut_off)
        with pytest.raises(KeyboardInterrupt):
            import_to_folder(swaggers.root, folder, wanted=[swaggers.version])
        monkeypatch.setattr(Path, "replace", replace)
        forget_cached()
        assert not is_half_filled(folder)
        assert load_contract(bicep.version, folder).definitions["CodeVersion"]
    import_to_folder(swaggers.root, folder, wanted=[swaggers.version])
    assert len(list(folder.iterdir())) == 3
    assert load_contract(swaggers.version, folder).definitions["Novelty"]


@pytest.mark.parametrize("kind", ["definitions", "operations"])
def test_data_that_was_altered_judges_nothing(
    tmp_path: Path, swaggers: Any, kind: str
) -> None:
    folder = tmp_path / "mine"
    swaggers.define({"Novelty": {"properties": {"x": {"type": "string"}}}})
    import_to_folder(swaggers.root, folder)
    (data,) = folder.glob(f"{kind}-*.txt")
    data.write_text("Novelty @ 2031-01-01\n", "utf-8")
    forget_cached()

    with pytest.raises(InputError) as caught:
        load_contract(swaggers.version, folder)

    assert f"{data} is not as the import left it" in str(caught.value)
    import_to_folder(swaggers.root, folder)
    assert load_contract(swaggers.version, folder).api_version == swaggers.version
