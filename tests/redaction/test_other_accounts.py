"""Accounts that no settings know: replaced wherever they stand, on both sides."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from in_memory import answer, put, record, replay
from planted import VERSION, WORKSPACE

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.redaction.rules import Identifier
from azml_contract.scenario import redaction_rules
from azml_contract.settings import PLACEHOLDERS

RULES = redaction_rules(PLACEHOLDERS)
NAME = "contosolake07"
STORE = f"{WORKSPACE}/datastores/lake{VERSION}"


def get(url: str) -> Request:
    return Request("GET", url, (), b"")


def of_store(name: str) -> dict:
    return {"properties": {"datastoreType": "AzureBlob", "accountName": name}}


PLACES = {
    "account of a datastore": lambda n: Exchange(put(STORE, of_store(n)), answer({})),
    "host": lambda n: Exchange(
        get(f"https://{n}.blob.core.windows.net/c/a.csv"), answer({})
    ),
    "host of an answer": lambda n: Exchange(
        get(STORE), answer({"uri": f"https://{n}.dfs.core.windows.net/c"})
    ),
    "id": lambda n: Exchange(
        get(STORE),
        answer(
            {"id": f"/subscriptions/x/providers/Microsoft.Storage/storageAccounts/{n}"}
        ),
    ),
    "abfss": lambda n: Exchange(
        put(STORE, {"uri": f"abfss://fs@{n}.dfs.core.windows.net/p"}), answer({})
    ),
    "connection string": lambda n: Exchange(
        put(STORE, {"c": f"DefaultEndpointsProtocol=https;AccountName={n};X=1"}),
        answer({}),
    ),
    "command": lambda n: Exchange(
        put(STORE, {"command": f"az storage blob list --account-name {n} -c x"}),
        answer({}),
    ),
    "location": lambda n: Exchange(
        get(STORE),
        Response(202, (("location", f"https://{n}.blob.core.windows.net/x"),), b""),
    ),
    "error": lambda n: Exchange(
        put(STORE, {}),
        answer({"error": {"message": f"https://{n}.blob.core gone"}}, 400),
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_an_account_goes_with_all_its_mentions_and_replays(place):
    told = PLACES[place](NAME)
    mention = Exchange(
        put(f"{WORKSPACE}/jobs/j{VERSION}", {"tags": {"from": f"copy of {NAME}"}}),
        answer({"note": NAME}),
    )
    for exchanges in ([told, mention], [mention, told]):
        recorded = record(exchanges, RULES)

        assert recorded.found == ()
        assert NAME not in recorded.text
        assert "storageaccount2" in recorded.text
        replay(recorded, [one.request for one in exchanges], RULES)


def test_two_accounts_stay_two_and_answers_name_the_clients_own():
    names = ["contosolake07", "contosolake08", "contosolake07"]
    exchanges = [
        Exchange(put(f"{WORKSPACE}/datastores/s{n}{VERSION}", of_store(name)), echo)
        for n, name in enumerate(names)
        for echo in [answer(of_store(name))]
    ]
    recorded = record(exchanges, RULES)
    assert recorded.found == ()
    kept = [one.request_json for one in recorded.cassette.interactions]
    assert kept[0] == kept[2] != kept[1]

    answers = replay(recorded, [one.request for one in exchanges], RULES)
    assert [json.loads(one.body) for one in answers] == [of_store(n) for n in names]

    swapped = [
        put(f"{WORKSPACE}/datastores/s{n}{VERSION}", of_store("one1")) for n in (0, 1)
    ]
    with pytest.raises(Exception, match="has no answer"):
        replay(recorded, swapped, RULES)


def test_the_same_blob_may_be_asked_for_again():
    url = f"https://{NAME}.blob.core.windows.net/c/a.csv"
    exchanges = [Exchange(get(url), answer({"n": n})) for n in (1, 2)]
    recorded = record(exchanges, RULES)

    answers = replay(recorded, [get(url), get(url)], RULES)

    same = [Exchange(get(url), answer({"n": 1}))] * 2
    replay(record(same, RULES), [get(url), get(url)], RULES)

    assert [json.loads(one.body)["n"] for one in answers] == [1, 2]


def test_what_the_scenario_drew_stays():
    url = f"https://{NAME}.blob.core.windows.net/c/a.csv"
    recorded = record([Exchange(get(url), answer({}))], RULES, {"store": NAME})

    assert url in recorded.text


def test_a_name_that_holds_the_workspaces_name_goes_as_a_whole():
    rules = replace(
        RULES, identifiers=(Identifier("workspace", "contoso-ml", "workspace"),)
    )
    vault = "/subscriptions/x/providers/Microsoft.KeyVault/vaults/kv-contoso-ml"
    recorded = record([Exchange(get(STORE), answer({"keyVault": vault}))], rules)

    assert "vaults/keyvault2" in recorded.text


def test_an_account_may_be_the_name_of_a_property():
    """Names are compared in the order of the alphabet, placeholders have another."""
    name = "aaalake07"
    body = {"accountName": name, "sizes": {name: 1, "middle": 2, "other": 3}}
    exchange = Exchange(put(STORE, body), answer(body))
    recorded = record([exchange], RULES)

    (told,) = replay(recorded, [exchange.request], RULES)

    assert recorded.found == ()
    assert name not in recorded.text
    assert json.loads(told.body) == body
