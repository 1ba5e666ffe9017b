"""Which recorded answer is played: in order, polls again and again, logins freely."""

from __future__ import annotations

from pathlib import Path

import pytest

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.exchange import Request
from azml_contract.recording.match import Matcher
from azml_contract.recording.miss import NoMatchingInteraction, UnusedInteractions
from azml_contract.recording.player import Player
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules
from azml_contract.redaction.shapes import TOKEN

BASE = "https://management.azure.com/subscriptions/s"
LOGIN = "https://login.example/t/oauth2/v2.0/token"


def call(path, answer, method="GET", *, times=1, status=200, body=None, headers=None):
    url = path if "://" in path else f"{BASE}/{path}"
    request = {"method": method, "uri": url, "headers": {}}
    if body is not None:
        request["body"] = body
    response = {"status": status, "headers": headers or {}, "body": {"text": answer}}
    return Interaction({"request": request, "response": response, "times": times})


def make(*calls):
    cassette = Cassette("story", "v", "azure", "", "", calls)
    return Player(cassette, Path("c.json"), Matcher(), Redactor(RedactionRules()))


def ask(player, path, method="GET", body=b""):
    url = path if "://" in path else f"{BASE}/{path}"
    played = player.answer(Request(method, url, (), body))
    return None if played is None else played.response.body.decode()


def asks(player, path, count, **more):
    return [ask(player, path, **more) for _ in range(count)]


def test_answers_to_one_request_come_in_their_order_and_end():
    player = make(call("a", "1"), call("b", "x"), call("a", "2"))

    assert asks(player, "a", 3) == ["1", "2", None]
    assert player.plays == (1, 0, 1)
    assert player.exchanges == 2
    assert ask(player, "b") == "x"
    player.finish()


def test_a_count_says_how_often_an_answer_comes_before_the_next():
    player = make(call("a", "1", times=2), call("a", "2", "PUT"), call("a", "3"))

    assert asks(player, "a", 4) == ["1", "1", "3", "3"]  # recorded as a poll
    assert asks(player, "a", 2, method="PUT") == ["2", None]


@pytest.mark.parametrize(
    "calls",
    [
        [call("jobs/j", "1"), call("b", "x"), call("jobs/j", "2")],
        [call("a", "1"), call("a", "2")],
        [call("a", "1", times=2), call("b", "x"), call("a", "2")],
        [
            call("a", "1"),
            call("b", "x", headers={"azure-asyncoperation": f"{BASE}/a"}),
            call("a", "2"),
        ],
    ],
)
def test_the_last_answer_to_a_poll_is_given_again_and_again(calls):
    path = calls[0].url.removeprefix(f"{BASE}/")
    player = make(*calls)

    told = asks(player, path, 5)

    assert told[-3:] == ["2", "2", "2"]
    assert set(told) == {"1", "2"}


def test_what_is_no_poll_or_changes_something_is_answered_once():
    assert asks(make(call("a", "1")), "a", 2) == ["1", None]
    put = [call("jobs/j", "1", "PUT"), call("jobs/j", "2", "PUT")]
    assert asks(make(*put), "jobs/j", 3, method="PUT") == ["1", "2", None]


def test_bodies_tell_calls_to_one_place_apart():
    def put(number):
        return call("a", str(number), "PUT", body={"json": {"n": number}})

    player = make(put(1), put(2), put(3), put(2))

    asked = [b'{"n": 3}', b'{"n":2}', b'{"n": 2.0}', b'{"n": 1}', b'{"n": 4}']
    told = [ask(player, "a", "PUT", one) for one in asked]
    assert told == ["3", "2", "2", "1", None]
    one = make(call("a", "1", "PUT", body={"text": "{no json"}))
    assert ask(one, "a", "PUT", b"{no json") == "1"


def test_a_url_that_is_spelt_in_another_way_is_the_same():
    player = make(call("https://Host.example:443/a%2Db?y=2&x=1", "1"), call("c", "2"))

    assert ask(player, "https://host.example/a-b?x=1&y=2") == "1"
    assert ask(player, "https://host.example/a-b?x=1&y=3") is None
    assert ask(player, f"{BASE}/c#part") == "2"


def test_one_call_that_is_spelt_in_two_ways_is_answered_once_for_each():
    player = make(
        call("https://h/a-b", "1", "PUT"), call("https://h/a%2Db", "2", "PUT")
    )

    assert asks(player, "https://h/a-b", 3, method="PUT") == ["1", "2", None]
    assert player.plays == (1, 1)


def test_a_login_is_played_as_often_as_it_is_asked_for():
    player = make(call(LOGIN, "held", "POST"), call("a", "1"))

    assert asks(player, LOGIN, 3, method="POST") == ["held"] * 3
    assert ask(player, LOGIN.replace("/t/", "/u/"), "POST") is None


def test_a_login_that_no_cassette_holds_is_made_up():
    player = make(call("a", "1"))

    played = player.play(Request("POST", LOGIN))

    assert played.response.parse_json()["access_token"] == TOKEN
    assert (played.index, played.interaction, played.failure) == (None, None, None)
    assert player.exchanges == 0


def test_what_was_not_asked_for_is_told_but_for_logins():
    player = make(call(LOGIN, "held", "POST"), call("a", "1"), call("b", "2"))
    assert ask(player, "a") == "1"

    with pytest.raises(UnusedInteractions) as caught:
        player.finish()
    assert [one.url for one in caught.value.unused] == [f"{BASE}/b"]
    player.finish(partly=True)
    assert ask(player, "b") == "2"
    player.finish()


def test_a_miss_is_kept_for_the_end():
    player = make(call("a", "1"))
    asked = Request("GET", f"{BASE}/other")
    assert player.answer(asked) is None
    player.finish(partly=True)

    with pytest.raises(NoMatchingInteraction):
        player.play(asked)
    for partly in (True, False):
        with pytest.raises(NoMatchingInteraction) as caught:
            player.finish(partly=partly)
        assert caught.value is player.misses[0]
    assert len(player.misses) == 1


def test_an_answer_that_is_played_tells_its_failure_and_place():
    data = call("a", "1").data | {"failure": {"kind": "dropped", "after_bytes": 1}}
    player = make(call("b", "2"), Interaction(data))

    played = player.play(Request("GET", f"{BASE}/a"))

    assert played.index == 1
    assert played.failure is not None
    assert played.failure.kind == "dropped"
    assert player.describe_fault() == ""
