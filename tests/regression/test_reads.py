"""Which parts of a body count as read."""

from __future__ import annotations

import copy
import json
import operator
import pickle
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from azml_contract.regression.reads import plain, track

JOB = {
    "name": "j1",
    "properties": {
        "status": "Completed",
        "limits": {"timeout": "PT1H"},
        "tags": {},
        "a/b~c": 1,
    },
    "value": [{"name": "x"}, {"name": "y"}],
    "numbers": [3, 1, 2],
    "empty": [],
}


@pytest.fixture
def read() -> Callable[[Callable[[Any], Any]], set[str]]:
    """Runs a look at `JOB` and says which pointers it noted."""

    def run(look: Callable[[Any], Any]) -> set[str]:
        noted: set[str] = set()
        look(track(copy.deepcopy(JOB), noted.add))
        return noted

    return run


def walk(iterable: Iterable[Any]) -> None:
    """Iterate in Python: from C, `list` would ask for the length as well."""
    for _ in iterable:
        pass


LOOKS: dict[str, tuple[Callable[[Any], Any], set[str]]] = {
    "index": (lambda j: j["properties"]["status"], {"/properties/status"}),
    "inner node": (lambda j: j["properties"], set()),
    "get": (lambda j: j.get("name"), {"/name"}),
    "get of what is not there": (lambda j: j.get("nothing", 1), set()),
    "name with slash and tilde": (
        lambda j: j["properties"]["a/b~c"],
        {"/properties/a~1b~0c"},
    ),
    "in": (lambda j: "name" in j, {"/name"}),
    "in, an inner node": (lambda j: "properties" in j, {"/properties"}),
    "in, not there": (lambda j: "computeId" in j, set()),
    "len": (lambda j: len(j["value"]), {"/value"}),
    "bool": (lambda j: bool(j["value"]), {"/value"}),
    "list index": (lambda j: j["value"][0]["name"], {"/value/0/name"}),
    "negative list index": (lambda j: j["value"][-1]["name"], {"/value/1/name"}),
    "slice": (lambda j: j["numbers"][1:], {"/numbers/1", "/numbers/2"}),
    "items of a list that nobody looks into": (
        lambda j: walk(j["value"]),
        set(),
    ),
    "iteration of leaves": (
        lambda j: walk(j["numbers"]),
        {"/numbers/0", "/numbers/1", "/numbers/2"},
    ),
    "iteration that stops": (lambda j: next(iter(j["numbers"])), {"/numbers/0"}),
    "reversed": (lambda j: next(reversed(j["numbers"])), {"/numbers/2"}),
    "iteration of nothing": (lambda j: walk(j["empty"]), {"/empty"}),
    "names": (
        lambda j: walk(j["properties"]),
        {"/properties/status", "/properties/a~1b~0c"},
    ),
    "items": (
        lambda j: walk(j["properties"]["limits"].items()),
        {"/properties/limits/timeout"},
    ),
    "values": (
        lambda j: walk(j["properties"]["limits"].values()),
        {"/properties/limits/timeout"},
    ),
    "unpacking a list": (
        lambda j: (lambda a, *_: a)(*j["numbers"]),
        {"/numbers/0", "/numbers/1", "/numbers/2"},
    ),
    "unpacking a dict": (
        lambda j: {**j["properties"]["limits"]},
        {"/properties/limits/timeout"},
    ),
    "comparison of a leaf": (
        lambda j: j["properties"]["status"] == "Failed",
        {"/properties/status"},
    ),
    "comparison of a container": (
        lambda j: j["value"] == [{"name": "x"}, {"name": "y"}],
        {"/value/0/name", "/value/1/name"},
    ),
    "comparison from the other side": (
        lambda j: j["properties"]["limits"] == {"timeout": "PT2H"},
        {"/properties/limits/timeout"},
    ),
    "comparison inside something plain": (
        lambda j: {"limits": j["properties"]["limits"]} == {"limits": {"timeout": 1}},
        {"/properties/limits/timeout"},
    ),
    "comparison of an empty container": (
        lambda j: j["properties"]["tags"] == {},
        {"/properties/tags"},
    ),
    "search in a list": (
        lambda j: {"name": "y"} in j["value"],
        {"/value/0/name", "/value/1/name"},
    ),
    "json.dumps": (
        lambda j: json.dumps(j["properties"]["limits"]),
        {"/properties/limits/timeout"},
    ),
    "repr": (repr, set()),
    "f-string": (lambda j: f"{j} {j['properties']}", set()),
    "deepcopy": (lambda j: copy.deepcopy(j)["name"], set()),
    "copy": (lambda j: copy.copy(j)["name"], {"/name"}),
    "pop": (lambda j: j.pop("name"), {"/name"}),
    "pop of what is not there": (lambda j: j.pop("nothing", 1), set()),
    "popitem": (lambda j: j["properties"].popitem(), {"/properties/a~1b~0c"}),
    "setdefault": (lambda j: j.setdefault("name", 1), {"/name"}),
    "pop of a list": (lambda j: j["numbers"].pop(), {"/numbers/2"}),
    "pop of a place": (lambda j: j["numbers"].pop(-3), {"/numbers/0"}),
    "names of nothing": (lambda j: walk(j["properties"]["tags"]), {"/properties/tags"}),
    "names backwards": (
        lambda j: walk(reversed(j["properties"])),
        {"/properties/status", "/properties/a~1b~0c"},
    ),
    "sort": (
        lambda j: j["numbers"].sort(reverse=True),
        {"/numbers/0", "/numbers/1", "/numbers/2"},
    ),
    "position": (
        lambda j: j["numbers"].index(3),
        {"/numbers/0", "/numbers/1", "/numbers/2"},
    ),
    "how often": (
        lambda j: j["numbers"].count(3),
        {"/numbers/0", "/numbers/1", "/numbers/2"},
    ),
    "order": (
        lambda j: j["numbers"] < [1],
        {"/numbers/0", "/numbers/1", "/numbers/2"},
    ),
    "inequality of an empty list": (lambda j: j["empty"] != [], {"/empty"}),
    "inequality": (
        lambda j: j["properties"]["limits"] != {},
        {"/properties/limits/timeout"},
    ),
    "merge from the other side": (
        lambda j: {"x": 1} | j["properties"]["limits"],
        {"/properties/limits/timeout"},
    ),
    "copy of a list": (lambda j: copy.copy(j["numbers"])[1], {"/numbers/1"}),
    "merge": (
        lambda j: j["properties"]["limits"] | {"x": 1},
        {"/properties/limits/timeout"},
    ),
}


