"""Names of resources: where each is told, and where the same word is another one."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from azml_contract.redaction.names import ORDINARY_WORDS, Names, is_distinctive
from azml_contract.redaction.rules import Identifier

KINDS = {
    "workspace": "workspace",
    "resource_group": "resource-group",
    "storage_account": "storageaccount",
    "key_vault": "keyvault",
}
ORDINARY = {
    kind: Names([Identifier(kind, "Data", placeholder)])
    for kind, placeholder in KINDS.items()
}
NUMBERED = Identifier("storage_account", "Acme-Lake7", "storageaccount2")


@pytest.mark.parametrize(
    ("name", "is_told"),
    [("acme", True), ("acm", False), ("data", False), ("DATA", False), ("data7", True)],
)
def test_a_name_is_told_everywhere_if_it_is_long_and_no_word_of_azure(name, is_told):
    assert is_distinctive(name) is is_told
    names = Names([Identifier("workspace", name, "workspace")])
    text = f"say {name} there"
    assert names.replace(text) == ("say workspace there" if is_told else text)
    assert names.find(text) == ("name" if is_told and len(name) < 8 else "")


def test_every_word_of_azure_is_one_in_lower_case():
    assert all(word == word.lower() for word in ORDINARY_WORDS)
    assert {"ml", "jobs", "workspaces", "westeurope", "iris"} < ORDINARY_WORDS


PATHS = {
    "workspace": "/workspaces/{}",
    "resource_group": "/resourceGroups/{}",
    "storage_account": "/storageAccounts/{}",
    "key_vault": "/vaults/{}",
}
TOLD = [
    *((kind, path) for kind, path in PATHS.items()),
    *((kind, quote(path, safe="{}")) for kind, path in PATHS.items()),
    *((kind, quote(quote(path, safe="{}"), safe="{}")) for kind, path in PATHS.items()),
    *((kind, path.upper()) for kind, path in PATHS.items()),
    *(
        (kind, f"{path}{end}x")
        for kind, path in PATHS.items()
        for end in "/?&#\"' \n%\\<>,;)]}"
    ),
    ("resource_group", "/resource-groups/{}"),
    ("resource_group", "Resource group '{}' could not be found"),
    ("resource_group", "resource group {}"),
    ("resource_group", 'resourceGroup":"{}"'),
    ("resource_group", "resourceGroupName={}."),
    ("workspace", "the workspace '{}' is gone"),
    ("workspace", "Workspace: {}, x"),
    ("workspace", "the parent resource {}"),
    ("workspace", "?workspaceName={}&x=1"),
    ("workspace", "workspaceName={}"),
    ("workspace", "workspaceName%3D{}%26"),
    *(
        ("storage_account", f"{start}{{}}.{service}.core.windows.net")
        for start in ("https://", "https%3A%2F%2F")
        for service in ("blob", "dfs", "file", "queue", "table", "web")
    ),
    ("storage_account", "http://127.0.0.1:10000/{}/c"),
    ("storage_account", "http://127.0.0.1/{}"),
    ("storage_account", "http://localhost:10000/{}?x"),
    ("storage_account", "X;AccountName={};Y"),
    ("storage_account", "AccountName%3D{}"),
    ("storage_account", "The storage account '{}' is gone"),
    ("storage_account", "storage account {}"),
]


@pytest.mark.parametrize(("kind", "text"), TOLD)
@pytest.mark.parametrize("name", ["data", "DATA"])
def test_an_ordinary_name_is_told_by_its_place(kind, text, name):
    names, planted = ORDINARY[kind], text.replace("{}", name)

    assert names.replace(planted) == text.replace("{}", KINDS[kind])
    assert names.replace_by_place(planted) == names.replace(planted)
    assert names.find(planted) == kind
    assert names.find(names.replace(planted)) == ""
    for other in KINDS.keys() - {kind, "key_vault"}:  # any place is a vault's
        assert ORDINARY[other].replace(planted) == planted


@pytest.mark.parametrize(
    "text",
    [
        *("data", "/data/", "the data is there", '{"data": 1}', "//data/x"),
        *(f"{path.format('data')}{more}" for path in PATHS.values() for more in "x1_"),
        *("/groups7/data", "workspaces1 data", "workspace----data"),
        *("https://data.example", "x/data.blob.core", "https://data.other.core"),
        *("http://10.0.0.1/data", "http://127.0.0.1:x/data", "ownAccountNam=data"),
        *("workspaceName==data", "a.data.blob.core.windows.net"),
    ],
)
def test_an_ordinary_name_in_another_place_is_a_word(text):
    for names in ORDINARY.values():
        assert names.replace(text) == text
        assert names.find(text) == ""


@pytest.mark.parametrize(
    ("kind", "name", "resource_type", "is_told"),
    [
        ("workspace", "workspace", "", True),
        ("workspace", "workspacename", "", True),
        ("workspace", "resourcegroup", "", False),
        ("workspace", "name", "microsoft.machinelearningservices/workspaces", True),
        ("workspace", "name", "microsoft.storage/storageaccounts", False),
        ("workspace", "name", "", False),
        ("workspace", "title", "microsoft.machinelearningservices/workspaces", False),
        ("resource_group", "resourcegroup", "", True),
        ("resource_group", "resourcegroupname", "", True),
        ("resource_group", "name", "microsoft.resources/resourcegroups", True),
        ("storage_account", "accountname", "", True),
        ("storage_account", "storageaccountname", "", True),
        ("storage_account", "name", "microsoft.storage/storageaccounts", True),
        ("key_vault", "name", "microsoft.keyvault/vaults", False),
    ],
)
def test_an_ordinary_name_is_told_by_its_property(kind, name, resource_type, is_told):
    names = ORDINARY[kind]

    for value in ("data", "DATA"):
        made = names.replace_property(name, value, resource_type)
        assert made == (KINDS[kind] if is_told else value)
    assert names.replace_property(name, "data2", resource_type) == "data2"
    assert (name in names.properties) or not is_told


def test_properties_are_looked_at_where_a_name_needs_it():
    assert ORDINARY["key_vault"].properties == frozenset()
    assert ORDINARY["workspace"].properties == {"workspace", "workspacename", "name"}
    assert Names([Identifier("workspace", "acme-ml", "workspace")]).by_property == []


def test_what_equals_its_placeholder_or_is_empty_is_no_name():
    names = Names(
        [
            Identifier("workspace", "", "workspace"),
            Identifier("resource_group", "resource-group", "resource-group"),
        ]
    )

    assert (names.needles, names.by_property) == ((), [])
    assert names.replace("resource-group ") == "resource-group "


def test_a_name_that_two_kinds_have_is_told_by_its_place_and_else_as_the_first():
    first, second, third = (
        Identifier(kind, value, KINDS[kind])
        for kind, value in (
            ("resource_group", "acme-ml"),
            ("workspace", "Acme-ML"),
            ("key_vault", "acme-other"),
        )
    )
    names = Names([first, second, third])

    assert names.by_property == [first, second]
    text = "/workspaces/acme-ml of acme-ml"
    assert names.replace(text) == "/workspaces/workspace of resource-group"
    assert names.replace_by_place(text) == "/workspaces/workspace of acme-ml"
    assert names.replace_property("workspacename", "acme-ml", "") == "workspace"
    assert Names([first, third]).by_property == []
    assert Names([first, first]).by_property == []


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("acme-lake7", "storageaccount2"),
        ("say ACME-LAKE7.", "say storageaccount2."),
        ("a\\nacme-lake7\\n", "a\\nstorageaccount2\\n"),
        ("https://acme-lake7.blob", "https://storageaccount2.blob"),
        *((text, text) for text in ("acme-lake70", "acme-lake7_b", "acme-lake7-b")),
    ],
)
def test_a_name_that_is_numbered_is_a_word_of_its_own(text, made):
    names = Names([NUMBERED])

    assert names.replace(text) == made
    assert names.find(text) == ("name" if made != text else "")
    assert names.needles == (b"acme-lake7",)


def test_names_are_replaced_before_the_names_in_them():
    names = Names(
        [
            Identifier("workspace", "acme", "workspace"),
            Identifier("storage_account", "acmelake7", "storageaccount2"),
            Identifier("storage_account", "M\u00fcllerlake", "storageaccount3"),
            Identifier("resource_group", "data", "resource-group"),
        ]
    )

    text = "acmelake7 acme m\u00fcllerlake /resourceGroups/data"
    made = "storageaccount2 workspace storageaccount3 /resourceGroups/resource-group"
    assert names.replace(text) == made
    assert {b"acme", b"acmelake7", b"data"} < {*names.needles}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("say acme-store-9 there", "storage_account"),
        ("say ACME-STORE-9 there", "storage_account"),
        ("say acme-st", ""),
        ("say shorty7 there", "name"),
        ("say /workspaces/data there", "workspace"),
        ("say \u00fc /workspaces/data there", "workspace"),
        ("say \u00fc acme-store-9", "storage_account"),
        ("say \u00fc, no more", ""),
        ("say data", ""),
    ],
)
def test_what_still_stands_is_named_by_its_kind(text, found):
    names = Names(
        [
            Identifier("storage_account", "Acme-Store-9", "storageaccount"),
            Identifier("key_vault", "shorty7", "keyvault"),
            Identifier("workspace", "data", "workspace"),
        ]
    )

    assert names.find(text) == found
    assert names.find(names.replace(text)) == ""


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("acmelake", "say acmelake", "key_vault"),
        ("acmelak", "say acmelak", "name"),
        ("stra\u00dfe-eins", "\u00fc STRASSE-EINS", "key_vault"),
        ("m\u017f", "/vaults/ms", "key_vault"),  # a long s
        ("test", "/vaults/te\u017ft", "key_vault"),
    ],
)
def test_a_name_is_found_in_whatever_case_its_letters_are(name, text, found):
    assert Names([Identifier("key_vault", name, "keyvault")]).find(text) == found


def test_each_ordinary_name_is_looked_for():
    names = Names(
        Identifier(kind, name, KINDS[kind])
        for kind, name in (("key_vault", "kv"), ("workspace", "ml"))
    )

    assert names.replace("/workspaces/ml") == "/workspaces/workspace"
    assert names.find("/workspaces/ml") == "workspace"
