"""The words of a miss: which recording is nearest, and all that differs from it."""

from __future__ import annotations

import json
from pathlib import Path

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.exchange import Request
from azml_contract.recording.match import Matcher
from azml_contract.recording.miss import NoMatchingInteraction, UnusedInteractions
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules

BASE = "https://management.azure.com/subscriptions/s"
WORKSPACE = (
    f"{BASE}/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
)
FORM = {"content-type": "application/x-www-form-urlencoded"}


def call(method="PUT", url=BASE, body=None, headers=None, times=1):
    request = {"method": method, "uri": url, "headers": headers or {}}
    if body is not None:
        request["body"] = {"text": body} if isinstance(body, str) else {"json": body}
    response = {"status": 200, "headers": {}}
    return Interaction({"request": request, "response": response, "times": times})


def ask(method="PUT", url=BASE, body=None, headers=None):
    text = body if isinstance(body, str) else json.dumps(body)
    sent = b"" if body is None else text.encode("utf-8", "surrogateescape")
    return Request(method, url, tuple((headers or {}).items()), sent)


def miss(request, *calls, plays=None):
    """The error of a request that a cassette of these calls does not answer."""
    return NoMatchingInteraction(
        request,
        Path("story.json"),
        cassette=Cassette("story", "v", "azure", "", "", calls),
        plays=plays or [0] * len(calls),
        matcher=Matcher(),
        redactor=Redactor(RedactionRules()),
        compared=request,
    )


def differences(request, recorded):
    """What is said to differ from the only recording."""
    lines = str(miss(request, recorded)).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Closest")) + 2
    end = next(i for i, line in enumerate(lines) if line.startswith("It was"))
    return [line.removeprefix("  ") for line in lines[start:end]]


def test_a_miss_is_told_in_whole():
    asked = ask("GET", f"{WORKSPACE}/jobs/b?api-version=2")
    error = miss(asked, call("GET", f"{WORKSPACE}/jobs/a?api-version=1"))

    base = WORKSPACE.removeprefix("https://management.azure.com")
    assert str(error) == (
        "story.json has no answer for this request of story:\n"
        "  GET .../jobs/b?api-version=2\n"
        "Closest recording, interaction 0:\n"
        "  GET .../jobs/a?api-version=1"
        " -> 200\n"
        "  api-version 2 was asked for, 1 is recorded\n"
        f"  path: sent {base}/jobs/b, recorded {base}/jobs/a\n"
        "It was not played yet.\n"
        "If the change is intended, record again: pytest --azml-mode=record"
    )
    assert error.request is asked
    assert error.path == Path("story.json")
    assert error.nearest is not None


def test_every_part_of_a_call_that_differs_is_named():
    asked = ask("GET", "http://here:1/a?a=1&b=2&sig=x", headers={"x-ms-range": "r"})
    recorded = call("PUT", "https://there/b?b=3&c=4&sig=y", headers={"range": "q"})

    assert differences(asked, recorded) == [
        "verb: sent GET, recorded PUT",
        "scheme: sent http, recorded https",
        "host: sent here:1, recorded there",
        "path: sent /a, recorded /b",
        'query a: sent "1", not recorded',
        'query b: sent "2", recorded "3"',
        'query c: not sent, recorded "4"',
        "x-ms-range: sent r, recorded None",
        "range: sent None, recorded q",
    ]
    none = call("PUT", f"{BASE}?api-version=1")
    assert differences(ask(), none) == [
        "api-version (none) was asked for, 1 is recorded"
    ]
    assert differences(ask(url=f"{BASE}?api-version=1"), call()) == [
        "api-version 1 was asked for, (none) is recorded"
    ]


def test_json_that_differs_is_named_place_by_place():
    sent = {"a": 1, "b": {"c/d": True}, "e": [1, {"f": 2}], "new": None, "same": []}
    held = {"a": 1.0, "b": {"c/d": 1}, "e": [1, {"f": 3}, 4], "old": "x", "same": []}

    assert differences(ask(body=sent), call(body=held)) == [
        "body /a: sent 1, recorded 1.0",
        "body /b/c~1d: sent true, recorded 1",
        "body /e/1/f: sent 2, recorded 3",
        "body /e: sent 2 items, recorded 3",
        "body /new: sent null, not recorded",
        'body /old: not sent, recorded "x"',
    ]
    assert differences(ask(body=[1]), call(body={"a": 1})) == [
        'body (whole): sent [1], recorded {"a": 1}'
    ]
    assert differences(ask(body=[1, 2]), call(body=[1])) == [
        "body (whole): sent 2 items, recorded 1"
    ]


