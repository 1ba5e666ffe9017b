"""Rights of calls: the rule of ARM, blob storage's table, and what no rule names."""

from __future__ import annotations

from typing import Any

import pytest

from azml_contract.contract.permissions import LINKED, Need, find_need
from azml_contract.exchange import Request

GROUP = "/subscriptions/s-1/resourceGroups/g"
ML = "Microsoft.MachineLearningServices"
WORKSPACE = f"{GROUP}/providers/{ML}/workspaces/w"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers"


def need(method: str, path: str, body: Any = None, host: str = "") -> Need:
    url = f"https://{host or 'management.azure.com'}{path}"
    url += "" if "?" in path else "?api-version=2024-04-01"
    return find_need(Request(method, url), body)


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", WORKSPACE, f"{ML}/workspaces/read"),
        ("HEAD", f"{WORKSPACE}/jobs/j", f"{ML}/workspaces/jobs/read"),
        ("GET", f"{WORKSPACE}/jobs", f"{ML}/workspaces/jobs/read"),
        ("PUT", f"{WORKSPACE}/jobs/j", f"{ML}/workspaces/jobs/write"),
        ("PATCH", WORKSPACE, f"{ML}/workspaces/write"),
        ("DELETE", f"{WORKSPACE}/computes/c", f"{ML}/workspaces/computes/delete"),
        (
            "POST",
            f"{WORKSPACE}/jobs/j/cancel",
            f"{ML}/workspaces/jobs/cancel/action",
        ),
        # The contract's own spelling, whatever was sent.
        (
            "POST",
            f"{WORKSPACE.lower()}/DataStores/d/listsecrets",
            f"{ML}/workspaces/datastores/listSecrets/action",
        ),
        (
            "PUT",
            f"{WORKSPACE}/environments/e/versions/1",
            f"{ML}/workspaces/environments/versions/write",
        ),
        ("POST", f"{WORKSPACE}/listKeys", f"{ML}/workspaces/listKeys/action"),
        (
            "GET",
            f"/subscriptions/s-1/providers/{ML}/locations/we/usages",
            f"{ML}/locations/usages/read",
        ),
        (
            "GET",
            f"/subscriptions/s-1/providers/{ML}/workspaces/skus?api-version=2021-07-01",
            f"{ML}/workspaces/skus/read",
        ),
        (
            "POST",
            f"{GROUP}/exportTemplate/",
            "Microsoft.Resources/subscriptions/resourceGroups/exportTemplate/action",
        ),
        ("GET", f"{GROUP}/", "Microsoft.Resources/subscriptions/resourceGroups/read"),
        ("GET", "/subscriptions", "Microsoft.Resources/subscriptions/read"),
        ("GET", "/subscriptions/s-1", "Microsoft.Resources/subscriptions/read"),
        ("PUT", GROUP, "Microsoft.Resources/subscriptions/resourceGroups/write"),
        (
            "PUT",
            f"{GROUP}/providers/Microsoft.Resources/deployments/d",
            "Microsoft.Resources/deployments/write",
        ),
        (
            "PUT",
            f"{WORKSPACE}/providers/Microsoft.Authorization/roleAssignments/r",
            "Microsoft.Authorization/roleAssignments/write",
        ),
        (
            "POST",
            f"{GROUP}/providers/Microsoft.Storage/storageAccounts/a/listKeys",
            "Microsoft.Storage/storageAccounts/listKeys/action",
        ),
    ],
)
def test_an_action_is_the_type_and_the_verb(
    method: str, path: str, action: str
) -> None:
    found = need(method, path)
    assert found.actions == (action,)
    assert not found.unknown
    assert found.data_actions == ()


def test_what_it_rests_on_is_told() -> None:
    assert need("GET", f"{WORKSPACE}/jobs/j").basis == "contract"
    assert need("GET", f"{WORKSPACE}/unheard/of").basis == "rule"


def test_identities_that_a_body_assigns_need_a_right_of_their_own() -> None:
    body = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {"/i": {}}}}
    found = need("PUT", f"{WORKSPACE}/computes/c", body)
    assert found.actions == (f"{ML}/workspaces/computes/write", LINKED)
    change = need("PATCH", WORKSPACE, body)
    assert change.actions == (f"{ML}/workspaces/write", LINKED)
    assert LINKED not in need("POST", f"{WORKSPACE}/listKeys", body).actions
    for none in ({"identity": {"userAssignedIdentities": {}}}, {"identity": []}, []):
        assert LINKED not in need("PUT", f"{WORKSPACE}/computes/c", none).actions
    plain = need("PUT", f"{WORKSPACE}/computes/c", {"identity": None})
    assert plain.actions == (f"{ML}/workspaces/computes/write",)


@pytest.mark.parametrize(
    ("method", "path", "actions", "data"),
    [
        ("PUT", "/c/a.csv", (), (f"{BLOBS}/blobs/write",)),
        ("PUT", "/c/a.csv?comp=block&blockid=1", (), (f"{BLOBS}/blobs/write",)),
        ("GET", "/c/a.csv", (), (f"{BLOBS}/blobs/read",)),
        ("DELETE", "/c/a.csv", (), (f"{BLOBS}/blobs/delete",)),
        ("GET", "/c?restype=container&comp=list", (), (f"{BLOBS}/blobs/read",)),
        ("GET", "/c/a.csv?comp=tags", (), (f"{BLOBS}/blobs/tags/read",)),
        ("PUT", "/c?restype=container", (f"{BLOBS}/write",), ()),
        ("PUT", "/c/a.csv?sv=1&sig=REDACTED", (), ()),
    ],
)
def test_blob_storage_has_a_table_of_its_own(
    method: str, path: str, actions: tuple[str, ...], data: tuple[str, ...]
) -> None:
    found = need(method, path, host="account.blob.core.windows.net")
    assert (found.actions, found.data_actions) == (actions, data)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", f"https://management.azure.com{WORKSPACE}/jobs/j"),
        ("PUT", f"https://management.azure.com{WORKSPACE}/jobs"),
        ("TRACE", f"https://management.azure.com{WORKSPACE}/jobs/j"),
        ("GET", "https://management.azure.com/"),
        ("GET", "https://westeurope.api.azureml.ms/mlflow/v1.0/x"),
        ("POST", "https://account.blob.core.windows.net/?comp=batch"),
    ],
)
def test_what_no_rule_names_is_said(method: str, url: str) -> None:
    found = find_need(Request(method, url))
    assert found.unknown
    assert not found.actions
    assert not found.data_actions


def test_a_login_needs_no_role() -> None:
    request = Request("POST", "https://login.microsoftonline.com/t/oauth2/v2.0/token")
    assert find_need(request) == Need()