@pytest.mark.parametrize("case", LOOKS)
def test_a_look_notes_the_leaves_it_hands_out(
    case: str, read: Callable[[Callable[[Any], Any]], set[str]]
) -> None:
    look, expected = LOOKS[case]
    # A C caller may ask for the length first; that is a look at the container.
    assert read(look) - {"", "/numbers", "/properties/limits"} == expected - {
        "/numbers"
    }


def test_pattern_matching_notes_the_leaf_that_it_matched() -> None:
    noted: set[str] = set()
    match track(JOB, noted.add):
        case {"properties": {"status": status}}:
            assert status == "Completed"
    assert "/properties/status" in noted
    assert "/name" not in noted


def test_a_tracked_body_behaves_as_the_plain_one() -> None:
    tracked = track(JOB, lambda pointer: None)

    assert isinstance(tracked, dict)
    assert isinstance(tracked["value"], list)
    assert tracked == JOB
    assert operator.eq(JOB, tracked)
    assert not operator.ne(tracked, JOB)
    assert json.dumps(tracked) == json.dumps(JOB)
    assert json.dumps(tracked, indent=2, sort_keys=True) == json.dumps(
        JOB, indent=2, sort_keys=True
    )
    assert repr(tracked) == repr(JOB)
    assert dict(tracked) == JOB
    assert list(tracked) == list(JOB)
    assert list(reversed(tracked)) == list(reversed(JOB))
    assert tracked.keys() == JOB.keys()
    assert list(tracked.items()) == list(JOB.items())
    assert sorted(tracked["numbers"]) == [1, 2, 3]
    assert tracked["numbers"] + [4] == [3, 1, 2, 4]
    assert [0] + tracked["numbers"] == [0, 3, 1, 2]
    assert tracked["numbers"] * 2 == [3, 1, 2] * 2
    assert tracked["numbers"] > [2]
    assert tracked["numbers"] <= [3, 1, 2]
    assert not tracked["numbers"] < [3, 1, 2]
    assert tracked["numbers"] >= [3, 1, 2]
    assert not tracked["numbers"] > [3, 1, 2]
    assert tracked["numbers"] != [3, 1]
    assert not operator.eq(tracked["numbers"], [3, 1])
    assert list(reversed(tracked["numbers"])) == [2, 1, 3]
    assert 2 * tracked["numbers"] == [3, 1, 2] * 2
    assert copy.copy(tracked) == JOB
    assert copy.copy(tracked["numbers"]) == [3, 1, 2]
    assert tracked["numbers"].index(2, 1) == 2
    assert tracked["properties"]["limits"] | {"a": 1} == {"timeout": "PT1H", "a": 1}
    assert tracked["numbers"].index(1) == 1
    assert tracked["numbers"].count(2) == 1
    assert tracked["numbers"][::2] == [3, 2]
    assert {"a": 1} | tracked["properties"]["limits"] == {"a": 1, "timeout": "PT1H"}
    with pytest.raises(KeyError):
        tracked["nothing"]
    with pytest.raises(IndexError):
        tracked["numbers"][3]
    with pytest.raises(TypeError):
        hash(tracked)


