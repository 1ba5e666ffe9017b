"""Whose a recording was is told by the places where names stand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.redaction.origin import (
    Learner,
    hosts_of,
    is_azure,
    is_placeholder,
    learn_identifiers,
    learn_others,
    learn_stray_ids,
    placeholder_identifiers,
    texts_of,
)
from azml_contract.redaction.rules import Identifier

GUID = "3b1f0c52-7a5e-4a0b-9d55-0f9f3a1c7e21"
PROVIDERS = "/providers/Microsoft"


def answer(text: str, url: str = "https://x.example/a") -> Exchange:
    return Exchange(Request("GET", url), Response(200, (), text.encode()))


PLACES = [
    ("subscription", f"/subscriptions/{GUID}/x", GUID),
    ("subscription", "/subscriptions/short", ""),
    ("resource_group", "/ResourceGroups/My_(rg).1/x", "my_(rg).1"),
    ("workspace", f"{PROVIDERS}.MachineLearningServices/workspaces/Ws1", "ws1"),
    ("workspace", "azureml://locations/west/workspaces/ws1/x", "ws1"),
    ("workspace", "/other/workspaces/ws1", ""),
    ("storage_account", "/storageAccounts/acme1", "acme1"),
    ("storage_account", "https://acme1.blob.core.windows.net", "acme1"),
    ("storage_account", "https://acme1.table.core.windows.net", "acme1"),
    ("storage_account", "https://ab.blob.core.windows.net", ""),
    ("storage_account", "abfs://c@acme1.dfs.core", "acme1"),
    ("storage_account", "abfss://c@acme1.dfs.core", "acme1"),
    ("storage_account", "wasbs://c@acme1.blob.core", "acme1"),
    ("storage_account", '"accountName": "acme1"', "acme1"),
    ("storage_account", '\\"accountName\\":\\"acme1\\"', "acme1"),
    ("storage_account", "X;AccountName=acme1;Y", "acme1"),
    ("storage_account", "account_name='acme1'", "acme1"),
    ("storage_account", "account_name: acme1", "acme1"),
    ("storage_account", "--account-name acme1 -c", "acme1"),
    ("storage_account", "https://azureopendatastorage.blob.core", ""),
    ("storage_account", "https://automlsamplenotebookdata.blob.core", ""),
    ("storage_account", "https://azuremlexamples.blob.core", ""),
    ("storage_account", "/storageAccounts/viennaglobal", ""),
    ("key_vault", f"{PROVIDERS}.KeyVault/vaults/kv-1", "kv-1"),
    ("key_vault", "https://kv-1.vault.azure.net", "kv-1"),
    ("registry", f"{PROVIDERS}.ContainerRegistry/registries/acr1", "acr1"),
    ("registry", "docker pull acr1.azurecr.io/x", "acr1"),
    ("registry", "docker pull a.acr1.azurecr.io/x", ""),
    ("insights", f"{PROVIDERS}.Insights/components/ai1", "ai1"),
    ("logs", f"{PROVIDERS}.OperationalInsights/workspaces/law1", "law1"),
    ("identity", "/userAssignedIdentities/id1", "id1"),
    ("instance", "https://ci-1.west.instances.azureml.ms", "ci-1"),
    ("instance", "https://ci-1.west.notebooks.azure.net", "ci-1"),
    ("address", '"publicIpAddress": "20.1.2.3"', "20.1.2.3"),
    ("tenant", f"https://login.microsoftonline.com/{GUID}/oauth2", GUID),
    ("tenant", f'"tenantId": "{GUID.upper()}"', GUID),
    ("client", f"a=b&client_id={GUID}&c=d", GUID),
    ("client", f"client_id={GUID}", GUID),
    ("client", f'"clientId" : "{GUID}"', GUID),
    ("resource_group", "/resourceGroups/x", ""),  # too short to be told
]


@pytest.mark.parametrize(("kind", "text", "name"), PLACES)
def test_a_name_is_told_by_its_place(kind, text, name):
    found = {one.kind: one.value for one in learn_identifiers([answer(text)])}
    assert found.get(kind, "") == name
    assert not name or kind in found


STAND_INS = [
    ("subscription", "/subscriptions/{}/x", "00000000-0000-0000-0000-000000000000"),
    ("tenant", '"tenantId":"{}"', "00000000-0000-4000-8000-00000000a001"),
    ("client", '"clientId":"{}"', "00000000-0000-4000-8000-00000000a002"),
    ("resource_group", "/resourceGroups/{}/x", "resource-group"),
    ("workspace", f"{PROVIDERS}.MachineLearningServices/workspaces/{{}}", "workspace"),
    ("storage_account", "/storageAccounts/{}", "storageaccount"),
    ("key_vault", f"{PROVIDERS}.KeyVault/vaults/{{}}", "keyvault"),
    (
        "registry",
        f"{PROVIDERS}.ContainerRegistry/registries/{{}}",
        "containerregistry",
    ),
    ("insights", f"{PROVIDERS}.Insights/components/{{}}", "applicationinsights"),
    ("instance", "https://{}.x.instances.azureml.ms", "computeinstance"),
    ("logs", f"{PROVIDERS}.OperationalInsights/workspaces/{{}}", "loganalytics"),
    ("identity", "/userAssignedIdentities/{}", "managedidentity"),
    ("address", '"publicIpAddress":"{}"', "203.0.113.1"),
]
SECOND = {
    "subscription": "00000000-0000-0000-0000-000000020000",
    "tenant": "00000000-0000-4000-8000-00000002a001",
    "client": "00000000-0000-4000-8000-00000002a002",
    "resource_group": "resource-group-2",
    "address": "203.0.113.2",
}


def values_of(kind: str) -> list[str]:
    if kind == "address":
        return ["20.1.2.3", "20.1.2.4"]
    if kind in ("subscription", "tenant", "client"):
        return [GUID, GUID.replace("3b1f", "4c2a")]
    return ["acme1", "acme2"]


@pytest.mark.parametrize(("kind", "place", "stand_in"), STAND_INS)
def test_the_first_of_a_kind_gets_the_plain_placeholder_and_others_numbers(
    kind, place, stand_in
):
    values = values_of(kind)
    text = "\n".join(place.format(one) for one in (*values, values[0]))
    found = [one for one in learn_identifiers([answer(text)]) if one.kind == kind]
    second = SECOND.get(kind, f"{stand_in}2")
    assert [one.value for one in found] == values
    assert [one.placeholder for one in found] == [stand_in, second]
    assert is_placeholder(stand_in)
    assert not is_placeholder(values[0])
    # What stands for a name already keeps its value, and its number.
    again = place.format(stand_in) + "\n" + place.format(values[0])
    found = [one for one in learn_identifiers([answer(again)]) if one.kind == kind]
    assert [one.placeholder for one in found] == [stand_in, second]


def test_what_requests_name_comes_first_and_what_repeats_is_read_once():
    asked = Exchange(
        Request(
            "PUT",
            "https://x.example/%2FstorageAccounts%2Facme1",
            (("a", "/storageAccounts/acme4"),),
            b"/storageAccounts/acme2",
        ),
        Response(
            200, (("b", "%2FstorageAccounts%2Facme5"),), b"/storageAccounts/acme3"
        ),
    )
    found = learn_identifiers([answer("/storageAccounts/acme6"), asked, asked])
    assert [one.value[-1] for one in found] == list("126453")
    assert len(texts_of([asked, asked])) == 4


def test_bytes_that_are_no_text_are_read_as_far_as_they_can_be():
    raw = Exchange(
        Request("GET", "https://x.example"),
        Response(200, (), b"\xff /storageAccounts/acme1"),
    )
    assert [one.value for one in learn_identifiers([raw])] == ["acme1"]


def test_a_learner_tells_whether_anything_is_new():
    learner = Learner()
    assert learner.learn([answer("/storageAccounts/acme1")])
    assert not learner.learn([answer("/storageAccounts/acme1")])
    assert learner.learn([answer("/storageAccounts/storageaccount")])
    assert len(learner.identifiers()) == 2
    ours = Learner(passes_ours=True)
    text = "/storageAccounts/storageaccount3 /subscriptions/00000000-0000-1111"
    assert not ours.learn([answer(text)])
    assert ours.identifiers() == ()


def others(*texts: str, **more: Any) -> list[tuple[str, str]]:
    options: dict[str, Any] = {"known": (), "kept": "", **more}
    found = learn_others([answer(text) for text in texts], **options)
    return [(one.value, one.placeholder) for one in found]


@pytest.mark.parametrize(("kind", "place", "stand_in"), STAND_INS)
def test_others_of_a_kind_are_numbered_from_two_on(kind, place, stand_in):
    values = values_of(kind)
    found = others(*map(place.format, values))
    if kind in ("resource_group", "workspace", "identity") or "-0000-" in stand_in:
        assert found == []
        return
    base = stand_in.removesuffix("1")
    assert found == [(values[0], f"{base}2"), (values[1], f"{base}3")]
    # The numbers of what was redacted before are taken.
    held = [(f"{base}7", f"say {base}4 x{base}9")]
    assert others(place.format(values[0]), held=held) == [(values[0], f"{base}8")]


def test_what_is_known_drawn_or_a_placeholder_is_no_other():
    place = "/storageAccounts/{}"
    known = [Identifier("storage_account", "Acme1", "storageaccount")]
    assert others(place.format("acme1"), known=known) == []
    assert others(place.format("storageaccount"), known=known) == []
    assert others(place.format("storageaccount5")) == []
    assert others(place.format("acme1"), kept='{"store": "acme1"}') == []
    assert others(place.format("acme2"), known=known) == [("acme2", "storageaccount2")]


def test_ids_of_people_are_strays_and_placeholders_are_not():
    text = f'/subscriptions/{GUID} "tenantId":"00000000-0000-4000-8000-00000000a001"'
    found = learn_stray_ids([answer(f"{text} /resourceGroups/acme")])
    assert [(one.kind, one.value) for one in found] == [("subscription", GUID)]
    kept = placeholder_identifiers()
    assert [one.kind for one in kept] == ["subscription", "tenant", "client"]
    assert all(one.value == one.placeholder for one in kept)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("workspace", True),
        ("workspace2", True),
        ("workspace-2", True),
        ("resource-group-2", True),
        ("203.0.113.9", True),
        ("203.0.114.9", False),
        ("workspaces", False),
        ("my-workspace", False),
        ("", False),
    ],
)
def test_a_placeholder_is_told_with_its_number(value, told):
    assert is_placeholder(value) is told


@pytest.mark.parametrize(
    "host",
    """
    management.azure.com azure.com x.azure.cn a.azureml.ms a.azureml-test.net
    a.blob.core.windows.net a.azurecr.io a.azurewebsites.net a.azuredatabricks.net
    a.chinacloudapi.cn a.usgovcloudapi.net login.microsoftonline.com a.azure.us
    login.microsoftonline.us a.applicationinsights.io
    """.split(),  # noqa: SIM905
)
def test_hosts_of_azure_are_told_by_their_end(host):
    assert is_azure(Request("GET", f"https://{host}/x"))
    assert not is_azure(Request("GET", f"https://{host}.example/x"))
    assert not is_azure(Request("GET", f"https://no{host.rpartition('.')[0]}/x"))


def test_hosts_are_listed_once_in_their_order():
    calls = [answer("", f"https://{host}/a") for host in ("b.x", "a.x", "B.x")]
    assert hosts_of(calls) == ["a.x", "b.x"]
    assert json.dumps(hosts_of([])) == "[]"
