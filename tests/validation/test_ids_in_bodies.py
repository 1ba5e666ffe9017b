"""Ids in a body name what is wanted there, in the workspace that the call goes to."""

from __future__ import annotations

import pytest
from findings import only

from azml_contract.settings import PLACEHOLDERS
from azml_contract.validation.calls import Scope

HOME = PLACEHOLDERS.workspace_id
S = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"
OTHER = HOME.replace("/workspaces/workspace", "/workspaces/elsewhere")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("codeId", f"{HOME}/codes/train/versions/1"),
        ("environmentId", f"{HOME.lower()}/environments/lightgbm/versions/1"),
        ("environmentId", f"{HOME}/environments/lightgbm/labels/latest"),
        ("environmentId", "azureml:lightgbm:1"),
        ("environmentId", "azureml://registries/azureml/environments/e/versions/1"),
        ("computeId", f"{HOME}/computes/cpu-cluster"),
        ("computeId", "cpu-cluster"),
        ("componentId", f"{HOME}/components/train/versions/1"),
    ],
)
def test_ids_of_the_right_kind_and_workspace_are_fine(check, command_job, name, value):
    command_job["properties"][name] = value

    assert check("PUT", "jobs/j", command_job, profile="strict") == []


def test_an_id_of_another_workspace_is_a_warning(check, command_job):
    command_job["properties"]["codeId"] = f"{OTHER}/codes/train/versions/1"

    finding = only(check("PUT", "jobs/j", command_job))

    assert (finding.code, finding.severity) == ("AZC160", "warning")
    assert finding.message == (
        "This id names workspace elsewhere; the call goes to workspace."
    )
    assert finding.pointer == "/properties/codeId"


def test_an_id_outside_the_configured_workspace_is_an_error(check, command_job):
    command_job["properties"]["codeId"] = f"{OTHER}/codes/train/versions/1"
    scope = Scope(workspace="workspace")

    finding = only(check("PUT", "jobs/j", command_job, scope=scope))

    assert (finding.code, finding.severity) == ("AZC160", "error")
    assert "configured is workspace" in finding.message


def test_an_environment_id_in_code_id_says_where_it_belongs(check, command_job):
    value = f"{HOME}/environments/lightgbm/versions/1"
    command_job["properties"]["codeId"] = value

    finding = only(check("PUT", "jobs/j", command_job))

    assert finding.code == "AZC161"
    assert finding.message == (
        "`codeId` wants codes/versions, this id names environments/versions."
    )
    assert finding.cure == "Such an id belongs into environmentId."


def test_a_component_in_code_id_says_where_it_belongs(check, command_job):
    command_job["properties"]["codeId"] = f"{HOME}/components/train/versions/1"

    finding = only(check("PUT", "jobs/j", command_job))

    assert finding.cure == "Such an id belongs into componentId."


@pytest.mark.parametrize(
    ("value", "owner"),
    [
        ("codes/c/versions/1", "codeId"),
        ("components/c/versions/1", "componentId"),
        ("computes/c", "computeId"),
        ("data/d/versions/1", "dataId or uri"),
        ("datastores/d", "datastoreId"),
    ],
)
def test_an_id_in_environment_id_says_where_it_belongs(
    check, command_job, value, owner
):
    command_job["properties"]["environmentId"] = f"{HOME}/{value}"

    finding = only(check("PUT", "jobs/j", command_job))

    assert finding.cure == f"Such an id belongs into {owner}."


def test_an_id_without_a_version_is_told(check, command_job):
    command_job["properties"]["environmentId"] = f"{HOME}/environments/lightgbm"

    finding = only(check("PUT", "jobs/j", command_job))

    assert (finding.code, finding.severity) == ("AZC161", "warning")
    assert finding.cure == "Append /versions/VERSION."


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("/subscriptions//resourceGroups/rg", "was a variable empty?"),
        (f"{HOME}/codes", "no name stands after codes"),
        (f"{HOME}/codes/train/versions/1/", "it ends in a slash"),
        (f"{HOME[1:]}/codes/train/versions/1", "it must start with a slash"),
    ],
)
def test_malformed_ids_say_why(check, command_job, value, reason):
    command_job["properties"]["codeId"] = value

    finding = only(check("PUT", "jobs/j", command_job))

    assert finding.code == "AZC162"
    assert reason in finding.message


def test_ids_of_other_providers_are_left_alone(check):
    storage = (
        "/subscriptions/1/resourceGroups/rg/providers/Microsoft.Network"
        "/virtualNetworks/v/subnets/s"
    )
    body = {
        "properties": {
            "computeType": "AmlCompute",
            "properties": {"subnet": {"id": storage}},
        }
    }

    assert check("PUT", "computes/cpu", body, profile="strict") == []


def test_what_users_write_for_themselves_may_name_anything(check, command_job):
    other = f"{HOME.replace('workspaces/', 'workspaces/other-')}/codes/c/versions/1"
    command_job["properties"] |= {
        "tags": {"made from": other},
        "environmentVariables": {"PARENT": other},
    }

    assert check("PUT", "jobs/j", command_job) == []


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("keyVault", f"{S[1:]}/providers/Microsoft.KeyVault/vaults/kv", "AZC162"),
        ("keyVault", f"{S}/providers/microsoft.keyvault/VAULTS/kv", None),
        ("storageAccount", "st1", "AZC162"),
        ("storageAccount", f"{S}/providers/Microsoft.KeyVault/vaults/kv", "AZC161"),
        (
            "containerRegistry",
            f"{S}/providers/Microsoft.Insights/components/a",
            "AZC161",
        ),
        ("applicationInsights", f"{S}/providers/Microsoft.Insights/components/a", None),
        ("applicationInsights", "", None),
        ("friendlyName", "st1", None),
    ],
)
def test_a_workspace_names_what_it_stands_on_by_ids_of_the_right_kind(
    check, key, value, code
):
    body = {"location": "eastus", "properties": {key: value}}

    found = check("PUT", "", body)

    assert [f.code for f in found] == ([code] if code else [])


def test_a_slash_in_front_is_a_cure_that_is_certain(check):
    body = {
        "properties": {"keyVault": f"{S[1:]}/providers/Microsoft.KeyVault/vaults/k"}
    }

    (finding,) = check("PUT", "", body)

    assert finding.cure == "Put a slash in front."
    assert finding.fix.certain
    assert finding.fix.edits[0].value.startswith("/subscriptions/")


def test_what_a_workspace_stands_on_is_looked_at_under_miscased_names_too(check):
    wrong = f"{S}/providers/Microsoft.Insights/components/a"
    body = {"location": "eastus", "properties": {"KEYVAULT": wrong}}

    found = {f.code: f for f in check("PUT", "", body)}

    assert set(found) == {"AZC103", "AZC161"}
    assert found["AZC161"].pointer == "/properties/KEYVAULT"
