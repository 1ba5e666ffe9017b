"""Which calls are the provider's own, and where all others go."""

from __future__ import annotations

import pytest

from azml_contract.exchange import Request
from azml_contract.validation.destination import (
    find_fault,
    find_right_host,
    is_arm,
    is_status_path,
    name_destination,
    name_provider,
)

ML = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices"
CLOUDS = (
    "management.azure.com",
    "management.usgovcloudapi.net",
    "management.chinacloudapi.cn",
)


def name(url: str, method: str = "GET", headers: tuple = ()) -> str:
    return name_destination(Request(method, url, headers))


@pytest.mark.parametrize("host", [*CLOUDS, "proxy.example", "127.0.0.1:8080"])
def test_a_call_of_the_provider_goes_nowhere_else_whoever_is_asked(host):
    assert name(f"https://{host}{ML}/workspaces/w") == ""
    assert name(f"https://{host}/{ML}/workspaces/w") == ""
    storage = "/subscriptions/s/providers/Microsoft.Storage/storageAccounts/a"
    assert name(f"https://{host}{storage}") == "another resource provider"
    assert name(f"https://{host}/subscriptions/s") == "another resource provider"


@pytest.mark.parametrize("host", CLOUDS)
@pytest.mark.parametrize("resource", ["a.blob.b", "login.x", "oauth2/", "file.queue."])
def test_names_of_resources_say_nothing_of_where_a_call_goes(host, resource):
    assert name(f"https://{host}{ML}/workspaces/{resource}") == ""


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("https://management.azure.com/batch?api-version=1", "batch of calls"),
        ("https://management.azure.com/batch/x", "another host"),
        ("https://management.azure.com/tenants", "another host"),
        ("https://login.microsoftonline.com/t/oauth2/v2.0/token", "login"),
        ("https://sts.windows.net/t", "login"),
        ("http://169.254.169.254/metadata/identity/oauth2/token", "login"),
        ("https://host/oauth2/x", "login"),
        ("https://account.blob.core.windows.net/c", "blob storage"),
        ("https://account.dfs.core.windows.net/c", "blob storage"),
        ("https://account.file.core.windows.net/c", "blob storage"),
        ("https://account.queue.core.windows.net/c", "blob storage"),
        ("http://127.0.0.1:10000/devstoreaccount1/c", "blob storage"),
        (f"https://westeurope.api.azureml.ms/history/v1.0{ML}/x", "data plane"),
        ("https://w.modelmanagement.azureml.net/x", "data plane"),
        ("https://studio.ml.azure.cn/x", "data plane"),
        ("https://example.com/x", "another host"),
    ],
)
def test_a_call_that_goes_elsewhere_is_named_by_where(url, where):
    assert name(url) == where
    assert not is_arm(Request("GET", url))


def test_what_a_browser_asks_before_a_call_is_none():
    url = f"https://management.azure.com{ML}/workspaces/w"

    assert name(url, "OPTIONS") == "preflight"
    asks = ("Access-Control-Request-Method", "PUT")
    assert name(url, "GET", (asks,)) == "preflight"
    assert name(url, "GET", (("Accept", "*/*"),)) == ""


def test_the_provider_of_a_path_is_the_last_that_it_names():
    role = f"{ML}/workspaces/w/providers/Microsoft.Authorization/roleAssignments/r"

    assert name_provider(f"{ML}/workspaces/w") == "microsoft.machinelearningservices"
    assert name_provider(role) == "microsoft.authorization"
    assert name_provider("/subscriptions/s") == ""
    assert name_provider("/providers%2FMicrosoft.Storage/x") == "microsoft.storage"


@pytest.mark.parametrize(
    ("tail", "polls"),
    [
        ("locations/westeurope/mfeOperationsStatus/jc:1", True),
        ("locations/westeurope/mfeOperationResults/jc:1", True),
        ("locations/westeurope/operationStatus/1", True),
        ("LOCATIONS/we/computeOperationsStatus/1", True),
        ("locations/westeurope/usages", False),
        ("workspaces/w/operationsStatus/1", False),
    ],
)
def test_paths_that_poll_an_operation_are_known(tail, polls):
    assert is_status_path(f"{ML}/{tail}") is polls


@pytest.mark.parametrize(
    ("host", "meant"),
    [
        *((one, "") for one in CLOUDS),
        ("westeurope.management.azure.com", ""),
        ("management.azure.cm", "management.azure.com"),
        ("managment.azur.com", "management.azure.com"),
        ("management.usgovcloudapi.com", "management.usgovcloudapi.net"),
        ("management.chinacloudapi.com", "management.chinacloudapi.cn"),
        ("management.azure.example.org", "management.azure.com"),
        ("proxy.example", ""),
        ("localhost", ""),
    ],
)
def test_a_management_host_that_is_misspelt_is_told_from_one_of_ones_own(host, meant):
    assert find_right_host(host) == meant


def test_a_url_that_cannot_be_read_says_why():
    assert find_fault(Request("GET", "https://management.azure.com/x")) == ""
    fault = find_fault(Request("GET", "https://[::1/x"))
    assert fault == "its URL is malformed (Invalid IPv6 URL)"
