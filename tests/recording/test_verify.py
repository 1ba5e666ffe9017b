"""Comparing a recording with what is answered now: structure, not values."""

from __future__ import annotations

import pytest

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.recording.verify import compare_cassettes

BASE = "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/N/w"
ENUMS = {"status": frozenset({"Completed", "Failed", "Running"})}


def call(path, body=None, *, method="GET", status=200, headers=None, sent=None):
    request = {"method": method, "uri": BASE + path, "headers": {}}
    response = {"status": status, "headers": headers or {}}
    if sent is not None:
        request["body"] = {"json": sent}
    if body is not None:
        response["body"] = body if isinstance(body, dict) else {"text": body}
    return Interaction({"request": request, "response": response, "times": 1})


def answer(value, **more):
    return call("/w/data/d", {"json": value}, **more)


def compare(before, now, *, variables=({}, {})):
    cassettes = [
        Cassette("s", "v", "emulator", "t", "r", tuple(calls), drawn)
        for calls, drawn in zip((before, now), variables, strict=True)
    ]
    found = compare_cassettes(*cassettes, ENUMS)
    return [str(one) for one in found]


def test_values_that_change_by_nature_are_not_compared():
    old = {"name": "a", "count": 1, "ok": True, "at": "2020", "share": 0.5}
    new = {"name": "b", "count": 2, "ok": False, "at": "2021", "share": 1}
    assert compare([answer(old)], [answer(new)]) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"a": 1}, {}, "response /a: recorded number, now absent"),
        ({}, {"a~/b": {}}, "response /a~0~1b: recorded absent, now object"),
        ({"a": "1"}, {"a": 1}, "response /a: recorded text, now number"),
        ({"a": None}, {"a": []}, "response /a: recorded null, now list"),
        (
            {"p": {"status": "Completed"}},
            {"p": {"status": "Failed"}},
            'response /p/status: recorded "Completed", now "Failed"',
        ),
        (
            {"value": [{"a": 1}]},
            {"value": [{"a": 1}, {"b": 1}]},
            "response /value/1/a: recorded number, now absent",
        ),
    ],
)
def test_shapes_and_enumerations_are_compared_by_json_path(old, new, said):
    assert said in compare([answer(old)], [answer(new)])


def test_a_text_that_is_no_value_of_the_enumeration_may_change():
    old, new = {"status": "since 10 o'clock"}, {"status": "since noon"}
    assert compare([answer(old)], [answer(new)]) == []


def test_lists_may_change_length_and_order():
    old = {"value": [{"a": 1}, {"b": "x"}]}
    new = {"value": [{"b": "y"}, {"a": 2}, {"a": 3}]}
    assert compare([answer(old)], [answer(new)]) == []
    assert compare([answer({"value": []})], [answer(new)]) == []


def test_statuses_headers_and_kinds_of_bodies_are_compared():
    before = call("/w/data/d", "text", headers={"location": "x"})
    now = call("/w/data/d", {"json": 1}, status=202)
    assert compare([before], [now]) == [
        "status: recorded 200, now 202",
        "header location: recorded present, now absent",
        "response: recorded text, now JSON",
    ]


def test_what_is_sent_is_compared_too():
    before = call("/w/data/d", method="PUT", sent={"a": 1})
    now = call("/w/data/d", method="PUT", sent={"b": 1})
    assert compare([before], [now]) == [
        "request /a: recorded number, now absent",
        "request /b: recorded absent, now number",
    ]


def test_polls_are_compared_by_their_last_answer_however_many_there_were():
    states = [
        call("/w/jobs/j", {"json": {"status": s}}) for s in ("Running", "Completed")
    ]
    assert compare(states, [states[0], states[0], states[1]]) == []
    assert compare(states, states[1:]) == []
    assert compare(states, states[:1]) == [
        'response /status: recorded "Completed", now "Running"'
    ]


