"""Which versions there are, and what is known of secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from azml_contract.api_version import sort_key
from azml_contract.contract.catalog import (
    ambiguous_secret_properties,
    find_stand_in,
    is_newer_than_known,
    known_versions,
    load_contract,
    secret_property_names,
)
from azml_contract.contract.model import SourceKind
from azml_contract.errors import InputError, UnknownApiVersion


def test_all_versions_from_first_to_last_in_order() -> None:
    versions = known_versions()
    assert len(versions) == 51
    assert list(versions) == sorted(versions, key=sort_key)
    assert (versions[0], versions[-1]) == ("2018-03-01-preview", "2026-05-15-preview")


def test_a_contract_is_loaded_once() -> None:
    assert load_contract("2024-04-01") is load_contract("2024-04-01")


def test_two_versions_hold_only_workspaces_and_computes() -> None:
    """Newer does not always mean more."""
    for version in ("2021-07-01", "2022-01-01-preview"):
        operations = load_contract(version).operations
        assert "Workspaces_Get" in operations
        assert "Compute_Get" in operations
        assert "Jobs_Get" not in operations


@pytest.mark.parametrize("version", known_versions())
def test_every_reference_of_every_version_leads_somewhere(version: str) -> None:
    contract = load_contract(version)
    names = set()
    for definition in contract.definitions.values():
        kinds = [prop.type for prop in definition.properties.values()]
        kinds += [definition.additional] if definition.additional else []
        names |= {kind.ref for kind in kinds if kind.ref} | {
            *definition.variants.values()
        }
        names |= {k.items.ref for k in kinds if k.items and k.items.ref}
        names |= {definition.base} if definition.base else set()
    for operation in contract.operations.values():
        bodies = [a.body for a in (operation.responses or {}).values()]
        names |= {
            b.ref for b in (operation.body, operation.result, *bodies) if b and b.ref
        }
    assert names <= contract.definitions.keys()


@pytest.mark.parametrize("version", known_versions())
def test_carried_facts_come_from_an_older_swagger(version: str) -> None:
    contract = load_contract(version)
    origins = {o.carried_from for o in contract.operations.values()} - {""}
    if contract.source is SourceKind.SWAGGER:
        assert origins == set()
        return
    for origin in origins:
        assert load_contract(origin).source is SourceKind.SWAGGER
        assert sort_key(origin) < sort_key(version)
    assert contract.operations["Jobs_Cancel"].assumed


def test_an_unknown_version_names_the_nearest_in_time() -> None:
    with pytest.raises(UnknownApiVersion) as caught:
        load_contract("2021-10-01")
    assert "No contract for api-version '2021-10-01'." in str(caught.value)
    assert caught.value.nearest == [
        "2021-07-01",
        "2022-01-01-preview",
        "2022-02-01-preview",
    ]
    assert "azml-contract contract list" in str(caught.value)


def test_a_version_between_others_names_its_neighbours() -> None:
    with pytest.raises(UnknownApiVersion) as caught:
        load_contract("2019-11-11")
    assert caught.value.nearest == ["2019-11-01", "2020-01-01", "2020-02-18-preview"]


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("2024-4-1", "2024-04-01"),
        (" 2023-2-01-PREVIEW ", "2023-02-01-preview"),
        ("2022-5-1", "2022-05-01"),
    ],
)
def test_a_version_whose_zeros_are_left_out_names_the_one_that_is_meant(
    asked: str, nearest: str
) -> None:
    with pytest.raises(UnknownApiVersion) as caught:
        load_contract(asked)
    assert caught.value.nearest[0] == nearest


def test_what_tells_no_day_names_the_newest() -> None:
    with pytest.raises(UnknownApiVersion) as caught:
        load_contract("latest")
    assert caught.value.nearest == list(reversed(known_versions()[-3:]))


def test_a_folder_without_a_catalogue_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="azml-contract contract import --specs DIR"):
        known_versions(tmp_path)


@pytest.mark.parametrize("text", ["[]", '{"format": 2}', "{"])
def test_a_catalogue_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "catalog.json").write_text(text)
    with pytest.raises(
        InputError, match=r"catalog\.json is (not JSON|no contract catalogue)"
    ):
        known_versions(tmp_path)


def test_names_of_secrets() -> None:
    """Those of datastores, workspaces and clusters; whole objects are none."""
    names = secret_property_names()
    assert names >= {
        "sastoken",
        "clientsecret",
        "primarykey",
        "userstoragekey",
        "adminuserpassword",
        "kerberospassword",
        "accesstoken",
    }
    assert all(name == name.lower() for name in names)
    assert not names & {"key", "value", "name", "properties", "secretstype"}


def test_generic_names_of_secrets_say_where_they_are_some() -> None:
    ambiguous = ambiguous_secret_properties()
    assert "AccountKeyDatastoreSecrets" in ambiguous["key"]
    assert ambiguous["value"] == {"Password"}
    assert not ambiguous.keys() & secret_property_names()


def test_a_name_called_secret_is_one_in_every_definition_that_has_it() -> None:
    """In at least one version each; or it is on the list of forgotten marks."""
    from azml_contract.contract.secret_names import MARKING, UNMARKED

    owners: dict[str, set[str]] = {}
    marked: dict[str, set[str]] = {}
    for version in known_versions():
        if sort_key(version) < sort_key(MARKING):
            continue
        for definition in load_contract(version).definitions.values():
            for prop in definition.properties.values():
                name = prop.name.lower()
                owners.setdefault(name, set()).add(definition.name)
                if prop.secret or prop.write_only:
                    marked.setdefault(name, set()).add(definition.name)
    inside = {"certificate", "kerberoskeytab", "kerberospassword", "sastoken"}
    inside |= {"primarykey", "secondarykey"}
    for name in secret_property_names() - {*UNMARKED} - inside - {"authtoken"}:
        assert marked[name] == owners[name], name


@pytest.mark.parametrize(
    ("asked", "judged"),
    [
        ("2024-04-01", "2024-04-01"),
        ("2036-01-01", "2026-05-15-preview"),
        ("2021-10-01", "2021-07-01"),
        ("2017-01-01", "2018-03-01-preview"),
        ("0000-00-00", None),
        ("latest", None),
    ],
)
def test_what_has_no_contract_is_judged_as_the_newest_older(
    asked: str, judged: str | None
) -> None:
    assert find_stand_in(asked) == judged
    assert is_newer_than_known(asked) == (asked == "2036-01-01")
