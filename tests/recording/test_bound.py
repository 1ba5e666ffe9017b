"""Which recorded request is meant by one that differs in drawn values."""

from __future__ import annotations

import json
from pathlib import Path

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.exchange import Request
from azml_contract.recording import bound
from azml_contract.recording.match import Content, Matcher
from azml_contract.recording.player import Player
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules

BASE = "https://management.azure.com/subscriptions/s"


class CountingMatcher(Matcher):
    """Counts the bodies that are looked at."""

    looked_at = 0

    def content(self, *args: object, **kwargs: object) -> Content:
        self.looked_at += 1
        return super().content(*args, **kwargs)


def make_player(*urls: str, matcher: Matcher | None = None, **body: object) -> Player:
    interactions = [
        {
            "request": {"method": "PUT", "uri": url, "headers": {}, "body": made},
            "response": {"status": 200, "headers": {}, "body": {"text": f"{number}"}},
        }
        for number, url in enumerate(urls)
        for made in [{"json": {"of": number, **body}}]
    ]
    cassette = Cassette(
        "x/y", "2024-04-01", "emulator", "", "", tuple(map(Interaction, interactions))
    )
    redactor = Redactor(RedactionRules())
    return Player(cassette, Path("c.json"), matcher or Matcher(), redactor)


def put(url: str, **body: object) -> Request:
    return Request("PUT", url, (), json.dumps(body).encode())


def test_a_miss_looks_at_no_body_of_other_places():
    matcher = CountingMatcher()
    urls = [f"{BASE}/jobs/train-{number}" for number in range(200)]
    player = make_player(*urls, matcher=matcher)

    assert player.answer(put(f"{BASE}/jobs/other", of=7)) is None
    assert matcher.looked_at < 10


def test_a_drawn_value_in_a_path_is_bound_and_comes_back_in_a_body():
    stand_in = "00000000-0000-4000-8000-000000000001"
    player = make_player(f"{BASE}/jobs/{stand_in}", f"{BASE}/jobs/b", id=stand_in)
    drawn = "5f0c7a31-9f5e-4c7b-8f7e-3a2b1c0d9e8f"

    first = player.answer(put(f"{BASE}/jobs/{drawn}", of=0, id=drawn.upper()))
    second = player.answer(put(f"{BASE}/jobs/b", of=1, id=drawn))
    other = player.answer(put(f"{BASE}/jobs/{drawn}", of=0, id=stand_in))

    assert first is not None
    assert second is not None
    assert second.index == 1
    assert other is None


def test_names_of_accounts_are_bound_whatever_the_case_of_a_path():
    player = make_player(
        "https://storageaccount1.blob.core.windows.net/C/one",
        "https://storageaccount2.blob.core.windows.net/C/one",
        "https://storageaccount1.blob.core.windows.net/C/two",
    )
    asked = [
        put("https://first.blob.core.windows.net/c/one", of=0),
        put("https://other.blob.core.windows.net/c/one", of=1),
        put("https://first.blob.core.windows.net/c/two", of=2),
    ]

    played = [player.answer(one) for one in asked]

    assert [one and one.index for one in played] == [0, 1, 2]
    assert player.bound_names == {
        "first": "storageaccount1",
        "other": "storageaccount2",
    }


def test_a_name_is_looked_for_where_the_path_is_as_deep(monkeypatch):
    """To compare with every place takes long where a cassette has thousands."""
    compared = []
    may_be = bound._Group.may_be
    monkeypatch.setattr(
        bound._Group,
        "may_be",
        lambda group, *args: compared.append(group) or may_be(group, *args),
    )
    host = "blob.core.windows.net"
    player = make_player(
        *(f"https://storageaccount1.{host}{'/c' * depth}" for depth in range(1, 20))
    )

    assert player.answer(put(f"https://first.{host}/c/c", of=1)) is not None
    assert len(set(compared)) == 1


def test_a_name_of_an_account_may_have_letters_of_any_language():
    player = make_player(f"{BASE}/storageAccounts/storageaccount1/x")

    played = player.answer(put(f"{BASE}/storageAccounts/m\u00fcller/x", of=0))

    assert played is not None
    assert player.bound_names == {"m\u00fcller": "storageaccount1"}


def test_a_request_with_letters_of_any_language_is_told_from_one_without():
    url = "https://storageaccount1.blob.core.windows.net/c"
    player = make_player(url, name="f\u00fcr")

    asked = put("https://first.blob.core.windows.net/c", of=0, name="fur")

    assert player.answer(asked) is None
    asked = put("https://first.blob.core.windows.net/c", of=0, name="f\u00fcr")
    assert player.answer(asked) is not None


def test_a_place_that_differs_in_case_and_name_is_found_once():
    player = make_player("https://storageaccount1.blob.core.windows.net/C/one")

    twice = [
        player.answer(put("https://first.blob.core.windows.net/c/one", of=0))
        for _ in range(2)
    ]

    assert twice[0] is not None
    assert twice[1] is None
