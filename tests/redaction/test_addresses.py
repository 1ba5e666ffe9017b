"""Which texts are addresses, and how names of a side come back."""

from __future__ import annotations

import json

import pytest

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.redaction.addresses import is_path, is_url
from azml_contract.redaction.blot import find_hidden, hide_secrets
from azml_contract.redaction.rules import Identifier, RedactionRules
from azml_contract.redaction.sides import Sides


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *((one, True) for one in ("/subscriptions/a/b", "/providers/A.b/c")),
        *((one, True) for one in ("https://x:8/a-b", "http://x", "azureml://x/a:1")),
        *((one, False) for one in ("/other/a", "https://x/a b", "https://x/a?b=1")),
        *((one, False) for one in ("ftp://x/a", "of https://x", "", "/subscriptions")),
        *(
            (one, False)
            for one in ("https://hooks.slack.com/a", "https://discord.com/a")
        ),
        *(
            (one, False)
            for one in ("https://x/Webhook/a", "https://a.logic.azure.com/b")
        ),
    ],
)
def test_a_path_can_be_taken_apart_at_its_slashes(text, told):
    assert is_path(text) is told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *((one, True) for one in ("https://x/a?b=1", "http://x?", "https://x/é?a=[")),
        *((one, False) for one in ("https://x/a", "https://x/a?b= c", "ftp://x?a=1")),
        *((one, False) for one in ("https://x/a?b\n", "see https://x?a=1", "?")),
    ],
)
def test_a_url_has_a_query_and_nothing_around_it(text, told):
    assert is_url(text) is told


def test_every_name_comes_back_where_it_was_recorded():
    kind = "Microsoft.MachineLearningServices/workspaces"
    rules = RedactionRules(
        identifiers=(
            Identifier("workspace", "prod-west-7", "workspace"),
            Identifier("storage_account", "acme1lake", "storageaccount"),
        )
    )
    body = {
        "name": "workspace",
        "type": kind,
        "accountName": "storageaccount",
        "other": "workspace",
        "list": [{"workspaceName": "workspace"}, 7, None],
    }
    raw = json.dumps(body).encode()
    url = "https://storageaccount.blob.core.windows.net/workspaces/workspace"
    recorded = Exchange(
        Request("PUT", url, (), raw), Response(200, (("location", url),), raw)
    )

    live = Sides(rules).as_live(recorded)

    there = "https://acme1lake.blob.core.windows.net/workspaces/prod-west-7"
    assert live.request.url == there
    assert live.response.headers == (("location", there),)
    for part in (live.request, live.response):
        assert json.loads(part.body) == {
            "name": "prod-west-7",
            "type": kind,
            "accountName": "acme1lake",
            "other": "workspace",  # a word as any other
            "list": [{"workspaceName": "prod-west-7"}, 7, None],
        }
    noise = replace_body(recorded, b"\xff workspace")
    assert Sides(rules).as_live(noise).response.body == b"\xff workspace"


def replace_body(exchange: Exchange, body: bytes) -> Exchange:
    return Exchange(exchange.request, Response(200, (), body))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a secret: hello, x", "a secret: *****, x"),
        ('"token": "abcd"', '"token": "****"'),
        ("key=abc", "key=abc"),
        ("Bearer of-it x", "Bearer ***** x"),
        ("x?SIG=ab%3D&se=1", "x?SIG=*****&se=1"),
        ("AccountKey=abc x", "AccountKey=*** x"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_a_line_that_is_shown_hides_more_than_a_recording_loses(text, shown):
    assert hide_secrets(text) == shown
    assert bool(find_hidden(text)) is (text != shown)