def test_a_long_value_is_shortened_and_many_differences_are_counted():
    long = "x" * 99
    assert differences(ask(body={"a": long}), call(body={"a": ""})) == [
        f'body /a: sent "{"x" * 96}..., recorded ""'
    ]
    fits = "x" * 98
    assert differences(ask(body={"a": fits}), call(body={"a": ""})) == [
        f'body /a: sent "{fits}", recorded ""'
    ]
    twelve = {str(number): number for number in range(12)}
    assert len(differences(ask(body=twelve), call(body={}))) == 12
    told = differences(ask(body={**twelve, "more": 1, "x": 1}), call(body={}))
    assert len(told) == 13
    assert told[-1] == "and 2 more differences"


def test_forms_are_compared_by_field_without_their_secrets():
    asked = ask("POST", body="a=1&client_secret=x&b=2", headers=FORM)
    recorded = call("POST", body="a=2&client_secret=REDACTED&b=2", headers=FORM)

    assert differences(asked, recorded) == ['body /a: sent "1", recorded "2"']


def test_a_form_that_is_no_text_is_compared_nevertheless():
    asked = ask("POST", body="a=1\udcff&b=2", headers=FORM)
    recorded = call("POST", body="a=2&b=2", headers=FORM)

    assert differences(asked, recorded) == ['body /a: sent "1\ufffd", recorded "2"']


def test_other_bodies_are_compared_by_their_size():
    assert differences(ask(body="abc"), call(body="some text")) == [
        "body: sent 3 bytes, recorded 9 other bytes"
    ]
    assert differences(ask(body={"a": 1}), call(body="text")) == [
        "body: sent 8 bytes, recorded 4 other bytes"
    ]


def test_the_nearest_has_the_same_verb_host_and_path_before_the_same_query():
    others = [
        call("GET", f"{BASE}/jobs/a"),
        call("PUT", "https://other/subscriptions/s/jobs/a"),
        call("PUT", f"{BASE}/data/a?x=1"),
        call("PUT", f"{BASE}/jobs/b"),
        call("PUT", f"{BASE}/jobs/a/deeper"),
    ]
    for wanted in (
        call("PUT", f"{BASE}/JOBS/a?y=2#part"),
        call("PUT", f"{BASE}/jobs/a?x=1"),
    ):
        for place in range(len(others) + 1):
            calls = [*others[:place], wanted, *others[place:]]
            error = miss(ask(url=f"{BASE}/jobs/a?x=1"), *calls)
            assert error.nearest is wanted
    error = miss(ask(url="https://elsewhere/else"), others[1])
    assert error.nearest is others[1]


def test_among_equals_the_body_decides_and_then_what_was_not_played():
    calls = [call(body={"a": 1, "b": 1}), call(body={"a": 1}), call(body={"a": 1})]

    assert miss(ask(body={"a": 2}), *calls).nearest is calls[1]
    assert miss(ask(body={"a": 2}), *calls, plays=[0, 1, 0]).nearest is calls[2]
    assert miss(ask(body={"a": 2}), *calls, plays=[0, 1, 1]).nearest is calls[1]


def test_what_was_played_is_told_with_how_often_it_may_be():
    same, polled = call(), call(times=3)

    assert "\nIt was already played 1 of 1 times; the scenario asks for it more" in (
        str(miss(ask(), same, plays=[1]))
    )
    assert "\nIt was already played 2 of 3 times.\n" in str(
        miss(ask(), polled, plays=[2])
    )
    assert "\nIt was already played 1 of 1 times.\n" in str(
        miss(ask(url=f"{BASE}/x"), same, plays=[1])
    )


def test_an_empty_cassette_has_no_nearest():
    error = miss(ask())

    assert error.nearest is None
    assert "Closest recording: none, the cassette is empty.\n" in str(error)


def unused(count):
    return UnusedInteractions(
        [(index, call("GET", f"{WORKSPACE}/jobs/{index}")) for index in range(count)],
        Path("story.json"),
        redactor=Redactor(RedactionRules()),
    )


def test_what_was_not_asked_for_is_listed_up_to_twenty():
    one = unused(1)
    assert str(one) == (
        "story.json holds 1 interaction that no request asked for:\n"
        "  0: GET .../jobs/0 -> 200\n"
        "The scenario does less than when it was recorded. "
        "If that is intended, record again: pytest --azml-mode=record"
    )
    assert len(one.unused) == 1
    assert "more\n" not in str(unused(20))
    many = str(unused(22)).splitlines()
    assert many[0] == "story.json holds 22 interactions that no request asked for:"
    assert len(many) == 23
    assert many[-2] == "  and 2 more"
