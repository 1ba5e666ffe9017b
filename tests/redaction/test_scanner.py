"""What a scanner says of a file, and how names are told from other words."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from azml_contract.redaction.names import Names, is_distinctive
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import Identifier, RedactionRules
from azml_contract.redaction.scan import (
    NotLookedInto,
    Scanner,
    SecretFound,
    Suspicion,
)

WORD = "kT4vXq9Zm7"


def scanner(*identifiers: Identifier, **rules: object) -> Scanner:
    return Scanner(Redactor(RedactionRules(identifiers=identifiers, **rules)))


def test_a_refusal_names_places_and_kinds_and_no_value():
    places = [Suspicion(f"/interactions/{number}", "a token") for number in range(21)]
    error = SecretFound(Path("c.json"), tuple(places))
    head, *lines, more, remedy = str(error).splitlines()
    assert head == "c.json was not written: it would hold what looks secret."
    assert lines == [f"  {one.place}: a token" for one in places[:20]]
    assert more == "  and 1 more"
    assert remedy.startswith("Values are not shown. Remove them with a sanitizer")
    assert (error.path, len(error.suspicions)) == (Path("c.json"), 21)
    twenty = str(SecretFound(Path("c.json"), tuple(places[:20])))
    assert "more" not in twenty
    assert "/scenario is made of" not in twenty
    named = str(SecretFound(Path("c.json"), (Suspicion("/scenario", "a name"),)))
    assert "/scenario is made of the names of module and test" in named


def test_what_stays_shut_is_told_with_its_place():
    found = scanner()
    shut = base64.b64encode(b"Rar!\x1a\x07" + bytes(9)).decode()
    whole = {"interactions": [{"response": {"body": {"base64": shut}}}]}
    assert (
        found.scan(json.dumps(whole).encode(), {"f" * 64: b"7z\xbc\xaf\x27\x1c"}) == ()
    )
    place = "/interactions/0/response/body/base64"
    first, second = found.unopened
    assert first == Suspicion(place, "a rar archive, which cannot be opened here")
    assert second.place == f"blobs/{'f' * 64}"
    assert str(NotLookedInto(Path("c.json"), first)) == (
        f"c.json at {place} was not looked into: a rar archive, which cannot be "
        "opened here"
    )


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"a": ["x", f"password={WORD}"]}, "/a/1"),
        ({"a/b": {"c": f"password={WORD}"}}, "/a~1b/c"),
        ({f"password={WORD}": 1}, " (a property name)"),
        ({"a": f'{{"password": "{WORD}"}}'}, "/a"),
        ({"a": f'say \\ " password={WORD}'}, "/a"),
        ({"a": "x\\", "b": f"password={WORD}"}, "/b"),
        ({"a": base64.b64encode(f"password={WORD}; x".encode()).decode()}, "/a"),
        ({"a": [], "body": {"base64": "cGFzc3dvcmQ9a1Q0dlhxOVptNw=="}}, "/body/base64"),
    ],
)
def test_a_secret_is_found_at_its_place(document, place):
    found = scanner().scan(json.dumps(document).encode())
    assert [one.place for one in found] == [place]
    assert "name says that it is secret" in found[0].kind


def test_a_side_file_is_read_and_what_repeats_is_told_once():
    raw = f"password={WORD}\npassword={WORD}\n".encode()
    found = scanner().scan(b"{}", {"f" * 64: raw, "e" * 64: b"nothing"})
    assert [one.place for one in found] == [f"blobs/{'f' * 64}"]


def test_a_live_secret_is_found_with_its_plus_as_it_is():
    """In a path a plus is one, though a form would read a blank."""
    found = scanner(secrets=("Zq8+tR4w/Lm2x",))
    for text in ("a/Zq8+tR4w%2fLm2x", "of Zq8+tR4w/Lm2x", "of Zq8+tR\n 4w/Lm2x"):
        assert found.kinds(text, entropy=False) == (
            "a live secret of the settings or of this recording",
        )
    assert found.kinds("Zq8 tR4w%2fLm2x", entropy=False) == ()


def test_a_random_token_is_named_where_it_is_asked_for_unless_it_was_drawn():
    token = "q8XzR2vLw7KpT4mJ9bYc3NsD6fHg1AeU"
    asked = scanner()
    assert asked.kinds(token, entropy=False) == ()
    assert asked.kinds(token, entropy=True) == ("a random token",)
    drew = Scanner(Redactor(RedactionRules()), {"a": token})
    assert drew.kinds(token, entropy=True) == ()


# Names


def name(value: str, kind: str = "workspace", placeholder: str = "") -> Identifier:
    return Identifier(kind, value, placeholder or kind.replace("_", "-"))


@pytest.mark.parametrize(
    ("value", "told"),
    [("acme", True), ("abc", False), ("Data", False), ("data-x", True)],
)
def test_a_name_is_told_from_other_words_by_its_length_and_what_it_is(value, told):
    assert is_distinctive(value) is told


PLACES = [
    ("workspace", "/workspaces/ml/jobs", "/workspaces/workspace/jobs"),
    ("workspace", "%2Fworkspaces%2Fml", "%2Fworkspaces%2Fworkspace"),
    ("workspace", "workspace 'ml' is gone", "workspace 'workspace' is gone"),
    ("workspace", "workspaceName=ml&x", "workspaceName=workspace&x"),
    ("workspace", "Parent resource ml", "Parent resource workspace"),
    ("workspace", "/workspaces/mlx", "/workspaces/mlx"),
    ("workspace", "html of ml", "html of ml"),
    ("workspace", "/jobs/ml", "/jobs/ml"),
    ("resource_group", "/resourceGroups/ml/x", "/resourceGroups/resource-group/x"),
    ("resource_group", "Resource group 'ml'", "Resource group 'resource-group'"),
    ("storage_account", "https://ml.blob.core", "https://storage-account.blob.core"),
    (
        "storage_account",
        "http://127.0.0.1:1000/ml/c",
        "http://127.0.0.1:1000/storage-account/c",
    ),
    ("storage_account", "AccountName=ml;", "AccountName=storage-account;"),
    ("storage_account", "/storageAccounts/ml", "/storageAccounts/storage-account"),
    ("storage_account", "storage account ml", "storage account storage-account"),
    ("vault", "/vaults/ml", "/vaults/vault"),
    ("vault", "the vault ml", "the vault ml"),
]


@pytest.mark.parametrize(("kind", "text", "replaced"), PLACES)
def test_an_ordinary_word_is_a_name_at_its_places_alone(kind, text, replaced):
    names = Names([name("ml", kind)])
    assert names.replace(text) == replaced
    assert names.replace_by_place(text) == replaced
    assert names.find(text) == (kind if text != replaced else "")
    assert names.needles == (b"ml",)


@pytest.mark.parametrize(
    ("prop", "value", "of_type", "replaced"),
    [
        ("workspacename", "ML", "", "workspace"),
        ("workspace", "ml", "", "workspace"),
        ("name", "ml", "microsoft.machinelearningservices/workspaces", "workspace"),
        ("name", "ml", "microsoft.storage/storageaccounts", "ml"),
        ("name", "ml", "", "ml"),
        ("accountname", "ml", "", "ml"),
        ("workspace", "other", "", "other"),
    ],
)
def test_a_property_of_a_name_is_told_by_its_own_name(prop, value, of_type, replaced):
    names = Names([name("ml"), name("xy", "vault")])
    assert names.replace_property(prop, value, of_type) == replaced
    assert names.properties == {"workspace", "workspacename", "name"}
    assert Names([name("xy", "vault")]).properties == frozenset()


def test_a_name_of_its_own_is_replaced_anywhere_and_found_where_it_stays():
    names = Names([name("acme-ml-ws"), name("same", placeholder="same"), name("")])
    assert names.replace("x ACME-ml-ws y same") == "x workspace y same"
    assert names.find("x ACME-ml-ws y") == "workspace"
    assert names.find("x y same") == ""
    assert Names([name("acme")]).find("x acme y") == "name"


def test_a_workspace_called_as_its_group_is_told_by_the_place():
    names = Names([name("acme-one"), name("acme-one", "resource_group")])
    text = "/resourceGroups/acme-one/x/workspaces/acme-one"
    assert (
        names.replace(text) == "/resourceGroups/resource-group/x/workspaces/workspace"
    )
    assert names.replace_property("resourcegroup", "acme-one", "") == "resource-group"
    assert names.replace_property("workspace", "acme-one", "") == "workspace"


def test_of_accounts_that_nobody_knows_there_may_be_any_number():
    """They are looked up word by word, where others are looked for one by one."""
    names = Names(
        [
            name("acme1lake", "storage_account", "storageaccount2"),
            name("acme-key-vault", "key_vault", "keyvault3"),
            name("lake"),
        ]
    )
    text = "of ACME1lake, at\\nacme-key-vault; acme1lake2 and lake"
    assert names.replace(text) == (
        "of storageaccount2, at\\nkeyvault3; acme1lake2 and workspace"
    )
    assert set(names.needles) >= {b"acme1lake", b"acme-key-vault", b"lake"}
    assert names.find("of acme1lake") == "name"
    assert names.find("of acme1lake2") == ""


def test_what_two_kinds_are_called_is_no_word_of_its_own():
    names = Names([name("acme-one"), name("acme-two"), name("acme-one", "key_vault")])
    assert [one.value for one in names.by_property] == ["acme-one"]
    assert names.replace_property("workspace", "acme-one", "") == "workspace"
    assert names.replace_property("workspace", "acme-two", "") == "acme-two"