def test_a_tracked_body_can_be_changed() -> None:
    noted: set[str] = set()
    tracked = track(JOB, noted.add)

    tracked["properties"]["status"] = "Changed"
    tracked["numbers"].append(9)
    tracked["numbers"].sort()
    del tracked["name"]

    assert tracked["properties"]["status"] == "Changed"
    assert tracked["numbers"] == [1, 2, 3, 9]
    assert "name" not in tracked
    assert tracked["numbers"].pop() == 9
    assert tracked.setdefault("new", 5) == 5
    assert tracked["numbers"].pop(0) == 1
    assert tracked["numbers"] == [2, 3]
    assert tracked.pop("value") == [{"name": "x"}, {"name": "y"}]
    assert tracked.pop("value", "none") == "none"
    with pytest.raises(KeyError):
        tracked.pop("value")
    with pytest.raises(IndexError):
        tracked["empty"].pop()
    assert tracked.popitem() == ("new", 5)
    tracked["numbers"].sort(reverse=True)
    assert tracked["numbers"] == [3, 2]
    assert JOB["name"] == "j1"
    assert JOB["numbers"] == [3, 1, 2]


def test_deepcopy_and_pickle_are_plain_all_the_way_down() -> None:
    tracked = track(JOB, lambda pointer: None)

    for copied in (
        copy.deepcopy(tracked),
        pickle.loads(pickle.dumps(tracked)),
        plain(tracked),
    ):
        assert copied == JOB
        assert type(copied) is dict
        assert type(copied["properties"]["limits"]) is dict
        assert type(copied["value"]) is list
        assert type(copied["value"][0]) is dict


def test_a_list_at_the_top_and_a_starting_pointer() -> None:
    noted: list[str] = []
    tracked = track([{"name": "x"}], noted.append, "/value")
    assert tracked[0]["name"] == "x"
    assert noted == ["/value/0/name"]


@pytest.mark.parametrize("leaf", ["text", 1, 1.5, True, None])
def test_a_leaf_comes_back_as_it_is(leaf: Any) -> None:
    assert track(leaf, lambda pointer: None) is leaf


def test_a_field_that_is_not_there_is_told_with_those_that_are() -> None:
    body = track({"properties": {"status": "Running", "jobType": "Command"}}, print)
    with pytest.raises(KeyError) as caught:
        body["properties"]["state"]
    assert str(caught.value) == (
        "the answer has no 'state' at /properties; it has status, jobType"
    )
    assert caught.value.args == ("state",)
    with pytest.raises(KeyError) as caught:
        track({}, print)["state"]
    assert str(caught.value) == (
        "the answer has no 'state' at its top; it has nothing there"
    )
    sent = pickle.loads(pickle.dumps(caught.value))
    assert (type(sent), sent.args) == (KeyError, ("state",))