def test_logins_are_not_compared_wherever_they_stand():
    login = call("/oauth2/v2.0/token", {"json": {"token_type": "x"}}, method="POST")
    before, now = answer({"a": 1}), answer({"a": "x"})
    assert compare([login, before], [before]) == []
    assert compare([before], [login, before, login]) == []
    assert compare([login, before], [login, now]) == [
        "response /a: recorded number, now text"
    ]


def test_a_poll_is_told_by_what_announced_it_and_ends_with_another_verb():
    def poll(status, verb="GET"):
        return call("/w/else/x", {"json": {"status": status}}, method=verb)

    where = {"location": f"{BASE}/w/else/x"}
    start = call("/w/computes/c", method="PUT", status=202, headers=where)
    running, done = poll("Running"), poll("Completed")
    assert compare([start, running, done], [start, done]) == []
    assert compare([start, done, poll("Failed", "POST"), done], [start, done]) == [
        "call: recorded as made, now not made",
        "call: recorded as made, now not made",
    ]


def test_names_drawn_as_variables_are_levelled_long_or_short():
    def calls(name, version):
        return [
            call(f"/w/data/{name}/versions/{version}", {"json": {"tags": {name: "x"}}})
        ]

    before, now = calls("first-name", 3), calls("second-name", 17)
    drawn = (
        {"name": "first-name", "version": 3},
        {"name": "second-name", "version": 17},
    )
    assert compare(before, now, variables=drawn) == []


def test_calls_with_names_of_a_clients_own_are_paired_by_their_collections():
    before = [call("/w/jobs/gentle_ant_1", {"json": {"a": 1}}, method="PUT")]
    now = [call("/w/jobs/brave_bee_22", {"json": {"a": "x"}}, method="PUT")]
    assert compare(before, now) == ["response /a: recorded number, now text"]


def test_calls_that_are_gone_or_new_are_named():
    kept = call("/w/data/d")
    before = [kept, call("/w/computes")]
    now = [call("/w/models/m", method="DELETE", status=204), kept]
    assert compare(before, now) == [
        "call: recorded nothing, now made, 204",
        "call: recorded as made, now not made",
    ]


def test_calls_to_other_collections_are_no_pair():
    before = [call("/w/jobs/gentle_ant_1", {"json": {"a": 1}}, method="PUT")]
    now = [call("/w/data/brave_bee_22", {"json": {"a": 1}}, method="PUT")]
    assert compare(before, now) == [
        "call: recorded as made, now not made",
        "call: recorded nothing, now made, 200",
    ]
    deeper = [call("/w/jobs/gentle_ant_1/x/y", {"json": {"a": 1}}, method="PUT")]
    assert len(compare(before, deeper)) == 2


def test_servers_of_a_test_itself_are_told_apart_by_their_order_not_their_ports():
    def put(port, value):
        data = dict(call("", {"json": value}, method="PUT").data)
        data["request"] = {**data["request"], "uri": f"http://127.0.0.1:{port}/x"}
        return Interaction(data)

    before = [put(40811, {"a": 1}), put(40812, {"b": 1}), put(40811, {"a": 1})]
    now = [put(45585, {"a": 2}), put(45001, {"b": 2}), put(45585, {"a": 3})]
    assert compare(before, now) == []
    assert compare(before, [now[0], put(45001, {"b": "x"}), now[2]]) == [
        "response /b: recorded number, now text"
    ]
    assert len(compare(before, [now[0], now[0], now[2]])) == 2


def test_a_call_that_stands_elsewhere_in_the_cassette_is_no_other_call():
    first, last, added = (call(f"/w/{one}/a") for one in ("jobs", "data", "codes"))
    more = call("/w/jobs/a/b/c", {"json": {"a": 1}}, method="PUT")

    assert compare([first, last, added, added], [first, added, added, last]) == []
    assert len(compare([first, last, added], [first, added, added, last])) == 1
    assert len(compare([first, last, added, more], [added, first, last])) == 1
