"""What differs between two recordings, and what of it a review can take over."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.changes import (
    Change,
    find_changes,
    level,
    make_change,
    take_whole,
)
from azml_contract.cassette.compare import ABSENT, Difference, compare_cassettes
from azml_contract.cassette.interaction import Interaction

VERSION = "2024-04-01"
BODY = "/response/body/json"
CALL = "GET https://x/{}?api-version={{api-version}}"


def call(path: str = "jobs", answer: Any = None, **more: Any) -> dict[str, Any]:
    query = f"api-version={VERSION}"
    uri = path if path.startswith("https:") else f"https://x/{path}?{query}"
    return {
        "request": {"method": "GET", "uri": uri, "headers": {}},
        "response": {"status": 200, "headers": {}, "body": {"json": answer}},
        **more,
    }


def cassette(*calls: dict[str, Any], **fields: Any) -> Cassette:
    made = Cassette(
        scenario="s/t",
        api_version=VERSION,
        target="emulator",
        recorded_at="2026-11-01T00:00:00Z",
        recorder="azml-contract",
        interactions=tuple(Interaction(one) for one in calls),
    )
    return replace(made, **fields)


def told(found: list[Difference]) -> list[tuple[Any, ...]]:
    return [(one.pointer, one.before, one.after) for one in found]


def answered(before: Any, after: Any, **fields: Any) -> list[tuple[Any, ...]]:
    """What differs between two recordings of one call with these answers."""
    sides = [cassette(call(answer=one), **fields) for one in (before, after)]
    return told(compare_cassettes(*sides))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 2}, [("/a", 1, 2)]),
        ({"a": None}, {}, [("/a", None, ABSENT)]),
        ({}, {"a/b": None}, [("/a~1b", ABSENT, None)]),
        ({"a": {"b": 1}}, {"a": [1]}, [("/a", {"b": 1}, [1])]),
        ([1, 2, 3], [1, 3], [("/1", 2, ABSENT)]),
        ([1, 3], [1, 2, 3], [("/1", ABSENT, 2)]),
        ([1, 2, 3], [1, 4, 3], [("/1", 2, 4)]),
        ([0, 1, 2, 9], [0, 3, 9], [("/1", 1, 3), ("/2", 2, ABSENT)]),
        ([0, 3, 9], [0, 1, 2, 9], [("/1", 3, 1), ("/2", ABSENT, 2)]),
        ([0, 1, 2, 9], [0, 3, 4, 9], [("/1", 1, 3), ("/2", 2, 4)]),
        ([{"a": 1, "b": 1}], [{"a": 1, "b": 2}], [("/0/b", 1, 2)]),
        ([{"a": 1, "b": 2}, 9], [0, {"b": 2, "a": 1}, 9], [("/0", ABSENT, 0)]),
        ({"a": True}, {"a": False}, [("/a", True, False)]),
        ({"a": 1, "b": True}, {"a": 1.0, "b": 1}, [("/a", 1, 1.0), ("/b", True, 1)]),
        ([0, 1] * 150, [1, *[0, 1] * 149], [("/0", 0, ABSENT)]),
    ],
)
def test_each_value_that_differs_is_told_at_its_place(before, after, expected):
    assert answered(before, after) == [(BODY + p, a, b) for p, a, b in expected]


def test_two_long_lists_are_compared_place_by_place():
    """To find what moved in them would take long, and longer than it is worth."""
    before = list(range(500))
    assert answered(before, [-1, *before[:-1]]) == [
        (f"{BODY}/0", ABSENT, -1),
        (f"{BODY}/499", 499, ABSENT),
    ]
    before = list(range(510))
    first, *others = answered(before, [-1, *before])
    assert first == (f"{BODY}/0", 0, -1)
    assert len(others) == 510
    assert others[-1] == (f"{BODY}/510", ABSENT, 509)
    assert answered([*before, 510], before) == [(f"{BODY}/510", 510, ABSENT)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"scenario": "s/u"}, ("/scenario", "s/t", "s/u")),
        ({"target": "azure"}, ("/target", "emulator", "azure")),
        ({"variables": {"b": 1}}, ("/variables (their names)", ["a"], ["b"])),
        ({"reads": {0: ("/b", "/c")}}, ("/reads/1", ABSENT, "/c")),
        ({"reads": {}}, ("/reads/0", "/b", ABSENT)),
        ({"reads": None}, ("/reads/0", "/b", ABSENT)),
    ],
)
def test_what_stands_beside_the_calls_counts(fields, expected):
    one = cassette(call(), variables={"a": 1}, reads={0: ("/b",)})
    assert told(compare_cassettes(one, replace(one, **fields))) == [expected]


@pytest.mark.parametrize(
    ("change", "pointer", "before", "after"),
    [
        ({"times": 3}, "/times", 1, 3),
        ({"failure": {"kind": "timeout"}}, "/failure", None, {"kind": "timeout"}),
    ],
)
def test_how_often_a_call_was_made_and_how_it_failed_counts(
    change, pointer, before, after
):
    found = compare_cassettes(cassette(call()), cassette(call(**change)))
    assert told(found) == [(pointer, before, after)]


def test_what_is_of_the_whole_comes_first_and_what_only_the_second_has_last():
    one = cassette(call("c"), call("gone"), call("a", 1))
    other = cassette(call("new"), call("a", 2), call("c", 1), target="azure")

    found = compare_cassettes(one, other)

    assert [(d.call, d.indices, d.pointer) for d in found] == [
        ("", (None, None), "/target"),
        (CALL.format("c"), (0, 2), BODY),
        (CALL.format("gone"), (1, None), ""),
        (CALL.format("a"), (2, 1), BODY),
        (CALL.format("new"), (None, 0), ""),
        (CALL.format("a"), (2, 1), "(order)"),
    ]
    assert found[2].after is found[4].before is ABSENT
    assert (found[5].before, found[5].after) == ("call 2", "call 1")


def test_of_repeated_calls_the_equal_ones_belong_together():
    states = ("Queued", "Running", "Completed")
    polls = [call(answer={"state": state, "n": 1}) for state in states]
    last = call(answer={"n": 1, "state": "Completed"})
    fewer = compare_cassettes(cassette(*polls), cassette(polls[0], last))
    more = compare_cassettes(cassette(polls[0]), cassette(*polls))
    assert [one.indices for one in fewer] == [(1, None)]
    assert [one.indices for one in more] == [(None, 1), (None, 2)]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("a=1&b=2", "b=2&a=1", True),
        ("a=1", "a=2", False),
        (f"Api-Version={VERSION}", "Api-Version=2025-09-01", True),
        ("api-version=2023-10-01", "api-version=2023-10-01", True),
        ("api-version=2023-10-01", "api-version=2025-09-01", False),
        (f"after={VERSION}", "after=2025-09-01", False),
    ],
)
def test_a_call_is_its_url_but_for_the_order_and_its_own_version(one, other, equal):
    sides = [
        cassette(call(f"https://x/jobs?{query}"), api_version=version)
        for query, version in ((one, VERSION), (other, "2025-09-01"))
    ]
    found = compare_cassettes(*sides)
    assert told(found[:1]) == [("/api_version", VERSION, "2025-09-01")]
    assert [one.pointer for one in found[1:]] == ([] if equal else ["", ""])


def test_links_of_answers_name_the_version_of_their_recording():
    sides = [
        cassette(
            call(f"https://x/jobs?api-version={version}", [link, f"{link}{skip}"]),
            api_version=version,
        )
        for version, skip in ((VERSION, 1), ("2025-09-01", 2))
        for link in [f"https://x/jobs?api-version={version}&$skip="]
    ]
    (_, found) = compare_cassettes(*sides)
    assert (found.pointer, found.before, found.after) == (
        f"{BODY}/1",
        "https://x/jobs?api-version={api-version}&$skip=1",
        "https://x/jobs?api-version={api-version}&$skip=2",
    )


@pytest.mark.parametrize(
    ("drawn", "answers", "equal"),
    [
        (("train-1", "train-2"), ("a train-1", "a train-2"), True),
        (("train-1", "train-2"), ("a train-12", "a train-22"), False),
        (("train-1", "train-2"), ("xtrain-1", "xtrain-2"), False),
        (("one", "two"), ("is one", "is two"), True),
        (({"name": "job-1"}, {"name": "job-2"}), ("job-1", "job-2"), True),
        ((["a", "job-1"], ["a", "job-2"]), (["job-1"], ["job-2"]), True),
        (({"a": ["job-1"]}, {"b": ["job-1"]}), ("job-1", "job-1"), False),
        ((7, 8), (7, 8), True),
        ((7, 8), ("7", "8"), True),
        ((0.25, 0.5), (0.25, 0.5), True),
        ((7, 8), (17, 18), False),
        ((True, False), ("True", "False"), False),
        (("True", "False"), (True, False), False),
        (("job-1", "job-2"), ({"job-1": 1}, {"job-2": 1}), True),
        (("train", "other"), ("train", "train"), False),
    ],
)
def test_values_that_were_drawn_count_as_their_names(drawn, answers, equal):
    sides = [
        cassette(call(answer=answer), variables={"v": value})
        for value, answer in zip(drawn, answers, strict=True)
    ]
    assert (compare_cassettes(*sides) == []) is equal


def test_what_differs_is_told_with_the_names_of_drawn_values():
    drawn = {"job": {"name": "train-1", "tries": [3]}}
    (found,) = answered(["a train-1", 3], ["b train-1", 3], variables=drawn)
    assert found == (f"{BODY}/0", "a {job.name}", "b {job.name}")
    (found,) = answered({"n": 3}, {"n": 4}, variables={"tries": [12345, 3]})
    assert found == (f"{BODY}/n", 3, 4)
    (found,) = answered(12345, 4, variables={"tries": [0, 12345]})
    assert found == (BODY, "{tries.1}", 4)


def test_a_drawn_value_within_a_longer_one_is_not_taken_for_it():
    sides = [
        cassette(call(answer=f"{job}/trial-1"), variables={"a": "trial-1", "b": job})
        for job in ("sweep-trial-1", "other-trial-1")
    ]
    assert compare_cassettes(*sides) == []


@pytest.mark.parametrize(("drawn", "pairs"), [("abcd", 1), ("abc", 0)])
def test_a_value_of_few_letters_does_not_tell_which_call_it_is(drawn, pairs):
    """As short as it is, it stands in many a URL by chance."""
    sides = [
        cassette(call(f"jobs/{value}", value), variables={"v": value})
        for value in (drawn, "wxyz"[: len(drawn)])
    ]
    assert len(compare_cassettes(*sides)) == (0 if pairs else 2)


# What a review takes over


def every_change(cassette: Cassette, recording: Cassette) -> list[str]:
    return [one.pointer for one in find_changes(cassette, recording)]


RICH = cassette(
    call("a", {"x": 1, "y": [1, 2], "z": {"k~/": 0}}, times=2, at="t.py:1"),
    call("b", 1),
    call("gone", 1),
    reads={0: ("/x",), 1: ("/b",), 2: ("/g",)},
    variables={"v": "run-one"},
)
RERECORDED = cassette(
    call("first", 0),
    call("a", {"y": [1, 3], "z": {"k~/": 1}, "w": 4}, times=5, at="t.py:9"),
    call("b", 2),
    reads={0: ("/f",), 1: ("/x", "/w"), 2: ("/b",)},
    variables={"v": "run-one", "w": "two"},
    target="azure",
    scenario="s/u",
    tests=("t.py::test_a",),
)
ALL = [
    "/scenario",
    "/target",
    "/tests",
    "/variables",
    f"{BODY}/x",
    f"{BODY}/y/1",
    f"{BODY}/z/k~0~1",
    f"{BODY}/w",
    "/reads",
    BODY,
    "removed",
    "added",
]


def test_changes_are_told_in_the_order_of_the_cassette():
    found = find_changes(RICH, RERECORDED)
    assert [one.pointer for one in found] == ALL
    told = {one.pointer: (one.call, one.indices) for one in found}
    assert told["/target"] == ("", (None, None))
    assert told[f"{BODY}/x"] == told["/reads"] == (CALL.format("a"), (0, 1))
    assert told["removed"] == (CALL.format("gone"), (2, None))
    assert told["added"] == (CALL.format("first"), (None, 0))
    removed, added = found[-2:]
    assert set(removed.before) == set(added.after) == {"request", "response"}
    assert removed.after is added.before is ABSENT


@pytest.mark.parametrize("index", range(len(ALL)))
def test_one_change_is_made_and_all_others_stay(index):
    before = json.dumps(RICH.to_json())
    change = find_changes(RICH, RERECORDED)[index]
    changed = make_change(RICH, RERECORDED, change)
    assert every_change(changed, RERECORDED) == ALL[:index] + ALL[index + 1 :]
    assert json.dumps(RICH.to_json()) == before


@pytest.mark.parametrize("first", [0, -1])
def test_when_all_changes_are_made_the_recording_is_what_stands_there(first):
    made = RICH
    while found := find_changes(made, RERECORDED):
        made = make_change(made, RERECORDED, found[first])
    assert compare_cassettes(made, RERECORDED) == compare_cassettes(
        replace(RERECORDED, interactions=made.interactions), RERECORDED
    )
    assert [one.url for one in made.interactions] == [
        one.url for one in RERECORDED.interactions
    ]
    assert made.reads == RERECORDED.reads
    assert made.tests == ("t.py::test_a",)


@pytest.mark.parametrize(
    ("recorded", "made"),
    [("baNc", "abNc"), ("Nabc", "Nabc"), ("abcN", "abcN"), ("cNab", "abcN")],
)
def test_a_new_call_comes_behind_all_that_came_before_it(recorded, made):
    one, other = (cassette(*map(call, paths)) for paths in ("abc", recorded))
    (change,) = find_changes(one, other)
    found = make_change(one, other, change)
    assert [i.url for i in found.interactions] == [
        call(path)["request"]["uri"] for path in made
    ]


@pytest.mark.parametrize(
    ("before", "after", "pointers"),
    [
        ({"a": {"b": 1}}, {"a": [1]}, ["/a"]),
        ({"a": [1]}, {"a": {"b": 1}}, ["/a"]),
        ([1, 2], [1], [""]),
        ([1, {"a": 1}], [1, {"a": 1.0}], ["/1/a"]),
        ({"a": None}, {}, ["/a"]),
        (7, 8, []),  # the number that each drew
        ("7", 8, []),
    ],
)
def test_values_of_another_kind_are_one_change(before, after, pointers):
    sides = [
        cassette(call(answer=answer), variables={"drawn": number})
        for answer, number in ((before, 7), (after, 8))
    ]
    assert every_change(*sides) == [BODY + one for one in pointers]


def test_the_order_of_a_query_is_no_change():
    sides = [cassette(call(f"https://x/?{one}")) for one in ("a=1&b=2", "b=2&a=1")]
    assert every_change(*sides) == []


def test_another_order_is_a_change_and_moves_what_was_read_along():
    one = cassette(call("a"), call("b"), call("c"), reads={0: ("/a",)})
    other = cassette(call("c"), call("a"), call("b"), reads={1: ("/a",)})
    (change,) = find_changes(one, other)
    calls = [[CALL.format(name) for name in names] for names in ("abc", "cab")]
    assert change == Change("", (None, None), "order", *calls)
    made = make_change(one, other, change)
    assert made.to_json() == other.to_json()


@pytest.mark.parametrize("unknown", [0, 1])
def test_what_was_read_is_compared_only_where_both_noted_it(unknown):
    sides = [cassette(call(), reads={0: ("/a",)}), cassette(call(), reads={})]
    assert every_change(*sides) == ["/reads"]
    sides[unknown] = replace(sides[unknown], reads=None)
    assert every_change(*sides) == []


def test_a_cassette_of_unknown_reads_stays_one():
    one, other = cassette(call("a"), reads=None), cassette(call("a"), call("b"))
    (change,) = find_changes(one, other)
    assert make_change(one, other, change).reads is None


def test_a_large_body_is_taken_over_with_its_file():
    old, new = "a" * 64, "b" * 64
    sides = []
    for name in (old, new):
        data = call("a")
        data["response"]["body"] = {"file": name}
        files = {name: name.encode()}
        sides.append(cassette(interactions=(Interaction(data, files),)))
    (change,) = find_changes(*sides)
    (made,) = make_change(*sides, change).interactions
    assert made.response.body == new.encode()


def test_a_recording_of_an_unreadable_cassette_is_one_change():
    change = take_whole(RERECORDED, "it is empty")
    calls = [CALL.format(name) for name in ("first", "a", "b")]
    assert change == Change("", (None, None), "whole", "it is empty", calls)


@pytest.mark.parametrize(
    ("pointer", "key", "mirrored"),
    [
        ("added", "added GET /a", "removed GET /a"),
        ("removed", "removed GET /a", "added GET /a"),
        ("order", "order GET /a", "order GET /a"),
        ("/request/body", "/request/body", "/request/body"),
    ],
)
def test_changes_are_alike_where_their_place_or_their_call_is(pointer, key, mirrored):
    change = Change("GET /a", (0, 0), pointer, None, None)
    assert (change.key, change.mirrored_key) == (key, mirrored)


@pytest.mark.parametrize(
    ("ours", "theirs", "levelled"),
    [
        ("run-one", "run-two", "run-one"),
        ("run-00", "run-11", "run-00"),
        ("run-0", "run-11", "run-11"),
        ("run-00", "run-1", "run-1"),
        (7, "run-11", "run-11"),
        ("run-00", 7, 7),
        ("run-00", None, None),
    ],
)
def test_a_recording_gets_the_values_that_the_cassette_drew(ours, theirs, levelled):
    """But for those so short that they would be replaced within other words."""
    drawn = {} if theirs is None else {"v": theirs}
    recording = cassette(call(answer=theirs), variables={"other": 1, **drawn})
    found = level(recording, cassette(variables={"v": ours}))
    assert found.interactions[0].response_json == levelled
    kept = {} if levelled is None else {"v": levelled}
    assert found.variables == {"other": 1, **kept}
